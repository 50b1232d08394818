"""What changed since a cursor that a reader outside of this database keeps, in pages that neither miss nor repeat.

A place in the log is two snapshots and a number: all that is visible in `upto` and was not in `since`, beyond `after`.
With both snapshots fixed the set is fixed, however many commit meanwhile, so it can be read page by page. What
commits later is visible in no `upto` before its time, and is found by the poll after, whose `since` is this `upto`.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import datetime
from typing import Any

import msgspec
from django.db import DataError, connection, transaction

from airstair.changes.cursor import CURRENT, SEAL
from airstair.kernel.errors import Invalid

_WRITTEN = re.compile(r"[0-9]{1,19}:[0-9]{1,19}:(?:[0-9]{1,19}(?:,[0-9]{1,19})*)?")
_LONGEST = 20_000
# A reader that finds nothing keeps its cursor, and costs no write; but not for ever, or each poll would look through
# all that others have written since.
_MOVE_ON = 1000
_FIELD = "changed_since"

_NEW = """
WITH bounds AS (SELECT pg_current_snapshot() AS now, coalesce(%(upto)s::pg_snapshot, pg_current_snapshot()) AS upto)
SELECT bounds.now::text, bounds.upto::text, found.*
  FROM bounds
  LEFT JOIN LATERAL ({found}) found ON true
 ORDER BY found.number
"""
_BETWEEN = """
operator_id = %(operator)s AND xid >= pg_snapshot_xmin(%(since)s::pg_snapshot)
AND NOT pg_visible_in_snapshot(xid, %(since)s::pg_snapshot) AND pg_visible_in_snapshot(xid, bounds.upto)
AND (%(aircraft)s::varchar[] IS NULL OR units && %(aircraft)s::varchar[])
"""
_THINGS = _NEW.format(
    found=f"""
    SELECT DISTINCT split_part(named.unit, ':', 2)::bigint AS number
      FROM changes_change, LATERAL (
           SELECT unnest(units) AS unit
            UNION ALL
           SELECT 'event:' || (coalesce(after, before) ->> 'event_id') WHERE kind LIKE 'event.%%') named
     WHERE {_BETWEEN} AND named.unit LIKE %(wanted)s AND kind LIKE ANY(%(kinds)s)
       AND split_part(named.unit, ':', 2)::bigint > %(after)s
     ORDER BY number LIMIT %(limit)s
    """  # noqa: S608
)
_CHANGES = _NEW.format(
    found=f"""
    SELECT seq AS number, at, kind, actor_kind, actor_key, subject_kind, subject_id, units,
           (CASE WHEN kind LIKE 'event.%%' THEN coalesce(after, before) ->> 'event_id' END)::bigint AS event_id
      FROM changes_change
     WHERE {_BETWEEN} AND seq > %(after)s AND kind LIKE ANY(%(kinds)s)
     ORDER BY seq LIMIT %(limit)s
    """  # noqa: S608
)
# By which changes a thing changes, of those that touch it.
_KINDS = {
    "aircraft": ["aircraft.%"],
    "event": ["event.%"],
    "flight": ["flight.%", "emptyleg.%"],
    "trip": ["%"],
}


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """Where a reader is. `upto` is empty between two polls, and set between two pages of one."""

    since: str
    upto: str = ""
    after: int = 0


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """A page: the ids, the place to read on from, and whether there is more to be read right away."""

    ids: tuple[int, ...]
    place: Place
    more: bool


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One change, without who (a person's name) and what from (what other resources may say)."""

    seq: int
    at: datetime
    kind: str
    actor_kind: str
    actor_key: str
    subject_kind: str
    subject_id: int
    units: tuple[str, ...]
    event_id: int | None


class Lines(msgspec.Struct, frozen=True, kw_only=True):
    """A page of changes, in the order in which they were written."""

    lines: tuple[Line, ...]
    place: Place
    more: bool


def now() -> Place:
    """The place of this moment, sealed. To be taken before anything else is read. Two statements."""
    with connection.cursor() as cursor:
        cursor.execute(CURRENT)
        place = Place(since=str(cursor.fetchone()[0]))
        cursor.execute(SEAL)
    return place


def things_changed(
    operator_id: int, kind: str, place: Place, limit: int, *, aircraft: Collection[int] | None = None
) -> Found:
    """The ids of the things (`flight`, `trip`, `aircraft`, `event`) that changed, each once. One statement, or two.

    An aircraft changes when itself is edited, not when its flights are; a trip changes with its flights. With
    `aircraft`, only by changes that touch one of them: so a flight that leaves them is told of once more.
    """
    more_given = {"wanted": f"{kind}:%", "kinds": _KINDS[kind], "aircraft": _units(aircraft)}
    rows, following = _read(_THINGS, operator_id, place, limit, more_given)
    ids = tuple(row[0] for row in rows[:limit])
    more = len(rows) > limit
    return Found(ids=ids, place=following(ids[-1]) if more else following(None), more=more)


def changes_since(
    operator_id: int, kinds: Collection[str], place: Place, limit: int, *, aircraft: Collection[int] | None = None
) -> Lines:
    """Every change whose kind begins with one of `kinds`, each exactly once. One statement, or two.

    With `aircraft`, only changes that touch one of them.
    """
    wanted = [f"{kind}.%" for kind in kinds]
    rows, following = _read(_CHANGES, operator_id, place, limit, {"kinds": wanted, "aircraft": _units(aircraft)})
    fields = Line.__struct_fields__
    lines = tuple(Line(**{**dict(zip(fields, row, strict=True)), "units": tuple(row[7])}) for row in rows[:limit])
    more = len(rows) > limit
    return Lines(lines=lines, place=following(lines[-1].seq) if more else following(None), more=more)


def _units(aircraft: Collection[int] | None) -> list[str] | None:
    return None if aircraft is None else [f"aircraft:{one}" for one in sorted(aircraft)]


def _read(statement: str, operator_id: int, place: Place, limit: int, more: dict[str, Any]) -> tuple[list[Any], Any]:
    """At most one row beyond the limit; and what makes the following place, from the last number of a full page."""
    for snapshot in filter(None, (place.since, place.upto)):
        if len(snapshot) > _LONGEST or not _WRITTEN.fullmatch(snapshot):
            raise _unknown()
    given: dict[str, Any] = {
        "operator": operator_id,
        "since": place.since,
        "upto": place.upto or None,
        "after": place.after,
    }
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement, {**given, "limit": limit + 1, **more})
            fetched = cursor.fetchall()
    except DataError:
        raise _unknown() from None
    this_moment, upto = fetched[0][0], fetched[0][1]
    if any(_end(one) > _end(this_moment) for one in (place.since, upto)):
        raise _unknown()  # of another database, or of this one before it was restored
    rows = [row[2:] for row in fetched if row[2] is not None]
    handed_on = bool(rows) or bool(place.upto) or _end(upto) - _end(place.since) > _MOVE_ON
    if handed_on and not place.upto:
        with connection.cursor() as cursor:
            cursor.execute(SEAL)

    def following(last: int | None) -> Place:
        if last is not None:
            return Place(since=place.since, upto=upto, after=last)
        return Place(since=upto) if handed_on else place

    return rows, following


def _end(snapshot: str) -> int:
    return int(snapshot.split(":")[1])


def _unknown() -> Invalid:
    return Invalid.one(
        _FIELD, "It is not a cursor that was given out here. List everything again, and go on from the answer's cursor."
    )
