"""What IFS posts, as types. Which things it posts is observed; their names and notation are assumed.

IFS publishes no description of what it sends. A first real account changes this file.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated

import msgspec
from msgspec import Meta

# Times are full, with a zone: `2027-03-04T14:05:00Z`.
Time = Annotated[datetime, Meta(tz=True)]
Word = Annotated[str, Meta(min_length=1, max_length=60)]
Amount = Decimal  # what is impossible, the record refuses
Count = Annotated[int, Meta(ge=0, le=100_000)]


class Posted(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The log of one flight. What is absent or null is not known yet, and changes nothing here.

    `unique_id` is the partner's own name of the log: the same log again, or a correction of it, has the same.
    """

    unique_id: Annotated[str, Meta(min_length=1, max_length=120)]
    flight_number: Word
    date: date  # of the scheduled departure, UTC
    registration: Word
    adep: Word  # ICAO
    ades: Word
    block_off: Time | None = None
    take_off: Time | None = None
    landing: Time | None = None
    block_on: Time | None = None
    pax: Count | None = None
    uplift: Amount | None = None
    block_fuel: Amount | None = None
    remaining_fuel: Amount | None = None
    delay_code: Annotated[str, Meta(max_length=10)] | None = None
    delay_time: Count | None = None  # minutes
    pilot_flying: Annotated[str, Meta(max_length=60)] | None = None
    landings: Count | None = None


class Taken(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What it is answered: which flight the log is of."""

    unique_id: str
    flight_id: str
    trip_number: str
