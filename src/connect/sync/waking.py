"""How the process that serves connections learns at once that a schedule system has called: by this database's NOTIFY.

Notices carry the id of a connection and nothing else. One that is lost costs the time until the clock asks.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

import psycopg
from django.db import DatabaseError, connections
from django.db import connection as database

log = logging.getLogger(__name__)
CHANNEL = "connect_news"
_LOOK_SECONDS = 0.5  # how soon it sees that it is to stop
_AGAIN_SECONDS = 1.0


def wake(connection_id: int) -> None:
    """Whoever serves this connection asks what is new."""
    with database.cursor() as cursor:
        cursor.execute("SELECT pg_notify(%s, %s)", [CHANNEL, str(connection_id)])


class Listener(threading.Thread):
    """Hands on every notice until `stop`, also after the database was lost."""

    def __init__(self, stop: threading.Event, hand_on: Callable[[int], None]) -> None:
        super().__init__(name="notices", daemon=True)
        self._stop_all, self._hand_on = stop, hand_on

    def run(self) -> None:
        while not self._stop_all.is_set():
            try:
                self._listen()
            except (DatabaseError, psycopg.Error) as problem:
                log.warning("The database does not answer: %s", problem)
                self._stop_all.wait(_AGAIN_SECONDS)
            finally:
                connections.close_all()

    def _listen(self) -> None:
        with database.cursor() as cursor:
            cursor.execute(f"LISTEN {CHANNEL}")
        while not self._stop_all.is_set():
            for notice in database.connection.notifies(timeout=_LOOK_SECONDS, stop_after=1):
                if notice.payload.isascii() and notice.payload.isdigit():
                    self._hand_on(int(notice.payload))
