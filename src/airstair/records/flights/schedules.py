"""The schedules of many aircraft at once, as mirrors need them: five SQL statements, however many aircraft.

Written in SQL because this is the hub's hot path: a thousand aircraft with sixty activities each, every few
minutes. The cost follows what is in the window, not how much history there is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec
from django.db import connection
from django.db.backends.utils import CursorWrapper
from psycopg.types.datetime import TimestamptzLoader

from airstair.records.fleet.snapshots import AircraftFacts
from airstair.records.flights.rules import FURTHEST_FROM_SCHEDULE, Book, Status
from airstair.records.flights.snapshots import (
    Activity,
    ActivityKind,
    ActualTimes,
    AircraftSchedule,
    EmptyLegOffer,
    ServiceOrder,
)

_ROWS = 200  # read at once
_AIRCRAFT_COLUMNS = list(AircraftFacts.__struct_fields__)
_AIRCRAFT = f"SELECT {', '.join(_AIRCRAFT_COLUMNS)} FROM fleet_aircraft WHERE operator_id = %s AND id = ANY(%s)"  # noqa: S608

FLIGHT_COLUMNS = """
    f.id, f.aircraft_id, f.adep, f.ades, f.std, f.sta, f.status, f.number, f.trip_id, t.number, t.booked_from,
    f.flight_type, f.regulation, f.sales_type, f.ferry, f.pax_count, f.notes,
    e.id, e.price, e.currency, e.marketing_start, e.marketing_end, e.message, e.verified_by_name, e.verified_at,
    j.off_block, j.take_off, j.landing, j.on_block, j.source, j.sources,
    w.off_block, w.take_off, w.landing, w.on_block, w.source, w.sources
"""
# Looked up flight by flight: joined, the planner reads all the trips and times there ever were.
FLIGHT_TABLES = f"""
    CROSS JOIN LATERAL (
         SELECT * FROM flights_trip WHERE (operator_id, id) = (f.operator_id, f.trip_id) LIMIT 1) t
    LEFT JOIN LATERAL (
         SELECT * FROM flights_empty_leg WHERE (operator_id, id) = (f.operator_id, f.id) LIMIT 1) e ON true
    LEFT JOIN LATERAL (
         SELECT * FROM flights_block_times
          WHERE (operator_id, flight_id, book) = (f.operator_id, f.id, '{Book.JOURNEY_LOG.value}') LIMIT 1) j ON true
    LEFT JOIN LATERAL (
         SELECT * FROM flights_block_times
          WHERE (operator_id, flight_id, book) = (f.operator_id, f.id, '{Book.FLIGHT_WATCH.value}') LIMIT 1) w ON true
"""  # noqa: S608
# Aircraft by aircraft, not as the planner likes: it overestimates what is in the window, and would read whole tables.
_FLIGHTS = f"""
SELECT {FLIGHT_COLUMNS}
  FROM unnest(%s::bigint[]) AS wanted(aircraft_id)
 CROSS JOIN LATERAL (
       SELECT * FROM flights_flight
        WHERE operator_id = %s AND aircraft_id = wanted.aircraft_id AND sta >= %s AND NOT deleted
       OFFSET 0) f
{FLIGHT_TABLES}
"""  # noqa: S608
_LAST_FLIGHT = f"""
SELECT {FLIGHT_COLUMNS}
  FROM unnest(%s::bigint[]) AS wanted(aircraft_id)
 CROSS JOIN LATERAL (
       SELECT * FROM flights_flight
        WHERE operator_id = %s AND aircraft_id = wanted.aircraft_id AND sta < %s AND status = 'CONFIRMED'
        ORDER BY sta DESC LIMIT 1) f
{FLIGHT_TABLES}
"""  # noqa: S608
EVENT_COLUMNS = 'v.id, v.aircraft_id, v.kind, v.airport, v.start, v."end", v.title, v.notes'
_EVENTS = f"""
SELECT {EVENT_COLUMNS} FROM flights_event v
 WHERE v.operator_id = %(operator)s AND v.aircraft_id = ANY(%(aircraft)s) AND v."end" >= %(since)s AND NOT v.deleted
