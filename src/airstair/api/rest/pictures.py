"""Records as documents, with nothing that the key's resources do not cover; and documents as commands' input."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from ninja import Schema

from airstair.api.rest.entrance import require
from airstair.api.rest.schemas import FlightIn, FlightOut, TripOut
from airstair.records.access.rules import Resource
from airstair.records.access.snapshots import Caller
from airstair.records.flights.commands import FlightInput, Passenger
from airstair.records.flights.facts import FlightFacts, TripFacts

# Fields of a flight that need a resource beside Flights.
COVERED = {
    "pax_list": Resource.PASSENGERS,
    "crew": Resource.CREW,
    "times": Resource.JOURNEY_LOG,
    "watch": Resource.JOURNEY_LOG,
    "log": Resource.JOURNEY_LOG,
}


def flight_out(caller: Caller, facts: FlightFacts) -> FlightOut:
    out = FlightOut.model_validate(facts)
    for field, resource in COVERED.items():
        if resource not in caller.reads:
            setattr(out, field, None)
    return out


def trip_out(caller: Caller, facts: TripFacts) -> TripOut:
    return TripOut(
        id=facts.id,
        number=facts.number,
        status=facts.status,
        client=facts.client,
        notes=facts.notes,
        flights=[flight_out(caller, flight) for flight in facts.flights if caller.sees(flight.aircraft_id)],
    )


def given(caller: Caller, body: Schema) -> dict[str, Any]:
    """The fields that were sent, as commands take them. Raises `MissingResource` for those that need another."""
    sent = {name: getattr(body, name) for name in body.model_fields_set}
    for field, resource in COVERED.items():
        if sent.get(field):
            require(caller, resource, write=True)
    return {name: _plain(name, value) for name, value in sent.items()}


def flight_input(caller: Caller, body: FlightIn) -> FlightInput:
    values = given(caller, body)
    if values.get("status", "") is None:
        del values["status"]  # the trip's
    return FlightInput(**values)


def _plain(name: str, value: Any) -> Any:
    if name == "pax_list":
        return tuple(Passenger(name=one.name, category=_plain("", one.category) or "") for one in value)
    if name == "regulation" and value is None:
        return ""
    if isinstance(value, StrEnum):
        return value.value
    if isinstance(value, dict):
        return {str(key): inner for key, inner in value.items()}
    return value
