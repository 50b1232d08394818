"""What a partner has comes into the record: page by page, each once, however workers die in between."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from airstair.hub.engine import absorbing
from airstair.hub.flows import Budget, ByHand
from airstair.hub.pulls import pull_now
from airstair.records.flights.commands import FlightEdit, change_flight

from .own_partner import Receiver, own_addon
from .own_traffic import Desk, desk_is_open, flights_source
from .stage import NOON, Stage

START = (NOON + timedelta(hours=6)).isoformat()


@pytest.fixture
async def desk(settings: Any) -> AsyncIterator[Desk]:
    settings.ALLOW_PRIVATE_ADDRESSES = True
    async with desk_is_open() as made:
        yield made


def item(number: str, ades: str = "KBOS", adep: str = "KEWR") -> list[str]:
    return [number, adep, ades, START]


async def runs(stage: Stage) -> list[tuple[Any, ...]]:
    """Outcome and counts of each run, oldest first."""
    return await stage.sql(
        "SELECT outcome, fetched, new, updated, unchanged, skipped FROM hub_pull_run ORDER BY started_at, id"
    )


async def flights(stage: Stage) -> dict[str, str]:
    found = await stage.sql("SELECT number, ades FROM flights_flight")
    assert len(found) == len({number for number, _ in found}), "one was written twice"
    return dict(found)


@pytest.mark.req("HUB-29")
async def test_what_is_fetched_is_in_the_record_in_the_partners_name(stage: Stage, desk: Desk) -> None:
    flights_source()
    await stage.aircraft("N1AA")
    desk.pages = [[item("A1"), item("A2")], [item("A3")]]
    await stage.connect(desk, "source")
    await stage.start()
    assert await flights(stage) == {"A1": "KBOS", "A2": "KBOS", "A3": "KBOS"}
    assert desk.fetched == [None, "1"]
    assert await runs(stage) == [("accepted", 3, 3, 0, 0, 0)]
    who = await stage.sql("SELECT DISTINCT actor_kind, actor_label FROM changes_change WHERE kind = 'flight.created'")
    assert who == [("partner", "Source")]


async def test_the_next_run_goes_on_from_the_cursor_at_its_time(stage: Stage, desk: Desk) -> None:
    flights_source()
    await stage.aircraft("N1AA")
    desk.pages = [[item("A1")]]
    await stage.connect(desk, "source", minutes=10)
    worker = await stage.start()
    await stage.advance(minutes=9)
    assert len(desk.fetched) == 1
    await stage.end(worker)
    desk.pages.append([item("A1", "KJFK"), item("A1", "KJFK"), item("A2")])
    await stage.start()
    assert len(desk.fetched) == 1, "a restart is no reason to fetch sooner"
    await stage.advance(minutes=1)
    assert desk.fetched == [None, "1"]
    assert (await runs(stage))[1] == ("accepted", 3, 1, 1, 1, 0)
    assert await flights(stage) == {"A1": "KJFK", "A2": "KBOS"}


async def test_a_bad_item_is_skipped_with_its_reason_and_stops_nobody(stage: Stage, desk: Desk) -> None:
    flights_source()
    await stage.aircraft("N1AA")
    desk.pages = [[item("SKIP"), item("A1"), item("ODD"), item("B2", ades="??"), item("A3")]]
    await stage.connect(desk, "source")
    await stage.start()
    assert await runs(stage) == [("accepted", 5, 2, 0, 0, 3)]
    assert set(await flights(stage)) == {"A1", "A3"}
    ((reasons,),) = await stage.sql("SELECT reasons::text FROM hub_pull_run")
    for part in ("SKIP", "It says so.", "ODD", "fault of the add-on", "B2", "airport"):
        assert part in reasons, part


async def test_what_cannot_be_read_ends_the_run_and_keeps_the_cursor(stage: Stage, desk: Desk) -> None:
    flights_source()
    await stage.aircraft("N1AA")
    desk.pages = [[item("A1")]]
    await stage.connect(desk, "source", minutes=10)
    await stage.start()
    for mode in ("html", "500", "401"):
        desk.mode = mode
        await stage.advance(minutes=10)
    desk.mode = "ok"
    desk.pages.append([item("A2")])
    await stage.advance(minutes=10)
    outcomes = [row[0] for row in await runs(stage)]
    assert outcomes == ["accepted", "unreadable", "unavailable", "unauthorised", "accepted"]
    assert desk.fetched[1:] == ["1"] * 4
    assert set(await flights(stage)) == {"A1", "A2"}


@pytest.mark.req("HUB-28")
@pytest.mark.parametrize("when", ["before the page", "in the page", "after the page"])
async def test_a_worker_killed_at_any_step_neither_loses_nor_repeats(
    stage: Stage, desk: Desk, when: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    flights_source()
    await stage.aircraft("N1AA")
    desk.pages = [[item("A1"), item("A2")], [item("B1"), item("B2")], [item("C1")]]
    reached, go_on = threading.Event(), threading.Event()
    _stop_in(monkeypatch, when, reached, go_on)
    await stage.connect(desk, "source", minutes=10)
    worker = await stage.start(settle=False)
    await asyncio.to_thread(reached.wait, 20)
    await stage.kill(worker)
    monkeypatch.undo()
    if when == "after the page":
        go_on.set()
        await asyncio.sleep(0.1)
    begun = asyncio.create_task(stage.start())
    if when != "in the page":  # there the other's transaction is still open, and the next worker waits for its end
        await begun
    go_on.set()
    await begun
    assert set(await flights(stage)) == {"A1", "A2", "B1", "B2", "C1"}
    rows = await runs(stage)
    assert [row[0] for row in rows] == ["unknown", "accepted"]
    assert sum(row[1] for row in rows) == 5, "every item counted once"
    assert sum(row[2] for row in rows) == 5, "and none was there already"


def _stop_in(monkeypatch: pytest.MonkeyPatch, when: str, reached: threading.Event, go_on: threading.Event) -> None:
    """Hold the worker's second page at that step."""
    real, calls = absorbing._absorb_page, []

    def page(*args: Any) -> None:
        calls.append(1)
        second = len(calls) == 2
        if second and when == "before the page":
            reached.set()
            go_on.wait(20)
        real(*args)
        if second and when == "in the page":
            reached.set()
            go_on.wait(20)

    def whole(*args: Any) -> None:
        real_whole(*args)
        if len(calls) == 2:
            reached.set()
            go_on.wait(20)

    monkeypatch.setattr(absorbing, "_absorb_page", page)
    if when == "after the page":
        real_whole = absorbing.absorb_page
        monkeypatch.setattr("airstair.hub.engine.pulling.absorb_page", whole)


