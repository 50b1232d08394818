"""Whether a process can do its work: what `/healthz` answers, of the pages, the live stream and the worker.

Tells nothing about operators and nothing that would help somebody to get in; it can be asked without signing in. What
is found out is good for a second, so that asking often costs nothing.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from functools import cache

import msgspec
import psycopg
from django.db.migrations.loader import MigrationLoader

from airstair.hub.engine.dispatcher import database_address

log = logging.getLogger(__name__)

_PATIENCE_SECONDS = 2  # the shortest that PostgreSQL's library knows
_GOOD_FOR_SECONDS = 1.0


class Check(msgspec.Struct, frozen=True):
    """One condition of being ready, with a sentence that says how it stands."""

    name: str
    ok: bool
    says: str


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What a probe is answered."""

    status: int
    content_type: str
    body: bytes


_NOT_REACHED = Check("database", False, "The database cannot be reached.")


class Readiness:
    """Looks at the database, once for all who ask within a second."""

    def __init__(self, address: Callable[[], str] = database_address) -> None:
        self._address = address
        self._one_at_a_time = threading.Lock()
        self._checks: tuple[Check, ...] = ()
        self._until = 0.0

    def checks(self) -> tuple[Check, ...]:
        """Whether the database answers and is at this version. Takes two seconds at most; never raises."""
        with self._one_at_a_time:
            if time.monotonic() >= self._until:
                self._checks = _look(self._address())
                self._until = time.monotonic() + _GOOD_FOR_SECONDS
            return self._checks


def _look(address: str) -> tuple[Check, ...]:
    try:
        with psycopg.connect(
            address,
            autocommit=True,
            connect_timeout=_PATIENCE_SECONDS,
            options=f"-c statement_timeout={_PATIENCE_SECONDS}s",
        ) as session:
            session.execute("SELECT 1")
            return Check("database", True, "The database answers."), _migrations(session)
    except psycopg.Error as away:
        log.warning("A probe found no database: %s", away)
        return (_NOT_REACHED,)


def _migrations(session: psycopg.Connection) -> Check:
    try:
        applied = {(row[0], row[1]) for row in session.execute("SELECT app, name FROM django_migrations")}
    except psycopg.errors.UndefinedTable:
        applied = set()
    missing = sorted(f"{app}.{name}" for app, name in _newest_migrations() - applied)
    if missing:
        says = f"The database is not at this version ({missing[0]} is missing). Run “airstair migrate”."
        return Check("migrations", False, says)
    return Check("migrations", True, "The database is at this version.")


@cache
def _newest_migrations() -> frozenset[tuple[str, str]]:
    """The last migration of each app that this version comes with."""
    return frozenset(MigrationLoader(None).graph.leaf_nodes())


def answer(path: str, checks: Callable[[], Sequence[Check]]) -> Answer | None:
    """The answer to a probe; `None` when the path is not one. `checks` is asked only where it matters.

    `/healthz/live`: the process answers. `/healthz/ready`: it can work. `/healthz`: the same, with what was looked at.
    """
    if path == "/healthz/live":
        return _plain(200, "The process answers.")
    if path not in ("/healthz", "/healthz/ready"):
        return None
    found = checks()
    wrong = [check.says for check in found if not check.ok]
    status = 503 if wrong else 200
    if path == "/healthz/ready":
        return _plain(status, " ".join(wrong) or "Ready.")
    body = msgspec.json.encode({"ready": not wrong, "checks": list(found)})
    return Answer(status=status, content_type="application/json", body=body + b"\n")


def _plain(status: int, sentence: str) -> Answer:
    return Answer(status=status, content_type="text/plain; charset=utf-8", body=f"{sentence}\n".encode())
