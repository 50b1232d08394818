"""Two operators with a row in every table, what each of their rows says, and what to call a reader or command with.

The readers and commands are found in the code. A parameter that nobody has met yet, and a table without a row, are
refused with a sentence that says what to add here.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
from django.db import connection as database
from tests.records import test_every_command as every
from tests.records.conftest import MONDAY, World

import airstair
from airstair.changes.record import NewChange
from airstair.changes.since import Place
from airstair.changes.walls import walled
from airstair.hub import health, models
from airstair.hub.connections import queries as connections
from airstair.hub.connections.commands import ALL_AIRCRAFT, ConnectionInput, configure
from airstair.hub.doors.noting import Knock
from airstair.hub.registry import addon
from airstair.hub.staging.models import PullStage
from airstair.hub.visits import Contact, Reply
from airstair.hub.webhooks import commands as webhooks
from airstair.hub.webhooks.models import Delivery
from airstair.hub.webhooks.rules import Owner
from airstair.kernel.clock import ManualClock
from airstair.kernel.errors import Problems
from airstair.kernel.outcome import OutcomeKind
from airstair.kernel.scope import all_operators
from airstair.kernel.units import Unit, UnitKind
from airstair.records.access.commands.tokens import first_tokens, new_code
from airstair.records.access.models import KeptAnswer
from airstair.records.budgets.models import Window
from airstair.records.endorsements.commands import DefinitionInput
from airstair.records.endorsements.commands.imported import ImportedPerson
from airstair.records.flights.finding import FlightsWanted
from airstair.records.flights.imports.commands import save_mapping
from airstair.records.flights.imports.matching import Key
from airstair.records.flights.imports.rows import FileFlight
from airstair.records.flights.imports.ssim.expanding import DatedLeg
from airstair.records.flights.imports.ssim.taking import Found
from airstair.records.flights.models import Flight
from airstair.records.imports.reading import table_of
from airstair.records.places.queries import Resolver

ROOMS = ("airstair.changes.", "airstair.records.", "airstair.hub.")
NOT_THESE = re.compile(r"\.(migrations|engine|models|worker|worker_port)\b")
NOW = datetime(2027, 3, 1, 12, tzinfo=UTC)
_LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)
_KEY = "EV3810/KEWR/2027-03-01T06:00Z"
KNOCK = Knock(addon="avinode", login="1-1", method="GET", path="/", query={}, address="192.0.2.1", headers={}, at=NOW)
_FIRST_ID = 7_000_000_000  # so that an id is no other number


class Things(every.Things):
    """One of everything, and what the hub knows about it."""

    def __init__(self, code: str, registrations: tuple[str, str], folder: Path) -> None:
        super().__init__(World(code, registrations))
        world = self.world
        self.id: int = world.id
        save_mapping(world.admin, f"Roster of {code}", {"registration": "R", "adep": "A", "ades": "D", "std": "S",
                                                        "sta": "E"})  # fmt: skip
        every.flights.set_services(world.ops, self.flight.id, (every._service("KJAX"),))
        times = every.flights.TimesInput(off_block=self.flight.std)
        every.flights.set_times(world.ops, self.flight.id, "flight_watch", times)
        Flight.objects.filter(operator_id=self.id, id=self.flight.id).update(import_key=_KEY)
        every.flights.change_trip(world.ops, self.flight.trip_id, every.flights.TripEdit(client=f"Client of {code}"))
        strip = every.places.AirportEdit(code="XOLD", name=f"Old strip of {code}", latitude=0, longitude=0)
        every.places.set_airport_override(world.admin, strip)
        self.fleet_file = folder / f"fleet-{code}.csv"
        self.fleet_file.write_text(f"registration,home_base\nN1{code},KEWR\n")
        self.flights_file = folder / f"flights-{code}.csv"
        self.flights_file.write_text(
            f"registration,adep,ades,std,sta\n{registrations[0]},KEWR,KJAX,2027-06-01T06:00Z,2027-06-01T09:00Z\n"
        )
        KeptAnswer.objects.create(
            operator_id=self.id, key_id=self.key.id, idempotency_key=f"once of {code}", fingerprint="f", status=200
        )
        Window.objects.create(operator_id=self.id, caller=f"caller of {code}", seconds=60, began=NOW, asked=1)
        first_tokens(self.grant, NOW)
        new_code(self.grant, self.grant.scopes, f"https://{code}.example", named=True, challenge="", now=NOW)
        self._of_the_hub(code)
        assert self.checklist  # made when it is first asked for

    def _of_the_hub(self, code: str) -> None:
        wanted = {"environment": "sandbox", "api_token": f"token-{code}"}
        values = {name: value for name, value in wanted.items() if name in addon("avinode").settings.__struct_fields__}
        for name, aircraft in (("", ALL_AIRCRAFT), (f"own of {code}", [self.aircraft.id])):
            given = ConnectionInput(values=values, aircraft=aircraft, on=False, name=name)
            self.connection = configure(self.world.admin, "avinode", given).connection
        of: dict[str, Any] = {"operator_id": self.id, "connection_id": self.connection.id}
        models.Connection.objects.filter(operator_id=self.id).update(on=True)
        unit, flow = f"aircraft:{self.aircraft.id}", addon("avinode").flows[0].key
        asked = models.ExportRun(**of, asked_by=f"Ann of {code}", started_at=NOW, units=[unit])
        call = models.CallRow(
            **of, addon="avinode", flow=flow, units=[unit], title=f"Call of {code}", at=NOW, duration_ms=1,
            method="PUT", url=f"https://{code}.example", outcome="refused", request_digest=b"digest",
            response_body=b"said",
        )  # fmt: skip
        message = models.Message(
            **of, flow=flow, unit=unit, identity=code, title=f"Message of {code}", state="doubtful", made_at=NOW
        )
        pulled = models.PullRun(**of, flow=flow, started_at=NOW, asked_by=f"Pia of {code}")
        for row in (
            asked, call, message, pulled,
            models.Cursor(**of, snapshot="1:1:", saved_at=NOW),
            models.CallBody(operator_id=self.id, digest=b"digest", body=code.encode(), part_titles=[code], parts=["p"]),
            models.Notice(**of, kind="late", sentence=f"Notice of {code}", opened_at=NOW),
            models.PullState(**of, flow=flow, asked_by=f"Pim of {code}"),
            models.Door(**of, secret_hash=code, issued_at=NOW, issued_by_name=f"Dora of {code}"),
            models.KeptReply(
                **of, flow=flow, identity=f"log of {code}", fingerprint=b"f", status=200, media="m", body=b""
            ),
            models.LedgerRow(
                **of, flow=flow, unit=unit, title=f"Line of {code}", outcome="refused", tries=3, last_attempt=_LONG_AGO
            ),
        ):  # fmt: skip
            row.save(force_insert=True)
        staged = PullStage(operator_id=self.id, run_id=pulled.id, first_day=NOW.date(), last_day=NOW.date())
        staged.file, staged.items = f"File of {code}", msgspec.msgpack.encode([])
        staged.save(force_insert=True)
        self.run, self.call, self.message, self.pulled = asked, call, message, pulled
        self._of_webhooks(code)

    def _of_webhooks(self, code: str) -> None:
        hook = webhooks.SubscriptionInput(label=f"Hook of {code}", url=f"https://{code}.example/", topics=("flight",))
        self.hook = webhooks.subscribe(self.world.admin, Owner(key_id=self.key.id), hook).facts
        self.delivery = Delivery(
            operator_id=self.id, subscription_id=self.hook.id, seq=1, line="flight:1", event="flight.changed",
            title=f"Told to {code}", at=NOW, units=[f"flight:{self.flight.id}"], needs=[], heard=["flight"],
            body=f"body of {code}".encode(), next_at=_LONG_AGO, said=f"Said by {code}",
        )  # fmt: skip
        self.delivery.save(force_insert=True)
        self.delivery = Delivery.objects.get(operator_id=self.id)


def two(folder: Path) -> tuple[Things, Things]:
    """An operator and another, alike in everything but their names."""
    with all_operators(), database.cursor() as cursor:
        cursor.execute("SELECT setval('airstair_id', GREATEST(nextval('airstair_id'), %s))", [_FIRST_ID])
        pair = Things("KXA", ("N14923", "SP-KXA"), folder), Things("ZZT", ("N99ZT", "D-ZZTA"), folder)
        for table, rows in rows_of(pair[0]).items():
            assert rows, f"No row of {table} belongs to the operator. Give it one in tests/tenancy/things.py."
    return pair


# --- what an operator's rows say -------------------------------------------------------------------------------


def rows_of(things: Things) -> dict[str, list[str]]:
    """Every row of the operator, by table, as text."""
    found = {}
    with all_operators(), database.cursor() as cursor:
        for table, column in walled().items():
            cursor.execute(f'SELECT to_jsonb(t)::text FROM "{table}" t WHERE {column} = %s ORDER BY 1', [things.id])
            found[table] = [row[0] for row in cursor.fetchall()]
    return found


def state_of(things: Things) -> Any:
    """Something that differs when any row of the operator does. One statement."""
    digest = "md5(string_agg(to_jsonb(t)::text, '' ORDER BY to_jsonb(t)::text))"
    row = f"SELECT '{{0}}', {digest} FROM \"{{0}}\" t WHERE {{1}} = {{2}}"
    every = (row.format(table, column, things.id) for table, column in walled().items())
    with all_operators(), database.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(every))
        return sorted(cursor.fetchall())


def _values(value: Any) -> Iterator[str]:
    match value:
        case dict():
            for inner in value.values():
                yield from _values(inner)
        case list():
            for inner in value:
                yield from _values(inner)
        case str() if len(value) > 4 and not value.isdecimal():  # shorter, it may stand in any word
            yield value
        case int() if value >= _FIRST_ID:
            yield str(value)


def marks(mine: Things, other: Things) -> frozenset[str]:
    """What only the operator's rows say: names, registrations, ids."""
    said = [
        {text for rows in rows_of(one).values() for row in rows for text in _values(msgspec.json.decode(row))}
        for one in (mine, other)
    ]
    return frozenset(said[0] - said[1])


