"""Frozen pictures of single trips, flights and events, and of the board: what pages and commands hand out."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from airstair.records.fleet.snapshots import AircraftFacts
from airstair.records.flights.books import LogValues, WatchValues
from airstair.records.flights.rules import EventKind, ScheduleWarning, Status
from airstair.records.flights.snapshots import Activity, ActualTimes, EmptyLegOffer, ServiceOrder


class BookTimes(ActualTimes, frozen=True, kw_only=True):
    """Actual times with who said each: `sources["off_block"]`. `source` is who wrote last."""

    sources: dict[str, str] = {}


class FlightFacts(msgspec.Struct, frozen=True, kw_only=True):
    """Everything about one flight. Field meanings as in the table; times are aware UTC.

    `revision` is the number of its latest change: a form hands it back as `as_of`, so that two people who edit
    one flight do not overwrite each other.
    """

    id: int
    operator_id: int
    trip_id: int
    trip_number: str
    aircraft_id: int
    registration: str
    aircraft_serial: str = ""  # the aircraft's serial number; read for mirrors alone
    number: str
    adep: str
    ades: str
    altn: str
    altn2: str
    std: datetime
    sta: datetime
    status: Status
    flight_type: str
    regulation: str
    flight_rules: str
    sales_type: str
    ferry: bool
    pax_count: int
    pax_by_category: dict[str, int]
    pax_list: tuple[dict[str, str], ...]
    crew: dict[str, str]
    crew_emails: dict[str, str] = {}  # work e-mail by crew code, of those who have one; read for mirrors alone
    cargo_kg: int
    catering_kg: int
    notes: str
    deleted: bool
    import_key: str | None
    revision: int
    times: dict[str, BookTimes]  # by book: "journey_log", "flight_watch"
    watch: WatchValues = WatchValues()  # flight watch, beside its times
    log: LogValues = LogValues()  # the journey log, beside its times
    empty_leg: EmptyLegOffer | None
    services: tuple[ServiceOrder, ...]

    @property
    def title(self) -> str:
        """`EV3810 KEWR–KJAX 02 Mar 2027`."""
        return flight_title(self)


class TripFacts(msgspec.Struct, frozen=True, kw_only=True):
    """One trip with its flights in order of departure; deleted ones are not among them."""

    id: int
    operator_id: int
    number: str
    status: Status
    client: str
    notes: str
    booked_from: tuple[str, ...]
    flights: tuple[FlightFacts, ...]


class EventFacts(msgspec.Struct, frozen=True, kw_only=True):
    """One reservation, maintenance event or grounding."""

    id: int
    operator_id: int
    aircraft_id: int
    kind: EventKind
    airport: str
    start: datetime
    end: datetime
    title: str
    notes: str
    deleted: bool = False


class Board(msgspec.Struct, frozen=True, kw_only=True):
    """What the OPS table and the timeline show: the aircraft, what each does, and what does not fit.

    `activities` has every aircraft's id; `warnings` only those that have some. A warning names activities by key.
    """

    start: datetime
    end: datetime
    aircraft: tuple[AircraftFacts, ...]
    activities: dict[int, tuple[Activity, ...]]
    warnings: dict[int, tuple[ScheduleWarning, ...]]


def flight_title(flight: Any) -> str:
    """What a person calls a flight, from anything that has its number, route and departure."""
    return f"{flight.number} {flight.adep}–{flight.ades} {flight.std:%d %b %Y}"
