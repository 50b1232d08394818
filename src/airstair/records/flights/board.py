"""The board: what every aircraft does in a period, and what does not fit. Seven SQL statements, however many flights.

Shares its rows with the schedules that mirrors read, so that people and partners are shown the same times.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import connection

from airstair.kernel.errors import Invalid, Problems
from airstair.records import checks
from airstair.records.fleet.models import Aircraft
from airstair.records.fleet.snapshots import AircraftFacts
from airstair.records.flights import schedules
from airstair.records.flights.facts import Board
from airstair.records.flights.models import Trip
from airstair.records.flights.rules import (
    FURTHEST_FROM_SCHEDULE,
    ScheduleWarning,
    Status,
    marketing_warnings,
    schedule_warnings,
)
from airstair.records.flights.snapshots import Activity

_AIRCRAFT_FIELDS = AircraftFacts.__struct_fields__
_FLIGHTS = f"""
SELECT {schedules.FLIGHT_COLUMNS} FROM flights_flight f {schedules.FLIGHT_TABLES}
 WHERE f.operator_id = %s AND f.aircraft_id = ANY(%s) AND f.sta >= %s AND f.std < %s AND NOT f.deleted
"""  # noqa: S608
_EVENTS = f"""
SELECT {schedules.EVENT_COLUMNS} FROM flights_event v
 WHERE v.operator_id = %s AND v.aircraft_id = ANY(%s) AND v."end" >= %s AND v.start < %s AND NOT v.deleted
"""  # noqa: S608
# The neighbours on either side: an aircraft left elsewhere the day before is a break today.
_NEIGHBOUR_FLIGHTS = f"""
SELECT {schedules.FLIGHT_COLUMNS}
  FROM unnest(%(aircraft)s::bigint[]) AS wanted(aircraft_id)
 CROSS JOIN LATERAL (
       (SELECT * FROM flights_flight
         WHERE operator_id = %(operator)s AND aircraft_id = wanted.aircraft_id AND sta < %(start)s
           AND status = 'CONFIRMED' AND NOT deleted
         ORDER BY sta DESC LIMIT 1)
       UNION ALL
       (SELECT * FROM flights_flight
         WHERE operator_id = %(operator)s AND aircraft_id = wanted.aircraft_id AND std >= %(end)s
           AND status = 'CONFIRMED' AND NOT deleted
         ORDER BY std LIMIT 1)) f
{schedules.FLIGHT_TABLES}
"""  # noqa: S608
_NEIGHBOUR_EVENTS = f"""
SELECT {schedules.EVENT_COLUMNS}
  FROM unnest(%(aircraft)s::bigint[]) AS wanted(aircraft_id)
 CROSS JOIN LATERAL (
       (SELECT * FROM flights_event
         WHERE operator_id = %(operator)s AND aircraft_id = wanted.aircraft_id AND "end" < %(start)s AND NOT deleted
         ORDER BY "end" DESC LIMIT 1)
       UNION ALL
       (SELECT * FROM flights_event
         WHERE operator_id = %(operator)s AND aircraft_id = wanted.aircraft_id AND start >= %(end)s AND NOT deleted
         ORDER BY start LIMIT 1)) v
