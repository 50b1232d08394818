"""What is added to a schedule so that Avinode reads the right position and availability. Pure.

Avinode takes an aircraft to be available, in a gap, at the end airport of the activity that ended last (documented:
Schedule upload, “Time gaps”). Whatever else an operator wants shown must therefore be an activity. How other software
puts the two home-base settings on the wire is not public; the ways below are our own (assumed).
What a gap is, and where the aircraft truly stands in it, is the record's rule (`records.flights.availability`).
Nothing here looks at what a flight is for, nor writes anything on the wire.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

import msgspec

from airstair.addons.avinode.activity_types import AWAY, ON_GROUND, REPOSITION, REPOSITION_CLOSED, ActivityType
from airstair.records.flights.availability import Gap, Stay, gaps
from airstair.records.flights.snapshots import Activity

_DAY, _HOUR, _MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
# The return to home base is shown as its last hour. Its true flight time is nobody's plan yet, so none is claimed.
_NOMINAL_RETURN = _HOUR
# An aircraft that is left elsewhere with no plan is closed for this long; then it is shown back at home base.
_UNTIL_FURTHER_NOTICE = timedelta(days=365)


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What the settings ask for. `home`: empty if no home base is entered; then none of it can be shown."""

    home: str
    home_only: bool
    return_after: timedelta | None

    @property
    def nothing(self) -> bool:
        """Whether the schedule is to be shown as it is."""
        return self.return_after is None and not self.home_only


class Derived(msgspec.Struct, frozen=True, kw_only=True):
    """An activity that nobody entered. `key` is its id on the wire; `why` is for people."""

    key: str
    type: ActivityType
    start: datetime
    end: datetime
    start_airport: str
    end_airport: str
    why: str

    @property
    def moves_the_aircraft(self) -> bool:
        return True


def wire_id(stay: Stay) -> str:
    """`f-88` or `e-31`: from the record's own id alone, so the same in every call whatever is edited."""
    return stay.key.replace("flight:", "f-").replace("event:", "e-")


def derive(stays: Sequence[Stay], wanted: Wanted, today: datetime) -> list[Derived]:
    """Everything to be added to these, whose times are to the minute."""
    returns = list(_returns(stays, wanted)) if wanted.home else []
    added = list(returns)
    for gap in gaps([*stays, *returns], wanted.home):
        if wanted.home_only and wanted.home not in ("", gap.airport):
            added += _closed(gap, wanted.home, today)
        elif gap.airport and any(not one.moves_the_aircraft and one.end_airport != gap.airport for one in gap.ended):
            added.append(_stands(gap))
    return added


def idle(
    key: str, older: Sequence[Stay], following: Stay | None, wanted: Wanted, edge: datetime, today: datetime
) -> list[Derived]:
    """Where an aircraft stands that has done nothing since the edge: yesterday, so that its position is known.

    It ends before whatever is under way began, unless that began before the edge. `older`: what ended before the edge.
    Nothing, if nobody knows where the aircraft is: it never flew, nothing is planned, and no home base is entered.
    """
    under_way = following.start if following else today
    ends = min(today - _MINUTE, under_way) if under_way > edge else today - _MINUTE
    airport = wanted.home or (following.start_airport if following else "")
    if older:
        *_, gap = gaps(older, airport, ends=ends)
        if not _return(msgspec.structs.replace(gap, next=following), airport, wanted.return_after):
            airport = gap.airport
    start = max(ends - _DAY, edge) if ends > edge else ends - _DAY
    why = f"Nothing happened since {edge:%d %b}: on ground at {airport}."
    return [_waits(ON_GROUND, key, airport, start, ends, why)] if airport else []


def _returns(stays: Sequence[Stay], wanted: Wanted) -> Iterator[Derived]:
    for gap in gaps([one for one in stays if one.moves_the_aircraft], wanted.home):
        when = _return(gap, wanted.home, wanted.return_after)
        if when is not None and wanted.return_after is not None:
            yield Derived(
                key=_after(gap, "r"),
                type=REPOSITION_CLOSED if wanted.home_only else REPOSITION,
                start=when[0],
                end=when[1],
                start_airport=gap.airport,
                end_airport=wanted.home,
                why=f"Return to home base {wanted.return_after // _HOUR} h after the last activity elsewhere.",
            )


def _return(gap: Gap[Stay], home: str, after: timedelta | None) -> tuple[datetime, datetime] | None:
    """When the aircraft is shown returning in this gap: only where nothing else is planned from there.

    A next activity that starts elsewhere says that the aircraft stays away for it; one that starts at home base says
    that it must have returned. The aircraft is at home base `after` its last activity's end, to the minute.
    """
    if after is None or gap.airport == home or (gap.next is not None and gap.next.start_airport != home):
        return None
    arrives = max(gap.start + after, gap.start + _MINUTE)
    if gap.end is not None and arrives > gap.end:
        return None
    return max(gap.start, arrives - _NOMINAL_RETURN), arrives


def _closed(gap: Gap[Stay], home: str, today: datetime) -> Iterator[Derived]:
    """A stay elsewhere as occupied. Without an end in sight it ends, for Avinode, with a return to home base."""
    ends = gap.end or max(today, gap.start.replace(hour=0, minute=0)) + _UNTIL_FURTHER_NOTICE
    why = f"At {gap.airport}: not available away from home base."
    yield _waits(AWAY, _after(gap, "a"), gap.airport, gap.start, ends, why)
    if gap.end is None:
        yield Derived(
            key=_after(gap, "b"),
            type=REPOSITION_CLOSED,
            start=ends,
            end=ends + _MINUTE,
            start_airport=gap.airport,
            end_airport=home,
            why="No return to home base is planned: closed for a year.",
        )


def _stands(gap: Gap[Stay]) -> Derived:
    """Says where the aircraft is after an opportunity, which Avinode would read as having moved it."""
    ends = gap.start + _MINUTE if gap.end is None else min(gap.start + _MINUTE, gap.end)
    why = f"The opportunity does not move the aircraft: still at {gap.airport}."
    return _waits(ON_GROUND, _after(gap, "p"), gap.airport, gap.start, ends, why)


def _waits(type: ActivityType, key: str, airport: str, start: datetime, end: datetime, why: str) -> Derived:
    return Derived(key=key, type=type, start=start, end=end, start_airport=airport, end_airport=airport, why=why)


def _after(gap: Gap[Stay], letter: str) -> str:
    """The key of what is added after the gap's last activity."""
    assert gap.last is not None  # without a window, a gap always follows something
    return f"{letter}-{wire_id(gap.last)}"


def whole_minutes(activity: Activity) -> Activity:
    """With its times as the wire has them."""
    start, end = (when.replace(second=0, microsecond=0) for when in (activity.start, activity.end))
    if start == activity.start and end == activity.end:
        return activity
    return msgspec.structs.replace(activity, start=start, end=end)
