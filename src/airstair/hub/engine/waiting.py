"""What waits to be sent through one connection: two small structures without any database.

`Waiting` is for flows that send on change, `DueTimes` for flows that send by the clock.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Generic, TypeVar

from airstair.kernel.units import Unit

K = TypeVar("K")


class Waiting:
    """Units whose document may be stale: each once, however often it changed; people's edits ahead of bulk ones.

    Each unit carries the generation of the reading that first named it since it was last sent. The oldest
    outstanding generation tells how far the connection's cursor may be saved.
    """

    def __init__(self) -> None:
        self._people: dict[Unit, int] = {}
        self._bulk: dict[Unit, int] = {}
        self._under_way: dict[Unit, tuple[int, bool]] = {}  # generation, and whether it was in the bulk lane

    def put(self, unit: Unit, generation: int, *, bulk: bool) -> None:
        """The unit has changed. Putting it again while it waits makes no second sending."""
        lane = self._bulk if bulk and unit not in self._people else self._people
        earlier = self._bulk.pop(unit, None) if lane is self._people else None
        known = [g for g in (lane.get(unit), earlier) if g is not None]
        lane[unit] = min([*known, generation])

    def take(self, most: int, ready: Callable[[Unit], bool] = lambda _: True) -> list[Unit]:
        """Up to `most` units that are not under way already, people's first and by themselves: they wait for no other.

        Under way until `done` or `back`.
        """
        taken: list[Unit] = []
        for lane in (self._people, self._bulk):
            if taken or most <= 0:
                break
            for unit in lane:
                if unit not in self._under_way and ready(unit):
                    taken.append(unit)
                    if len(taken) >= most:
                        break
        for unit in taken:
            bulk = unit not in self._people
            self._under_way[unit] = ((self._bulk if bulk else self._people).pop(unit), bulk)
        return taken

    def is_bulk(self, unit: Unit) -> bool:
        """Whether the unit is under way for an import or the like: nobody is looking."""
        return self._under_way.get(unit, (0, False))[1]

    def done(self, unit: Unit) -> None:
        """The unit's result is on its way into the ledger."""
        self._under_way.pop(unit, None)

    def back(self, unit: Unit, *, bulk: bool = False) -> None:
        """The unit was not sent; it waits again, as old as it was, in its own lane, or in the bulk one."""
        taken = self._under_way.pop(unit, None)
        if taken is not None:
            generation, was_bulk = taken
            self.put(unit, generation, bulk=was_bulk or bulk)

    def keep_only(self, wanted: Callable[[Unit], bool]) -> None:
        """Forget units that are no longer ours to send."""
        for lane in (self._people, self._bulk):
            for unit in [unit for unit in lane if not wanted(unit)]:
                del lane[unit]

    @property
    def generations(self) -> set[int]:
        """The generations outstanding, under way included."""
        return {*self._people.values(), *self._bulk.values(), *(g for g, _ in self._under_way.values())}

    @property
    def oldest(self) -> int | None:
        """The oldest outstanding generation, under way included."""
        return min(self.generations, default=None)

    @property
    def under_way(self) -> int:
        return len(self._under_way)

    def __iter__(self) -> Iterator[Unit]:
        yield from self._people
        yield from self._bulk

    def __len__(self) -> int:
        return len(self._people) + len(self._bulk)

    def __contains__(self, unit: Unit) -> bool:
        return unit in self._people or unit in self._bulk


class DueTimes(Generic[K]):
    """When each unit, or whatever else, is next due."""

    def __init__(self) -> None:
        self._due: dict[K, datetime] = {}
        self._heap: list[tuple[datetime, K]] = []

    def set(self, unit: K, when: datetime | None) -> None:
        """The unit is due then; `None`: not by itself."""
        if when is None:
            self._due.pop(unit, None)
            return
        if self._due.get(unit) == when:
            return
        self._due[unit] = when
        heapq.heappush(self._heap, (when, unit))
        if len(self._heap) > 2 * len(self._due) + 64:  # times that were set anew leave their old ones behind
            self._heap = [(at, one) for one, at in self._due.items()]
            heapq.heapify(self._heap)

    def take(self, now: datetime, most: int) -> list[K]:
        """Up to `most` units that are due, the longest overdue first. They are due no more until `set` again."""
        taken: list[K] = []
        while len(taken) < most and (first := self.next_time()) is not None and first <= now:
            _, unit = heapq.heappop(self._heap)
            del self._due[unit]
            taken.append(unit)
        return taken

    def next_time(self) -> datetime | None:
        """When the next unit is due."""
        while self._heap and self._due.get(self._heap[0][1]) != self._heap[0][0]:
            heapq.heappop(self._heap)  # set to another time since, or taken
        return self._heap[0][0] if self._heap else None

    def overdue(self, now: datetime) -> int:
        """How many could be sent now."""
        return sum(when <= now for when in self._due.values())

    def __iter__(self) -> Iterator[K]:
        return iter(list(self._due))

    def __len__(self) -> int:
        return len(self._due)

    def __contains__(self, unit: K) -> bool:
        return unit in self._due
