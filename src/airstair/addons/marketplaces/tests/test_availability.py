"""When and where an aircraft is free: a table of schedules and what is left of them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from airstair.addons.marketplaces.availability import SHORTEST, Occupied, gaps

MIDNIGHT = datetime(2027, 3, 15, tzinfo=UTC)
HORIZON = 72  # hours from midnight


def at(hour: float) -> datetime:
    return MIDNIGHT + timedelta(hours=hour)


def taken(start: float, end: float, route: str, id: str = "") -> Occupied:
    first, _, last = route.partition("-")
    return Occupied(id=id or f"{start:g}", start=at(start), end=at(end), start_airport=first, end_airport=last or first)


# What occupies the aircraft, and the gaps: from hour, to hour, where, where it is needed next.
CASES = {
    "nothing planned": ([], [(0, 72, "HOME", "")]),
    "one flight": ([(8, 10, "HOME-AAAA")], [(0, 8, "HOME", "HOME"), (10, 72, "AAAA", "")]),
    "overnight, in one piece": (
        [(20, 22, "HOME-AAAA"), (30, 32, "AAAA-HOME")],
        [(0, 20, "HOME", "HOME"), (22, 30, "AAAA", "AAAA"), (32, 72, "HOME", "")],
    ),
    "a turnaround is no availability": (
        [(8, 10, "HOME-AAAA"), (11.5, 13, "AAAA-HOME")],
        [(0, 8, "HOME", "HOME"), (13, 72, "HOME", "")],
    ),
    "two hours are": (
        [(8, 10, "HOME-AAAA"), (12, 13, "AAAA-HOME")],
        [(0, 8, "HOME", "HOME"), (10, 12, "AAAA", "AAAA"), (13, 72, "HOME", "")],
    ),
    "overlapping counts as one": (
        [(8, 14, "HOME-AAAA"), (10, 20, "AAAA-BBBB")],
        [(0, 8, "HOME", "HOME"), (20, 72, "BBBB", "")],
    ),
    "one within another": (
        [(8, 20, "HOME-AAAA"), (10, 12, "HOME-BBBB")],
        [(0, 8, "HOME", "HOME"), (20, 72, "AAAA", "")],
    ),
    "ending together: the later one says where": (
        [(8, 12, "HOME-AAAA"), (9, 12, "HOME-BBBB")],
        [(0, 8, "HOME", "HOME"), (12, 72, "BBBB", "")],
    ),
    "break of route: it has to be there": (
        [(8, 10, "HOME-AAAA"), (30, 32, "BBBB-HOME")],
        [(0, 8, "HOME", "HOME"), (10, 30, "AAAA", "BBBB"), (32, 72, "HOME", "")],
    ),
    "maintenance": ([(8, 30, "AAAA")], [(0, 8, "HOME", "AAAA"), (30, 72, "AAAA", "")]),
    "under way at midnight": ([(-3, 5, "AAAA-HOME")], [(5, 72, "HOME", "")]),
    "over before midnight": ([(-9, -3, "HOME-AAAA")], [(0, 72, "AAAA", "")]),
    "ends at the horizon": ([(8, 10, "HOME-AAAA"), (80, 82, "AAAA-HOME")],
                            [(0, 8, "HOME", "HOME"), (10, 72, "AAAA", "AAAA")]),
    "over the horizon": ([(60, 90, "HOME-AAAA")], [(0, 60, "HOME", "HOME")]),
    "all of it": ([(-10, 90, "HOME")], []),
    "nothing but a rest at the end": ([(-10, 71, "HOME")], []),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_the_gaps(case: str) -> None:
    occupied, wanted = CASES[case]
    found = list(gaps([taken(*one) for one in occupied], begins=at(0), ends=at(HORIZON), airport="HOME"))
    assert [(g.start, g.end, g.airport, g.onward) for g in found] == [(at(a), at(b), *rest) for a, b, *rest in wanted]


def test_each_gap_is_named_by_what_it_follows() -> None:
    found = list(gaps([taken(8, 10, "HOME-AAAA", "f-1")], begins=at(0), ends=at(HORIZON), airport="HOME"))
    assert [gap.follows for gap in found] == ["", "f-1"]


_HOURS = st.integers(min_value=-20, max_value=90)


_ROWS = st.tuples(_HOURS, st.integers(min_value=1, max_value=30), st.sampled_from(["AAAA-BBBB", "BBBB-AAAA"]))


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)  # a busy machine is no finding
@given(st.lists(_ROWS, max_size=8))
def test_gaps_and_occupations_never_meet(rows: list[tuple[int, int, str]]) -> None:
    occupied = [taken(start, start + length, route, f"f-{n}") for n, (start, length, route) in enumerate(rows)]
    found = list(gaps(occupied, begins=at(0), ends=at(HORIZON), airport="HOME"))
    for gap in found:
        assert at(0) <= gap.start < gap.end <= at(HORIZON) and gap.end - gap.start >= SHORTEST
        assert not [one for one in occupied if one.start < gap.end and gap.start < one.end]
    assert len({gap.follows for gap in found}) == len(found)
    free = sum((gap.end - gap.start for gap in found), timedelta())
    hours = sum(not any(one.start <= at(h) < one.end for one in occupied) for h in range(HORIZON))
    assert free <= timedelta(hours=hours)
