"""Steps that people, applications and imports make: the schedule and the fleet."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from airstair.kernel.actor import Actor
from airstair.records.flights import commands
from airstair.records.flights.commands import (
    EmptyLegEdit,
    EmptyLegInput,
    FlightEdit,
    FlightInput,
    ServiceInput,
    TimesInput,
    TripEdit,
    TripInput,
)
from airstair.records.flights.models import Flight

from .steps import step
from .world import AIRPORTS, World

HOUR = timedelta(hours=1)
STATUSES = ("CONFIRMED", "CONFIRMED", "OPTION", "OPPORTUNITY")
TYPES = ("COMMERCIAL", "COMMERCIAL", "PRIVATE", "FERRY", "CARGO", "TRAINING")


def some_time(world: World, chance: random.Random) -> datetime:
    """A departure near now, rarely one of weeks ago. To the minute: two flights alike would look like one renamed."""
    if chance.random() < 0.05:
        return world.noon - timedelta(days=chance.randint(20, 40))
    return world.noon + timedelta(hours=chance.randint(-48, 72), minutes=chance.randint(0, 59))


def some_flight_input(world: World, chance: random.Random, **more: Any) -> FlightInput:
    adep, ades = chance.sample(AIRPORTS, 2)
    std = some_time(world, chance)
    ferry = chance.random() < 0.2
    return FlightInput(
        aircraft_id=chance.choice(world.fleet),
        number=f"TST{chance.randint(1, 9)}",
        adep=adep,
        ades=ades,
        std=std,
        sta=std + HOUR * chance.randint(1, 4),
        flight_type=chance.choice(TYPES),
        ferry=ferry,
        pax_count=0 if ferry else chance.choice((0, 0, 3)),
        **more,
    )


# -- what one edit does; also made by several at once and in slow transactions ------------------------------------


def some_edit(world: World, chance: random.Random, flight: int, actor: Actor) -> Callable[[], None]:
    """A change of a flight whose values come from a few, so that it is often taken back by the next."""
    kind = chance.choice(("route", "times", "aircraft", "status", "facts"))
    if kind == "route":
        edit = FlightEdit(ades=chance.choice(AIRPORTS[1:]))
    elif kind == "times":
        shift = timedelta(minutes=chance.choice((0, 30)))
        start = world.noon + timedelta(hours=flight % 60 - 24) + shift
        edit = FlightEdit(std=start, sta=start + HOUR * 2)
    elif kind == "aircraft":
        edit = FlightEdit(aircraft_id=chance.choice(world.fleet))
    elif kind == "status":
        edit = FlightEdit(status=chance.choice(STATUSES))
    else:
        edit = FlightEdit(flight_type=chance.choice(TYPES), number=f"TST{chance.randint(1, 3)}")
    return lambda: _nothing(commands.change_flight(actor, flight, edit))


def _nothing(_: Any) -> None:
    return None


async def _edit(world: World, chance: random.Random, words: str, make: Callable[[int, Actor], Any]) -> str:
    """One command on one flight."""
    flight, actor = world.some_flight(chance), world.who(chance)
    said = await world.attempt(lambda: world.book.alter([flight], lambda: _nothing(make(flight, actor))))
    return f"{words} flight:{flight}{said}"


@step(22)
async def change_a_flight(world: World, chance: random.Random) -> str:
    flight, actor = world.some_flight(chance), world.who(chance)
    edit = some_edit(world, chance, flight, actor)
    said = await world.attempt(lambda: world.book.alter([flight], edit))
    return f"changed flight:{flight}{said}"


@step(4)
async def change_a_flight_and_back(world: World, chance: random.Random) -> str:
    """The same value as before, with something in between that a partner may or may not have seen."""
    flight = world.some_flight(chance)
    before, said = await world.do(world.route_of, flight), ""
    for ades in (chance.choice([one for one in AIRPORTS if one not in before]), before[1]):
        said += await route(world, flight, ades)
        await asyncio.sleep(chance.choice((0, 0.003, 0.02)))
    return f"changed flight:{flight} and took it back{said}"


async def route(world: World, flight: int, ades: str) -> str:
    """A person gives the flight another destination."""
    edit, actor = FlightEdit(ades=ades), world.person
    return await world.attempt(
        lambda: world.book.alter([flight], lambda: _nothing(commands.change_flight(actor, flight, edit)))
    )


@step(5)
async def create(world: World, chance: random.Random) -> str:
    flights = tuple(some_flight_input(world, chance) for _ in range(chance.randint(1, 3)))
    wanted, actor = TripInput(status=chance.choice(STATUSES), flights=flights), world.who(chance)
    made: list[int] = []

    def command() -> Sequence[int]:
        made.extend(flight.id for flight in commands.create_trip(actor, wanted).flights)
        return made

    said = await world.attempt(lambda: world.book.alter([], command))
    if not said:
        world.flights += made
    return f"made flights {made}{said}"


@step(2)
async def add_a_leg(world: World, chance: random.Random) -> str:
    flight, wanted = world.some_flight(chance), some_flight_input(world, chance)
    actor = world.who(chance)
    made: list[int] = []

    def command() -> Sequence[int]:
        trip = Flight.objects.get(operator_id=world.operator.id, id=flight).trip_id
        made.append(commands.add_flight(actor, trip, wanted).id)
        return made

    said = await world.attempt(lambda: world.book.alter([flight], command))
    if not said:
        world.flights += made
    return f"added flight {made} to the trip of flight:{flight}{said}"


@step(4)
async def cancel(world: World, chance: random.Random) -> str:
    return await _edit(world, chance, "cancelled", lambda f, a: commands.cancel_flight(a, f))


@step(4)
async def restore(world: World, chance: random.Random) -> str:
    return await _edit(world, chance, "restored", lambda f, a: commands.restore_flight(a, f))


@step(4)
async def delete(world: World, chance: random.Random) -> str:
    return await _edit(world, chance, "deleted", lambda f, a: commands.delete_flight(a, f))


@step(4)
async def mark_empty(world: World, chance: random.Random) -> str:
    start = world.noon + HOUR * chance.randint(-10, 40)
    window = {"marketing_start": start, "marketing_end": start + timedelta(days=2)} if chance.random() < 0.5 else {}
    wanted = EmptyLegInput(price=Decimal(chance.choice((5000, 7000))), currency="USD", **window)
    return await _edit(world, chance, "offered", lambda f, a: commands.mark_empty_leg(a, f, wanted))


@step(3)
async def verify(world: World, chance: random.Random) -> str:
    verified = chance.random() < 0.8
    command = commands.verify_empty_leg if verified else commands.unverify_empty_leg
    return await _edit(world, chance, "verified", lambda f, _: command(world.person, f))


@step(2)
async def change_the_offer(world: World, chance: random.Random) -> str:
    edit = EmptyLegEdit(price=Decimal(chance.choice((5000, 7000))))
    return await _edit(world, chance, "priced", lambda f, a: commands.change_empty_leg(a, f, edit))


@step(2)
async def unmark_empty(world: World, chance: random.Random) -> str:
    return await _edit(world, chance, "withdrew the offer of", lambda f, a: commands.unmark_empty_leg(a, f))


@step(5)
async def enter_times(world: World, chance: random.Random) -> str:
    book = chance.choice(("journey_log", "flight_watch"))
    late, anew = timedelta(minutes=10 * chance.randint(-150, 150)), chance.random() < 0.1
    shape = chance.randrange(4)

    def wanted(flight: int) -> TimesInput:
        """Near the schedule mostly, up to a day and an hour away; now and then of another day, which is refused."""
        std = Flight.objects.get(operator_id=world.operator.id, id=flight).std
        off = (world.noon if anew else std) + late
        return (
            TimesInput(off_block=off),
            TimesInput(off_block=off, on_block=off + HOUR),
            TimesInput(off_block=None, on_block=off),
            TimesInput(off_block=None, on_block=None),
        )[shape]

    return await _edit(world, chance, f"{book} of", lambda f, a: commands.set_times(a, f, book, wanted(f)))


@step(2)
async def arrange_services(world: World, chance: random.Random) -> str:
    count = chance.randint(0, 2)

    def command(flight: int, actor: Actor) -> Any:
        adep = Flight.objects.get(operator_id=world.operator.id, id=flight).adep
        orders = [
            ServiceInput(airport=adep, kind="FUEL", provider_id=f"p{n}", provider_name="Fuel") for n in range(count)
        ]
        return commands.set_services(actor, flight, tuple(orders))

    return await _edit(world, chance, f"{count} services for", command)


@step(2)
async def set_the_trips_status(world: World, chance: random.Random) -> str:
    flight, status, actor = world.some_flight(chance), chance.choice((*STATUSES, "CANCELLED")), world.who(chance)
    of = {"operator_id": world.operator.id}

    def command() -> None:
        trip = Flight.objects.get(**of, id=flight).trip_id
        together = list(Flight.objects.filter(**of, trip_id=trip).values_list("id", flat=True))
        if world.held.isdisjoint(together):
            world.book.alter(together, lambda: _nothing(commands.set_trip_status(actor, trip, status)))

    return f"{status} for the trip of flight:{flight}{await world.attempt(command)}"


@step(1)
async def change_the_trip(world: World, chance: random.Random) -> str:
    flight, client, actor = world.some_flight(chance), f"Client {chance.randint(1, 3)}", world.who(chance)

    def command() -> None:
        trip = Flight.objects.get(operator_id=world.operator.id, id=flight).trip_id
        world.book.alter([flight], lambda: _nothing(commands.change_trip(actor, trip, TripEdit(client=client))))

    return f"new client for the trip of flight:{flight}{await world.attempt(command)}"