"""  # noqa: S608


def board(
    operator_id: int,
    start: datetime,
    end: datetime,
    *,
    aircraft_ids: Collection[int] | None = None,
    statuses: Collection[str] | None = None,
    text: str = "",
) -> Board:
    """What every aircraft does from `start` to `end` (aware), with overlaps and breaks. Seven statements.

    `aircraft_ids` is what the reader may see, or has chosen; `None` is the active fleet, and retired aircraft that
    fly in the period. `statuses` and `text` (flight or trip number, registration, airport, client, title) narrow
    what is shown, not what is warned of. Cancelled flights are there, deleted ones are not. Raises `Invalid` for a
    period that ends before it starts, or a time without a zone.
    """
    problems = Problems()
    for field, when in (("start", start), ("end", end)):
        checks.moment(problems, field, when)
    problems.refuse()
    if end <= start:
        raise Invalid.one("end", "The period ends before it starts. Choose a later end.")
    fleet = _fleet(operator_id, aircraft_ids)
    within, around = _activities(operator_id, [one.id for one in fleet], start, end)
    warnings = {one.id: _warnings(within[one.id], around[one.id]) for one in fleet}
    clients = _clients(operator_id, {a.trip_id for activities in within.values() for a in activities})
    wanted = None if statuses is None else frozenset(statuses)
    typed = text.strip().lower()
    shown = {
        one.id: tuple(
            activity
            for activity in within[one.id]
            if (wanted is None or activity.status in wanted) and (not typed or typed in _words(activity, one, clients))
        )
        for one in fleet
    }
    kept = tuple(one for one in fleet if shown[one.id] or (one.active and not typed))
    return Board(
        start=start,
        end=end,
        aircraft=kept,
        activities={one.id: shown[one.id] for one in kept},
        warnings={one.id: warnings[one.id] for one in kept if warnings[one.id]},
    )


def _fleet(operator_id: int, aircraft_ids: Collection[int] | None) -> list[AircraftFacts]:
    rows = Aircraft.objects.filter(operator_id=operator_id)
    if aircraft_ids is not None:
        rows = rows.filter(id__in=list(aircraft_ids))
    return [AircraftFacts(**row) for row in rows.order_by("registration").values(*_AIRCRAFT_FIELDS)]


def _activities(
    operator_id: int, aircraft_ids: Sequence[int], start: datetime, end: datetime
) -> tuple[dict[int, list[Activity]], dict[int, list[Activity]]]:
    """Each aircraft's activities in the period, in order of start; and those near it that are not in it."""
    wanted = list(aircraft_ids)
    # Actual times differ from scheduled ones; a day's margin finds what was that late or early.
    early, late = start - FURTHEST_FROM_SCHEDULE, end + FURTHEST_FROM_SCHEDULE
    beyond: dict[str, Any] = {"operator": operator_id, "aircraft": wanted, "start": early, "end": late}
    with connection.cursor() as cursor:
        schedules.read_times_quickly(cursor)
        cursor.execute(_FLIGHTS, [operator_id, wanted, early, late])
        rows = cursor.fetchall()
        cursor.execute(schedules.SERVICES, [operator_id, [row[0] for row in rows]])
        services = schedules.services_by_flight(cursor.fetchall())
        found = [schedules.flight_activity(row, services.get(row[0], ())) for row in rows]
        cursor.execute(_EVENTS, [operator_id, wanted, early, late])
        found += [schedules.event_activity(row) for row in cursor.fetchall()]
        cursor.execute(_NEIGHBOUR_FLIGHTS, beyond)
        found += [schedules.flight_activity(row, ()) for row in cursor.fetchall()]
        cursor.execute(_NEIGHBOUR_EVENTS, beyond)
        found += [schedules.event_activity(row) for row in cursor.fetchall()]
    within: dict[int, list[Activity]] = {one: [] for one in wanted}
    around: dict[int, list[Activity]] = {one: [] for one in wanted}
    for activity in sorted(found, key=lambda a: (a.start, a.end, a.id)):
        in_period = activity.start < end and activity.end > start
        (within if in_period else around)[activity.aircraft_id].append(activity)
    return within, around


def _warnings(within: Iterable[Activity], around: Iterable[Activity]) -> tuple[ScheduleWarning, ...]:
    """What does not fit, where at least one of the two is in the period."""
    inside = {activity.key for activity in within}
    confirmed = [activity for activity in (*within, *around) if activity.moves_the_aircraft]
    offered = [a for a in (*within, *around) if a.empty_leg is not None and a.status is not Status.CANCELLED]
    found = (*schedule_warnings(confirmed), *marketing_warnings(offered))
    return tuple(warning for warning in found if not inside.isdisjoint((warning.first, warning.second)))


def _clients(operator_id: int, trip_ids: Collection[int]) -> dict[int, str]:
    return dict(Trip.objects.filter(operator_id=operator_id, id__in=trip_ids).values_list("id", "client"))


def _words(activity: Activity, aircraft: AircraftFacts, clients: Mapping[int, str]) -> str:
    """What the text filter looks in."""
    return " ".join(
        (
            activity.number,
            activity.trip_number,
            aircraft.registration,
            aircraft.registration.replace("-", ""),
            activity.start_airport,
            activity.end_airport,
            activity.title,
            clients.get(activity.trip_id, ""),
        )
    ).lower()
