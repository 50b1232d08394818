"""Gathers changes, so that they go out together once in each interval, where a flow's trigger says so."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from airstair.kernel.units import Unit


class Gathering:
    """Rounds at a regular interval: what waits when one begins may go out, what comes later waits for the next."""

    def __init__(self) -> None:
        self.next_at: datetime | None = None  # when the next round begins; `None`: at once
        self._in_round: set[Unit] = set()

    def turn(self, interval: timedelta, waiting: Iterable[Unit], now: datetime) -> None:
        """Begin a round if it is time for one."""
        if self.next_at is None or self.next_at <= now:
            self._in_round.update(waiting)
            self.next_at = now + interval if self.next_at is None else self._after(self.next_at, interval, now)

    def let_pass(self, interval: timedelta, now: datetime) -> None:
        """Something begins to wait where nothing did: rounds that have passed unused are past."""
        if self.next_at is not None and self.next_at <= now:
            self.next_at = self._after(self.next_at, interval, now)

    @staticmethod
    def _after(last: datetime, interval: timedelta, now: datetime) -> datetime:
        return last + ((now - last) // interval + 1) * interval

    def at_once(self) -> None:
        """The next round begins now."""
        self.next_at = None

    def done(self, unit: Unit) -> None:
        self._in_round.discard(unit)

    def __contains__(self, unit: Unit) -> bool:
        """Whether the unit may go out now."""
        return unit in self._in_round
