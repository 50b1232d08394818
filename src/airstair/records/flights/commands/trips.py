"""Making and changing trips."""

from __future__ import annotations

from typing import Any

import msgspec
from django.db import transaction

from airstair.changes.keys import next_ids
from airstair.changes.record import NewChange, difference, plain, record
from airstair.kernel.actor import Actor
from airstair.kernel.errors import Invalid, Problems
from airstair.kernel.units import Unit, UnitKind
from airstair.records import checks
from airstair.records.flights.commands.drafts import FlightDraft, Surroundings, draft_of, tidy_flight, values_of
from airstair.records.flights.commands.inputs import TripEdit, TripInput, given
from airstair.records.flights.commands.rows import (
    flight_changed,
    flight_created,
    locked_flight,
    locked_trip,
    take_trip_numbers,
    units_of,
)
from airstair.records.flights.facts import TripFacts, flight_title
from airstair.records.flights.models import Flight, Trip
from airstair.records.flights.queries import trip
from airstair.records.flights.rules import Status
from airstair.records.operators.rules import Right

_FIELDS = ("number", "status", "client", "notes", "booked_from")


def create_trip(actor: Actor, wanted: TripInput) -> TripFacts:
    """Make a trip with its flights. Right: SCHEDULE_EDIT. Raises `Invalid`.

    A problem's field is `flights.0.adep` when it is about the first flight's departure airport.
    """
    actor.require(Right.SCHEDULE_EDIT, "create trips")
    problems = Problems()
    tidy = _tidy(problems, wanted)
    status = checks.word(problems, "status", wanted.status, Status).value
    number = checks.pattern(
        problems, "number", wanted.number, r"[A-Z0-9/-]{1,20}", "Use up to twenty letters and digits."
    )
    drafts = _drafts(problems, actor.operator_id, wanted, status)
    problems.refuse()
    with transaction.atomic():
        # Also holds the counter for a number chosen by hand, so that nobody is given that one meanwhile.
        fresh = take_trip_numbers(actor.operator_id, 0 if number else 1)
        if number and Trip.objects.filter(operator_id=actor.operator_id, number=number).exists():
            raise Invalid.one("number", f"There is already a trip {number}. Choose another number, or leave it empty.")
        trip_id, *flight_ids = next_ids(1 + len(drafts))
        row = Trip(operator_id=actor.operator_id, id=trip_id, number=number or fresh[0], status=status, **tidy)
        row.save(force_insert=True)
        flights = list(zip(flight_ids, drafts, strict=True))
        Flight.objects.bulk_create(
            Flight(operator_id=actor.operator_id, id=flight_id, trip_id=trip_id, **msgspec.structs.asdict(draft))
            for flight_id, draft in flights
        )
        after = {field: plain(getattr(row, field)) for field in _FIELDS}
        touched = [(flight_id, draft.aircraft_id) for flight_id, draft in flights]
        record(
            actor,
            [
                _change("trip.created", row, touched, None, after),
                *(flight_created(flight_id, trip_id, draft) for flight_id, draft in flights),
            ],
        )
    return trip(actor.operator_id, trip_id)


def change_trip(actor: Actor, trip_id: int, edit: TripEdit) -> TripFacts:
    """Change client, notes or origin of a trip. Right: SCHEDULE_EDIT. Raises `NotFound`, `Invalid`."""
    actor.require(Right.SCHEDULE_EDIT, "change trips")
    with transaction.atomic():
        row = locked_trip(actor, trip_id)
        before = TripInput(client=row.client, notes=row.notes, booked_from=tuple(row.booked_from))
        problems = Problems()
        tidy = _tidy(problems, msgspec.structs.replace(before, **given(edit)))
        problems.refuse()
        after = msgspec.structs.replace(before, **{**tidy, "booked_from": tuple(tidy["booked_from"])})
        was, now = difference(before, after, ("client", "notes", "booked_from"))
        if now:
            Trip.objects.filter(operator_id=actor.operator_id, id=trip_id).update(**{f: tidy[f] for f in now})
            record(actor, [_change("trip.changed", row, _touched(row), was, now)])
    return trip(actor.operator_id, trip_id)


