"""A running sandbox, a clock that stands still, and a client nobody would call polite."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import pytest

from airstair.kernel.clock import ManualClock
from airstair.sandbox.running import RunningPartner, RunningSandbox, running

NOW = datetime(2027, 5, 11, 9, 0, tzinfo=UTC)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOW)


@pytest.fixture
async def sandbox(clock: ManualClock) -> AsyncIterator[RunningSandbox]:
    async with running(clock=clock) as started:
        yield started


@pytest.fixture
def avinode(sandbox: RunningSandbox) -> RunningPartner:
    return sandbox.partner("avinode")


@dataclass
class Reply:
    status: int
    headers: Any
    text: str

    @property
    def json(self) -> Any:
        return json.loads(self.text)

    @property
    def errors(self) -> list[dict[str, str]]:
        return self.json["meta"]["errors"]  # type: ignore[no-any-return]

    @property
    def codes(self) -> list[str]:
        return [error["code"] for error in self.errors]

    @property
    def titles(self) -> str:
        return " | ".join(error["title"] for error in self.errors)


@dataclass
class Client:
    """Calls the imitated Avinode with valid headers; each can be changed or, by None, left out."""

    partner: RunningPartner
    clock: ManualClock
    session: aiohttp.ClientSession
    changes: dict[str, str | None] = field(default_factory=dict)

    def headers(self, **changes: str | None) -> dict[str, str]:
        known = self.partner.credentials()
        headers: dict[str, str | None] = {
            "X-Avinode-ApiToken": known["api_token"],
            "Authorization": f"Bearer {known['authorization_key']}",
            "X-Avinode-SentTimestamp": self.clock.now().strftime("%Y-%m-%dT%H:%M:%S.000Z"),
            "X-Avinode-Product": "SkyDesk/4.2",
        }
        for name, value in {**self.changes, **changes}.items():
            headers[name.replace("_", "-")] = value
        return {name: value for name, value in headers.items() if value is not None}

    async def call(self, method: str, path: str, body: Any = None, **headers: str | None) -> Reply:
        payload = body if isinstance(body, bytes) else None if body is None else json.dumps(body).encode()
        url = f"{self.partner.url}/api{path}"
        async with self.session.request(method, url, data=payload, headers=self.headers(**headers)) as answer:
            return Reply(answer.status, answer.headers, await answer.text())

    async def put(self, tail: str, *activities: dict[str, Any], **headers: str | None) -> Reply:
        document = {"lift": {"aircraftTail": tail}, "activities": list(activities)}
        return await self.call("PUT", "/schedules", document, **headers)

    def held(self, tail: str) -> dict[str, Any]:
        return self.partner.state()["aircraft"][tail]  # type: ignore[no-any-return]


@pytest.fixture
async def client(avinode: RunningPartner, clock: ManualClock) -> AsyncIterator[Client]:
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=10)) as session:
        # aiohttp silently sends a PUT again when the connection is closed without an answer; only this stops it.
        session._retry_connection = False
        yield Client(avinode, clock, session)


def stamp(hours: float) -> str:
    """A time so many hours from now, as a client writes it."""
    return (NOW + timedelta(hours=hours)).strftime("%Y-%m-%dT%H:%MZ")


@pytest.fixture
def activity() -> Any:
    """Makes an activity: activity("id", "TYPE", "KTEB", "KBOS", from hours, to hours, further properties)."""

    def make(name: str, kind: str, start: str, end: str, begins: float, ends: float, **more: Any) -> dict[str, Any]:
        made = {
            "activityId": name,
            "externalTripId": "T-1",
            "activityType": kind,
            "startAirport": {"icao": start},
            "endAirport": {"icao": end},
            "startDateTime": stamp(begins),
            "endDateTime": stamp(ends),
            "paxCount": 0,
            **more,
        }
        return {key: value for key, value in made.items() if value is not ...}

    return make


@pytest.fixture
def mapped(avinode: RunningPartner) -> None:
    """The member has set up the mapping table."""
    table = {
        "PAX": "Flight Occupied",
        "MX": "Occupied",
        "FERRY": "Ferry Availability",
        "EMPTY": "Empty Leg Availability",
        "GROUND": "Onground Availability",
        "OPTION": "Option Availability",
    }
    for kind, equivalent in table.items():
        avinode.act("set-mapping", {"type": kind, "equivalent": equivalent})
