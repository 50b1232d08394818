"""Numbers for what the record knows by a word: airports (`locationNid`), crew positions, kinds of checklist item.

A code itself is written as a number, so that nothing needs to be kept and every installation has the same ones.
"""

from __future__ import annotations

import string
from collections.abc import Iterable

from airstair.records.checklist.rules import STARTING_ITEMS
from airstair.records.checklist.snapshots import DefinitionFacts

_DIGITS = string.digits + string.ascii_uppercase


def _number(code: str) -> int:
    return int(f"1{code.upper()}", 36)  # the 1 keeps leading zeros


def _code(number: int) -> str:
    written = ""
    while number > 0:
        number, digit = divmod(number, 36)
        written = _DIGITS[digit] + written
    return written[1:]


def location_nid(airport_code: str) -> int:
    """Of an airport, by its code in the record."""
    return _number(airport_code)


def location_code(nid: int) -> str:
    """The code again; nobody's code for a number that was never given out."""
    return _code(nid)


def position_nid(position: str) -> int | None:
    """Of a crew position; `None` for one that is not written in letters and digits."""
    return _number(position) if position.isascii() and position.isalnum() and len(position) <= 9 else None


def position_code(nid: int) -> str:
    return _code(nid)


def definition_nid(definition: DefinitionFacts) -> int:
    """Of a kind of checklist item: its place in the starting table, and so the same before and after an operator
    changed any; of one of the operator's own, its id (which is greater, the starting ones being made first)."""
    start = STARTING_ITEMS.get(definition.key)
    return start.place if start else definition.id


def definition_of(nid: int, definitions: Iterable[DefinitionFacts]) -> DefinitionFacts | None:
    """The one that has the number."""
    return next((one for one in definitions if definition_nid(one) == nid), None)
