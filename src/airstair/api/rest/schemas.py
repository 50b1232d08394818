"""The documents that callers send and get. What is written here is what /api/v1/openapi.json describes.

Rules of the schedule are not repeated: the record's commands check them, and say what is wrong.
"""

from __future__ import annotations

import re
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Generic, TypeVar

from ninja import Schema
from pydantic import BeforeValidator, ConfigDict, Field, StrictBool, StrictInt, StrictStr

from airstair.kernel.errors import Problems
from airstair.records import checks
from airstair.records.flights.books import FuelUnit
from airstair.records.flights.rules import (
    EventKind,
    FlightRules,
    FlightType,
    PaxCategory,
    Regulation,
    SalesType,
    Status,
)

_MOMENT = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d(:\d\d(\.\d{1,6})?)?([Zz]|[+-]\d\d:\d\d)")


def _moment(value: Any) -> datetime:
    """A time as RFC 3339 writes it; schedules are kept in minutes of UTC."""
    if isinstance(value, datetime):
        return value
    if not isinstance(value, str) or not _MOMENT.fullmatch(value):
        raise ValueError("Write the time with its zone, such as 2027-03-01T06:00Z.")
    problems = Problems()
    when = checks.moment(problems, "", datetime.fromisoformat(value.upper()))
    if when is None:
        raise ValueError(problems.found[0].sentence)
    return when


Moment = Annotated[datetime, BeforeValidator(_moment), Field(examples=["2027-03-01T06:00Z"])]
RowId = Annotated[StrictInt, Field(ge=1, le=2**53 - 1, examples=[1042])]
Airport = Annotated[StrictStr, Field(max_length=8, description="ICAO, IATA or own code.", examples=["KEWR"])]
Text = Annotated[StrictStr, Field(max_length=10_000)]
Crew = Annotated[
    dict[StrictStr, StrictStr], Field(description="Position to crew code.", examples=[{"CPT": "ABC", "FO": "DEF"}])
]

# A field of an edit that was not sent: it has no default that a document could show.
LEFT_OUT: Any = Field(default_factory=lambda: None)


class Input(Schema):
    """What a caller sends. A field that nobody knows is refused, so that a misspelling is not taken for silence."""

    model_config = ConfigDict(extra="forbid")


# --- what callers get --------------------------------------------------------------------------------------------


class AircraftOut(Schema):
    id: int
    registration: str = Field(examples=["N512QX"])
    icao_type: str
    iata_type: str
    model: str
    serial_number: str
    call_sign: str
    home_base: str
    seats: int
    active: bool = Field(description="False once it is retired.")


class TimesOut(Schema):
    """Actual times as one book has them."""

    off_block: datetime | None
    take_off: datetime | None
    landing: datetime | None
    on_block: datetime | None
    source: str = Field(description="Who wrote last.")
    sources: dict[str, str] = Field(description="Who said each time.")


Amount = Annotated[Decimal, Field(ge=0, le=10_000_000, examples=[1250])]


class FuelDocument(Schema):
    """Fuel as it was read. Nothing is converted."""

    model_config = ConfigDict(extra="forbid")

    amount: Amount
    unit: FuelUnit


class DelayDocument(Schema):
    """One reason for a delay."""

    model_config = ConfigDict(extra="forbid")

    code: StrictStr = Field(max_length=10, description="IATA delay code.", examples=["93"])
    minutes: StrictInt = Field(ge=0, le=100_000)


class WatchOut(Schema):
    """What flight watch expects of a flight, beside its times."""

    etd: datetime | None
    eet_minutes: int | None
    eta: datetime | None
    ctot: datetime | None
    pax: int | None
    delays: list[DelayDocument]
    sources: dict[str, str] = Field(description="Who said each value.")


class LogOut(Schema):
    """What the journey log tells of a flight, beside its times."""

    pax: int | None
    landings: int | None
    pilot_flying: str
    block_fuel: FuelDocument | None
    uplift: FuelDocument | None
    remaining_fuel: FuelDocument | None
    delays: list[DelayDocument]
    apu_hours: Decimal | None = Field(description="The APU's own counter, as read.")
    sources: dict[str, str] = Field(description="Who said each value.")


