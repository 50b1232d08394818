"""Opening the record for one command: the database is found or started, and Django made ready, only now."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def open_record(home: Path | None) -> Iterator[None]:
    """Commands and queries work inside. Raises `CannotRun` when there is no database, or it is not set up."""
    from airstair.running.home import Home
    from airstair.running.problems import CannotRun

    place = Home(home)
    with place.ensure_database() as url:
        os.environ.update(place.environment(url))
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "airstair.settings")
        os.environ.setdefault("AIRSTAIR_LOG", "WARNING")  # what a command has to say, it says itself
        import django
        from django.apps import apps
        from django.db import OperationalError, ProgrammingError, connections

        mine = not apps.ready
        django.setup()
        try:
            yield
        except ProgrammingError as error:
            if getattr(error.__cause__, "sqlstate", "") not in ("42P01", "42703"):  # undefined table, undefined column
                raise
            raise CannotRun(
                "The database is not set up for this version of Airstair. Run “airstair migrate” first, or start"
                " “airstair up” once."
            ) from error
        except OperationalError as error:
            reason = " ".join(str(error).split())
            raise CannotRun(f"The database stopped answering: {reason}. Nothing was written; try again.") from error
        finally:
            if mine:  # before a private database is stopped: it would wait for its clients
                for connection in connections.all(initialized_only=True):
                    connection.close()
                    if pool := getattr(connection, "pool", None):
                        pool.close()
