"""What changed since a time: the queries by which clients keep their copy current.

What is written in flight watch and the journey log counts as a change of the flight.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from ariadne import ObjectType, QueryType

from airstair.api.leon.asking import Asking, Info
from airstair.api.leon.limits import interval
from airstair.api.leon.reads.flights import FLIGHT, epoch, flights_of
from airstair.api.leon.reads.trips import trips_of
from airstair.api.leon.roots import further
from airstair.changes.lately import Touched, settled, touched_since
from airstair.records.flights.facts import FlightFacts, TripFacts

_KINDS = ("flight.", "emptyleg.", "checklist.")
_WEEK = timedelta(days=7)
_SLACK = timedelta(hours=1)  # a reader's clock, and the time that its request took
_PAX = ("pax_count", "pax_by_category", "pax_list")

query, flights = QueryType(), ObjectType("FlightsQuery")
query.set_field("flights", further)


@flights.field("getModifiedFlightList")
def _modified(_: object, info: Info, dateTime: datetime) -> dict[str, Any]:
    asking: Asking = info.context
    asking.require(FLIGHT)
    _within_a_week(asking, dateTime)
    begin_next = settled()  # before anything else is read
    touched = {one.id: one for one in _touched(asking, dateTime)}
    found = {one.id: one for one in flights_of(asking, touched)}
    there = {id_: one for id_, one in found.items() if not one.deleted}
    created = [one for id_, one in there.items() if "flight.created" in touched[id_].kinds]
    changed = [one for id_, one in there.items() if "flight.created" not in touched[id_].kinds]
    deleted = [id_ for id_ in touched if id_ not in there]
    return {
        "created": created,
        "changed": changed,
        "deleted": deleted,
        "createdFlightNidList": [one.id for one in created],
        "modifiedFlightNidList": [one.id for one in changed],
        "deletedFlightNidList": deleted,
        "timestamp": epoch(begin_next),
    }


@flights.field("getFlightListOnWhichModifiedCrew")
def _modified_crew(_: object, info: Info, dateTime: datetime) -> list[FlightFacts]:
    return _with_fields(info.context, dateTime, ("crew",))


@flights.field("getFlightListOnWhichModifiedPassengerList")
def _modified_passengers(_: object, info: Info, dateTime: datetime) -> list[FlightFacts]:
    return _with_fields(info.context, dateTime, _PAX)


@flights.field("getModifiedTripList")
def _modified_trips(_: object, info: Info, timeInterval: dict[str, Any]) -> list[TripFacts]:
    asking: Asking = info.context
    asking.require(FLIGHT)
    start, end = timeInterval["start"], timeInterval["end"]
    interval(start, end, _WEEK, "The interval is at most 7 days. Ask in several requests.")
    found = touched_since(asking.operator_id, "trip", start, until=end, kinds=("flight.", "trip.", "emptyleg."))
    return trips_of(asking, [one.id for one in found])


def _with_fields(asking: Asking, since: datetime, fields: tuple[str, ...]) -> list[FlightFacts]:
    asking.require(FLIGHT)
    _within_a_week(asking, since)
    touched = touched_since(asking.operator_id, "flight", since, kinds=("flight.",), fields=fields)
    return [one for one in flights_of(asking, [one.id for one in touched]) if not one.deleted]


def _touched(asking: Asking, since: datetime) -> list[Touched]:
    """Of a token that has some aircraft only: what touched one of these, even if the flight left them."""
    mine = asking.caller.aircraft
    found = touched_since(asking.operator_id, "flight", since, kinds=_KINDS)
    return found if mine is None else [one for one in found if not mine.isdisjoint(one.aircraft_ids)]


def _within_a_week(asking: Asking, since: datetime) -> None:
    now = asking.now()
    interval(
        min(since, now), now, _WEEK + _SLACK,
        "The time is more than one week back. Read the flights with flightList, then ask from that time on.",
    )  # fmt: skip


BINDABLES = [query, flights]
