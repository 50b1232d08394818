"""Rounds with real processes: workers, the web server and the database are killed while people edit and partners fail.

On the machine's own clock, with the partners and steps of the sequences; backoffs and floors are of seconds.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta

from airstair.hub.connections.commands import ALL_AIRCRAFT, ConnectionInput, configure
from airstair.hub.exports import export_now
from airstair.kernel.clock import SystemClock
from airstair.kernel.errors import AirstairError

from . import conditions, dealing, fleet, many, people, truth
from .api_client import ApiClient, key_for_everything, missed_or_met_twice
from .book import connection_picture
from .desk_verdict import wrong_at_desks
from .keeper import KEEPER, goes_back
from .machines import Database, Web, Workers
from .outages import DATABASE_ERRORS, Interrupted, went_away, when_it_is_back
from .page import Page
from .partners import IN_SECONDS, OWN, SETS, SPACED, UPSERT
from .steps import DOING
from .tally import Tally
from .verdict import differences, in_the_log, out_of_order, too_many, too_soon, waiting_visibly
from .watching import Lateness, Watch, allowed
from .world import AIRPORTS, AVINODE, World, world

assert people and many and fleet and conditions and dealing  # imported for the steps that they make known

SECONDS = 20.0  # of trouble in a round
WORKERS = 3
_PATIENCE = 45.0  # seconds in which all copies must be equal once the faults have stopped
_ON_THE_WAY = timedelta(seconds=0.3)  # what a call may take from the sender's clock to the partner's
_PASSWORD = "correct horse battery"
_STEPS = {
    "change_a_flight": 8,
    "change_a_flight_and_back": 4,
    "edit_at_once": 2,
    "create": 2,
    "add_a_leg": 1,
    "cancel": 2,
    "restore": 2,
    "delete": 2,
    "enter_times": 2,
    "mark_empty": 2,
    "verify": 1,
    "arrange_services": 1,
    "set_the_trips_status": 1,
    "occupy": 2,
    "import_flights": 2,
    "swap": 2,
    "begin_a_slow_transaction": 3,
    "end_a_slow_transaction": 3,
    "switch": 2,
    "set_anew": 1,
    "tick": 1,
    "move_to_its_own_connection": 2,
    "remove_the_second": 1,
    "change_an_aircraft": 1,
    "retire_or_reinstate": 1,
    "avinode_fails": 2,
    "plans_fail": 3,
    "the_source_tells": 3,
    "source_fails": 1,
    "a_person_decides": 2,
}
_KILLS = ("worker", "worker", "worker", "worker", "leave", "web", "database")
# What waits for a person, or for a minute, costs too much of a round.
_FAULTS = [fault for fault in IN_SECONDS.faults if fault not in ("status:422", "picky") and fault.count(":") < 2]
_FAULTS += ["status:429:1", "status:503:1"]


Say = Callable[[str], None]


@dataclass
class Round:
    """One round under way."""

    world: World
    database: Database
    workers: Workers
    web: Web
    page: Page
    client: ApiClient
    watch: Watch
    lateness: Lateness
    chance: random.Random
    story: list[str] = field(default_factory=list)
    began: float = field(default_factory=time.monotonic)
    say: Say = lambda words: None

    @property
    def tally(self) -> Tally:
        return self.world.tally

    def tell(self, words: str) -> None:
        self.story.append(f"{time.monotonic() - self.began:5.1f} s  {words}")
        self.say(self.story[-1])


def play_round(seed: int, database: Database, say: Say = lambda words: None, *, seconds: float = SECONDS) -> Tally:
    """Edit, fail and kill for so long; then everything must come right. Raises AssertionError saying what did not.

    `say` is told what is done while it is done.
    """
    return asyncio.run(_play(seed, database, say, seconds))


async def _play(seed: int, database: Database, say: Say, seconds: float) -> Tally:
    async with contextlib.AsyncExitStack() as stack:
        made = await stack.enter_async_context(world(SystemClock(), IN_SECONDS, password=_PASSWORD))
        workers = Workers(lambda: setattr(made.tally, "workers", made.tally.workers + 1))
        stack.push_async_callback(workers.close)
        web = Web()
        stack.push_async_callback(web.kill)
        watch = Watch(made.operator.id, lambda: bool(workers.alive))
        page, client = await _callers(made, web)
        stack.push_async_callback(page.close)
        stack.push_async_callback(client.close)
        played = Round(made, database, workers, web, page, client, watch, Lateness(), random.Random(seed), say=say)
        for _ in range(WORKERS):
            workers.begin()
        await asyncio.gather(web.start(), workers.some(WORKERS))
        await page.sign_in()
        watching = asyncio.gather(watch.run(), played.lateness.run())
        try:
            await _trouble_for(played, seconds)
            wrong = await _come_right(played)
        except Exception as fault:
            raise AssertionError(_report(seed, seconds, [f"It broke off: {fault!r}"], played)) from fault
        finally:
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)
        made.count()
        made.tally.rounds = 1
        if wrong:
            raise AssertionError(_report(seed, seconds, wrong, played))
        return made.tally


async def _callers(made: World, web: Web) -> tuple[Page, ApiClient]:
    """Somebody at a page and a program with a key, each with flights of their own."""
    start = made.noon + timedelta(days=3)
    flights = [(await made.flight(made.fleet[n % 3], start + timedelta(hours=3 * n))).id for n in range(6)]
    token = await made.do(key_for_everything, made)
    made.before = dict(await made.logged())
    ((made.furnished_at,),) = await made.sql("SELECT max(seq) FROM changes_change")
    await made.follower.begin()
    page = Page(made, web.address, f"admin@{made.operator.code.lower()}.example", _PASSWORD, flights[:3])
    client = ApiClient(made, web.address, token, flights[3:])
    await client.begin()
    return page, client


def _report(seed: int, seconds: float, wrong: list[str], played: Round) -> str:
    told = "\n".join(f"  {line}" for line in played.story[-60:])
    return (
        f"Seed {seed}, a round with processes. The last that was done:\n{told}\nWhat was wrong after it:\n"
        + "\n".join(f"  {line}" for line in wrong[:12])
        + f"\n{played.tally}\nPlay its like again (the machine's timing is never the same): "
        f"airstair converge --rounds --seed {seed}"
    )


# -- trouble ------------------------------------------------------------------------------------------------------


async def _trouble_for(played: Round, seconds: float) -> None:
    """People edit by commands and by pages; partners fail; everything is killed now and then."""
    until = time.monotonic() + seconds
    steps, pages, api, faults, kills = (random.Random(played.chance.random()) for _ in range(5))
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(_again_until(until, lambda: _step(played, steps), lambda: steps.uniform(0, 0.04)))
        tasks.create_task(_again_until(until, lambda: played.page.edit(pages), lambda: pages.uniform(0, 0.1)))
        tasks.create_task(_again_until(until, lambda: _call_the_api(played, api), lambda: api.uniform(0, 0.2)))
        tasks.create_task(_again_until(until, lambda: _spoil(played, faults), lambda: faults.uniform(0.05, 0.5)))
        tasks.create_task(_kill(played, kills, until))


async def _again_until(until: float, act: Callable[[], Awaitable[None]], rest: Callable[[], float]) -> None:
    while time.monotonic() < until:
        await act()
        await asyncio.sleep(rest())


async def _step(played: Round, chance: random.Random) -> None:
    (name,) = chance.choices(list(_STEPS), list(_STEPS.values()))
    if chance.random() < 0.01:
        name = "import_thousands"
    try:
        said = await DOING[name](played.world, chance)
    except (Interrupted, *DATABASE_ERRORS) as error:
        if not isinstance(error, Interrupted) and not went_away(error):
            raise
        played.tally.interrupted += 1
        await asyncio.sleep(0.1)
        return
    if said:
        played.tally.steps += 1
        played.tell(f"{name}: {said}")
    await played.world.follower.read()


async def _call_the_api(played: Round, chance: random.Random) -> None:
    if chance.random() < 0.7:
        await played.client.edit(chance)
    else:
        await played.client.follow()


async def _spoil(played: Round, chance: random.Random) -> None:
    key = chance.choice((*OWN, KEEPER))
    receiver = played.world.everybody[key]
    if chance.random() < 0.3:
        receiver.be_well()
        played.tell(f"{key} is well again")
    else:
        fault, count = chance.choice(_FAULTS), chance.choice((1, 2, 4))
        receiver.let_down(fault, count)
        played.tell(f"{key}: {fault} for {count} calls")


async def _kill(played: Round, chance: random.Random, until: float) -> None:
    """Everything in turn, in an order of chance; each thing at least once, however short the time is."""
    while True:
        deck = list(_KILLS)
        chance.shuffle(deck)
        for what in deck:
            await asyncio.sleep(chance.uniform(0.2, 1.4))
            await _end_one(played, what, chance)
        if time.monotonic() >= until:
            return


async def _end_one(played: Round, what: str, chance: random.Random) -> None:
    workers = played.workers
    workers.look()
    while workers.coming < WORKERS:
        workers.begin()
    if what == "worker":
        await workers.some()
        await asyncio.sleep(chance.uniform(0, 0.05))
        await workers.kill(chance.choice(workers.alive))
        played.tally.worker_kills += 1
        played.tell(f"a worker was killed; {len(workers.alive)} are left")
    elif what == "leave":
        await workers.some(2)
        workers.leave(chance.choice(workers.alive))
        played.tell(f"a worker was told to stop; {len(workers.alive)} are left")
    elif what == "web":
        await played.web.kill()
        played.tally.web_kills += 1
        played.tell("the web server was killed")
        await asyncio.sleep(chance.choice((0, 0.5)))
        await played.web.start()
        played.tally.restarts += 1
        played.tell("the web server is back")
    elif what == "database":
        played.tell("the database is about to end")
        played.tell(await played.database.kill_and_restart(chance))
        played.tally.database_kills += 1
        played.tally.restarts += 1


# -- and then -----------------------------------------------------------------------------------------------------


async def _come_right(played: Round) -> list[str]:
    """Stop the faults and say everything that does not come right, or should not have happened."""
    made = played.world
    for slow in list(made.slow):
        await made.end_slow(slow)
    made.be_well()
    await played.workers.some()
    # This process's own pool of connections may be still waiting before its next look, though the database is back.
    await made.do(lambda: when_it_is_back(lambda: truth.Tables(made.operator.id)))
    played.tell("the faults have stopped")
    wrong = await _wait_for_equality(made)
    played.tell("copies differ" if wrong else "all copies are equal")
    if not wrong:
        wrong += await _taken_over_in_time(played)
        wrong += await _wait_for_equality(made)
    await played.workers.left()
    await played.page.edit(played.chance)  # the pages work as well
    await played.client.edit(played.chance)
    wrong += await _wait_for_equality(made) if not wrong else []
    wrong += made.complaints + sorted(set(played.watch.complaints))[:3]
    wrong += out_of_order(made.receivers[UPSERT], made.book.versions)
    wrong += goes_back(made.keeper, made.book.versions)
    on_the_way = _ON_THE_WAY + timedelta(seconds=played.lateness.worst)
    wrong += too_many(made.receivers[SETS], made.rules, on_the_way)
    wrong += too_soon(made.receivers[SPACED], made.rules, on_the_way)
    for rule in made.partner.audit()["rules"]:  # whatever was killed: no aircraft twice within Avinode's five minutes
        if rule["rule"] == "interval-under-five-minutes" and rule["count"]:
            wrong.append(f"{AVINODE} would object: {rule['rule']}, {rule['count']} times: {rule['evidence']}")
    return wrong + await in_the_log(made) + await missed_or_met_twice(made, played.client)


async def _wait_for_equality(made: World) -> list[str]:
    """What is still wrong when the patience ends. What waits for a person is asked for by one, once."""
    until, asked = time.monotonic() + _PATIENCE, False
    while True:
        differing, waiting = await made.do(differences, made), await made.do(waiting_visibly, made)
        differing = [(key, words) for key, words in differing if not words.startswith(AVINODE)]  # it takes minutes
        at_desks = await made.do(wrong_at_desks, made)
        if not differing and not at_desks:
            return []
        if time.monotonic() > until:
            return [words for _, words in differing] + at_desks
        if differing and not asked and all(key in waiting for key, _ in differing):
            asked = True
            for connection in {key[0] for key, _ in differing}:
                await made.do(_ask, made, connection)
        await asyncio.sleep(0.1)


def _ask(made: World, connection: int) -> None:
    with contextlib.suppress(AirstairError), made.book.transaction() as noted:
        if export_now(made.person, connection).run_id is not None:
            noted.subjects.append(("connection", connection))


async def _taken_over_in_time(played: Round) -> list[str]:
    """Kill the worker that is in the middle of a call: somebody else makes the call again within seconds."""
    made, workers = played.world, played.workers
    while workers.coming < 2:
        workers.begin()
    await workers.some(2)
    connection, flight = await made.do(_something_to_send, made)
    receiver = made.receivers[UPSERT]
    receiver.let_down("hang_after", 1)
    calls = len(receiver.came)
    _, before = await made.do(made.route_of, flight)
    await people.route(made, flight, next(one for one in AIRPORTS[1:] if one != before))
    await made.until(lambda: len(receiver.came) > calls, "An edit was not sent.")
    # The watch looks now and then: it may not have seen yet who has just taken the connection.
    await made.until(
        lambda: played.watch.holders.get(connection) in {one.name for one in workers.alive},
        f"Nobody holds connection {connection}, which has just made a call.",
    )
    holder = next(one for one in workers.alive if one.name == played.watch.holders[connection])
    calls, killed = len(receiver.came), time.monotonic()
    await workers.kill(holder)
    played.tally.worker_kills += 1
    await made.until(lambda: len(receiver.came) > calls, "Nobody took over.", patience=30)
    took = time.monotonic() - killed
    played.tally.slowest_take_over = max(played.tally.slowest_take_over, took)
    made.be_well()
    return [f"A killed worker's call was made again after {took:.1f} s."] if took > allowed() else []


def _something_to_send(made: World) -> tuple[int, int]:
    """A connection that is on, and a flight in a document of its."""
    made.book.alter_row(
        lambda: ("connection", made.connection_id(UPSERT, "")),
        lambda: connection_picture(made.operator.id, UPSERT, ""),
        lambda: configure(made.person, UPSERT, ConnectionInput(on=True, aircraft=ALL_AIRCRAFT), clock=made.clock),
    )
    tables = truth.Tables(made.operator.id)
    return next(
        (one.connection.id, flight.id)
        for one in tables.kept()
        for flight in tables.flights_of(one.aircraft)
        if one.connection.addon == UPSERT
    )
