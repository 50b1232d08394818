"""The world's business jets: operators with aircraft, flights, a connection each, and a ledger of five minutes ago.

Rows are made by SQL, in sets: a million and a half flights by commands would take a day. Nothing that is measured
writes so. Checks by foreign keys are left out while filling (as a restore leaves them out), and are made by reading.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import msgspec
import psycopg
from psycopg.types.json import Jsonb

from benchmarks.processes import Failed

Session = psycopg.Connection[tuple[Any, ...]]

MAINTENANCE = 2  # of each aircraft's activities
EVERY = timedelta(minutes=5)
_AT_ONCE = 50  # operators in one statement

_OPERATORS = """
INSERT INTO operators_operator (code, name, icao_code, iata_code, base_time_zone, trip_prefix, ops_email, sales_email,
                                phone, address, main_organisation, trips_numbered)
SELECT 'W' || n, 'World ' || n, '', '', 'UTC', 'T', '', '', '', '', '', 0 FROM generate_series(1, %(operators)s) AS n
RETURNING id
"""
_AIRCRAFT = """
INSERT INTO fleet_aircraft (operator_id, id, registration, icao_type, iata_type, model, serial_number, call_sign,
                            home_base, seats, owner, cruise_speed_kt, taxi_minutes, climb_minutes, range_nm, mx_set_up,
                            active)
SELECT o.id, nextval('airstair_id'), 'W-' || lpad(((o.place - 1) * %(each)s + n)::text, 5, '0'), 'GLEX', '', '', '', '',
       'EGGW', 12, '', 470, 10, 10, 6000, '', true
  FROM unnest(%(operators)s::bigint[]) WITH ORDINALITY AS o(id, place), generate_series(1, %(each)s) AS n
"""
# A flight a day of each aircraft, out and back in turn: neither overlaps nor breaks. A third lies in the past.
_FLIGHTS = """
WITH planned AS (
    SELECT a.operator_id AS operator, a.id AS aircraft, k, nextval('airstair_id') AS trip,
           %(first)s::timestamptz + k * interval '1 day' + (a.id %% 240) * interval '1 minute' AS std
      FROM fleet_aircraft a, generate_series(0, %(flights)s - 1) AS k
     WHERE a.operator_id = ANY(%(operators)s)
), trips AS (
    INSERT INTO flights_trip (operator_id, id, number, status, client, notes, booked_from)
    SELECT operator, trip, 'T' || trip, 'CONFIRMED', 'A client', '', '{}' FROM planned
), flights AS (
    INSERT INTO flights_flight (operator_id, id, trip_id, aircraft_id, number, adep, ades, altn, altn2, std, sta,
                                status, flight_type, regulation, flight_rules, sales_type, ferry, pax_count,
                                pax_by_category, pax_list, crew, cargo_kg, catering_kg, notes, deleted)
    SELECT operator, nextval('airstair_id'), trip, aircraft, 'BN' || (1000 + k %% 9000),
           CASE WHEN k %% 2 = 0 THEN 'EGGW' ELSE 'LFPB' END, CASE WHEN k %% 2 = 0 THEN 'LFPB' ELSE 'EGGW' END, 'EGLL',
           '', std, std + interval '70 minutes', 'CONFIRMED', 'COMMERCIAL', 'PART_CAT', 'I', 'PAX', k %% 5 = 4,
           CASE WHEN k %% 5 = 4 THEN 0 ELSE 4 END, '{}', '[]', '{}', 0, 0, '', false
      FROM planned
    RETURNING operator_id, id, std, sta
)
INSERT INTO flights_block_times (operator_id, id, flight_id, book, off_block, take_off, landing, on_block, source,
                                 sources)
SELECT operator_id, nextval('airstair_id'), id, 'journey_log', std + interval '3 minutes', std + interval '12 minutes',
       sta - interval '6 minutes', sta + interval '2 minutes', 'A pilot', '{}'
  FROM flights WHERE sta < now()
"""
_EVENTS = """
INSERT INTO flights_event (operator_id, id, aircraft_id, kind, airport, start, "end", title, notes, deleted)
SELECT a.operator_id, nextval('airstair_id'), a.id, 'MAINTENANCE', 'EGGW', at, at + interval '2 days', 'Check', '',
       false
  FROM fleet_aircraft a, generate_series(1, %(events)s) AS k,
       LATERAL (SELECT %(last)s::timestamptz + k * interval '10 days') AS begins(at)
 WHERE a.operator_id = ANY(%(operators)s)
"""
_CONNECTION = """
INSERT INTO hub_connection (operator_id, addon, name, is_default, "on", all_aircraft, settings, secrets, account,
                            check_problem)
VALUES (%s, %s, 'default', true, true, true, %s, %s, %s, '')
"""
# As if the workers had just been restarted: each aircraft's last call was at some time of the last interval.
_LEDGER = """
INSERT INTO hub_ledger (operator_id, connection_id, flow, unit, title, fingerprint, remote_id, last_attempt,
                        last_success, last_change, next_due, outcome, http_status, messages, warnings, sent, tries)
