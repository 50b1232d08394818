from contextlib import ExitStack
from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate, pre_migrate


class ChangesConfig(AppConfig):
    name = "airstair.changes"
    label = "changes"

    def ready(self) -> None:
        from airstair.changes.sessions import follow_scopes

        follow_scopes()
        self._migrating = ExitStack()
        # Once for each run of `migrate`, around all apps' migrations.
        pre_migrate.connect(self._open_to_migrations, sender=self)
        post_migrate.connect(self._close_again, sender=self)

    def _open_to_migrations(self, **_: Any) -> None:
        from airstair.kernel.scope import all_operators

        self._migrating.enter_context(all_operators())

    def _close_again(self, using: str, **_: Any) -> None:
        from airstair.changes.walls import build_walls

        try:
            build_walls(using)
        finally:
            self._migrating.close()
