"""An operator, people, aircraft, and a partner of the tests' own whose check answers as it is told."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal

import msgspec
import pytest
from django.core.cache import cache
from django.test import Client
from playwright.sync_api import Browser, sync_playwright

from airstair.hub import health, registry
from airstair.hub.connections.commands import ConnectionInput, configure
from airstair.hub.connections.queries import ConnectionFacts, connection
from airstair.hub.contract import Addon, Category
from airstair.hub.facts import assumed, documented, observed
from airstair.hub.flows import Budget, Every, Horizon, Mirror, NextTick, OnChange
from airstair.hub.models import CallBody, CallRow, Connection, LedgerRow
from airstair.hub.serving import Serving
from airstair.hub.setting import Settings, setting
from airstair.kernel.clock import ManualClock
from airstair.kernel.outcome import Outcome, OutcomeKind, PartnerMessage
from airstair.kernel.units import UnitKind
from airstair.records.fleet.commands import AircraftInput, add_aircraft
from airstair.records.fleet.snapshots import AircraftFacts
from airstair.records.flights import commands
from airstair.records.flights.facts import FlightFacts
from airstair.records.operators.commands import create_operator, invite_user
from airstair.records.operators.queries import actor_for_user, members
from airstair.records.operators.rules import Role
from airstair.web.addons import times

PASSWORD = "correct horse battery"
NOW = datetime(2027, 3, 4, 12, 0, tzinfo=UTC)
CHROMIUM = os.environ.get("AIRSTAIR_CHROMIUM", "/usr/bin/chromium")
SANDBOX_VALUES = {"address": "http://127.0.0.1:8900/skymart", "api_key": "for-the-sandbox"}


class SkymartSettings(Settings):
    """One setting of each kind."""

    address: Annotated[str, setting("Address", help="Where it is.", required_when_on=True)] = "https://sky.example/api"
    api_key: Annotated[str, setting("API key", secret=True, required_when_on=True)] = ""
    interval: Annotated[
        int, setting("Interval", unit="minutes", least=5, most=60, because="Skymart says so.", section="Schedule")
    ] = 5
    after: Annotated[int | None, setting("Reposition after", unit="hours", least=0, section="Schedule")] = None
    options: Annotated[bool, setting("Send options", help="They go out too.", section="Schedule")] = False
    style: Annotated[Literal["plain", "full"], setting("Style", section="Schedule")] = "plain"
    recipients: Annotated[tuple[str, ...], setting("Recipients", people=True, section="Schedule")] = ()


ABOUT = """# What it is

A *market*. <script>alert(1)</script>

| a | b |
|---|---|
| 1 | 2 |
"""


@dataclass
class Partner:
    """What the check answers, and what it was asked with."""

    answer: Outcome = field(default_factory=lambda: Outcome(kind=OutcomeKind.ACCEPTED))
    asked: list[SkymartSettings] = field(default_factory=list)


def _nothing_to_send(snapshot: Any, settings: Any, now: datetime) -> None:
    raise AssertionError("No document is made by a page.")


async def _no_call(call: Any) -> list[Outcome]:
    raise AssertionError("No page makes a call.")


def skymart(partner: Partner) -> Addon:
    async def check(http: Any, settings: SkymartSettings) -> Outcome:
        partner.asked.append(settings)
        return partner.answer

    def for_sandbox(url: str) -> Mapping[str, Any]:
        return SANDBOX_VALUES

    made = Addon(
        key="skymart",
        name="Skymart",
        category=Category.HANDLING,
        purpose="Schedules for the tests' own market.",
        settings=SkymartSettings,
        flows=(
            Mirror(
                key="schedule",
                title="Aircraft schedules",
                unit=UnitKind.AIRCRAFT,
                trigger=Every(minutes=lambda settings: settings.interval),
                horizon=Horizon(back=timedelta(days=28)),
                document=_nothing_to_send,
                send=_no_call,
                floor=timedelta(minutes=5),
                retry=NextTick(),
            ),
        ),
        facts=(
            *documented("Skymart's manual", "It takes one aircraft in a call."),
            *observed("Integrators", "It is slow on Mondays."),
            *assumed("Us", "It forgives."),
            *documented("Skymart's manual", "It replaces everything."),
        ),
        budget=Budget(calls=3600, per=timedelta(hours=1), burst=1200),
        check=check,
        for_sandbox=for_sandbox,
        recipients=lambda settings: settings.recipients,
    )
    made.__dict__["about"] = ABOUT
    return made


def quietpad() -> Addon:
    """A second partner, of another category, that is never set up and has nothing to check."""
    flow = Mirror(
        key="pads",
        title="Pads",
        unit=UnitKind.AIRCRAFT,
        trigger=OnChange(),
        horizon=Horizon(back=timedelta(days=1)),
        document=_nothing_to_send,
        send=_no_call,
    )
    return Addon(
        key="quietpad",
        name="Quietpad",
        category=Category.SAFETY,
        purpose="Nothing much.",
        settings=SkymartSettings,
        flows=(flow,),
        facts=(),
    )


@pytest.fixture
def partner() -> Iterator[Partner]:
    """The partner's side, with its add-on registered for the time of the test."""
    made = Partner()
    before = dict(registry._extra)
    registry.register(skymart(made))
    registry.register(quietpad())
    yield made
    registry._extra.clear()
    registry._extra.update(before)


