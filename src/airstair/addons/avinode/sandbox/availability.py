"""How the imitated marketplace reads a schedule: when and where an aircraft is available, and why.

Avinode: Schedule upload, "Activity types", "Time gaps", "Continuous schedule" (documented); how the real search
computes positioning is not public, so `can_fly` follows the documented words with assumed flight times.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from datetime import datetime, timedelta

import msgspec

from airstair.addons.avinode.sandbox.airports import flight_minutes
from airstair.addons.avinode.sandbox.model import (
    BLOCKING,
    EMPTY_LEG,
    FERRY,
    FLIGHT_OCCUPIED,
    OCCUPIED,
    ONGROUND,
    OPTION,
    Activity,
    MappingRow,
)

AVAILABLE = "available"
TAKEN = "occupied"
IGNORED = "ignored"


class Commitment(msgspec.Struct, frozen=True):
    """Where the aircraft must be next, by when, and the latest it can leave where it is (None: cannot be computed)."""

    airport: str | None
    by: datetime
    latest_departure: datetime | None
    activity_id: str
    reachable: bool | None = None
    """Whether it can leave in time at all, counted from the start of the interval."""


class Interval(msgspec.Struct, frozen=True):
    """A stretch of time read in one way. `start`/`end` None: since ever, from then on."""

    start: datetime | None
    end: datetime | None
    state: str
    start_airport: str | None
    end_airport: str | None
    why: str
    activity_ids: list[str] = []
    next_commitment: Commitment | None = None


def equivalent_of(mapping: Mapping[str, MappingRow], activity_type: str) -> str:
    """What a type is mapped to; Occupied unless the member said otherwise (documented)."""
    row = mapping.get(activity_type)
    return row.equivalent if row is not None else OCCUPIED


class Reading:
    """One aircraft's schedule read through its company's mapping, as of now."""

    def __init__(self, activities: list[Activity], mapping: Mapping[str, MappingRow], home_base: str | None) -> None:
        self._kind = {activity.activity_type: equivalent_of(mapping, activity.activity_type) for activity in activities}
        ordered = sorted(activities, key=lambda activity: (activity.start, activity.end, activity.activity_id))
        # Documented: an option "does in no way effect the position of the aircraft, nor ... the availability".
        self._options = [activity for activity in ordered if self._kind[activity.activity_type] == OPTION]
        self._counted = [activity for activity in ordered if self._kind[activity.activity_type] != OPTION]
        self._home_base = home_base

    def kind_of(self, activity: Activity) -> str:
        return self._kind[activity.activity_type]

    def position_at(self, at: datetime) -> str | None:
        """Where the aircraft is: the end airport of the last activity that ended by then, else home base.

        While an activity that leaves it available is under way, it counts as still at that activity's start.
        """
        under_way = [activity for activity in self._counted if activity.start <= at < activity.end]
        if under_way:
            return under_way[0].start_airport
        ended = [activity for activity in self._counted if activity.end <= at]
        return max(ended, key=lambda activity: (activity.end, activity.start)).end_airport if ended else self._home_base

    def intervals(self) -> list[Interval]:
        """The whole of time in stretches, oldest first, and after them the options, which are ignored."""
        edges = sorted({edge for activity in self._counted for edge in (activity.start, activity.end)})
        if not edges:
            found = [Interval(None, None, AVAILABLE, self._home_base, self._home_base, "No activity: at home base.")]
        else:
            found = [self._before(edges[0])]
            found += [self._between(start, end) for start, end in itertools.pairwise(edges)]
            found.append(self._after(edges[-1]))
        return _merged(found) + [self._option(activity) for activity in self._options]

    def _before(self, first: datetime) -> Interval:
        base = self._home_base
        why = "Before the first activity: at home base."
        return Interval(None, first, AVAILABLE, base, base, why, [], self._commitment(first, base, None))

    def _after(self, last: datetime) -> Interval:
        at = self.position_at(last)
        return Interval(last, None, AVAILABLE, at, at, f"After the last activity: on ground at {at or 'unknown'}.")

    def _between(self, start: datetime, end: datetime) -> Interval:
        active = [activity for activity in self._counted if activity.start <= start and activity.end >= end]
        blocking = [activity for activity in active if self.kind_of(activity) in BLOCKING]
        if blocking:
            first = blocking[0]
            overlap = " Overlaps another activity." if len(active) > 1 else ""
            why = f"{first.activity_type} is mapped to {self.kind_of(first)}.{overlap}"
            ids = [activity.activity_id for activity in active]
            return Interval(start, end, TAKEN, first.start_airport, first.end_airport, why, ids)
        if active:
            return self._available_during(active, start, end)
        # Documented, "Time gaps": on-ground available at the end airport of the first activity during the gap.
        at = self.position_at(start)
        why = f"Gap: on ground at {at or 'unknown'}, where the earlier activity ended."
        return Interval(start, end, AVAILABLE, at, at, why, [], self._commitment(end, at, start))

    def _available_during(self, active: list[Activity], start: datetime, end: datetime) -> Interval:
        first = active[0]
        kind = self.kind_of(first)
        why = f"{first.activity_type} is mapped to {kind}."
        if kind == EMPTY_LEG:
            why += " Marketed as an empty leg."
        if kind == ONGROUND:
            why += f" Priced from {first.start_airport or 'unknown'}, not from home base."
        ids = [activity.activity_id for activity in active]
        commitment = self._commitment(end, first.start_airport, start) if kind in (EMPTY_LEG, FERRY) else None
        if commitment is not None and commitment.reachable is False:
            why += f" Too late for the following leg from {commitment.airport}."
        return Interval(start, end, AVAILABLE, first.start_airport, first.end_airport, why, ids, commitment)

    def _commitment(self, after: datetime, here: str | None, since: datetime | None) -> Commitment | None:
        """The next flight the aircraft must be there for (documented for ferries: "any following passenger leg")."""
        following = [
            activity
            for activity in self._counted
            if activity.start >= after and self.kind_of(activity) == FLIGHT_OCCUPIED
        ]
        if not following:
            return None
        leg = following[0]
        minutes = flight_minutes(here, leg.start_airport)
        latest = leg.start - timedelta(minutes=minutes) if minutes is not None else None
        reachable = None if latest is None or since is None else since <= latest
        return Commitment(leg.start_airport, leg.start, latest, leg.activity_id, reachable)

    def _option(self, activity: Activity) -> Interval:
        why = f"{activity.activity_type} is mapped to {OPTION}: shown, but changes neither position nor availability."
        where = (activity.start_airport, activity.end_airport)
        return Interval(activity.start, activity.end, IGNORED, *where, why, [activity.activity_id])

    def can_fly(self, start_airport: str, end_airport: str, at: datetime) -> tuple[bool, str]:
        """Whether a request could be served: positioning, the flight, and being in time for what is next."""
        here = self.position_at(at)
        positioning = flight_minutes(here, start_airport)
        leave = at - timedelta(minutes=positioning or 0)
        if self.position_at(leave) != here:
            here = self.position_at(leave)
            positioning = flight_minutes(here, start_airport)
            leave = at - timedelta(minutes=positioning or 0)
        flight = flight_minutes(start_airport, end_airport)
        if positioning is None or flight is None:
            return False, "A flight time cannot be computed: an airport is unknown."
        arrive = at + timedelta(minutes=flight)
        for activity in self._counted:
            if self.kind_of(activity) in BLOCKING and activity.start < arrive and activity.end > leave:
                return (
                    False,
                    f"Occupied by {activity.activity_type} from {activity.start_airport} at {activity.start:%H:%MZ}.",
                )
        following = [a for a in self._counted if a.start >= arrive and self.kind_of(a) in BLOCKING]
        if following:
            ahead = following[0]
            back = flight_minutes(end_airport, ahead.start_airport)
            if back is None or arrive + timedelta(minutes=back) > ahead.start:
                return False, f"Would not be at {ahead.start_airport} in time for {ahead.activity_type}."
        return True, f"Leaves {here} at {leave:%Y-%m-%dT%H:%MZ} at the latest."


def _merged(intervals: list[Interval]) -> list[Interval]:
    """Neighbouring stretches that are read alike, as one; stretches of no length are dropped."""
    merged: list[Interval] = []
    for interval in intervals:
        if interval.start is not None and interval.start == interval.end:
            continue
        last = merged[-1] if merged else None
        if last is not None and last.activity_ids and _same(last, interval):
            merged[-1] = msgspec.structs.replace(last, end=interval.end)
        else:
            merged.append(interval)
    return merged


def _same(one: Interval, other: Interval) -> bool:
    return (one.state, one.activity_ids, one.why) == (other.state, other.activity_ids, other.why)
