"""Several workers share the connections; any of them may die, and so may the database's connections."""

from __future__ import annotations

import asyncio
import random
import threading
import time
from datetime import timedelta
from itertools import pairwise
from typing import Any

import psycopg
import pytest
from django.db import connection as database
from django.db import transaction

from airstair.changes.keepalive import SERVER_SECONDS
from airstair.hub.engine import leases
from airstair.hub.engine.dispatcher import Dispatcher
from airstair.hub.engine.leases import falls_to
from airstair.hub.flows import Every, NextTick
from airstair.records.flights.commands import FlightEdit, change_flight

from .own_partner import Receiver, own_addon
from .stage import NOON, Stage


def regular() -> dict[str, Any]:
    """Facts of a flow like Avinode's."""
    return {
        "trigger": Every(minutes=lambda settings: settings.minutes),
        "floor": timedelta(minutes=5),
        "retry": NextTick(),
    }


def held_by(stage: Stage) -> list[set[int]]:
    return [set(dispatcher.leased) for dispatcher in stage.dispatchers]


async def many_connections(stage: Stage, receiver: Receiver, count: int = 8, **facts: Any) -> list[int]:
    """One connection each for `count` aircraft."""
    own_addon(**facts)
    aircraft = await stage.aircraft(*(f"N{n:02}AA" for n in range(count)))
    ids = [await stage.connect(receiver, aircraft=aircraft[:1])]
    for number, one in enumerate(aircraft[1:]):
        ids.append((await stage.configure("own", name=f"c{number}", aircraft=[one], on=True)).connection.id)
    return ids


def two_workers(ids: set[int]) -> tuple[int, int]:
    """Numbers of two workers to each of whom some of the connections fall."""
    return next((1, other) for other in range(2, 999) if {falls_to(id_, {1, other}) for id_ in ids} == {1, other})


@pytest.mark.req("HUB-28")
async def test_every_connection_is_held_by_exactly_one_worker(stage: Stage, receiver: Receiver) -> None:
    ids = set(await many_connections(stage, receiver, **regular()))
    first_number, second_number = two_workers(ids)
    await stage.start(worker=first_number)
    assert held_by(stage) == [ids]
    await stage.start(worker=second_number)
    await stage.until(lambda: all(held_by(stage)), "The second one got no share.")
    await stage.settle()
    first, second = held_by(stage)
    assert first | second == ids and not first & second
    for dispatcher in stage.dispatchers:
        workers = {d.worker for d in stage.dispatchers}
        assert all(falls_to(id_, workers) == dispatcher.worker for id_ in dispatcher.leased)
    await stage.advance(minutes=10)
    assert [len(receiver.of(f"N{n:02}AA")) for n in range(8)] == [3] * 8, "nothing twice, nothing missed"


@pytest.mark.req("HUB-28", "AVI-28")
async def test_when_one_worker_is_killed_the_other_takes_over_and_the_floor_is_kept(
    stage: Stage, receiver: Receiver
) -> None:
    ids = set(await many_connections(stage, receiver, **regular()))
    for number in two_workers(ids):
        await stage.start(worker=number)
    await stage.until(lambda: all(held_by(stage)))
    await stage.settle()
    await stage.advance(minutes=5)
    receiver.hold()
    stage.clock.advance(timedelta(minutes=5))
    await stage.until(lambda: receiver.at_once == 8)
    began = time.monotonic()
    await stage.kill(stage.dispatchers[0])
    await stage.until(lambda: held_by(stage) == [ids], "The survivor did not take over.", patience=5)
    assert time.monotonic() - began < 5
    receiver.release()
    await stage.settle()
    await stage.advance(minutes=11)
    for number in range(8):
        times = [call.at for call in receiver.of(f"N{number:02}AA")]
        assert all(later - earlier >= timedelta(minutes=5) for earlier, later in pairwise(times))
        assert times[-1] - NOON == timedelta(minutes=20)


@pytest.mark.req("HUB-28", "HUB-20")
@pytest.mark.parametrize("seed", [1, 2])
async def test_workers_killed_again_and_again_lose_no_change(stage: Stage, receiver: Receiver, seed: int) -> None:
    """Threads with real transactions, some held open, some rolled back; at the end the partner shows the record."""
    chance = random.Random(seed)
    own_addon()
    aircraft = await stage.aircraft(*(f"N{n}AA" for n in range(6)))
    flights = [await stage.flight(one) for one in aircraft]
    await stage.connect(receiver)
    await stage.start()
    stop = threading.Event()
    writers = [asyncio.create_task(asyncio.to_thread(_write, stage, flights, seed * 100 + n, stop)) for n in range(4)]
    for _ in range(4):
        await asyncio.sleep(chance.uniform(0.1, 0.3))
        await stage.start(settle=False)
        await asyncio.sleep(chance.uniform(0.0, 0.2))
        await stage.kill(chance.choice(stage.dispatchers))
    stop.set()
    edits = sum(await asyncio.gather(*writers))
    await stage.settle()
    assert edits > 50
    rows = await stage.sql(
        "SELECT a.registration, f.ades FROM flights_flight f JOIN fleet_aircraft a ON a.id = f.aircraft_id"
    )
    assert {tail: [leg[2] for leg in body["legs"]] for tail, body in receiver.held.items()} == {
        tail: [ades] for tail, ades in rows
    }


