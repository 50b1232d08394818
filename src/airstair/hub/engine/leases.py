"""Which connections this worker serves: it holds those that fall to it, and gives back the others.

A lease is an advisory lock of the database, so that it ends with whoever held it. Every connection falls to one
of the workers alive; when one comes or goes only its share moves.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import logging
from collections.abc import Iterable
from datetime import datetime
from typing import Any

import psycopg
from django.db import Error as DjangoDatabaseError
from django.db import connection as django_connection

from airstair.hub.connections.queries import LiveConnection, live_connections
from airstair.hub.engine.flight_sender import FlightSender
from airstair.hub.engine.leased import Leased
from airstair.hub.engine.readings import Readings
from airstair.hub.engine.standing import Services
from airstair.hub.engine.store import Held, NewChange
from airstair.kernel.units import Unit, UnitKind

log = logging.getLogger(__name__)

_TURN = 1.0  # seconds of the machine between looks at who is alive; a dead worker's leases are taken by then
_LEAVE_ALONE = 60.0  # seconds of the machine before a connection that could not be begun is tried again


class Leases:
    """The connections that one worker holds."""

    def __init__(self, worker: int, services: Services, readings: Readings, ready: asyncio.Event) -> None:
        """`ready` is set when the connections that fall to the worker have been taken for the first time."""
        self._worker = worker
        self._services = services
        self._readings = readings
        self.held: dict[int, Leased] = {}
        self.turned_at: float | None = None  # by the loop's clock, when it last looked at who is alive
        self._ready = ready
        self._by_operator: dict[int, set[int]] = {}
        self._turning = asyncio.Lock()
        self._configuring = asyncio.Lock()
        self._turn_wanted = asyncio.Event()
        self._leaving: dict[int, asyncio.Task[None]] = {}
        self._left_alone: dict[int, float] = {}
        self._shared_among: tuple[frozenset[int], frozenset[int]] = frozenset(), frozenset()
        self._mine: frozenset[int] = frozenset()
        self._configured: dict[int, int] = {}  # operator → the reading in which its connections or fleet changed

    def of_operator(self, operator_id: int) -> list[Leased]:
        return [self.held[id_] for id_ in self._by_operator.get(operator_id, ())]

    async def mind(self) -> None:
        """Look who is alive every second, and whenever connections are switched."""
        while True:
            self._turn_wanted.clear()
            await self.turn()
            self.turned_at = asyncio.get_running_loop().time()
            self._ready.set()
            # Not wait_for: until Python 3.12 it swallows a cancellation that comes together with what it waits for.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_TURN):
                    await self._turn_wanted.wait()

    async def turn(self) -> None:
        """Hold the connections that fall to this worker, and no others."""
        async with self._turning:
            self._raise_what_failed()
            on = await self._services.store.switched_on()
            alive = await self._services.store.workers() | {self._worker}
            mine = self._share(on, frozenset(alive))
            for id_, leased in list(self.held.items()):
                if id_ not in mine or leased.closed:
                    self._leave(leased)
            now = asyncio.get_running_loop().time()
            left_alone = {id_ for id_, until in self._left_alone.items() if until > now}
            free = sorted(mine - self.held.keys() - self._leaving.keys() - left_alone)
            if free:
                await self._take(await self._services.store.lease(free))

    def _share(self, on: frozenset[int], alive: frozenset[int]) -> frozenset[int]:
        """What of the connections that are on falls to this worker: found out again only when either has changed."""
        if (on, alive) != self._shared_among:
            self._shared_among = on, alive
            self._mine = frozenset(id_ for id_ in on if falls_to(id_, alive) == self._worker)
        return self._mine

    # ── Giving back ─────────────────────────────────────────────────────────────────────────────

    def _leave(self, leased: Leased) -> None:
        """In its own time: the others do not wait for a call that is under way there."""
        connection = leased.connection
        leased.closed = True
        # It hears of nothing from here on, and calls may be under way for long: its cursor must not pass this reading.
        leased.hears_until = self._readings.heard(connection.operator_id)
        del self.held[connection.id]
        self._by_operator[connection.operator_id].discard(connection.id)
        self._leaving[connection.id] = asyncio.get_running_loop().create_task(self._give_back(leased))

    async def _give_back(self, leased: Leased) -> None:
        await leased.close()
        await self._services.saver.all_saved()  # its results must be written while the lease is held
        await self._save_cursor(leased)
        await self._services.store.release([leased.connection.id])
        log.info("Gave connection %s back; %s are held.", leased.connection.id, len(self.held))
        del self._leaving[leased.connection.id]
        self._turn_wanted.set()

    async def _save_cursor(self, leased: Leased) -> None:
        now = self._services.clock.now()
        heard = self._readings.heard(leased.connection.operator_id)
        row = leased.cursor_row(self._readings.snapshots, heard, given_back=now)
        if row is not None:
            await self._services.store.save([], [], [row])

    @property
    def busy(self) -> bool:
        """Whether connections are changing hands."""
        return bool(self._leaving) or self._turn_wanted.is_set() or self._turning.locked()

    def _raise_what_failed(self) -> None:
        for task in self._leaving.values():
            if task.done() and not task.cancelled() and (problem := task.exception()) is not None:
                raise problem

    async def close_all(self) -> None:
        """Stop sending; returns when no call is under way."""
        for leased in self.held.values():
            leased.closed = True
        closing = [leased.close() for leased in self.held.values()]
        await asyncio.gather(*closing, *self._leaving.values(), return_exceptions=True)

    def cut_off(self) -> None:
        """The database is lost: stop everything as it is."""
        for leased in self.held.values():
            leased.cut_off()
        for task in self._leaving.values():
            task.cancel()

    # ── Taking ──────────────────────────────────────────────────────────────────────────────────

    async def _take(self, connection_ids: list[int]) -> None:
        read_at = self._readings.latest
        live = {c.id: c for c in await asyncio.to_thread(with_connection, live_connections, connection_ids)}
        for id_ in connection_ids:
            if id_ not in live or not await self._begun(live[id_]):
                await self._services.store.release([id_])
                self._left_alone[id_] = asyncio.get_running_loop().time() + _LEAVE_ALONE
        # Configured anew between the reading above and now, when it could not hear of it yet.
        log.info("Took connections on: %s of %s; %s are held.", len(live), len(connection_ids), len(self.held))
        missed = {c.operator_id for c in live.values() if self._configured.get(c.operator_id, 0) > read_at}
        if missed:
            await self._configure(missed, frozenset())

    async def _begun(self, connection: LiveConnection) -> bool:
        try:
            await self._begin(connection)
        except (psycopg.Error, DjangoDatabaseError, OSError):
            raise
        except Exception:  # one connection that cannot be served must not keep the others from being
            log.exception("%r cannot be served; it is tried again in a minute.", connection)
            self.held.pop(connection.id, None)
            self._by_operator.get(connection.operator_id, set()).discard(connection.id)
            return False
        return True

    async def _begin(self, connection: LiveConnection) -> None:
        store, now = self._services.store, self._services.clock.now()
        lost = await store.forget_lost_calls(connection.operator_id, connection.id, now)
        if lost:
            log.info("Connection %s: %s calls of a stopped worker count as unknown.", connection.id, lost)
        held = await store.take_cursor(connection.operator_id, connection.id)
        leased = Leased(connection, self._services, held)
        await self._set_units(leased)
        # From here on it hears of every new change; what happened before it was leased is read after that,
        # so that nothing falls between the two.
        self.held[connection.id] = leased
        self._by_operator.setdefault(connection.operator_id, set()).add(connection.id)
        leased.begins_at = self._readings.latest
        await self._catch_up(leased, held)
        leased.caught_up = True
        await leased.begin()
        leased.stir()
        leased.kick()
        self._services.wake()

    async def _catch_up(self, leased: Leased, held: Held) -> None:
        store, connection, generation = self._services.store, leased.connection, leased.begins_at
        if leased.by_clock_alone:  # each unit is made anew at its first turn
            leased.compared_at = self._services.clock.now()
            return
        missed: list[NewChange] = []
        if held.snapshot is not None:
            _, missed = await store.changes_since(held.snapshot, connection.operator_id)
        everything = held.snapshot is None or any(change.about_connections for change in missed)
        if not held.in_good_order:
            # What has changed since its cursor may have been on its way when the worker before was killed, and have
            # been taken back since: then the ledger shows no difference, and the partner something else.
            units = {unit for change in missed for unit in change.units}
            but = [key for key, sender in leased.senders.items() if isinstance(sender, FlightSender)]
            await store.doubt(connection.operator_id, connection.id, units, everything=everything, but=but)
        fan_out(missed, [leased], generation)
        for sender in leased.senders.values():
            for unit in await store.undelivered(*sender.key):
                sender.changed(unit, generation, bulk=True)
        if everything:
            leased.all_may_be_stale(generation)
            leased.compared_at = self._services.clock.now()

    async def _set_units(self, leased: Leased) -> None:
        for sender in leased.senders.values():
            known = await self._services.store.ledger(*sender.key) if sender.by_clock else {}
            # The connection is looked at after the reading: it may have been configured anew meanwhile.
            sender.set_units(leased.connection.units(sender.flow.unit), known, self._services.clock.now())

    # ── Configured anew ─────────────────────────────────────────────────────────────────────────

    def configured(self, operator_ids: Iterable[int]) -> None:
        """These operators' connections or fleets have changed, says the latest reading."""
        for operator_id in operator_ids:
            self._configured[operator_id] = self._readings.latest
        self._left_alone.clear()

    async def configure(self, operator_ids: Iterable[int], asked: Iterable[int]) -> None:
        """What is off stops now, what is new starts now. `asked`: connections that are to be looked at as a whole."""
        await self._configure(set(operator_ids), frozenset(asked))
        self._turn_wanted.set()

    async def _configure(self, operator_ids: set[int], asked: frozenset[int]) -> None:
        async with self._configuring:  # or an older picture could be hung over a newer one
            held = [leased.connection.id for operator_id in operator_ids for leased in self.of_operator(operator_id)]
            live = {c.id: c for c in await asyncio.to_thread(with_connection, live_connections, held)}
            for connection_id in held:
                if connection_id not in live and connection_id in self.held:
                    self.held[connection_id].closed = True  # at once; the lease is given back in its own time
            changed = [leased for id_ in live if (leased := self.held.get(id_)) is not None and not leased.closed]
            had = {leased: leased.units for leased in changed}
            anew = {leased for leased in changed if leased.use(live[leased.connection.id])}
            # First what is no longer to be sent through each has stopped; then, after a reading, what is to be begins.
            for leased in changed:
                await self._set_units(leased)
                everything, wished = leased in anew, leased.connection.id in asked
                leased.look_again(self._readings.latest, had[leased], everything=everything, asked=wished)
                if everything:
                    await leased.partner_is_well()
                leased.stir()
                leased.kick()


