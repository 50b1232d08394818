from django.apps import AppConfig


class PeopleConfig(AppConfig):
    name = "airstair.records.people"
    label = "people"
