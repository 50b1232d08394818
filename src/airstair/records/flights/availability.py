"""When and where an aircraft is free: the gaps between what it does. Pure, and one rule for all that ask.

What overlaps or touches is one occupation; all other time is a gap, longer than nothing, and one over midnight is one.
In a gap the aircraft stands where what ended last has left it:

- What does not move the aircraft (an opportunity) takes its time, and leaves the aircraft where it was.
- Where several that end together disagree, one that ends away from home base counts, if the home base is known: better
  shown closed than sold wrongly. Otherwise, and among several such, the one that began last counts.
- What has not moved yet is at its home base; without one, where its next activity begins; else nobody knows.

What callers add: a marketplace's feed leaves out what is shorter than two hours, and ends at its horizon; where a
marketplace works the gaps out itself, activities go into those that it would misread; the API lists them as they are.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Generic, Protocol, TypeVar

import msgspec

from airstair.records.flights.rules import Occupying
from airstair.records.flights.snapshots import Activity, AircraftSchedule


class Stay(Occupying, Protocol):
    """Anything that holds an aircraft for a time, and says whether the aircraft will truly be where it ends."""

    @property
    def moves_the_aircraft(self) -> bool: ...


Stayed = TypeVar("Stayed", bound=Stay)


class Gap(msgspec.Struct, Generic[Stayed], frozen=True, kw_only=True):
    """A stretch of time in which the aircraft does nothing.

    `end`: `None` after the last activity, if no end was asked for. `airport`: where the aircraft stands, empty where
    nobody knows. `ended`: what ended last before it, in the order of beginning; none at first, several if together.
    """

    start: datetime
    end: datetime | None
    airport: str
    ended: tuple[Stayed, ...]
    next: Stayed | None

    @property
    def last(self) -> Stayed | None:
        """What ended last; of several the one that began last."""
        return self.ended[-1] if self.ended else None


def gaps(
    stays: Iterable[Stayed], home: str, *, begins: datetime | None = None, ends: datetime | None = None
) -> Iterator[Gap[Stayed]]:
    """The gaps between `stays`, which may come in any order, in order of time.

    `home`: the home base, empty where it is not known. `begins`, `ends`: the window; what is over when it begins only
    says where the aircraft stands then. Without `begins` the first gap is the one after the first occupation.
    """
    ended: list[Stayed] = []
    moved: list[Stayed] = []  # the same among those that move the aircraft
    free_from = begins
    for following in (*sorted(stays, key=lambda s: (s.start, s.end, s.key)), None):
        until = following.start if following else None
        if ends is not None and (until is None or until > ends):
            until = ends
        if free_from is not None and (until is None or free_from < until):
            where = _standing(moved, home) or (following.start_airport if following else "")
            yield Gap(start=free_from, end=until, airport=where, ended=tuple(ended), next=following)
        if following is None:
            return
        ended = _ending_last(ended, following)
        if following.moves_the_aircraft:
            moved = _ending_last(moved, following)
        free_from = ended[0].end if begins is None else max(begins, ended[0].end)


def _ending_last(so_far: list[Stayed], this: Stayed) -> list[Stayed]:
    if not so_far or this.end > so_far[0].end:
        return [this]
    return [*so_far, this] if this.end == so_far[0].end else so_far


def _standing(moved: Sequence[Stay], home: str) -> str:
    """Where those that ended together have left the aircraft; at home base if there are none."""
    away = [one for one in moved if one.end_airport != home]
    return (away or moved)[-1].end_airport if moved else home


def certain_activities(schedule: AircraftSchedule) -> list[Activity]:
    """What moves the aircraft for sure: confirmed flights and all events, with the last one before the picture."""
    known = [one for one in schedule.activities if one.moves_the_aircraft]
    return known if schedule.last_before is None else [schedule.last_before, *known]
