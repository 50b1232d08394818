"""Hours and cycles of airframes and engines, counted from the journey log. Five SQL statements, however many aircraft.

Counted anew each time from the start values and every entry since, so that a correction of an old entry is in every
later total by itself; nothing here keeps a sum. Minutes stay whole; decimal hours are made at the edge, never added.

An aircraft counts in the air (T/O to LDG) or on blocks (BLOFF to BLON), as its start values say. An entry that lacks
one of the two times counts nothing yet and is named as missing. The APU's hours are read, never counted.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import msgspec
from django.db import connection
from django.db.backends.utils import CursorWrapper

from airstair.records.fleet.snapshots import AircraftFacts
from airstair.records.flights.rules import Book, Status
from airstair.records.flights.schedules import read_times_quickly

LAST_ENTRIES = 5


class Totals(msgspec.Struct, frozen=True, kw_only=True):
    """Time since new in whole minutes, and cycles since new."""

    minutes: int
    cycles: int

    @property
    def hours(self) -> Decimal:
        """Decimal hours as partners want them."""
        return decimal_hours(self.minutes)


class EngineTotals(msgspec.Struct, frozen=True, kw_only=True):
    """The totals of one engine since it was new."""

    engine_id: int
    position: int  # 1 is the leftmost
    serial: str
    minutes: int
    cycles: int
    removed_on: date | None = None  # it came off the wing that day; its totals stand still since

    @property
    def hours(self) -> Decimal:
        return decimal_hours(self.minutes)


class CountedEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One flight as the totals count it."""

    flight_id: int
    number: str
    adep: str
    ades: str
    start: datetime  # T/O or BLOFF, as the aircraft counts
    end: datetime  # LDG or BLON
    minutes: int
    cycles: int


class AircraftCounters(msgspec.Struct, frozen=True, kw_only=True):
    """What an aircraft and its engines have flown.

    `airframe` is None while nobody has entered the start values: the totals are then not known, and not zero.
    `as_of` is when the latest entry counted ended, or the start date. `missing` counts entries since the start date
    that lack a time and so are in no total.
    """

    aircraft: AircraftFacts
    start_date: date | None = None
    airframe: Totals | None = None
    engines: tuple[EngineTotals, ...] = ()  # those on the wing, by position
    removed_engines: tuple[EngineTotals, ...] = ()
    apu_hours: Decimal | None = None  # the latest reading in the journey log
    as_of: datetime | None = None
    last_entries: tuple[CountedEntry, ...] = ()  # the latest first
    missing: int = 0


class MonthTotals(msgspec.Struct, frozen=True, kw_only=True):
    """What the airframe flew in a month, and its totals at the end of it."""

    month: date  # its first day
    flights: int
    flown: Totals
    total: Totals


