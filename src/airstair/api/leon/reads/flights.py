"""Flights: their queries, and each field of `Flight` that is not in the record under its own name."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from ariadne import ObjectType, QueryType

from airstair.api.leon import kinds
from airstair.api.leon.asking import Asking, Info
from airstair.api.leon.limits import interval
from airstair.api.leon.lines import SALES, SALESFORCE, line_of
from airstair.api.leon.nids import location_code
from airstair.records.flights.facts import FlightFacts
from airstair.records.flights.finding import FlightsWanted, flights_wanted
from airstair.records.flights.rules import Status
from airstair.records.places.queries import distance_nm

FLIGHT = "GRAPHQL_FLIGHT"
CREW = ("GRAPHQL_CREW_MEMBER", "GRAPHQL_FLIGHT_CREW_SEE")
LONGEST = timedelta(days=93)

query, flight = QueryType(), ObjectType("Flight")


def hand_out(asking: Asking, found: Iterable[FlightFacts]) -> list[FlightFacts]:
    """Flights of an answer: what is asked about one of them is then read for all at once."""
    flights = list(found)
    asking.hand_out(len(flights))
    asking.load.about(flights)
    return flights


def flights_of(asking: Asking, ids: Iterable[int]) -> list[FlightFacts]:
    """By id, in that order; those that there are not, or that the token does not reach, are left out."""
    wanted = list(ids)
    asking.load.flights.expect(wanted)
    return hand_out(asking, [found for one in wanted if (found := asking.load.flights.get(one)) is not None])


# --- queries --------------------------------------------------------------------------------------------------------


@query.field("flight")
def _flight(_: object, info: Info, flightNid: int) -> FlightFacts | None:
    asking: Asking = info.context
    asking.require(FLIGHT)
    return next(iter(flights_of(asking, [flightNid])), None)


@query.field("flightList")
def _flight_list(_: object, info: Info, filter: dict[str, Any]) -> list[FlightFacts]:
    asking: Asking = info.context
    asking.require(FLIGHT)
    wanted = wanted_of(asking, filter, LONGEST, "Period cannot be greater that 3 months. Ask in several requests.")
    return [] if wanted is None else flights_of(asking, flights_wanted(asking.operator_id, wanted))


def wanted_of(asking: Asking, given: dict[str, Any], longest: timedelta, said: str) -> FlightsWanted | None:
    """A filter as it was sent; `None` for one on what the record does not have: nothing fits it.

    Raises `OutOfBounds`, with what is said, for an interval that is longer.
    """
    start, end = given["timeInterval"]["start"], given["timeInterval"]["end"]
    interval(start, end, longest, said)
    if given.get("requestedByNid") or given.get("aocNidList") or given.get("tagNidList"):
        return None
    limit = given.get("limit")
    return FlightsWanted(
        start=start,
        end=end,
        aircraft_ids=_aircraft(asking, given),
        kinds=kinds.kinds_called(given.get("flightType"), given.get("icaoType")),
        statuses=kinds.statuses_called(given.get("flightStatus")),
        cancelled=given.get("isCnl"),
        ferry=given.get("isFerry"),
        adep=_code(given.get("adepLocationNid")),
        ades=_code(given.get("adesLocationNid")),
        number=given.get("flightNumber") or "",
        trip_number=given.get("tripNumber") or "",
        limit=max(0, limit) if limit is not None else None,
    )


def _code(nid: int | None) -> str | None:
    return location_code(nid) if nid else None


def _aircraft(asking: Asking, given: dict[str, Any]) -> frozenset[int] | None:
    """Those of the token that fit the filter; `None` for all of the operator's."""
    some = set(given.get("aircraftNidList") or ()) | ({given["aircraftNid"]} if given.get("aircraftNid") else set())
    type_id, bases = given.get("aircraftTypeId"), given.get("operatorBaseNameList")
    if not some and not type_id and not bases:
        return asking.caller.aircraft
    found = asking.load.fleet.values()
    return frozenset(
        one.id
        for one in found
        if (not some or one.id in some)
        and (not type_id or type_id.upper() in (one.icao_type, one.iata_type))
        and (not bases or one.home_base in bases)
    )


# --- fields ---------------------------------------------------------------------------------------------------------


def epoch(when: datetime | None) -> int | None:
    return None if when is None else int(when.timestamp())


def _constant(value: Any) -> Any:
    return lambda *_, **__: value


def _of(read: Any) -> Any:
    """A field that needs nothing but the flight."""
    return lambda facts, _info: read(facts)