class PassengerOut(Schema):
    name: str
    category: str


class FlightOut(Schema):
    """A flight. What the key's resources do not cover is null: `pax_list`, `crew`, `times`, `watch`, `log`."""

    id: int
    trip_id: int
    trip_number: str
    aircraft_id: int
    registration: str
    number: str = Field(examples=["EV3810"])
    adep: str = Field(description="Departure airport.")
    ades: str = Field(description="Destination.")
    altn: str
    altn2: str
    std: datetime = Field(description="Scheduled off-block, UTC.")
    sta: datetime = Field(description="Scheduled on-block, UTC.")
    status: Status
    flight_type: str
    regulation: str
    flight_rules: str
    sales_type: str
    ferry: bool
    pax_count: int
    pax_by_category: dict[str, int]
    pax_list: list[PassengerOut] | None = Field(description="Needs the resource Passengers.")
    crew: dict[str, str] | None = Field(description="Position to crew code. Needs the resource Crew.")
    times: dict[str, TimesOut] | None = Field(description="By book. Needs the resource Journey Log.")
    watch: WatchOut | None = Field(description="Flight watch, beside its times. Needs the resource Journey Log.")
    log: LogOut | None = Field(description="The journey log, beside its times. Needs the resource Journey Log.")
    cargo_kg: int
    catering_kg: int
    notes: str
    deleted: bool = Field(description="Cancelled and out of sight. Lists leave it out; `changed_since` names it.")
    revision: int = Field(description="Hand it back as `as_of` when you change the flight.")


class TripOut(Schema):
    id: int
    number: str = Field(examples=["T00042"])
    status: Status
    client: str
    notes: str
    flights: list[FlightOut]


class EventOut(Schema):
    """A reservation, maintenance or grounding: what occupies an aircraft beside flights."""

    id: int
    aircraft_id: int
    kind: EventKind
    airport: str
    start: datetime
    end: datetime
    title: str
    notes: str
    deleted: bool


class ChangeOut(Schema):
    """One change of the record: what was done to what. Fetch the thing for how it is now."""

    seq: int = Field(description="Grows, but not in the order in which changes become visible: never a cursor.")
    at: datetime
    kind: str = Field(examples=["flight.changed"])
    thing: str = Field(description="aircraft, event, flight or trip", examples=["flight"])
    id: int
    by: str = Field(description="person, partner, import, api or system")
    own: bool = Field(description="Made with this very key.")


Item = TypeVar("Item")


class Page(Schema, Generic[Item]):
    """A page of a list, in order of ids."""

    items: list[Item]
    cursor: str | None = Field(description="Ask with it as `cursor` for the next page. Null on the last page.")
    changed_since: str = Field(
        description="Ask with it as `changed_since`, once the list is read, for what has changed since it began;"
        " then always with the one from the latest answer."
    )
    more: bool = Field(description="Whether to ask again right away: there is another page, or more has changed.")
    gone: list[int] = Field(
        default=[],
        description="With `changed_since`, for applications that see some aircraft only: ids of what has moved to"
        " other aircraft, and is not theirs to see any more.",
    )


class Changes(Schema):
    items: list[ChangeOut]
    changed_since: str
    more: bool


class WrongField(Schema):
    field: str
    detail: str


class Missing(Schema):
    resource: str = Field(examples=["Flights"])
    access: str = Field(examples=["write"])


class ProblemOut(Schema):
    """A problem document (RFC 9457)."""

    type: str = Field(examples=["urn:airstair:problem:wrong-fields"])
    title: str
    status: int
    detail: str
    errors: list[WrongField] | None = Field(None, description="Each wrong field.")
    missing: Missing | None = Field(None, description="The resource that the key does not open.")


# --- what callers send -------------------------------------------------------------------------------------------


