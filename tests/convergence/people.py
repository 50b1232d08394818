"""Steps that people, applications and imports make: the schedule and the fleet."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import transaction

from airstair.kernel.actor import Actor
from airstair.kernel.errors import AirstairError
from airstair.records.fleet.commands import (
    AircraftEdit,
    AircraftInput,
    add_aircraft,
    change_aircraft,
    reinstate_aircraft,
    retire_aircraft,
)
from airstair.records.fleet.models import Aircraft
from airstair.records.flights import commands
from airstair.records.flights.commands import (
    EmptyLegEdit,
    EmptyLegInput,
    EventEdit,
    EventInput,
    FlightEdit,
    FlightInput,
    FlightRow,
    ServiceInput,
    TimesInput,
    TripEdit,
    TripInput,
)
from airstair.records.flights.models import AircraftEvent, Flight
from airstair.records.operators.queries import import_actor

from ..hub.stage import NOON
from .book import Noted
from .steps import step
from .world import AIRPORTS, World

HOUR = timedelta(hours=1)
STATUSES = ("CONFIRMED", "CONFIRMED", "OPTION", "OPPORTUNITY")
TYPES = ("COMMERCIAL", "COMMERCIAL", "PRIVATE", "FERRY", "CARGO", "TRAINING")


def some_time(chance: random.Random) -> datetime:
    """A departure near now, rarely one of weeks ago."""
    if chance.random() < 0.05:
        return NOON - timedelta(days=chance.randint(20, 40))
    return NOON + timedelta(hours=chance.randint(-48, 72))


def some_flight_input(world: World, chance: random.Random, **more: Any) -> FlightInput:
    adep, ades = chance.sample(AIRPORTS, 2)
    std = some_time(chance)
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
        start = NOON + timedelta(hours=flight % 60 - 24) + shift
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
    start = NOON + HOUR * chance.randint(-10, 40)
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
    off = NOON + timedelta(minutes=10 * chance.randint(-200, 100))
    wanted = chance.choice(
        (
            TimesInput(off_block=off),
            TimesInput(off_block=off, on_block=off + HOUR),
            TimesInput(off_block=None, on_block=off),
            TimesInput(off_block=None, on_block=None),
        )
    )
    return await _edit(world, chance, f"{book} of", lambda f, a: commands.set_times(a, f, book, wanted))


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


@step(4)
async def occupy(world: World, chance: random.Random) -> str:
    """Reservations, maintenance and groundings: made, changed and deleted."""
    actor, start = world.who(chance), some_time(chance)
    known = chance.choice([None, *world.events])
    aircraft, airport = chance.choice(world.fleet), chance.choice(AIRPORTS)
    deletes = chance.random() < 0.4

    def picture() -> Any:
        return list(AircraftEvent.objects.filter(operator_id=world.operator.id, id=known).values())

    def command() -> None:
        if known is None:
            kind = chance.choice(("RESERVATION", "MAINTENANCE", "AOG"))
            wanted = EventInput(aircraft_id=aircraft, kind=kind, airport=airport, start=start, end=start + 3 * HOUR)
            world.events.append(commands.add_event(actor, wanted).id)
            world.book.take(Noted([("aircraft", aircraft)]))
            return
        now = AircraftEvent.objects.get(operator_id=world.operator.id, id=known).aircraft_id
        if deletes:
            world.book.alter_row(("aircraft", now), picture, lambda: commands.delete_event(actor, known))
        else:
            edit = EventEdit(aircraft_id=aircraft, start=start, end=start + 2 * HOUR)
            world.book.alter_row(("aircraft", aircraft), picture, lambda: commands.change_event(actor, known, edit))

    return f"event {known or 'new'} of aircraft:{aircraft}{await world.attempt(command)}"


# -- many at once -------------------------------------------------------------------------------------------------


@step(4)
async def import_flights(world: World, chance: random.Random) -> str:
    """Flights by keys that come again, so that an import also changes what an earlier one made."""
    count = 150 if chance.random() < 0.08 else chance.randint(3, 25)
    keys = [f"imp-{n}" for n in chance.sample(range(count * 2), count)]
    rows = {key: FlightRow(import_key=key, flight=some_flight_input(world, chance)) for key in keys}
    actor = import_actor(world.operator.id, "flights.csv")
    flights = Flight.objects.filter(operator_id=world.operator.id, import_key__in=keys)
    made: list[int] = []

    def command() -> None:
        held = world.held
        known = {flight.import_key: flight.id for flight in flights.all() if flight.id in world.flights}
        wanted = [row for key, row in rows.items() if known.get(key) not in held]

        def write() -> Sequence[int]:
            commands.write_flights(actor, wanted)
            made.extend(sorted(set(flights.all().values_list("id", flat=True)) - set(known.values())))
            return made

        world.book.alter([id_ for id_ in known.values() if id_ not in held], write, imports=True)

    said = await world.attempt(command)
    if not said:
        world.flights += made
    return f"imported {count} flights, {len(made)} of them new{said}"


@step(3)
async def edit_at_once(world: World, chance: random.Random) -> str:
    """Three people, a few edits each, on flights that they may have in common."""
    few = [world.some_flight(chance) for _ in range(3)]
    plans = []
    for _ in range(3):
        plans.append(
            [(flight, some_edit(world, chance, flight, world.who(chance))) for flight in chance.choices(few, k=2)]
        )

    async def one(plan: list[tuple[int, Callable[[], None]]]) -> None:
        for flight, edit in plan:
            await world.attempt(lambda of=flight, by=edit: world.book.alter([of], by))

    await asyncio.gather(*(one(plan) for plan in plans))
    return f"three people at once on {sorted(set(few))}"


@step(5)
async def begin_a_slow_transaction(world: World, chance: random.Random) -> str:
    if len(world.slow) >= 2:
        return ""
    flights = sorted({world.some_flight(chance) for _ in range(chance.randint(1, 3))})
    actor, commits = world.who(chance), chance.random() < 0.75
    edits = [(flight, some_edit(world, chance, flight, actor)) for flight in flights]

    def make() -> list[Noted]:
        noted = []
        for flight, edit in edits:
            try:
                with transaction.atomic():
                    noted.append(world.book.alter_inside([flight], edit))
            except AirstairError:
                world.tally.refused += 1
        return noted

    await world.begin_slow(flights, commits, make).wait()
    return f"a transaction on {flights} is held open; it will be {'committed' if commits else 'rolled back'}"


@step(5)
async def end_a_slow_transaction(world: World, chance: random.Random) -> str:
    if not world.slow:
        return ""
    slow = chance.choice(world.slow)
    await world.end_slow(slow)
    return f"the transaction on {sorted(slow.flights)} ended"


# -- the fleet ----------------------------------------------------------------------------------------------------


@step(2)
async def change_an_aircraft(world: World, chance: random.Random) -> str:
    aircraft = chance.choice(world.fleet)
    edit = chance.choice(
        (
            AircraftEdit(home_base=chance.choice(AIRPORTS)),
            AircraftEdit(seats=chance.randint(4, 9)),
            AircraftEdit(registration=f"N{chance.randint(100, 999)}ZZ"),
        )
    )
    return await _fleet(world, chance, "changed", aircraft, lambda: change_aircraft(world.person, aircraft, edit))


@step(3)
async def retire_or_reinstate(world: World, chance: random.Random) -> str:
    aircraft, retires = chance.choice(world.fleet), chance.random() < 0.5
    command = retire_aircraft if retires else reinstate_aircraft
    words = "retired" if retires else "reinstated"
    return await _fleet(world, chance, words, aircraft, lambda: command(world.person, aircraft))


@step(1)
async def buy_an_aircraft(world: World, chance: random.Random) -> str:
    if len(world.fleet) >= 8:
        return ""
    wanted = AircraftInput(registration=f"N{chance.randint(100, 999)}BB", home_base=chance.choice(AIRPORTS))
    made: list[int] = []

    def command() -> None:
        made.append(add_aircraft(world.person, wanted).id)
        world.book.take(Noted([("aircraft", made[0])]))

    said = await world.reconfiguring(chance, command)
    world.fleet += made
    return f"bought aircraft {made}{said}"


async def _fleet(world: World, chance: random.Random, words: str, aircraft: int, command: Callable[[], Any]) -> str:
    def picture() -> Any:
        return Aircraft.objects.filter(operator_id=world.operator.id, id=aircraft).values().get()

    said = await world.reconfiguring(chance, lambda: world.book.alter_row(("aircraft", aircraft), picture, command))
    return f"{words} aircraft:{aircraft}{said}"
