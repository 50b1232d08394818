from django.apps import AppConfig


class FleetConfig(AppConfig):
    name = "airstair.records.fleet"
    label = "fleet"
