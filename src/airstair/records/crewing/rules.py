"""The words of crewing, and what they mean for work and rest. Pure; no database, no page."""

from __future__ import annotations

import calendar
from datetime import date, timedelta
from enum import StrEnum

LONGEST_DUTY = timedelta(days=92)  # leave and sickness last; a longer one is a wrong month


class DutyKind(StrEnum):
    """What a crew member does beside flying."""

    POSITIONING = "POSITIONING"
    OFFICE = "OFFICE"
    TRAINING = "TRAINING"
    SIMULATOR = "SIMULATOR"
    AIRPORT_STANDBY = "AIRPORT_STANDBY"
    HOME_STANDBY = "HOME_STANDBY"
    RESERVE = "RESERVE"
    OFF = "OFF"
    LEAVE = "LEAVE"
    SICK = "SICK"
    OTHER = "OTHER"

    @property
    def label(self) -> str:
        return "Day off" if self is DutyKind.OFF else self.value.replace("_", " ").capitalize()


# Whoever does these is awake and at work; during the others people may sleep.
WORKED = frozenset(
    {
        DutyKind.POSITIONING,
        DutyKind.OFFICE,
        DutyKind.TRAINING,
        DutyKind.SIMULATOR,
        DutyKind.AIRPORT_STANDBY,
        DutyKind.OTHER,
    }
)
STANDBY = frozenset({DutyKind.AIRPORT_STANDBY, DutyKind.HOME_STANDBY, DutyKind.RESERVE})
FREE = frozenset({DutyKind.OFF, DutyKind.LEAVE, DutyKind.SICK})


class PublishedBy(StrEnum):
    """How far one publishing reaches: to the end of a day, or of the whole month that the day is in."""

    DAY = "day"
    MONTH = "month"


def last_published(day: date, by: PublishedBy) -> date:
    """The last day that is published when somebody publishes up to `day`."""
    if by is PublishedBy.DAY:
        return day
    return day.replace(day=calendar.monthrange(day.year, day.month)[1])
