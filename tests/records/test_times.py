"""Actual times: orders that cannot be, and who said each."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import combinations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from airstair.changes.queries import trail
from airstair.kernel.actor import Actor, ActorKind
from airstair.kernel.errors import Invalid
from airstair.kernel.units import Unit, UnitKind
from airstair.records.flights import commands, queries
from airstair.records.flights.commands import FlightEdit, FlightRow, TimesInput, write_flights
from airstair.records.flights.models import BlockTimes, Flight
from airstair.records.flights.rules import TIME_NAMES, TIMES_IN_ORDER, times_out_of_order

AT = datetime(2027, 3, 1, 6, tzinfo=UTC)
BOOKS = ("flight_watch", "journey_log")


@pytest.fixture
def writers(world) -> list[Actor]:
    """Whoever may enter times: a person, a partner, an API client, an import, the system."""
    return [
        world.ops,
        *(
            msgspec.structs.replace(world.ops, kind=kind, key=kind.value, label=f"The {kind.value}")
            for kind in ActorKind
            if kind is not ActorKind.PERSON
        ),
    ]


_PAIRS = list(combinations(TIMES_IN_ORDER, 2))


@pytest.mark.req("FWJ-04")
@pytest.mark.parametrize("book", BOOKS)
@pytest.mark.parametrize(("earlier", "later"), _PAIRS, ids=["-".join(pair) for pair in _PAIRS])
def test_an_impossible_order_is_refused_with_the_pair_named(world, writers, all_rows, book, earlier, later):
    flight = world.flight()
    for actor in writers:
        before = all_rows()
        with pytest.raises(Invalid) as refusal:
            times = TimesInput(**{earlier: AT + timedelta(minutes=1), later: AT})
            commands.set_times(actor, flight.id, book, times)
        assert f"{TIME_NAMES[later]} is before {TIME_NAMES[earlier]}" in str(refusal.value)
        assert all_rows() == before
    # Against a time that is there already, in either direction.
    commands.set_times(world.ops, flight.id, book, TimesInput(**{earlier: AT}))
    with pytest.raises(Invalid, match=f"{TIME_NAMES[later]} is before {TIME_NAMES[earlier]}"):
        commands.set_times(writers[1], flight.id, book, TimesInput(**{later: AT - timedelta(minutes=1)}))
    commands.set_times(world.ops, flight.id, book, TimesInput(**{earlier: None, later: AT}))
    with pytest.raises(Invalid, match=f"{TIME_NAMES[later]} is before {TIME_NAMES[earlier]}"):
        commands.set_times(writers[1], flight.id, book, TimesInput(**{earlier: AT + timedelta(minutes=1)}))


@pytest.mark.req("FWJ-04")
def test_an_import_with_an_impossible_order_leaves_that_flight_out(world):
    times = TimesInput(off_block=AT + timedelta(minutes=9), take_off=AT)
    good = FlightRow(import_key="good", flight=world.leg(), times=TimesInput(off_block=AT, on_block=AT), source="")
    bad = FlightRow(import_key="bad", flight=world.leg(), times=times, source="")
    result = write_flights(world.ops, [bad, good])
    assert result.created == ["good"]
    assert str(result.refused["bad"][0]) == "T/O: T/O is before BLOFF. Correct one of the two."


@given(st.dictionaries(st.sampled_from(TIMES_IN_ORDER), st.none() | st.integers(0, 5)))
def test_an_order_is_possible_exactly_when_the_known_times_rise(minutes):
    times = {name: None if m is None else AT + timedelta(minutes=m) for name, m in minutes.items()}
    known = [m for name in TIMES_IN_ORDER if (m := minutes.get(name)) is not None]
    assert (times_out_of_order(times) is None) == (known == sorted(known))


@pytest.mark.req("HUB-30")
def test_each_time_carries_who_said_it(world, writers):
    flight = world.flight()
    partner = writers[1]
    commands.set_times(partner, flight.id, "flight_watch", TimesInput(off_block=AT, take_off=AT + timedelta(minutes=9)))
    commands.set_times(world.ops, flight.id, "flight_watch", TimesInput(on_block=AT + timedelta(hours=2)))
    # Saying what is there already makes nobody its source.
    commands.set_times(world.ops, flight.id, "flight_watch", TimesInput(off_block=AT))
    page = queries.flight(world.id, flight.id).times["flight_watch"]
    assert page.sources == {"off_block": "The partner", "take_off": "The partner", "on_block": "Ops Person"}
    assert page.source == "Ops Person"
    corrected = commands.set_times(
        world.ops, flight.id, "flight_watch", TimesInput(off_block=AT + timedelta(minutes=1))
    )
    assert corrected.times["flight_watch"].sources["off_block"] == "Ops Person"
    (last, *_) = trail(world.id, subject=Unit(UnitKind.FLIGHT, flight.id))
    assert last.before == {"flight_watch.off_block": "2027-03-01T06:00Z"}
    assert last.after == {"flight_watch.off_block": "2027-03-01T06:01Z"}


def test_the_books_are_kept_apart_and_cleared_apart(world):
    flight = world.flight()
    for book in BOOKS:
        commands.set_times(world.ops, flight.id, book, TimesInput(off_block=AT, on_block=AT + timedelta(hours=2)))
    after = commands.set_times(world.ops, flight.id, "flight_watch", TimesInput(off_block=None))
    assert after.times["flight_watch"].off_block is None
    assert after.times["flight_watch"].sources == {"on_block": "Ops Person"}
    assert after.times["journey_log"].off_block == AT
    after = commands.set_times(world.ops, flight.id, "flight_watch", TimesInput(on_block=None))
    assert set(after.times) == {"journey_log"}
    assert BlockTimes.objects.count() == 1


@pytest.mark.parametrize("name", TIMES_IN_ORDER)
def test_times_without_zone_or_out_of_range_are_refused(world, name):
    flight = world.flight()
    for wrong in (datetime(2027, 3, 1), datetime(1850, 1, 1, tzinfo=UTC), datetime(2300, 1, 1, tzinfo=UTC)):  # noqa: DTZ001
        with pytest.raises(Invalid) as refusal:
            commands.set_times(world.ops, flight.id, "journey_log", TimesInput(**{name: wrong}))
        assert [problem.field for problem in refusal.value.problems] == [TIME_NAMES[name]]
    with pytest.raises(Invalid, match="flight_watch or journey_log"):
        commands.set_times(world.ops, flight.id, "diary", TimesInput(**{name: AT}))


def test_seconds_are_cut_to_the_minute(world):
    times = TimesInput(off_block=AT.replace(second=59), take_off=AT.replace(second=1))
    after = commands.set_times(world.ops, world.flight().id, "journey_log", times)
    assert after.times["journey_log"].off_block == after.times["journey_log"].take_off == AT


_TOO_FAR = [(name, sign) for name in TIMES_IN_ORDER for sign in (-1, 1)]


@pytest.mark.parametrize("book", BOOKS)
@pytest.mark.parametrize(("name", "sign"), _TOO_FAR)
def test_times_of_another_day_are_refused_and_those_of_a_long_delay_are_not(world, writers, all_rows, book, name, sign):
    flight = world.flight()
    scheduled = flight.std if name in ("off_block", "take_off") else flight.sta
    for actor in writers:
        before = all_rows()
        with pytest.raises(Invalid) as refusal:
            wanted = TimesInput(**{name: scheduled + sign * timedelta(days=1, minutes=1)})
            commands.set_times(actor, flight.id, book, wanted)
        assert f"{TIME_NAMES[name]} is more than a day from the schedule" in str(refusal.value)
        assert all_rows() == before
    commands.set_times(world.ops, flight.id, book, TimesInput(**{name: scheduled + sign * timedelta(days=1)}))


@pytest.mark.parametrize("book", BOOKS)
def test_a_flight_is_not_re_timed_away_from_its_actual_times(world, all_rows, book):
    flight = world.flight()
    commands.set_times(world.ops, flight.id, book, TimesInput(off_block=flight.std))
    before = all_rows()
    later = {"std": flight.std + timedelta(days=3), "sta": flight.sta + timedelta(days=3)}
    with pytest.raises(Invalid, match=f"The {book.replace('_', ' ')} has a BLOFF more than a day away"):
        commands.change_flight(world.ops, flight.id, FlightEdit(**later))
    assert all_rows() == before
    commands.set_times(world.ops, flight.id, book, TimesInput(off_block=None))
    assert commands.change_flight(world.ops, flight.id, FlightEdit(**later)).std == later["std"]


@pytest.mark.parametrize("book", BOOKS)
def test_an_import_does_not_re_time_a_flight_away_from_its_actual_times(world, book):
    write_flights(world.ops, [FlightRow(import_key="A", flight=world.leg())])
    row = Flight.objects.get(operator_id=world.id, import_key="A")
    commands.set_times(world.ops, row.id, book, TimesInput(off_block=row.std))
    result = write_flights(
        world.ops, [FlightRow(import_key="A", flight=world.leg(std=row.std + timedelta(days=3), notes="x"))]
    )
    assert "more than a day from the schedule" in result.refused["A"][0].sentence
    assert queries.flight(world.id, row.id).notes == ""
