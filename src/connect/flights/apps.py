from django.apps import AppConfig


class FlightsConfig(AppConfig):
    name = "connect.flights"
    label = "flights"
