"""What the commands take: typed, frozen, not yet looked at. Parsing of forms and files happens before.

Airports are ICAO, IATA or own codes; times are aware. In an edit, what is not set stays as it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from airstair.records.flights.books import Delay, Fuel
from airstair.records.flights.rules import FlightRules, FlightType, SalesType, ServedParty, Status


class Passenger(msgspec.Struct, frozen=True, kw_only=True):
    """One name on the PAX list. `category` is male, female, child, infant or not known."""

    name: str
    category: str = ""


class FlightInput(msgspec.Struct, frozen=True, kw_only=True):
    """A new flight.

    Without `number` it flies under the aircraft's registration; without `sta` the aircraft's block estimate is
    added to `std`; without `pax_count` the categories or names are counted; without `status` it has the trip's.
    """

    aircraft_id: int
    number: str = ""
    adep: str
    ades: str
    altn: str = ""
    altn2: str = ""
    std: datetime
    sta: datetime | None = None
    status: str | UnsetType = UNSET
    flight_type: str = FlightType.COMMERCIAL
    regulation: str = ""
    flight_rules: str = FlightRules.IFR
    sales_type: str = SalesType.PAX
    ferry: bool = False
    pax_count: int | None = None
    pax_by_category: Mapping[str, int] = {}
    pax_list: tuple[Passenger, ...] = ()
    crew: Mapping[str, str] = {}  # position to crew code: {"CPT": "ABC"}
    cargo_kg: int = 0
    catering_kg: int = 0
    notes: str = ""


class FlightEdit(msgspec.Struct, frozen=True, kw_only=True):
    """New values of a flight. `sta=None` estimates it anew, `pax_count=None` counts anew."""

    aircraft_id: int | UnsetType = UNSET
    number: str | UnsetType = UNSET
    adep: str | UnsetType = UNSET
    ades: str | UnsetType = UNSET
    altn: str | UnsetType = UNSET
    altn2: str | UnsetType = UNSET
    std: datetime | UnsetType = UNSET
    sta: datetime | UnsetType | None = UNSET
    status: str | UnsetType = UNSET
    flight_type: str | UnsetType = UNSET
    regulation: str | UnsetType = UNSET
    flight_rules: str | UnsetType = UNSET
    sales_type: str | UnsetType = UNSET
    ferry: bool | UnsetType = UNSET
    pax_count: int | UnsetType | None = UNSET
    pax_by_category: Mapping[str, int] | UnsetType = UNSET
    pax_list: tuple[Passenger, ...] | UnsetType = UNSET
    crew: Mapping[str, str] | UnsetType = UNSET
    cargo_kg: int | UnsetType = UNSET
    catering_kg: int | UnsetType = UNSET
    notes: str | UnsetType = UNSET


class TripInput(msgspec.Struct, frozen=True, kw_only=True):
    """A new trip. Without `number` it gets the operator's prefix and the next running number.

    `booked_from` names requests at partners as "add-on key:partner's id".
    """

    status: str = Status.CONFIRMED
    client: str = ""
    notes: str = ""
    booked_from: tuple[str, ...] = ()
    number: str = ""
    flights: tuple[FlightInput, ...] = ()


class TripEdit(msgspec.Struct, frozen=True, kw_only=True):
    """New values of a trip. Its number never changes; its status has a command of its own."""

    client: str | UnsetType = UNSET
    notes: str | UnsetType = UNSET
    booked_from: tuple[str, ...] | UnsetType = UNSET


class EventInput(msgspec.Struct, frozen=True, kw_only=True):
    """A new reservation, maintenance event or grounding at one airport."""

    aircraft_id: int
    kind: str
    airport: str
    start: datetime
    end: datetime
    title: str = ""
    notes: str = ""


class EventEdit(msgspec.Struct, frozen=True, kw_only=True):
    """New values of an event."""

    aircraft_id: int | UnsetType = UNSET
    kind: str | UnsetType = UNSET
    airport: str | UnsetType = UNSET
    start: datetime | UnsetType = UNSET
    end: datetime | UnsetType = UNSET
    title: str | UnsetType = UNSET
    notes: str | UnsetType = UNSET


class EmptyLegInput(msgspec.Struct, frozen=True, kw_only=True):
    """The offer of an empty leg.

    The marketing window is when the aircraft is available to fly it: five days at most.
    """

    price: Decimal | None = None
    currency: str = ""
    marketing_start: datetime | None = None
    marketing_end: datetime | None = None
    message: str = ""


class EmptyLegEdit(msgspec.Struct, frozen=True, kw_only=True):
    """New terms of an offer. There is no field for the verification: only `verify_empty_leg` sets it."""

    price: Decimal | UnsetType | None = UNSET
    currency: str | UnsetType = UNSET
    marketing_start: datetime | UnsetType | None = UNSET
    marketing_end: datetime | UnsetType | None = UNSET
    message: str | UnsetType = UNSET


class TimesInput(msgspec.Struct, frozen=True, kw_only=True):
    """Actual times for one book: what is not set stays, `None` clears."""

    off_block: datetime | UnsetType | None = UNSET
    take_off: datetime | UnsetType | None = UNSET
    landing: datetime | UnsetType | None = UNSET
    on_block: datetime | UnsetType | None = UNSET


class WatchInput(TimesInput, frozen=True, kw_only=True):
    """What flight watch learns of a flight: what is not set stays, `None` (no delays: the empty tuple) clears."""

    etd: datetime | UnsetType | None = UNSET
    eet_minutes: int | UnsetType | None = UNSET
    eta: datetime | UnsetType | None = UNSET
    ctot: datetime | UnsetType | None = UNSET
    pax: int | UnsetType | None = UNSET
    delays: tuple[Delay, ...] | UnsetType = UNSET


class LogInput(TimesInput, frozen=True, kw_only=True):
    """What the journey log tells of a flight: what is not set stays, `None` (or empty) clears.

    Fuel in the unit in which it was read. `apu_hours` is the APU's own counter, not what this flight added.
    """

    pax: int | UnsetType | None = UNSET
    landings: int | UnsetType | None = UNSET
    pilot_flying: str | UnsetType = UNSET
    block_fuel: Fuel | UnsetType | None = UNSET
    uplift: Fuel | UnsetType | None = UNSET
    remaining_fuel: Fuel | UnsetType | None = UNSET
    delays: tuple[Delay, ...] | UnsetType = UNSET
    apu_hours: Decimal | UnsetType | None = UNSET


class ServiceInput(msgspec.Struct, frozen=True, kw_only=True):
    """One service for one end of a flight. `source` says whose provider ids these are."""

    airport: str
    kind: str
    served: str = ServedParty.ALL
    provider_id: str
    provider_name: str
    source: str = "PROPRIETARY"
    note: str = ""


def given(edit: msgspec.Struct) -> dict[str, Any]:
    """The fields of an edit that were set."""
    return {name: value for name in edit.__struct_fields__ if (value := getattr(edit, name)) is not UNSET}
