"""Overlaps and breaks: shown, never refused."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from airstair.changes.record import difference
from airstair.records.flights import commands, queries
from airstair.records.flights.commands import FlightEdit, TimesInput
from airstair.records.flights.rules import schedule_warnings

DAY = datetime(2027, 3, 1, tzinfo=UTC)


class Doing(msgspec.Struct, frozen=True):
    key: str
    start: datetime
    end: datetime
    start_airport: str
    end_airport: str


def doing(key: str, start: int, minutes: int, route: str) -> Doing:
    begins = DAY + timedelta(minutes=start)
    return Doing(key, begins, begins + timedelta(minutes=minutes), route[0], route[1])


_CASES = [
    ("nothing", [], []),
    ("touching ends", [doing("1", 0, 60, "AB"), doing("2", 60, 60, "BC")], []),
    ("a break", [doing("1", 0, 60, "AB"), doing("2", 90, 60, "CD")], [("break", "1", "2")]),
    ("touching, but elsewhere", [doing("1", 0, 60, "AB"), doing("2", 60, 60, "CD")], [("break", "1", "2")]),
    ("an overlap by a minute", [doing("1", 0, 61, "AB"), doing("2", 60, 60, "BC")], [("overlap", "1", "2")]),
    (
        "one inside another, then on from the longer one",
        [doing("1", 0, 300, "AB"), doing("2", 60, 60, "CD"), doing("3", 300, 60, "BA")],
        [("overlap", "1", "2")],
    ),
    (
        "two inside a long one",
        [doing("1", 0, 300, "AA"), doing("2", 60, 60, "AB"), doing("3", 120, 60, "BA")],
        [("overlap", "1", "2"), ("overlap", "1", "3")],
    ),
]


@pytest.mark.req("OPS-16")
@pytest.mark.parametrize(("what", "activities", "expected"), _CASES, ids=[case[0] for case in _CASES])
def test_what_does_not_fit_is_warned_of(what, activities, expected):
    assert [(w.kind, w.first, w.second) for w in schedule_warnings(activities)] == expected


_DOINGS = st.lists(
    st.tuples(st.integers(0, 600), st.integers(1, 200), st.sampled_from(["AB", "BA", "AA", "BC", "CA"])), max_size=8
).map(lambda rows: [doing(f"flight:{at}", *row) for at, row in enumerate(rows)])


@given(_DOINGS, st.randoms())
def test_the_order_in_which_they_are_given_does_not_matter(activities, random):
    shuffled = list(activities)
    random.shuffle(shuffled)
    assert schedule_warnings(shuffled) == schedule_warnings(activities)


@given(_DOINGS)
def test_an_overlap_is_warned_of_exactly_when_two_share_a_minute(activities):
    shared = any(
        one.start < other.end and other.start < one.end
        for at, one in enumerate(activities)
        for other in activities[at + 1 :]
    )
    assert any(w.kind == "overlap" for w in schedule_warnings(activities)) == shared


@given(st.lists(st.tuples(st.integers(0, 90), st.integers(1, 200), st.sampled_from("ABC")), max_size=8))
def test_a_chain_that_fits_has_no_warnings(steps):
    at, place, chain = 0, "A", []
    for number, (wait, minutes, to) in enumerate(steps):
        chain.append(doing(str(number), at + wait, minutes, place + to))
        at, place = at + wait + minutes, to
    assert schedule_warnings(chain) == []


class Row(msgspec.Struct, frozen=True):
    a: int | str | datetime | None
    b: dict[str, int] | list[int]


_ROWS = st.builds(
    Row,
    st.none() | st.integers(0, 3) | st.sampled_from(["x", ""]) | st.sampled_from([DAY, DAY + timedelta(minutes=1)]),
    st.dictionaries(st.sampled_from("xy"), st.integers(0, 1)) | st.lists(st.integers(0, 1), max_size=2),
)


@given(_ROWS, _ROWS)
def test_a_difference_names_exactly_the_fields_that_differ(one, other):
    before, after = difference(one, other, ("a", "b"))
    differing = {name for name in ("a", "b") if getattr(one, name) != getattr(other, name)}
    assert set(before) == set(after) == differing
    assert difference(other, one, ("a", "b")) == (after, before)
    assert difference(one, one, ("a", "b")) == ({}, {})
    msgspec.json.encode([before, after])  # it is all plain enough for the log


# --- on the board ----------------------------------------------------------------------------------------------


def warned(world, start, end):
    board = queries.board(world.id, start, end)
    return {(w.kind, w.first, w.second) for found in board.warnings.values() for w in found}


@pytest.mark.req("OPS-16")
def test_overlaps_and_breaks_are_accepted_and_shown(world, monday):
    first = world.flight()
    overlapping = world.flight(std=first.std + timedelta(hours=1), adep="KJAX", ades="KMIA")
    elsewhere = world.flight(std=first.std + timedelta(hours=9), adep="KTEB", ades="KEWR")
    keys = [f"flight:{flight.id}" for flight in (first, overlapping, elsewhere)]
    week = monday, monday + timedelta(days=7)
    assert warned(world, *week) == {("overlap", keys[0], keys[1]), ("break", keys[1], keys[2])}
    # Mended by one edit each, without anything being refused in between.
    commands.change_flight(world.ops, elsewhere.id, FlightEdit(adep="KMIA"))
    assert warned(world, *week) == {("overlap", keys[0], keys[1])}
    later = FlightEdit(std=first.sta, sta=first.sta + timedelta(hours=1))
    commands.change_flight(world.ops, overlapping.id, later)
    assert warned(world, *week) == set()


def test_what_is_not_sure_does_not_move_the_aircraft(world, monday):
    for status in ("OPTION", "OPPORTUNITY", "CANCELLED"):
        world.flight(status=status)
    assert warned(world, monday, monday + timedelta(days=7)) == set()


def test_a_break_across_the_edges_of_the_period_is_shown(world, monday):
    day = timedelta(days=1)
    before = world.flight(std=monday - 20 * day)  # ends at KJAX, weeks earlier
    inside = world.flight(std=monday)
    after = world.flight(std=monday + 20 * day)
    keys = [f"flight:{flight.id}" for flight in (before, inside, after)]
    assert warned(world, monday, monday + day) == {("break", keys[0], keys[1]), ("break", keys[1], keys[2])}
    board = queries.board(world.id, monday, monday + day)
    assert [a.key for a in board.activities[inside.aircraft_id]] == [keys[1]]


def test_actual_times_decide(world, monday):
    first = world.flight()
    second = world.flight(std=first.sta + timedelta(minutes=30), adep="KJAX", ades="KEWR")
    late = TimesInput(off_block=first.std, on_block=first.sta + timedelta(hours=1))
    commands.set_times(world.ops, first.id, "flight_watch", late)
    overlap = {("overlap", f"flight:{first.id}", f"flight:{second.id}")}
    assert warned(world, monday, monday + timedelta(days=1)) == overlap
    # The journey log outranks flight watch.
    commands.set_times(world.ops, first.id, "journey_log", TimesInput(off_block=first.std, on_block=first.sta))
    assert warned(world, monday, monday + timedelta(days=1)) == set()