def text_of(answer: Any) -> str:
    """Everything that an answer says."""
    if isinstance(answer, Resolver):
        return text_of(answer.get("XOLD"))
    if isinstance(answer, dict):
        return " ".join(f"{key!r} {text_of(value)}" for key, value in answer.items())
    if isinstance(answer, list | tuple | set | frozenset):
        return " ".join(map(text_of, answer))
    if isinstance(answer, msgspec.Struct):
        return " ".join(text_of(getattr(answer, name)) for name in answer.__struct_fields__)
    if isinstance(answer, bytes | memoryview):
        return bytes(answer).decode("utf-8", "replace")
    if hasattr(answer, "_meta"):
        return repr({field.attname: getattr(answer, field.attname) for field in answer._meta.fields})
    return str(answer)


# --- readers and commands ----------------------------------------------------------------------------------------

OWNED = {"operator_id", "actor", "user_id", "connection_ids"}


def functions() -> dict[str, Callable[..., Any]]:
    """Everything public that is about an operator's rows, and everything that readers and the watchman offer."""
    found = {}
    for info in pkgutil.walk_packages(airstair.__path__, "airstair."):
        if not info.name.startswith(ROOMS) or NOT_THESE.search(info.name):
            continue
        everything = info.name.endswith((".queries", ".watchman"))
        for name, one in inspect.getmembers(importlib.import_module(info.name), inspect.isfunction):
            if name.startswith("_") or one.__module__ != info.name:
                continue
            if everything or OWNED & set(inspect.signature(one).parameters):
                found[f"{info.name.removeprefix('airstair.')}.{name}"] = one
    return found


