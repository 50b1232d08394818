"""The partners of the convergence test: three of our own beside Avinode's imitation, and how they let us down.

Each keeps what it took, by account and aircraft, and a log of everything that it took in order, so that afterwards
anybody can say whether an earlier state came after a later one.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import json
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Annotated, Any

from aiohttp import web

from airstair.addons.avinode.addon import ADDON as AVINODE
from airstair.hub.contract import Addon, Category
from airstair.hub.flows import Backoff, Budget, Call, Document, Flow, Horizon, Mirror, OnChange, Write
from airstair.hub.http import Answer
from airstair.hub.registry import register
from airstair.hub.setting import Settings, setting
from airstair.kernel.clock import Clock
from airstair.kernel.outcome import Outcome, OutcomeKind, PartnerMessage
from airstair.kernel.units import UnitKind
from airstair.records.flights.snapshots import Activity, ActivityKind, AircraftSchedule

UPSERT, SETS, SPACED = "upsert", "sets", "spaced"
OWN = (UPSERT, SETS, SPACED)
VERSIONED = (UPSERT,)  # the others show no version, so that a change that is taken back leaves no difference
_BUDGET = Budget(calls=60, per=timedelta(minutes=5), burst=20)
TRIES_OF_SETS = 3  # after as many failures it waits for a change, or for the slow comparison


# How a partner can let down: what it does with the call, and what it answers.
FAULTS = (
    "status:500",
    "status:503:20",  # Retry-After
    "status:429:30",
    "status:429",
    "status:401",
    "status:422",
    "drop_before",
    "drop_after",
    "html_before",
    "html_after",
    "half",
    "malformed",
    "hang_before",
    "hang_after",
    "slow",
    "some",  # of a set it takes the first half, then the line drops
    "picky",  # of a set it refuses the first
)


@dataclass(frozen=True)
class Rules:
    """The partners' rules, as their descriptions state them and as they are checked afterwards."""

    first: timedelta = timedelta(seconds=5)  # of the backoffs
    longest: timedelta = timedelta(minutes=2)
    space: timedelta = timedelta(minutes=1)  # between two calls for one aircraft to `spaced`
    budget: Budget = _BUDGET  # of an account of `sets`
    fetch_every: timedelta = timedelta(minutes=5)
    deadline: float = 0.8  # seconds of the machine: a partner that hangs costs the test that much
    faults: tuple[str, ...] = FAULTS


# By a clock that the test moves; and by the machine's own, where a round must not take hours.
BY_HAND = Rules()
IN_SECONDS = Rules(
    first=timedelta(seconds=0.2),
    longest=timedelta(seconds=1),
    space=timedelta(seconds=2),
    budget=Budget(calls=90, per=timedelta(seconds=6), burst=30),
    fetch_every=timedelta(seconds=3),
    deadline=1.5,
    # Too much, and not for how long: Airstair then waits a minute, which is longer than a round's patience.
    faults=tuple(fault for fault in FAULTS if fault != "status:429"),
)


class OwnSettings(Settings):
    """What reaches a receiver. `key` names the account there; `flavour` is in every document."""

    base_url: Annotated[str, setting("Address")] = ""
    key: Annotated[str, setting("Key", secret=True)] = ""
    flavour: Annotated[str, setting("Flavour")] = "plain"


# -- the documents ------------------------------------------------------------------------------------------------


def document(snapshot: AircraftSchedule, settings: OwnSettings, now: datetime) -> Document:
    """Everything of the aircraft that is not deleted, with the version of each flight."""
    return _document(snapshot, settings, versions=True)


def document_without_versions(snapshot: AircraftSchedule, settings: OwnSettings, now: datetime) -> Document:
    return _document(snapshot, settings, versions=False)


def _document(snapshot: AircraftSchedule, settings: OwnSettings, *, versions: bool) -> Document:
    flights = [a for a in snapshot.activities if a.kind is ActivityKind.FLIGHT]
    events = [a for a in snapshot.activities if a.kind is not ActivityKind.FLIGHT]
    body = {
        "id": snapshot.aircraft.id,
        "tail": snapshot.aircraft.registration,
        "base": snapshot.aircraft.home_base,
        "flavour": settings.flavour,
        "legs": {str(a.id): _leg(a, versions) for a in flights},
        "events": {str(a.id): [a.kind.value, a.start_airport, _text(a.start), _text(a.end)] for a in events},
    }
    return Document(body=json.dumps(body, sort_keys=True).encode())


