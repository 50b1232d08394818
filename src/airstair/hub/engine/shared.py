"""Snapshots that several connections need one after the other: a change makes the same unit stale for all of them.

What is shared was read after every change that has been heard of. A snapshot is dropped when a change names its unit,
and when the unit is read anew beside: no connection is handed an earlier state after a later one. It is for flows
that send on change: what is committed and not heard of yet will make them send once more.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from typing import Any, Generic, Protocol, TypeVar

from airstair.kernel.units import Unit, UnitKind

_MOST = 300  # snapshots; the connections work through their units in one order, not far from each other
_KINDS = frozenset({UnitKind.AIRCRAFT, UnitKind.FLIGHT})  # each change names them; what they are counted by, it may not


class Key(Protocol):
    """What a snapshot is of."""

    @property
    def operator_id(self) -> int: ...
    @property
    def unit(self) -> Unit: ...


K = TypeVar("K", bound=Key)


class Shared(Generic[K]):
    """The snapshots at hand, by what they are of. Those not used for longest give way."""

    def __init__(self, most: int = _MOST) -> None:
        self._most = most
        self._snapshots: OrderedDict[K, Any] = OrderedDict()
        self._being_read: set[K] = set()
        self._used: set[K] = set()

    def get(self, keys: Iterable[K]) -> dict[K, Any]:
        """Those that are at hand."""
        found = {key: self._snapshots[key] for key in keys if key in self._snapshots}
        for key in found:
            self._snapshots.move_to_end(key)
        self._used.update(found)
        return found

    def begin(self, keys: Iterable[K]) -> None:
        """These are about to be read: what changes from now on may not be in them."""
        self._being_read.update(key for key in keys if key.unit.kind in _KINDS)

    def keep(self, key: K, snapshot: Any) -> None:
        """Keep what was read, if nothing has been heard of the unit since its reading was begun.

        Where two read it at once nobody knows whose is the later: neither is kept.
        """
        if key not in self._being_read:
            self.drop([key])
            return
        self._being_read.discard(key)
        self._snapshots[key] = snapshot
        self._used.add(key)
        while len(self._snapshots) > self._most:
            self.drop([next(iter(self._snapshots))])

    def changed(self, operator_id: int, units: frozenset[Unit] | None) -> None:
        """A change names these units of the operator; `None`: it may be any of them."""
        for known in (self._snapshots, self._being_read):
            self.drop([key for key in known if key.operator_id == operator_id and (units is None or key.unit in units)])

    def drop(self, keys: Iterable[K]) -> None:
        """These are not to be shared any longer as they were read."""
        for key in keys:
            self._snapshots.pop(key, None)
            self._being_read.discard(key)
            self._used.discard(key)

    def forget_idle(self) -> None:
        """Give back the room of what nobody has asked for since this was last called."""
        self.drop([key for key in self._snapshots if key not in self._used])
        self._used.clear()
