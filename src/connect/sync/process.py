"""The process that keeps every connected operator's flights equal on both sides.

One thread for each connection: it asks what is new, brings the flights to it, tells how they stand. It keeps nothing
in memory that the database does not have: after an outage or a crash it goes on from the cursors and from what the
schedule system last accepted. The schedule system may call when something is new; it is asked then, and else by the
clock.
"""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import TypeVar

import httpx
from django.conf import settings
from django.db import DatabaseError, close_old_connections, connections
from django.db import connection as database

from connect.clock import Clock, utc_now
from connect.sealing import unseal
from connect.sync import commands, connecting, hooking
from connect.sync.models import Connection
from connect.sync.pacing import FILLED, STOCK, Pace
from connect.sync.queries import served
from connect.sync.waking import Listener
from connect.wire.graphql import Api
from connect.wire.problems import NotAnswering, NotGranted, NotLetIn, NotTaken, TooMany, WireProblem

Answered = TypeVar("Answered")

log = logging.getLogger(__name__)
LOOK_SECONDS = 0.25
TOGETHER = 10
LONGEST_REST = 60
AGAIN_SECONDS = 10.0
HOOK_SECONDS = 600.0
HOOK_SOON_SECONDS = 60.0
AFTER_FAILURE = (1.0, 2.0, 5.0, 10.0, 20.0)
_LOCK = 0x636E6374  # of the advisory locks of this database, ours


class Server:
    """Serves one connection, step by step; `poll` and `tell` may be called in any order, any number of times."""

    def __init__(self, connection_id: int, now: Clock = utc_now, transport: httpx.BaseTransport | None = None) -> None:
        self.connection_id, self._now, self._transport = connection_id, now, transport
        self._api: tuple[str, Api] | None = None
        self._unhooked = ""
        self.count: Callable[[], None] = lambda: None
        """Told of every call before it goes out."""

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

    def keep_hook(self) -> bool | None:
        """Let the schedule system call when something is new. Whether it does; None: it could not be asked.

        One that refuses or has no webhooks is no failure, and logged once.
        """
        try:
            self._renew_in_time()
            found = hooking.keep(self.connection_id, self._open())
        except (NotAnswering, TooMany):
            return None
        except WireProblem as refusal:
            if self._unhooked != str(refusal):
                log.warning("Connection %s is not called, and asks by the clock: %s", self.connection_id, refusal)
            self._unhooked = str(refusal)
            return False
        self._unhooked = ""
        return found

    def stock(self) -> float:
        """How many calls may be ahead of the day's even flow: what was saved up since it was last asked."""
        heard_at = self._connection().heard_at
        return STOCK if heard_at is None else (self._now() - heard_at).total_seconds() * FILLED

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
        self._renew_in_time()
        try:
            self.count()
            return ask(self._open())
        except NotLetIn:
            connecting.renew(self.connection_id, self._now, self._transport)
        try:
            self.count()
            return ask(self._open())
        except NotLetIn as refusal:
            raise NotAnswering(f"{refusal} It was renewed a moment ago.") from refusal

    def _renew_in_time(self) -> None:
        if connecting.needs_renewal(self._connection(), self._now()):
            connecting.renew(self.connection_id, self._now, self._transport)

    def _open(self) -> Api:
        connection = self._connection()
        access = unseal(connection.access_token)
        if self._api is None or self._api[0] != access:
            self.close()
            self._api = (access, Api(connecting.base_url_of(connection), access, self._transport))
        return self._api[1]


class _Asking:
    """Asks at the pace that the schedule system allows, and sees to it that it calls. Of one thread's life."""

    def __init__(self, server: Server) -> None:
        self._server, self._hook_at = server, -1e9
        self.pace = Pace(settings.POLL_SECONDS, server.stock(), time.monotonic())
        server.count = lambda: self.pace.count(time.monotonic())

    def ask_if_due(self, at: float) -> bool:
        """Whether it was asked, and answered."""
        if at < self.pace.next_at(at):
            return False
        was_called = self.pace.asking(at)
        if self._server.poll() and not was_called:
            self.pace.missed()
        if at >= self._hook_at:
            found = self._server.keep_hook()
            self._hook_at = at + (HOOK_SOON_SECONDS if found is None else HOOK_SECONDS)
            self.pace.registered = bool(found)
        return True

    def seconds_left(self) -> float:
        """Until it is to be asked."""
        now = time.monotonic()
        return self.pace.next_at(now) - now


class _Serving(threading.Thread):
    """One connection, until it is switched off or the process stops."""

    def __init__(self, connection_id: int, stop: threading.Event) -> None:
        super().__init__(name=f"connection {connection_id}", daemon=True)
        self.connection_id, self._stop_all, self._over = connection_id, stop, threading.Event()
        self._wake = threading.Event()

    def end(self) -> None:
        self._over.set()
        self._wake.set()

    def wake(self) -> None:
        """Its schedule system has called."""
        self._wake.set()

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
        again = -1e9
        asking = _Asking(server)
        while not self._stop_all.is_set() and not self._over.is_set():
            try:
                if self._wake.is_set():
                    self._wake.clear()
                    asking.pace.called_on()
                began = time.monotonic()
                failures = 0 if asking.ask_if_due(began) else failures
                if began - again >= AGAIN_SECONDS:
                    server.hear_again()
                    again = began
                server.tell()
                ends = self._over if asking.pace.waiting else self._wake  # once called is enough until it is asked
                ends.wait(max(0.0, min(LOOK_SECONDS, asking.seconds_left())))
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
    listener = Listener(stop, lambda called: _wake(running, called))
    listener.start()
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
    listener.join(timeout=5)


def _wake(running: Mapping[int, _Serving], connection_id: int) -> None:
    if (one := running.get(connection_id)) is not None:
        one.wake()
