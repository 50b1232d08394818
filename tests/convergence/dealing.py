"""Steps at the desks: messages that a person decides about, flights that a partner tells, and faults of both."""

from __future__ import annotations

import random
from datetime import timedelta

from airstair.hub.messages.commands import drop, it_arrived, send_again
from airstair.hub.messages.queries import MessageLine, messages_waiting

from .desks import PLANS, SOURCE, Item
from .people import change_a_flight
from .steps import step
from .world import AIRPORTS, World


@step(7)
async def plans_fail(world: World, chance: random.Random) -> str:
    """Often while something is about to be filed."""
    fault, count = chance.choice(world.rules.faults), chance.choice((1, 1, 3))
    world.desks[PLANS].let_down(fault, count)
    return f"{PLANS}: {fault} for {count} calls; {await change_a_flight(world, chance)}"


@step(3)
async def source_fails(world: World, chance: random.Random) -> str:
    at_a_page = [fault for fault in world.rules.faults if fault not in ("some", "picky")]
    fault, count = chance.choice(at_a_page), chance.choice((1, 2))
    world.desks[SOURCE].let_down(fault, count)
    return f"{SOURCE}: {fault} for {count} calls"


@step(6)
async def the_source_tells(world: World, chance: random.Random) -> str:
    """A page of flights: new ones, and some of before otherwise."""
    published = world.source.published
    known = published.latest(len(published.pages))
    page = []
    for number in chance.sample(range(12), chance.randint(1, 6)):
        key = f"src-{number}"
        ades = chance.choice([one for one in AIRPORTS[1:] if key not in known or one != known[key].ades])
        std = known[key].std if key in known else world.noon + timedelta(hours=5 * number - 24)
        page.append(Item(key, world.from_the_source, ades, std))
    published.pages.append(page)
    return f"{SOURCE} tells {[f'{one.key} to {one.ades}' for one in page]}"


@step(4)
async def a_person_decides(world: World, chance: random.Random) -> str:
    """About a message that nobody else can decide about; not always rightly."""
    waiting = await world.do(messages_waiting, world.operator.id)
    if not waiting:
        return ""
    line: MessageLine = chance.choice(waiting)
    words = chance.choice(("arrived", "again", "again", "drop"))

    def command() -> None:
        with world.book.transaction() as noted:
            if words == "again":
                send_again(world.person, line.id, clock=world.clock)
            else:
                (it_arrived if words == "arrived" else drop)(world.person, line.id)
            noted.subjects.append(("connection", line.connection_id))

    said = await world.attempt(command)
    if words == "again" and not said:
        world.sent_again[line.unit.id] += 1
    return f"{words}, a person says of a message about {line.unit}{said}"
