"""Frozen pictures of the schedule, as add-ons and pages see it. No database behind them."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from enum import StrEnum

import msgspec

from airstair.records.fleet.snapshots import AircraftFacts
from airstair.records.flights.rules import Status


class ActivityKind(StrEnum):
    """What an aircraft is doing."""

    FLIGHT = "flight"
    RESERVATION = "reservation"
    MAINTENANCE = "maintenance"
    AOG = "aog"


class EmptyLegOffer(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """An empty leg for sale. `verified_by` is the person who marked this very leg as sellable, if anybody did."""

    price: Decimal | None = None
    currency: str = ""
    marketing_start: datetime | None = None
    marketing_end: datetime | None = None
    message: str = ""
    verified_by: str = ""
    verified_at: datetime | None = None

    @property
    def verified(self) -> bool:
        return self.verified_at is not None


class ServiceOrder(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Handling, fuel, catering … arranged for one end of a flight."""

    airport: str
    kind: str  # ServiceKind
    served: str  # ServedParty
    provider_id: str
    provider_name: str
    source: str
    note: str = ""


class ActualTimes(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The actual times of a flight as one book has them. `source` is who wrote in it last."""

    book: str
    off_block: datetime | None = None
    take_off: datetime | None = None
    landing: datetime | None = None
    on_block: datetime | None = None
    source: str = ""
    sources: dict[str, str] = {}  # who said each time, by its field's name


class Activity(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One thing that an aircraft does between two airports.

    `start` and `end` are block times: scheduled, or actual once flight watch or the journey log knows them.
    """

    id: int
    kind: ActivityKind
    aircraft_id: int
    start_airport: str
    end_airport: str
    start: datetime
    end: datetime
    scheduled_start: datetime
    scheduled_end: datetime
    status: Status = Status.CONFIRMED
    number: str = ""
    trip_id: int = 0
    trip_number: str = ""
    booked_from: tuple[str, ...] = ()
    flight_type: str = ""
    regulation: str = ""
    sales_type: str = ""
    ferry: bool = False
    pax_count: int = 0
    title: str = ""
    notes: str = ""
    empty_leg: EmptyLegOffer | None = None
    services: tuple[ServiceOrder, ...] = ()
    actual: tuple[ActualTimes, ...] = ()  # the journey log's first

    @property
    def key(self) -> str:
        """`flight:88` or `event:31`: stable for as long as the thing exists, whatever is edited."""
        return f"{'flight' if self.kind is ActivityKind.FLIGHT else 'event'}:{self.id}"

    @property
    def moves_the_aircraft(self) -> bool:
        """Confirmed things move and occupy the aircraft; options, opportunities and cancelled flights do not."""
        return self.status is Status.CONFIRMED

    @property
    def window(self) -> tuple[datetime, datetime]:
        """When the empty leg is on offer: its marketing window, else its own times."""
        offer = self.empty_leg
        if offer is None or offer.marketing_start is None or offer.marketing_end is None:
            return self.start, self.end
        return offer.marketing_start, offer.marketing_end


class AircraftSchedule(msgspec.Struct, frozen=True, kw_only=True):
    """What one aircraft does from some time on, in order of start; and the last thing it did before that time."""

    operator_id: int
    aircraft: AircraftFacts
    since: datetime
    activities: tuple[Activity, ...]  # those that end at or after `since`
    last_before: Activity | None = None  # the latest confirmed one that ended before `since`

    @property
    def title(self) -> str:
        return self.aircraft.registration
