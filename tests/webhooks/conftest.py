"""An operator whose changes are told to a receiver of the tests' own, by postmen on a clock that tests move."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import pytest
from aiohttp import web
from django.db import connection as database

from airstair.hub.engine.dispatcher import database_address
from airstair.hub.webhooks import commands, queries
from airstair.hub.webhooks.commands import NewSubscription, SubscriptionInput
from airstair.hub.webhooks.engine.postman import Postman
from airstair.hub.webhooks.rules import Owner
from airstair.kernel.clock import ManualClock
from airstair.records.access.commands import ApiKeyInput, create_api_key
from airstair.records.fleet.commands import AircraftInput, add_aircraft
from airstair.records.flights.commands import FlightEdit, FlightInput, TripInput, change_flight, create_trip
from airstair.records.operators import queries as operators
from airstair.records.operators.commands import create_operator

T = TypeVar("T")
NOON = datetime(2027, 3, 4, 12, 0, tzinfo=UTC)
EVERYTHING = ("Flights", "Crew", "Passengers", "Journey Log")
_PATIENCE = 20.0


class Got:
    """One call as the receiver saw it."""

    def __init__(self, headers: dict[str, str], body: bytes) -> None:
        self.headers, self.body = headers, body

    @property
    def id(self) -> str:
        return self.headers["Airstair-Webhook-Id"]

    @property
    def said(self) -> Any:
        return json.loads(self.body)


class Receiver:
    """Takes calls by POST. `answers`: statuses of the next calls, then `status`; 0 drops the connection."""

    def __init__(self) -> None:
        self.calls: list[Got] = []
        self.status = 200
        self.answers: list[int] = []
        self.refuses: Callable[[Got], bool] = lambda got: False
        self.refusal = 422
        self.retry_after = ""
        self.url = ""
        self.gate = asyncio.Event()
        self.gate.set()

    async def answer(self, request: web.Request) -> web.StreamResponse:
        got = Got(dict(request.headers), await request.read())
        self.calls.append(got)
        await self.gate.wait()
        status = self.answers.pop(0) if self.answers else self.refusal if self.refuses(got) else self.status
        if status == 0:
            assert request.transport is not None
            request.transport.abort()
        headers = {"Retry-After": self.retry_after} if self.retry_after else {}
        return web.Response(status=status or 200, text=f"says {status}", headers=headers)

    def of(self, flight_id: int) -> list[Got]:
        return [got for got in self.calls if flight_id in got.said["flight_ids"]]


class Desk:
    """What a test works with. `do` runs a command or reader in a thread, as the product does."""

    def __init__(self) -> None:
        self.clock = ManualClock(NOON)
        self.postmen: dict[Postman, asyncio.Task[None]] = {}

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

    async def found(self) -> None:
        self.operator = await self.do(
            create_operator, code="TEST", name="Test Air", admin_email="admin@test.example", admin_name="Ann Admin"
        )
        self.actor = await self.do(operators.cli_actor, self.operator.id)
        wanted = [AircraftInput(registration=name, home_base="KEWR") for name in ("N14923", "SP-KXA")]
        self.aircraft = [(await self.do(add_aircraft, self.actor, one)).id for one in wanted]
        self.key = await self.do(create_api_key, self.actor, ApiKeyInput(name="Roster", reads=EVERYTHING))
        self.owner = Owner(key_id=self.key.facts.id)

    async def subscribe(
        self, receiver: Receiver, *topics: str, owner: Owner | None = None, label: str = "Desk"
    ) -> NewSubscription:
        wanted = SubscriptionInput(label=label, url=receiver.url, topics=topics or ("flight", "crew", "passenger"))
        return await self.do(commands.subscribe, self.actor, owner or self.owner, wanted)

    async def flight(self, aircraft: int = 0, **more: Any) -> Any:
        wanted = FlightInput(
            aircraft_id=self.aircraft[aircraft], number="TST1", adep="KEWR", ades="KBOS",
            std=NOON + timedelta(hours=2), sta=NOON + timedelta(hours=3), **more,
        )  # fmt: skip
        return (await self.do(create_trip, self.actor, TripInput(flights=(wanted,)))).flights[0]

    async def edit(self, flight_id: int, **values: Any) -> None:
        await self.do(change_flight, self.actor, flight_id, FlightEdit(**values))

    async def start(self) -> Postman:
        postman = Postman(database_address(), clock=self.clock)
        self.postmen[postman] = asyncio.create_task(postman.run())
        await asyncio.wait_for(postman.settle(), _PATIENCE)
        return postman

    async def end(self, postman: Postman) -> None:
        task = self.postmen.pop(postman)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    async def settle(self) -> None:
        for postman, task in list(self.postmen.items()):
            assert not task.done(), task.exception()
            await asyncio.wait_for(postman.settle(), _PATIENCE)

    async def advance(self, by: timedelta, step: timedelta | None = None) -> None:
        end = self.clock.now() + by
        while self.clock.now() < end:
            self.clock.set(min(end, self.clock.now() + (step or by)))
            await self.settle()

    async def until(self, condition: Callable[[], Any]) -> None:
        give_up = time.monotonic() + _PATIENCE
        while not condition():
            assert time.monotonic() < give_up, "It did not come to pass."
            await asyncio.sleep(0.002)

    async def log(self, subscription_id: int) -> list[queries.DeliveryFacts]:
        """The deliveries, oldest first."""
        return (await self.do(queries.deliveries, self.operator.id, subscription_id))[::-1]

    async def facts(self, subscription_id: int) -> queries.SubscriptionFacts:
        return await self.do(queries.subscription, self.operator.id, subscription_id)


@contextlib.asynccontextmanager
async def receiving() -> AsyncIterator[Receiver]:
    receiver = Receiver()
    app = web.Application()
    app.router.add_post("/{anything:.*}", receiver.answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    receiver.url = f"http://{host}:{port}/hooks"
    try:
        yield receiver
    finally:
        receiver.gate.set()
        await runner.cleanup()


@pytest.fixture
async def receiver(settings: Any) -> AsyncIterator[Receiver]:
    """A receiver on this machine, which receivers in the world never are."""
    settings.ALLOW_PRIVATE_ADDRESSES = True
    async with receiving() as made:
        yield made


@pytest.fixture
async def desk(transactional_db: None, settings: Any) -> AsyncIterator[Desk]:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    made = Desk()
    await made.found()
    try:
        yield made
    finally:
        for postman in list(made.postmen):
            await made.end(postman)
