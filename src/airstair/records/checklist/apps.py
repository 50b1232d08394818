from django.apps import AppConfig


class ChecklistConfig(AppConfig):
    name = "airstair.records.checklist"
    label = "checklist"

    def ready(self) -> None:
        from airstair.changes.consequences import on
        from airstair.records.checklist.falling import fall_back

        on("flight.", fall_back)
