"""Two partners that keep no mirror: one takes messages that cannot be taken back, one has flights to be fetched.

Both let us down in the ways of all partners of the test.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from aiohttp import web

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
    Post,
    Pull,
)
from airstair.kernel.errors import Invalid
from airstair.kernel.outcome import Outcome
from airstair.kernel.units import UnitKind
from airstair.records.flights.commands import FlightInput, FlightRow, write_flights
from airstair.records.flights.facts import FlightFacts
from airstair.records.flights.rules import Status
from airstair.records.operators.rules import Right

from .keeper import register_keeper
from .partners import BY_HAND, OwnSettings, Receiver, Rules, read, register_mirrors, registered

PLANS, SOURCE = "plans", "source"
DESKS = (PLANS, SOURCE)
FILED = "TST1"  # the flight number whose flights are filed; others ask for no message

# -- messages -----------------------------------------------------------------------------------------------------


def plan(snapshot: FlightFacts, settings: OwnSettings, now: datetime) -> Document | None:
    """What is filed of a flight: its route and time."""
    if snapshot.deleted or snapshot.status is Status.CANCELLED or snapshot.number != FILED:
        return None
    says = f"{snapshot.adep}-{snapshot.ades} {snapshot.std:%d%H%M}"
    return Document(body=json.dumps({"flight": snapshot.id, "says": says}).encode())


def what_it_says(snapshot: FlightFacts, document: Document) -> str:
    """The same route and time are the same message."""
    return str(json.loads(document.body)["says"])


async def file(call: Call) -> list[Outcome]:
    headers = {"X-Key": call.settings.key, "Content-Type": "application/json"}
    body = call.documents[0].document.body
    answer = await call.http.request("POST", f"{call.settings.base_url}/plans", headers=headers, body=body)
    return [read(answer, call.now)]


class PlanDesk(Receiver):
    """Keeps what it took, each message as often as it came."""

    def __init__(self, clock: Any) -> None:
        super().__init__(PLANS, clock)
        self.filed: list[tuple[int, str]] = []

    async def answer(self, request: web.Request) -> web.StreamResponse:
        body = json.loads(await request.read())
        fault = self.strike(request.headers["X-Key"], [body["flight"]])
        if fault == "picky":
            fault = "status:422"
        if (early := await self.before(request, fault)) is not None:
            return early
        self.filed.append((body["flight"], body["says"]))
        return await self.after(request, fault, {"refused": []})


# -- fetching -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Item:
    """One flight as the partner has it."""

    key: str
    aircraft: int
    ades: str
    std: datetime


async def fetch(call: Call, cursor: str | None) -> Fetched | Outcome:
    address = f"{call.settings.base_url}/flights?after={cursor or 0}"
    answer = await call.http.request("GET", address, headers={"X-Key": call.settings.key})
    if answer.status != 200 or not answer.is_json:
        return read(answer, call.now)
    page = json.loads(answer.body)
    return Fetched(items=page["items"], cursor=str(page["after"]), more=page["more"])


def absorb(item: Any, context: Absorbing) -> Absorbed:
    """Made new, or as it is by now."""
    start = datetime.fromisoformat(item["std"])
    flight = FlightInput(
        aircraft_id=item["aircraft"],
        number="SRC1",
        adep="KEWR",
        ades=item["ades"],
        std=start,
        sta=start + timedelta(hours=2),
    )
    done = write_flights(context.actor, [FlightRow(import_key=item["key"], flight=flight)])
    if done.refused:
        raise Invalid(problem for problems in done.refused.values() for problem in problems)
    if done.created:
        return Absorbed(kind=AbsorbedAs.NEW)
    return Absorbed(kind=AbsorbedAs.UPDATED if done.updated else AbsorbedAs.UNCHANGED)


@dataclass
class Published:
    """All that the source has told so far, page by page."""

    pages: list[list[Item]] = field(default_factory=list)

    def latest(self, pages: int) -> dict[str, Item]:
        """Each flight as the first so many pages leave it."""
        return {item.key: item for page in self.pages[:pages] for item in page}

    def versions(self, pages: int) -> Counter[str]:
        """How often each was told in them; never the same twice in a row."""
        return Counter(item.key for page in self.pages[:pages] for item in page)


class SourceDesk(Receiver):
    """Has pages of flights, one after the other."""

    def __init__(self, clock: Any) -> None:
        super().__init__(SOURCE, clock)
        self.published = Published()

    async def answer(self, request: web.Request) -> web.StreamResponse:
        fault = self.strike(request.headers["X-Key"], [])
        if (early := await self.before(request, fault)) is not None:
            return early
        at, pages = int(request.query["after"]), self.published.pages
        items = [
            {"key": one.key, "aircraft": one.aircraft, "ades": one.ades, "std": one.std.isoformat()}
            for one in (pages[at] if at < len(pages) else [])
        ]
        after = min(at + 1, len(pages))
        return await self.after(request, fault, {"items": items, "after": after, "more": after < len(pages)})


# -- the add-ons --------------------------------------------------------------------------------------------------


def register_addons(rules: Rules = BY_HAND) -> None:
    """All of the test's partners, the mirrors among them."""
    register_mirrors(rules)
    register_keeper(rules)
    retry = Backoff(first=rules.first, longest=rules.longest, tries=4)
    deadline = timedelta(seconds=rules.deadline)
    registered(
        PLANS,
        Post(
            key="plan",
            title="Flight plans",
            unit=UnitKind.FLIGHT,
            trigger=OnChange(),
            horizon=Horizon(back=timedelta(days=400)),
            message=plan,
            identity=what_it_says,
            send=file,
            retry=retry,
            deadline=deadline,
        ),
    )
    minutes = rules.fetch_every.total_seconds() / 60
    registered(
        SOURCE,
        Pull(
            key="flights",
            title="Flights",
            trigger=Every(minutes=lambda settings: minutes),  # type: ignore[arg-type, return-value]  # of seconds too
            fetch=fetch,
            absorb=absorb,
            rights=frozenset({Right.IMPORT_RUN}),
            item_title=lambda item: str(item["key"]),
            deadline=deadline,
        ),
    )
