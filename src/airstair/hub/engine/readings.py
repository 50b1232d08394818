"""How far this worker has read the change log: each reading has a number, its generation, and a snapshot cursor.

An import names tens of thousands of units in one commit. It is left out of the reading that meets it and read
afterwards, a portion between two readings, so that what others change meanwhile does not wait for it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import datetime
from typing import NamedTuple

import msgspec

from airstair.hub.engine.store import LeftOut, NewChange, Store
from airstair.kernel.units import Unit, UnitKind

_MOST = 1_000  # readings kept before those that no connection can go back to are dropped
_READ_ALONG = 500  # bulk changes that a reading takes along; more are left out of it
_PORTION = 2_000  # changes, of whomever, among which a portion of what was left out is looked for
_TOLD = 500  # units of it that are told at once


class SetAside(msgspec.Struct):
    """What a reading left out of an operator's changes: `left` to be read, and the units `named` by what has been."""

    generation: int
    left: LeftOut
    named: dict[Unit, datetime] = msgspec.field(default_factory=dict)

    @property
    def read(self) -> bool:
        """Whether nothing is left to be read."""
        return self.left.first > self.left.last

    @property
    def told(self) -> bool:
        """Whether everything has been handed on."""
        return self.read and not self.named

    def next_portion(self, most: int) -> LeftOut:
        """What to read now; it is taken off."""
        upper = min(self.left.first + most - 1, self.left.last)
        portion = msgspec.structs.replace(self.left, last=upper)
        self.left = msgspec.structs.replace(self.left, first=upper + 1)
        return portion

    def add(self, named: Iterable[tuple[Unit, datetime]]) -> None:
        """These are named too. An import names an aircraft as often as it flies, and it is to be looked at once."""
        for unit, at in named:
            self.named[unit] = min(at, self.named.get(unit, at))

    def tell(self, most: int) -> list[tuple[Unit, datetime]]:
        """Some of the named units, each with when it was first named; they are taken off. None before all is read."""
        if not self.read:
            return []
        return [self.named.popitem() for _ in range(min(most, len(self.named)))]


class Portion(NamedTuple):
    """Units of an operator that are told now, each with when it was first named; of that reading."""

    operator_id: int
    generation: int
    named: list[tuple[Unit, datetime]]


class Unread(NamedTuple):
    """What changes name that are yet to be read; `and_more`: so many that not all is said."""

    units: frozenset[Unit]
    and_more: bool


class Readings:
    """The readings that a connection's cursor may still be set to."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.latest = 0
        self._snapshots: dict[int, str] = {}
        self._left = 0  # how many were kept when some were last forgotten
        self._set_aside: deque[SetAside] = deque()
        self._being_read: SetAside | None = None

    async def begin(self) -> None:
        """From now on: what happened before is for each connection to catch up with."""
        self._snapshots[self.latest] = await self._store.snapshot()

    async def read(self) -> tuple[list[NewChange], frozenset[int]]:
        """What is new since the reading before, and the operators of whom many changes were left out. One at a time."""
        since = self._snapshots[self.latest]
        snapshot, changes, left_out = await self._store.everybodys_changes(since, _READ_ALONG)
        self.latest += 1
        self._snapshots[self.latest] = snapshot
        self._set_aside += (SetAside(self.latest, one) for one in left_out)
        return changes, frozenset(one.operator for one in left_out)

    async def read_left_out(self, kinds_of: Callable[[int], Collection[UnitKind]]) -> Portion | None:
        """Read some of what was left out, the operators in turn; answers what is to be told. Then `put_back`.

        `kinds_of`: the kinds of units of an operator that anybody here keeps. Where there are none, nothing is read.
        """
        while self._set_aside:
            one = self._being_read = self._set_aside.popleft()
            kinds = kinds_of(one.left.operator)
            if kinds:
                if not one.read:
                    one.add(await self._store.named_by(one.next_portion(_PORTION), kinds))
                return Portion(one.left.operator, one.generation, one.tell(_TOLD))
            self._being_read = None
        return None

    def put_back(self) -> None:
        """What was told has been heard; the rest waits for its next turn."""
        one, self._being_read = self._being_read, None
        if one is not None and not one.told:
            self._set_aside.append(one)

    @property
    def more(self) -> bool:
        """Whether something is left out still."""
        return bool(self._outstanding)

    @property
    def _outstanding(self) -> list[SetAside]:
        return [*self._set_aside, *([] if self._being_read is None else [self._being_read])]

    def heard(self, operator_id: int) -> int:
        """The latest reading of which everything has been told to the operator's connections."""
        return min(
            (one.generation - 1 for one in self._outstanding if one.left.operator == operator_id), default=self.latest
        )

    async def unread(self, operator_ids: Iterable[int]) -> dict[int, Unread]:
        """What the changes name that `read` would read now, by operator. They stay unread."""
        _, changes, left_out = await self._store.everybodys_changes(self._snapshots[self.latest], _READ_ALONG)
        found: dict[int, set[Unit]] = {operator_id: set() for operator_id in operator_ids}
        for change in changes:
            if change.operator_id in found:
                found[change.operator_id].update(change.units)
        many = {one.operator for one in left_out}
        return {operator: Unread(frozenset(units), operator in many) for operator, units in found.items()}

    @property
    def snapshots(self) -> Mapping[int, str]:
        """The snapshot of each generation kept."""
        return self._snapshots

    @property
    def crowded(self) -> bool:
        """Whether so many are kept that it is time to `forget` some."""
        return len(self._snapshots) > max(_MOST, 2 * self._left)

    def forget(self, outstanding: set[int]) -> None:
        """Keep what cursors can be set to: the latest, and the reading before each that has something outstanding.

        Without it, a partner that is away for a week would keep a week's readings in memory.
        """
        outstanding = outstanding | {one.generation for one in self._outstanding}
        oldest = min(outstanding, default=self.latest + 1) - 1
        thin = len(self._snapshots) > _MOST
        needed = {self.latest, *(generation - 1 for generation in outstanding)}
        for generation in list(self._snapshots):
            if generation not in needed and (thin or generation < oldest):
                del self._snapshots[generation]
        self._left = len(self._snapshots)
