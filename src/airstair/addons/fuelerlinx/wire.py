"""What FuelerLinx reads from us, as types.

The names are those of its own ScheduledTripDTO (generated SDK) where it has one for the thing; that it reads this shape
is assumed, since FuelerLinx publishes no description of what it pulls. A first real account changes this file.
"""

from __future__ import annotations

import msgspec


class Trip(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One leg. Times are UTC, to the second, as `2027-03-04T14:00:00Z`."""

    flight_id: str  # ours; never changes, whatever is edited
    trip_id: str  # our trip number
    flight_number: str  # assumed: the SDK has none
    tail_number: str
    departure_icao: str
    arrival_icao: str
    departure_date_time_zulu: str  # STD
    arrival_date_time_zulu: str  # STA
    pax_count: int
    cancelled: bool  # assumed: the SDK's own trip has no such flag


class Trips(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Every answer of its own services carries `success` and `message` beside the member that holds the things."""

    success: bool
    message: str
    scheduled_trips: list[Trip]


class Refused(msgspec.Struct, frozen=True, kw_only=True):
    """What is told when something is wrong, in the same shape."""

    success: bool
    message: str
