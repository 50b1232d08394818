"""The world that a sequence of steps is played in: an operator, its connections, partners, workers, and one clock."""

from __future__ import annotations

import asyncio
import contextlib
import random
import threading
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.apps import apps
from django.conf import settings
from django.db import connection as database

from airstair.changes.keys import ID_SEQUENCE
from airstair.hub.connections.commands import ALL_AIRCRAFT, ConnectionInput, configure
from airstair.hub.engine.dispatcher import Dispatcher
from airstair.hub.models import Connection
from airstair.hub.registry import _extra
from airstair.kernel.actor import Actor, ActorKind
from airstair.kernel.clock import Clock, ManualClock
from airstair.kernel.errors import AirstairError
from airstair.kernel.scope import all_operators
from airstair.records.fleet.models import Aircraft
from airstair.records.flights.models import Flight
from airstair.records.operators.commands import reset_password
from airstair.records.operators.queries import actor_for_user, members
from airstair.sandbox.running import RunningSandbox, running

from ..hub.stage import NOON, Stage
from . import truth
from .book import MAKE_MARKS, Book, Noted, connection_picture
from .desks import DESKS, PLANS, SOURCE, PlanDesk, SourceDesk, register_addons
from .follower import Follower
from .keeper import KEEPER, Keeper
from .outages import DATABASE_ERRORS, Interrupted, went_away
from .partners import BY_HAND, OWN, SETS, SPACED, UPSERT, Receiver, Rules, listening
from .tally import Tally
from .ticking import TickingClock

AVINODE = "avinode"
AIRPORTS = ("KEWR", "KBOS", "KJFK", "KORD")
CADENCES = (5, 6)  # minutes between Avinode's calls that a connection may be configured to
_PATIENCE = 90.0  # seconds of the machine
_OURS = ("changes", "operators", "places", "fleet", "flights", "hub")


class RolledBack(Exception):
    """A transaction is not to be committed."""


@dataclass
class Slow:
    """A transaction that is held open. `ending` lets it go on; `commits` says how."""

    flights: set[int]
    task: asyncio.Task[None]
    commits: bool
    ending: threading.Event = field(default_factory=threading.Event)


