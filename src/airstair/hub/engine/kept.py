"""Documents kept for their next turn: a clock asks for the same ones every few minutes, and few have changed.

A document is kept where its add-on says how long it stays as it is, and used while no change has named its unit since
before its snapshot was read. Nothing is lost with what is kept here: what is not there is made again.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from datetime import datetime

import msgspec

from airstair.hub.flows import Document
from airstair.hub.setting import Settings
from airstair.kernel.units import Unit

_MOST_BYTES = 64 * 1024 * 1024
_BESIDES = 150  # bytes of a part and its words, beside the body


class KeptDocument(msgspec.Struct, frozen=True):
    """A document with its fingerprint, and what it was made of besides the snapshot."""

    document: Document
    fingerprint: bytes
    settings: Settings
    since: datetime  # from when on the snapshot shows what was done

    @property
    def size(self) -> int:
        return len(self.document.body) + _BESIDES * (2 + len(self.document.parts) + len(self.document.warnings))


class Kept:
    """The documents that one worker keeps for its senders. Those not used for longest give way."""

    def __init__(self, most_bytes: int = _MOST_BYTES) -> None:
        self._room = most_bytes
        self._documents: OrderedDict[tuple[object, Unit], KeptDocument] = OrderedDict()
        self._being_made: set[tuple[object, Unit]] = set()

    def begin(self, owner: object, units: Iterable[Unit]) -> None:
        """The units' snapshots are about to be read: what changes from now on may not be in them."""
        self._being_made.update((owner, unit) for unit in units)

    def keep(self, owner: object, unit: Unit, made: KeptDocument) -> None:
        """Keep it, if no change has named the unit since its reading was begun."""
        key = (owner, unit)
        if key not in self._being_made:
            return
        self._being_made.discard(key)
        if made.document.good_until is None:
            return
        self._forget(key)
        self._documents[key] = made
        self._room -= made.size
        while self._room < 0:
            self._forget(next(iter(self._documents)))

    def changed(self, owner: object, unit: Unit) -> None:
        """A change names the unit."""
        self._being_made.discard((owner, unit))
        self._forget((owner, unit))

    def has(self, owner: object, unit: Unit) -> bool:
        return (owner, unit) in self._documents

    def get(self, owner: object, unit: Unit, settings: Settings, since: datetime, now: datetime) -> KeptDocument | None:
        """The unit's document as it would be made now, if it is kept."""
        key = (owner, unit)
        found = self._documents.get(key)
        if found is None:
            return None
        until = found.document.good_until
        if found.settings is not settings or found.since != since or until is None or until <= now:
            self._forget(key)
            return None
        self._documents.move_to_end(key)
        return found

    def drop(self, owner: object) -> None:
        """Everything of that owner."""
        self._being_made = {key for key in self._being_made if key[0] is not owner}
        for key in [key for key in self._documents if key[0] is owner]:
            self._forget(key)

    def _forget(self, key: tuple[object, Unit]) -> None:
        gone = self._documents.pop(key, None)
        if gone is not None:
            self._room += gone.size

    def __len__(self) -> int:
        return len(self._documents)