flight.set_alias("flightNid", "id")
flight.set_alias("trNid", "id")
flight.set_alias("flightNo", "number")
flight.set_alias("tripNid", "trip_id")
flight.set_alias("oprNid", "operator_id")
flight.set_alias("acftNid", "aircraft_id")
flight.set_alias("aircraftNid", "aircraft_id")
flight.set_alias("flightRules", "flight_rules")
flight.set_alias("startTimeUTC", "std")
flight.set_alias("endTimeUTC", "sta")
flight.set_alias("passengerListCount", "pax_count")
flight.set_alias("isFerry", "ferry")
flight.set_field("status", _of(lambda one: kinds.status(one.status)))
flight.set_field("isCnl", _of(lambda one: one.status is Status.CANCELLED))
flight.set_field("isActive", _of(lambda one: not one.deleted))
flight.set_field("isConfirmed", _of(lambda one: one.status is Status.CONFIRMED))
flight.set_field("isEmptyLeg", _of(lambda one: one.ferry or one.empty_leg is not None))
flight.set_field("isCommercial", _of(lambda one: kinds.is_commercial(kinds.kind_of(one))))
flight.set_field("isSimulator", _constant(False))
flight.set_field("isTimesToBeConfirmed", _constant(None))
flight.set_field("iconType", _of(lambda one: "positioning" if one.ferry else None))
flight.set_field("flightType", _of(lambda one: kinds.flight_type(kinds.kind_of(one))))
flight.set_field("icaoType", _of(lambda one: kinds.icao_type(kinds.kind_of(one))))
flight.set_field("startTime", _of(lambda one: epoch(one.std)))
flight.set_field("endTime", _of(lambda one: epoch(one.sta)))
flight.set_field("duration", _of(lambda one: round((one.sta - one.std).total_seconds() / 60)))
flight.set_field("externalId", _of(lambda one: {"salesforceId": line_of(one.notes, SALESFORCE)}))
flight.set_field("ops", _constant({}))
flight.set_field("flightTags", _constant([]))


@flight.field("arcid")
def _arcid(facts: FlightFacts, info: Info) -> str:
    """What is filed: the flight's number, else the aircraft's call sign or registration."""
    return facts.number or facts.registration.replace("-", "")


@flight.field("operator")
def _operator(_facts: FlightFacts, info: Info) -> Any:
    return info.context.load.operator


@flight.field("notes")
def _notes(facts: FlightFacts, info: Info) -> dict[str, str | None]:
    info.context.require(FLIGHT)  # empty legs are seen by those too who may not see flights
    return {"ops": facts.notes, "sales": line_of(facts.notes, SALES)}


@flight.field("trip")
def _trip(facts: FlightFacts, info: Info) -> Any:
    info.context.require(FLIGHT)
    return info.context.load.trips.get(facts.trip_id)


@flight.field("legNumber")
def _leg_number(facts: FlightFacts, info: Info) -> int | None:
    return _place(facts, info.context, cancelled=True)


@flight.field("activeLegNumber")
def _active_leg_number(facts: FlightFacts, info: Info) -> int | None:
    return _place(facts, info.context, cancelled=False)


def _place(facts: FlightFacts, asking: Asking, *, cancelled: bool) -> int | None:
    asking.require(FLIGHT)
    trip = asking.load.trips.get(facts.trip_id)
    legs = [one.id for one in trip.flights if cancelled or one.status is not Status.CANCELLED] if trip else []
    return legs.index(facts.id) + 1 if facts.id in legs else None


@flight.field("acftTypeId")
def _type_id(facts: FlightFacts, info: Info) -> str | None:
    one = info.context.load.fleet.get(facts.aircraft_id)
    return (one.icao_type or one.iata_type or None) if one else None


@flight.field("acft")
def _acft(facts: FlightFacts, info: Info) -> Any:
    info.context.require("GRAPHQL_ACFT")
    return info.context.load.fleet.get(facts.aircraft_id)


def _airport(field: str) -> Any:
    return lambda facts, info: info.context.load.airports.get(getattr(facts, field))


for _name, _field in (
    ("startAirport", "adep"),
    ("endAirport", "ades"),
    ("altAirport", "altn"),
    ("altAirport2", "altn2"),
):
    flight.set_field(_name, _airport(_field))


@flight.field("dist")
def _distance(facts: FlightFacts, info: Info) -> int | None:
    return distance(facts, info.context)


def distance(facts: FlightFacts, asking: Asking) -> int | None:
    one, other = asking.load.airports.get(facts.adep), asking.load.airports.get(facts.ades)
    return round(distance_nm(one, other)) if one and other else None


def _local(field: str, airport: str) -> Any:
    def read(facts: FlightFacts, info: Info) -> str | None:
        place = info.context.load.airports.get(getattr(facts, airport))
        return in_zone(getattr(facts, field), place.time_zone) if place else None

    return read


def _at_base(field: str) -> Any:
    def read(facts: FlightFacts, info: Info, baseNid: int | None = None) -> str:
        return in_zone(getattr(facts, field), info.context.load.operator.base_time_zone)

    return read


def in_zone(when: datetime, zone: str) -> str:
    """`2031-04-07T10:15:00+02:00`"""
    return when.astimezone(ZoneInfo(zone)).isoformat(timespec="seconds")


flight.set_field("startTimeLocal", _local("std", "adep"))
flight.set_field("endTimeLocal", _local("sta", "ades"))
flight.set_field("startTimeBase", _at_base("std"))
flight.set_field("endTimeBase", _at_base("sta"))


def _stamp(read: Any) -> Any:
    def resolve(facts: FlightFacts, info: Info) -> datetime | None:
        times = info.context.load.flight_times.get(facts.id)
        return None if times is None else read(times)

    return resolve


flight.set_field("flightLastModificationTime", _stamp(lambda times: times.changed))
flight.set_field("creationDateTime", _stamp(lambda times: times.created))
flight.set_field("crewLastModificationTime", _stamp(lambda times: times.fields["crew"]))
flight.set_field("passengerListLastModificationTime", _stamp(lambda times: times.fields["pax"]))


@flight.field("flightConfirmationTime")
def _confirmed(facts: FlightFacts, info: Info) -> datetime | None:
    """Only of a flight that is confirmed now: when its status changed last."""
    times = info.context.load.flight_times.get(facts.id)
    return times.fields["status"] if times and facts.status is Status.CONFIRMED else None


BINDABLES = [query, flight]
