from django.apps import AppConfig


class EndorsementsConfig(AppConfig):
    name = "airstair.records.endorsements"
    label = "endorsements"