class Desk:
    """One operator, its admin, and what tests do with its add-ons."""

    def __init__(self, code: str, registrations: tuple[str, ...]) -> None:
        self.code = code
        made = create_operator(
            code=code,
            name=f"{code} Aviation",
            admin_email=self.email("admin"),
            admin_name="Ada Admin",
            admin_password=PASSWORD,
        )
        self.id = made.id
        self.admin = actor_for_user(members(self.id)[0].user_id, self.id)
        self.aircraft: list[AircraftFacts] = [self.add_aircraft(one) for one in registrations]

    def email(self, name: str) -> str:
        return f"{name}@{self.code.lower()}.example"

    def add_aircraft(self, registration: str) -> AircraftFacts:
        return add_aircraft(
            self.admin, AircraftInput(registration=registration, home_base="KEWR", icao_type="E145", seats=50)
        )

    def flight(self, number: str = "EV3810", at: int = 0, std: datetime = NOW + timedelta(hours=6)) -> FlightFacts:
        leg = commands.FlightInput(
            aircraft_id=self.aircraft[at].id,
            number=number,
            adep="KEWR",
            ades="KJAX",
            std=std,
            sta=std + timedelta(hours=2),
        )
        return commands.create_trip(self.admin, commands.TripInput(flights=(leg,))).flights[0]

    def client(self, role: Role = Role.ADMIN, name: str = "", code: str = "", **terms: Any) -> Client:
        """Signed in as somebody of that role."""
        email = self.email(name.split()[0].lower() if name else role.value)
        if role is not Role.ADMIN:
            self.invite(role, name, code, **terms)
        client = Client()
        assert client.post("/sign-in", {"email": email, "password": PASSWORD}).status_code == 302
        return client

    def invite(self, role: Role, name: str = "", code: str = "", **terms: Any) -> None:
        name = name or f"{role.value} Person"
        email = self.email(role.value if name.endswith("Person") else name.split()[0].lower())
        invite_user(self.admin, email, name, code or f"P{len(members(self.id))}", role, PASSWORD, **terms)

    def connect(self, *at: int, on: bool = True, name: str = "", **values: Any) -> ConnectionFacts:
        """A connection to Skymart with the aircraft of these numbers; all of them without any. Nobody is asked."""
        ids = [self.aircraft[n].id for n in at] if at else [one.id for one in self.aircraft]
        values = {"api_key": "right", **values}
        wanted = ConnectionInput(values=values, aircraft=ids, on=False, name=name)
        made = configure(self.admin, "skymart", wanted).connection
        Connection.objects.filter(operator_id=self.id, id=made.id).update(on=on)
        return connection(self.id, made.id)

    def ledger(self, facts: ConnectionFacts, at: int = 0, **given: Any) -> LedgerRow:
        """How the latest call for an aircraft went: accepted two minutes ago, unless said otherwise."""
        aircraft = self.aircraft[at]
        values: dict[str, Any] = {
            "flow": "schedule",
            "unit": f"aircraft:{aircraft.id}",
            "title": aircraft.registration,
            "last_attempt": NOW - timedelta(minutes=2),
            "last_success": NOW - timedelta(minutes=2),
            "next_due": NOW + timedelta(minutes=3),
            "outcome": OutcomeKind.ACCEPTED.value,
            "http_status": 200,
            "sent": 12,
            **{name: written(value) for name, value in given.items()},
        }
        return LedgerRow.objects.create(operator_id=self.id, connection_id=facts.id, **values)

    def call(
        self,
        facts: ConnectionFacts,
        at: int = 0,
        *,
        body: bytes = b"",
        parts: tuple[tuple[str, str], ...] = (),
        **given: Any,
    ) -> CallRow:
        """One call in the log, two minutes ago, unless said otherwise."""
        digest = hashlib.sha256(body).digest()
        if body:
            keys, titles = [key for key, _ in parts], [title for _, title in parts]
            CallBody.objects.get_or_create(
                operator_id=self.id, digest=digest, defaults={"body": body, "parts": keys, "part_titles": titles}
            )
        values: dict[str, Any] = {
            "addon": facts.addon,
            "flow": "schedule",
            "units": [f"aircraft:{self.aircraft[at].id}"],
            "title": self.aircraft[at].registration,
            "at": NOW - timedelta(minutes=2),
            "duration_ms": 84.2,
            "method": "PUT",
            "url": "https://sky.example/api/schedules",
            "http_status": 200,
            "outcome": OutcomeKind.ACCEPTED.value,
            "sent": len(parts),
            "request_digest": digest if body else None,
            **{name: written(value) for name, value in given.items()},
        }
        made = CallRow(operator_id=self.id, connection_id=facts.id, **values)
        made.save(force_insert=True)
        return made


