"""Changing the fleet. The only writer of its table. An aircraft is retired, never deleted: its past stays."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import msgspec
from django.db import connection, transaction
from msgspec import UNSET, UnsetType

from airstair.changes.keys import next_ids
from airstair.changes.record import NewChange, difference, plain, record
from airstair.kernel import codes
from airstair.kernel.actor import Actor
from airstair.kernel.clock import Clock, SystemClock
from airstair.kernel.errors import Invalid, NotFound, Problems
from airstair.kernel.units import Unit, UnitKind
from airstair.records import checks
from airstair.records.fleet.camcommands import (
    CamInput,
    EngineEdit,
    EngineInput,
    add_engine,
    change_engine,
    drop_engine,
    set_cam,
)
from airstair.records.fleet.models import Aircraft
from airstair.records.fleet.queries import AIRCRAFT_FIELDS, aircraft, fleet
from airstair.records.fleet.snapshots import AircraftFacts
from airstair.records.operators.models import Operator, Subsidiary
from airstair.records.operators.rules import Right
from airstair.records.places.queries import resolver

__all__ = [
    "AircraftEdit",
    "AircraftInput",
    "CamInput",
    "EngineEdit",
    "EngineInput",
    "add_aircraft",
    "add_engine",
    "change_aircraft",
    "change_engine",
    "drop_engine",
    "reinstate_aircraft",
    "retire_aircraft",
    "set_cam",
]
_WRITTEN = tuple(field for field in AIRCRAFT_FIELDS if field not in ("id", "operator_id"))
# Plausible at most, for aircraft of business aviation and airlines alike.
_LIMITS = {"seats": 900, "cruise_speed_kt": 1500, "taxi_minutes": 180, "climb_minutes": 180, "range_nm": 20_000}
# Whoever is told of a flight is told of its aircraft by these.
_SEEN_ON_FLIGHTS = frozenset({"registration", "serial_number"})
_FLIGHTS_SINCE = timedelta(days=120)  # no partner is told of what is longer past
_FLIGHTS = "SELECT id FROM flights_flight WHERE operator_id = %s AND aircraft_id = %s AND sta >= %s AND NOT deleted"


class AircraftInput(msgspec.Struct, frozen=True, kw_only=True):
    """A new aircraft. Field meanings and units as in the table."""

    registration: str
    home_base: str = ""  # ICAO, IATA or own code; empty while it is not known
    icao_type: str = ""
    iata_type: str = ""
    model: str = ""
    serial_number: str = ""
    call_sign: str = ""
    seats: int = 0
    owner: str = ""
    subsidiary_id: int | None = None
    cruise_speed_kt: int = 0
    taxi_minutes: int = 0
    climb_minutes: int = 0
    range_nm: int = 0
    mx_set_up: str = ""


class AircraftEdit(msgspec.Struct, frozen=True, kw_only=True):
    """New facts of an aircraft; what is not set stays."""

    registration: str | UnsetType = UNSET
    home_base: str | UnsetType = UNSET
    icao_type: str | UnsetType = UNSET
    iata_type: str | UnsetType = UNSET
    model: str | UnsetType = UNSET
    serial_number: str | UnsetType = UNSET
    call_sign: str | UnsetType = UNSET
    seats: int | UnsetType = UNSET
    owner: str | UnsetType = UNSET
    subsidiary_id: int | UnsetType | None = UNSET
    cruise_speed_kt: int | UnsetType = UNSET
    taxi_minutes: int | UnsetType = UNSET
    climb_minutes: int | UnsetType = UNSET
    range_nm: int | UnsetType = UNSET
    mx_set_up: str | UnsetType = UNSET


def add_aircraft(actor: Actor, given: AircraftInput) -> AircraftFacts:
    """Add an aircraft to the fleet. Right: FLEET_EDIT. Raises `Invalid`."""
    actor.require(Right.FLEET_EDIT, "add aircraft")
    with transaction.atomic():
        _lock_fleet(actor)
        wanted = AircraftFacts(id=next_ids(1)[0], operator_id=actor.operator_id, **msgspec.structs.asdict(given))
        facts = _tidy(wanted, changed=frozenset(_WRITTEN))
        Aircraft.objects.create(**msgspec.structs.asdict(facts))
        _record(actor, "aircraft.created", facts, None, {field: plain(getattr(facts, field)) for field in _WRITTEN})
    return facts


def change_aircraft(
    actor: Actor, aircraft_id: int, edit: AircraftEdit, *, bulk: bool = False, clock: Clock | None = None
) -> AircraftFacts:
    """Change what is known of an aircraft. Right: FLEET_EDIT. Raises `NotFound`, `Invalid`.

    `bulk`: one of an import's many; people's edits are delivered ahead of it. A change of what flights show of their
    aircraft touches the aircraft's flights too: those planned, and those of the last 120 days.
    """
    actor.require(Right.FLEET_EDIT, "change aircraft")
    with transaction.atomic():
        _lock_fleet(actor)
        before = aircraft(actor.operator_id, aircraft_id)
        given = {name: value for name in edit.__struct_fields__ if (value := getattr(edit, name)) is not UNSET}
        wanted = msgspec.structs.replace(before, **given)
        changed = frozenset(difference(before, wanted, _WRITTEN)[1])
        after = _tidy(wanted, changed=changed)
        _write(actor, "aircraft.changed", before, after, bulk=bulk, clock=clock)
    return after


def retire_aircraft(actor: Actor, aircraft_id: int) -> AircraftFacts:
    """The aircraft is sold or returned: partners no longer get it, and it takes no new flights. Right: FLEET_EDIT."""
    actor.require(Right.FLEET_EDIT, "retire aircraft")
    return _set_active(actor, aircraft_id, active=False)


def reinstate_aircraft(actor: Actor, aircraft_id: int) -> AircraftFacts:
    """The aircraft is back in the fleet. Right: FLEET_EDIT."""
    actor.require(Right.FLEET_EDIT, "reinstate aircraft")
    return _set_active(actor, aircraft_id, active=True)


def _set_active(actor: Actor, aircraft_id: int, *, active: bool) -> AircraftFacts:
    with transaction.atomic():
        _lock_fleet(actor)
        before = aircraft(actor.operator_id, aircraft_id)
        after = msgspec.structs.replace(before, active=active)
        _write(actor, "aircraft.reinstated" if active else "aircraft.retired", before, after)
    return after


def _lock_fleet(actor: Actor) -> None:
    """One change of an operator's fleet at a time, so that no two aircraft get one registration."""
    if Operator.objects.select_for_update(no_key=True).filter(id=actor.operator_id).first() is None:
        raise NotFound("The operator")


