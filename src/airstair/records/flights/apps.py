from django.apps import AppConfig


class FlightsConfig(AppConfig):
    name = "airstair.records.flights"
    label = "flights"
