from django.apps import AppConfig


class OperatorsConfig(AppConfig):
    name = "airstair.records.operators"
    label = "operators"
