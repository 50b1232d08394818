from django.apps import AppConfig


class ChangesConfig(AppConfig):
    name = "airstair.changes"
    label = "changes"
