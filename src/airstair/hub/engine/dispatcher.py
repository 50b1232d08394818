"""The dispatcher: leases connections, reads the change log, and keeps their senders busy.

    commit → NOTIFY → read what is new → which connections' units may be stale → senders

One runs in each worker; any number of workers share the connections by leases. Nothing is kept here that
cannot be found again: a killed dispatcher's connections are free at once, and whoever takes them reads on
from their saved cursors.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import random
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

import psycopg
from django.conf import settings
from django.db import connection as django_connection

from airstair.changes.cursor import CHANNEL
from airstair.hub.connections.queries import LiveConnection, ids_switched_on, live_connections
from airstair.hub.engine.leased import Leased, Services
from airstair.hub.engine.reading import Snapshots, Together
from airstair.hub.engine.saver import Saver
from airstair.hub.engine.store import NewChange, Store
from airstair.hub.http import HttpPool
from airstair.hub.limits import Limits
from airstair.kernel.clock import Clock, SystemClock

log = logging.getLogger(__name__)

EXPORT_ASKED = "connection.export"  # the kind of the change by which a person asks for an export

_LEASE_TURN = 1.0  # seconds of the machine between looks at who is alive; a dead worker's leases are taken by then
_LONGEST_SLEEP = timedelta(seconds=30)
_COMPARE_EVERY = timedelta(hours=6)  # the slow proof that nothing was lost
_SAVE_CURSORS_EVERY = timedelta(seconds=30)


class Dispatcher:
    """One worker's engine. `run` it until it is stopped; `settle` waits until nothing is left to do at this time."""

    def __init__(self, address: str, *, clock: Clock | None = None, pool: HttpPool | None = None) -> None:
        self._address = address
        self._clock = clock or SystemClock()
        self._given_pool = pool
        self.worker = random.getrandbits(31)
        self.leased: dict[int, Leased] = {}
        self._by_operator: dict[int, set[int]] = {}
        self._wake = asyncio.Event()
        self._leasing = asyncio.Lock()
        self._generation = 0
        self._readings: dict[int, str] = {}
        self._reading = asyncio.Lock()
        self._cursors_saved: datetime | None = None
        self._ready = asyncio.Event()

    # ── Life ────────────────────────────────────────────────────────────────────────────────────

    async def run(self) -> None:
        """Serve until cancelled. Raises when the database is lost: the worker starts a new dispatcher then."""
        self._make_services()
        try:
            await self._store.open(self.worker)
            self._listener = await psycopg.AsyncConnection.connect(self._address, autocommit=True)
            await self._listener.execute(f"LISTEN {CHANNEL}")
            self._readings[self._generation] = await self._store.snapshot()
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._listen())
                tasks.create_task(self._services.saver.run())
                tasks.create_task(self._mind_leases())
                tasks.create_task(self._serve())
        finally:
            await self._close()

    def _make_services(self) -> None:
        self._store = Store(self._address)
        self._services = Services(
            store=self._store,
            limits=Limits(self._address),
            pool=self._given_pool
            or HttpPool(allow_private=settings.ALLOW_PRIVATE_ADDRESSES, sandbox_url=settings.SANDBOX_URL),
            clock=self._clock,
            snapshots=Snapshots(),
            known=Together(self._store.known),
            saver=Saver(self._store, self._cursor_rows),
        )

    async def _close(self) -> None:
        for leased in self.leased.values():
            leased.closed = True
        stopping = [leased.close() for leased in self.leased.values()]
        await asyncio.wait_for(asyncio.gather(*stopping, return_exceptions=True), timeout=60)
        try:
            while not self._services.saver.idle:
                await self._services.saver.flush()
        except (psycopg.Error, AttributeError):
            log.warning("The last results could not be saved; they are found out again after the restart.")
        self._services.snapshots.close()
        await self._services.limits.close()
        if self._given_pool is None:
            await self._services.pool.close()
        for open_connection in (getattr(self, "_listener", None), self._store):
            if open_connection is not None and getattr(open_connection, "_writer", open_connection) is not None:
                await _close_quietly(open_connection)

    async def ready(self) -> None:
        """Return when the leases that fall to this worker have been taken for the first time."""
        await self._ready.wait()

    async def cut_off(self) -> None:
        """Break the database connections as a killed process would: nothing more is written. For tests."""
        for open_connection in (*self._store.connections, self._listener):
            open_connection.pgconn.finish()

    async def settle(self) -> None:
        """Return when everything that can be done at this time of the clock is done and saved. For tests."""
        await self._ready.wait()
        while True:
            await self._turn_leases()
            await self._read_changes()
            for leased in self.leased.values():
                leased.kick()
            now = self._clock.now()
            if not any(leased.busy(now) for leased in self.leased.values()) and self._services.saver.idle:
                return
            await asyncio.sleep(0.001)

    # ── Serving ─────────────────────────────────────────────────────────────────────────────────

    async def _listen(self) -> None:
        async for _ in self._listener.notifies():
            self._wake.set()

    async def _serve(self) -> None:
        while True:
            self._wake.clear()
            await self._read_changes()
            await self._look_after()
            for leased in list(self.leased.values()):
                leased.kick()
            await self._sleep()

    async def _sleep(self) -> None:
        now = self._clock.now()
        times = [t for leased in self.leased.values() if (t := leased.next_time()) is not None]
        until = min([*times, now + _LONGEST_SLEEP])
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
        async with self._reading:
            snapshot, changes = await self._store.changes_since(self._readings[self._generation])
            self._generation += 1
            self._readings[self._generation] = snapshot
            self._forget_old_readings()
            reconfigured = {c.operator_id for c in changes if c.kind.startswith(("connection.", "aircraft."))}
            asked = {unit.id for c in changes if c.kind == EXPORT_ASKED for unit in c.units}
            self._fan_out(changes, self._generation)
        if reconfigured:
            await self._reconfigure(reconfigured, asked)

    def _fan_out(self, changes: Iterable[NewChange], generation: int, only: Leased | None = None) -> None:
        for change in changes:
            holders = (
                [only] if only is not None else [self.leased[i] for i in self._by_operator.get(change.operator_id, ())]
            )
            for leased in holders:
                for sender in leased.senders.values():
                    for unit in change.units:
                        sender.changed(unit, generation, bulk=change.bulk)

    async def _look_after(self) -> None:
        """What comes round now and then: partners that came back, slow comparisons, cursors of quiet connections."""
        now = self._clock.now()
        for leased in list(self.leased.values()):
            for sender in leased.take_recovered():
                connection = leased.connection
                for unit in await self._store.undelivered(connection.operator_id, connection.id, sender.flow.key):
                    sender.changed(unit, self._generation, bulk=True)
            if leased.compared_at is None or now - leased.compared_at >= _COMPARE_EVERY:
                leased.compared_at = now
                for sender in leased.senders.values():
                    sender.all_may_be_stale(self._generation)
        if self._cursors_saved is None or now - self._cursors_saved >= _SAVE_CURSORS_EVERY:
            self._cursors_saved = now
            rows = self._cursor_rows()
            if rows and self._services.saver.idle:
                await self._store.save([], [], rows)

    def _cursor_rows(self) -> list[tuple[Any, ...]]:
        """The cursors that have moved since they were last saved."""
        now = self._clock.now()
        rows = []
        for leased in self.leased.values():
            row = leased.cursor_row(self._readings, self._generation, now)
            if row is not None:
                rows.append(row)
        return rows

    def _forget_old_readings(self) -> None:
        oldest = min(
            (g - 1 for leased in self.leased.values() if (g := leased.oldest_generation()) is not None),
            default=self._generation,
        )
        for generation in [g for g in self._readings if g < oldest and g != self._generation]:
            del self._readings[generation]

    # ── Leases ──────────────────────────────────────────────────────────────────────────────────

    async def _mind_leases(self) -> None:
        while True:
            await self._turn_leases()
            self._ready.set()
            await asyncio.sleep(_LEASE_TURN)

    async def _turn_leases(self) -> None:
        """Hold the connections that fall to this worker, and no others."""
        async with self._leasing:
            on = await asyncio.to_thread(_with_connection, ids_switched_on)
            alive = await self._store.workers()
            mine = {id_ for _, id_ in on if _falls_to(id_, alive | {self.worker}) == self.worker}
            await self._let_go([id_ for id_, leased in self.leased.items() if id_ not in mine or leased.closed])
            free = sorted(mine - self.leased.keys())
            if free:
                await self._take(await self._store.lease(free))

    async def _let_go(self, connection_ids: Iterable[int]) -> None:
        for connection_id in connection_ids:
            leased = self.leased.pop(connection_id, None)
            if leased is None:
                continue
            self._by_operator[leased.connection.operator_id].discard(connection_id)
            await leased.close()
            while not self._services.saver.idle:  # its results must be written while the lease is held
                await asyncio.sleep(0.005)
            row = leased.cursor_row(self._readings, self._generation, self._clock.now())
            if row is not None:
                await self._store.save([], [], [row])
            await self._store.release([connection_id])

    async def _take(self, connection_ids: list[int]) -> None:
        live = {c.id: c for c in await asyncio.to_thread(_with_connection, live_connections, connection_ids)}
        unusable = [id_ for id_ in connection_ids if id_ not in live]
        if unusable:
            await self._store.release(unusable)
        for connection in live.values():
            await self._begin(connection)

    async def _begin(self, connection: LiveConnection) -> None:
        now = self._clock.now()
        lost = await self._store.forget_lost_calls(connection.operator_id, connection.id, now)
        if lost:
            log.info("Connection %s: %s calls of a stopped worker count as unknown.", connection.id, lost)
        held = await self._store.held(connection.operator_id, connection.id)
        leased = Leased(connection, self._services, held)
        await self._set_units(leased)
        # From here on it hears of every new change; what happened before it was leased is read after that,
        # so that nothing falls between the two.
        self.leased[connection.id] = leased
        self._by_operator.setdefault(connection.operator_id, set()).add(connection.id)
        generation = leased.begins_at = self._generation
        if held.snapshot is None:
            leased.compared_at = now
            for sender in leased.senders.values():
                sender.all_may_be_stale(generation)
        elif any(not sender.by_clock for sender in leased.senders.values()):
            _, missed = await self._store.changes_since(held.snapshot, connection.operator_id)
            self._fan_out(missed, generation, only=leased)
            for sender in leased.senders.values():
                for unit in await self._store.undelivered(connection.operator_id, connection.id, sender.flow.key):
                    sender.changed(unit, generation, bulk=True)
        leased.caught_up = True
        leased.kick()
        self._wake.set()

    async def _set_units(self, leased: Leased) -> None:
        connection = leased.connection
        for sender in leased.senders.values():
            known = (
                await self._store.ledger(connection.operator_id, connection.id, sender.flow.key)
                if sender.by_clock
                else {}
            )
            sender.set_units(connection.units(sender.flow.unit), known, self._clock.now())

    async def _reconfigure(self, operator_ids: set[int], asked: set[int]) -> None:
        """Connections or fleets of these operators changed: what is off stops now, what is new starts now."""
        held = [i for operator_id in operator_ids for i in self._by_operator.get(operator_id, ())]
        live = {c.id: c for c in await asyncio.to_thread(_with_connection, live_connections, held)}
        for connection_id in held:
            if connection_id not in live and connection_id in self.leased:
                self.leased[connection_id].closed = True  # at once; the lease is given back in its own time
        for connection in live.values():
            leased = self.leased.get(connection.id)
            if leased is None or leased.closed:
                continue
            owned = {flow: sender.units for flow, sender in leased.senders.items()}
            compare_all = connection.id in asked or leased.connection.settings != connection.settings
            leased.connection = connection
            await self._set_units(leased)
            for flow, sender in leased.senders.items():
                for unit in connection.units(sender.flow.unit):
                    if compare_all or unit not in owned[flow]:
                        sender.changed(unit, self._generation, bulk=False)
            leased.kick()
        asyncio.get_running_loop().create_task(self._turn_leases_quietly())

    async def _turn_leases_quietly(self) -> None:
        try:
            await self._turn_leases()
        except psycopg.Error:
            log.debug("The leases could not be looked at; the next turn will.")


def _falls_to(connection_id: int, workers: Iterable[int]) -> int:
    """The worker that a connection falls to: rendezvous hashing, so that a worker's coming or going moves few."""
    return max(
        workers, key=lambda worker: hashlib.blake2b(f"{worker}:{connection_id}".encode(), digest_size=8).digest()
    )


def _with_connection(read: Any, *args: Any) -> Any:
    """Run a reader in a thread and give its database connection back to the pool."""
    try:
        return read(*args)
    finally:
        django_connection.close()


async def _close_quietly(what: Any) -> None:
    try:
        await what.close()
    except (psycopg.Error, AttributeError):
        log.debug("%r was closed already.", what)


def database_address() -> str:
    """The address of Django's own database, for connections that the engine opens itself."""
    facts = django_connection.settings_dict
    return psycopg.conninfo.make_conninfo(
        host=facts["HOST"] or None,
        port=facts["PORT"] or None,
        dbname=facts["NAME"],
        user=facts["USER"] or None,
        password=facts["PASSWORD"] or None,
    )