def _tidy(facts: AircraftFacts, *, changed: frozenset[str]) -> AircraftFacts:
    """The facts in their written form. Look-ups are made for changed fields only: an old one must not stop an edit."""
    problems = Problems()

    def text(field: str, longest: int) -> str:
        return checks.text(problems, field, getattr(facts, field), longest=longest)

    def capitals(field: str, allowed: str, remedy: str) -> str:
        return checks.pattern(problems, field, getattr(facts, field), allowed, remedy)

    home_base, registration = facts.home_base, facts.registration
    if "home_base" in changed:
        home_base = _home_base(problems, facts)
    if "registration" in changed:
        registration = _registration(problems, facts)
    if "subsidiary_id" in changed and facts.subsidiary_id is not None:
        known = Subsidiary.objects.filter(operator_id=facts.operator_id, id=facts.subsidiary_id)
        if not known.exists():
            problems.add("subsidiary_id", "There is no such subsidiary. Choose one, or add it in the settings.")
    tidy = msgspec.structs.replace(
        facts,
        registration=registration,
        home_base=home_base,
        icao_type=capitals("icao_type", r"[A-Z][A-Z0-9]{1,3}", "Use the designator of ICAO Doc 8643, such as C56X."),
        iata_type=capitals("iata_type", r"[A-Z0-9]{3}", "Use the three letters or digits of the IATA list."),
        model=text("model", 80),
        serial_number=text("serial_number", 30),
        call_sign=capitals("call_sign", r"[A-Z0-9 -]{1,12}", "Use up to twelve letters and digits."),
        owner=text("owner", 120),
        mx_set_up=text("mx_set_up", 200),
        **{field: checks.whole(problems, field, getattr(facts, field), 0, top) for field, top in _LIMITS.items()},
    )
    problems.refuse()
    return tidy


def _home_base(problems: Problems, facts: AircraftFacts) -> str:
    if not facts.home_base.strip():
        return ""
    try:
        return resolver(facts.operator_id).resolve(facts.home_base, "home_base").code
    except Invalid as refusal:
        checks.take(problems, refusal)
        return ""


def _registration(problems: Problems, facts: AircraftFacts) -> str:
    """The registration in its written form. Spellings that differ by the hyphen alone mean one aircraft."""
    try:
        written = codes.registration(facts.registration)
    except Invalid as refusal:
        checks.take(problems, refusal)
        return ""
    for other in fleet(facts.operator_id):
        if other.id != facts.id and codes.same_registration(other.registration, written):
            problems.add("registration", f"{other.registration} is in the fleet already. Change that one instead.")
    return written


def _write(
    actor: Actor,
    kind: str,
    before: AircraftFacts,
    after: AircraftFacts,
    *,
    bulk: bool = False,
    clock: Clock | None = None,
) -> None:
    was, now = difference(before, after, (*_WRITTEN,))
    if now:
        rows = Aircraft.objects.filter(operator_id=before.operator_id, id=before.id)
        rows.update(**{field: getattr(after, field) for field in now})
        flights = _flights(after, clock or SystemClock()) if _SEEN_ON_FLIGHTS & now.keys() else []
        _record(actor, kind, after, was, now, flights, bulk=bulk)


def _flights(facts: AircraftFacts, clock: Clock) -> list[Unit]:
    """The flights of the aircraft of which partners may be told. One statement."""
    with connection.cursor() as cursor:
        cursor.execute(_FLIGHTS, [facts.operator_id, facts.id, clock.now() - _FLIGHTS_SINCE])
        return [Unit(UnitKind.FLIGHT, row[0]) for row in cursor.fetchall()]


def _record(
    actor: Actor,
    kind: str,
    facts: AircraftFacts,
    before: dict[str, object] | None,
    after: dict[str, object] | None,
    flights: Sequence[Unit] = (),
    *,
    bulk: bool = False,
) -> None:
    unit = Unit(UnitKind.AIRCRAFT, facts.id)
    units = (unit, *flights)
    change = NewChange(kind=kind, subject=unit, title=facts.registration, units=units, before=before, after=after)
    record(actor, [change], bulk=bulk)
