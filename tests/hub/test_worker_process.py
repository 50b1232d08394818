"""The worker as the process that it is: killed, stopped, and cut off from its database."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.db import connection as database
from procrastinate.exceptions import AlreadyEnqueued

from airstair.hub.flows import Every, NextTick
from airstair.hub.jobs import rescue_stalled
from airstair.kernel.outcome import OutcomeKind
from airstair.records.flights.commands import FlightEdit, change_flight

from .own_partner import Receiver, own_addon
from .stage import Stage

_WORKER = """
import sys
from datetime import timedelta
import django
django.setup()
sys.path.insert(0, {folder!r})
from own_partner import own_addon
from airstair.hub.flows import Every, NextTick
from airstair.hub.worker import work
own_addon()
own_addon("clocked", trigger=Every(minutes=lambda s: s.minutes), floor=timedelta(minutes=5), retry=NextTick())
work(lambda: print("ready", flush=True))
"""

_UNFINISHED = "SELECT FROM procrastinate_jobs WHERE status IN ('todo', 'doing')"

Start = Callable[[], Awaitable[Process]]


@pytest.fixture
async def start_worker(stage: Stage) -> AsyncIterator[Start]:
    """Starts worker processes on the test's database; ends what is left of them."""
    facts = database.settings_dict
    who = f"{facts['USER']}:{facts['PASSWORD'] or ''}@{facts['HOST']}:{facts['PORT']}"
    environment = {
        **os.environ,
        "AIRSTAIR_DATABASE_URL": f"postgresql://{who}/{facts['NAME']}",
        "AIRSTAIR_SECRET_KEY": django_settings.SECRET_KEY,
        "AIRSTAIR_ALLOW_PRIVATE_ADDRESSES": "1",
        "AIRSTAIR_LOG": "WARNING",
        "DJANGO_SETTINGS_MODULE": "airstair.settings",
    }
    script = _WORKER.format(folder=str(Path(__file__).parent))
    started: list[Process] = []

    async def start() -> Process:
        process = await asyncio.create_subprocess_exec(sys.executable, "-c", script, env=environment, stdout=PIPE)
        started.append(process)
        assert process.stdout is not None
        assert await asyncio.wait_for(process.stdout.readline(), 30) == b"ready\n"
        return process

    yield start
    for process in started:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def four_connections(stage: Stage, receiver: Receiver) -> list[Any]:
    """One connection each for four aircraft; answers a flight of each."""
    own_addon()
    aircraft = await stage.aircraft(*(f"N{n}AA" for n in range(1, 5)))
    flights = [await stage.flight(one) for one in aircraft]
    await stage.connect(receiver, aircraft=aircraft[:1])
    for number, one in enumerate(aircraft[1:]):
        await stage.configure("own", name=f"c{number}", aircraft=[one], on=True)
    return flights


@pytest.mark.req("HUB-20", "HUB-27", "HUB-28")
async def test_a_killed_workers_calls_are_resumed_within_seconds_and_a_floor_is_kept(
    stage: Stage, receiver: Receiver, other_receiver: Receiver, start_worker: Start
) -> None:
    flights = await four_connections(stage, receiver)
    first = await start_worker()
    await stage.until(lambda: len(receiver.held) == 4)
    receiver.calls.clear()
    receiver.hold()
    other_receiver.hold()
    own_addon("clocked", trigger=Every(minutes=lambda s: s.minutes), retry=NextTick())
    clocked = await stage.connect(other_receiver, "clocked")
    for flight in flights:
        await stage.do(change_flight, stage.actor, flight.id, FlightEdit(ades="KJFK"))
    await stage.until(lambda: receiver.at_once == 4 and other_receiver.at_once == 4)
    second = await start_worker()  # its share is given to it only when the calls under way have ended
    assert (len(receiver.calls), len(other_receiver.calls)) == (4, 4)
    first.send_signal(signal.SIGKILL)
    killed = time.monotonic()
    await stage.until(lambda: len(receiver.calls) == 8, "Nobody took over.", patience=10)
    assert time.monotonic() - killed < 5
    receiver.release()
    other_receiver.release()
    await stage.until(lambda: all(body["legs"][0][2] == "KJFK" for body in receiver.held.values()))
    for flight in flights:  # and goes on with what comes
        await stage.do(change_flight, stage.actor, flight.id, FlightEdit(ades="KDCA"))
    await stage.until(lambda: all(body["legs"][0][2] == "KDCA" for body in receiver.held.values()))
    assert len(other_receiver.calls) == 4, "what must not be sent twice within its floor was not"
    lines = await stage.lines(clocked)
    assert {line.outcome for line in lines.values()} == {OutcomeKind.UNKNOWN}
    second.send_signal(signal.SIGTERM)
    assert await asyncio.wait_for(second.wait(), 10) == 0


async def rescue(stage: Stage) -> None:
    """Ask for it, unless the worker has: at every second minute it does so by itself."""
    with contextlib.suppress(AlreadyEnqueued):
        await stage.do(rescue_stalled.defer, timestamp=0)


@pytest.mark.req("HUB-28")
async def test_a_worker_goes_on_after_the_database_has_dropped_all_its_connections(
    stage: Stage, receiver: Receiver, start_worker: Start
) -> None:
    before = "SELECT pid FROM pg_stat_activity WHERE datname = current_database()"
    flights = await four_connections(stage, receiver)
    others = {row[0] for row in await stage.sql(before)}
    worker = await start_worker()
    await stage.until(lambda: len(receiver.held) == 4)
    theirs = [row[0] for row in await stage.sql(before) if row[0] not in others]
    assert len(theirs) > 3
    await stage.sql("SELECT pg_terminate_backend(pid) FROM unnest(%s::int[]) AS pid", theirs)
    dropped = time.monotonic()
    for flight in flights:
        await stage.do(change_flight, stage.actor, flight.id, FlightEdit(ades="KJFK"))
    await stage.until(lambda: all(body["legs"][0][2] == "KJFK" for body in receiver.held.values()))
    assert time.monotonic() - dropped < 5
    assert worker.returncode is None
    # The jobs beside the deliveries too: the watchman must not be dead without anybody noticing.
    await rescue(stage)
    await stage.until_sql(
        "SELECT 1 WHERE NOT EXISTS (SELECT FROM procrastinate_jobs WHERE status IN ('todo', 'doing'))"
    )


async def test_jobs_of_a_killed_worker_are_put_back(stage: Stage, start_worker: Start) -> None:
    await stage.sql("INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now() - interval '10 minutes')")
    await stage.sql(
        "INSERT INTO procrastinate_jobs (queue_name, task_name, status, args, worker_id)"
        " SELECT 'default', 'airstair.hub.jobs.forget_old_calls', 'doing', '{\"timestamp\": 0}', max(id)"
        " FROM procrastinate_workers"
    )
    await start_worker()
    await rescue(stage)
    await stage.until_sql(
        "SELECT 1 WHERE NOT EXISTS (SELECT FROM procrastinate_jobs WHERE status IN ('todo', 'doing'))"
    )