SELECT c.operator_id, c.id, 'schedule', 'aircraft:' || a.id, a.registration, '\\x00', '', due.at - %(every)s,
       due.at - %(every)s, due.at - %(every)s, due.at, 'accepted', 200, '[]', '[]', %(activities)s, 0
  FROM (SELECT *, row_number() OVER (ORDER BY id) - 1 AS place, count(*) OVER () AS of FROM hub_connection) c
  JOIN (SELECT *, row_number() OVER (PARTITION BY operator_id ORDER BY id) - 1 AS place,
               count(*) OVER (PARTITION BY operator_id) AS of FROM fleet_aircraft) a USING (operator_id)
 CROSS JOIN LATERAL (SELECT %(begin)s + %(every)s * CASE WHEN %(bunched)s THEN c.place::float8 / c.of
                            ELSE (a.place + c.place::float8 / c.of) / a.of END AS at) AS due
"""


class World(msgspec.Struct, frozen=True):
    """How much there is."""

    operators: int
    each: int  # aircraft of an operator
    activities: int

    @property
    def aircraft(self) -> int:
        return self.operators * self.each


def world_of(aircraft: int, activities: int) -> World:
    """Operators of fifty aircraft each; of fewer where there are few."""
    each = next(size for size in (50, 25, 10, 5, 1) if aircraft % size == 0 and aircraft // size >= 2)
    return World(aircraft // each, each, activities)


def fill(session: Session, world: World, now: datetime) -> list[int]:
    """Operators, aircraft, flights, block times and maintenance; the operators' ids. `session`: a superuser's."""
    flights = world.activities - MAINTENANCE
    first = now.replace(hour=4, minute=0, second=0, microsecond=0) - timedelta(days=min(20, flights // 3))
    values = {"first": first, "flights": flights, "last": first + timedelta(days=flights), "events": MAINTENANCE}
    session.execute("SET session_replication_role = replica")  # no foreign key is looked up
    session.execute("SET synchronous_commit = off")
    ids = [row[0] for row in session.execute(_OPERATORS, {"operators": world.operators}).fetchall()]
    session.execute(_AIRCRAFT, {"operators": ids, "each": world.each})
    for some in _chunks(ids):
        session.execute(_FLIGHTS, {**values, "operators": some})
        session.execute(_EVENTS, {**values, "operators": some})
    _check(session, world)
    return ids


def _chunks(ids: list[int]) -> Iterator[list[int]]:
    for start in range(0, len(ids), _AT_ONCE):
        yield ids[start : start + _AT_ONCE]


def _check(session: Session, world: World) -> None:
    """What no foreign key has looked at: every flight has its aircraft and its trip."""
    row = session.execute(
        "SELECT count(*) FROM flights_flight f JOIN fleet_aircraft a ON (a.operator_id, a.id) = (f.operator_id,"
        " f.aircraft_id) JOIN flights_trip t ON (t.operator_id, t.id) = (f.operator_id, f.trip_id)"
    ).fetchone()
    wanted = world.aircraft * (world.activities - MAINTENANCE)
    if row is None or row[0] != wanted:
        raise Failed(f"{row} flights are whole, not {wanted}.")


def connect(session: Session, operators: list[int], url: str) -> None:
    """Avinode, every five minutes, for every operator with a key of its own, so that each has its own budget."""
    from airstair.addons.avinode.addon import ADDON
    from airstair.hub.connections.queries import account_of
    from airstair.hub.connections.secrets import seal
    from airstair.hub.setting import read_settings

    rows = []
    for operator in operators:
        secrets = {"authorization_key": hashlib.sha256(b"%d" % operator).hexdigest(), "api_token": "a-token-of-ours"}
        given = {"environment": "sandbox", "base_url": f"{url}/avinode/api", "interval_minutes": 5, **secrets}
        typed = read_settings(ADDON.settings, given)
        stored = msgspec.json.decode(msgspec.json.encode(typed))
        settings = {name: value for name, value in stored.items() if name not in secrets}
        rows.append((operator, ADDON.key, Jsonb(settings), seal(operator, secrets), account_of(ADDON, typed)))
    with session.cursor() as cursor:
        cursor.executemany(_CONNECTION, rows)


def remember(session: Session, world: World, begin: datetime, *, bunched: bool) -> dict[str, float]:
    """A ledger by which every aircraft comes due in the five minutes from `begin` on; the due time of each.

    `bunched`: an operator's aircraft all at once, as they are after having been switched on together; else evenly.
    """
    session.execute(_LEDGER, {"begin": begin, "every": EVERY, "activities": world.activities, "bunched": bunched})
    return dict(session.execute("SELECT title, extract(epoch FROM next_due)::float8 FROM hub_ledger").fetchall())
