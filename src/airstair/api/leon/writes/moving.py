"""Mutations that move a flight to another trip, and make a trip like another."""

from __future__ import annotations

from datetime import datetime, timedelta

from ariadne import ObjectType

from airstair.api.leon.asking import Asking
from airstair.api.leon.errors import Refused
from airstair.api.leon.lines import SALESFORCE
from airstair.api.leon.reads.flights import flights_of
from airstair.api.leon.writes.grasp import actor, held_flight, held_trip, with_line, written
from airstair.api.leon.writes.trips import may_plan, not_too_many, read_trip
from airstair.records.flights import commands
from airstair.records.flights.facts import FlightFacts, TripFacts
from airstair.records.flights.rules import Status

flights = ObjectType("FlightsMutation")


@flights.field("moveFlightToAnotherTrip")
@written
def _move(asking: Asking, flightNid: int, tripNid: int) -> FlightFacts:
    may_plan(asking)
    there = held_trip(asking, tripNid)  # first: the command holds them in this order too
    facts = held_flight(asking, flightNid)
    commands.move_flight(actor(asking), facts.id, there.id)
    asking.wrote()
    return flights_of(asking, [facts.id])[0]


@flights.field("copyTrip")
@written
def _copy(asking: Asking, tripNid: int, startTimeUTC: datetime) -> TripFacts:
    may_plan(asking)
    trip = held_trip(asking, tripNid)
    flown = sorted((one for one in trip.flights if one.status is not Status.CANCELLED), key=lambda one: one.std)
    if not flown:
        raise Refused(f"Trip {trip.number} has no flight to copy. Make a new one with createTrip.")
    not_too_many(flown, "tripNid")
    later = startTimeUTC - flown[0].std
    wanted = commands.TripInput(
        status=Status.CONFIRMED.value if trip.status is Status.CANCELLED else trip.status.value,
        client=trip.client,
        notes=_notes(trip.notes),
        flights=tuple(_leg(one, later) for one in flown),
    )
    return read_trip(asking, commands.create_trip(actor(asking), wanted).id)


def _leg(facts: FlightFacts, later: timedelta) -> commands.FlightInput:
    """The flight, later, without its crew: who flies it is planned anew."""
    return commands.FlightInput(
        aircraft_id=facts.aircraft_id,
        number=facts.number,
        adep=facts.adep,
        ades=facts.ades,
        altn=facts.altn,
        altn2=facts.altn2,
        std=facts.std + later,
        sta=facts.sta + later,
        status=facts.status.value,
        flight_type=facts.flight_type,
        regulation=facts.regulation,
        flight_rules=facts.flight_rules,
        sales_type=facts.sales_type,
        ferry=facts.ferry,
        pax_count=facts.pax_count,
        pax_by_category=facts.pax_by_category,
        pax_list=tuple(
            commands.Passenger(name=one["name"], category=one.get("category") or "") for one in facts.pax_list
        ),
        cargo_kg=facts.cargo_kg,
        catering_kg=facts.catering_kg,
        notes=_notes(facts.notes),
    )


def _notes(notes: str) -> str:
    """Without the id that somebody else's system knows the original by."""
    return with_line(notes, SALESFORCE, "")


BINDABLES = [flights]