UNION ALL
SELECT {EVENT_COLUMNS}
  FROM unnest(%(aircraft)s::bigint[]) AS wanted(aircraft_id)
 CROSS JOIN LATERAL (
       SELECT * FROM flights_event
        WHERE operator_id = %(operator)s AND aircraft_id = wanted.aircraft_id AND "end" < %(since)s AND NOT deleted
        ORDER BY "end" DESC LIMIT 1) v
"""  # noqa: S608
SERVICES = """
SELECT s.flight_id, s.airport, s.kind, s.served, s.provider_id, s.provider_name, s.source, s.note
  FROM flights_service s
 WHERE s.operator_id = %s AND s.flight_id = ANY(%s)
 ORDER BY s.id
"""


def aircraft_schedules(
    operator_id: int, aircraft_ids: Sequence[int], *, since: datetime
) -> dict[int, AircraftSchedule]:
    """The schedule of each aircraft from `since` on, and the last confirmed activity that ended before it.

    Aircraft that are not the operator's are absent from the answer. Cancelled flights are in it, deleted ones are
    not. Five SQL statements.
    """
    wanted = list(aircraft_ids)
    with connection.cursor() as cursor:
        read_times_quickly(cursor)
        cursor.execute(_AIRCRAFT, [operator_id, wanted])
        facts = [AircraftFacts(**dict(zip(_AIRCRAFT_COLUMNS, row, strict=True))) for row in cursor.fetchall()]
        cursor.execute(_FLIGHTS, [wanted, operator_id, since - FURTHEST_FROM_SCHEDULE])
        rows = list(fetched(cursor))
        cursor.execute(SERVICES, [operator_id, [row[0] for row in rows]])
        services = services_by_flight(fetched(cursor))
        activities = [flight_activity(row, services.get(row[0], ())) for row in rows]
        cursor.execute(_LAST_FLIGHT, [wanted, operator_id, since - FURTHEST_FROM_SCHEDULE])
        activities += [flight_activity(row, ()) for row in fetched(cursor)]
        cursor.execute(_EVENTS, {"operator": operator_id, "aircraft": wanted, "since": since})
        activities += [event_activity(row) for row in fetched(cursor)]
    return _by_aircraft(operator_id, facts, activities, since)


def read_times_quickly(cursor: CursorWrapper) -> None:
    """Have this cursor's times read by psycopg's compiled loader; Django's own costs more than the rest of a row.

    The times are the same: aware, UTC, because every session's time zone is.
    """
    cursor.cursor.adapters.register_loader("timestamptz", TimestamptzLoader)


def fetched(cursor: CursorWrapper) -> Iterator[tuple[Any, ...]]:
    """The rows, some at a time: while the driver reads rows no other thread runs, and an import brings many."""
    while rows := cursor.fetchmany(_ROWS):
        yield from rows


def _by_aircraft(
    operator_id: int, facts: Iterable[AircraftFacts], activities: Iterable[Activity], since: datetime
) -> dict[int, AircraftSchedule]:
    within: dict[int, list[Activity]] = {}
    before: dict[int, Activity] = {}
    for activity in activities:
        if activity.end >= since:
            within.setdefault(activity.aircraft_id, []).append(activity)
        elif activity.moves_the_aircraft:
            known = before.get(activity.aircraft_id)
            if known is None or activity.end > known.end:
                before[activity.aircraft_id] = activity
    return {
        one.id: AircraftSchedule(
            operator_id=operator_id,
            aircraft=one,
            since=since,
            activities=tuple(sorted(within.get(one.id, ()), key=lambda a: (a.start, a.end, a.id))),
            last_before=before.get(one.id),
        )
        for one in facts
    }


def services_by_flight(rows: Iterable[tuple[Any, ...]]) -> dict[int, tuple[ServiceOrder, ...]]:
    grouped: dict[int, list[ServiceOrder]] = {}
    for flight_id, airport, kind, served, provider_id, provider_name, source, note in rows:
        grouped.setdefault(flight_id, []).append(
            ServiceOrder(
                airport=airport,
                kind=kind,
                served=served,
                provider_id=provider_id,
                provider_name=provider_name,
                source=source,
                note=note,
            )
        )
    return {flight_id: tuple(orders) for flight_id, orders in grouped.items()}


def flight_activity(row: tuple[Any, ...], services: tuple[ServiceOrder, ...]) -> Activity:
    (
        flight_id, aircraft_id, adep, ades, std, sta, status, number, trip_id, trip_number, booked_from,
        flight_type, regulation, sales_type, ferry, pax_count, notes,
    ) = row[:17]  # fmt: skip
    offer = None if row[17] is None else _offer(row[18:25])
    # Most flights are yet to be flown: nothing is built for what no book knows.
    logged = () if row[29] is None else (_actual(_JOURNEY_LOG, row[25:31]),)
    watched = () if row[35] is None else (_actual(_FLIGHT_WATCH, row[31:37]),)
    actual = logged + watched
    start, end = block_times(std, sta, actual) if actual else (std, sta)
    return Activity(
        id=flight_id,
        kind=ActivityKind.FLIGHT,
        aircraft_id=aircraft_id,
        start_airport=adep,
        end_airport=ades,
        start=start,
        end=end,
        scheduled_start=std,
        scheduled_end=sta,
        status=_STATUS[status],
        number=number,
        trip_id=trip_id,
        trip_number=trip_number,
        booked_from=tuple(booked_from) if booked_from else (),
        flight_type=flight_type,
        regulation=regulation,
        sales_type=sales_type,
        ferry=ferry,
        pax_count=pax_count,
        notes=notes,
        empty_leg=offer,
        services=services,
        actual=actual,
    )


_STATUS = {status.value: status for status in Status}


_JOURNEY_LOG, _FLIGHT_WATCH = Book.JOURNEY_LOG.value, Book.FLIGHT_WATCH.value


def _offer(columns: Sequence[Any]) -> EmptyLegOffer:
    price, currency, marketing_start, marketing_end, message, verified_by, verified_at = columns
    return EmptyLegOffer(
        price=price,
        currency=currency,
        marketing_start=marketing_start,
        marketing_end=marketing_end,
        message=message,
        verified_by=verified_by,
        verified_at=verified_at,
    )


def _actual(book: str, columns: Sequence[Any]) -> ActualTimes:
    off_block, take_off, landing, on_block, source, sources = columns
    return ActualTimes(
        book=book,
        off_block=off_block,
        take_off=take_off,
        landing=landing,
        on_block=on_block,
        source=source,
        sources=msgspec.json.decode(sources),
    )


def block_times(std: datetime, sta: datetime, actual: Iterable[ActualTimes]) -> tuple[datetime, datetime]:
    """Off and on blocks: actual where a book knows them (the journey log's come first), else scheduled.

    A flight that left so late that its scheduled arrival has passed is expected after its scheduled block time.
    """
    off = next((book.off_block for book in actual if book.off_block is not None), None)
    on = next((book.on_block for book in actual if book.on_block is not None), None)
    start = off or std
    if on is not None:
        return (start, on) if start < on else (min(std, on - timedelta(minutes=1)), on)
    return start, sta if sta > start else start + (sta - std)


_EVENT_KINDS = {kind.name: kind for kind in ActivityKind}


def event_activity(row: tuple[Any, ...]) -> Activity:
    event_id, aircraft_id, kind, airport, start, end, title, notes = row
    return Activity(
        id=event_id,
        kind=_EVENT_KINDS[kind],
        aircraft_id=aircraft_id,
        start_airport=airport,
        end_airport=airport,
        start=start,
        end=end,
        scheduled_start=start,
        scheduled_end=end,
        title=title,
        notes=notes,
    )
