"""The dispatcher: reads the change log and keeps the senders of its leased connections busy.

    commit → NOTIFY → read what is new → which connections' units may be stale → senders

One runs in each worker; any number of workers share the connections by leases. Nothing is kept here that
cannot be found again: a killed dispatcher's connections are free at once, and whoever takes them reads on
from their saved cursors.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Coroutine, Iterable
from datetime import datetime, timedelta
from typing import Any

import psycopg
from django.conf import settings
from django.db import connection as django_connection

from airstair.changes.cursor import CHANNEL
from airstair.changes.sessions import EVERYBODYS
from airstair.hub.engine.agenda import Agenda
from airstair.hub.engine.kept import Kept
from airstair.hub.engine.leased import Leased
from airstair.hub.engine.leases import Leases, fan_out
from airstair.hub.engine.reading import Snapshots
from airstair.hub.engine.readings import Readings
from airstair.hub.engine.saver import Saver
from airstair.hub.engine.standing import Services
from airstair.hub.engine.store import NewChange, Store, connect
from airstair.hub.engine.turns import Turns
from airstair.hub.engine.vitals import Vitals
from airstair.hub.http import HttpPool
from airstair.hub.limits import Limits
from airstair.hub.together import Together
from airstair.kernel.clock import Clock, SystemClock

log = logging.getLogger(__name__)

EXPORT_ASKED = "connection.export"  # the kind of the change by which a person asks for an export

_LONGEST_SLEEP = timedelta(seconds=30)
_COMPARE_EVERY = timedelta(hours=6)  # the slow proof that nothing was lost
_COMPARE_WHILE_AWAY = timedelta(hours=1)  # the same when a partner's retries have ended: it may be back
_SAVE_CURSORS_EVERY = timedelta(seconds=30)
_NEXT_PORTION = 0.01  # seconds of the machine between portions of what a reading left out
_LONGEST_CLOSING = 60.0  # seconds of the machine that calls under way get to end


class Dispatcher:
    """One worker's engine. `run` it until it is stopped; `settle` waits until nothing is left to do at this time."""

    def __init__(self, address: str, *, clock: Clock | None = None, pool: HttpPool | None = None) -> None:
        self._address = address
        self._clock = clock or SystemClock()
        self._given_pool = pool
        self.worker = random.getrandbits(31)
        self._wake = asyncio.Event()
        self._one_round = asyncio.Lock()  # the serving loop's, or that of `settle`
        self._cursors_saved: datetime | None = None
        self._was_cut_off = False
        self._listener: psycopg.AsyncConnection | None = None
        self._ready = asyncio.Event()
        self._left_out = asyncio.Event()  # a reading left something out
        self._round_ended: float | None = None

    # ── Life ────────────────────────────────────────────────────────────────────────────────────

    async def run(self) -> None:
        """Serve until cancelled. Raises when the database is lost: the worker starts a new dispatcher then."""
        self._make_services()
        lost = True
        try:
            await self._store.open(self.worker)
            listener = self._listener = await connect(self._address)
            await listener.execute(f"LISTEN {CHANNEL}")
            await self._readings.begin()
            async with asyncio.TaskGroup() as tasks:
                listening, saving = self._listen(listener), self._services.saver.run()
                for part in (listening, saving, self._leases.mind(), self._serve(), self._read_what_was_left_out()):
                    tasks.create_task(self._or_cut_off(part))
        except asyncio.CancelledError:
            lost = False  # asked to stop
            raise
        finally:
            await self._close(lost=lost or self._was_cut_off)

    async def _or_cut_off(self, part: Coroutine[Any, Any, None]) -> None:
        """Run the part. When it loses the database no call may go on for as long as the others take to end."""
        try:
            await part
        except Exception:
            # At once: a statement that is cancelled first asks the server to stop it, which can take seconds when the
            # network is cut, and by then another worker may hold the leases (see `changes/keepalive.py`).
            self._leases.cut_off()
            raise

    def _make_services(self) -> None:
        self._store = Store(self._address)
        self._readings = Readings(self._store)
        self._agenda = Agenda()
        turns = Turns()
        self._services = Services(
            store=self._store,
            limits=Limits(self._address),
            pool=self._given_pool
            or HttpPool(allow_private=settings.ALLOW_PRIVATE_ADDRESSES, sandbox_url=settings.SANDBOX_URL),
            clock=self._clock,
            snapshots=Snapshots(turns),
            turns=turns,
            known=Together(self._store.known),
            claims=Together(self._store.claim, one_at_a_time=True),
            kept=Kept(),
            unread=Together(self._readings.unread),
            saver=Saver(self._store, self._cursor_rows),
            wake=self._wake.set,
            stir=self._agenda.stir,
        )
        self._leases = Leases(self.worker, self._services, self._readings, self._ready)

    @property
    def leased(self) -> dict[int, Leased]:
        """The connections that this worker serves, by id."""
        return self._leases.held

    async def _close(self, *, lost: bool) -> None:
        """End what is under way and write it down; where the database is lost, neither is of use."""
        if lost:
            self._leases.cut_off()
        saving = asyncio.create_task(self._services.saver.run())
        try:
            async with asyncio.timeout(_LONGEST_CLOSING):
                await self._leases.close_all()
        except TimeoutError:
            log.warning("Calls were still under way after %s s; they count as unknown.", _LONGEST_CLOSING)
            self._leases.cut_off()
        saving.cancel()
        await asyncio.gather(saving, return_exceptions=True)
        if not lost:
            await self._save_the_rest()
        self._services.snapshots.close()
        self._services.absorbing.shutdown(wait=False, cancel_futures=True)
        if self._given_pool is None:
            await self._services.pool.close()
        for opened in (self._services.limits, self._listener, self._store):
            if opened is not None:
                await _close_quietly(opened)

    async def _save_the_rest(self) -> None:
        try:
            while not self._services.saver.idle:
                await self._services.saver.flush()
            rows = self._cursor_rows(given_back=self._clock.now())
            if rows:
                await self._store.save([], [], rows)
        except psycopg.Error:
            log.warning("The last results could not be saved; they are found out again after the restart.")

    async def ready(self) -> None:
        """Return when the leases that fall to this worker have been taken for the first time."""
        await self._ready.wait()

    @property
    def vitals(self) -> Vitals:
        """How it is doing, for probes and metrics."""
        if not self._ready.is_set():
            return Vitals(held=(), limits=None, now=self._clock.now(), round_ago=None, turn_ago=None)
        now = asyncio.get_running_loop().time()
        ago = [None if at is None else now - at for at in (self._round_ended, self._leases.turned_at)]
        held, limits = tuple(self.leased.values()), self._services.limits
        return Vitals(held=held, limits=limits, now=self._clock.now(), round_ago=ago[0], turn_ago=ago[1])

    async def cut_off(self) -> None:
        """Break off as a killed process would: calls stay unanswered and nothing more is written. For tests."""
        self._was_cut_off = True
        self._leases.cut_off()
        opened = [*self._store.connections, self._listener, self._services.limits.connection]
        pids = [one.info.backend_pid for one in opened if one is not None and not one.closed]
        async with await connect(self._address) as other:
            await other.execute("SELECT pg_terminate_backend(pid, 5000) FROM unnest(%s::int[]) AS pid", [pids])

    async def settle(self) -> None:
        """Return when everything that can be done at this time of the clock is done and saved. For tests."""
        await self.ready()
        while True:
            await self._leases.turn()
            await self._round()
            now = self._clock.now()
            busy = self._leases.busy or self._readings.more or any(one.busy(now) for one in self.leased.values())
            if not busy and self._services.saver.idle:
                return
            await asyncio.sleep(0.001)

    # ── Serving ─────────────────────────────────────────────────────────────────────────────────

    async def _listen(self, listener: psycopg.AsyncConnection) -> None:
        # Not `notifies()`: it looks ten times a second whether it was cancelled.
        heard, loop, socket = asyncio.Event(), asyncio.get_running_loop(), listener.fileno()
        loop.add_reader(socket, heard.set)
        try:
            while True:
                await heard.wait()
                heard.clear()
                listener.pgconn.consume_input()  # raises when the database is lost
                while listener.pgconn.notifies():
                    self._wake.set()
        finally:
            loop.remove_reader(socket)

    async def _serve(self) -> None:
        while True:
            self._wake.clear()
            await self._round()
            await self._sleep()

    async def _round(self) -> None:
        async with self._one_round:
            await self._read_changes()
            if self._agenda.all_are_due() or self._readings.crowded:
                self._readings.forget({g for leased in self.leased.values() for g in leased.generations})
            looked_at = self._agenda.take(self.leased, self._clock.now())
            await self._look_after(looked_at.values())
            for id_, leased in looked_at.items():
                leased.kick()
                times = (leased.next_time(), _compare_at(leased))
                self._agenda.plan(id_, min((time for time in times if time is not None), default=None))
        self._round_ended = asyncio.get_running_loop().time()

    async def _sleep(self) -> None:
        now = self._clock.now()
        longest = now + _LONGEST_SLEEP
        until = min(self._agenda.next_time() or longest, longest)
        if until <= now:
            # Something is due and its sender is at work already; it goes on by itself.
            until = now + timedelta(seconds=1)
        waits = [asyncio.ensure_future(self._clock.sleep_until(until)), asyncio.ensure_future(self._wake.wait())]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()

    async def _read_changes(self) -> None:
        """Fan out: what is new in the log, to the connections whose units it names."""
        changes, left_out = await self._readings.read()
        if left_out:
            self._left_out.set()
        for operator_id in left_out:
            self._services.snapshots.shared.changed(operator_id, None)
            for leased in self._leases.of_operator(operator_id):
                leased.much_has_changed()
        by_operator: dict[int, list[NewChange]] = {}
        for change in changes:
            by_operator.setdefault(change.operator_id, []).append(change)
        for operator_id, theirs in by_operator.items():
            named = frozenset(unit for change in theirs for unit in change.units)
            self._services.snapshots.shared.changed(operator_id, named)
            fan_out(theirs, self._leases.of_operator(operator_id), self._readings.latest)
        reconfigured = {c.operator_id for c in changes if c.about_connections}
        if reconfigured:
            asked = {unit.id for c in changes if c.kind == EXPORT_ASKED for unit in c.units}
            self._leases.configured(reconfigured)
            await self._leases.configure(reconfigured, asked)

    async def _read_what_was_left_out(self) -> None:
        """Read it in portions, beside the readings: nobody's edit waits for an import."""
        while True:
            await self._left_out.wait()
            while self._readings.more:
                await self._tell_a_portion()
                await asyncio.sleep(_NEXT_PORTION)
            self._left_out.clear()

    async def _tell_a_portion(self) -> None:
        portion = await self._readings.read_left_out(
            lambda operator_id: frozenset().union(*(leased.kinds for leased in self._leases.of_operator(operator_id)))
        )
        if portion is None:
            return
        # Whose lease begins meanwhile reads it by itself: until it is put back, their cursors stay before it.
        async with self._services.turns.work(bulk=True) as stretch:
            for leased in list(self._leases.of_operator(portion.operator_id)) if portion.named else ():
                await stretch.breathe()
                leased.stir()
                for unit, at in portion.named:
                    leased.changed(unit, portion.generation, bulk=True, at=at)
        self._readings.put_back()
        self._wake.set()

    async def _look_after(self, looked_at: Iterable[Leased]) -> None:
        """What comes round now and then: partners that came back, slow comparisons, cursors of quiet connections."""
        now = self._clock.now()
        for leased in looked_at:
            if leased.came_back():
                for sender in leased.senders.values():
                    for unit in await self._store.undelivered(*sender.key):
                        sender.changed(unit, self._readings.latest, bulk=True)
                await leased.partner_is_well()
            compare_at = _compare_at(leased)
            if compare_at is None or compare_at <= now:
                leased.compared_at = now
                leased.all_may_be_stale(self._readings.latest)
        if self._cursors_saved is None or now - self._cursors_saved >= _SAVE_CURSORS_EVERY:
            self._cursors_saved = now
            self._services.snapshots.shared.forget_idle()
            rows = self._cursor_rows()
            if rows and self._services.saver.idle:
                await self._store.save([], [], rows)

    def _cursor_rows(self, *, given_back: datetime | None = None) -> list[tuple[Any, ...]]:
        """The cursors that may be saved now. `given_back`: nothing is sent through them any more."""
        snapshots, heard = self._readings.snapshots, self._readings.heard
        rows = (
            leased.cursor_row(snapshots, heard(leased.connection.operator_id), given_back=given_back)
            for leased in self.leased.values()
        )
        return [row for row in rows if row is not None]


def _compare_at(leased: Leased) -> datetime | None:
    """When the next slow comparison is due; `None`: at once, there has been none."""
    every = _COMPARE_WHILE_AWAY if leased.failures else _COMPARE_EVERY
    return None if leased.compared_at is None else leased.compared_at + every


async def _close_quietly(opened: Any) -> None:
    try:
        await opened.close()
    except psycopg.Error:
        log.debug("%r was closed already.", opened)


def database_address() -> str:
    """The address of Django's own database, for connections that the engine opens itself: they work for everybody."""
    facts = django_connection.settings_dict
    return psycopg.conninfo.make_conninfo(
        host=facts["HOST"] or None,
        port=facts["PORT"] or None,
        dbname=facts["NAME"],
        user=facts["USER"] or None,
        password=facts["PASSWORD"] or None,
        options=EVERYBODYS,
    )
