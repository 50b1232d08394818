from django.apps import AppConfig


class CrewingConfig(AppConfig):
    name = "airstair.records.crewing"
    label = "crewing"
