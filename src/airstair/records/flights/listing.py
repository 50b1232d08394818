"""Reading trips, flights and events page by page, in order of their ids: what comes and goes meanwhile moves no page.

Each reader says its number of SQL statements, however long the page is.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime

from airstair.records.flights.facts import EventFacts, FlightFacts, TripFacts
from airstair.records.flights.models import AircraftEvent, Flight, Trip
from airstair.records.flights.queries import flights
from airstair.records.flights.rules import EventKind, Status

_EVENT_FIELDS = EventFacts.__struct_fields__


def flight_ids_after(
    operator_id: int, after: int, limit: int, *, start: datetime | None, end: datetime | None,
    aircraft_id: int | None = None, status: str | None = None, aircraft_ids: Collection[int] | None = None,
) -> list[int]:  # fmt: skip
    """The next flights on the schedule in the window, cancelled ones too, deleted ones not. One statement."""
    rows = Flight.objects.filter(operator_id=operator_id, id__gt=after, deleted=False)
    rows = rows.filter(sta__gt=start) if start else rows
    rows = rows.filter(std__lt=end) if end else rows
    rows = rows.filter(aircraft_id=aircraft_id) if aircraft_id is not None else rows
    rows = rows.filter(status=status) if status is not None else rows
    rows = rows.filter(aircraft_id__in=list(aircraft_ids)) if aircraft_ids is not None else rows
    return list(rows.order_by("id").values_list("id", flat=True)[:limit])


def trip_ids_after(
    operator_id: int, after: int, limit: int, *, start: datetime | None, end: datetime | None,
    aircraft_ids: Collection[int] | None = None,
) -> list[int]:  # fmt: skip
    """The next trips; with a window those that have a flight in it, and with aircraft on one of them. One statement."""
    rows = Trip.objects.filter(operator_id=operator_id, id__gt=after)
    if start or end or aircraft_ids is not None:
        within = Flight.objects.filter(operator_id=operator_id, deleted=False)
        within = within.filter(sta__gt=start) if start else within
        within = within.filter(std__lt=end) if end else within
        within = within.filter(aircraft_id__in=list(aircraft_ids)) if aircraft_ids is not None else within
        rows = rows.filter(id__in=within.values("trip_id"))
    return list(rows.order_by("id").values_list("id", flat=True)[:limit])


def event_ids_after(
    operator_id: int, after: int, limit: int, *, start: datetime | None, end: datetime | None,
    aircraft_id: int | None = None, aircraft_ids: Collection[int] | None = None,
) -> list[int]:  # fmt: skip
    """The next events in the window, deleted ones not. One statement."""
    rows = AircraftEvent.objects.filter(operator_id=operator_id, id__gt=after, deleted=False)
    rows = rows.filter(end__gt=start) if start else rows
    rows = rows.filter(start__lt=end) if end else rows
    rows = rows.filter(aircraft_id=aircraft_id) if aircraft_id is not None else rows
    rows = rows.filter(aircraft_id__in=list(aircraft_ids)) if aircraft_ids is not None else rows
    return list(rows.order_by("id").values_list("id", flat=True)[:limit])


def trips(operator_id: int, trip_ids: Iterable[int]) -> list[TripFacts]:
    """The trips of these ids that there are, by id, with their flights. Nine statements."""
    wanted = list(trip_ids)
    rows = list(Trip.objects.filter(operator_id=operator_id, id__in=wanted).order_by("id"))
    of_them = Flight.objects.filter(operator_id=operator_id, trip_id__in=wanted, deleted=False)
    flown: dict[int, list[FlightFacts]] = {row.id: [] for row in rows}
    for facts in flights(operator_id, of_them.values_list("id", flat=True)):
        flown[facts.trip_id].append(facts)
    return [
        TripFacts(
            id=row.id,
            operator_id=row.operator_id,
            number=row.number,
            status=Status(row.status),
            client=row.client,
            notes=row.notes,
            booked_from=tuple(row.booked_from),
            flights=tuple(flown[row.id]),
        )
        for row in rows
    ]


def events(operator_id: int, event_ids: Iterable[int]) -> list[EventFacts]:
    """The events of these ids that there are, deleted or not, by id. One statement."""
    rows = AircraftEvent.objects.filter(operator_id=operator_id, id__in=list(event_ids)).order_by("id")
    return [
        EventFacts(**{field: getattr(row, field) for field in _EVENT_FIELDS} | {"kind": EventKind(row.kind)})
        for row in rows
    ]
