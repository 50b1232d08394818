"""Trips, and their queries."""

from __future__ import annotations

from typing import Any

from ariadne import ObjectType, QueryType

from airstair.api.leon import kinds
from airstair.api.leon.asking import Asking, Info
from airstair.api.leon.lines import SALESFORCE, SUPPLEMENTARY, line_of
from airstair.api.leon.reads.flights import FLIGHT
from airstair.api.leon.roots import further
from airstair.records.flights.facts import FlightFacts, TripFacts
from airstair.records.flights.finding import trip_id_of_number, trips_like
from airstair.records.flights.rules import Status

_MOST_FOUND = 50

query, trips, trip = QueryType(), ObjectType("TripQuery"), ObjectType("Trip")
query.set_field("trip", further)


def trips_of(asking: Asking, ids: list[int]) -> list[TripFacts]:
    """By id, in that order, without those that the token does not reach."""
    asking.load.trips.expect(ids)
    return [one for trip_id in ids if (one := asking.load.trips.get(trip_id)) is not None]


@trips.field("getTrip")
def _get(_: object, info: Info, tripNid: int) -> TripFacts | None:
    info.context.require(FLIGHT)
    return next(iter(trips_of(info.context, [tripNid])), None)


@trips.field("tripList")
def _list(_: object, info: Info, tripNidList: list[int]) -> list[TripFacts]:
    info.context.require(FLIGHT)
    return trips_of(info.context, tripNidList)


@trips.field("getTripByTripNumber")
def _by_number(_: object, info: Info, tripNumber: str) -> TripFacts | None:
    info.context.require(FLIGHT)
    found = trip_id_of_number(info.context.operator_id, tripNumber)
    return next(iter(trips_of(info.context, [found])), None) if found is not None else None


@trips.field("findTripByWildcard")
def _find(_: object, info: Info, wildcard: str) -> list[TripFacts]:
    info.context.require(FLIGHT)
    return trips_of(info.context, trips_like(info.context.operator_id, wildcard, _MOST_FOUND))


# --- fields ---------------------------------------------------------------------------------------------------------

trip.set_alias("tripNid", "id")
trip.set_alias("tripNumber", "number")
trip.set_alias("flightOrderNoFull", "number")


def _of(read: Any) -> Any:
    return lambda facts, _info: read(facts)


trip.set_field("tripStatus", _of(lambda one: kinds.status(one.status)))
trip.set_field("isCnl", _of(lambda one: one.status is Status.CANCELLED))
trip.set_field("isDeleted", _of(lambda one: not one.flights))
trip.set_field("client", _of(lambda one: {"name": one.client} if one.client else None))
trip.set_field("tripSupplementaryInfo", _of(lambda one: line_of(one.notes, SUPPLEMENTARY)))
trip.set_field("tripNotes", _of(lambda one: {"tripSupplementaryInfo": line_of(one.notes, SUPPLEMENTARY)}))
trip.set_field("externalId", _of(lambda one: {"salesforceId": line_of(one.notes, SALESFORCE)}))
for _name in ("tripTags", "tripFiles"):
    trip.set_field(_name, _of(lambda one: []))


@trip.field("tripType")
def _type(facts: TripFacts, _info: object) -> str | None:
    """That of its first flight which carries somebody; of a trip of positioning flights alone, that."""
    types = [kinds.flight_type(kinds.kind_of(one)) for one in facts.flights]
    return next((one for one in types if one != "AIRCRAFT_REPOSITIONING"), types[0] if types else None)


@trip.field("isCommercial")
def _commercial(facts: TripFacts, _info: object) -> bool:
    return any(kinds.is_commercial(kinds.kind_of(one)) for one in facts.flights)


@trip.field("flightList")
def _flights(
    facts: TripFacts, info: Info, isCnl: bool | None = None,
    filterAircraftList: list[int] | None = None, onlyAllowedAircraftList: bool | None = None,
) -> list[FlightFacts]:  # fmt: skip
    """Those on aircraft that the token does not reach are never among them."""
    found = [
        one
        for one in facts.flights
        if (isCnl is None or (one.status is Status.CANCELLED) is isCnl)
        and (not filterAircraftList or one.aircraft_id in filterAircraftList)
    ]
    info.context.hand_out(len(found))
    return found


@trip.field("quoteRealization")
def _quote(facts: TripFacts, _info: object) -> dict[str, Any] | None:
    """A trip that was booked from a request: its client was the buyer."""
    return {"quoteRequest": {"buyer": {"name": facts.client or None}}} if facts.booked_from else None


@trip.field("creationDateTime")
def _created(facts: TripFacts, info: Info) -> Any:
    times = info.context.load.trip_times.get(facts.id)
    return times.created if times else None


BINDABLES = [query, trips, trip]
