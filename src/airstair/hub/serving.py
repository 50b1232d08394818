"""Who serves: the workers alive and the connections that each holds, by their locks in the database.

A lock ends with whoever held it, so this is true at the moment of asking, whatever became of a worker. Reads only.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import msgspec
from django.db import connection as database

# Advisory lock keys: the upper half says what is locked, the lower half which. Ids are longer: of a connection's, the
# lower 32 bits count. Two connections that have them in common would be served in turns; there are no two among four
# billion rows.
CONNECTION_CLASS = 0x41530001
WORKER_CLASS = 0x41530002
_HALF = 0xFFFFFFFF

_LOCKS = """
SELECT classid::bigint, objid::bigint, pid FROM pg_locks
 WHERE locktype = 'advisory' AND granted AND objsubid = 1 AND classid::bigint IN (%s, %s)
   AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""

# The oldest change that names one of the units and that the connection's saved cursor has not seen. In order of
# transactions, along the index, so that the first one found ends the search.
_UNREAD = """
SELECT w.connection, (
       SELECT ch.at FROM changes_change ch
        WHERE ch.operator_id = c.operator_id AND ch.xid >= pg_snapshot_xmin(c.snapshot::pg_snapshot)
          AND NOT pg_visible_in_snapshot(ch.xid, c.snapshot::pg_snapshot)
          AND ch.units && string_to_array(w.units, ' ')::varchar[]
        ORDER BY ch.xid LIMIT 1)
  FROM unnest(%s::bigint[], %s::text[]) AS w(connection, units)
  JOIN hub_cursor c ON (c.operator_id, c.connection_id) = (%s, w.connection)
"""


class Serving(msgspec.Struct, frozen=True, kw_only=True):
    """`workers`: the number of connections that each worker alive holds. `by`: the locks, with who holds each."""

    workers: dict[int, int]
    by: dict[int, int]

    def worker_of(self, connection_id: int) -> int | None:
        """The number of the worker that serves the connection, if one does."""
        return self.by.get(connection_id & _HALF)


NOBODY = Serving(workers={}, by={})


def serving() -> Serving:
    """Who serves which connection now, of all operators. One SQL statement."""
    with database.cursor() as cursor:
        cursor.execute(_LOCKS, [CONNECTION_CLASS, WORKER_CLASS])
        locks = cursor.fetchall()
    worker_of = {pid: number for kind, number, pid in locks if kind == WORKER_CLASS}
    by = {number: worker_of[pid] for kind, number, pid in locks if kind == CONNECTION_CLASS and pid in worker_of}
    workers = dict.fromkeys(sorted(worker_of.values()), 0)
    for worker in by.values():
        workers[worker] += 1
    return Serving(workers=workers, by=by)


def unread_since(operator_id: int, units: Mapping[int, list[str]]) -> dict[int, datetime]:
    """Connection → when the oldest change was made that it has not got through, for connections with such a change.

    `units`: by connection, what it sends on change. What is read and delivered counts as unread until the connection's
    cursor is saved, half a minute at most. One SQL statement.
    """
    if not units:
        return {}
    with database.cursor() as cursor:
        cursor.execute(_UNREAD, [list(units), [" ".join(names) for names in units.values()], operator_id])
        return {connection: at for connection, at in cursor.fetchall() if at is not None}
