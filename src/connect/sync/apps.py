from django.apps import AppConfig


class SyncConfig(AppConfig):
    name = "connect.sync"
    label = "sync"
