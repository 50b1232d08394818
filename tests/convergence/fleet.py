"""Steps on the fleet: its aircraft, and what keeps them on the ground."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

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
from airstair.records.flights.commands import EventEdit, EventInput
from airstair.records.flights.models import AircraftEvent

from .people import HOUR, some_time
from .steps import step
from .world import AIRPORTS, World


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
        with world.book.transaction() as noted:
            made.append(add_aircraft(world.person, wanted).id)
            noted.subjects.append(("aircraft", made[-1]))

    said = await world.reconfiguring(chance, command)
    if not said:
        world.fleet += made
    return f"bought aircraft {made}{said}"


async def _fleet(world: World, chance: random.Random, words: str, aircraft: int, command: Callable[[], Any]) -> str:
    def picture() -> Any:
        return Aircraft.objects.filter(operator_id=world.operator.id, id=aircraft).values().get()

    said = await world.reconfiguring(chance, lambda: world.book.alter_row(("aircraft", aircraft), picture, command))
    return f"{words} aircraft:{aircraft}{said}"


@step(4)
async def occupy(world: World, chance: random.Random) -> str:
    """Reservations, maintenance and groundings: made, changed and deleted."""
    actor, start = world.who(chance), some_time(world, chance)
    known = chance.choice([None, *world.events])
    aircraft, airport = chance.choice(world.fleet), chance.choice(AIRPORTS)
    deletes = chance.random() < 0.4
    made: list[int] = []

    def picture() -> Any:
        return list(AircraftEvent.objects.filter(operator_id=world.operator.id, id=known).values())

    def command() -> None:
        if known is None:
            kind = chance.choice(("RESERVATION", "MAINTENANCE", "AOG"))
            wanted = EventInput(aircraft_id=aircraft, kind=kind, airport=airport, start=start, end=start + 3 * HOUR)
            with world.book.transaction() as noted:
                made.append(commands.add_event(actor, wanted).id)
                noted.subjects.append(("aircraft", aircraft))
            return
        now = AircraftEvent.objects.get(operator_id=world.operator.id, id=known).aircraft_id
        if deletes:
            world.book.alter_row(("aircraft", now), picture, lambda: commands.delete_event(actor, known))
        else:
            edit = EventEdit(aircraft_id=aircraft, start=start, end=start + 2 * HOUR)
            world.book.alter_row(("aircraft", aircraft), picture, lambda: commands.change_event(actor, known, edit))

    said = await world.attempt(command)
    if not said:
        world.events += made
    return f"event {known or 'new'} of aircraft:{aircraft}{said}"
