"""What changed since a time that a reader keeps: for readers whose only cursor is a time. May repeat, never misses.

A change bears the time at which its transaction began, and is visible when that ends. So the time to ask from next
is not now, but the beginning of the oldest transaction that may still write. Readers that can keep a longer text use
`since.py`, which does not repeat either.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec
from django.db import connection

from airstair.kernel.units import Unit

# A transaction that has written nothing for so long is a reader, such as a backup.
_STILL_WRITING = timedelta(minutes=10)
_MARGIN = timedelta(seconds=2)  # between a transaction's beginning and others seeing that it has begun

_SETTLED = """
SELECT least(clock_timestamp(), min(xact_start)) FROM pg_stat_activity
 WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()
   AND xact_start IS NOT NULL
   AND (backend_xid IS NOT NULL OR xact_start > clock_timestamp() - %s::interval)
"""
_LATELY = """
SELECT split_part(unit, ':', 2)::bigint AS number, array_agg(DISTINCT kind),
       array_agg(DISTINCT other) FILTER (WHERE other LIKE 'aircraft:%%')
  FROM changes_change, unnest(units) AS unit, unnest(units) AS other
 WHERE operator_id = %(operator)s AND at >= %(since)s AND at < %(until)s AND kind LIKE ANY(%(kinds)s)
   AND (%(fields)s::text[] IS NULL OR before ?| %(fields)s OR after ?| %(fields)s)
   AND unit LIKE %(wanted)s
 GROUP BY number ORDER BY number
"""
_NAMED = """
SELECT DISTINCT unit FROM changes_change, unnest(units) AS unit
 WHERE operator_id = %s AND at >= %s AND split_part(unit, ':', 1) = ANY(%s)
"""
_TIMES = """
SELECT subject_id, max(at), min(at) FILTER (WHERE kind LIKE '%%.created'),
       {fields}
  FROM changes_change
 WHERE operator_id = %(operator)s AND subject_kind = %(kind)s AND subject_id = ANY(%(ids)s) AND kind LIKE ANY(%(kinds)s)
 GROUP BY subject_id
"""


class Touched(msgspec.Struct, frozen=True, kw_only=True):
    """A thing that changed: its id, the kinds of change, and the aircraft that these touched."""

    id: int
    kinds: frozenset[str]
    aircraft_ids: frozenset[int]


class Times(msgspec.Struct, frozen=True, kw_only=True):
    """When a thing was last changed, made, and when each group of its fields changed last; `None`: not in the log."""

    changed: datetime | None = None
    created: datetime | None = None
    fields: dict[str, datetime | None] = {}


def settled() -> datetime:
    """A time from which to ask next. To be taken before anything else is read. One statement."""
    with connection.cursor() as cursor:
        cursor.execute(_SETTLED, [f"{_STILL_WRITING.seconds} seconds"])
        oldest: datetime = cursor.fetchone()[0]
    return oldest - _MARGIN


def touched_since(
    operator_id: int, thing: str, since: datetime, *, until: datetime | None = None, kinds: Collection[str],
    fields: Sequence[str] | None = None,
) -> list[Touched]:  # fmt: skip
    """The things (`flight`, `trip`) that changes of these kinds touched since then, each once, by id. One statement.

    `kinds` are beginnings: "flight." is all about flights. With `fields`, only changes of at least one of these.
    """
    given: dict[str, Any] = {
        "operator": operator_id, "since": since, "until": until or datetime.max.replace(tzinfo=since.tzinfo),
        "kinds": [f"{one}%" for one in kinds], "fields": list(fields) if fields is not None else None,
        "wanted": f"{thing}:%",
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_LATELY, given)
        return [
            Touched(
                id=number,
                kinds=frozenset(found),
                aircraft_ids=frozenset(int(one.partition(":")[2]) for one in aircraft or ()),
            )
            for number, found, aircraft in cursor.fetchall()
        ]


def named_since(operator_id: int, kinds: Collection[str], since: datetime) -> frozenset[Unit]:
    """The units of these kinds (`aircraft`) that any change written since then names. One statement."""
    with connection.cursor() as cursor:
        cursor.execute(_NAMED, [operator_id, since, [str(kind) for kind in kinds]])
        return frozenset(Unit.read(row[0]) for row in cursor.fetchall())


def times_of(
    operator_id: int, thing: str, ids: Collection[int], *, kinds: Collection[str], fields: Mapping[str, Sequence[str]]
) -> dict[int, Times]:
    """When these things changed; `fields` are groups, by a name of the caller's. One statement."""
    columns = ", ".join(
        f"max(at) FILTER (WHERE before ?| %(field_{at})s OR after ?| %(field_{at})s)" for at in range(len(fields))
    )
    given: dict[str, Any] = {f"field_{at}": list(some) for at, some in enumerate(fields.values())}
    given |= {"operator": operator_id, "kind": thing, "ids": list(ids), "kinds": [f"{one}%" for one in kinds]}
    with connection.cursor() as cursor:
        cursor.execute(_TIMES.format(fields=columns or "NULL"), given)
        return {
            number: Times(changed=changed, created=created, fields=dict(zip(fields, found, strict=False)))
            for number, changed, created, *found in cursor.fetchall()
        }
