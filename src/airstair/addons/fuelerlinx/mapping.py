"""Flights as FuelerLinx reads them. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec

from airstair.addons.fuelerlinx import wire
from airstair.addons.fuelerlinx.settings import FuelerLinxSettings
from airstair.hub.visits import Refusal, Reply, Visit
from airstair.kernel.errors import NotFound
from airstair.records.flights.facts import FlightFacts
from airstair.records.flights.rules import Status


def trips(flights: Sequence[FlightFacts], visit: Visit) -> Reply:
    """All that it may read; what was cancelled or deleted says so."""
    found = [trip(flight) for flight in flights if may_read(flight, visit.settings)]
    return _reply(found)


def one_trip(flights: Sequence[FlightFacts], visit: Visit) -> Reply:
    """The one whose id stands in the address. Raises `NotFound`."""
    wanted = visit.places["flight"]
    for flight in flights:
        if str(flight.id) == wanted and may_read(flight, visit.settings):
            return _reply([trip(flight)], title=flight.title)
    raise NotFound("This flight")


def may_read(flight: FlightFacts, settings: FuelerLinxSettings) -> bool:
    """Whether fuel is planned for it: it is confirmed, or was and is so no more."""
    tentative = flight.status in (Status.OPTION, Status.OPPORTUNITY)
    return settings.include_options or not tentative


def trip(flight: FlightFacts) -> wire.Trip:
    """One flight."""
    return wire.Trip(
        flight_id=str(flight.id),
        trip_id=flight.trip_number,
        flight_number=flight.number,
        tail_number=flight.registration,
        departure_icao=flight.adep,
        arrival_icao=flight.ades,
        departure_date_time_zulu=_zulu(flight.std),
        arrival_date_time_zulu=_zulu(flight.sta),
        pax_count=flight.pax_count,
        cancelled=flight.deleted or flight.status is Status.CANCELLED,
    )


def refused(refusal: Refusal) -> tuple[bytes, str]:
    """A refusal as its own services word one."""
    return msgspec.json.encode(wire.Refused(success=False, message=refusal.sentence)), "application/json"


def _reply(found: list[wire.Trip], title: str = "") -> Reply:
    answer = wire.Trips(success=True, message="", scheduled_trips=found)
    return Reply.json(answer, count=len(found), title=title or f"{len(found)} flights read")


def _zulu(when: datetime) -> str:
    return f"{when:%Y-%m-%dT%H:%M:%S}Z"
