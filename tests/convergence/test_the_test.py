"""The convergence test itself: it finds what is planted, makes a failure short, and says how to see it again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from airstair.changes import cursor

from . import partners, playing
from .book import Version
from .partners import Receiver, Taken
from .playing import Played, examine, play
from .steps import Step, sequence
from .tally import Tally
from .verdict import out_of_order

# An edit in a transaction that is held open while others are committed and read, and is committed after them.
_OVERTAKEN = "begin_a_slow_transaction#0 change_a_flight#2 rest#3 change_a_flight#4 rest#5 end_a_slow_transaction#6"
_IN_A_HURRY = "change_a_flight_and_back#1 rest#2 change_a_flight_and_back#3 rest#4 change_a_flight_and_back#5 rest#6"


def _played(steps: str) -> Played:
    return play([Step.read(one) for one in steps.split()])


def test_a_reader_that_skips_what_is_committed_late_is_found(
    transactional_db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert _played(_OVERTAKEN).wrong == []
    hasty = cursor.READ_NEW_BUT_MANY.replace("pg_snapshot_xmin(%(cursor)s", "pg_snapshot_xmax(%(cursor)s")
    assert hasty != cursor.READ_NEW_BUT_MANY
    monkeypatch.setattr(cursor, "READ_NEW_BUT_MANY", hasty)
    assert any("must be" in line for line in _played(_OVERTAKEN).wrong)


def test_a_floor_that_is_not_kept_is_found(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    described = partners._mirror

    def without_a_floor(make: Any, deadline: Any, **facts: Any) -> Any:
        return described(make, deadline, **{name: fact for name, fact in facts.items() if name != "floor"})

    monkeypatch.setattr(partners, "_mirror", without_a_floor)
    assert any("came again after" in line for line in _played(_IN_A_HURRY).wrong)


def test_an_earlier_state_after_a_later_one_is_found() -> None:
    receiver = Receiver("own", clock=None)  # type: ignore[arg-type]  # nobody calls it
    versions = {7: [Version(1, 5, False), Version(2, 5, False)]}
    receiver.taken = [Taken("a", 5, {"7": 1}), Taken("a", 5, {"7": 2})]
    assert list(out_of_order(receiver, versions)) == []
    receiver.taken.append(Taken("a", 5, {"7": 1}))
    assert len(list(out_of_order(receiver, versions))) == 1


def test_a_failure_is_made_short_and_told_with_its_seed(monkeypatch: pytest.MonkeyPatch) -> None:
    steps = sequence(3, 30)
    needed = {steps[4], steps[21]}

    def pretended(some: Sequence[Step]) -> Played:
        return Played(wrong=["It differs."] if needed <= set(some) else [], story=[str(step) for step in some])

    monkeypatch.setattr(playing, "play", pretended)
    with pytest.raises(AssertionError) as found:
        examine(3)
    told = str(found.value)
    assert "Seed 3," in told
    assert "has 2 steps" in told
    assert f"airstair converge --steps '{steps[4]} {steps[21]}'" in told


def test_figures_add_up() -> None:
    survived = Tally(edits=2, slowest_take_over=0.5)
    survived.add(Tally(edits=1_000, slowest_take_over=0.25))
    assert (survived.edits, survived.slowest_take_over) == (1_002, 0.5)
    assert "1,002 edits" in str(survived)
