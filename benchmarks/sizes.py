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
    compared_edits: int = 50
    compared_rounds: int = 3
    compared_rates: tuple[int, ...] = (2, 20)
    compared_seconds: int = 6
    compared_patience: float = 60.0
    recovery_peers: bool = True
    recovery_patience: float = 100.0
    recovery_patience_short: float = 45.0
    held_aircraft: int = 300
    held_rate: int = 150
    held_seconds: int = 60
    held_rate_sets: int = 500
    held_seconds_sets: int = 20
    stored_aircraft: int = 1000
    stored_before: int = 10_000
    stored_after: int = 2_000_000
    stored_seconds: int = 5
    stored_rounds: int = 3
    stored_patience: float = 240.0
    idle_activities: int = 10
    idle_seconds: float = 60.0
    isolation_seconds: int = 15
    importing_aircraft: int = 200
    importing_seconds: int = 45
    imported: int = 50_000
    fatigue_crew: int = 1000
    fatigue_days: int = 30
    fatigue_rounds: int = 5
    connect_rounds: int = 40


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
    compared_edits=12,
    compared_rounds=1,
    compared_rates=(5,),
    compared_seconds=1,
    compared_patience=30.0,
    recovery_peers=False,
    recovery_patience=12.0,
    recovery_patience_short=3.0,
    held_aircraft=6,
    held_rate=20,
    held_seconds=2,
    held_rate_sets=40,
    held_seconds_sets=2,
    stored_aircraft=8,
    stored_before=80,
    stored_after=4_000,
    stored_seconds=1,
    stored_rounds=1,
    stored_patience=20.0,
    idle_activities=4,
    idle_seconds=2.0,
    isolation_seconds=1,
    importing_aircraft=5,
    importing_seconds=3,
    imported=200,
    fatigue_crew=12,
    fatigue_days=4,
    fatigue_rounds=1,
    connect_rounds=2,
)
