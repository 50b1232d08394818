from django.apps import AppConfig


class LeonConfig(AppConfig):
    name = "airstair.api.leon"
    label = "leon"

    def ready(self) -> None:
        from airstair.api.leon.subscriptions.telling import KIND
        from airstair.hub.webhooks.kinds import register

        register(KIND)
