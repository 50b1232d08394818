"""When and where an aircraft is free: a table of schedules and what is left of them, and what holds for any."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import NamedTuple

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from airstair.records.fleet.snapshots import AircraftFacts
from airstair.records.flights.availability import Gap, certain_activities, gaps
from airstair.records.flights.rules import Status
from airstair.records.flights.snapshots import Activity, ActivityKind, AircraftSchedule

MIDNIGHT = datetime(2027, 3, 15, tzinfo=UTC)
HORIZON = 72  # hours from midnight


class Taken(NamedTuple):
    """What holds an aircraft."""

    key: str
    start: datetime
    end: datetime
    start_airport: str
    end_airport: str
    moves_the_aircraft: bool = True


def at(hour: float) -> datetime:
    return MIDNIGHT + timedelta(hours=hour)


def taken(start: float, end: float, route: str, *, moves: bool = True, key: str = "") -> Taken:
    first, _, last = route.partition("-")
    return Taken(key or f"{start:g}-{end:g}-{route}", at(start), at(end), first, last or first, moves)


Row = tuple[float, float, str]
AWAY_THEN_HOME = [(8.0, 12.0, "HOME-AAAA"), (9.0, 12.0, "HOME")]

# What occupies the aircraft, and the gaps: from hour, to hour, where, where it is needed next.
CASES: dict[str, tuple[list[Row], list[tuple[float, float, str, str]]]] = {
    "nothing planned": ([], [(0, 72, "HOME", "")]),
    "one flight": ([(8, 10, "HOME-AAAA")], [(0, 8, "HOME", "HOME"), (10, 72, "AAAA", "")]),
    "over midnight, in one piece": (
        [(20, 22, "HOME-AAAA"), (30, 32, "AAAA-HOME")],
        [(0, 20, "HOME", "HOME"), (22, 30, "AAAA", "AAAA"), (32, 72, "HOME", "")],
    ),
    "one that begins as another ends": (
        [(8, 10, "HOME-AAAA"), (10, 12, "AAAA-BBBB")],
        [(0, 8, "HOME", "HOME"), (12, 72, "BBBB", "")],
    ),
    "a minute is a gap": (
        [(8, 10, "HOME-AAAA"), (10 + 1 / 60, 12, "AAAA-HOME")],
        [(0, 8, "HOME", "HOME"), (10, 10 + 1 / 60, "AAAA", "AAAA"), (12, 72, "HOME", "")],
    ),
    "overlapping counts as one": (
        [(8, 14, "HOME-AAAA"), (10, 20, "AAAA-BBBB")],
        [(0, 8, "HOME", "HOME"), (20, 72, "BBBB", "")],
    ),
    "one within another": (
        [(8, 20, "HOME-AAAA"), (10, 12, "HOME-BBBB")],
        [(0, 8, "HOME", "HOME"), (20, 72, "AAAA", "")],
    ),
    "break of route: it has to be there": (
        [(8, 10, "HOME-AAAA"), (30, 32, "BBBB-HOME")],
        [(0, 8, "HOME", "HOME"), (10, 30, "AAAA", "BBBB"), (32, 72, "HOME", "")],
    ),
    "maintenance": ([(8, 30, "AAAA")], [(0, 8, "HOME", "AAAA"), (30, 72, "AAAA", "")]),
    "under way as the window begins": ([(-3, 5, "AAAA-HOME")], [(5, 72, "HOME", "")]),
    "over as the window begins": ([(-9, -3, "HOME-AAAA")], [(0, 72, "AAAA", "")]),
    "ends as the window begins": ([(-9, 0, "HOME-AAAA")], [(0, 72, "AAAA", "")]),
    "beyond the window": (
        [(8, 10, "HOME-AAAA"), (80, 82, "AAAA-HOME")],
        [(0, 8, "HOME", "HOME"), (10, 72, "AAAA", "AAAA")],
    ),
    "past the window's end": ([(60, 90, "HOME-AAAA")], [(0, 60, "HOME", "HOME")]),
    "all of it": ([(-10, 90, "HOME")], []),
}

# Which of several that end together says where the aircraft is: what occupies it, the home base, where it stands.
TIES: dict[str, tuple[list[Row], str, str]] = {
    "away, then home": (AWAY_THEN_HOME, "HOME", "AAAA"),
    "home, then away": ([(8, 12, "HOME"), (9, 12, "HOME-AAAA")], "HOME", "AAAA"),
    "both away: the one that began last": ([(8, 12, "HOME-AAAA"), (9, 12, "HOME-BBBB")], "HOME", "BBBB"),
    "two away and one home": ([(7, 12, "AAAA"), (8, 12, "BBBB"), (9, 12, "HOME")], "HOME", "BBBB"),
    "no home base: the one that began last": (AWAY_THEN_HOME, "", "HOME"),
    "both at home": ([(8, 12, "AAAA-HOME"), (9, 12, "HOME")], "HOME", "HOME"),
    "one that ended before has no say": ([(8, 11, "HOME-AAAA"), (9, 12, "HOME")], "HOME", "HOME"),
    "together as the window begins": ([(-9, -3, "HOME-AAAA"), (-8, -3, "HOME")], "HOME", "AAAA"),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_the_gaps(case: str) -> None:
    rows, wanted = CASES[case]
    found = list(gaps([taken(*row) for row in rows], "HOME", begins=at(0), ends=at(HORIZON)))
    onward = [(g.start, g.end, g.airport, g.next.start_airport if g.next else "") for g in found]
    assert onward == [(at(a), at(b), *rest) for a, b, *rest in wanted]


@pytest.mark.parametrize("case", TIES)
def test_what_ends_together(case: str) -> None:
    rows, home, stands = TIES[case]
    *_, gap = gaps([taken(*row) for row in rows], home, begins=at(0))
    latest = max(row[1] for row in rows)
    assert gap.airport == stands
    assert [one.end_airport for one in gap.ended] == [row[2][-4:] for row in rows if row[1] == latest]
    assert gap.last is not None and gap.last.start == max(one.start for one in gap.ended)


def test_what_does_not_move_the_aircraft_leaves_it_where_it_was() -> None:
    flown, shown = taken(8, 10, "HOME-AAAA"), taken(12, 14, "AAAA-BBBB", moves=False)
    assert [(g.start, g.airport, g.last) for g in gaps([flown, shown], "HOME")] == [
        (at(10), "AAAA", flown),
        (at(14), "AAAA", shown),
    ]
    together = taken(12, 14, "AAAA-HOME")
    *_, gap = gaps([flown, shown, together], "HOME")
    assert (gap.airport, set(gap.ended)) == ("HOME", {shown, together})


def test_where_it_is_before_anything_moved_it() -> None:
    def first(*rows: Taken, home: str) -> str:
        return next(gaps(rows, home, begins=at(0))).airport

    assert first(taken(8, 10, "AAAA-BBBB"), home="HOME") == "HOME"
    assert first(taken(8, 10, "AAAA-BBBB"), home="") == "AAAA"
    assert first(taken(8, 10, "AAAA-BBBB"), taken(-40, -30, "CCCC"), home="HOME") == "CCCC"
    assert first(home="") == ""


def test_without_a_window_it_begins_with_the_first_and_has_no_end() -> None:
    one, two = taken(8, 10, "HOME-AAAA"), taken(12, 14, "AAAA-HOME")
    assert list(gaps([two, one], "HOME")) == [
        Gap(start=at(10), end=at(12), airport="AAAA", ended=(one,), next=two),
        Gap(start=at(14), end=None, airport="HOME", ended=(two,), next=None),
    ]
    assert list(gaps([], "HOME")) == []


def test_what_is_certain_of_a_schedule() -> None:
    def flight(id: int, status: Status) -> Activity:
        return Activity(
            id=id, kind=ActivityKind.FLIGHT, aircraft_id=81, start_airport="HOME", end_airport="AAAA", start=at(id),
            end=at(id + 1), scheduled_start=at(id), scheduled_end=at(id + 1), status=status,
        )  # fmt: skip

    facts = AircraftFacts(id=81, operator_id=7, registration="SP-KXA")
    picture = AircraftSchedule(
        operator_id=7, aircraft=facts, since=at(0), activities=tuple(flight(n, s) for n, s in enumerate(Status, 1))
    )
    sure = [one for one in picture.activities if one.status is Status.CONFIRMED]
    assert certain_activities(picture) == sure
    before = flight(-9, Status.CONFIRMED)
    assert certain_activities(msgspec.structs.replace(picture, last_before=before)) == [before, *sure]


# ── Any schedule ────────────────────────────────────────────────────────────────────────────────────

_AIRPORTS = st.sampled_from(["HOME", "AAAA", "BBBB"])
_STAYS = st.lists(
    st.builds(
        lambda start, length, first, last, moves: taken(start, start + length, f"{first}-{last}", moves=moves),
        st.integers(-20, 90), st.integers(1, 30), _AIRPORTS, _AIRPORTS, st.booleans(),
    ),
    max_size=9,
    unique_by=lambda one: one.key,
)  # fmt: skip
_HOMES = st.sampled_from(["HOME", "AAAA", ""])
_calmly = settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)  # a busy machine is no finding


@_calmly
@given(_STAYS, _HOMES)
def test_gaps_and_activities_cover_the_window_and_never_overlap(stays: list[Taken], home: str) -> None:
    found = list(gaps(stays, home, begins=at(0), ends=at(HORIZON)))
    for hour in range(HORIZON):
        busy = any(one.start < at(hour + 1) and at(hour) < one.end for one in stays)
        free = [gap for gap in found if gap.start < at(hour + 1) and gap.end is not None and at(hour) < gap.end]
        assert len(free) == (not busy)
    for gap in found:
        assert gap.end is not None and at(0) <= gap.start < gap.end <= at(HORIZON)
    for earlier, later in pairwise(found):
        assert earlier.end is not None and earlier.end < later.start  # else they would be one


@_calmly
@given(_STAYS, _HOMES, st.randoms(use_true_random=False), st.booleans())
def test_the_order_of_the_input_does_not_matter(stays: list[Taken], home: str, random: object, window: bool) -> None:
    shuffled = list(stays)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    begins, ends = (at(0), at(HORIZON)) if window else (None, None)
    wanted = list(gaps(stays, home, begins=begins, ends=ends))
    assert list(gaps(shuffled, home, begins=begins, ends=ends)) == wanted


@_calmly
@given(_STAYS, _HOMES)
def test_it_stands_where_something_that_moved_it_last_has_left_it(stays: list[Taken], home: str) -> None:
    for gap in gaps(stays, home, begins=at(0)):
        moved = [one for one in stays if one.moves_the_aircraft and one.end <= gap.start]
        last = [one.end_airport for one in moved if one.end == max(one.end for one in moved)]
        assert gap.airport in (last or [home] if last or home else [gap.next.start_airport if gap.next else ""])
        if home and any(airport != home for airport in last):
            assert gap.airport != home
        assert all(one.end <= gap.start for one in gap.ended)
