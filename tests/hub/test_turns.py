"""Bulk work goes in slices, one in a turn, behind what people wait for; and it goes on whatever people do."""

from __future__ import annotations

import asyncio
import contextlib

import pytest

from airstair.hub.engine import turns as module
from airstair.hub.engine.turns import Turns

pytestmark = pytest.mark.req("HUB-24")


@pytest.fixture(autouse=True)
def slices_of_one_piece(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_SLICE", 0.0)
    monkeypatch.setattr(module, "_REST", 0.0)


async def work(turns: Turns, name: str, pieces: int, done: list[str], *, bulk: bool = True) -> None:
    async with turns.work(bulk=bulk) as stretch:
        for _ in range(pieces):
            await stretch.breathe()
            done.append(name)


async def test_those_with_bulk_work_take_turns() -> None:
    turns, done = Turns(), []
    await asyncio.gather(*(work(turns, name, 3, done) for name in "abc"))
    assert sorted(done) == list("aaabbbccc")
    assert {"".join(done[start : start + 3]) for start in (3, 6)} <= {"abc", "bca", "cab"}


async def test_one_piece_is_done_in_a_turn_of_the_loop() -> None:
    turns, done, most = Turns(), [], 0
    works = [asyncio.ensure_future(work(turns, str(number), 5, done)) for number in range(20)]
    while not all(one.done() for one in works):
        before = len(done)
        await asyncio.sleep(0)
        most = max(most, len(done) - before)
    assert most == 1 and len(done) == 100


async def test_it_stands_back_while_somebody_waits_and_goes_on_after() -> None:
    turns, done = Turns(), []
    with turns.somebody_waits(True):
        other = asyncio.ensure_future(work(turns, "bulk", 1, done))
        await work(turns, "person", 10, done, bulk=False)
        assert "bulk" not in done
    await other
    assert done[-1] == "bulk"


async def test_it_gets_on_whoever_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_LONGEST_WAIT", 0.001)
    turns, done = Turns(), []
    with turns.somebody_waits(True):
        await asyncio.wait_for(work(turns, "bulk", 5, done), 20)
    assert len(done) == 5


@pytest.mark.parametrize("after", range(4))
async def test_who_is_stopped_holds_up_nobody(after: int) -> None:
    turns, done = Turns(), []
    stopped = [asyncio.ensure_future(work(turns, name, 1_000, done)) for name in "ab"]
    for _ in range(after):
        await asyncio.sleep(0)
    for one in stopped:
        one.cancel()
    for one in stopped:
        with contextlib.suppress(asyncio.CancelledError):
            await one
    await asyncio.wait_for(work(turns, "c", 1, done), 20)
    await asyncio.wait_for(turns.step(), 20)
    assert done[-1] == "c"
