"""What was read for one connection serves another, until a change names it or it is read anew."""

from __future__ import annotations

import pytest

from airstair.hub.engine.reading import Wanted
from airstair.hub.engine.shared import Shared
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
