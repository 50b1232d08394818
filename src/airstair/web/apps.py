from django.apps import AppConfig


class WebConfig(AppConfig):
    name = "airstair.web"
    label = "web"