class PassengerIn(Input):
    name: Annotated[StrictStr, Field(max_length=200)]
    category: PaxCategory | None = None


class FlightIn(Input):
    """A flight. Without `number` it flies under the registration; without `sta` the block time is estimated."""

    aircraft_id: RowId
    number: Annotated[StrictStr, Field(max_length=20, examples=["EV3810"])] = ""
    adep: Airport
    ades: Airport
    altn: Airport = ""
    altn2: Airport = ""
    std: Moment
    sta: Moment | None = None
    status: Status | None = Field(None, description="Without it, the trip's.")
    flight_type: FlightType = FlightType.COMMERCIAL
    regulation: Regulation | None = None
    flight_rules: FlightRules = FlightRules.IFR
    sales_type: SalesType = SalesType.PAX
    ferry: StrictBool = False
    pax_count: StrictInt | None = Field(None, description="Without it, counted from categories or names.")
    pax_by_category: dict[PaxCategory, StrictInt] = {}
    pax_list: list[PassengerIn] = Field([], description="Needs the resource Passengers.", max_length=900)
    crew: Crew = Field({}, description="Needs the resource Crew.")
    cargo_kg: StrictInt = 0
    catering_kg: StrictInt = 0
    notes: Text = ""


class FlightEditIn(Input):
    """New values of a flight; what is left out stays."""

    as_of: RowId | None = Field(
        None, description="The `revision` that you saw. Changes that others made meanwhile are then kept, or told of."
    )
    aircraft_id: RowId = LEFT_OUT
    number: Annotated[StrictStr, Field(max_length=20)] = LEFT_OUT
    adep: Airport = LEFT_OUT
    ades: Airport = LEFT_OUT
    altn: Airport = LEFT_OUT
    altn2: Airport = LEFT_OUT
    std: Moment = LEFT_OUT
    sta: Moment | None = Field(None, description="Null estimates it anew.")
    status: Status = LEFT_OUT
    flight_type: FlightType = LEFT_OUT
    regulation: Regulation | None = None
    flight_rules: FlightRules = LEFT_OUT
    sales_type: SalesType = LEFT_OUT
    ferry: StrictBool = LEFT_OUT
    pax_count: StrictInt | None = Field(None, description="Null counts anew.")
    pax_by_category: dict[PaxCategory, StrictInt] = LEFT_OUT
    pax_list: list[PassengerIn] = Field([], description="Needs the resource Passengers.", max_length=900)
    crew: Crew = Field({}, description="Needs the resource Crew.")
    cargo_kg: StrictInt = LEFT_OUT
    catering_kg: StrictInt = LEFT_OUT
    notes: Text = LEFT_OUT


class TripIn(Input):
    """A trip with its flights. Without `number` it gets the operator's next one."""

    number: Annotated[StrictStr, Field(max_length=20)] = ""
    status: Status = Status.CONFIRMED
    client: Text = Field("", examples=["Blue Ridge Partners"])
    notes: Text = ""
    flights: list[FlightIn] = Field([], max_length=200)


class TimesIn(Input):
    """Actual times; what is left out stays, null clears."""

    off_block: Moment | None = None
    take_off: Moment | None = None
    landing: Moment | None = None
    on_block: Moment | None = None


class EventIn(Input):
    aircraft_id: RowId
    kind: EventKind
    airport: Airport
    start: Moment
    end: Moment
    title: Text = Field("", examples=["100 h check"])
    notes: Text = ""


class EventEditIn(Input):
    """New values of an event; what is left out stays."""

    aircraft_id: RowId = LEFT_OUT
    kind: EventKind = LEFT_OUT
    airport: Airport = LEFT_OUT
    start: Moment = LEFT_OUT
    end: Moment = LEFT_OUT
    title: Text = LEFT_OUT
    notes: Text = LEFT_OUT


class TripEditIn(Input):
    """New values of a trip; what is left out stays. Its number never changes."""

    client: Text = LEFT_OUT
    notes: Text = LEFT_OUT