def _write(stage: Stage, flights: list[Any], seed: int, stop: threading.Event) -> int:
    """Transactions of one to three edits that overlap with those of other threads; answers how many were made.

    A busy machine gets less done between the kills; it goes on until there is enough to lose.
    """
    chance, made = random.Random(seed), 0
    try:
        while not stop.is_set() or made < 13:
            chosen = sorted(chance.sample(range(len(flights)), chance.randint(1, 3)))
            with transaction.atomic():
                for index in chosen:
                    edit = FlightEdit(ades=chance.choice(["KJFK", "KBOS", "KDCA", "KORD", "KIAD", "KMDW"]))
                    change_flight(stage.actor, flights[index].id, edit)
                    time.sleep(chance.uniform(0, 0.02))
                transaction.set_rollback(chance.random() < 0.1)
            made += len(chosen)
    finally:
        database.close()
    return made


@pytest.mark.req("HUB-20", "HUB-28")
async def test_a_change_that_commits_late_is_not_passed_over(stage: Stage, receiver: Receiver) -> None:
    """The first to write commits last: cursors made of numbers or times would have gone past it."""
    own_addon()
    one, two = await stage.aircraft("N1AA", "N2AA")
    slow, quick = await stage.flight(one), await stage.flight(two)
    await stage.connect(receiver)
    worker = await stage.start()
    written, commit = threading.Event(), threading.Event()

    def first() -> None:
        try:
            with transaction.atomic():
                change_flight(stage.actor, slow.id, FlightEdit(ades="KJFK"))
                written.set()
                assert commit.wait(20)
        finally:
            database.close()

    writing = asyncio.create_task(asyncio.to_thread(first))
    await asyncio.to_thread(written.wait)
    await stage.do(change_flight, stage.actor, quick.id, FlightEdit(ades="KDCA"))
    await stage.settle()
    assert receiver.held["N2AA"]["legs"][0][2] == "KDCA", "the open transaction holds up nobody"
    await stage.end(worker)
    await stage.start()  # from the cursor that was saved in between
    commit.set()
    await writing
    await stage.settle()
    assert receiver.held["N1AA"]["legs"][0][2] == "KJFK"


@pytest.mark.req("HUB-28")
async def test_when_the_database_drops_its_connections_the_dispatcher_ends_and_a_new_one_goes_on(
    stage: Stage, receiver: Receiver
) -> None:
    own_addon()
    one, two = await stage.aircraft("N1AA", "N2AA")
    first, second = await stage.flight(one), await stage.flight(two)
    await stage.connect(receiver)
    dispatcher = await stage.start()
    receiver.hold()
    await stage.do(change_flight, stage.actor, first.id, FlightEdit(ades="KJFK"))
    await stage.until(lambda: receiver.at_once)
    began = time.monotonic()
    pids = [opened.info.backend_pid for opened in dispatcher._store.connections]
    await stage.sql("SELECT pg_terminate_backend(pid) FROM unnest(%s::int[]) AS pid", pids)
    (task,) = stage._tasks
    await stage.until(task.done, "It went on without a database.", patience=5)
    assert time.monotonic() - began < 5, "it does not wait for calls whose results it could not write down"
    assert task.exception() is not None
    stage._leave(dispatcher)
    receiver.release()
    await stage.do(change_flight, stage.actor, second.id, FlightEdit(ades="KDCA"))
    await stage.start()
    assert [receiver.held[tail]["legs"][0][2] for tail in ("N1AA", "N2AA")] == ["KJFK", "KDCA"]


async def test_a_stopped_worker_ends_its_calls_and_writes_them_down(stage: Stage, receiver: Receiver) -> None:
    own_addon(**regular())
    await stage.aircraft("N1AA")
    connection = await stage.connect(receiver)
    receiver.hold()
    dispatcher = await stage.start(settle=False)
    await stage.until(lambda: receiver.at_once)
    ending = asyncio.create_task(stage.end(dispatcher))
    await asyncio.sleep(0.1)
    assert not ending.done()
    receiver.release()
    await ending
    line = (await stage.lines(connection))["N1AA"]
    assert (line.sending, line.outcome) == (False, "accepted")