def _file_flight(t: Things) -> FileFlight:
    return FileFlight(
        row=2, aircraft_id=t.aircraft.id, registration=t.aircraft.registration, number="EV3810", adep="KEWR",
        ades="KJAX", std=MONDAY, sta=MONDAY + timedelta(hours=2),
    )  # fmt: skip


def _retimed(things: Things) -> NewChange:
    flight = Unit(UnitKind.FLIGHT, things.checklist.flight.id)
    moved = {"std": "2027-03-01T06:00Z"}, {"std": "2027-03-01T07:00Z"}
    return NewChange(kind="flight.changed", subject=flight, title="T", units=(flight,), before=moved[0], after=moved[1])


def _table(path: Path) -> Any:
    content = path.open("rb")
    return table_of(path.name, content, path.stat().st_size)


def _scheduled(things: Things) -> Found:
    """A flight of a reservation system's for the operator's aircraft."""
    day = MONDAY + timedelta(days=200)
    leg = DatedLeg(
        airline="XY", number="401", suffix="", day=day.date(), adep="EWR", ades="BOS", std=day,
        sta=day + timedelta(hours=1), equipment=things.aircraft.registration,
    )  # fmt: skip
    return Found(leg=leg)


# By parameter, or by function and parameter where one word means several things.
ARGUMENTS: dict[str, Callable[[Things], Any]] = {
    "operator_id": lambda t: t.id,
    "actor": lambda t: t.world.admin,
    "user_id": lambda t: t.member.user_id,
    "connection_ids": lambda t: [t.connection.id],
    "connection_id": lambda t: t.connection.id,
    "call_id": lambda t: t.call.id,
    "run_id": lambda t: t.run.id,
    "message_id": lambda t: t.message.id,
    "flow_key": lambda t: addon("avinode").flows[0].key,
    "addon_key": lambda t: "avinode",
    "addon": lambda t: addon("avinode"),
    "aircraft_id": lambda t: t.aircraft.id,
    "aircraft_ids": lambda t: [t.aircraft.id, t.retired.id],
    "flight_id": lambda t: t.flight.id,
    "flight_ids": lambda t: [t.flight.id],
    "trip_id": lambda t: t.flight.trip_id,
    "event_id": lambda t: t.event.id,
    "engine_id": lambda t: t.engine.id,
    "membership_id": lambda t: t.member.membership_id,
    "secret": lambda t: "s" * 43,
    "key_id": lambda t: t.key.id,
    "grant_id": lambda t: t.grant.id,
    "application_id": lambda t: t.application.id,
    "trip_ids": lambda t: [t.flight.trip_id],
    "event_ids": lambda t: [t.event.id],
    "place": lambda t: Place(since="3:3:"),
    "limit": lambda t: 9,
    "kinds": lambda t: ["flight"],
    "things_changed.kind": lambda t: "flight",
    "thing": lambda t: "flight",
    "times_of.ids": lambda t: [t.flight.id],
    "times_of.fields": lambda t: {},
    "touched_since.since": lambda t: _LONG_AGO,
    "named_since.since": lambda t: _LONG_AGO,
    "flights_wanted.wanted": lambda t: FlightsWanted(start=_LONG_AGO, end=MONDAY + timedelta(days=9)),
    "trips_like.text": lambda t: t.flight.trip_number,
    "count_request.caller": lambda t: "7",
    "flight_ids_after.after": lambda t: 0,
    "trip_ids_after.after": lambda t: 0,
    "move_flight.trip_id": lambda t: t.offered.trip_id,
    "event_ids_after.after": lambda t: 0,
    "subsidiary_id": lambda t: t.subsidiary.id,
    "registrations": lambda t: [t.aircraft.registration],
    "number": lambda t: t.flight.trip_number,
    "code": lambda t: t.world.code,
    "text": lambda t: "XOLD",
    "label": lambda t: "A label",
    "file_name": lambda t: "file.csv",
    "count": lambda t: 1,
    "handler_id": lambda t: t.checklist.handler.id,
    "file_id": lambda t: t.checklist.file.id,
    "definition_key": lambda t: "HANDLING_ADEP",
    "definition_by_key.key": lambda t: t.checklist.definition.key,
    "definition_of.key": lambda t: t.checklist.definition.key,
    "fall_back.changes": lambda t: [_retimed(t)],
    "fall_back.bulk": lambda t: False,
    "follow.changes": lambda t: [],
    "follow.bulk": lambda t: False,
    "support_flights.application_id": lambda t: t.checklist.application,
    "support_flights.aircraft": lambda t: None,
    "module.application_id": lambda t: t.checklist.application,
    "active.application_id": lambda t: t.checklist.application,
    "available_services.application_id": lambda t: t.checklist.application,
    "tidy_permits.permits": lambda t: [],
    **{
        f"{name}.flight_id": lambda t: t.checklist.flight.id
        for name in ("checklist", "item", "module", "file", "history")
    },
    "checklists.flight_ids": lambda t: [t.checklist.flight.id],
    "unit": lambda t: Unit(UnitKind.AIRCRAFT, t.aircraft.id),
    "start": lambda t: MONDAY,
    "end": lambda t: MONDAY + timedelta(days=9),
    "since": lambda t: MONDAY,
    "now": lambda t: NOW,
    "path": lambda t: t.flights_file,
    "table": lambda t: _table(t.flights_file),
    "facts": lambda t: connections.connections(t.id),
    "configured": lambda t: connections.connections(t.id),
    "lines": lambda t: health.lines_of(t.id, connections.connections(t.id)),
    "units": lambda t: {t.connection.id: [f"aircraft:{t.aircraft.id}"]},
    "flights": lambda t: [_file_flight(t)],
    "renamed": lambda t: {Key.read(_KEY): Key.read("EV3810/KEWR/2027-03-01T07:00Z")},
    "changes": lambda t: [NewChange(kind="a.b", subject=Unit(UnitKind.OPERATOR, t.id), title="T", units=())],
    "kind": lambda t: "operator.changed",
    "title": lambda t: "T",
    "before": lambda t: None,
    "after": lambda t: {"name": "N"},
    "import_fleet.path": lambda t: t.fleet_file,
    "import_fleet_table.table": lambda t: _table(t.fleet_file),
    "members_matching.text": lambda t: "Sales",
    "locked_empty_leg.flight_id": lambda t: t.offered.id,
    "override.code": lambda t: "XOLD",
    "resolve.code": lambda t: "XOLD",
    "crew_member_id": lambda t: t.people.crew.id,
    "duty_id": lambda t: t.crewing.duty.id,
    "model_for.key": lambda t: "fatigue",
    "crew_member_ids": lambda t: [t.people.crew.id],
    "codes": lambda t: [t.people.crew.code],
    "emails": lambda t: [t.people.crew.email],
    "passenger_id": lambda t: t.people.passenger.id,
    "contact_id": lambda t: t.people.contact.id,
    "company_id": lambda t: t.people.company.id,
    "holder_id": lambda t: t.people.crew.id,
    "document_id": lambda t: t.people.passport.id,
    "definition_id": lambda t: t.people.kind.id,
    "endorsement_id": lambda t: t.people.endorsement.id,
    "scan.endorsement_id": lambda t: t.people.scanned.id,
    "day": lambda t: date(2099, 1, 1),
    "one": lambda t: addon("avinode"),
    "problems": lambda t: Problems(),
    "subscription_id": lambda t: t.hook.id,
    "delivery_id": lambda t: t.delivery.id,
    "owner": lambda t: Owner(key_id=t.key.id),
    "subscribe.wanted": lambda t: webhooks.SubscriptionInput(label="New", url="https://new.example", topics=("crew",)),
    "url": lambda t: "https://new.example",
    "hears": lambda t: ["flight"],
    "readable": lambda t: lambda reads: None,
    "subscribe_as.kind": lambda t: "signed",
    "why": lambda t: "Because.",
    "on": lambda t: True,
    "value": lambda t: t.people.company.id,
    "tidy.id_": lambda t: t.people.kind.id,
    "tidy.wanted": lambda t: DefinitionInput(name="K"),
    "told.member": lambda t: t.people.crew,
    "told.facts": lambda t: t.people.endorsement,
    "import_person.wanted": lambda t: ImportedPerson(remote_id="P1", name="Ann", email=t.people.crew.email),
    "import_person.seen_at": lambda t: NOW,
    "follow_switch.row": lambda t: models.Connection.objects.get(operator_id=t.id, id=t.connection.id),
    "contact": lambda t: Contact(name="Ann", email="ann@test.example"),
    "knock": lambda t: KNOCK,
    "flow": lambda t: addon("avinode").flows[0].key,
    "every": lambda t: connections.connections(t.id),
    "stage": lambda t: PullStage.objects.get(operator_id=t.id),
    "scheduled": lambda t: (NOW, NOW),
    "take.wanted": lambda t: [_scheduled(t)],
    "by_type": lambda t: {},
    "question": lambda t: "Is that right?",
    "offers.units": lambda t: [Unit(UnitKind.FLIGHT, t.flight.id)],
    "clock": lambda t: ManualClock(NOW),
    "first": lambda t: NOW.date(),
    "last": lambda t: NOW.date(),
    "hand_in.days": lambda t: (NOW.date(), NOW.date()),
    "hand_in.file": lambda t: ("flights.ssim", b"1"),
    "look.run_id": lambda t: t.pulled.id,
    "take_in.run_id": lambda t: t.pulled.id,
    "reply": lambda t: Reply(status=401, outcome=OutcomeKind.UNAUTHORISED),
    "configure.wanted": lambda t: ConnectionInput(aircraft=[t.retired.id], on=False),
    "save_mapping.name": lambda t: "Another",
    "save_mapping.columns": lambda t: {"registration": "R", "adep": "A", "ades": "D", "std": "S", "sta": "E"},
    "change_own_password.current": lambda t: "correct horse battery",
    "change_own_password.new": lambda t: "another horse battery",
    "add_member.email": lambda t: "new@person.example",
    "add_member.name": lambda t: "New Person",
    "add_member.code": lambda t: "NEW",
    "add_member.role": lambda t: "ops",
    "add_member.password": lambda t: None,
    "forget_old_calls.before": lambda t: NOW + timedelta(days=1),
}


def arguments(name: str, function: Callable[..., Any], things: Things) -> tuple[list[Any], dict[str, Any]]:
    """What to call it with so that it is about the operator's own things."""
    short = name.rpartition(".")[2]
    if short in every.CASES and "actor" in inspect.signature(function).parameters:
        return [things.world.admin, *every.CASES[short].args(things)], {}
    given = {}
    for parameter in inspect.signature(function).parameters.values():
        if parameter.default is parameter.empty:
            made = ARGUMENTS.get(f"{short}.{parameter.name}") or ARGUMENTS.get(parameter.name)
            assert made is not None, f"What is “{parameter.name}” of {name}? Say it in ARGUMENTS of {__file__}."
            given[parameter.name] = made(things)
    return [], given
