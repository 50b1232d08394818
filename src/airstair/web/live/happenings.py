"""What the stream and the polling tell a browser: pure, from rows of the change log.

A browser is told which units changed and by whom, never what they now are: it asks the pages for that, which know
what its person may see.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

import msgspec

MOST_UNITS = 300
EVERYTHING = "*"


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One change as it is read from the log."""

    operator_id: int
    seq: int
    kind: str
    units: tuple[str, ...]
    actor_label: str
    actor_key: str


class Happening(msgspec.Struct, frozen=True, kw_only=True):
    """Some changes at once. `units` is `("*",)` when there are too many to name."""

    seq: int
    kinds: tuple[str, ...]
    units: tuple[str, ...]
    by: tuple[str, ...]  # the names of who did it
    keys: tuple[str, ...]  # their keys, so that a page knows its own person's changes


LOST_TRACK = Happening(seq=0, kinds=(), units=(EVERYTHING,), by=(), keys=())


class Sight(msgspec.Struct, frozen=True, kw_only=True):
    """What one person may hear of. `aircraft` is `None` for everything of the operator's."""

    operator_id: int
    aircraft: frozenset[int] | None = None

    def units_of(self, row: Row) -> tuple[str, ...]:
        """The row's units as far as this person may know of them; none when the change is not theirs to hear of."""
        if row.operator_id != self.operator_id:
            return ()
        if self.aircraft is None:
            return row.units
        mine = {f"aircraft:{one}" for one in self.aircraft}
        if mine.isdisjoint(row.units):
            return ()
        return tuple(unit for unit in row.units if unit in mine or not unit.startswith("aircraft:"))


def happening(rows: Iterable[Row], sight: Sight) -> Happening | None:
    """The rows that the person may hear of, as one message; `None` when there are none."""
    heard = [(row, units) for row in rows if (units := sight.units_of(row))]
    if not heard:
        return None
    touched = sorted({unit for _, some in heard for unit in some})
    return Happening(
        seq=max(row.seq for row, _ in heard),
        kinds=_once(row.kind for row, _ in heard),
        units=tuple(touched) if len(touched) <= MOST_UNITS else (EVERYTHING,),
        by=_once(row.actor_label for row, _ in heard)[:5],
        keys=_once(row.actor_key for row, _ in heard)[:50],
    )


def _once(words: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(words))


def encode(what: Happening) -> str:
    return msgspec.json.encode(what).decode()


def message(name: str, body: str, cursor: str = "") -> bytes:
    """One server-sent event. The cursor is its id, so that a browser that comes back says where it stopped."""
    lines = [f"event: {name}"]
    if cursor:
        lines.append(f"id: {cursor}")
    lines += [f"data: {line}" for line in body.splitlines() or [""]]
    return ("\n".join(lines) + "\n\n").encode()


def sees_ledger(aircraft: Collection[int] | None) -> bool:
    """Deliveries to partners are not an aircraft owner's to follow."""
    return aircraft is None
