"""Reservations, maintenance and groundings: what occupies an aircraft beside flights."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec
from django.db import transaction

from airstair.changes.keys import next_ids
from airstair.changes.record import NewChange, difference, plain, record
from airstair.kernel.actor import Actor
from airstair.kernel.errors import Conflict, Invalid, NotFound, Problems
from airstair.kernel.units import Unit, UnitKind
from airstair.records import checks
from airstair.records.flights.commands.drafts import Surroundings
from airstair.records.flights.commands.inputs import EventEdit, EventInput, given
from airstair.records.flights.facts import EventFacts
from airstair.records.flights.models import AircraftEvent
from airstair.records.flights.queries import event
from airstair.records.flights.rules import LONGEST_EVENT, EventKind
from airstair.records.operators.rules import Right

_FIELDS = EventInput.__struct_fields__


def add_event(actor: Actor, wanted: EventInput) -> EventFacts:
    """Occupy an aircraft. Right: SCHEDULE_EDIT; MAINTENANCE_EDIT is enough for maintenance and groundings."""
    _require(actor, wanted.kind)
    tidy = _tidy(actor.operator_id, wanted, frozenset(_FIELDS))
    with transaction.atomic():
        event_id = next_ids(1)[0]
        values = msgspec.structs.asdict(tidy)
        AircraftEvent.objects.create(operator_id=actor.operator_id, id=event_id, **values)
        after = {field: plain(value) for field, value in values.items()}
        record(actor, [_change("event.created", event_id, tidy, None, after)])
    return event(actor.operator_id, event_id)


def change_event(actor: Actor, event_id: int, edit: EventEdit) -> EventFacts:
    """Change an event. Rights as for `add_event`, for the kind that it is and the kind that it becomes."""
    _require(actor, EventKind.MAINTENANCE)
    with transaction.atomic():
        row = _locked(actor, event_id)
        if row.deleted:
            raise Conflict("This event has been deleted meanwhile. Add a new one.")
        before = _input_of(row)
        _require(actor, before.kind)
        wanted = msgspec.structs.replace(before, **given(edit))
        _require(actor, wanted.kind)
        touched = frozenset(f for f in _FIELDS if getattr(wanted, f) != getattr(before, f))
        after = _tidy(actor.operator_id, wanted, touched)
        was, now = difference(before, after, _FIELDS)
        if now:
            rows = AircraftEvent.objects.filter(operator_id=actor.operator_id, id=event_id)
            rows.update(**{field: getattr(after, field) for field in now})
            record(actor, [_change("event.changed", event_id, after, was, now, before.aircraft_id)])
    return event(actor.operator_id, event_id)


def delete_event(actor: Actor, event_id: int) -> None:
    """Take an event off the schedule; the trail keeps it. Rights as for `add_event`. Again changes nothing."""
    _require(actor, EventKind.MAINTENANCE)
    with transaction.atomic():
        row = _locked(actor, event_id)
        before = _input_of(row)
        _require(actor, before.kind)
        if not row.deleted:
            AircraftEvent.objects.filter(operator_id=actor.operator_id, id=event_id).update(deleted=True)
            was = {field: plain(getattr(before, field)) for field in _FIELDS}
            record(actor, [_change("event.deleted", event_id, before, was, None)])


def _require(actor: Actor, kind: str) -> None:
    if kind in (EventKind.MAINTENANCE, EventKind.AOG) and actor.may(Right.MAINTENANCE_EDIT):
        return
    actor.require(Right.SCHEDULE_EDIT, "change what occupies an aircraft")


def _locked(actor: Actor, event_id: int) -> AircraftEvent:
    rows = AircraftEvent.objects.select_for_update(no_key=True)
    row = rows.filter(operator_id=actor.operator_id, id=event_id).first()
    if row is None:
        raise NotFound("This event")
    return row


def _input_of(row: AircraftEvent) -> EventInput:
    return EventInput(**{field: getattr(row, field) for field in _FIELDS})


def _tidy(operator_id: int, wanted: EventInput, changed: frozenset[str]) -> EventInput:
    problems = Problems()
    around = Surroundings.of(operator_id)
    found = around.aircraft.get(wanted.aircraft_id)
    if found is None:
        problems.add("aircraft_id", "There is no such aircraft in the fleet. Choose one, or add it under Fleet.")
    airport = wanted.airport
    if "airport" in changed:
        try:
            airport = around.places.resolve(wanted.airport, "airport").code
        except Invalid as refusal:
            checks.take(problems, refusal)
    start, end = checks.moment(problems, "start", wanted.start), checks.moment(problems, "end", wanted.end)
    _check_span(problems, start, end)
    tidy = msgspec.structs.replace(
        wanted,
        kind=checks.word(problems, "kind", wanted.kind, EventKind).value,
        airport=airport,
        start=start or wanted.start,
        end=end or wanted.end,
        title=checks.text(problems, "title", wanted.title, longest=120),
        notes=checks.text(problems, "notes", wanted.notes, longest=checks.LONGEST_NOTE),
    )
    problems.refuse()
    return tidy


def _check_span(problems: Problems, start: datetime | None, end: datetime | None) -> None:
    if start is None or end is None:
        return
    if end <= start:
        problems.add("end", f"It ends {end:%d %b %H:%M}Z, not after its start {start:%d %b %H:%M}Z. Correct one.")
    elif end - start > LONGEST_EVENT:
        problems.add("end", "It lasts longer than two years. Correct the end; check the year.")


def _change(
    kind: str,
    event_id: int,
    event: EventInput,
    before: dict[str, Any] | None,
    after: dict[str, Any] | None,
    aircraft_before: int | None = None,
) -> NewChange:
    """The subject is the aircraft that is occupied; `event_id` tells its events apart."""
    aircraft = Unit(UnitKind.AIRCRAFT, event.aircraft_id)
    was = Unit(UnitKind.AIRCRAFT, aircraft_before or event.aircraft_id)
    named = {"event_id": event_id}
    return NewChange(
        kind=kind,
        subject=aircraft,
        title=f"{event.kind} {event.title} at {event.airport} {event.start:%d %b %Y}".replace("  ", " "),
        units=(aircraft, was),
        before=None if before is None else named | before,
        after=None if after is None else named | after,
    )
