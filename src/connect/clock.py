"""What time it is: an argument wherever a rule asks, so that tests decide. Must hold no other time arithmetic."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    """The clock of the machine, aware UTC."""
    return datetime.now(UTC)


def short(moment: datetime) -> str:
    """As notes write it: `2031-04-07 08:15Z`."""
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%MZ")


def clock_time(moment: datetime) -> str:
    """The time alone: `08:15Z`."""
    return moment.astimezone(UTC).strftime("%H:%MZ")