class World(Stage):
    """A stage with everything on it. Steps act on it; `verdict.py` judges it."""

    def __init__(self, clock: Clock, sandbox: RunningSandbox, rules: Rules) -> None:
        super().__init__(clock, sandbox, "avinode")  # type: ignore[arg-type]  # only the steps of time need one moved by hand
        self.receivers = {key: Receiver(key, clock) for key in OWN}  # of the mirrors of our own
        self.plans, self.source, self.keeper = PlanDesk(clock), SourceDesk(clock), Keeper(clock)
        self.desks: dict[str, Receiver] = {PLANS: self.plans, SOURCE: self.source}
        self.sent_again: Counter[int] = Counter()  # flight → messages that a person had sent once more
        self.rules = rules
        self.by_hand = isinstance(clock, ManualClock)
        self.noon = clock.now().replace(hour=12, minute=0, second=0, microsecond=0)  # about which flights are planned
        self.tally = Tally()
        self.fleet: list[int] = []
        self.flights: list[int] = []
        self.events: list[int] = []
        self.slow: list[Slow] = []
        self.has_imported_thousands = False
        self.complaints: list[str] = []  # what was seen to be wrong on the way
        self._allowed: set[tuple[str, str, int]] | None = None  # what may be sent; `None`: it is just being changed
        # What may be sent to Avinode, and from when to when by the clock: its journal has calls that have ended.
        self._tails: list[tuple[datetime, datetime, set[str]]] = []

    async def furnish(self, password: str = "") -> None:
        """The same beginning for every sequence: five aircraft with flights, eleven connections."""
        await self.found()
        self.book = Book(self.operator.id)
        member = (await self.do(members, self.operator.id))[0]
        self.person = await self.do(actor_for_user, member.user_id, self.operator.id)
        if password:
            await self.do(reset_password, self.person, member.membership_id, password)
        for number in range(5):
            self.fleet += await self.aircraft(f"N{number}0AA", home_base=AIRPORTS[number % 2])
        for index, aircraft in enumerate(self.fleet):
            for days in (-1, 1):
                start = self.noon + timedelta(days=days, hours=index)
                self.flights.append((await self.flight(aircraft, start, "KEWR-KBOS")).id)
        for key in OWN:
            await self._connect(key, "", ALL_AIRCRAFT)
        await self._connect(UPSERT, "second", self.fleet[:1])
        await self._connect(SETS, "second", self.fleet[2:3])
        await self._connect(AVINODE, "", ALL_AIRCRAFT)
        await self._connect(AVINODE, "second", self.fleet[1:2])
        for key in (KEEPER, *DESKS):
            await self._connect(key, "", ALL_AIRCRAFT)
        # What is fetched is about an aircraft that nobody else touches, so that every item can be written.
        (self.from_the_source,) = await self.aircraft("N99SR")
        self.before = dict(await self.logged())
        ((self.furnished_at,),) = await self.sql("SELECT max(seq) FROM changes_change")
        self.follower = Follower(self.operator.id)
        await self.follower.begin()
        await self.note_what_may_be_sent()

    async def settle(self) -> None:
        """As on any stage, with the patience that thousands of rows take on a busy machine."""
        for dispatcher in list(self.dispatchers):
            await asyncio.wait_for(dispatcher.settle(), _PATIENCE)
        assert not self.died()

    async def begin(self) -> None:
        """Two workers, and everything as it should be."""
        for _ in range(2):
            await self.new_worker()
        await self.settle()

    async def _connect(self, key: str, name: str, aircraft: Any) -> None:
        values: dict[str, Any] = {"environment": "sandbox"}
        if key != AVINODE:
            values = {"base_url": self.everybody[key].url, "key": f"{key}-default"}
            values |= second_account(key) if name else {}
        await self.configure(key, name=name, values=values, aircraft=aircraft, on=True)

    # -- who acts, and on what -----------------------------------------------------------------------------------

    def who(self, chance: random.Random) -> Actor:
        """A person, or an application over the API."""
        if chance.random() < 0.6:
            return self.person
        rights = self.person.rights
        return Actor(operator_id=self.operator.id, kind=ActorKind.API, key="app", label="An application", rights=rights)

    def some_flight(self, chance: random.Random) -> int:
        """A flight that no open transaction holds."""
        held = self.held
        return chance.choice([id_ for id_ in self.flights if id_ not in held])

    @property
    def held(self) -> set[int]:
        """The flights that open transactions hold."""
        return {id_ for slow in self.slow for id_ in slow.flights}

    async def attempt(self, command: Callable[[], Any]) -> str:
        """Run a command; a refusal is an answer like another, and must have changed nothing."""
        try:
            await self.do(command)
        except AirstairError as refusal:
            self.tally.refused += 1
            return f" — refused: {refusal}"
        except (Interrupted, *DATABASE_ERRORS) as error:
            if not isinstance(error, Interrupted) and not went_away(error):
                raise
            self.tally.interrupted += 1
            return " — not done: the database went away"
        return ""

    async def set_up(
        self,
        key: str,
        name: str,
        chance: random.Random,
        command: Callable[[], Any] | None = None,
        *,
        makes: bool = False,
        **wanted: Any,
    ) -> str:
        """Configure a connection, or run a command on it, as one change. `makes`: it need not be there yet."""
        command = command or (
            lambda: configure(self.person, key, ConnectionInput(name=name, **wanted), clock=self.clock)
        )

        def run() -> None:
            known = None if makes else self.connection_id(key, name)
            self.book.alter_row(
                lambda: ("connection", known or self.connection_id(key, name)),
                lambda: connection_picture(self.operator.id, key, name),
                command,
            )

        return await self.reconfiguring(chance, run)

    def route_of(self, flight: int) -> tuple[str, str]:
        """Where the flight goes from and to now."""
        row = Flight.objects.get(operator_id=self.operator.id, id=flight)
        return row.adep, row.ades

    def connection_id(self, key: str, name: str) -> int:
        row = Connection.objects.filter(operator_id=self.operator.id, addon=key, name=name or "default").first()
        if row is None:
            raise AirstairError("It is not there now.")
        return row.id

    # -- what may be sent ----------------------------------------------------------------------------------------

    async def reconfiguring(self, chance: random.Random, command: Callable[[], Any]) -> str:
        """Run a command that changes what is sent where; sometimes see that all workers have heard of it."""
        if not self.by_hand:
            self._allowed = None  # worker processes do not say what they have heard of
            return await self.attempt(command)
        before, self._allowed = self._allowed or set(), None
        began = self.clock.now()
        said = await self.attempt(command)
        now, tails = await self.do(self._what_may_be_sent)
        self._allowed = before | now
        self._may_be_sent_to_avinode(self._tails[-1][2] | tails, since=began)  # workers may have been quicker than we
        if chance.random() < 0.5:
            await self.note_what_may_be_sent()
        return said

    async def note_what_may_be_sent(self) -> None:
        """All workers have heard of it: from now on this may be sent and nothing else."""
        if not self.by_hand:
            return
        now, tails = await self.do(self._what_may_be_sent)
        for dispatcher in list(self.dispatchers):
            await asyncio.wait_for(dispatcher._round(), _PATIENCE)
        await asyncio.sleep(0.02)  # for what was on its way
        self._allowed = now
        self._may_be_sent_to_avinode(tails)

    def _what_may_be_sent(self) -> tuple[set[tuple[str, str, int]], set[str]]:
        found = list(truth.Tables(self.operator.id).kept())
        own = {(one.connection.addon, one.account, one.aircraft.id) for one in found}
        return own, {one.aircraft.registration for one in found if one.connection.addon == AVINODE}

    def _may_be_sent_to_avinode(self, tails: set[str], since: datetime | None = None) -> None:
        now = self.clock.now()
        if self._tails:
            began, _, before = self._tails[-1]
            self._tails[-1] = began, now, before
        self._tails.append((since or now, now + timedelta(days=999), tails))

    def look_at_avinodes_calls(self) -> None:
        """Complain of calls for aircraft that were not ticked at the time."""
        for call in self.partner.calls():
            at_the_time = [tails for since, until, tails in self._tails if since <= call.at <= until]
            if call.method == "PUT" and not any(call.aircraft in tails for tails in at_the_time):
                self.complaints.append(f"avinode was sent {call.aircraft} at {call.at}, which was not its to get")

    def welcome(self, key: str, account: str, unit: int) -> bool:
        return self._allowed is None or (key, account, unit) in self._allowed

    # -- workers, faults, transactions ---------------------------------------------------------------------------

    async def new_worker(self) -> None:
        self.tally.workers += 1
        await self.start(settle=False)

    async def cut_worker_from_database(self, dispatcher: Dispatcher) -> None:
        """Its connections break, and it must end by itself."""
        at = self.dispatchers.index(dispatcher)
        opened = [*dispatcher._store.connections, dispatcher._listener, dispatcher._services.limits.connection]
        pids = [one.info.backend_pid for one in opened if one is not None and not one.closed]
        task = self._tasks[at]
        await self.sql("SELECT pg_terminate_backend(pid) FROM unnest(%s::int[]) AS pid", pids)
        await self.until(task.done, "A worker went on without its database.")
        assert task.exception() is not None, "A worker that lost its database must say so."
        self._leave(dispatcher)
        self.tally.worker_kills += 1

    def spoil_avinode(self, kind: str, **fields: Any) -> None:
        self.partner.faults.add(kind, path="/schedules", **fields)

    async def end_slow(self, slow: Slow) -> None:
        slow.ending.set()
        await slow.task
        self.slow.remove(slow)

    def begin_slow(self, flights: Iterable[int], commits: bool, edits: Callable[[Noted], None]) -> asyncio.Event:
        """Open a transaction that makes its edits and then waits. Answers what is set once they are made."""
        loop, made = asyncio.get_running_loop(), asyncio.Event()

        def hold() -> None:
            try:
                with self.book.transaction() as noted:
                    edits(noted)
                    loop.call_soon_threadsafe(made.set)
                    slow.ending.wait(60)
                    if not commits:
                        raise RolledBack
            except RolledBack:
                pass
            except AirstairError:
                self.tally.refused += 1
            except Interrupted:
                self.tally.interrupted += 1
            finally:
                loop.call_soon_threadsafe(made.set)
                database.close()

        slow = Slow(set(flights), None, commits)  # type: ignore[arg-type]
        slow.task = asyncio.create_task(asyncio.to_thread(hold))
        self.slow.append(slow)
        self.tally.slow_transactions += 1
        return made

    async def logged(self) -> Counter[tuple[str, int]]:
        """How many changes the log has of each subject."""
        rows = await self.sql(
            "SELECT subject_kind, subject_id, count(*) FROM changes_change WHERE operator_id = %s GROUP BY 1, 2",
            self.operator.id,
        )
        return Counter({(kind, id_): count for kind, id_, count in rows})

    async def registrations(self) -> dict[int, str]:
        def read() -> dict[int, str]:
            return dict(Aircraft.objects.filter(operator_id=self.operator.id).values_list("id", "registration"))

        return await self.do(read)

    def count(self) -> None:
        """What can only be counted at the end."""
        self.tally.edits = self.book.commands
        self.tally.changes_followed = len(self.follower.met)
        for receiver in self.everybody.values():
            self.tally.calls += len(receiver.came)
            self.tally.faults += receiver.struck.total()
        calls = self.partner.calls()
        self.tally.calls += len(calls)
        self.tally.faults += sum(call.fault is not None for call in calls)

    @property
    def everybody(self) -> dict[str, Receiver]:
        """All partners of our own, by key."""
        return {**self.receivers, KEEPER: self.keeper, **self.desks}

    def be_well(self) -> None:
        """All partners work again."""
        for receiver in self.everybody.values():
            receiver.be_well()
        self.partner.faults.clear()

    async def leave(self) -> None:
        self.be_well()
        for slow in list(self.slow):
            with contextlib.suppress(Exception):
                await self.end_slow(slow)
        await self.stop()
        if hasattr(self, "follower"):
            await self.follower.close()


