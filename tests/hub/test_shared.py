"""What was read for one connection serves another, until a change names it or it is read anew."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest

from airstair.hub.engine.reading import Snapshots, Wanted
from airstair.hub.engine.shared import Shared
from airstair.hub.engine.turns import Turns
from airstair.kernel.units import Unit, UnitKind

from .stage import NOON

pytestmark = pytest.mark.req("HUB-21")

AIRCRAFT = [Wanted(1, Unit(UnitKind.AIRCRAFT, id_), NOON) for id_ in range(4)]
OTHERS = Wanted(2, AIRCRAFT[0].unit, NOON)


def read(shared: Shared[Wanted], *keys: Wanted) -> None:
    shared.begin(keys)
    for key in keys:
        shared.keep(key, f"snapshot {key.unit}")


def at_hand(shared: Shared[Wanted]) -> set[Wanted]:
    return set(shared.get([*AIRCRAFT, OTHERS]))


def test_a_change_ends_it_for_its_unit_and_operator() -> None:
    shared: Shared[Wanted] = Shared()
    read(shared, *AIRCRAFT, OTHERS)
    shared.changed(1, frozenset({AIRCRAFT[0].unit}))
    assert at_hand(shared) == {*AIRCRAFT[1:], OTHERS}
    shared.changed(1, None)
    assert at_hand(shared) == {OTHERS}


def test_what_changes_while_it_is_read_is_not_shared() -> None:
    shared: Shared[Wanted] = Shared()
    shared.begin(AIRCRAFT)
    shared.changed(1, frozenset({AIRCRAFT[0].unit}))
    shared.drop([AIRCRAFT[1]])  # read anew for a person meanwhile
    for key in AIRCRAFT:
        shared.keep(key, "read")
    assert at_hand(shared) == set(AIRCRAFT[2:])


def test_of_two_that_read_at_once_neither_is_kept() -> None:
    shared: Shared[Wanted] = Shared()
    shared.begin(AIRCRAFT[:1])
    shared.begin(AIRCRAFT[:1])
    shared.keep(AIRCRAFT[0], "the one")
    shared.keep(AIRCRAFT[0], "the other")
    assert not at_hand(shared)


def test_what_was_not_begun_is_not_kept() -> None:
    shared: Shared[Wanted] = Shared()
    shared.keep(AIRCRAFT[0], "read")
    assert not at_hand(shared)


def test_what_changes_do_not_name_is_not_shared() -> None:
    shared: Shared[Wanted] = Shared()
    counters = Wanted(1, Unit(UnitKind.COUNTERS, 1), NOON)
    read(shared, counters)
    assert not shared.get([counters])


def test_those_not_used_for_longest_give_way() -> None:
    shared: Shared[Wanted] = Shared(most=2)
    read(shared, *AIRCRAFT[:2])
    assert shared.get([AIRCRAFT[0]])
    read(shared, AIRCRAFT[2])
    assert at_hand(shared) == {AIRCRAFT[0], AIRCRAFT[2]}


def test_what_nobody_asks_for_is_forgotten() -> None:
    shared: Shared[Wanted] = Shared()
    read(shared, *AIRCRAFT)
    shared.forget_idle()
    assert shared.get([AIRCRAFT[0]]), "it was read since the last look"
    shared.forget_idle()
    assert at_hand(shared) == {AIRCRAFT[0]}


@pytest.mark.parametrize("bulk", [False, True])
async def test_what_is_being_read_is_not_read_once_more_for_those_who_ask_meanwhile(
    monkeypatch: pytest.MonkeyPatch, bulk: bool
) -> None:
    asked: list[Wanted] = []
    begun, go_on = asyncio.Event(), threading.Event()
    loop = asyncio.get_running_loop()

    def read_slowly(operator_id: int, kind: UnitKind, since: Any, wanted: list[Wanted]) -> dict[Wanted, Any]:
        asked.extend(wanted)
        loop.call_soon_threadsafe(begun.set)
        assert go_on.wait(10)
        return {one: f"snapshot {one.unit}" for one in wanted}

    monkeypatch.setattr("airstair.hub.engine.reading._read", read_slowly)
    snapshots, units = Snapshots(Turns()), [one.unit for one in AIRCRAFT]

    def ask() -> asyncio.Task[dict[Unit, Any]]:
        return loop.create_task(snapshots.get(1, units, NOON, bulk=bulk, shared=True))

    first = ask()
    await begun.wait()
    others = [ask(), ask()]
    await asyncio.sleep(0)
    snapshots.shared.changed(1, frozenset({units[0]}))  # heard of after it was read: it may not be in there
    go_on.set()
    found = await asyncio.gather(first, *others)
    assert all(set(one) == set(units) for one in found)
    assert asked == [*AIRCRAFT, AIRCRAFT[0]]
    snapshots.close()
