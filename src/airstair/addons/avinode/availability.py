"""What is added to a schedule so that Avinode reads the right position and availability. Pure.

Avinode takes an aircraft to be available, in a gap, at the end airport of the activity that ended last (documented:
Schedule upload, “Time gaps”). Whatever else an operator wants shown must therefore be an activity. How other software
puts the two home-base settings on the wire is not public; the ways below are our own (assumed).
Nothing here looks at what a flight is for, nor writes anything on the wire.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta

import msgspec

from airstair.addons.avinode.activity_types import (
    AWAY,
    ON_GROUND,
    REPOSITION,
    REPOSITION_CLOSED,
    ActivityType,
)

_MINUTE = timedelta(minutes=1)
# The return to home base is shown as its last hour. Its true flight time is nobody's plan yet, so none is claimed.
_NOMINAL_RETURN = timedelta(hours=1)
# An aircraft that is left elsewhere with no plan is closed for this long; then it is shown back at home base.
_UNTIL_FURTHER_NOTICE = timedelta(days=365)


class Stay(msgspec.Struct, frozen=True, kw_only=True):
    """One activity as far as position goes. `moves`: the aircraft will truly be where it ends (not an opportunity)."""

    id: str
    start: datetime
    end: datetime
    start_airport: str
    end_airport: str
    moves: bool = True


class Derived(msgspec.Struct, frozen=True, kw_only=True):
    """An activity that nobody entered. `follows` is the id of the one that it comes from; `why` is for people."""

    id: str
    type: ActivityType
    start: datetime
    end: datetime
    start_airport: str
    end_airport: str
    why: str
    follows: str = ""


class Gap(msgspec.Struct, frozen=True, kw_only=True):
    """A stretch without activity: where the aircraft is in it, what ended last, and what comes next."""

    start: datetime
    end: datetime | None
    airport: str
    last: Stay
    misread: bool  # Avinode would take the aircraft to be elsewhere, after an activity that does not move it
    next: Stay | None


def gaps(stays: Iterable[Stay], home: str) -> Iterator[Gap]:
    """The gaps in time order, with one without end after the last activity."""
    ordered = sorted(stays, key=lambda s: (s.start, s.end, s.id))
    before: list[Stay] = []  # those that end last so far; several where they end together
    moved: list[Stay] = []  # the same among those that move the aircraft
    for at, this in enumerate(ordered):
        before = _latest([*before, this])
        if this.moves:
            moved = _latest([*moved, this])
        following = ordered[at + 1] if at + 1 < len(ordered) else None
        begins = before[0].end
        if following is not None and following.start <= begins:
            continue
        # Where activities that end together disagree, the one away from home counts: better closed than sold wrongly.
        airport = next((s.end_airport for s in moved if s.end_airport != home), home)
        yield Gap(
            start=begins,
            end=following.start if following else None,
            airport=airport,
            last=before[-1],
            misread=any(not s.moves and s.end_airport != airport for s in before),
            next=following,
        )


def _latest(stays: Sequence[Stay]) -> list[Stay]:
    end = max(s.end for s in stays)
    return sorted((s for s in stays if s.end == end), key=lambda s: (s.start, s.id))


def returns_home(gap: Gap, home: str, after: timedelta) -> tuple[datetime, datetime] | None:
    """When the aircraft is shown returning in this gap: only where nothing else is planned from there.

    A next activity that starts elsewhere says that the aircraft stays away for it; one that starts at home base says
    that it must have returned. The aircraft is at home base `after` its last activity's end, to the minute.
    """
    if gap.airport == home or (gap.next is not None and gap.next.start_airport != home):
        return None
    arrives = max(gap.start + after, gap.start + _MINUTE)
    if gap.end is not None and arrives > gap.end:
        return None
    return max(gap.start, arrives - _NOMINAL_RETURN), arrives


def derive(
    stays: Sequence[Stay], home: str, *, reposition_after: timedelta | None, home_base_only: bool, today: datetime
) -> list[Derived]:
    """Everything to be added. At least one of `stays` must move the aircraft and come before those that do not."""
    returns = [] if reposition_after is None else _returns(stays, home, reposition_after, home_base_only)
    added = list(returns)
    for gap in gaps([*stays, *(_as_stay(r) for r in returns)], home):
        if home_base_only and gap.airport != home:
            added += _closed(gap, home, today)
        elif gap.misread:
            added.append(_stands(gap))
    return added


def _returns(stays: Sequence[Stay], home: str, after: timedelta, home_base_only: bool) -> list[Derived]:
    found = []
    for gap in gaps([s for s in stays if s.moves], home):
        when = returns_home(gap, home, after)
        if when is not None:
            hours = after // timedelta(hours=1)
            found.append(
                Derived(
                    id=f"r-{gap.last.id}",
                    type=REPOSITION_CLOSED if home_base_only else REPOSITION,
                    start=when[0],
                    end=when[1],
                    start_airport=gap.airport,
                    end_airport=home,
                    why=f"Return to home base {hours} h after the last activity elsewhere.",
                    follows=gap.last.id,
                )
            )
    return found


def _as_stay(made: Derived) -> Stay:
    return Stay(
        id=made.id, start=made.start, end=made.end, start_airport=made.start_airport, end_airport=made.end_airport
    )


def _closed(gap: Gap, home: str, today: datetime) -> list[Derived]:
    """A stay elsewhere as occupied. Without an end in sight it ends, for Avinode, with a return to home base."""
    ends = gap.end or max(today, gap.start.replace(hour=0, minute=0)) + _UNTIL_FURTHER_NOTICE
    away = Derived(
        id=f"a-{gap.last.id}",
        type=AWAY,
        start=gap.start,
        end=ends,
        start_airport=gap.airport,
        end_airport=gap.airport,
        why=f"At {gap.airport}: not available away from home base.",
        follows=gap.last.id,
    )
    if gap.end is not None:
        return [away]
    back = Derived(
        id=f"b-{gap.last.id}",
        type=REPOSITION_CLOSED,
        start=ends,
        end=ends + _MINUTE,
        start_airport=gap.airport,
        end_airport=home,
        why="No return to home base is planned: closed for a year.",
        follows=gap.last.id,
    )
    return [away, back]


def _stands(gap: Gap) -> Derived:
    """Says where the aircraft is after an opportunity, which Avinode would read as having moved it."""
    ends = gap.start + _MINUTE
    return Derived(
        id=f"p-{gap.last.id}",
        type=ON_GROUND,
        start=gap.start,
        end=ends if gap.end is None else min(ends, gap.end),
        start_airport=gap.airport,
        end_airport=gap.airport,
        why=f"The opportunity does not move the aircraft: still at {gap.airport}.",
        follows=gap.last.id,
    )
