"""Steps that happen around the record: connections, time, partners that fail, workers that come and go."""

from __future__ import annotations

import asyncio
import random
from datetime import timedelta
from typing import Any

from airstair.hub.connections.commands import ALL_AIRCRAFT, remove_connection
from airstair.hub.exports import export_now
from airstair.sandbox.faults import KINDS, STATUSES

from .desks import DESKS, PLANS
from .keeper import KEEPER
from .partners import FAULTS, OWN, SETS, SPACED, TRIES_OF_SETS, UPSERT
from .people import change_a_flight, route
from .steps import step
from .world import AIRPORTS, AVINODE, CADENCES, World, second_account

WITH_SECOND = (UPSERT, SETS, SPACED, AVINODE)
CONNECTIONS = (
    (KEEPER, ""),
    (UPSERT, ""),
    (SETS, ""),
    (SPACED, ""),
    (AVINODE, ""),
    *((key, "second") for key in WITH_SECOND),
)


MIRRORS = (*OWN, KEEPER)
SWITCHED = (*CONNECTIONS, *((key, "") for key in DESKS))

# -- connections --------------------------------------------------------------------------------------------------


@step(6)
async def switch(world: World, chance: random.Random) -> str:
    key, name = chance.choice(SWITCHED)
    on = chance.random() < 0.6
    return f"{key} {name} {'on' if on else 'off'}{await world.set_up(key, name, chance, on=on)}"


@step(3)
async def set_anew(world: World, chance: random.Random) -> str:
    key, name = chance.choice(CONNECTIONS)
    values: dict[str, Any] = {"flavour": chance.choice(("plain", "spicy"))}
    if key == AVINODE:
        values = {
            "send_options": chance.random() < 0.5,
            "send_opportunities": chance.random() < 0.5,
            "interval_minutes": chance.choice(CADENCES),
        }
    return f"{key} {name} {values}{await world.set_up(key, name, chance, values=values)}"


@step(4)
async def tick(world: World, chance: random.Random) -> str:
    key = chance.choice((*MIRRORS, AVINODE, PLANS))
    some = chance.sample(world.fleet, chance.randint(0, len(world.fleet)))
    aircraft: Any = ALL_AIRCRAFT if chance.random() < 0.5 else some
    return f"{key} takes {aircraft}{await world.set_up(key, '', chance, aircraft=aircraft)}"


@step(4)
async def move_to_its_own_connection(world: World, chance: random.Random) -> str:
    key = chance.choice(WITH_SECOND)
    aircraft = chance.sample(world.fleet, chance.randint(0, 3))
    # A connection that was removed comes back with what is needed to reach the partner.
    values = {} if key == AVINODE else second_account(key)
    said = await world.set_up(key, "second", chance, aircraft=aircraft, values=values, on=True, makes=True)
    return f"{aircraft} through the second connection of {key}{said}"


@step(2)
async def remove_the_second(world: World, chance: random.Random) -> str:
    key = chance.choice(WITH_SECOND)

    def command() -> None:
        remove_connection(world.person, world.connection_id(key, "second"))

    return f"removed the second connection of {key}{await world.set_up(key, 'second', chance, command)}"


@step(3)
async def ask_for_an_export(world: World, chance: random.Random) -> str:
    key, name = chance.choice(CONNECTIONS)

    def command() -> None:
        connection = world.connection_id(key, name)
        with world.book.transaction() as noted:
            asked = export_now(world.person, connection, clock=world.clock)
            noted.subjects += [("connection", connection)] if asked.run_id is not None else []

    return f"asked {key} {name} for an export{await world.attempt(command)}"


# -- time ---------------------------------------------------------------------------------------------------------


@step(10)
async def a_moment(world: World, chance: random.Random) -> str:
    """Of the machine: whatever is under way gets on."""
    seconds = chance.choice((0.001, 0.005, 0.02, 0.06))
    await asyncio.sleep(seconds)
    return f"{seconds} s of the machine"


@step(8)
async def seconds_pass(world: World, chance: random.Random) -> str:
    return await _pass(world, chance, timedelta(seconds=chance.randint(1, 40)))


@step(8)
async def minutes_pass(world: World, chance: random.Random) -> str:
    return await _pass(world, chance, timedelta(seconds=chance.randint(60, 420)))


@step(1)
async def hours_pass(world: World, chance: random.Random) -> str:
    return await _pass(world, chance, timedelta(hours=chance.randint(1, 30)))


async def _pass(world: World, chance: random.Random, time: timedelta) -> str:
    world.clock.advance(time)
    await asyncio.sleep(chance.choice((0, 0.005, 0.03)))
    return f"{time} later"


@step(3)
async def rest(world: World, chance: random.Random) -> str:
    """Everything that can be done now is done, whatever partners do to it."""
    for receiver in world.everybody.values():
        receiver.released = True
    world.partner.faults.clear()
    await world.settle()
    return "all was done that could be"


