"""What a caller may write about, where its grant names aircraft: the others' flights and events do not exist for it."""

from __future__ import annotations

from airstair.kernel.errors import Invalid, NotFound
from airstair.records.access.snapshots import Caller
from airstair.records.flights import listing, queries


def reach_flight(caller: Caller, flight_id: int) -> None:
    """Raise `NotFound` unless it sees the flight."""
    if caller.aircraft is not None:
        queries.flight(caller.operator_id, flight_id, aircraft_ids=caller.aircraft)


def reach_event(caller: Caller, event_id: int) -> None:
    """Raise `NotFound` unless it sees the event."""
    if caller.aircraft is not None:
        queries.event(caller.operator_id, event_id, aircraft_ids=caller.aircraft)


def reach_trip(caller: Caller, trip_id: int) -> None:
    """Raise `NotFound` unless it sees all of the trip: what is written about a trip is about all of its flights."""
    if caller.aircraft is None:
        return
    flights = [flight for trip in listing.trips(caller.operator_id, [trip_id]) for flight in trip.flights]
    if not flights or not all(caller.sees(one.aircraft_id) for one in flights):
        raise NotFound("This trip")


def reach_aircraft(caller: Caller, aircraft_id: int | None, field: str = "aircraft_id") -> None:
    """Raise `Invalid` for an aircraft that it does not see. None: it stays as it is."""
    if aircraft_id is not None and not caller.sees(aircraft_id):
        raise Invalid.one(field, "There is no such aircraft in your fleet. List the aircraft to see their ids.")
