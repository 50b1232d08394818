"""Counting requests. Only this writes the table."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import connection

from airstair.records.budgets.rules import MOST, Asked

# All windows of a caller in one statement, in one order, so that two requests at once wait for each other, not across.
_COUNT = """
INSERT INTO budgets_window AS was (operator_id, caller, seconds, began, asked)
SELECT %(operator)s, %(caller)s, seconds, %(now)s, 1 FROM unnest(%(lengths)s::int[]) AS seconds ORDER BY seconds
    ON CONFLICT (operator_id, caller, seconds) DO UPDATE
   SET asked = CASE WHEN was.began + make_interval(secs => was.seconds) <= excluded.began THEN 1 ELSE was.asked + 1 END,
       began = CASE WHEN was.began + make_interval(secs => was.seconds) <= excluded.began THEN excluded.began
                    ELSE was.began END
RETURNING seconds, began, asked
"""


def count_request(operator_id: int, caller: str, now: datetime, most: Mapping[int, int] = MOST) -> list[Asked]:
    """Count one request of this caller; how many came in each window. One statement.

    Requests that are then refused count too: who goes on asking is not let in sooner.
    """
    given: dict[str, Any] = {"operator": operator_id, "caller": caller[:80], "now": now, "lengths": list(most)}
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, given)
        return [Asked(*row) for row in cursor.fetchall()]
