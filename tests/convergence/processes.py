"""Real worker processes, killed with SIGKILL while people edit and partners fail; on the machine's own clock.

Partners and steps are those of the sequences; backoffs are short, so that a round takes seconds.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import sys
import time
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.db import connection as database

from airstair.hub.connections.commands import ALL_AIRCRAFT
from airstair.hub.exports import export_now
from airstair.kernel.clock import SystemClock
from airstair.kernel.errors import AirstairError

from . import people
from .partners import FAULTS, SETS, UPSERT
from .steps import DOING
from .verdict import differences, in_the_log, out_of_order, waiting_visibly
from .world import Tally, World, world

assert people  # imported for the steps that it makes known

FIRST, LONGEST = 0.2, 1.0  # seconds of the backoffs
WORKERS = 3
_PATIENCE = 20.0  # seconds in which all copies must be equal once the faults have stopped
_ROOT = Path(__file__).parents[2]
_WORKER = f"""
import sys
from datetime import timedelta
import django
django.setup()
sys.path.insert(0, {str(_ROOT)!r})
from tests.convergence.partners import register_addons
register_addons(first=timedelta(seconds={FIRST}), longest=timedelta(seconds={LONGEST}), budget=None)
from airstair.hub.worker import work
work(lambda: print("ready", flush=True))
"""
_STEPS = (
    "change_a_flight",
    "change_a_flight",
    "change_a_flight_and_back",
    "edit_at_once",
    "create",
    "cancel",
    "restore",
    "delete",
    "enter_times",
    "mark_empty",
    "occupy",
    "import_flights",
    "begin_a_slow_transaction",
    "end_a_slow_transaction",
)
# A refusal waits for a person, and a minute's wait is too long here.
_FAULTS = [fault for fault in FAULTS if fault not in ("status:422", "picky", "status:429") and fault.count(":") < 2]
_FAULTS += ["status:429:1", "status:503:1"]


class Workers:
    """The worker processes."""

    def __init__(self) -> None:
        self.alive: list[Process] = []
        self._starting: set[asyncio.Task[None]] = set()

    def begin(self) -> None:
        """Start one more; it is among the living when it serves."""
        self._starting.add(asyncio.create_task(self._start()))

    async def _start(self) -> None:
        facts = database.settings_dict
        who = f"{facts['USER']}:{facts['PASSWORD'] or ''}@{facts['HOST']}:{facts['PORT']}"
        environment = {
            **os.environ,
            "AIRSTAIR_DATABASE_URL": f"postgresql://{who}/{facts['NAME']}",
            "AIRSTAIR_SECRET_KEY": settings.SECRET_KEY,
            "AIRSTAIR_ALLOW_PRIVATE_ADDRESSES": "1",
            "AIRSTAIR_LOG": "CRITICAL",
            "DJANGO_SETTINGS_MODULE": "airstair.settings",
        }
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", _WORKER, env=environment, stdout=PIPE, stderr=DEVNULL
        )
        assert process.stdout is not None
        try:
            ready = await asyncio.wait_for(process.stdout.readline(), 60)
            assert ready == b"ready\n", "A worker process did not begin."
        except BaseException:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
            raise
        self.alive.append(process)

    async def some(self, count: int = 1) -> None:
        """Return when so many are there."""
        while len(self.alive) < count:
            for task in [task for task in self._starting if task.done()]:
                self._starting.discard(task)
                task.result()
            await asyncio.sleep(0.02)

    async def kill(self, process: Process) -> None:
        assert process.returncode is None, "A worker ended that nobody stopped."
        self.alive.remove(process)
        process.kill()
        await process.wait()

    async def close(self) -> None:
        for task in self._starting:
            task.cancel()
        await asyncio.gather(*self._starting, return_exceptions=True)
        for process in self.alive:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()


@contextlib.asynccontextmanager
async def _workers(count: int) -> AsyncIterator[Workers]:
    made = Workers()
    try:
        for _ in range(count):
            made.begin()
        await made.some(count)
        yield made
    finally:
        await made.close()


def play_with_processes(seed: int, *, seconds: float) -> Tally:
    """Edit, fail and kill for so long; then everything must come right. Raises AssertionError saying what did not."""
    return asyncio.run(_play(seed, seconds))


async def _play(seed: int, seconds: float) -> Tally:
    chance = random.Random(seed)
    facts = {"first": timedelta(seconds=FIRST), "longest": timedelta(seconds=LONGEST), "budget": None}
    async with world(SystemClock(), furnish=_furnish, **facts) as made, _workers(WORKERS) as workers:
        until = time.monotonic() + seconds
        editing = asyncio.create_task(_edit(made, random.Random(seed + 1), until))
        while time.monotonic() < until:
            await asyncio.sleep(chance.uniform(0.05, 0.6))
            await _trouble(made, workers, chance)
        await editing
        for slow in list(made.slow):
            await made.end_slow(slow)
        made.be_well()
        await workers.some()
        wrong = await _wait_for_equality(made)
        wrong += out_of_order(made.receivers[UPSERT], made.book.versions)
        wrong += await in_the_log(made)
        made.count()
        assert not wrong, f"Seed {seed}, with processes, {made.tally}:\n  " + "\n  ".join(wrong[:12])
        return made.tally


async def _furnish(made: World) -> None:
    await made.begin(flights=4)
    for key in (UPSERT, SETS):
        await made.connect_to(key, "", ALL_AIRCRAFT)
        await made.connect_to(key, "second", made.fleet[:2])
    await made.begin_to_follow()


async def _trouble(made: World, workers: Workers, chance: random.Random) -> None:
    receiver = made.receivers[chance.choice((UPSERT, SETS))]
    if chance.random() < 0.3:
        receiver.be_well()
    else:
        receiver.let_down(chance.choice(_FAULTS), chance.choice((1, 2, 4)))
    if chance.random() < 0.6 and workers.alive:
        await asyncio.sleep(chance.uniform(0, 0.05))
        await workers.kill(chance.choice(workers.alive))
        made.tally.kills += 1
        workers.begin()


async def _edit(made: World, chance: random.Random, until: float) -> None:
    while time.monotonic() < until:
        await DOING[chance.choice(_STEPS)](made, chance)
        made.tally.steps += 1
        await made.follower.read()
        await asyncio.sleep(chance.uniform(0, 0.03))


async def _wait_for_equality(made: World) -> list[str]:
    """What still differs when the patience ends. What waits for a person is asked for by one, once."""
    until, asked = time.monotonic() + _PATIENCE, False
    while True:
        found, waiting = await made.do(differences, made), await made.do(waiting_visibly, made)
        if not found:
            return []
        if time.monotonic() > until:
            return [words for _, words in found]
        if not asked and all(key in waiting for key, _ in found):
            asked = True
            for connection in {key[0] for key, _ in found}:
                await made.do(_ask, made, connection)
        await asyncio.sleep(0.1)


def _ask(made: World, connection: int) -> None:
    with contextlib.suppress(AirstairError):
        made.book.changes["connection", connection] += export_now(made.person, connection).run_id is not None