async def test_a_stop_is_heeded_whatever_happens_at_that_moment(stage: Stage) -> None:
    """A stop that comes together with a wish to look at the leases was swallowed, and the worker ran on for ever."""
    for _ in range(3):
        dispatcher = await stage.start()
        task = stage._leave(dispatcher)
        dispatcher._leases._turn_wanted.set()
        task.cancel()
        done, _ = await asyncio.wait({task}, timeout=5)
        task.cancel()
        assert done


async def test_what_is_configured_while_a_connection_is_being_taken_is_not_missed(
    stage: Stage, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    own_addon(**regular())
    one, two = await stage.aircraft("N1AA", "N2AA")
    await stage.connect(receiver, aircraft=[one, two])
    real, read, go_on = leases.live_connections, threading.Event(), threading.Event()

    def slow(ids: Any) -> Any:
        found = real(ids)
        if not read.is_set():
            read.set()
            assert go_on.wait(20)
        return found

    monkeypatch.setattr(leases, "live_connections", slow)
    receiver.mode = "503"
    starting = asyncio.create_task(stage.start())
    await asyncio.to_thread(read.wait)
    await stage.configure("own", aircraft=[one], values={"flavour": "spicy"})
    await stage.until(lambda: stage.dispatchers[0]._readings.latest >= 2)
    go_on.set()
    await starting
    receiver.calls.clear()
    await stage.advance(minutes=5)
    assert [(call.tails, call.body["flavour"]) for call in receiver.calls] == [(["N1AA"], "spicy")]


async def test_a_connection_that_cannot_be_begun_keeps_no_other_from_it(
    stage: Stage, receiver: Receiver, other_receiver: Receiver
) -> None:
    def minutes(settings: Any) -> int | None:
        raise ZeroDivisionError("A fault of the add-on.")

    own_addon("broken", trigger=Every(minutes=minutes))
    own_addon("whole")
    await stage.aircraft("N1AA")
    await stage.connect(receiver, "broken")
    await stage.connect(other_receiver, "whole")
    await stage.start()
    assert other_receiver.held and not receiver.calls


async def test_the_server_looks_within_seconds_whether_a_worker_is_there(stage: Stage) -> None:
    """Else the leases of a host that vanished would stay taken for two hours."""
    dispatcher = await stage.start()
    for opened in dispatcher._store.connections:
        async with psycopg.AsyncClientCursor(opened) as cursor:
            for setting, value in (("tcp_keepalives_idle", "3"), ("tcp_keepalives_count", str(SERVER_SECONDS - 3))):
                await cursor.execute(f"SHOW {setting}")  # type: ignore[arg-type]
                assert await cursor.fetchone() == (value,)


async def test_a_quiet_worker_is_quiet(stage: Stage, receiver: Receiver) -> None:
    """Nothing to do: no call, no turn of the serving loop, no cursor written again and again."""
    own_addon()
    await stage.aircraft("N1AA")
    await stage.connect(receiver)
    dispatcher = await stage.start()
    turns = 0
    real = Dispatcher._look_after

    async def counted(self: Dispatcher) -> None:
        nonlocal turns
        turns += 1
        await real(self)

    dispatcher._look_after = counted.__get__(dispatcher)  # type: ignore[method-assign]
    await asyncio.sleep(0.5)
    assert turns <= 1
    assert len(receiver.calls) == 1


async def test_readings_kept_during_a_long_outage_are_bounded(
    stage: Stage, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("airstair.hub.engine.readings._MOST", 5)
    own_addon()
    one, two = await stage.aircraft("N1AA", "N2AA")
    stuck, busy = await stage.flight(one), await stage.flight(two)
    await stage.connect(receiver)
    worker = await stage.start()
    receiver.modes["N1AA"] = "503"
    await stage.do(change_flight, stage.actor, stuck.id, FlightEdit(ades="KJFK"))
    await stage.settle()
    for route in ("KJFK", "KDCA") * 6:
        await stage.do(change_flight, stage.actor, busy.id, FlightEdit(ades=route))
        await stage.settle()
    assert len(worker._readings.snapshots) <= 5 + 2
    await stage.kill(worker)
    receiver.modes.clear()
    await stage.start()
    await stage.advance(minutes=30, step=timedelta(minutes=5))
    assert [receiver.held[tail]["legs"][0][2] for tail in ("N1AA", "N2AA")] == ["KJFK", "KDCA"]


def test_few_connections_move_when_a_worker_comes() -> None:
    before = {id_: falls_to(id_, {11, 22, 33}) for id_ in range(600)}
    after = {id_: falls_to(id_, {11, 22, 33, 44}) for id_ in range(600)}
    moved = [id_ for id_ in before if before[id_] != after[id_]]
    assert all(after[id_] == 44 for id_ in moved)
    assert 90 < len(moved) < 210
