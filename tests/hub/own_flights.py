"""A partner of the tests' own that keeps a copy of each flight, by the name that it gave it."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from aiohttp import web

from airstair.hub.contract import Addon, Category
from airstair.hub.flows import Backoff, Call, Document, Horizon, Mirror, OnChange, Part, Removal
from airstair.hub.registry import register
from airstair.kernel.outcome import Outcome
from airstair.kernel.units import UnitKind

from .own_partner import KEY, OwnSettings, _drop, read

BACK, AHEAD = timedelta(days=2), timedelta(days=10)


@dataclass
class Asked:
    """One request as the keeper saw it."""

    method: str
    account: str
    number: str  # of the flight
    remote_id: str
    body: dict[str, Any] = field(default_factory=dict)


class Keeper:
    """Keeps flights for accounts. `mode` is how it behaves to everything, `modes` to single flights by number.

    Modes: ok, a status, drop_before, drop_after.
    """

    def __init__(self) -> None:
        self.mode = "ok"
        self.modes: dict[str, str] = {}
        self.asked: list[Asked] = []
        self.accounts: dict[str, dict[str, dict[str, Any]]] = {}  # account → remote id → flight
        self.at_once: dict[str, int] = {}  # flight → calls under way
        self.url = ""
        self._last = 0
        self._gate = asyncio.Event()
        self._gate.set()

    def hold(self) -> None:
        self._gate.clear()

    def release(self) -> None:
        self._gate.set()

    def shows(self, account: str = KEY) -> dict[str, dict[str, Any]]:
        """What it holds for an account, by the flight's number; each flight once."""
        found = self.accounts.get(account, {}).values()
        by_number = {flight["number"]: flight for flight in found}
        assert len(by_number) == len(found), "the same flight twice"
        return by_number

    def numbers(self, account: str = KEY) -> list[str]:
        return sorted(self.shows(account))

    def log(self, number: str | None = None) -> list[str]:
        """`PUT KJFK` and `DELETE`, in order."""
        return [
            f"{one.method} {one.body.get('ades', '')}".strip()
            for one in self.asked
            if number is None or one.number == number
        ]

    async def answer(self, request: web.Request) -> web.StreamResponse:
        account = request.headers["X-Key"]
        held = self.accounts.setdefault(account, {})
        remote_id = request.match_info["anything"].rpartition("/")[2]
        body = json.loads(await request.read() or b"{}")
        number = body.get("number") or held.get(remote_id, {}).get("number", "")
        self.asked.append(Asked(request.method, account, number, remote_id, body))
        name = body.get("id") or remote_id
        self.at_once[name] = self.at_once.get(name, 0) + 1
        assert self.at_once[name] == 1, "one flight in two calls"
        try:
            await self._gate.wait()
            return self._done(request, held, number, remote_id, body)
        finally:
            self.at_once[name] -= 1

    def _done(
        self, request: web.Request, held: dict[str, dict[str, Any]], number: str, remote_id: str, body: dict[str, Any]
    ) -> web.StreamResponse:
        mode = self.modes.get(number, self.mode)
        if mode == "drop_before":
            return _drop(request)
        if mode.isdigit():
            return web.json_response({"says": "no"}, status=int(mode))
        if request.method == "DELETE":
            found = remote_id or next((name for name, one in held.items() if one["id"] == body.get("id")), "")
            held.pop(found, None)
        else:
            known = next((name for name, one in held.items() if one["id"] == body["id"]), remote_id)
            if known not in held:
                self._last += 1
                known = f"r{self._last}"
            held[known] = body
            remote_id = known
        if mode == "drop_after":
            return _drop(request)
        return web.json_response({"says": "thanks"}, headers={"X-Name": remote_id})


@contextlib.asynccontextmanager
async def keeping() -> AsyncIterator[Keeper]:
    """A keeper that is listening."""
    keeper = Keeper()
    app = web.Application()
    app.router.add_route("*", "/{anything:.*}", keeper.answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    keeper.url = f"http://{host}:{port}/api"
    try:
        yield keeper
    finally:
        keeper.release()
        await runner.cleanup()


def flight_document(flight: Any, settings: OwnSettings, now: datetime) -> Document | None:
    """Number, route and times; nothing of notes. Cancelled flights are not to be there."""
    if flight.status == "CANCELLED":
        return None
    body = {
        "id": flight.id,
        "number": flight.number,
        "ades": flight.ades,
        "std": flight.std.isoformat(),
        "tail": flight.registration,
        "flavour": settings.flavour,
    }
    part = Part(key=f"flight:{flight.id}", title=flight.title)
    return Document(body=json.dumps(body).encode(), parts=(part,))


def gone_document(flight: Any | None, settings: OwnSettings, now: datetime) -> Document:
    return Document(body=b"" if flight is None else json.dumps({"id": flight.id}).encode())


async def keep(call: Call) -> list[Outcome]:
    """One request for one flight: PUT, or DELETE for what is to go."""
    (one,) = call.documents
    address, headers = f"{call.settings.base_url}/flights/{one.remote_id}", {"X-Key": call.settings.key}
    method = "DELETE" if one.removes else "PUT"
    answer = await call.http.request(method, address, headers=headers, body=one.document.body)
    outcome = read(answer, call.now)
    return [
        Outcome(
            kind=outcome.kind,
            sent=1,
            messages=outcome.messages,
            http_status=outcome.http_status,
            retry_after=outcome.retry_after,
            remote_id=answer.headers.get("x-name", ""),
        )
    ]


def flights_addon(key: str = "keeper", **facts: Any) -> Addon:
    """An add-on that keeps flights equal on change, unless `facts` of its mirror say otherwise."""
    mirror: dict[str, Any] = {
        "key": "flights",
        "title": "Flights",
        "unit": UnitKind.FLIGHT,
        "trigger": OnChange(),
        "horizon": Horizon(back=BACK, ahead=AHEAD),
        "document": flight_document,
        "send": keep,
        "removal": Removal.DELETE,
        "gone": gone_document,
        "retry": Backoff(first=timedelta(seconds=5), longest=timedelta(minutes=15), tries=4),
        "deadline": timedelta(seconds=5),
    }
    made = Addon(
        key=key,
        name=key.capitalize(),
        package=__name__,
        category=Category.FLIGHT_PLANNING,
        purpose="For tests.",
        settings=OwnSettings,
        flows=(Mirror(**{**mirror, **facts}),),
        facts=(),
        account=lambda settings: settings.key,
    )
    register(made)
    return made
