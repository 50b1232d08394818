from django.apps import AppConfig


class WebhooksConfig(AppConfig):
    name = "airstair.hub.webhooks"
    label = "webhooks"

    def ready(self) -> None:
        from airstair.hub.webhooks.kinds import register
        from airstair.hub.webhooks.own import OWN

        register(OWN)
