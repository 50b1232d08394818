"""Changing from where an aircraft's hours and cycles are counted: start values of the airframe, and its engines.

Each change names the aircraft, so that whoever keeps its totals hears of it. Times are whole minutes.
"""

from __future__ import annotations

from datetime import date
from typing import Any

import msgspec
from django.db import transaction
from msgspec import UNSET, UnsetType

from airstair.changes.keys import next_ids
from airstair.changes.record import NewChange, difference, plain, record
from airstair.kernel.actor import Actor
from airstair.kernel.errors import NotFound, Problems
from airstair.kernel.units import Unit, UnitKind
from airstair.records import checks
from airstair.records.fleet.cam import MOST_CYCLES, MOST_ENGINES, MOST_MINUTES, CamFacts, Counts, Cycles, EngineFacts
from airstair.records.fleet.models import Aircraft, Cam, Engine
from airstair.records.fleet.queries import cam, engine
from airstair.records.operators.rules import Right

_DOING = "change the start values of hours and cycles"


class CamInput(msgspec.Struct, frozen=True, kw_only=True):
    """The airframe's start values: its totals at 00:00 UTC of the start date."""

    start_date: date
    start_minutes: int
    start_cycles: int
    counts: str = Counts.AIR
    cycles: str = Cycles.FLIGHTS


class EngineInput(msgspec.Struct, frozen=True, kw_only=True):
    """An engine on the aircraft: its totals at 00:00 UTC of the day from which on it flies there."""

    position: int
    serial: str
    start_date: date
    start_minutes: int
    start_cycles: int
    removed_on: date | None = None


class EngineEdit(msgspec.Struct, frozen=True, kw_only=True):
    """New values of an engine; what is not set stays. `removed_on`: it comes off at 00:00 UTC of that day."""

    position: int | UnsetType = UNSET
    serial: str | UnsetType = UNSET
    start_date: date | UnsetType = UNSET
    start_minutes: int | UnsetType = UNSET
    start_cycles: int | UnsetType = UNSET
    removed_on: date | UnsetType | None = UNSET


_CAM_FIELDS = CamInput.__struct_fields__
_ENGINE_FIELDS = EngineInput.__struct_fields__


def set_cam(actor: Actor, aircraft_id: int, wanted: CamInput) -> CamFacts:
    """Enter or correct the airframe's start values. Right: MAINTENANCE_EDIT. Raises `NotFound`, `Invalid`."""
    actor.require(Right.MAINTENANCE_EDIT, _DOING)
    problems = Problems()
    tidy = _tidy_cam(problems, wanted)
    problems.refuse()
    with transaction.atomic():
        registration = _locked(actor, aircraft_id)
        before = cam(actor.operator_id, aircraft_id)
        was, now = difference(before, tidy, _CAM_FIELDS)
        if now:
            rows = Cam.objects.filter(operator_id=actor.operator_id, id=aircraft_id)
            values = msgspec.structs.asdict(tidy)
            if not rows.update(**values):
                Cam.objects.create(operator_id=actor.operator_id, id=aircraft_id, **values)
            new = before.start_date is None
            _record(actor, "cam.changed", aircraft_id, registration, None if new else was, now)
    return cam(actor.operator_id, aircraft_id)


def add_engine(actor: Actor, aircraft_id: int, wanted: EngineInput) -> CamFacts:
    """Put an engine on the aircraft. Right: MAINTENANCE_EDIT. Raises `NotFound`, `Invalid`."""
    actor.require(Right.MAINTENANCE_EDIT, _DOING)
    with transaction.atomic():
        registration = _locked(actor, aircraft_id)
        engine_id = next_ids(1)[0]
        facts = EngineFacts(id=engine_id, aircraft_id=aircraft_id, **msgspec.structs.asdict(wanted))
        tidy = _tidy_engine(facts, cam(actor.operator_id, aircraft_id))
        Engine.objects.create(operator_id=actor.operator_id, **msgspec.structs.asdict(tidy))
        now = {field: plain(getattr(tidy, field)) for field in _ENGINE_FIELDS}
        _record(actor, "engine.added", aircraft_id, f"{registration} engine {tidy.position}", None, now)
    return cam(actor.operator_id, aircraft_id)


