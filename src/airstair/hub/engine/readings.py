"""How far this worker has read the change log: each reading has a number, its generation, and a snapshot cursor."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from airstair.hub.engine.store import NewChange, Store
from airstair.kernel.units import Unit

_MOST = 1_000  # readings kept before those that no connection can go back to are dropped


class Readings:
    """The readings that a connection's cursor may still be set to."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.latest = 0
        self._snapshots: dict[int, str] = {}
        self._left = 0  # how many were kept when some were last forgotten

    async def begin(self) -> None:
        """From now on: what happened before is for each connection to catch up with."""
        self._snapshots[self.latest] = await self._store.snapshot()

    async def read(self) -> list[NewChange]:
        """What is new since the reading before. One at a time."""
        snapshot, changes = await self._store.changes_since(self._snapshots[self.latest])
        self.latest += 1
        self._snapshots[self.latest] = snapshot
        return changes

    async def unread(self, operator_ids: Iterable[int]) -> dict[int, frozenset[Unit]]:
        """What the changes name that `read` would read now, by operator. They stay unread."""
        _, changes = await self._store.changes_since(self._snapshots[self.latest])
        found: dict[int, set[Unit]] = {operator_id: set() for operator_id in operator_ids}
        for change in changes:
            if change.operator_id in found:
                found[change.operator_id].update(change.units)
        return {operator_id: frozenset(units) for operator_id, units in found.items()}

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
        oldest = min(outstanding, default=self.latest + 1) - 1
        thin = len(self._snapshots) > _MOST
        needed = {self.latest, *(generation - 1 for generation in outstanding)}
        for generation in list(self._snapshots):
            if generation not in needed and (thin or generation < oldest):
                del self._snapshots[generation]
        self._left = len(self._snapshots)
