"""Mutations of trips and flights."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ariadne import MutationType, ObjectType

from airstair.api.leon.asking import Asking
from airstair.api.leon.errors import Refused
from airstair.api.leon.lines import SALESFORCE, SUPPLEMENTARY
from airstair.api.leon.reads.flights import FLIGHT, flights_of
from airstair.api.leon.reads.trips import trips_of
from airstair.api.leon.roots import further
from airstair.api.leon.writes.grasp import (
    actor,
    contact_name,
    given,
    held_flight,
    held_trip,
    in_its_words,
    lines_kept,
    no_such,
    with_line,
    written,
)
from airstair.api.leon.writes.legs import flight_edit, kind_called, kind_edit, new_flight
from airstair.records.flights import commands
from airstair.records.flights.facts import FlightFacts, TripFacts
from airstair.records.flights.rules import Status

EDIT = "GRAPHQL_FLIGHT_EDIT"
MOST_FLIGHTS = 200  # in one mutation

mutation, flights = MutationType(), ObjectType("FlightsMutation")
mutation.set_field("flights", further)


def may_plan(asking: Asking) -> None:
    """Raise `Refused` unless the token may write flights."""
    asking.require(EDIT)
    asking.require(FLIGHT)


def not_too_many(found: Sequence[Any], word: str) -> None:
    """Raise `Refused`, with the word for the list that was sent."""
    if len(found) > MOST_FLIGHTS:
        raise Refused(f"{word}: it names {len(found)} flights, and {MOST_FLIGHTS} is the most. Send several requests.")


@mutation.field("createTrip")
@written
def _create_trip(asking: Asking, trip: dict[str, Any]) -> TripFacts:
    may_plan(asking)
    sent = given(trip)
    return make_trip(asking, sent, _client(asking, sent, ""))


def make_trip(asking: Asking, sent: dict[str, Any], client: str) -> TripFacts:
    """The trip that a `TripInput` without nulls makes, for this client."""
    no_such("tag", sent.get("tags"))
    not_too_many(sent["flights"], "flights")
    kind, commercial = kind_called(sent.get("tripType")), sent.get("isCommercial")
    legs = []
    for at, leg in enumerate(sent["flights"]):
        with in_its_words(f"flights.{at}."):
            legs.append(new_flight(asking, given(leg), kind, commercial))
    wanted = commands.TripInput(
        number=sent.get("number", ""),
        status=sent.get("status", Status.CONFIRMED.value),
        client=client,
        notes=_notes("", sent),
        flights=tuple(legs),
    )
    return read_trip(asking, commands.create_trip(actor(asking), wanted).id)


@mutation.field("updateTrip")
@written
def _update_trip(asking: Asking, tripNid: int, trip: dict[str, Any]) -> TripFacts:
    may_plan(asking)
    sent, now, who = given(trip), held_trip(asking, tripNid), actor(asking)
    no_such("tag", sent.get("tags"))
    if sent.get("number", now.number).upper() != now.number:
        raise Refused(f"number: a trip's number never changes, and this one is {now.number}. Leave it out.")
    edit = commands.TripEdit(client=_client(asking, sent, now.client), notes=_notes(now.notes, sent))
    commands.change_trip(who, tripNid, edit)
    if "tripType" in sent or "isCommercial" in sent:
        for flight in now.flights:
            change = kind_edit(flight, sent.get("tripType"), sent.get("isCommercial"))
            commands.change_flight(who, flight.id, change)
    if "status" in sent:
        commands.set_trip_status(who, tripNid, sent["status"])
    return read_trip(asking, tripNid)


@mutation.field("deleteTrip")
@written
def _delete_trip(asking: Asking, tripNid: int) -> bool:
    asking.require(EDIT)
    now, who = held_trip(asking, tripNid), actor(asking)
    commands.set_trip_status(who, tripNid, Status.CANCELLED.value)
    for flight in now.flights:
        commands.delete_flight(who, flight.id)
    asking.wrote()
    return True


@mutation.field("flightCreate")
@written
def _flight_create(asking: Asking, tripNid: int, flight: dict[str, Any]) -> FlightFacts:
    may_plan(asking)
    trip, sent = held_trip(asking, tripNid), given(flight)
    wanted = new_flight(asking, sent, kind_called(None), None)
    made = commands.add_flight(actor(asking), trip.id, wanted)
    return _read_flights(asking, [made.id])[0]


@flights.field("flightListUpdate")
@written
def _update(asking: Asking, flightList: list[dict[str, Any]]) -> list[FlightFacts]:
    may_plan(asking)
    not_too_many(flightList, "flightList")
    ids = [one["flightNid"] for one in flightList]
    if len(set(ids)) != len(ids):
        raise Refused("flightList: a flight stands there twice. Send everything about it at once.")
    # In order of ids, so that two such requests wait for each other rather than for ever.
    for at, sent in sorted(enumerate(flightList), key=lambda one: int(one[1]["flightNid"])):
        facts = held_flight(asking, sent["flightNid"])
        with in_its_words(f"flightList.{at}."):
            commands.change_flight(actor(asking), facts.id, flight_edit(asking, facts, given(sent)))
    return _read_flights(asking, ids)


@mutation.field("flightDelete")
@written
def _flight_delete(asking: Asking, flightNid: int) -> bool:
    asking.require(EDIT)
    facts = held_flight(asking, flightNid)
    if facts.status is not Status.CANCELLED:
        commands.cancel_flight(actor(asking), facts.id)
    asking.wrote()
    return True


@mutation.field("restoreFlights")
@written
def _restore(asking: Asking, flightNidList: list[int]) -> list[FlightFacts]:
    may_plan(asking)
    not_too_many(flightNidList, "flightNidList")
    for nid in sorted(set(flightNidList)):
        commands.restore_flight(actor(asking), held_flight(asking, nid, deleted_too=True).id)
    return _read_flights(asking, list(dict.fromkeys(flightNidList)))


def _client(asking: Asking, sent: dict[str, Any], now: str) -> str:
    """The client's name, with the representative's behind it: `Blue Ridge Partners (Ann Smith)`."""
    name, _, behind = now.partition(" (")
    spoken = behind.removesuffix(")")
    if "clientNid" in sent:
        name, spoken = contact_name(asking, sent["clientNid"]), ""
    if "representativeNid" in sent:
        spoken = contact_name(asking, sent["representativeNid"])
    return f"{name} ({spoken})" if name and spoken else name or spoken


def _notes(now: str, sent: dict[str, Any]) -> str:
    new = sent.get("notes")
    notes = now if new is None else lines_kept(now, new, (SUPPLEMENTARY, SALESFORCE))
    notes = with_line(notes, SUPPLEMENTARY, sent.get("supplementaryInfo"))
    return with_line(notes, SALESFORCE, (sent.get("externalId") or {}).get("salesforceId"))


def read_trip(asking: Asking, trip_id: int) -> TripFacts:
    """As it is after a command, with the flights that the token reaches."""
    asking.wrote()
    return trips_of(asking, [trip_id])[0]


def _read_flights(asking: Asking, ids: list[int]) -> list[FlightFacts]:
    asking.wrote()
    return flights_of(asking, ids)


BINDABLES = [mutation, flights]
