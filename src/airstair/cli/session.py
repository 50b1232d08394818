"""Opening the record for one command: the database is found or started, and Django made ready, only now.

A command works for one operator (`open_operator`), or says itself that it needs them all.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from airstair.records.operators.snapshots import OperatorFacts


@contextlib.contextmanager
def open_record(home: Path | None) -> Iterator[None]:
    """Commands and queries work inside, once a scope is opened. Raises `CannotRun`: no database, or none set up."""
    from airstair.kernel.scope import no_operator
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
            with no_operator():
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


@contextlib.contextmanager
def open_operator(home: Path | None, code: str) -> Iterator[OperatorFacts]:
    """The record of the operator `code`, and nobody else's. Raises `NotFound`, and what `open_record` raises."""
    with open_record(home):
        from airstair.kernel.scope import all_operators, operator_scope
        from airstair.records.operators.queries import operator_by_code

        with all_operators():  # the code says whose; until then nobody can know
            found = operator_by_code(code)
        with operator_scope(found.id):
            yield found
