"""When somebody probably slept, worked out from when they worked. Pure.

The full method of the model's owner is not public. Two of its rules are known from work for the Federal Railroad
Administration: work that ends before noon is followed by sleep at once, after the way home; later work by sleep at the
usual bedtime; at most eight hours, at least one, and none is begun between noon and 20:00. The rest here is our choice,
and said where it stands. Sleep so estimated is kinder than real sleep: in an airline's study the mean effectiveness
fell from 90 to 83 when real sleep was put in its place.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import msgspec

BEDTIME, NOON, EVENING, NAP_FROM = time(23), time(12), time(20), time(14)
LONGEST, SHORTEST, LONGEST_NAP = timedelta(hours=8), timedelta(hours=1), timedelta(hours=2)
ENOUGH_AT_NIGHT = timedelta(hours=3)  # with less of the night ahead, the afternoon is slept in
NOT_TIRED = timedelta(hours=8)  # our choice: awake for less, nobody goes to bed again in the morning
DAWN = time(5)
SIT = timedelta(
    hours=3
)  # our choice: a shorter wait between two flights is no time to sleep (a split duty's least break)


class Work(msgspec.Struct, frozen=True, kw_only=True):
    """One flight, positioning or duty. Airports may be empty: then it is at home, or not known, which is taken for it.

    `report_minutes` and `release_minutes`: for so long before and after somebody is at work too.
    """

    key: str  # "flight:88", "duty:31"
    title: str
    start: datetime
    end: datetime
    start_airport: str = ""
    end_airport: str = ""
    end_zone: str = ""  # where it ends; the home's, if empty
    report_minutes: int = 0
    release_minutes: int = 0


class Habits(msgspec.Struct, frozen=True, kw_only=True):
    """Where somebody lives, and how long the way to bed is, in minutes."""

    home_base: str = ""
    home_zone: str = "UTC"
    way_home: int = 60
    way_to_hotel: int = 30


class Sleep(msgspec.Struct, frozen=True, kw_only=True):
    """One sleep, in UTC. `night`: it is slept when it is night where they are."""

    start: datetime
    end: datetime
    night: bool = True
    source: str = "auto"


def estimate(works: Sequence[Work], start: datetime, end: datetime, habits: Habits) -> list[Sleep]:
    """The sleeps from `start`, when they are awake and rested, to `end`. In order, apart, and never during work."""
    sleeps: list[Sleep] = []
    for first, last, zone in _gaps(works, start, end, habits):
        for sleep in _sleeps_in(first, last, zone, sleeps[-1].end if sleeps else start):
            sleeps.append(sleep)
    return sleeps


def _gaps(
    works: Iterable[Work], start: datetime, end: datetime, habits: Habits
) -> Iterator[tuple[datetime, datetime, ZoneInfo]]:
    """The times in which somebody could be in bed, with the zone of where that is."""
    free, zone, way, done = start, ZoneInfo(habits.home_zone), timedelta(0), start - SIT
    for work in sorted((one for one in works if one.end > start and one.start < end), key=lambda one: one.start):
        report = work.start - timedelta(minutes=work.report_minutes)
        if report - done >= SIT:
            yield free, min(end, report - (way or _way(work.start_airport, habits))), zone
        released = work.end + timedelta(minutes=work.release_minutes)
        if released > done:
            done, way = released, _way(work.end_airport, habits)
            free, zone = released + way, ZoneInfo(work.end_zone or habits.home_zone)
    yield free, end, zone


def _way(airport: str, habits: Habits) -> timedelta:
    at_home = not airport or airport == habits.home_base
    return timedelta(minutes=habits.way_home if at_home else habits.way_to_hotel)


def _sleeps_in(start: datetime, end: datetime, zone: ZoneInfo, woke: datetime) -> Iterator[Sleep]:
    at = start
    while end - at >= SHORTEST:
        local = at.astimezone(zone)
        noon, evening, bedtime = (_at(local, hour) for hour in (NOON, EVENING, BEDTIME))
        if local.time() < NOON or local.time() >= BEDTIME:  # the night, and the morning after a night at work
            up_by = noon if local.time() < NOON else noon + timedelta(days=1)
            stay_up = DAWN <= local.time() < NOON and at - woke < NOT_TIRED
            begin, until, then = (up_by if stay_up else at), min(at + LONGEST, up_by), up_by
        elif local.time() < EVENING and min(bedtime + LONGEST, end) - bedtime < ENOUGH_AT_NIGHT:
            begin = max(at, _at(local, NAP_FROM))
            until, then = begin + LONGEST_NAP, evening
        else:
            begin, until, then = bedtime, bedtime + LONGEST, _at(local + timedelta(days=1), NOON)
        until = min(until, end)
        if until - begin >= SHORTEST:
            yield Sleep(start=begin, end=until, night=_is_night(begin, until, zone))
            woke = until
        at = max(then, until)


def _at(local: datetime, hour: time) -> datetime:
    """That hour of the local day, in UTC: so that lengths are true when the clocks are changed."""
    return datetime.combine(local.date(), hour, tzinfo=local.tzinfo).astimezone(UTC)


def _is_night(start: datetime, end: datetime, zone: ZoneInfo) -> bool:
    middle = (start + (end - start) / 2).astimezone(zone).hour
    return middle >= 22 or middle < 8
