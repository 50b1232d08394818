"""The process that keeps every connected operator's flights equal on both sides.

One thread for each connection: it asks what is new, brings the flights to it, tells how they stand. It keeps nothing
in memory that the database does not have: after an outage or a crash it goes on from the cursors and from what the
schedule system last accepted.
"""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import TypeVar

import httpx
from django.conf import settings
from django.db import DatabaseError, close_old_connections, connections
from django.db import connection as database

from connect.clock import Clock, utc_now
from connect.sealing import unseal
from connect.sync import commands, connecting
from connect.sync.models import Connection
from connect.sync.queries import served
from connect.wire.graphql import Api
from connect.wire.problems import NotAnswering, NotGranted, NotLetIn, NotTaken, TooMany

Answered = TypeVar("Answered")

log = logging.getLogger(__name__)
LOOK_SECONDS = 0.25
TOGETHER = 10
LONGEST_REST = 60
AGAIN_SECONDS = 10.0
AFTER_FAILURE = (1.0, 2.0, 5.0, 10.0, 20.0)
_LOCK = 0x636E6374  # of the advisory locks of this database, ours


class Server:
    """Serves one connection, step by step; `poll` and `tell` may be called in any order, any number of times."""

    def __init__(self, connection_id: int, now: Clock = utc_now, transport: httpx.BaseTransport | None = None) -> None:
        self.connection_id, self._now, self._transport = connection_id, now, transport
        self._api: tuple[str, Api] | None = None

    def poll(self) -> int:
        """Hear all that is new. How many flights changed here."""
        changed = 0
        more = True
        while more:
            connection = self._connection()
            news = self._call(partial(Api.what_is_new, cursors=connection.cursors))
            for nid, entry in news.entries.items():
                changed += commands.hear(connection.operator_id, entry.heard, self._now)
                commands.refresh_told(self.connection_id, nid, entry.told)
            commands.save_cursors(self.connection_id, news.cursors, self._now)
            more = news.more and news.cursors != connection.cursors
        connecting.worked(self.connection_id)
        return changed

    def tell(self) -> int:
        """Tell what has changed. How many flights were told of; one that is not taken holds up no other."""
        due = commands.due(self._connection(), self._now)
        return sum(self._tell(due[start : start + TOGETHER]) for start in range(0, len(due), TOGETHER))

    def _tell(self, some: list[commands.Due]) -> int:
        """In one call; where that is not taken, each by itself."""
        try:
            if answers := {one.nid: one.answers for one in some if one.answers}:
                self._call(partial(Api.answer, flights=answers))
            for one in some:
                for side, moment in one.slot_times.items():
                    self._call(partial(Api.propose_time, nid=one.nid, side=side, moment=moment))
        except NotTaken as refusal:
            if len(some) > 1:
                return sum(self._tell([one]) for one in some)
            log.warning("Flight %s: %s", some[0].nid, refusal)
            commands.postpone(some[0], self._now)
            return 0
        for one in some:
            commands.accepted(self.connection_id, one, self._now)
        return len(some)

    def hear_again(self) -> int:
        """Try again what could not be synchronised."""
        return commands.hear_again(self._connection().operator_id, self._now)

    def close(self) -> None:
        if self._api:
            self._api[1].close()
            self._api = None

    def _connection(self) -> Connection:
        return Connection.objects.get(id=self.connection_id)

    def _call(self, ask: Callable[[Api], Answered]) -> Answered:
        """With a token that is good; renewed before it ends, and once more when it is not taken."""
        if connecting.needs_renewal(self._connection(), self._now()):
            connecting.renew(self.connection_id, self._now, self._transport)
        try:
            return ask(self._open())
        except NotLetIn:
            connecting.renew(self.connection_id, self._now, self._transport)
        try:
            return ask(self._open())
        except NotLetIn as refusal:
            raise NotAnswering(f"{refusal} It was renewed a moment ago.") from refusal

    def _open(self) -> Api:
        connection = self._connection()
        access = unseal(connection.access_token)
        if self._api is None or self._api[0] != access:
            self.close()
            self._api = (access, Api(connecting.base_url_of(connection), access, self._transport))
        return self._api[1]


class _Serving(threading.Thread):
    """One connection, until it is switched off or the process stops."""

    def __init__(self, connection_id: int, stop: threading.Event) -> None:
        super().__init__(name=f"connection {connection_id}", daemon=True)
        self.connection_id, self._stop_all, self._over = connection_id, stop, threading.Event()

    def end(self) -> None:
        self._over.set()

    def run(self) -> None:
        server = Server(self.connection_id)
        try:
            with _alone(self.connection_id) as alone:
                while alone and not self._stop_all.is_set() and not self._over.is_set():
                    self._serve(server)
        except DatabaseError as problem:
            log.warning("The database does not answer: %s", problem)
        except Exception as fault:
            # A fault of ours must stand on the page, not only in the log; the next thread begins anew.
            log.exception("Connection %s", self.connection_id)
            with contextlib.suppress(DatabaseError):
                connecting.failed(self.connection_id, f"Connect itself failed: {type(fault).__name__}.")
        finally:
            server.close()
            connections.close_all()

    def _serve(self, server: Server) -> None:
        """Until something fails; then wait, and longer the more often it failed."""
        failures = 0
        heard = again = -1e9
        while not self._stop_all.is_set() and not self._over.is_set():
            try:
                began = time.monotonic()
                if began - heard >= settings.POLL_SECONDS:
                    server.poll()
                    heard, failures = began, 0
                if began - again >= AGAIN_SECONDS:
                    server.hear_again()
                    again = began
                server.tell()
                until_poll = settings.POLL_SECONDS - (time.monotonic() - heard)
                self._over.wait(max(0.0, min(LOOK_SECONDS, until_poll)))
            except TooMany as busy:
                if busy.seconds > LONGEST_REST:
                    connecting.failed(self.connection_id, str(busy))
                self._over.wait(min(busy.seconds, LONGEST_REST))
            except NotGranted as refusal:
                connecting.failed(self.connection_id, str(refusal), for_good=True)
                self._over.wait(AFTER_FAILURE[-1])
            except (NotAnswering, NotTaken) as silence:
                connecting.failed(self.connection_id, str(silence))
                self._over.wait(AFTER_FAILURE[min(failures, len(AFTER_FAILURE) - 1)])
                failures += 1


@contextlib.contextmanager
def _alone(connection_id: int) -> Iterator[bool]:
    """Whether no other process serves this connection. The lock ends with our session, however that ends."""
    with database.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", [_LOCK, connection_id])
        yield bool(cursor.fetchone()[0])


def serve(stop: threading.Event, on_ready: Callable[[], None] = lambda: None) -> None:
    """Serve every connection that is switched on, until `stop`. New ones are seen within a second."""
    running: dict[int, _Serving] = {}
    ready = False
    while not stop.is_set():
        try:
            close_old_connections()
            wanted = set(served())
        except DatabaseError as problem:
            log.warning("The database does not answer: %s", problem)
            stop.wait(1.0)
            continue
        for connection_id in wanted:
            if connection_id not in running or not running[connection_id].is_alive():
                running[connection_id] = _Serving(connection_id, stop)
                running[connection_id].start()
        for connection_id in set(running) - wanted:
            running.pop(connection_id).end()
        if not ready:
            on_ready()
            ready = True
        stop.wait(1.0)
    for one in running.values():
        one.end()
        one.join(timeout=5)
