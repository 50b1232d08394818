"""Which flight of the record a row of a file is, so that a re-import updates it rather than doubling it. Pure.

A flight is known by its number, its airport of departure and its scheduled off-block time *as in the file*
(`import_key`), not as in the record: so the same file moved to another day still finds its flights, and so does one
whose flight a dispatcher has moved. Aircraft and destination are not in the key: both may change and it is still
that flight. When the file's own time has changed, the flight is the nearest one of that number and airport that no
other row claims, on the same day of the file or less than twelve hours away.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from airstair.records.flights.imports.rows import FileFlight
from airstair.records.imports.report import RowNote

NEAR = timedelta(hours=12)


class Key(NamedTuple):
    """What a flight is known by: written `EV3810/KEWR/2013-03-02T19:41Z`."""

    number: str
    adep: str
    std: datetime

    def __str__(self) -> str:
        return f"{self.number}/{self.adep}/{self.std:%Y-%m-%dT%H:%MZ}"

    @classmethod
    def read(cls, text: str) -> Key:
        number, adep, std = text.split("/")
        return cls(number, adep, datetime.strptime(std, "%Y-%m-%dT%H:%MZ").replace(tzinfo=UTC))


def key_of(flight: FileFlight) -> Key:
    return Key(flight.number, flight.adep, flight.std)


def without_repeats(flights: Iterable[FileFlight], skipped: list[RowNote]) -> list[FileFlight]:
    """The flights whose key no earlier row has. The others are noted in `skipped`."""
    first: dict[Key, FileFlight] = {}
    for flight in flights:
        earlier = first.setdefault(key_of(flight), flight)
        if earlier is not flight:
            skipped.append(RowNote(flight.row, _repeats(flight, earlier)))
    return list(first.values())


def _repeats(flight: FileFlight, earlier: FileFlight) -> str:
    if says_the_same(flight, earlier):
        return f"The same flight as row {earlier.row} ({earlier.title}), word for word. One of the two is enough."
    return (
        f"Number, ADEP and STD are those of row {earlier.row} ({earlier.title}, {earlier.registration}), but the rest"
        " differs. Remove one of the two, or give one another flight number."
    )


def says_the_same(one: FileFlight, other: FileFlight) -> bool:
    """Whether two rows say the same."""
    return all(getattr(one, name) == getattr(other, name) for name in one.__struct_fields__ if name != "row")


def match(flights: Sequence[FileFlight], known: Iterable[Key]) -> dict[Key, Key]:
    """For each flight of the file that the record has: its key now → the key the record knows it by."""
    unclaimed = set(known)
    found: dict[Key, Key] = {}
    moved: dict[tuple[str, str], list[Key]] = defaultdict(list)
    for key in map(key_of, flights):
        if key in unclaimed:
            found[key] = key
            unclaimed.discard(key)
        else:
            moved[key.number, key.adep].append(key)
    left: dict[tuple[str, str], list[Key]] = defaultdict(list)
    for key in unclaimed:
        left[key.number, key.adep].append(key)
    for group, keys in moved.items():
        pairs = sorted(
            (abs(key.std - old.std), old.std, key.std, key, old)
            for key in keys
            for old in left.get(group, ())
            if old.std.date() == key.std.date() or abs(key.std - old.std) < NEAR
        )
        taken: set[Key] = set()
        for *_, key, old in pairs:
            if key not in found and old not in taken:
                found[key] = old
                taken.add(old)
    return found
