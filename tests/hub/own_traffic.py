"""Partners of the tests' own that take messages and that are fetched from, behind one real HTTP server."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

from aiohttp import web

from airstair.hub.contract import Addon, Category
from airstair.hub.flows import (
    Absorbed,
    AbsorbedAs,
    Absorbing,
    Backoff,
    Call,
    Document,
    Every,
    Fetched,
    Horizon,
    OnChange,
    Part,
    Post,
    Pull,
)
from airstair.hub.registry import register
from airstair.kernel.errors import Invalid
from airstair.kernel.outcome import Outcome, OutcomeKind, PartnerMessage
from airstair.kernel.units import UnitKind
from airstair.records.flights.commands import FlightInput, FlightRow, write_flights
from airstair.records.flights.facts import FlightFacts
from airstair.records.operators.rules import Right

from .own_partner import OwnSettings, read


class Desk:
    """A partner that keeps every message it takes, and has pages of flights to fetch.

    `mode` and `modes` (by flight number): ok, a status, drop_before, drop_after, hold (until `release`).
    """

    def __init__(self) -> None:
        self.mode = "ok"
        self.modes: dict[str, str] = {}
        self.seen: list[dict[str, Any]] = []  # every message that came in, taken or not
        self.taken: list[dict[str, Any]] = []
        self.pages: list[list[Any]] = []
        self.fetched: list[str | None] = []  # the cursors that were asked for
        self.at_once = 0
        self.most_at_once = 0
        self.url = ""
        self._gate = asyncio.Event()
        self._gate.set()

    def hold(self) -> None:
        self._gate.clear()

    def release(self) -> None:
        self._gate.set()

    def of(self, number: str) -> list[dict[str, Any]]:
        return [body for body in self.taken if body["number"] == number]

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.at_once += 1
        self.most_at_once = max(self.at_once, self.most_at_once)
        try:
            if request.method == "GET":
                return await self._page(request)
            return await self._message(request)
        finally:
            self.at_once -= 1

    async def _message(self, request: web.Request) -> web.StreamResponse:
        body = json.loads(await request.read())
        self.seen.append(body)
        await self._gate.wait()
        mode = self.modes.get(body["number"], self.mode)
        if mode == "drop_before":
            return _drop(request)
        if mode[:3].isdigit():
            wait = {"Retry-After": mode[4:]} if mode[3:] else {}
            return web.json_response({"says": f"no ({mode})"}, status=int(mode[:3]), headers=wait)
        self.taken.append(body)
        if mode == "drop_after":
            return _drop(request)
        return web.json_response({"says": "thanks"})

    async def _page(self, request: web.Request) -> web.StreamResponse:
        cursor = request.query.get("cursor")
        self.fetched.append(cursor)
        await self._gate.wait()
        at = int(cursor or 0)
        if self.mode[:3].isdigit():
            wait = {"Retry-After": self.mode[4:]} if self.mode[3:] else {}
            return web.json_response({"says": "no"}, status=int(self.mode[:3]), headers=wait)
        if self.mode == "html":
            return web.Response(text="<html>Welcome</html>", content_type="text/html")
        items = self.pages[at] if at < len(self.pages) else []
        next_at = min(at + 1, len(self.pages))
        return web.json_response({"items": items, "cursor": str(next_at), "more": next_at < len(self.pages)})


def _drop(request: web.Request) -> web.StreamResponse:
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


@contextlib.asynccontextmanager
async def desk_is_open() -> AsyncIterator[Desk]:
    desk = Desk()
    app = web.Application()
    app.router.add_route("*", "/{anything:.*}", desk.answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    desk.url = f"http://{host}:{port}/api"
    try:
        yield desk
    finally:
        desk.release()
        await runner.cleanup()


# ── Messages ────────────────────────────────────────────────────────────────────────────────────────


def plan(snapshot: FlightFacts, settings: OwnSettings, now: datetime) -> Document | None:
    """A flight plan: number and route. A number that is too long is refused by our own rule."""
    if snapshot.deleted:
        return None
    if len(snapshot.number) > 7:
        raise Invalid.one("number", f"{snapshot.number} is too long for a flight plan: use 2 to 7 signs.")
    body = {"number": snapshot.number, "route": f"{snapshot.adep}-{snapshot.ades}", "flavour": settings.flavour}
    return Document(body=json.dumps(body).encode(), parts=(Part(key=f"flight:{snapshot.id}", title=snapshot.number),))


def plan_by_hand(snapshot: FlightFacts, settings: OwnSettings, now: datetime, choices: Any) -> Document | None:
    made = plan(snapshot, settings, now)
    if made is None or not choices:
        return made
    return Document(body=json.dumps(json.loads(made.body) | dict(choices)).encode(), parts=made.parts)


def departs_soon(snapshot: FlightFacts, settings: OwnSettings, now: datetime) -> bool:
    return now <= snapshot.std <= now + timedelta(hours=24)


async def file(call: Call) -> list[Outcome]:
    body = call.documents[0].document.body
    answer = await call.http.request(
        "POST", f"{call.settings.base_url}/plans", headers={"X-Key": call.settings.key}, body=body
    )
    return [read(answer, call.now)]


def plans(key: str = "plans", **facts: Any) -> Addon:
    """An add-on that posts a plan for each flight on change, unless `facts` say otherwise."""
    of_addon = {name: facts.pop(name) for name in ("budget",) if name in facts}
    post: dict[str, Any] = {
        "key": "plan",
        "title": "Flight plans",
        "unit": UnitKind.FLIGHT,
        "trigger": OnChange(),
        "horizon": Horizon(back=timedelta(hours=1), ahead=timedelta(days=7)),
        "message": plan,
        "message_by_hand": plan_by_hand,
        "due": departs_soon,
        "send": file,
        "retry": Backoff(first=timedelta(seconds=5), longest=timedelta(minutes=15), tries=3),
        "deadline": timedelta(seconds=5),
    }
    return _registered(key, Post(**{**post, **facts}), **of_addon)


# ── Fetching ────────────────────────────────────────────────────────────────────────────────────────


async def fetch(call: Call, cursor: str | None) -> Fetched | Outcome:
    address = f"{call.settings.base_url}/flights" + (f"?cursor={cursor}" if cursor else "")
    answer = await call.http.request("GET", address, headers={"X-Key": call.settings.key})
    if answer.status != 200:
        return read(answer, call.now)
    if not answer.is_json:
        words = (PartnerMessage(level="error", text="This is no list of flights."),)
        return Outcome(kind=OutcomeKind.UNREADABLE, messages=words, http_status=200)
    page = json.loads(answer.body)
    return Fetched(items=page["items"], cursor=page["cursor"], more=page["more"])


def absorb(item: Any, context: Absorbing) -> Absorbed:
    """[number, adep, ades, ISO departure]: made new, or as it is by now."""
    number, adep, ades, std = item
    if number == "ODD":
        raise ZeroDivisionError("A fault of the add-on.")
    if number == "SKIP":
        return Absorbed.skipped("It says so.")
    start = datetime.fromisoformat(std)
    flight = FlightInput(
        aircraft_id=next(iter(context.aircraft)),
        number=number,
        adep=adep,
        ades=ades,
        std=start,
        sta=start + timedelta(minutes=40),
    )
    done = write_flights(context.actor, [FlightRow(import_key=f"own/{number}", flight=flight)])
    if done.refused:
        raise Invalid(problem for problems in done.refused.values() for problem in problems)
    if done.created:
        return Absorbed(kind=AbsorbedAs.NEW)
    return Absorbed(kind=AbsorbedAs.UPDATED if done.updated else AbsorbedAs.UNCHANGED)


def flights_source(key: str = "source", **facts: Any) -> Addon:
    """An add-on that fetches flights every ten minutes, unless `facts` say otherwise."""
    of_addon = {name: facts.pop(name) for name in ("budget",) if name in facts}
    pull: dict[str, Any] = {
        "key": "flights",
        "title": "Flights",
        "trigger": Every(minutes=lambda settings: settings.minutes),
        "fetch": fetch,
        "absorb": absorb,
        "rights": frozenset({Right.IMPORT_RUN}),
        "item_title": lambda item: str(item[0]),
        "deadline": timedelta(seconds=5),
    }
    return _registered(key, Pull(**{**pull, **facts}), **of_addon)


def _registered(key: str, flow: Post | Pull, **of_addon: Any) -> Addon:
    made = Addon(
        key=key,
        name=key.capitalize(),
        package=__name__,
        category=Category.SERVICES,
        purpose="For tests.",
        settings=OwnSettings,
        flows=(flow,),
        facts=(),
        **{"account": lambda settings: settings.key, **of_addon},
    )
    register(made)
    return made