# -- partners -----------------------------------------------------------------------------------------------------


@step(20)
async def a_partner_fails(world: World, chance: random.Random) -> str:
    key, fault, count = chance.choice(MIRRORS), chance.choice(FAULTS), chance.choice((1, 1, 2, 5))
    world.everybody[key].let_down(fault, count)
    return f"{key}: {fault} for {count} calls"


@step(9)
async def avinode_fails(world: World, chance: random.Random) -> str:
    kind = chance.choice(sorted(KINDS))  # every switch of the sandbox
    fields: dict[str, Any] = {"count": chance.choice((1, 2, 6))}
    if kind == "status":
        fields["status"] = chance.choice(STATUSES)
    if kind == "rate_limit":
        fields["retry_after"] = chance.choice((10, 60, 120))
    if kind == "latency":
        fields["seconds"] = chance.choice((1, 30))
    world.spoil_avinode(kind, **fields)
    return f"avinode: {kind} {fields}"


@step(3)
async def a_partner_is_away(world: World, chance: random.Random) -> str:
    """For so long that retries of what changed before end, where they do end; and then it is back."""
    key, fault = chance.choice(MIRRORS), chance.choice(("status:500", "drop_after", "status:503:20"))
    world.everybody[key].faults = [fault] * 100
    said = await change_a_flight(world, chance)
    for _ in range(TRIES_OF_SETS + 1):
        await asyncio.sleep(0.03)
        world.clock.advance(timedelta(seconds=40))
    await asyncio.sleep(0.03)
    world.everybody[key].be_well()
    return f"{key} was away ({fault}) for minutes; {said}"


@step(4)
async def a_partner_is_well(world: World, chance: random.Random) -> str:
    key = chance.choice((*MIRRORS, *DESKS, AVINODE))
    if key == AVINODE:
        world.partner.faults.clear()
    else:
        world.everybody[key].be_well()
    return f"{key} is well again"


# -- workers ------------------------------------------------------------------------------------------------------


@step(6)
async def a_worker_comes(world: World, chance: random.Random) -> str:
    if len(world.dispatchers) >= 3:
        return ""
    await world.new_worker()
    return f"there are {len(world.dispatchers)} workers"


@step(3)
async def a_worker_leaves(world: World, chance: random.Random) -> str:
    if not world.dispatchers:
        return ""
    await world.end(chance.choice(world.dispatchers))
    return f"there are {len(world.dispatchers)} workers"


@step(7)
async def a_worker_is_killed(world: World, chance: random.Random) -> str:
    if not world.dispatchers:
        return ""
    await asyncio.sleep(chance.choice((0, 0.001, 0.004, 0.012)))  # at any step of what it does
    await world.kill(chance.choice(world.dispatchers))
    world.tally.worker_kills += 1
    return f"there are {len(world.dispatchers)} workers"


@step(8)
async def a_worker_is_killed_in_a_call(world: World, chance: random.Random) -> str:
    """The one that has just sent a change, before it hears the answer; often the change is then taken back."""
    return await _interrupted(world, chance, kills=True)


@step(5)
async def an_answer_is_lost(world: World, chance: random.Random) -> str:
    """The partner took a change and nobody knows; often the change is then taken back."""
    return await _interrupted(world, chance, kills=False)


async def _interrupted(world: World, chance: random.Random, *, kills: bool) -> str:
    key, flight = chance.choice(MIRRORS), world.some_flight(chance)
    fault = chance.choice(_WITHOUT_AN_ANSWER if kills else _LOST)
    receiver = world.everybody[key]
    before = await world.do(world.route_of, flight)
    receiver.faults.insert(0, fault)
    receiver.released = False
    calls = len(receiver.came)
    said = await route(world, flight, chance.choice([one for one in AIRPORTS if one not in before]))
    for _ in range(40):
        if len(receiver.came) > calls:
            break
        await asyncio.sleep(0.003)
    await asyncio.sleep(chance.choice((0, 0.002, 0.01, 0.04)))
    if kills and world.dispatchers:
        await world.kill(chance.choice(world.dispatchers))
        world.tally.worker_kills += 1
    if chance.random() < 0.7:
        said += await route(world, flight, before[1])
    return f"{key}: {fault}, on a change of flight:{flight}; there are {len(world.dispatchers)} workers{said}"


_LOST = ("drop_after", "html_after", "half", "malformed", "hang_after", "some")
_WITHOUT_AN_ANSWER = ("slow", "hang_before", "hang_after", "drop_after", "")


@step(2)
async def a_worker_loses_its_database(world: World, chance: random.Random) -> str:
    if not world.dispatchers:
        return ""
    await asyncio.sleep(chance.choice((0, 0.004)))
    await world.cut_worker_from_database(chance.choice(world.dispatchers))
    return f"there are {len(world.dispatchers)} workers"
