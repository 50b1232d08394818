"""What a change touches, and what a mirror keeps equal: one aircraft's schedule, one flight, one crew member."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class UnitKind(StrEnum):
    """The kinds of thing that partners keep a copy of."""

    AIRCRAFT = "aircraft"
    FLIGHT = "flight"
    TRIP = "trip"
    CREW_MEMBER = "crew"
    COUNTERS = "counters"  # an aircraft's hours and cycles, by the aircraft's id
    CONNECTION = "connection"
    OPERATOR = "operator"
    PHONEBOOK = "phonebook"  # a passenger, contact person or company
    HANDLER = "handler"  # an entry of the handlers' directory


_KINDS = {kind.value: kind for kind in UnitKind}  # asking the enumeration takes as long as all the rest of reading one


class Unit(NamedTuple):
    """One thing, by kind and id. Written `aircraft:81` in the change log and in the ledger."""

    kind: UnitKind
    id: int

    def __str__(self) -> str:
        return f"{self.kind.value}:{self.id}"

    @classmethod
    def read(cls, text: str) -> Unit:
        kind, _, number = text.partition(":")
        return cls(_KINDS[kind] if kind in _KINDS else UnitKind(kind), int(number))
