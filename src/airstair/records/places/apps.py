from django.apps import AppConfig


class PlacesConfig(AppConfig):
    name = "airstair.records.places"
    label = "places"