def set_trip_status(actor: Actor, trip_id: int, status: str) -> TripFacts:
    """Set the status of a trip and of all its flights that are not cancelled. Right: SCHEDULE_EDIT.

    A cancelled flight stays cancelled: which of them fly again is said one by one, with `restore_flight`.
    """
    actor.require(Right.SCHEDULE_EDIT, "change a trip's status")
    problems = Problems()
    wanted = checks.word(problems, "status", status, Status).value
    problems.refuse()
    with transaction.atomic():
        row = locked_trip(actor, trip_id)
        flights = Flight.objects.select_for_update(no_key=True).filter(operator_id=actor.operator_id, trip_id=trip_id)
        moving = list(flights.exclude(status__in=[Status.CANCELLED.value, wanted]).order_by("id"))
        changes = []
        if row.status != wanted:
            changes.append(_change("trip.changed", row, _touched(row), {"status": row.status}, {"status": wanted}))
            Trip.objects.filter(operator_id=actor.operator_id, id=trip_id).update(status=wanted)
        for flight in moving:
            before = draft_of(flight)
            kind = "flight.cancelled" if wanted == Status.CANCELLED else "flight.changed"
            change = flight_changed(kind, flight.id, trip_id, before, msgspec.structs.replace(before, status=wanted))
            changes += [change] if change else []
        Flight.objects.filter(operator_id=actor.operator_id, id__in=[f.id for f in moving]).update(status=wanted)
        record(actor, changes)
    return trip(actor.operator_id, trip_id)


def move_flight(actor: Actor, flight_id: int, trip_id: int) -> TripFacts:
    """Make a flight one of another trip; nothing else about it changes. Right: SCHEDULE_EDIT. Returns that trip.

    The trip that it leaves stays, also without flights. Moving it to where it is changes nothing. Raises `NotFound`,
    `Conflict` for a flight that was deleted.
    """
    actor.require(Right.SCHEDULE_EDIT, "move flights to another trip")
    with transaction.atomic():
        there = locked_trip(actor, trip_id)  # before the flight, as in `set_trip_status`
        row = locked_flight(actor, flight_id)
        if row.trip_id != there.id:
            here = Trip.objects.get(operator_id=actor.operator_id, id=row.trip_id)
            Flight.objects.filter(operator_id=actor.operator_id, id=row.id).update(trip_id=there.id)
            record(actor, [_moved(row, here, there)])
    return trip(actor.operator_id, trip_id)


def _moved(row: Flight, here: Trip, there: Trip) -> NewChange:
    """It touches both trips. The numbers are for people, the ids for programs."""
    return NewChange(
        kind="flight.changed",
        subject=Unit(UnitKind.FLIGHT, row.id),
        title=flight_title(row),
        units=(*units_of(row.id, there.id, [row.aircraft_id]), Unit(UnitKind.TRIP, here.id)),
        before={"trip_id": here.id, "trip_number": here.number},
        after={"trip_id": there.id, "trip_number": there.number},
    )


def _tidy(problems: Problems, wanted: TripInput) -> dict[str, Any]:
    requests = [checks.text(problems, "booked_from", r, longest=80, needed=True) for r in wanted.booked_from]
    return {
        "client": checks.text(problems, "client", wanted.client, longest=120),
        "notes": checks.text(problems, "notes", wanted.notes, longest=checks.LONGEST_NOTE),
        "booked_from": list(dict.fromkeys(requests)),
    }


def _drafts(problems: Problems, operator_id: int, wanted: TripInput, status: str) -> list[FlightDraft]:
    """The trip's flights in order of departure, looked at. Each problem's field starts with the flight's place."""
    if not wanted.flights:
        return []
    around, drafts = Surroundings.of(operator_id), []
    for at, flight in enumerate(wanted.flights):
        found = Problems()
        draft = tidy_flight(found, values_of(flight, status), around)
        checks.take(problems, Invalid(found.found), f"flights.{at}.")
        drafts += [draft] if draft else []
    return sorted(drafts, key=lambda draft: draft.std)


def _touched(row: Trip) -> list[tuple[int, int]]:
    """The trip's flights with their aircraft: what partners hold of them names the trip."""
    flights = Flight.objects.filter(operator_id=row.operator_id, trip_id=row.id, deleted=False)
    return list(flights.values_list("id", "aircraft_id"))


def _change(
    kind: str, row: Trip, touched: list[tuple[int, int]], before: dict[str, Any] | None, after: dict[str, Any]
) -> NewChange:
    subject = Unit(UnitKind.TRIP, row.id)
    flights = (Unit(UnitKind.FLIGHT, flight_id) for flight_id, _ in touched)
    aircraft = (Unit(UnitKind.AIRCRAFT, aircraft_id) for _, aircraft_id in touched)
    title = f"{row.number} {row.client}".strip()
    return NewChange(
        kind=kind, subject=subject, title=title, units=(subject, *flights, *aircraft), before=before, after=after
    )
