"""The stage of the hub's tests: an operator with aircraft, the sandbox, and a dispatcher, all on one clock."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import pytest
from django.db import connection as database

from airstair.hub.connections.commands import ALL_AIRCRAFT, Configured, ConnectionInput, configure
from airstair.hub.engine.dispatcher import Dispatcher, database_address
from airstair.hub.health import LedgerLine, ledger
from airstair.kernel.actor import Actor
from airstair.kernel.clock import ManualClock
from airstair.records.fleet.commands import AircraftInput, add_aircraft
from airstair.records.flights.commands import FlightInput, TripInput, create_trip
from airstair.records.operators import queries as operators
from airstair.records.operators.commands import create_operator
from airstair.sandbox.running import RunningSandbox, running

T = TypeVar("T")
NOON = datetime(2027, 3, 4, 12, 0, tzinfo=UTC)


class Stage:
    """What a test of the hub works with. `do` runs a command or reader in a thread, as the product does."""

    def __init__(self, clock: ManualClock, sandbox: RunningSandbox) -> None:
        self.clock = clock
        self.sandbox = sandbox
        self.partner = sandbox.partner("avinode")
        self.dispatchers: list[Dispatcher] = []
        self._tasks: list[asyncio.Task[None]] = []

    async def do(self, function: Callable[..., T], *args: Any, **kwargs: Any) -> T:
        def and_close() -> T:
            try:
                return function(*args, **kwargs)
            finally:
                database.close()

        return await asyncio.to_thread(and_close)

    async def found(self) -> None:
        """An operator, its admin, and nothing else."""
        self.operator = await self.do(
            create_operator, code="TEST", name="Test Air", admin_email="admin@test.example", admin_name="Ann Admin"
        )
        self.actor: Actor = await self.do(operators.cli_actor, self.operator.id)

    async def aircraft(self, *registrations: str, home_base: str = "KEWR") -> list[int]:
        ids = []
        for registration in registrations:
            facts = await self.do(
                add_aircraft, self.actor, AircraftInput(registration=registration, home_base=home_base)
            )
            ids.append(facts.id)
        return ids

    async def flight(self, aircraft_id: int, start: datetime, route: str = "KEWR-KBOS", **more: Any) -> Any:
        """A trip with one flight of an hour; answers the flight."""
        adep, ades = route.split("-")
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

    async def switch_on(self, aircraft: Any = ALL_AIRCRAFT, **values: Any) -> Configured:
        wanted = ConnectionInput(values={"environment": "sandbox", **values}, aircraft=aircraft, on=True)
        return await self.do(configure, self.actor, "avinode", wanted, clock=self.clock)

    async def start(self) -> Dispatcher:
        """Another worker."""
        dispatcher = Dispatcher(database_address(), clock=self.clock)
        self.dispatchers.append(dispatcher)
        self._tasks.append(asyncio.create_task(dispatcher.run()))
        await dispatcher.settle()
        return dispatcher

    async def kill(self, dispatcher: Dispatcher) -> None:
        """Stop a worker without giving it time to write anything: its database connections break."""
        at = self.dispatchers.index(dispatcher)
        await dispatcher.cut_off()
        self._tasks[at].cancel()
        await asyncio.gather(self._tasks[at], return_exceptions=True)
        del self.dispatchers[at], self._tasks[at]

    async def settle(self) -> None:
        for dispatcher in self.dispatchers:
            await dispatcher.settle()

    async def advance(self, **by: float) -> None:
        """Let time pass and everything that comes due in it happen, minute by minute."""
        end = self.clock.now() + timedelta(**by)
        while self.clock.now() < end:
            self.clock.set(min(end, self.clock.now() + timedelta(minutes=1)))
            await self.settle()

    async def lines(self, connection_id: int) -> dict[str, LedgerLine]:
        return {line.title: line for line in await self.do(ledger, self.operator.id, connection_id)}

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.do(lambda: None)


@contextlib.asynccontextmanager
async def staged(settings: Any) -> AsyncIterator[Stage]:
    clock = ManualClock(NOON)
    async with running(clock=clock) as sandbox:
        settings.SANDBOX_URL = sandbox.url
        stage = Stage(clock, sandbox)
        await stage.found()
        try:
            yield stage
        finally:
            await stage.stop()


@pytest.fixture
async def stage(transactional_db: None, settings: Any) -> AsyncIterator[Stage]:
    async with staged(settings) as made:
        yield made
