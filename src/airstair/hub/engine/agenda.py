"""Which connections are to be looked at now: those that something happened to, and those whose time has come.

A worker may serve hundreds, and is woken a hundred times a second. A wake must cost what has happened, not how many
connections there are.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import datetime
from typing import TypeVar

from airstair.hub.engine.waiting import DueTimes

_LOOK_AT_ALL_EVERY = 1.0  # seconds of the machine: what nobody stirred is found by then, at the next wake

L = TypeVar("L")


class Agenda:
    """Connections, by id, with when each is to be looked at next."""

    def __init__(self) -> None:
        self._stirred: set[int] = set()
        self._times: DueTimes[int] = DueTimes()
        self._looked_at_all: float | None = None

    def stir(self, connection_id: int) -> None:
        """Something happened to it: it is looked at with the next wake."""
        self._stirred.add(connection_id)

    def all_are_due(self) -> bool:
        """Whether it is time to look at every connection, stirred or not."""
        return self._looked_at_all is None or time.monotonic() - self._looked_at_all >= _LOOK_AT_ALL_EVERY

    def take(self, held: Mapping[int, L], now: datetime) -> dict[int, L]:
        """Those to be looked at now. Each is `plan`ned again after the look."""
        if self.all_are_due():
            self._looked_at_all = time.monotonic()
            self._stirred.clear()
            self._times = DueTimes()
            return dict(held)
        stirred, self._stirred = self._stirred, set()
        stirred.update(self._times.take(now, len(held) + len(self._times)))
        return {id_: held[id_] for id_ in stirred if id_ in held}

    def plan(self, connection_id: int, when: datetime | None) -> None:
        """It is looked at then, if nothing happens before; `None`: only if something does."""
        self._times.set(connection_id, when)

    def next_time(self) -> datetime | None:
        """When the first is to be looked at."""
        return self._times.next_time()