def _leg(a: Activity, versions: bool) -> dict[str, Any]:
    offer = a.empty_leg
    return {
        "version": int(a.notes or 0) if versions else 0,
        "number": a.number,
        "trip": a.trip_number,
        "route": [a.start_airport, a.end_airport],
        "times": [_text(a.start), _text(a.end)],
        "status": a.status.value,
        "type": a.flight_type,
        "pax": a.pax_count,
        "offer": None if offer is None else [str(offer.price), _text(offer.marketing_end), offer.verified],
        "services": [[s.airport, s.kind, s.provider_id] for s in a.services],
    }


def _text(when: datetime | None) -> str | None:
    return None if when is None else when.isoformat()


# -- the add-ons --------------------------------------------------------------------------------------------------


async def put(call: Call) -> list[Outcome]:
    """One PUT for all documents of the call."""
    body = b"[" + b",".join(one.document.body for one in call.documents) + b"]"
    headers = {"X-Key": call.settings.key, "Content-Type": "application/json"}
    answer = await call.http.request("PUT", f"{call.settings.base_url}/aircraft", headers=headers, body=body)
    return [read(answer, call.now, one.unit.id) for one in call.documents]


_KINDS = {401: OutcomeKind.UNAUTHORISED, 429: OutcomeKind.THROTTLED}


def read(answer: Answer, now: datetime, unit: int = 0) -> Outcome:
    """What the answer means for the unit."""
    wait = answer.headers.get("retry-after")
    words: tuple[PartnerMessage, ...] = ()
    if answer.status >= 500:
        kind = OutcomeKind.UNAVAILABLE
    elif answer.status >= 400:
        kind = _KINDS.get(answer.status, OutcomeKind.REFUSED)
    elif not answer.is_json:
        kind = OutcomeKind.UNREADABLE
    else:
        refused = json.loads(answer.body)["refused"]  # what does not parse is a fault of the add-on: unreadable
        kind = OutcomeKind.REFUSED if unit in refused else OutcomeKind.ACCEPTED
    return Outcome(
        kind=kind,
        http_status=answer.status,
        messages=words,
        retry_after=now + timedelta(seconds=int(wait)) if wait else None,
    )


def register_mirrors(rules: Rules = BY_HAND) -> None:
    """Put the partners among the add-ons. Avinode's differs from the product's in its deadline alone."""
    patient = Backoff(first=rules.first, longest=rules.longest, tries=1_000)
    short_of_breath = Backoff(first=rules.first, longest=rules.longest, tries=TRIES_OF_SETS)
    deadline = timedelta(seconds=rules.deadline)
    registered(UPSERT, _mirror(document, deadline, write=Write.UPSERT, retry=patient))
    sets = _mirror(document_without_versions, deadline, units_per_call=3, calls_at_once=2, retry=short_of_breath)
    registered(SETS, sets, budget=rules.budget)
    registered(SPACED, _mirror(document_without_versions, deadline, floor=rules.space, retry=patient))
    flows = tuple(dataclasses.replace(flow, deadline=deadline) for flow in AVINODE.flows)
    register(dataclasses.replace(AVINODE, flows=flows))


def _mirror(make: Any, deadline: timedelta, **facts: Any) -> Mirror:
    return Mirror(
        key="aircraft",
        title="Aircraft",
        unit=UnitKind.AIRCRAFT,
        trigger=OnChange(),
        horizon=Horizon(back=timedelta(days=400)),  # nothing leaves it by time: only a change makes a difference
        document=make,
        send=put,
        deadline=deadline,
        **facts,
    )


def registered(key: str, flow: Flow, budget: Budget | None = None) -> None:
    """One of the test's partners, with the one flow."""
    register(
        Addon(
            key=key,
            name=key.capitalize(),
            package=__name__,
            category=Category.SERVICES,
            purpose="For tests.",
            settings=OwnSettings,
            flows=(flow,),
            facts=(),
            budget=budget,
            account=lambda settings: f"{settings.base_url}\n{settings.key}",
        )
    )


# -- the receivers ------------------------------------------------------------------------------------------------


@dataclass
class Taken:
    """One document that a receiver took, in order."""

    account: str
    unit: int
    versions: dict[str, int]  # by flight


@dataclass
class Came:
    """One call as it came in. `at` is the sender's clock."""

    at: datetime
    account: str
    units: list[int]
    fault: str


