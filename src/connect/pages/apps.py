from django.apps import AppConfig


class PagesConfig(AppConfig):
    name = "connect.pages"
    label = "pages"
