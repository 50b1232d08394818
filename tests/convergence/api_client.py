"""A program that edits and follows the schedule over the REST API, by key, whatever becomes of the web server.

It repeats each write under its idempotency key until it is answered, as the guide tells clients to: one key must have
one effect, and every answer to it must be the same. It edits flights of its own, which nobody else touches. By the
cursors of `/changes` it must meet every change once.
"""

from __future__ import annotations

import asyncio
import random
import time
from datetime import timedelta
from typing import Any

import aiohttp

from airstair.api.rest import places
from airstair.changes import since
from airstair.records.access.commands import ApiKeyInput, create_api_key
from airstair.records.access.rules import RIGHTS_TO_WRITE, Resource

from .book import Noted, Version
from .world import AIRPORTS, World

_PATIENCE = 60.0  # seconds until a repeated request is answered
_AGAIN = 0.1


class ApiClient:
    """One program with a key."""

    def __init__(self, world: World, address: str, token: str, flights: list[int]) -> None:
        self._world = world
        self._flights = flights
        self._session = aiohttp.ClientSession(
            f"{address}/", headers={"Authorization": f"Bearer {token}"}, timeout=aiohttp.ClientTimeout(total=30)
        )
        self._cursor = ""
        self.met: list[int] = []
        self.repeated = 0

    async def begin(self) -> None:
        """Changes are followed from here on. Asked without the server, which is not there yet."""
        self._cursor = await self._world.do(lambda: places.written(since.now()))

    async def close(self) -> None:
        await self._session.close()

    async def edit(self, chance: random.Random) -> None:
        """A new trip, or new values of a flight; made until it is answered, and sometimes once more though it was."""
        number, makes = self._world.book.number(), chance.random() < 0.3
        start = self._world.noon + timedelta(hours=chance.randint(-24, 48))
        body: dict[str, Any] = {
            "notes": str(number),
            "aircraft_id": chance.choice(self._world.fleet[:5]),
            "ades": chance.choice(AIRPORTS[1:]),
            "std": f"{start:%Y-%m-%dT%H:%MZ}",
            "sta": f"{start + timedelta(hours=2):%Y-%m-%dT%H:%MZ}",
        }
        if makes:
            body = {"flights": [body | {"adep": AIRPORTS[0], "number": "TST1"}]}
            write = ("POST", "api/v1/trips", body, f"new-{number}")
        else:
            write = ("PATCH", f"api/v1/flights/{chance.choice(self._flights)}", body, f"edit-{number}")
        status, said = await self._answered(*write)
        self._note(number, status, said)
        if chance.random() < 0.3 and await self._answered(*write) != (status, said):
            self._world.complaints.append(f"The API answered {write[3]} otherwise when it was repeated.")

    def _note(self, number: int, status: int, said: Any) -> None:
        """What a write came to. Whoever makes a second trip under one key makes changes that are not in the book."""
        if status in (200, 201):
            (flight,) = said["flights"] if status == 201 else [said]
            subjects = [("trip", said["id"])] if status == 201 else []
            version = Version(number, flight["aircraft_id"], False)
            self._world.book.take(Noted([*subjects, ("flight", flight["id"])], [(flight["id"], version)]))
            self._world.tally.api_edits += 1
        elif status == 422:
            self._world.tally.refused += 1
        else:
            self._world.complaints.append(f"The API answered an edit with {status}: {said}")

    async def follow(self) -> None:
        """What is new, page by page."""
        more = True
        while more:
            asked = {"changed_since": self._cursor, "limit": "50"}
            status, page = await self._answered("GET", "api/v1/changes", params=asked)
            assert status == 200, f"The API answered a reader of changes with {status}: {page}"
            self._cursor, more = page["changed_since"], page["more"]
            self.met += [item["seq"] for item in page["items"]]

    async def _answered(
        self, method: str, path: str, body: Any = None, key: str = "", params: dict[str, str] | None = None
    ) -> tuple[int, Any]:
        """Status and document of the first answer that is not the server's trouble."""
        until = time.monotonic() + _PATIENCE
        headers = {"Idempotency-Key": key} if key else {}
        while True:
            try:
                async with self._session.request(method, path, json=body, headers=headers, params=params) as answer:
                    said = await answer.json(content_type=None)
                    if answer.status < 500:
                        return answer.status, said
            except (aiohttp.ClientError, TimeoutError, ValueError):
                said = "nothing"
            assert time.monotonic() < until, f"{method} {path} was never answered; the last answer was {said}."
            self.repeated += 1
            await asyncio.sleep(_AGAIN)


def key_for_everything(world: World) -> str:
    """The text of a key that may read and write all there is."""
    wanted = ApiKeyInput(name="Convergence", reads=tuple(Resource), writes=tuple(RIGHTS_TO_WRITE))
    return create_api_key(world.person, wanted).token


async def missed_or_met_twice(world: World, client: ApiClient) -> list[str]:
    """What is wrong with what the client was told of flights, trips, aircraft and events."""
    await client.follow()
    rows = await world.sql(
        "SELECT seq FROM changes_change WHERE operator_id = %s AND seq > %s"
        " AND split_part(kind, '.', 1) IN ('aircraft', 'event', 'flight', 'trip', 'emptyleg')",
        world.operator.id,
        world.furnished_at,
    )
    expected = {row[0] for row in rows}
    wrong = []
    if len(client.met) != len(set(client.met)):
        wrong.append(f"A client of the API met {len(client.met) - len(set(client.met))} changes twice.")
    if set(client.met) != expected:
        missed, alien = sorted(expected - set(client.met)), sorted(set(client.met) - expected)
        wrong.append(f"A client of the API missed {missed[:5]} and met {alien[:5]}, which are nothing to it.")
    return wrong
