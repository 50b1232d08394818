"""How much each part does: as stated in the goals, or very little, to see that the benchmark itself works."""

from __future__ import annotations

import msgspec


class Sizes(msgspec.Struct, frozen=True):
    """Counts; `seconds` and `rate` (edits a second) are of the editor."""

    aircraft: int = 1000
    activities: int = 60
    rounds: int = 3
    bare_times: int = 5
    connections: int = 40
    edited_aircraft: int = 60
    rate: int = 20
    seconds: int = 20
    loads: int = 7
    deep_aircraft: int = 100
    deep_flights: int = 6000
    second_starts: int = 3


TINY = Sizes(
    aircraft=12,
    activities=10,
    rounds=1,
    bare_times=2,
    connections=3,
    edited_aircraft=4,
    rate=10,
    seconds=1,
    loads=2,
    deep_aircraft=4,
    deep_flights=200,
    second_starts=1,
)
