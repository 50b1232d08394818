"""What has changed since a time that a visitor names: the parameter read, and what the change log knows.

May tell of too much, never of too little, so that asking again with overlap is safe.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from airstair.changes.lately import named_since
from airstair.hub.connections.queries import LiveConnection
from airstair.hub.visits import Lately, Resource, Serve, Visit
from airstair.kernel.errors import Invalid
from airstair.kernel.units import Unit, UnitKind
from airstair.kernel.utc import parse_utc

LONGEST = timedelta(days=31)  # since a time longer ago anything may have changed: the log is not searched
A_DAY = timedelta(days=1)
_AHEAD = timedelta(hours=1)  # a visitor's clock
_ECHOED = 40  # characters


def asked_since(resource: Resource, visit: Visit) -> datetime | None:
    """The time since which the visitor wants to know what has changed; `None`: it asks for everything.

    Raises `Invalid`, naming the parameter.
    """
    if not resource.since or resource.since not in visit.query:
        return None
    text = visit.query[resource.since]
    try:
        since = parse_utc(text)
    except Invalid:
        shown = "".join(one for one in text[:_ECHOED] if one.isprintable())
        raise Invalid.one(
            resource.since,
            f"“{shown}” is not a time with its zone. Write it in UTC, such as 2026-11-20T10:00Z, or leave"
            f" {resource.since} out to be given everything.",
        ) from None
    if since > visit.now + _AHEAD:
        raise Invalid.one(
            resource.since,
            "It lies in the future. Give the time until which your latest answer was complete, such as"
            f" 2026-11-20T10:00Z, or leave {resource.since} out to be given everything.",
        )
    return since


def read_from(flow: Serve, visit: Visit, since: datetime | None) -> datetime:
    """From when on the snapshots of an answer are read."""
    start = visit.now - flow.horizon.back
    if since is None or flow.unit is UnitKind.FLIGHT or _too_long_ago(visit, since):
        return start
    return min(start, since - A_DAY)


def lately(connection: LiveConnection, flow: Serve, visit: Visit, since: datetime, settled: datetime) -> Lately:
    """What the log knows. To be asked after the snapshots were read, and `settled` before: one statement.

    So whatever a snapshot shows is known to have changed; what is written between the two is told of once more.
    """
    until = min(settled, visit.now)
    if _too_long_ago(visit, since):
        return Lately(since=since, until=until, touched=None)
    named = named_since(connection.operator_id, (flow.unit, UnitKind.CONNECTION), since)
    if Unit(UnitKind.CONNECTION, connection.id) in named:
        return Lately(since=since, until=until, touched=None)
    return Lately(since=since, until=until, touched=frozenset(one.id for one in named if one.kind is flow.unit))


def _too_long_ago(visit: Visit, since: datetime) -> bool:
    return since < visit.now - LONGEST
