"""Steps that change much at once: imports, swaps, several people, transactions that take their time."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Sequence

from django.db import transaction

from airstair.kernel.errors import AirstairError
from airstair.records.flights import commands
from airstair.records.flights.commands import FlightEdit, FlightRow
from airstair.records.flights.models import Flight
from airstair.records.operators.queries import import_actor

from .book import Noted
from .people import some_edit, some_flight_input
from .steps import step
from .world import World


@step(4)
async def import_flights(world: World, chance: random.Random) -> str:
    """Flights by keys that come again, so that an import also changes what an earlier one made."""
    count = 150 if chance.random() < 0.08 else chance.randint(3, 25)
    keys = [f"imp-{n}" for n in chance.sample(range(count * 2), count)]
    return await _import(world, chance, keys)


@step(1)
async def import_thousands(world: World, chance: random.Random) -> str:
    """A huge transaction, once for each world: after it every document is as long as they come."""
    if world.has_imported_thousands:
        return ""
    world.has_imported_thousands = True
    return await _import(world, chance, [f"many-{n}" for n in range(chance.choice((1_200, 2_500)))])


async def _import(world: World, chance: random.Random, keys: Sequence[str]) -> str:
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
        world.tally.rows_imported += len(keys)
    return f"imported {len(keys)} flights, {len(made)} of them new{said}"


@step(3)
async def swap(world: World, chance: random.Random) -> str:
    """Two flights change aircraft with each other, in one transaction."""
    one, other = world.some_flight(chance), world.some_flight(chance)
    actor = world.who(chance)

    def command() -> None:
        where = dict(
            Flight.objects.filter(operator_id=world.operator.id, id__in=(one, other)).values_list("id", "aircraft_id")
        )

        def exchange() -> None:
            for flight, aircraft in ((one, where[other]), (other, where[one])):
                commands.change_flight(actor, flight, FlightEdit(aircraft_id=aircraft))

        world.book.alter([one, other], exchange)

    return f"swapped flight:{one} and flight:{other}{await world.attempt(command)}"


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

    def make(noted: Noted) -> None:
        for flight, edit in edits:
            try:
                with transaction.atomic():
                    noted.add(world.book.alter_inside([flight], edit))
            except AirstairError:
                world.tally.refused += 1

    await world.begin_slow(flights, commits, make).wait()
    return f"a transaction on {flights} is held open; it will be {'committed' if commits else 'rolled back'}"


@step(5)
async def end_a_slow_transaction(world: World, chance: random.Random) -> str:
    if not world.slow:
        return ""
    slow = chance.choice(world.slow)
    await world.end_slow(slow)
    return f"the transaction on {sorted(slow.flights)} ended"
