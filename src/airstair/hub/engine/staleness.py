"""Since when what a partner shows of each unit may be out of date: for the latency from edit to delivery.

Only measures. Nothing is decided by it, and nothing is lost with it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime

from airstair.kernel.units import Unit


class Staleness:
    """For each unit the oldest change that the partner has not been sent yet."""

    def __init__(self) -> None:
        self._waiting: dict[Unit, datetime] = {}
        self._taken: dict[Unit, datetime] = {}  # its document is being made or sent; a later change waits anew

    def changed(self, unit: Unit, at: datetime) -> None:
        self._waiting.setdefault(unit, at)

    def taken(self, units: Iterable[Unit]) -> None:
        """What has changed until now goes into the documents that are about to be made."""
        if self._waiting:
            for unit in units:
                if (at := self._waiting.pop(unit, None)) is not None:
                    self._taken.setdefault(unit, at)

    def delivered(self, unit: Unit) -> datetime | None:
        """The partner shows the unit as it was when its document was made. Answers since when it had not."""
        return self._taken.pop(unit, None)

    def keep_only(self, wanted: Callable[[Unit], bool]) -> None:
        """Forget units that are no longer ours to send."""
        for times in (self._waiting, self._taken):
            for unit in [unit for unit in times if not wanted(unit)]:
                del times[unit]

    @property
    def oldest(self) -> datetime | None:
        """The oldest change that has not got through."""
        return min((*self._waiting.values(), *self._taken.values()), default=None)
