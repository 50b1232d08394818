"""When an edit counts as having reached a partner."""

from __future__ import annotations

import pytest
from benchmarks.editor import Edit
from benchmarks.processes import Failed
from benchmarks.scene import Arrivals, commit_to_last

_MS = 1_000_000


def _edit(number: int, aircraft: int = 5, committing: int = 0) -> Edit:
    return Edit(number=number, aircraft=aircraft, began=0, committing=committing, done=committing)


def test_a_later_state_stands_for_an_earlier_edit() -> None:
    arrivals = Arrivals([("/bench00/aircraft:5", 3, 10), ("/bench00/aircraft:5", 4, 20)])
    assert arrivals.had(_edit(1), 0) == 10
    assert arrivals.had(_edit(4), 0) == 20
    assert arrivals.had(_edit(5), 0) is None


def test_an_older_state_that_comes_late_takes_nothing_away() -> None:
    arrivals = Arrivals([("/bench00/aircraft:5", 4, 10), ("/bench00/aircraft:5", 2, 20)])
    assert arrivals.had(_edit(2), 0) == 10
    assert arrivals.had(_edit(4), 0) == 10


def test_each_aircraft_and_partner_counts_for_itself() -> None:
    arrivals = Arrivals([("/bench00/aircraft:5", 1, 10), ("/bench01/aircraft:6", 1, 20)])
    assert arrivals.pairs([_edit(1, 5), _edit(1, 6)], range(2)) == [10, None, None, 20]
    with pytest.raises(Failed, match="Partner 1 has not got edit 1"):
        arrivals.last(_edit(1, 5), range(2))


def test_the_last_partner_counts_from_the_commit() -> None:
    arrivals = Arrivals([("/bench00/aircraft:5", 1, 7 * _MS), ("/bench01/aircraft:5", 1, 12 * _MS)])
    assert commit_to_last([_edit(1, committing=2 * _MS)], arrivals, range(2))["max"] == 10


def test_a_call_of_a_set_is_one_call_of_several_documents() -> None:
    arrivals = Arrivals([("/bench00/aircraft:5", 1, 7), ("/bench00/aircraft:6", 2, 7)])
    assert (arrivals.calls, arrivals.documents) == (1, 2)
