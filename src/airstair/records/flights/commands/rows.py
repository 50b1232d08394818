"""What several commands share: finding and locking rows of the actor's operator, and the changes about flights."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db import connection

from airstair.changes.record import NewChange, difference, plain
from airstair.kernel.actor import Actor
from airstair.kernel.errors import Conflict, NotFound
from airstair.kernel.units import Unit, UnitKind
from airstair.records.flights.commands.drafts import DRAFT_FIELDS, FlightDraft
from airstair.records.flights.facts import flight_title
from airstair.records.flights.models import EmptyLeg, Flight, Trip
from airstair.records.flights.rules import VERIFIED_FIELDS


def locked_trip(actor: Actor, trip_id: int) -> Trip:
    """The trip, held until the transaction ends. Raises `NotFound`."""
    row = Trip.objects.select_for_update(no_key=True).filter(operator_id=actor.operator_id, id=trip_id).first()
    if row is None:
        raise NotFound("This trip")
    return row


def locked_flight(actor: Actor, flight_id: int, *, deleted_too: bool = False) -> Flight:
    """The flight, held until the transaction ends. Raises `NotFound`; `Conflict` for one that was deleted."""
    row = Flight.objects.select_for_update(no_key=True).filter(operator_id=actor.operator_id, id=flight_id).first()
    if row is None:
        raise NotFound("This flight")
    if row.deleted and not deleted_too:
        raise Conflict(f"{flight_title(row)} has been deleted. Restore it first, then change it.")
    return row


def locked_empty_leg(actor: Actor, flight_id: int) -> EmptyLeg | None:
    """The offer that goes with a flight, held until the transaction ends. Lock the flight first."""
    return EmptyLeg.objects.select_for_update(no_key=True).filter(operator_id=actor.operator_id, id=flight_id).first()


def take_trip_numbers(operator_id: int, count: int) -> list[str]:
    """The next `count` trip numbers. Holds the operator's counter until the transaction ends; none is given twice.

    Numbers that somebody chose by hand are passed over. With a count of 0 the counter is only held.
    """
    numbers: list[str] = []
    while True:
        missing = count - len(numbers)
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE operators_operator SET trips_numbered = trips_numbered + %s WHERE id = %s"
                " RETURNING trip_prefix, trips_numbered",
                [missing, operator_id],
            )
            row = cursor.fetchone()
        if row is None:
            raise NotFound("The operator")
        if not missing:
            return numbers
        prefix, last = row
        fresh = [f"{prefix}{n:05d}" for n in range(last - missing + 1, last + 1)]
        taken = set(Trip.objects.filter(operator_id=operator_id, number__in=fresh).values_list("number", flat=True))
        numbers += [number for number in fresh if number not in taken]


def units_of(flight_id: int, trip_id: int, aircraft: Iterable[int]) -> tuple[Unit, ...]:
    """Everything that a change of a flight touches: itself, its trip, and each aircraft before and after."""
    return (
        Unit(UnitKind.FLIGHT, flight_id),
        Unit(UnitKind.TRIP, trip_id),
        *(Unit(UnitKind.AIRCRAFT, aircraft_id) for aircraft_id in sorted(set(aircraft))),
    )


def about_flight(kind: str, row: Flight, before: dict[str, Any] | None, after: dict[str, Any] | None) -> NewChange:
    """A change of what belongs to a flight (its times, offer, services): the flight itself stays as `row` has it."""
    return NewChange(
        kind=kind,
        subject=Unit(UnitKind.FLIGHT, row.id),
        title=flight_title(row),
        units=units_of(row.id, row.trip_id, [row.aircraft_id]),
        before=before,
        after=after,
    )


def flight_created(flight_id: int, trip_id: int, draft: FlightDraft) -> NewChange:
    return NewChange(
        kind="flight.created",
        subject=Unit(UnitKind.FLIGHT, flight_id),
        title=flight_title(draft),
        units=units_of(flight_id, trip_id, [draft.aircraft_id]),
        after={"trip_id": trip_id, **{field: plain(getattr(draft, field)) for field in DRAFT_FIELDS}},
    )


def flight_changed(
    kind: str,
    flight_id: int,
    trip_id: int,
    before: FlightDraft,
    after: FlightDraft,
    more: tuple[dict[str, Any], dict[str, Any]] = ({}, {}),
) -> NewChange | None:
    """The change between two drafts, with `more` fields that are not in them; `None` when nothing differs."""
    was, now = difference(before, after, DRAFT_FIELDS)
    was, now = {**was, **more[0]}, {**now, **more[1]}
    if not now:
        return None
    return NewChange(
        kind=kind,
        subject=Unit(UnitKind.FLIGHT, flight_id),
        title=flight_title(after),
        units=units_of(flight_id, trip_id, [before.aircraft_id, after.aircraft_id]),
        before=was,
        after=now,
    )


def verification_lapses(leg: EmptyLeg | None, changed: Iterable[str]) -> bool:
    """Whether a person's word on an empty leg no longer stands after these fields changed."""
    return leg is not None and leg.verified_at is not None and not VERIFIED_FIELDS.isdisjoint(changed)


def lapsed(leg: EmptyLeg) -> tuple[dict[str, Any], dict[str, Any]]:
    """The end of a verification as the audit trail keeps it."""
    return {"empty_leg.verified_by": leg.verified_by_name}, {"empty_leg.verified_by": None}


UNVERIFIED: dict[str, Any] = {"verified_by": None, "verified_by_name": "", "verified_at": None}
