"""When and where an aircraft is free: the gaps between what occupies it. Pure; knows neither flights nor wires.

What overlaps is one occupation. In a gap the aircraft stands where the activity that ended last has left it; where the
next one begins elsewhere, it has to be there by the gap's end. A gap over midnight stays one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

import msgspec

# A shorter stop is a turnaround, not something to sell. Our choice; nothing public says.
SHORTEST = timedelta(hours=2)


class Occupied(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One stretch of time in which the aircraft is taken, between two airports."""

    id: str
    start: datetime
    end: datetime
    start_airport: str
    end_airport: str


class Gap(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One stretch in which the aircraft is free. `onward`: where it is needed next; empty when nothing follows.

    `follows` is the id of what ended last before it; empty at the beginning.
    """

    start: datetime
    end: datetime
    airport: str
    onward: str
    follows: str


def gaps(occupied: Iterable[Occupied], *, begins: datetime, ends: datetime, airport: str) -> Iterator[Gap]:
    """The gaps from `begins` until `ends`, in order. `airport`: where the aircraft is before all of `occupied`.

    Of activities that end together, the one that began last says where the aircraft is.
    """
    free_from, follows = begins, ""
    for one in sorted(occupied, key=lambda o: (o.start, o.end, o.id)):
        until = min(one.start, ends)
        if until - free_from >= SHORTEST:
            yield Gap(start=free_from, end=until, airport=airport, onward=one.start_airport, follows=follows)
        if one.end >= free_from or not follows:
            free_from, airport, follows = max(one.end, begins), one.end_airport, one.id
    if ends - free_from >= SHORTEST:
        yield Gap(start=free_from, end=ends, airport=airport, onward="", follows=follows)
