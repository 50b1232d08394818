"""Aware UTC times and their written forms. Nothing below the page ever sees another zone."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

from airstair.kernel.errors import Invalid


def parse_utc(text: str, field: str = "time") -> datetime:
    """An ISO 8601 time with its zone (`Z` or an offset) as aware UTC.

    Raises `Invalid` for anything else: a time without a zone is refused, because guessing its zone moves a flight.
    """
    try:
        when = datetime.fromisoformat(text.strip())
    except ValueError:
        raise Invalid.one(
            field, f"“{text}” is not a time. Write it in UTC like 2027-03-04T09:12Z, with a day that exists."
        ) from None
    if when.tzinfo is None:
        raise Invalid.one(field, f"“{text}” has no time zone. Add Z when it is UTC: {text.strip()}Z.")
    try:
        return when.astimezone(UTC)
    except OverflowError:
        raise Invalid.one(field, f"“{text}” is out of range. Use a year between 1900 and 2200.") from None


def parse_day(text: str, field: str = "day") -> date:
    """A calendar day, YYYY-MM-DD. Raises `Invalid`."""
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise Invalid.one(field, f"“{text}” is not a day. Write it like 2027-03-04.") from None


# A schedule is written for many aircraft at once, again and again: `strftime` takes six times as long.
_TIMES_OF_DAY = tuple(f"{hour:02}:{minute:02}Z" for hour in range(24) for minute in range(60))
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def minutes_z(when: datetime) -> str:
    """`2027-05-11T06:00Z`: the minute form that schedules are exchanged in."""
    utc = when if when.tzinfo is UTC else when.astimezone(UTC)
    return _day_written(utc.year, utc.month, utc.day) + _TIMES_OF_DAY[utc.hour * 60 + utc.minute]


def spoken_z(when: datetime) -> str:
    """`11 May 06:00Z`: the same for people, where the year is plain."""
    utc = when if when.tzinfo is UTC else when.astimezone(UTC)
    return _day_spoken(utc.month, utc.day) + _TIMES_OF_DAY[utc.hour * 60 + utc.minute]


@lru_cache(maxsize=4096)
def _day_written(year: int, month: int, day: int) -> str:
    return f"{year:04}-{month:02}-{day:02}T"


@lru_cache(maxsize=366)
def _day_spoken(month: int, day: int) -> str:
    return f"{day:02} {_MONTHS[month - 1]} "


def whole_minutes(length: timedelta) -> int:
    """The length in minutes, rounded to the nearest."""
    return round(length.total_seconds() / 60)
