from django.apps import AppConfig


class AccessConfig(AppConfig):
    name = "airstair.records.access"
    label = "access"