async def test_a_floor_and_a_pause_of_the_partners_are_kept(stage: Stage, desk: Desk) -> None:
    flights_source(floor=timedelta(minutes=15))
    await stage.aircraft("N1AA")
    await stage.connect(desk, "source", minutes=5)
    worker = await stage.start()
    await stage.kill(worker)
    await stage.start()
    await stage.advance(minutes=14)
    assert len(desk.fetched) == 1
    desk.mode = "429:3600"
    await stage.advance(minutes=1)
    assert len(desk.fetched) == 2
    await stage.advance(minutes=59)
    assert len(desk.fetched) == 2
    desk.mode = "ok"
    await stage.advance(minutes=2)
    assert len(desk.fetched) == 3


@pytest.mark.req("HUB-24")
async def test_a_pull_that_takes_long_delays_no_other_connection(
    stage: Stage, desk: Desk, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    flights_source()
    own_addon()
    (aircraft,) = await stage.aircraft("N1AA")
    flight = await stage.flight(aircraft)
    reached, go_on = threading.Event(), threading.Event()
    _stop_in(monkeypatch, "before the page", reached, go_on)
    desk.pages = [[item("A1")], [item("A2")]]
    await stage.connect(receiver)
    await stage.connect(desk, "source")
    await stage.start(settle=False)
    await asyncio.to_thread(reached.wait, 20)
    try:
        for ades in ("KJFK", "KDCA"):
            await stage.do(change_flight, stage.actor, flight.id, FlightEdit(ades=ades))
            await stage.until(lambda ades=ades: receiver.held["N1AA"]["legs"][0][2] == ades, patience=5)
    finally:
        go_on.set()
    await stage.settle()
    assert set(await flights(stage)) == {"TST1", "A1", "A2"}


async def test_a_person_asks_for_a_run(stage: Stage, desk: Desk) -> None:
    flights_source(trigger=ByHand(), floor=timedelta(minutes=5))
    await stage.aircraft("N1AA")
    desk.pages = [[item("A1")]]
    connection = await stage.connect(desk, "source")
    await stage.start()
    await stage.advance(hours=1, step=timedelta(minutes=20))
    assert not desk.fetched
    begins = await stage.do(pull_now, stage.actor, connection, "flights", clock=stage.clock)
    await stage.settle()
    assert (begins, len(desk.fetched)) == (stage.clock.now(), 1)
    begins = await stage.do(pull_now, stage.actor, connection, "flights", clock=stage.clock)
    await stage.settle()
    assert (begins, len(desk.fetched)) == (stage.clock.now() + timedelta(minutes=5), 1)
    await stage.advance(minutes=5)
    assert len(desk.fetched) == 2
    await stage.advance(hours=1, step=timedelta(minutes=20))
    assert len(desk.fetched) == 2
    assert await stage.sql("SELECT DISTINCT asked_by FROM hub_pull_run") == [(stage.actor.label,)]


@pytest.mark.req("HUB-25")
async def test_a_run_that_spends_the_budget_goes_on_when_there_is_more(stage: Stage, desk: Desk) -> None:
    flights_source(budget=Budget(calls=10, per=timedelta(minutes=8), burst=2))
    await stage.aircraft("N1AA")
    desk.pages = [[item(f"A{n}")] for n in range(4)]
    await stage.connect(desk, "source", minutes=60)
    await stage.start()
    assert len(desk.fetched) == 2
    await stage.advance(minutes=3)
    assert desk.fetched == [None, "1", "2", "3"]
    assert set(await flights(stage)) == {"A0", "A1", "A2", "A3"}
