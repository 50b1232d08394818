"""What the wall must not cost: an index that the hot statements live by.

PostgreSQL looks through an index only with conditions that cannot give away what the wall hides. Those that these
statements need are such; this fails when one is written with an operator that is not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection

from airstair.changes.cursor import READ_LEFT_OUT, READ_NEW, READ_NEW_BUT_MANY
from airstair.hub.engine import statements
from airstair.kernel.scope import operator_scope
from airstair.records.flights import board, schedules

DAY = datetime(2027, 3, 1, tzinfo=UTC)
WEEK = DAY + timedelta(days=7)
BOARD = {"operator": 1, "aircraft": [2], "start": DAY, "end": WEEK}
CURSOR = "10:20:12"
LEFT_OUT = {"operator": 1, "first": 5, "last": 9, "since": CURSOR, "until": CURSOR, "kinds": ["aircraft"]}
OTHER_INDEXES = (
    "changes_change_at",
    "changes_change_subject",
    "flights_flight_by_day",
    "flights_flight_by_trip",
    "flights_flight_import_key",
)
TABLES = "flights_trip, flights_flight, hub_ledger, changes_change"
IN_TIME = ("operator_id", "aircraft_id", "sta")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("statement", "values", "by"),
    [
        pytest.param(schedules._FLIGHTS, [[2], 1, DAY], [IN_TIME], id="schedules"),
        pytest.param(schedules._LAST_FLIGHT, [[2], 1, DAY], [IN_TIME], id="last flights"),
        pytest.param(board._NEIGHBOUR_FLIGHTS, BOARD, [IN_TIME], id="board's neighbours"),
        pytest.param(READ_NEW, {"cursor": CURSOR}, [("xid",)], id="the log"),
        pytest.param(READ_NEW_BUT_MANY, {"cursor": CURSOR, "most": 5}, [("xid",)], id="the log, for the engine"),
        pytest.param(READ_LEFT_OUT, LEFT_OUT, [("operator_id", "seq")], id="what that left out"),
        pytest.param(
            statements.KNOWN, [[1], [2], ["f"], ["u"]], [("operator_id", "connection_id", "flow", "unit")], id="ledger"
        ),
    ],
)
def test_the_index_is_looked_through(
    statement: str, values: Sequence[Any] | Mapping[str, Any], by: list[tuple[str, ...]]
) -> None:
    with operator_scope(1), connection.cursor() as cursor:
        cursor.execute(
            "SET LOCAL enable_seqscan = off; SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off"
        )
        # As if nothing had ever been in them: what other tests left of statistics and bloat decides nothing.
        cursor.execute(f"TRUNCATE {TABLES} CASCADE")
        for other in OTHER_INDEXES:  # on empty tables one is as good as another
            cursor.execute(f"DROP INDEX {other}")
        cursor.execute(f"EXPLAIN {statement}", values)
        plan = [row[0].strip() for row in cursor.fetchall()]
    conditions = [line for line in plan if line.startswith("Index Cond:")]
    for columns in by:
        assert any(all(f"{column})" in line or f"{column} " in line for column in columns) for line in conditions), (
            "\n".join(plan)
        )
