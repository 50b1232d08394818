"""When a pull runs by its clock: at an interval (`flows.Every`), or once a day at a time of day. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any


@dataclass(frozen=True, slots=True)
class DailyAt:
    """Once a day at a time of day, UTC, and once as soon as it is switched on.

    `at` reads the time from the settings; `None` from it means not by itself.
    """

    at: Callable[[Any], time | None]


def next_at(at: time, after: datetime) -> datetime:
    """The first time after `after` at which it is `at`, UTC."""
    today = datetime.combine(after.astimezone(UTC).date(), at, UTC)
    return today if today > after else today + timedelta(days=1)
