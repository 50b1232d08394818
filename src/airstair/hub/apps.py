from django.apps import AppConfig


class HubConfig(AppConfig):
    name = "airstair.hub"
    label = "hub"
