from django.apps import AppConfig


class PartiesConfig(AppConfig):
    name = "connect.parties"
    label = "parties"