def fan_out(changes: Iterable[NewChange], holders: Iterable[Leased], generation: int) -> None:
    """Tell the connections what has changed: each unit once, however many changes name it.

    An import names tens of thousands, and nobody else is served meanwhile. It waits behind people's edits where all
    that named it are bulk.
    """
    named: dict[UnitKind, dict[Unit, tuple[bool, datetime]]] = {}
    for change in changes:
        for unit in change.units:
            of_kind = named.setdefault(unit.kind, {})
            bulk, at = of_kind.get(unit, (True, change.at))
            of_kind[unit] = bulk and change.bulk, min(at, change.at)
    for leased in holders:
        for kind, units in named.items():
            for unit, (bulk, at) in units.items():
                leased.changed(unit, generation, bulk=bulk, at=at)
                if kind not in leased.kinds:
                    break  # nothing of the kind is kept; that something was read is heard of all the same


def falls_to(connection_id: int, workers: Iterable[int]) -> int:
    """The worker that a connection falls to: rendezvous hashing, so that a worker's coming or going moves few."""
    return max(
        workers, key=lambda worker: hashlib.blake2b(f"{worker}:{connection_id}".encode(), digest_size=8).digest()
    )


def with_connection(read: Any, *args: Any) -> Any:
    """Run a reader in a thread and give its database connection back to the pool."""
    try:
        return read(*args)
    finally:
        django_connection.close()