def second_account(key: str) -> dict[str, str]:
    """How the second connection reaches a partner of our own: by an account of its own, `spaced` by the same."""
    return {"flavour": "second"} if key == SPACED else {"key": f"{key}-second"}


def wipe() -> None:
    """Empty all tables of ours: sequences follow each other in one database."""
    tables = [model._meta.db_table for model in apps.get_models() if model._meta.app_label in _OURS]
    with database.cursor() as cursor:
        cursor.execute(MAKE_MARKS)
        cursor.execute(f"TRUNCATE convergence_mark, {', '.join(tables)} CASCADE")
        cursor.execute("SELECT setval(%s, 1, false)", [ID_SEQUENCE])  # the same sequence has the same ids again
    database.close()


@contextlib.asynccontextmanager
async def world(clock: Clock | None = None, rules: Rules = BY_HAND, password: str = "") -> AsyncIterator[World]:
    """A furnished world on an empty database, without workers. The clock is moved by hand unless another is given.

    `password`: of the operator's first person, for who wants to sign in.
    """
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(24))
    clock = clock or TickingClock(NOON)
    was = settings.SANDBOX_URL, settings.ALLOW_PRIVATE_ADDRESSES
    async with contextlib.AsyncExitStack() as stack:
        stack.enter_context(all_operators())  # the test looks at everything; the product's processes do not
        sandbox = await stack.enter_async_context(running(clock=clock))
        made = World(clock, sandbox, rules)
        await stack.enter_async_context(listening(made.everybody))
        settings.SANDBOX_URL, settings.ALLOW_PRIVATE_ADDRESSES = sandbox.url, True
        await made.do(wipe)
        register_addons(rules)
        for receiver in (*made.receivers.values(), made.keeper):
            receiver.welcome = made.welcome
        try:
            await made.furnish(password)
            yield made
        finally:
            await made.leave()
            _extra.clear()
            settings.SANDBOX_URL, settings.ALLOW_PRIVATE_ADDRESSES = was
