"""What every part stands on: a private PostgreSQL with the product's tables, and an operator with made-up flights.

The rows are made by SQL in one go, because making them by commands would take longer than measuring. Nothing that is
measured writes so.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from airstair.kernel.actor import Actor
from airstair.kernel.scope import all_operators
from airstair.running.cluster import DATABASE, SUPERUSER, Cluster
from airstair.running.ports import LOOPBACK
from benchmarks.processes import Failed, cpu_seconds, memory_mib


class Stage:
    """A database with default settings (every commit reaches the disk), and the environment that leads to it."""

    def __init__(self, cluster: Cluster, environ: dict[str, str]) -> None:
        self._cluster = cluster
        self.environ = environ

    @property
    def postgres(self) -> int:
        """The postmaster's process id."""
        pid = self._cluster.pid
        if pid is None:
            raise Failed("PostgreSQL has ended.")
        return pid

    @property
    def superuser_address(self) -> str:
        """For filling in sets: past foreign keys and past the wall between operators."""
        record = self._cluster.record
        if record is None:
            raise Failed("PostgreSQL has ended.")
        return f"postgresql://{SUPERUSER}:{record.superuser_password}@{LOOPBACK}:{record.port}/{DATABASE}"

    def postgres_cpu(self) -> float:
        return cpu_seconds(self.postgres)

    def postgres_memory(self) -> float:
        return memory_mib(self.postgres)

    def sql(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        """Run one statement; its rows, if it has any."""
        from django.db import connection

        with connection.cursor() as cursor:
            cursor.execute(statement, values or None)
            return cursor.fetchall() if cursor.description else []

    @property
    def version(self) -> str:
        return str(self.sql("SHOW server_version")[0][0]).split()[0]

    def settle(self) -> None:
        """Give the planner its statistics and tidy up, so that PostgreSQL does not begin to while we measure."""
        self.sql("VACUUM ANALYZE")


@contextlib.contextmanager
def temporary_folder() -> Iterator[Path]:
    """A folder that is gone afterwards; as root, PostgreSQL's own account can pass through it."""
    folder = Path(tempfile.mkdtemp(prefix="airstair-bench-"))
    folder.chmod(0o711)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def staged() -> Iterator[Stage]:
    """Start the database, bring it to this version, and make Django ready in this process."""
    with temporary_folder() as folder, Cluster(folder / "cluster") as cluster:
        environ = {
            "AIRSTAIR_HOME": str(folder / "home"),
            "AIRSTAIR_DATABASE_URL": cluster.url,
            "AIRSTAIR_SECRET_KEY": secrets.token_urlsafe(48),
            "AIRSTAIR_LOG": "WARNING",
            "DJANGO_SETTINGS_MODULE": "airstair.settings",
        }
        os.environ.update(environ)
        import django
        from django.core.management import call_command
        from django.db import connection

        django.setup()
        call_command("migrate", verbosity=0, interactive=False)
        try:
            with all_operators():
                yield Stage(cluster, environ)
        finally:
            connection.close()
            if pool := getattr(connection, "pool", None):
                pool.close()


def new_operator(code: str) -> Actor:
    """An operator, and whoever may do everything there."""
    from airstair.records.operators import queries
    from airstair.records.operators.commands import create_operator

    made = create_operator(code=code, name=f"{code} Air", admin_email=f"{code.lower()}@bench.example", admin_name="Ann")
    return queries.cli_actor(made.id)


_AIRCRAFT = """
INSERT INTO fleet_aircraft (operator_id, id, registration, icao_type, iata_type, model, serial_number, call_sign,
                            home_base, seats, owner, cruise_speed_kt, taxi_minutes, climb_minutes, range_nm, mx_set_up,
                            active)
SELECT %(operator)s, nextval('airstair_id'), 'B-' || lpad(n::text, 4, '0'), 'GLEX', '', '', '', '', 'EGGW', 12, '',
       470, 10, 10, 6000, '', true
  FROM generate_series(1, %(count)s) AS n
RETURNING id
"""
_RESERVED = "SELECT setval('airstair_id', nextval('airstair_id') + %(count)s) - %(count)s"
_TRIPS = """
INSERT INTO flights_trip (operator_id, id, number, status, client, notes, booked_from)
SELECT %(operator)s, %(trip)s + n, 'T' || %(trip)s + n, 'CONFIRMED', 'A client', '', '{}'
  FROM generate_series(0, %(count)s - 1) AS n
"""
# One flight every `step` hours of each aircraft, out and back in turn, so that the schedule has neither overlaps nor
# breaks.
_FLIGHTS = """
WITH planned AS (
    SELECT a.id AS aircraft, k, %(trip)s + (a.place - 1) * %(each)s + k AS trip,
           %(first)s::timestamptz + k * make_interval(hours => %(step)s) + (a.place %% 40) * interval '1 minute' AS std
      FROM unnest(%(aircraft)s::bigint[]) WITH ORDINALITY AS a(id, place), generate_series(0, %(each)s - 1) AS k
)
INSERT INTO flights_flight (operator_id, id, trip_id, aircraft_id, number, adep, ades, altn, altn2, std, sta, status,
                            flight_type, regulation, flight_rules, sales_type, ferry, pax_count, pax_by_category,
                            pax_list, crew, cargo_kg, catering_kg, notes, deleted)
SELECT %(operator)s, nextval('airstair_id'), trip, aircraft, 'BN' || (1000 + k %% 9000),
       CASE WHEN k %% 2 = 0 THEN 'EGGW' ELSE 'LFPB' END, CASE WHEN k %% 2 = 0 THEN 'LFPB' ELSE 'EGGW' END, 'EGLL',
       '', std, std + interval '70 minutes', 'CONFIRMED', 'COMMERCIAL', 'PART_CAT', 'I', 'PAX', k %% 5 = 4,
       CASE WHEN k %% 5 = 4 THEN 0 ELSE 4 END, '{}', '[]', '{}', 0, 0, '', false
  FROM planned
"""
_BLOCK_TIMES = """
INSERT INTO flights_block_times (operator_id, id, flight_id, book, off_block, take_off, landing, on_block, source,
                                 sources)
SELECT operator_id, nextval('airstair_id'), id, 'journey_log', std + interval '3 minutes', std + interval '12 minutes',
       sta - interval '6 minutes', sta + interval '2 minutes', 'A pilot', '{}'
  FROM flights_flight WHERE operator_id = %s AND sta < now() AND aircraft_id = ANY(%s)
    ON CONFLICT (operator_id, flight_id, book) DO NOTHING
"""
_EVENTS = """
INSERT INTO flights_event (operator_id, id, aircraft_id, kind, airport, start, "end", title, notes, deleted)
SELECT %(operator)s, nextval('airstair_id'), a.id, 'MAINTENANCE', 'EGGW',
       %(first)s::timestamptz + make_interval(days => k), %(first)s::timestamptz + make_interval(days => k + 2),
       'Check', '', false
  FROM unnest(%(aircraft)s::bigint[]) AS a(id), generate_series(0, (%(each)s - 1) * 10, 10) AS k
"""


def add_aircraft(stage: Stage, operator_id: int, count: int) -> list[int]:
    """So many aircraft; their ids."""
    return [row[0] for row in _run(stage, _AIRCRAFT, operator=operator_id, count=count)]


def add_flights(stage: Stage, operator_id: int, aircraft: list[int], *, each: int, first: Any, step: int) -> None:
    """`each` flights an aircraft from `first` on, `step` hours apart, and a trip for each flight."""
    count = len(aircraft) * each
    trip = _run(stage, _RESERVED, count=count)[0][0]
    _run(stage, _TRIPS, operator=operator_id, trip=trip, count=count)
    values = {"operator": operator_id, "aircraft": aircraft, "each": each, "first": first, "step": step}
    _run(stage, _FLIGHTS, **values, trip=trip)


def add_block_times(stage: Stage, operator_id: int, aircraft: list[int]) -> None:
    """The journey log of every flight that has ended and has none yet."""
    stage.sql(_BLOCK_TIMES, operator_id, aircraft)


def add_maintenance(stage: Stage, operator_id: int, aircraft: list[int], *, each: int, first: Any) -> None:
    """`each` maintenance events of two days an aircraft, ten days apart."""
    _run(stage, _EVENTS, operator=operator_id, aircraft=aircraft, each=each, first=first)


def _run(stage: Stage, statement: str, **values: Any) -> list[tuple[Any, ...]]:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchall() if cursor.description else []
