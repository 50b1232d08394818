"""Which flights an application is to be told of since a cursor: neither a change missed, nor told twice to one list."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Collection, Iterable

import msgspec

from airstair.api.leon.asking import Asking
from airstair.api.leon.limits import OutOfBounds
from airstair.changes import since
from airstair.changes.since import Line, Place
from airstair.kernel.errors import Invalid

_MOST_LINES = 1000
_LONGEST = 30_000


class Cursor(msgspec.Struct, frozen=True, kw_only=True):
    """A place in the log, and which aircraft the application had then (by a fingerprint): with others, all is new."""

    place: Place
    aircraft: str = ""


class News(msgspec.Struct, frozen=True, kw_only=True):
    """`everything`: all flights in sight (`again`: because its aircraft were changed); else those by id, and those of
    the aircraft. `left`: flights that were on aircraft of its own, and may no longer be."""

    cursor: str
    more: bool = False
    everything: bool = False
    again: bool = False
    flight_ids: frozenset[int] = frozenset()
    left: frozenset[int] = frozenset()
    aircraft_ids: frozenset[int] = frozenset()


def news_since(asking: Asking, text: str | None, kinds: Collection[str], *, aircraft_too: bool) -> News:
    """What changes of these kinds (as the log has them; an ending dot means all that begin so) touched. One to two
    statements. To be asked before the flights are read, so that what comes meanwhile is told next time."""
    mine = _fingerprint(asking.caller.aircraft)
    cursor = _read(text) if text else None
    if cursor is None or cursor.aircraft != mine:
        begin_next = _written(Cursor(place=since.now(), aircraft=mine))
        return News(cursor=begin_next, everything=True, again=cursor is not None)
    try:
        found = since.changes_since(
            asking.operator_id, {one.partition(".")[0] for one in kinds}, cursor.place, _MOST_LINES
        )
    except Invalid:
        raise _unknown() from None
    lines = [line for line in found.lines if _fits(line.kind, kinds)]
    return News(
        cursor=_written(Cursor(place=found.place, aircraft=mine)),
        more=found.more,
        flight_ids=_units(lines, "flight"),
        left=_units((one for one in lines if _touches(one, asking.caller.aircraft)), "flight"),
        aircraft_ids=_units(lines, "aircraft") if aircraft_too else frozenset(),
    )


def _fits(kind: str, kinds: Iterable[str]) -> bool:
    return any(kind == one or (one.endswith(".") and kind.startswith(one)) for one in kinds)


def _touches(line: Line, aircraft: Collection[int] | None) -> bool:
    return aircraft is None or not _units([line], "aircraft").isdisjoint(aircraft)


def _units(lines: Iterable[Line], kind: str) -> frozenset[int]:
    named = (unit.partition(":") for line in lines for unit in line.units)
    return frozenset(int(number) for what, _, number in named if what == kind)


def _fingerprint(aircraft: Collection[int] | None) -> str:
    if aircraft is None:
        return ""
    return hashlib.sha256(",".join(map(str, sorted(aircraft))).encode()).hexdigest()[:16]


def _written(cursor: Cursor) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode(cursor)).decode().rstrip("=")


def _read(text: str) -> Cursor:
    try:
        decoded = base64.b64decode(text[:_LONGEST] + "=" * (-len(text) % 4), b"-_", validate=True)
        cursor = msgspec.json.decode(decoded, type=Cursor)
    except (msgspec.MsgspecError, binascii.Error, ValueError, RecursionError):
        raise _unknown() from None
    if not 0 <= cursor.place.after < 2**63:
        raise _unknown()
    return cursor


def _unknown() -> OutOfBounds:
    return OutOfBounds("It is not a cursor that was given out here. Leave it out to begin anew.")