def written(value: Any) -> Any:
    """Messages as they are stored."""
    is_messages = isinstance(value, tuple) and value and isinstance(value[0], PartnerMessage)
    return msgspec.to_builtins(value) if is_messages else value


def said(text: str, *, about: str = "", field: str = "", level: str = "error") -> PartnerMessage:
    return PartnerMessage(level=level, text=text, about=about, field=field)


@pytest.fixture(autouse=True)
def _quick_and_fresh(settings: Any) -> None:
    settings.SANDBOX_URL = "http://127.0.0.1:8900"
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    cache.clear()


class Everybody(dict[int, int]):
    """Who serves each connection: always the same worker."""

    def get(self, connection: int, default: Any = None) -> int:
        return 7


@pytest.fixture(autouse=True)
def worker(monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker that serves every connection, as far as pages can see. `tests/observing` looks at real ones."""
    monkeypatch.setattr(health, "serving", lambda: Serving(workers={7: 1}, by=Everybody()))


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> ManualClock:
    made = ManualClock(NOW)
    monkeypatch.setattr(times, "CLOCK", made)
    return made


@pytest.fixture
def desk(db: None, partner: Partner, clock: ManualClock) -> Desk:
    return Desk("KXA", ("N14923", "N16561", "N21130"))


@pytest.fixture
def other_desk(db: None, partner: Partner) -> Desk:
    return Desk("ZZZ", ("D-CABC",))


@pytest.fixture
def admin(desk: Desk) -> Client:
    return desk.client()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    before = os.environ.get("DJANGO_ALLOW_ASYNC_UNSAFE")
    # Playwright's synchronous interface keeps an event loop in this thread; the test itself is no coroutine.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    with sync_playwright() as play:
        flags = ["--no-sandbox"] if os.geteuid() == 0 else []
        browser = play.chromium.launch(executable_path=CHROMIUM, args=flags)
        yield browser
        browser.close()
    if before is None:
        del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]
