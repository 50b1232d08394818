"""The stage: an operator with aircraft, the sandbox, and workers, all on one clock. It knows no partner by name."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from django.db import connection as database

from airstair.hub.connections.commands import Configured, ConnectionInput, configure
from airstair.hub.engine.dispatcher import Dispatcher, database_address
from airstair.hub.health import LedgerLine, ledger
from airstair.hub.registry import _extra
from airstair.kernel.actor import Actor
from airstair.kernel.clock import ManualClock
from airstair.records.fleet.commands import AircraftInput, add_aircraft
from airstair.records.flights.commands import FlightInput, TripInput, create_trip
from airstair.records.operators import queries as operators
from airstair.records.operators.commands import create_operator
from airstair.sandbox.running import RunningSandbox, running

T = TypeVar("T")
NOON = datetime(2027, 3, 4, 12, 0, tzinfo=UTC)
_PATIENCE = 20.0  # seconds of the machine that anything may take
_NOBODY_ELSE_IS_BUSY = """
SELECT 1 WHERE NOT EXISTS (
    SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND state <> 'idle')
"""


class Stage:
    """What a test works with. `do` runs a command or reader in a thread, as the product does.

    `partner` is the imitation of the partner that the test is about.
    """

    def __init__(self, clock: ManualClock, sandbox: RunningSandbox, partner: str) -> None:
        self.clock = clock
        self.sandbox = sandbox
        self.partner = sandbox.partner(partner)
        self.dispatchers: list[Dispatcher] = []
        self._tasks: list[asyncio.Task[None]] = []

    async def do(self, function: Callable[..., T], *args: Any, **kwargs: Any) -> T:
        def and_close() -> T:
            try:
                return function(*args, **kwargs)
            finally:
                database.close()

        return await asyncio.to_thread(and_close)

    async def sql(self, statement: str, *parameters: Any) -> list[tuple[Any, ...]]:
        def run() -> list[tuple[Any, ...]]:
            with database.cursor() as cursor:
                cursor.execute(statement, parameters)
                return cursor.fetchall() if cursor.description else []

        return await self.do(run)

    async def found(self, code: str = "TEST") -> None:
        """An operator, its admin, and nothing else."""
        self.operator = await self.do(
            create_operator,
            code=code,
            name="Test Air",
            admin_email=f"admin@{code.lower()}.example",
            admin_name="Ann Admin",
        )
        self.actor: Actor = await self.do(operators.cli_actor, self.operator.id)

    async def aircraft(self, *registrations: str, home_base: str = "KEWR") -> list[int]:
        ids = []
        for registration in registrations:
            wanted = AircraftInput(registration=registration, home_base=home_base, serial_number=f"SN-{registration}")
            ids.append((await self.do(add_aircraft, self.actor, wanted)).id)
        return ids

    async def flight(
        self, aircraft_id: int, start: datetime | None = None, route: str = "KEWR-KBOS", **more: Any
    ) -> Any:
        """A trip with one flight of an hour, in two hours unless `start` is given; answers the flight."""
        adep, ades = route.split("-")
        start = start or self.clock.now() + timedelta(hours=2)
        wanted = FlightInput(
            aircraft_id=aircraft_id,
            number=more.pop("number", "TST1"),
            adep=adep,
            ades=ades,
            std=start,
            sta=start + timedelta(hours=1),
            **more,
        )
        trip = await self.do(create_trip, self.actor, TripInput(flights=(wanted,)))
        return trip.flights[0]

    async def configure(self, key: str, **wanted: Any) -> Configured:
        return await self.do(configure, self.actor, key, ConnectionInput(**wanted), clock=self.clock)

    async def switch_off(self, key: str, name: str = "") -> None:
        await self.configure(key, on=False, name=name)

    async def start(self, *, settle: bool = True, worker: int | None = None) -> Dispatcher:
        """Another worker, with that number where it matters which connections fall to it."""
        dispatcher = Dispatcher(database_address(), clock=self.clock)
        dispatcher.worker = dispatcher.worker if worker is None else worker
        self.dispatchers.append(dispatcher)
        self._tasks.append(asyncio.create_task(dispatcher.run()))
        await asyncio.wait_for(dispatcher.settle() if settle else dispatcher.ready(), _PATIENCE)
        return dispatcher

    def _leave(self, dispatcher: Dispatcher) -> asyncio.Task[None]:
        at = self.dispatchers.index(dispatcher)
        del self.dispatchers[at]
        return self._tasks.pop(at)

    async def end(self, dispatcher: Dispatcher) -> None:
        """Stop a worker in good order."""
        task = self._leave(dispatcher)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    async def kill(self, dispatcher: Dispatcher) -> None:
        """Stop a worker without giving it time to write anything: its database connections break."""
        task = self._leave(dispatcher)
        await dispatcher.cut_off()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    def died(self) -> list[BaseException]:
        """What has ended workers that nobody stopped."""
        return [e for task in self._tasks if task.done() and not task.cancelled() and (e := task.exception())]

    async def settle(self) -> None:
        for dispatcher in list(self.dispatchers):
            await asyncio.wait_for(dispatcher.settle(), _PATIENCE)
        assert not self.died()

    async def advance(self, step: timedelta = timedelta(minutes=1), **by: float) -> None:
        """Let time pass and everything that comes due in it happen, step by step."""
        end = self.clock.now() + timedelta(**by)
        while self.clock.now() < end:
            self.clock.set(min(end, self.clock.now() + step))
            await self.settle()

    async def until(self, condition: Callable[[], Any], why: str = "", patience: float = _PATIENCE) -> None:
        """Return when it is so; for what happens while a call is under way."""
        give_up = time.monotonic() + patience
        while not condition():
            assert time.monotonic() < give_up, why or "It did not come to pass."
            await asyncio.sleep(0.002)

    async def until_sql(self, statement: str, patience: float = _PATIENCE) -> None:
        """Return when the statement answers a row."""
        give_up = time.monotonic() + patience
        while not await self.sql(statement):
            assert time.monotonic() < give_up, statement
            await asyncio.sleep(0.05)

    async def lines(self, connection_id: int) -> dict[str, LedgerLine]:
        return {line.title: line for line in await self.do(ledger, self.operator.id, connection_id)}

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        # A killed worker's thread may be in the middle of a transaction, and in the way of whoever empties the tables.
        await self.until_sql(_NOBODY_ELSE_IS_BUSY)


StageKind = TypeVar("StageKind", bound=Stage)


@contextlib.asynccontextmanager
async def staged(settings: Any, partner: str, kind: type[StageKind]) -> AsyncIterator[StageKind]:
    """A stage of that kind with an operator on it, about that partner. `settings`: the fixture of that name."""
    clock = ManualClock(NOON)
    async with running(clock=clock) as sandbox:
        settings.SANDBOX_URL = sandbox.url
        stage = kind(clock, sandbox, partner)
        await stage.found()
        try:
            yield stage
        finally:
            await stage.stop()
            _extra.clear()
