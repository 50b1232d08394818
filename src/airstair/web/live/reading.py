"""Reading new changes with a snapshot cursor: the statement that the stream and the polling share."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db import DatabaseError, connection, transaction

from airstair.changes.cursor import READ_NEW, READ_NEW_OF_OPERATOR
from airstair.web.live.cursor import readable
from airstair.web.live.happenings import LOST_TRACK, Happening, Row, Sight, happening

MOST_ROWS = 2000  # more than that a browser is told as “everything”

_WITH_ACTOR = """
SELECT new.snapshot, new.operator_id, new.seq, new.kind, new.units, c.actor_label, c.actor_key
  FROM ({new}) new
  LEFT JOIN changes_change c ON (c.operator_id, c.seq) = (new.operator_id, new.seq)
 ORDER BY new.seq
 LIMIT {limit}
"""
READ = _WITH_ACTOR.format(new=READ_NEW, limit=MOST_ROWS + 1)
READ_OF_OPERATOR = _WITH_ACTOR.format(new=READ_NEW_OF_OPERATOR, limit=MOST_ROWS + 1)


def rows_of(fetched: Iterable[tuple[Any, ...]]) -> tuple[str, list[Row]]:
    """The new cursor and the rows. The row of nulls that stands for “nothing new” is left out."""
    cursor, rows = "", []
    for snapshot, operator_id, seq, kind, units, label, key in fetched:
        cursor = snapshot
        if seq is not None:
            rows.append(
                Row(operator_id=operator_id, seq=seq, kind=kind, units=tuple(units), actor_label=label, actor_key=key)
            )
    return cursor, rows


def caught_up(sight: Sight, cursor: str, fetched: Iterable[tuple[Any, ...]]) -> tuple[str, Happening | None]:
    """What happened since the cursor, for one person."""
    now, rows = rows_of(fetched)
    if len(rows) > MOST_ROWS:
        return now, LOST_TRACK
    return now or cursor, happening(rows, sight)


def since(sight: Sight, cursor: str) -> tuple[str, Happening | None]:
    """What happened since `cursor`, and the cursor to ask with next. One statement, on Django's connection.

    A cursor that is not one, or of another database, gives “everything” and a good one.
    """
    if readable(cursor):
        try:
            with transaction.atomic(), connection.cursor() as db:
                db.execute(READ_OF_OPERATOR, {"cursor": cursor, "operator": sight.operator_id})
                return caught_up(sight, cursor, db.fetchall())
        except DatabaseError:
            pass  # in form a cursor, but none that PostgreSQL ever wrote
    with connection.cursor() as db:
        db.execute("SELECT pg_current_snapshot()::text")
        return str(db.fetchone()[0]), LOST_TRACK