@dataclass
class Receiver:
    """A partner of our own. Faults strike the next calls, one after the other, until there are no more."""

    key: str
    clock: Clock
    url: str = ""
    holds: dict[tuple[str, int], dict[str, Any]] = field(default_factory=dict)
    taken: list[Taken] = field(default_factory=list)
    came: list[Came] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    struck: Counter[str] = field(default_factory=Counter)
    released: bool = False  # who hangs goes on
    welcome: Callable[[str, str, int], bool] = lambda key, account, unit: True
    unwelcome: list[str] = field(default_factory=list)

    def be_well(self) -> None:
        """No more faults; calls that hang go on."""
        self.faults.clear()
        self.released = True

    def let_down(self, fault: str, count: int) -> None:
        self.faults += [fault] * count
        self.released = False

    async def answer(self, request: web.Request) -> web.StreamResponse:
        bodies = json.loads(await request.read())
        account = request.headers["X-Key"]
        fault = self.strike(account, [body["id"] for body in bodies])
        for unit in self.came[-1].units:
            if not self.welcome(self.key, account, unit):
                self.unwelcome.append(f"{self.key}: {account} was sent aircraft:{unit}, which is not its to get")
        if (early := await self.before(request, fault)) is not None:
            return early
        if fault == "some":
            bodies = bodies[: (len(bodies) + 1) // 2]
        refused = [bodies[0]["id"]] if fault == "picky" else []
        for body in bodies:
            if body["id"] not in refused:
                self.holds[account, body["id"]] = body
                versions = {flight: leg["version"] for flight, leg in body["legs"].items()}
                self.taken.append(Taken(account, body["id"], versions))
        return await self.after(request, fault, {"refused": refused})

    def strike(self, account: str, units: list[int]) -> str:
        """A call has come in: the fault that strikes it."""
        fault = self.faults.pop(0) if self.faults else ""
        self.came.append(Came(self.clock.now(), account, units, fault))
        if fault:
            self.struck[fault] += 1
        return fault

    async def before(self, request: web.Request, fault: str) -> web.StreamResponse | None:
        """The answer, if the call is not worked on."""
        if fault.startswith("status:"):
            _, status, *wait = fault.split(":")
            return web.json_response({}, status=int(status), headers={"Retry-After": wait[0]} if wait else {})
        if fault == "drop_before":
            return _drop(request)
        if fault == "html_before":
            return _page()
        # Who has gone meanwhile is not served: what came over a connection that is closed was never asked for.
        if fault == "slow":
            await asyncio.sleep(0.03)
        if fault == "hang_before":
            await self._hang(request)
        return web.Response() if _gone(request) else None

    async def after(self, request: web.Request, fault: str, facts: dict[str, Any]) -> web.StreamResponse:
        """The answer to a call that was worked on."""
        match fault:
            case "drop_after" | "some":
                return _drop(request)
            case "html_after":
                return _page()
            case "malformed":
                return web.Response(body=b'{"refused": [}', content_type="application/json")
            case "half":
                half = web.StreamResponse(headers={"Content-Length": "9999", "Content-Type": "application/json"})
                await half.prepare(request)
                await half.write(b'{"ref')
                return _drop(request)
            case "hang_after":
                await self._hang(request)
        return web.json_response(facts)

    async def _hang(self, request: web.Request) -> None:
        while not (self.released or _gone(request)):  # noqa: ASYNC110 - nobody tells that a client went away
            await asyncio.sleep(0.004)


def _gone(request: web.Request) -> bool:
    return request.transport is None or request.transport.is_closing()


def _drop(request: web.Request) -> web.StreamResponse:
    if request.transport is not None:
        request.transport.abort()
    return web.Response()


def _page() -> web.StreamResponse:
    return web.Response(text="<html><h1>Sign in to the network</h1></html>", content_type="text/html")


@contextlib.asynccontextmanager
async def listening(receivers: Mapping[str, Receiver]) -> AsyncIterator[None]:
    """The receivers answer, each under its own path of one server."""
    app = web.Application(client_max_size=2**24)
    for key, receiver in receivers.items():
        app.router.add_route("*", f"/{key}/{{anything:.*}}", receiver.answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    for key, receiver in receivers.items():
        receiver.url = f"http://{host}:{port}/{key}"
    try:
        yield
    finally:
        for receiver in receivers.values():
            receiver.be_well()
        await runner.cleanup()
