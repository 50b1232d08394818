"""The clock of the sequences."""

from __future__ import annotations

from datetime import datetime, timedelta

from airstair.kernel.clock import ManualClock


class TickingClock(ManualClock):
    """Moved by hand, but never twice the same, as no clock is: what happens later is later."""

    def now(self) -> datetime:
        self._now += timedelta(microseconds=1)
        return super().now()

    def set(self, to: datetime) -> None:
        super().set(max(to, self._now))
