"""Mutations of who is on flights: crew, and passengers."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

from ariadne import MutationType, ObjectType

from airstair.api.leon.asking import Asking
from airstair.api.leon.errors import Refused
from airstair.api.leon.nids import position_code
from airstair.api.leon.roots import further
from airstair.api.leon.writes.grasp import actor, given, held_flight, written
from airstair.kernel.errors import Conflict, NotFound
from airstair.records.flights import commands
from airstair.records.flights.commands import Passenger
from airstair.records.flights.facts import FlightFacts
from airstair.records.people.queries import crew_members, passengers

ROSTER = "GRAPHQL_DUTY_EDIT"
_NO_DRAFTS = "isInDraftsMode: there are no drafts here. Send false, or leave it out."
_CATEGORIES = {"maleCount": "male", "femaleCount": "female", "childCount": "child", "infantCount": "infant"}

mutation, panel = MutationType(), ObjectType("CrewPanelMutation")
crew, passenger_list = ObjectType("CrewPanelCrewMutation"), ObjectType("PassengerListMutation")
mutation.set_field("crewPanel", further)
mutation.set_field("passengerList", further)
panel.set_field("crew", further)

# --- crew -----------------------------------------------------------------------------------------------------------


def _roster(asking: Asking, drafts: bool | None) -> None:
    asking.require(ROSTER)
    if drafts:
        raise Refused(_NO_DRAFTS)


def _assign(asking: Asking, records: list[dict[str, Any]], position: Callable[[dict[str, Any]], str]) -> bool:
    codes = {one.id: one.code for one in crew_members(asking.operator_id, active_only=True)}
    by_flight: dict[int, dict[str, str]] = {}
    for one in records:
        if one["loginNid"] not in codes:
            raise NotFound(f"Crew member {one['loginNid']}")
        by_flight.setdefault(one["flightNid"], {})[position(one)] = codes[one["loginNid"]]
    for flight_id in sorted(by_flight):
        facts = held_flight(asking, flight_id)
        _man(asking, facts, {**facts.crew, **by_flight[flight_id]})
    return True


def _man(asking: Asking, facts: FlightFacts, wanted: dict[str, str]) -> None:
    if wanted != facts.crew:
        commands.change_flight(actor(asking), facts.id, commands.FlightEdit(crew=wanted))
    asking.wrote()


@crew.field("assign")
@written
def _by_nid(asking: Asking, crewRecordList: list[dict[str, Any]], isInDraftsMode: bool | None = None) -> bool:
    _roster(asking, isInDraftsMode)

    def position(record: dict[str, Any]) -> str:
        code = position_code(record["positionNid"])
        if not code:
            raise NotFound(f"Position {record['positionNid']}")
        return code

    return _assign(asking, crewRecordList, position)


@crew.field("assignByPositionName")
@written
def _by_name(asking: Asking, crewRecordList: list[dict[str, Any]], isInDraftsMode: bool | None = None) -> bool:
    _roster(asking, isInDraftsMode)
    return _assign(asking, crewRecordList, lambda record: str(record["positionName"]).strip().upper())


@crew.field("deleteFromFlight")
@written
def _off(asking: Asking, flightNid: int, loginNid: int, isInDraftsMode: bool | None = None) -> bool:
    _roster(asking, isInDraftsMode)
    facts = held_flight(asking, flightNid)
    code = next((one.code for one in crew_members(asking.operator_id) if one.id == loginNid), None)
    if code is None:
        raise NotFound(f"Crew member {loginNid}")
    _man(asking, facts, {place: who for place, who in facts.crew.items() if who != code})
    return True


@crew.field("deleteFromFlightByPosition")
@written
def _vacate(asking: Asking, flightNid: int, positionNid: int, isInDraftsMode: bool | None = None) -> bool:
    _roster(asking, isInDraftsMode)
    facts = held_flight(asking, flightNid)
    code = position_code(positionNid)
    _man(asking, facts, {place: who for place, who in facts.crew.items() if place != code})
    return True


@crew.field("deleteAllCrewFromFlight")
@written
def _nobody(asking: Asking, flightNid: int, isInDraftsMode: bool | None = None) -> bool:
    _roster(asking, isInDraftsMode)
    _man(asking, held_flight(asking, flightNid), {})
    return True


# --- passengers -----------------------------------------------------------------------------------------------------


def _board(asking: Asking, flight_id: int) -> FlightFacts:
    """The flight, held. A ferry flight carries nobody, which is said rather than forgotten."""
    asking.require("GRAPHQL_PASSENGER_EDIT")
    asking.require("GRAPHQL_PASSENGER")
    return held_flight(asking, flight_id)


def _take(asking: Asking, facts: FlightFacts, names: Iterable[Passenger], count: int | None = None) -> bool:
    wanted = tuple(names)
    if facts.ferry and (wanted or count):
        raise Conflict("This is an empty leg, and carries nobody. Set isFerry to false first.")
    counted = {} if wanted or count else facts.pax_by_category
    values: dict[str, Any] = {"pax_list": wanted, "pax_count": count, "pax_by_category": counted}
    commands.change_flight(actor(asking), facts.id, commands.FlightEdit(**values))
    asking.wrote()
    return True


def _listed(facts: FlightFacts) -> list[Passenger]:
    return [Passenger(name=one["name"], category=one.get("category") or "") for one in facts.pax_list]


def _known(asking: Asking, sent: Iterable[dict[str, Any]]) -> list[tuple[int, Passenger]]:
    """The passengers of the phonebook that are named. Raises `NotFound`. One statement."""
    book = {one.id: one for one in passengers(asking.operator_id)}
    found = []
    for one in sent:
        person = book.get(one["contactNid"])
        if person is None:
            raise NotFound(f"Passenger {one['contactNid']}")
        found.append((person.id, Passenger(name=person.name, category=person.category.value)))
    return found


@passenger_list.field("savePassengerText")
@written
def _text(asking: Asking, flightNid: int, passengerText: dict[str, Any]) -> bool:
    facts, sent = _board(asking, flightNid), given(passengerText)
    parts = (part.strip() for part in re.split(r"[,;\n]", sent.get("text", "")))
    names = [Passenger(name=part) for part in parts if part]
    return _take(asking, facts, names, sent.get("count"))


@passenger_list.field("addPassengersToList")
@written
def _add(
    asking: Asking,
    flightNid: int,
    passengerContactList: list[dict[str, Any]],
    leadPassenger: int | None = None,
) -> bool:
    """Who is on the list already stays there once."""
    facts = _board(asking, flightNid)
    now, new = _listed(facts), _known(asking, passengerContactList)
    there = {one.name for one in now}
    names = [*now, *dict.fromkeys(one for _, one in new if one.name not in there)]
    if leadPassenger is not None:
        ((_, lead),) = _known(asking, [{"contactNid": leadPassenger}])
        if lead.name not in {one.name for one in names}:
            raise Refused(f"leadPassenger: {leadPassenger} is not on the list. Add them too.")
        names.sort(key=lambda one: one.name != lead.name)
    return _take(asking, facts, names)


@passenger_list.field("removePassengersFromList")
@written
def _remove(asking: Asking, flightNid: int, passengerContactList: list[dict[str, Any]]) -> bool:
    facts = _board(asking, flightNid)
    gone = {one.name for _, one in _known(asking, passengerContactList)}
    return _take(asking, facts, (one for one in _listed(facts) if one.name not in gone))


@passenger_list.field("clearPassengersFromList")
@written
def _clear(asking: Asking, flightNid: int) -> bool:
    return _take(asking, _board(asking, flightNid), ())


@passenger_list.field("setPassengerListDetails")
@written
def _details(asking: Asking, flightNid: int, details: dict[str, Any]) -> bool:
    facts, sent = _board(asking, flightNid), given(details)
    values: dict[str, Any] = {}
    if any(name in sent for name in _CATEGORIES):
        said = {category: sent[name] for name, category in _CATEGORIES.items() if name in sent}
        values = {"pax_by_category": {**facts.pax_by_category, **said}, "pax_count": None}
    if "count" in sent:
        values["pax_count"] = sent["count"]
    if "isFerry" in sent:
        values["ferry"] = sent["isFerry"]
    commands.change_flight(actor(asking), facts.id, commands.FlightEdit(**values))
    asking.wrote()
    return True


BINDABLES = [mutation, panel, crew, passenger_list]
