"""Messages and fetches by worker processes that are killed for real, again and again."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.db import connection as database

from airstair.hub.flows import MessageState
from airstair.hub.messages.queries import messages, messages_waiting
from airstair.kernel.clock import ManualClock
from airstair.records.flights.commands import FlightEdit, change_flight

from .own_traffic import Desk, desk_is_open, flights_source, plans
from .stage import Stage

_WORKER = """
import sys
import django
django.setup()
sys.path.insert(0, {folder!r})
from tests.hub.own_traffic import flights_source, plans
from airstair.hub.worker import work
plans()
flights_source()
work(lambda: print("ready", flush=True))
"""

Start = Callable[[], Awaitable[Process]]


@pytest.fixture
async def desk(settings: Any) -> AsyncIterator[Desk]:
    settings.ALLOW_PRIVATE_ADDRESSES = True
    async with desk_is_open() as made:
        yield made


@pytest.fixture
async def start_worker(stage: Stage) -> AsyncIterator[Start]:
    """Starts worker processes on the test's database, on the machine's own clock; ends what is left of them."""
    stage.clock = ManualClock(datetime.now(UTC))
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
    script = _WORKER.format(folder=str(Path(__file__).parents[2]))
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


@pytest.mark.req("HUB-27", "HUB-28")
async def test_no_message_is_sent_twice_by_workers_that_are_killed(
    stage: Stage, desk: Desk, start_worker: Start
) -> None:
    chance = random.Random(7)
    plans()
    aircraft = await stage.aircraft("N1AA", "N2AA", "N3AA")
    flights = [await stage.flight(one, number=f"T{n}") for n, one in enumerate(aircraft)]
    await stage.connect(desk, "plans")
    for turn in range(4):
        worker = await start_worker()
        for _ in range(6):
            flight = chance.choice(flights)
            edit = FlightEdit(notes=f"{turn}", ades=chance.choice(["KJFK", "KDCA", "KORD", "KIAD", "KMDW"]))
            await stage.do(change_flight, stage.actor, flight.id, edit)
            await asyncio.sleep(chance.uniform(0, 0.03))
        if turn == 2:
            desk.hold()  # this one dies in its calls for certain
            await stage.do(change_flight, stage.actor, flights[0].id, FlightEdit(ades="KPHL"))
            await stage.until(lambda: desk.at_once)
        worker.send_signal(signal.SIGKILL)
        await worker.wait()
        desk.release()
    await start_worker()
    await stage.until_sql(
        "SELECT 1 WHERE NOT EXISTS (SELECT FROM hub_message WHERE state IN ('ready', 'sending'))"
        " AND EXISTS (SELECT FROM hub_message)"
    )
    seen = Counter((body["number"], body["route"]) for body in desk.seen)
    assert max(seen.values()) == 1, seen
    waiting = await stage.do(messages_waiting, stage.operator.id)
    assert [line for line in waiting if line.state is MessageState.DOUBTFUL], "what a killed worker was sending"
    lines = await stage.do(messages, stage.operator.id)
    # Whatever the record says by now went out, or a person is asked about it.
    for flight in flights:
        mine = [line for line in lines if line.unit.id == flight.id]
        assert mine and (mine[0].state is MessageState.DELIVERED or any(line.waits_for_a_person for line in mine))


@pytest.mark.req("HUB-28")
async def test_what_is_fetched_by_workers_that_are_killed_is_there_once(
    stage: Stage, desk: Desk, start_worker: Start
) -> None:
    flights_source()
    await stage.aircraft("N1AA")
    start = stage.clock.now() + timedelta(hours=3)
    numbers = [f"F{n}" for n in range(120)]
    items = [
        [number, "KEWR", "KBOS", (start + timedelta(hours=n)).replace(second=0, microsecond=0).isoformat()]
        for n, number in enumerate(numbers)
    ]
    desk.pages = [items[at : at + 10] for at in range(0, 120, 10)]
    await stage.connect(desk, "source")
    for pages in (2, 5, 8):
        worker = await start_worker()
        await stage.until(lambda pages=pages: len(desk.fetched) >= pages)
        worker.send_signal(signal.SIGKILL)
        await worker.wait()
    await start_worker()
    await stage.until_sql("SELECT 1 FROM hub_pull_run WHERE outcome = 'accepted'")
    found = await stage.sql("SELECT number, count(*) FROM flights_flight GROUP BY number")
    assert sorted(found) == sorted((number, 1) for number in numbers)
    rows = await stage.sql("SELECT fetched, new, outcome FROM hub_pull_run ORDER BY started_at")
    assert sum(row[0] for row in rows) == sum(row[1] for row in rows) == 120
    assert {row[2] for row in rows[:-1]} <= {"unknown"}