def change_engine(actor: Actor, engine_id: int, edit: EngineEdit) -> CamFacts:
    """Correct an engine's values, or take it off the wing. Right: MAINTENANCE_EDIT. Raises `NotFound`, `Invalid`."""
    actor.require(Right.MAINTENANCE_EDIT, _DOING)
    with transaction.atomic():
        before = engine(actor.operator_id, engine_id)
        registration = _locked(actor, before.aircraft_id)
        given = {name: value for name in edit.__struct_fields__ if (value := getattr(edit, name)) is not UNSET}
        after = _tidy_engine(msgspec.structs.replace(before, **given), cam(actor.operator_id, before.aircraft_id))
        was, now = difference(before, after, _ENGINE_FIELDS)
        if now:
            rows = Engine.objects.filter(operator_id=actor.operator_id, id=engine_id)
            rows.update(**{field: getattr(after, field) for field in now})
            _record(actor, "engine.changed", after.aircraft_id, f"{registration} engine {after.position}", was, now)
    return cam(actor.operator_id, before.aircraft_id)


def drop_engine(actor: Actor, engine_id: int) -> CamFacts:
    """Take back an engine that was entered by mistake: it never was there. Right: MAINTENANCE_EDIT."""
    actor.require(Right.MAINTENANCE_EDIT, _DOING)
    with transaction.atomic():
        before = engine(actor.operator_id, engine_id)
        registration = _locked(actor, before.aircraft_id)
        Engine.objects.filter(operator_id=actor.operator_id, id=engine_id).delete()
        was = {field: plain(getattr(before, field)) for field in _ENGINE_FIELDS}
        _record(actor, "engine.dropped", before.aircraft_id, f"{registration} engine {before.position}", was, None)
    return cam(actor.operator_id, before.aircraft_id)


def _locked(actor: Actor, aircraft_id: int) -> str:
    """The aircraft's registration; its start values are held until the transaction ends."""
    rows = Aircraft.objects.select_for_update(no_key=True)
    row = rows.filter(operator_id=actor.operator_id, id=aircraft_id).first()
    if row is None:
        raise NotFound("This aircraft")
    return row.registration


def _tidy_cam(problems: Problems, wanted: CamInput) -> CamInput:
    return msgspec.structs.replace(
        wanted,
        start_date=_day(problems, "start_date", wanted.start_date),
        start_minutes=checks.whole(problems, "start_minutes", wanted.start_minutes, 0, MOST_MINUTES),
        start_cycles=checks.whole(problems, "start_cycles", wanted.start_cycles, 0, MOST_CYCLES),
        counts=checks.word(problems, "counts", wanted.counts, Counts).value,
        cycles=checks.word(problems, "cycles", wanted.cycles, Cycles).value,
    )


def _tidy_engine(facts: EngineFacts, known: CamFacts) -> EngineFacts:
    problems = Problems()
    tidy = msgspec.structs.replace(
        facts,
        position=checks.whole(problems, "position", facts.position, 1, MOST_ENGINES),
        serial=checks.text(problems, "serial", facts.serial, longest=30, needed=True),
        start_date=_day(problems, "start_date", facts.start_date),
        start_minutes=checks.whole(problems, "start_minutes", facts.start_minutes, 0, MOST_MINUTES),
        start_cycles=checks.whole(problems, "start_cycles", facts.start_cycles, 0, MOST_CYCLES),
        removed_on=None if facts.removed_on is None else _day(problems, "removed_on", facts.removed_on),
    )
    if known.start_date is None:
        problems.add("start_date", "The airframe has no start values yet. Enter those first.")
    if tidy.removed_on is not None and tidy.removed_on < tidy.start_date:
        problems.add("removed_on", f"It comes off before it is on, {tidy.start_date:%d %b %Y}. Correct one of the two.")
    for other in known.engines:
        if tidy.removed_on is None and other.id != tidy.id and other.removed_on is None:
            if other.position == tidy.position:
                problems.add("position", f"Engine {other.serial} is there. Take it off first, or choose another place.")
            if other.serial == tidy.serial:
                problems.add("serial", f"Engine {other.serial} is on this aircraft already, at {other.position}.")
    problems.refuse()
    return tidy


def _day(problems: Problems, field: str, value: date) -> date:
    if not checks.YEARS[0] <= value.year < checks.YEARS[1]:
        problems.add(field, f"Year {value.year} is out of range. Use a year from {checks.YEARS[0]} on.")
    return value


def _record(
    actor: Actor, kind: str, aircraft_id: int, title: str, was: dict[str, Any] | None, now: dict[str, Any] | None
) -> None:
    unit = Unit(UnitKind.AIRCRAFT, aircraft_id)
    record(actor, [NewChange(kind=kind, subject=unit, title=title, units=(unit,), before=was, after=now)])
