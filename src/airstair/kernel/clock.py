"""Time as an argument, so that tests decide what time it is.

Everything that waits or stamps takes a `Clock`. The product runs on `SystemClock`; tests run on
`ManualClock` and move it by hand, so that a quarter of an hour costs no time.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """What time it is, and a way to wait for a later one. All times are aware UTC."""

    def now(self) -> datetime:
        """The current time, aware, UTC."""
        ...

    async def sleep_until(self, when: datetime) -> None:
        """Return as soon as `now()` is `when` or later."""
        ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    async def sleep_until(self, when: datetime) -> None:
        await asyncio.sleep(max(0.0, (when - self.now()).total_seconds()))


class ManualClock:
    """A clock that stands still until `advance` or `set` moves it. Sleepers wake in order of time."""

    def __init__(self, start: datetime) -> None:
        self._now = start.astimezone(UTC)
        self._order = itertools.count()
        self._sleepers: list[tuple[datetime, int, asyncio.AbstractEventLoop, asyncio.Event]] = []

    def now(self) -> datetime:
        return self._now

    async def sleep_until(self, when: datetime) -> None:
        if when <= self._now:
            await asyncio.sleep(0)
            return
        woken = asyncio.Event()
        heapq.heappush(self._sleepers, (when, next(self._order), asyncio.get_running_loop(), woken))
        await woken.wait()

    def advance(self, by: timedelta) -> None:
        """Move forward by `by` and wake whoever waited for a time that has now come."""
        self.set(self._now + by)

    def set(self, to: datetime) -> None:
        """Move to `to`, which must not be earlier than now."""
        if to < self._now:
            raise ValueError("A clock does not run backwards. Make a new one instead.")
        self._now = to.astimezone(UTC)
        while self._sleepers and self._sleepers[0][0] <= self._now:
            *_, loop, woken = heapq.heappop(self._sleepers)
            if not loop.is_closed():
                loop.call_soon_threadsafe(woken.set)
