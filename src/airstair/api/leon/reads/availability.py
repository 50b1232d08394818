"""When and where aircraft are free, and the empty legs that are on offer."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from ariadne import ObjectType, QueryType

from airstair.api.leon.asking import Asking, Info
from airstair.api.leon.limits import interval
from airstair.api.leon.nids import location_nid
from airstair.api.leon.reads.fleet import bare, code_of
from airstair.api.leon.reads.flights import LONGEST, flights_of
from airstair.api.leon.roots import further
from airstair.records.flights.availability import certain_activities, gaps
from airstair.records.flights.facts import FlightFacts
from airstair.records.flights.finding import FlightsWanted, flights_wanted
from airstair.records.flights.queries import aircraft_schedules
from airstair.records.flights.snapshots import AircraftSchedule

AVAILABILITY = "GRAPHQL_AIRCRAFT_AVAILABILITY"

query, availability = QueryType(), ObjectType("AircraftAvailabilityQuery")
query.set_field("aircraftAvailability", further)


@availability.field("emptyLegList")
def _empty_legs(
    _: object, info: Info, startTime: datetime | None = None,
    endTime: datetime | None = None,
) -> list[FlightFacts]:  # fmt: skip
    asking: Asking = info.context
    asking.require(AVAILABILITY)
    start = startTime or asking.now()
    end = endTime or start + LONGEST
    interval(start, end, LONGEST, "Period cannot be greater that 3 months. Ask in several requests.")
    wanted = FlightsWanted(start=start, end=end, aircraft_ids=asking.caller.aircraft, cancelled=False, empty_legs=True)
    return flights_of(asking, flights_wanted(asking.operator_id, wanted))


@availability.field("availabilityList")
def _availability(
    _: object, info: Info, startTime: datetime | None = None,
    registration: str | None = None,
) -> list[dict[str, Any]]:  # fmt: skip
    asking: Asking = info.context
    asking.require(AVAILABILITY)
    start = startTime or asking.now()
    wanted = bare(registration or "")
    some = [
        one for one in asking.load.fleet.values() if one.active and (not wanted or bare(one.registration) == wanted)
    ]
    schedules = aircraft_schedules(asking.operator_id, [one.id for one in some], since=start)
    return [
        {"aircraft": one, "recordList": free_times(schedules[one.id], start, start + LONGEST, asking)}
        for one in some
        if one.id in schedules
    ]


def free_times(schedule: AircraftSchedule, start: datetime, end: datetime, asking: Asking) -> list[dict[str, Any]]:
    """The gaps between what moves or occupies the aircraft, each with where it then stands. The last one is open."""
    free = gaps(certain_activities(schedule), schedule.aircraft.home_base, begins=start, ends=end)
    return [_record(gap.airport, gap.start, None if gap.end == end else gap.end, asking) for gap in free]


def _record(place: str, start: datetime, end: datetime | None, asking: Asking) -> dict[str, Any]:
    airport = asking.load.airports.get(place) if place else None
    location = None
    if airport is not None:
        location = {"locationNid": location_nid(airport.code), "name": airport.name, "code": code_of(airport)}
    return {"location": location, "startTime": start, "endTime": end}


BINDABLES = [query, availability]
