"""How many requests a program may send in a time. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import NamedTuple

# By the length of the window in seconds. What third parties know from elsewhere, so that they need not change.
MOST = {60: 150, 3600: 4500, 86400: 54000}


class Asked(NamedTuple):
    """How many requests came in one window, this one too."""

    seconds: int
    began: datetime
    asked: int

    @property
    def ends(self) -> datetime:
        return self.began + timedelta(seconds=self.seconds)


def too_many(windows: Iterable[Asked], now: datetime, most: dict[int, int] = MOST) -> Asked | None:
    """The window that is full and ends last; `None` when the request may be answered."""
    full = [one for one in windows if one.asked > most[one.seconds] and one.ends > now]
    return max(full, key=lambda one: one.ends, default=None)


def wait(window: Asked, now: datetime) -> int:
    """Whole seconds until it ends, at least one."""
    return max(1, math.ceil((window.ends - now).total_seconds()))
