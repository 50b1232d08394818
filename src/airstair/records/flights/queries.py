"""Reading trips, flights, events and the board. Each reader says its number of SQL statements.

Readers that serve people take `aircraft_ids`, from `fleet.queries.visible_aircraft`: what flies on other aircraft is
then not found, as if it did not exist. `None` means all aircraft.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

from django.db.models import Max, QuerySet

from airstair.changes.models import Change
from airstair.changes.queries import ChangeRow
from airstair.kernel.errors import NotFound
from airstair.kernel.units import UnitKind
from airstair.records.fleet.models import Aircraft
from airstair.records.flights.board import board
from airstair.records.flights.bookrows import log_values, watch_values
from airstair.records.flights.books import LogValues, WatchValues
from airstair.records.flights.facts import BookTimes, EventFacts, FlightFacts, TripFacts
from airstair.records.flights.models import (
    AircraftEvent,
    BlockTimes,
    EmptyLeg,
    Flight,
    FlightService,
    FlightWatch,
    JourneyLog,
    Trip,
)
from airstair.records.flights.rules import LONGEST_FLIGHT, TIMES_IN_ORDER, EventKind, Status
from airstair.records.flights.schedules import aircraft_schedules
from airstair.records.flights.snapshots import EmptyLegOffer, ServiceOrder

__all__ = [
    "aircraft_schedules", "board", "event", "flight", "flight_history", "flights", "flights_in", "last_flight_id",
    "trip", "trip_by_number",
]  # fmt: skip

# Columns that are handed out as they are stored.
_PLAIN = frozenset(FlightFacts.__struct_fields__) & {field.name for field in Flight._meta.get_fields()}
_PLAIN_NAMES = tuple(sorted(_PLAIN - {"status", "pax_list"}))
_SERVICE_FIELDS = ServiceOrder.__struct_fields__


def flight(operator_id: int, flight_id: int, *, aircraft_ids: Collection[int] | None = None) -> FlightFacts:
    """One flight with everything that belongs to it, deleted or not. Nine statements. Raises `NotFound`."""
    rows = _visible(Flight.objects.filter(operator_id=operator_id, id=flight_id), aircraft_ids)
    for found in _facts(operator_id, rows):
        return found
    raise NotFound("This flight")


def flights(
    operator_id: int, flight_ids: Iterable[int], *, aircraft_ids: Collection[int] | None = None
) -> list[FlightFacts]:
    """The flights of these ids that there are, by departure. Nine statements, however many."""
    rows = _visible(Flight.objects.filter(operator_id=operator_id, id__in=list(flight_ids)), aircraft_ids)
    return _facts(operator_id, rows)


def flights_in(
    operator_id: int,
    start: datetime,
    end: datetime,
    *,
    aircraft_ids: Collection[int] | None = None,
    limit: int = 1000,
) -> list[FlightFacts]:
    """The confirmed flights that are scheduled to be under way in the period, by departure. Nine statements."""
    rows = Flight.objects.filter(operator_id=operator_id, status=Status.CONFIRMED.value, deleted=False)
    # The second bound on the departure is what the index of days looks through.
    rows = rows.filter(std__lt=end, std__gt=start - LONGEST_FLIGHT, sta__gt=start)
    return _facts(operator_id, _visible(rows, aircraft_ids), limit)


def last_flight_id(
    operator_id: int,
    start: datetime,
    end: datetime,
    *,
    adep: str = "",
    ades: str = "",
    aircraft_ids: Collection[int] | None = None,
) -> int | None:
    """The confirmed flight that left an airport last, or with `ades` reached it last, by schedule. One statement.

    It leaves in the period and, where the arrival is asked about, arrives in it. Codes as the record has them.
    """
    time = "sta" if ades else "std"
    ends = {name: code for name, code in (("adep", adep), ("ades", ades)) if code}
    rows = Flight.objects.filter(operator_id=operator_id, status=Status.CONFIRMED.value, deleted=False, **ends)
    # Whichever time is asked about: departures are what the index of days looks through.
    rows = rows.filter(std__gte=start, std__lte=end).filter(**{f"{time}__lte": end})
    return _visible(rows, aircraft_ids).order_by(f"-{time}", "-id").values_list("id", flat=True).first()


def flight_history(operator_id: int, flight_ids: Iterable[int], limit: int) -> list[ChangeRow]:
    """What was written about these flights, the newest first, at most `limit` changes. One statement."""
    rows = Change.objects.filter(
        operator_id=operator_id, subject_kind=UnitKind.FLIGHT.value, subject_id__in=list(flight_ids)
    )
    found = rows.order_by("-seq").values(*ChangeRow.__struct_fields__)[:limit]
    return [ChangeRow(**{**row, "units": tuple(row["units"])}) for row in found]


def trip(operator_id: int, trip_id: int, *, aircraft_ids: Collection[int] | None = None) -> TripFacts:
    """One trip with its flights. Ten statements, however many flights. Raises `NotFound`.

    With `aircraft_ids`, a trip that has no flight on them is not found.
    """
    return _trip(Trip.objects.filter(operator_id=operator_id, id=trip_id), "This trip", aircraft_ids)


def trip_by_number(operator_id: int, number: str, *, aircraft_ids: Collection[int] | None = None) -> TripFacts:
    """As `trip`, by its number in any case."""
    rows = Trip.objects.filter(operator_id=operator_id, number=number.strip().upper().replace("\0", ""))
    return _trip(rows, f"Trip “{number}”", aircraft_ids)


def event(operator_id: int, event_id: int, *, aircraft_ids: Collection[int] | None = None) -> EventFacts:
    """One event, deleted or not. One statement. Raises `NotFound`."""
    rows = AircraftEvent.objects.filter(operator_id=operator_id, id=event_id)
    if aircraft_ids is not None:
        rows = rows.filter(aircraft_id__in=list(aircraft_ids))
    row = rows.first()
    if row is None:
        raise NotFound("This event")
    columns = {field: getattr(row, field) for field in EventFacts.__struct_fields__}
    return EventFacts(**{**columns, "kind": EventKind(row.kind)})


def _visible(rows: QuerySet[Flight], aircraft_ids: Collection[int] | None) -> QuerySet[Flight]:
    return rows if aircraft_ids is None else rows.filter(aircraft_id__in=list(aircraft_ids))


def _trip(rows: QuerySet[Trip], what: str, aircraft_ids: Collection[int] | None) -> TripFacts:
    row = rows.first()
    if row is None:
        raise NotFound(what)
    of_trip = Flight.objects.filter(operator_id=row.operator_id, trip_id=row.id, deleted=False)
    found = _facts(row.operator_id, _visible(of_trip, aircraft_ids))
    if aircraft_ids is not None and not found:
        raise NotFound(what)
    return TripFacts(
        id=row.id,
        operator_id=row.operator_id,
        number=row.number,
        status=Status(row.status),
        client=row.client,
        notes=row.notes,
        booked_from=tuple(row.booked_from),
        flights=tuple(found),
    )


def _facts(operator_id: int, rows: QuerySet[Flight], limit: int | None = None) -> list[FlightFacts]:
    """The whole picture of each flight, by departure. Nine statements."""
    found = list(rows.order_by("std", "id")[:limit])
    ids = [row.id for row in found]
    numbers = dict(
        Trip.objects.filter(operator_id=operator_id, id__in={row.trip_id for row in found}).values_list("id", "number")
    )
    fleet = Aircraft.objects.filter(operator_id=operator_id, id__in={row.aircraft_id for row in found})
    registrations = dict(fleet.values_list("id", "registration"))
    revisions = _revisions(operator_id, ids)
    times, offers, services = _times(operator_id, ids), _offers(operator_id, ids), _services(operator_id, ids)
    watch = {row.id: watch_values(row) for row in FlightWatch.objects.filter(operator_id=operator_id, id__in=ids)}
    log = {row.id: log_values(row) for row in JourneyLog.objects.filter(operator_id=operator_id, id__in=ids)}
    return [
        FlightFacts(
            **{name: getattr(row, name) for name in _PLAIN_NAMES},
            status=Status(row.status),
            pax_list=tuple(row.pax_list),
            trip_number=numbers[row.trip_id],
            registration=registrations[row.aircraft_id],
            revision=revisions.get(row.id, 0),
            times=times.get(row.id, {}),
            watch=watch.get(row.id, WatchValues()),
            log=log.get(row.id, LogValues()),
            empty_leg=offers.get(row.id),
            services=services.get(row.id, ()),
        )
        for row in found
    ]


def _revisions(operator_id: int, ids: list[int]) -> dict[int, int]:
    changes = Change.objects.filter(operator_id=operator_id, subject_kind=UnitKind.FLIGHT.value, subject_id__in=ids)
    return dict(changes.values("subject_id").annotate(last=Max("seq")).values_list("subject_id", "last"))


def _times(operator_id: int, ids: list[int]) -> dict[int, dict[str, BookTimes]]:
    found: dict[int, dict[str, BookTimes]] = {}
    for row in BlockTimes.objects.filter(operator_id=operator_id, flight_id__in=ids):
        times: dict[str, Any] = {name: getattr(row, name) for name in TIMES_IN_ORDER}
        found.setdefault(row.flight_id, {})[row.book] = BookTimes(
            book=row.book, source=row.source, sources=dict(row.sources), **times
        )
    return found


def _offers(operator_id: int, ids: list[int]) -> dict[int, EmptyLegOffer]:
    return {
        row.id: EmptyLegOffer(
            price=row.price,
            currency=row.currency,
            marketing_start=row.marketing_start,
            marketing_end=row.marketing_end,
            message=row.message,
            verified_by=row.verified_by_name,
            verified_at=row.verified_at,
        )
        for row in EmptyLeg.objects.filter(operator_id=operator_id, id__in=ids)
    }


def _services(operator_id: int, ids: list[int]) -> dict[int, tuple[ServiceOrder, ...]]:
    found: dict[int, list[ServiceOrder]] = {}
    for row in FlightService.objects.filter(operator_id=operator_id, flight_id__in=ids).order_by("id"):
        order = ServiceOrder(**{field: getattr(row, field) for field in _SERVICE_FIELDS})
        found.setdefault(row.flight_id, []).append(order)
    return {flight_id: tuple(orders) for flight_id, orders in found.items()}