def decimal_hours(minutes: int) -> Decimal:
    """Minutes as hours with one decimal, as technical logs round: 03 is .0, 04 to 09 are .1, 58 is the next hour."""
    return Decimal((minutes + 2) // 6) / 10


_AIRCRAFT_COLUMNS = list(AircraftFacts.__struct_fields__)
_AIRCRAFT = f"""
SELECT {", ".join(f"a.{name}" for name in _AIRCRAFT_COLUMNS)}, c.start_date, c.start_minutes, c.start_cycles
  FROM fleet_aircraft a LEFT JOIN fleet_cam c ON (c.operator_id, c.id) = (a.operator_id, a.id)
 WHERE a.operator_id = %(operator)s AND a.id = ANY(%(aircraft)s)
"""  # noqa: S608
_ENGINES = """
SELECT e.aircraft_id, e.id, e.position, e.serial, e.start_minutes, e.start_cycles, e.removed_on
  FROM fleet_engine e
 WHERE e.operator_id = %(operator)s AND e.aircraft_id = ANY(%(aircraft)s)
 ORDER BY e.position, e.start_date, e.id
"""
# The entries of the journey log as totals count them, each on the UTC day on which it starts, as the start date is.
# One aircraft's history is read through the index of its flights.
_ENTRIES = f"""
SELECT f.operator_id, f.aircraft_id, f.id AS flight_id, f.number, f.adep, f.ades, f.sta,
       CASE WHEN c.counts = 'AIR' THEN b.take_off ELSE b.off_block END AS start,
       CASE WHEN c.counts = 'AIR' THEN b.landing ELSE b.on_block END AS "end",
       CASE WHEN c.cycles = 'LANDINGS' THEN coalesce(l.landings, 1) ELSE 1 END AS cycles,
       coalesce(b.off_block, b.take_off, f.std) AS left_at
  FROM fleet_cam c
  JOIN flights_flight f ON (f.operator_id, f.aircraft_id) = (c.operator_id, c.id)
  LEFT JOIN flights_block_times b
    ON (b.operator_id, b.flight_id, b.book) = (f.operator_id, f.id, '{Book.JOURNEY_LOG.value}')
  LEFT JOIN flights_journey_log l ON (l.operator_id, l.id) = (f.operator_id, f.id)
 WHERE c.operator_id = %(operator)s AND c.id = ANY(%(aircraft)s) AND (b.id IS NOT NULL OR l.id IS NOT NULL)
   AND f.status <> '{Status.CANCELLED.value}' AND NOT f.deleted
"""  # noqa: S608
_WHOLE = 'start IS NOT NULL AND "end" IS NOT NULL'
_DAYS = f"""
SELECT aircraft_id, (coalesce(start, left_at) AT TIME ZONE 'UTC')::date AS day,
       coalesce(sum(extract(epoch FROM "end" - start)::bigint / 60) FILTER (WHERE {_WHOLE}), 0)::bigint AS minutes,
       coalesce(sum(cycles) FILTER (WHERE {_WHOLE}), 0)::bigint AS cycles,
       count(*) FILTER (WHERE {_WHOLE}) AS flights,
       count(*) - count(*) FILTER (WHERE {_WHOLE}) AS missing,
       max("end") FILTER (WHERE {_WHOLE}) AS latest
  FROM ({_ENTRIES}) entries
 GROUP BY 1, 2
"""  # noqa: S608
# Airframes (engine 0) and engines, each from 00:00 of its own start date; an engine until the day it came off.
_TOTALS = f"""
WITH days AS MATERIALIZED ({_DAYS}), counted AS (
     SELECT id AS aircraft_id, 0 AS engine_id, start_date, NULL::date AS removed_on
       FROM fleet_cam WHERE operator_id = %(operator)s AND id = ANY(%(aircraft)s)
      UNION ALL
     SELECT aircraft_id, id, start_date, removed_on
       FROM fleet_engine WHERE operator_id = %(operator)s AND aircraft_id = ANY(%(aircraft)s))
SELECT aircraft_id, engine_id, sum(d.minutes)::bigint, sum(d.cycles)::bigint, sum(d.missing)::bigint, max(d.latest)
  FROM counted c JOIN days d USING (aircraft_id)
 WHERE d.day >= c.start_date AND (c.removed_on IS NULL OR d.day < c.removed_on)
 GROUP BY 1, 2
"""  # noqa: S608
_LAST_ENTRIES = f"""
SELECT e.aircraft_id, e.flight_id, e.number, e.adep, e.ades, e.start, e."end", e.cycles
  FROM fleet_cam k
 CROSS JOIN LATERAL (
       SELECT * FROM ({_ENTRIES}) entries
        WHERE {_WHOLE} AND aircraft_id = k.id AND (start AT TIME ZONE 'UTC')::date >= k.start_date
        ORDER BY sta DESC LIMIT {LAST_ENTRIES}) e
 WHERE k.operator_id = %(operator)s AND k.id = ANY(%(aircraft)s)
 ORDER BY e."end" DESC, e.flight_id
"""  # noqa: S608
_APU = f"""
SELECT wanted.aircraft_id, l.apu_hours
  FROM unnest(%(aircraft)s::bigint[]) AS wanted(aircraft_id)
 CROSS JOIN LATERAL (
       SELECT l.apu_hours FROM flights_flight f
         JOIN flights_journey_log l ON (l.operator_id, l.id) = (f.operator_id, f.id)
        WHERE f.operator_id = %(operator)s AND f.aircraft_id = wanted.aircraft_id
          AND f.status <> '{Status.CANCELLED.value}' AND NOT f.deleted AND l.apu_hours IS NOT NULL
        ORDER BY f.sta DESC LIMIT 1) l
"""  # noqa: S608
_MONTHS = f"""
SELECT date_trunc('month', d.day)::date, sum(d.flights)::bigint, sum(d.minutes)::bigint, sum(d.cycles)::bigint
  FROM ({_DAYS}) d JOIN fleet_cam c ON c.operator_id = %(operator)s AND c.id = d.aircraft_id
 WHERE d.day >= c.start_date
 GROUP BY 1 HAVING sum(d.flights) > 0 ORDER BY 1
"""  # noqa: S608


def airframe_counters(
    operator_id: int, aircraft_ids: Sequence[int], *, since: datetime
) -> Mapping[int, AircraftCounters]:
    """The totals of each aircraft as they stand now. Five SQL statements, however many aircraft and entries.

    `since` is of no use here: totals are of all entries from the start date on. Aircraft that are not the operator's
    are absent from the answer.
    """
    asked = {"operator": operator_id, "aircraft": list(aircraft_ids)}
    with connection.cursor() as cursor:
        read_times_quickly(cursor)
        rows = {name: _fetched(cursor, statement, asked) for name, statement in _STATEMENTS.items()}
    flown = {(aircraft_id, engine_id): tuple(sums) for aircraft_id, engine_id, *sums in rows["totals"]}
    engines = _engines(rows["engines"], flown)
    entries = _entries(rows["last"])
    apu = dict(rows["apu"])
    found = {}
    for *columns, start_date, start_minutes, start_cycles in rows["aircraft"]:
        facts = AircraftFacts(**dict(zip(_AIRCRAFT_COLUMNS, columns, strict=True)))
        counters = AircraftCounters(aircraft=facts, apu_hours=apu.get(facts.id))
        if start_date is not None:
            minutes, cycles, missing, latest = flown.get((facts.id, 0), (0, 0, 0, None))
            counters = msgspec.structs.replace(
                counters,
                start_date=start_date,
                airframe=Totals(minutes=start_minutes + minutes, cycles=start_cycles + cycles),
                engines=tuple(one for one in engines.get(facts.id, ()) if one.removed_on is None),
                removed_engines=tuple(one for one in engines.get(facts.id, ()) if one.removed_on is not None),
                as_of=latest or datetime.combine(start_date, time.min, UTC),
                last_entries=tuple(entries.get(facts.id, ())),
                missing=missing,
            )
        found[facts.id] = counters
    return found


def totals_by_month(operator_id: int, aircraft_id: int) -> tuple[MonthTotals, ...]:
    """What the airframe flew month by month since its start date, the earliest first. Two statements."""
    asked = {"operator": operator_id, "aircraft": [aircraft_id]}
    with connection.cursor() as cursor:
        start = _fetched(cursor, _AIRCRAFT, asked)
        months = _fetched(cursor, _MONTHS, asked)
    if not start or start[0][-3] is None:
        return ()
    minutes, cycles = start[0][-2:]
    found = []
    for month, flights, more_minutes, more_cycles in months:
        minutes, cycles = minutes + more_minutes, cycles + more_cycles
        flown = Totals(minutes=more_minutes, cycles=more_cycles)
        total = Totals(minutes=minutes, cycles=cycles)
        found.append(MonthTotals(month=month, flights=flights, flown=flown, total=total))
    return tuple(found)


_STATEMENTS = {"aircraft": _AIRCRAFT, "engines": _ENGINES, "totals": _TOTALS, "last": _LAST_ENTRIES, "apu": _APU}


def _fetched(cursor: CursorWrapper, statement: str, asked: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    cursor.execute(statement, asked)
    return list(cursor.fetchall())


def _engines(
    rows: Iterable[tuple[Any, ...]], flown: Mapping[tuple[int, int], tuple[Any, ...]]
) -> dict[int, list[EngineTotals]]:
    found: dict[int, list[EngineTotals]] = {}
    for aircraft_id, engine_id, position, serial, start_minutes, start_cycles, removed_on in rows:
        minutes, cycles = flown.get((aircraft_id, engine_id), (0, 0))[:2]
        found.setdefault(aircraft_id, []).append(
            EngineTotals(
                engine_id=engine_id,
                position=position,
                serial=serial,
                minutes=start_minutes + minutes,
                cycles=start_cycles + cycles,
                removed_on=removed_on,
            )
        )
    return found


def _entries(rows: Iterable[tuple[Any, ...]]) -> dict[int, list[CountedEntry]]:
    found: dict[int, list[CountedEntry]] = {}
    for aircraft_id, flight_id, number, adep, ades, start, end, cycles in rows:
        found.setdefault(aircraft_id, []).append(
            CountedEntry(
                flight_id=flight_id,
                number=number,
                adep=adep,
                ades=ades,
                start=start,
                end=end,
                minutes=(end - start) // timedelta(minutes=1),
                cycles=cycles,
            )
        )
    return found
