"""Hours and cycles from the journey log: start values, engines, corrections of old entries, and what it costs."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from airstair.changes.models import Change
from airstair.kernel.errors import Invalid
from airstair.records.fleet.commands import (
    CamInput,
    EngineEdit,
    EngineInput,
    add_engine,
    change_engine,
    drop_engine,
    set_cam,
)
from airstair.records.fleet.queries import cam
from airstair.records.flights import commands, queries
from airstair.records.flights.commands import FlightEdit, LogInput, TimesInput, WatchInput
from airstair.records.flights.counters import airframe_counters, decimal_hours, totals_by_month
from airstair.records.flights.rules import Status

DAY = datetime(2027, 3, 1, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
START = DAY.date()


def start(world, day=START, minutes=6000, landed=50, **more):
    wanted = CamInput(start_date=day, start_minutes=minutes, start_cycles=landed, **more)
    return set_cam(world.admin, world.aircraft[0].id, wanted)


def flown(world, at, air=90, taxi=10, actor=None, **more):
    """A flight with its journey log: `taxi` minutes before and after `air` minutes in the air."""
    flight = world.flight(std=at, sta=at + timedelta(minutes=air + 2 * taxi))
    off, on = at, at + timedelta(minutes=air + 2 * taxi)
    times = {"off_block": off, "take_off": off + taxi * MINUTE, "landing": on - taxi * MINUTE, "on_block": on}
    return commands.log_flight(actor or world.ops, flight.id, LogInput(**{**times, **more}))


def counters(world):
    return airframe_counters(world.id, [world.aircraft[0].id], since=DAY)[world.aircraft[0].id]


@pytest.mark.req("FWJ-03", "OPS-03")
def test_totals_count_from_midnight_of_the_start_date(world):
    """The example of the manuals: 100:00 and 50, two flights on that day that make 4:00, so 104:00 and 52."""
    flown(world, DAY - timedelta(hours=3))  # it left the day before, and landed before midnight
    start(world)
    flown(world, DAY, air=100, taxi=9)
    flown(world, DAY + timedelta(hours=5), air=140)
    found = counters(world)
    assert (found.airframe.minutes, found.airframe.cycles) == (104 * 60, 52)
    assert found.airframe.hours == Decimal("104.0")
    assert [entry.minutes for entry in found.last_entries] == [140, 100]
    assert found.as_of == DAY + timedelta(hours=5, minutes=150)


def test_without_start_values_nothing_is_known(world):
    flown(world, DAY)
    found = counters(world)
    assert (found.airframe, found.engines, found.as_of) == (None, (), None)


@pytest.mark.req("FWJ-03")
def test_a_correction_three_months_old_is_in_every_later_total_and_names_the_aircraft(world):
    start(world)
    old = flown(world, DAY + timedelta(hours=6))
    for month in (1, 2, 3):
        flown(world, DAY + timedelta(days=31 * month))
    before = [(one.month, one.total.minutes) for one in totals_by_month(world.id, world.aircraft[0].id)]
    commands.log_flight(world.ops, old.id, LogInput(landing=old.times["journey_log"].landing - timedelta(minutes=7)))
    after = [(one.month, one.total.minutes) for one in totals_by_month(world.id, world.aircraft[0].id)]
    assert after == [(month, minutes - 7) for month, minutes in before]
    assert len(after) == 4
    assert counters(world).airframe.minutes == after[-1][1]
    last = Change.objects.order_by("seq").last()
    assert {f"flight:{old.id}", f"aircraft:{old.aircraft_id}"} <= set(last.units)


@pytest.mark.parametrize(("counts", "minutes"), [("AIR", 90), ("BLOCK", 110)])
def test_the_aircraft_says_which_time_counts(world, counts, minutes):
    start(world, counts=counts)
    flown(world, DAY)
    assert counters(world).airframe.minutes == 6000 + minutes


@pytest.mark.parametrize(("cycles", "more"), [("FLIGHTS", 2), ("LANDINGS", 6)])
def test_landings_are_cycles_where_the_aircraft_says_so(world, cycles, more):
    start(world, cycles=cycles)
    flown(world, DAY, landings=5)
    flown(world, DAY + timedelta(hours=6))
    assert counters(world).airframe.cycles == 50 + more


def test_what_lacks_a_time_counts_nothing_and_is_named_as_missing(world):
    start(world)
    flight = world.flight(std=DAY)
    commands.log_flight(world.ops, flight.id, LogInput(off_block=DAY, on_block=DAY + timedelta(hours=2)))
    bare = world.flight(std=DAY + timedelta(hours=4))
    commands.log_flight(world.ops, bare.id, LogInput(pax=3))
    watched = world.flight(std=DAY + timedelta(hours=8))
    commands.watch_flight(world.ops, watched.id, WatchInput(take_off=watched.std, landing=watched.sta))
    found = counters(world)
    assert (found.airframe.minutes, found.airframe.cycles, found.missing) == (6000, 50, 2)


def test_flights_that_are_cancelled_deleted_or_swapped_are_not_counted(world):
    start(world)
    gone = [flown(world, DAY + timedelta(hours=3 * n)) for n in range(4)]
    commands.cancel_flight(world.ops, gone[0].id)
    commands.delete_flight(world.ops, gone[1].id)
    commands.change_flight(world.ops, gone[2].id, FlightEdit(aircraft_id=world.aircraft[1].id))
    assert counters(world).airframe.cycles == 51
    commands.restore_flight(world.ops, gone[1].id)


@pytest.mark.req("OPS-03")
def test_engines_count_from_their_own_start_until_they_come_off(world):
    start(world)
    aircraft = world.aircraft[0].id
    engine = EngineInput(position=1, serial="PCE-1", start_date=DAY.date(), start_minutes=600, start_cycles=7)
    first = add_engine(world.admin, aircraft, engine).engines[0]
    for n in range(4):
        flown(world, DAY + timedelta(days=n))
    change_engine(world.admin, first.id, EngineEdit(removed_on=(DAY + timedelta(days=2)).date()))
    second = EngineInput(position=1, serial="PCE-9", start_date=date(2027, 3, 4), start_minutes=0, start_cycles=0)
    add_engine(world.admin, aircraft, second)
    found = counters(world)
    assert [(e.serial, e.minutes, e.cycles) for e in found.engines] == [("PCE-9", 90, 1)]
    assert [(e.serial, e.minutes, e.cycles) for e in found.removed_engines] == [("PCE-1", 600 + 180, 9)]
    drop_engine(world.admin, found.removed_engines[0].engine_id)
    assert [e.serial for e in cam(world.id, aircraft).engines] == ["PCE-9"]


@pytest.mark.req("OPS-03")
def test_the_apu_is_read_and_never_counted(world):
    start(world)
    flown(world, DAY + timedelta(days=2), apu_hours=Decimal("812.5"))
    flown(world, DAY + timedelta(days=1), apu_hours=Decimal("811.25"))
    flown(world, DAY + timedelta(days=3))
    assert counters(world).apu_hours == Decimal("812.50")


def test_start_values_and_engines_are_checked_and_name_the_aircraft(world):
    aircraft = world.aircraft[0].id
    engine = EngineInput(position=1, serial="A", start_date=DAY.date(), start_minutes=0, start_cycles=0)
    with pytest.raises(Invalid, match="Enter those first"):
        add_engine(world.admin, aircraft, engine)
    with pytest.raises(Invalid) as refused:
        start(world, minutes=-1, landed=-1, counts="GROUND")
    assert {one.field for one in refused.value.problems} == {"start_minutes", "start_cycles", "counts"}
    start(world)
    assert Change.objects.order_by("seq").last().units == [f"aircraft:{aircraft}"]
    changes = Change.objects.count()
    start(world)
    assert Change.objects.count() == changes
    add_engine(world.admin, aircraft, engine)
    with pytest.raises(Invalid) as refused:
        add_engine(world.admin, aircraft, engine)
    assert {one.field for one in refused.value.problems} == {"position", "serial"}


@pytest.mark.req("FWJ-03")
def test_minutes_become_decimal_hours_as_technical_logs_write_them():
    for minute in range(60):
        expected = next(
            tenth for tenth, last in enumerate((3, 9, 15, 21, 27, 33, 39, 45, 51, 57, 59)) if minute <= last
        )
        assert decimal_hours(7 * 60 + minute) == Decimal(70 + expected) / 10


EDITS = st.tuples(st.integers(0, 5), st.integers(1, 300), st.sampled_from(["log", "clear", "cancel", "swap"]))


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(EDITS, max_size=8))
def test_after_any_corrections_the_totals_are_the_sum_of_what_the_log_says(world, edits):
    """Entered, corrected, cleared, cancelled or swapped: the totals are those of a plain loop over the flights."""
    if not hasattr(world, "flown"):  # one world for all examples: what one has left, the next goes on from
        start(world)
        world.flown = [world.flight(std=DAY + timedelta(hours=12 * n - 6)).id for n in range(6)]
    for at, minutes, doing in edits:
        flight = queries.flight(world.id, world.flown[at])
        if doing == "log":
            times = LogInput(take_off=flight.std, landing=flight.std + minutes * MINUTE)
            commands.log_flight(world.ops, flight.id, times)
        elif doing == "clear":
            commands.set_times(world.ops, flight.id, "journey_log", TimesInput(landing=None))
        elif doing == "cancel":
            commands.cancel_flight(world.ops, flight.id)
        else:
            commands.change_flight(world.ops, flight.id, FlightEdit(aircraft_id=world.aircraft[minutes % 2].id))
    minutes, cycles = 6000, 50
    for flight in queries.flights(world.id, world.flown, aircraft_ids=[world.aircraft[0].id]):
        log = flight.times.get("journey_log")
        if log and log.take_off and log.landing and log.take_off >= DAY and flight.status is not Status.CANCELLED:
            minutes, cycles = minutes + (log.landing - log.take_off) // MINUTE, cycles + 1
    found = counters(world)
    assert (found.airframe.minutes, found.airframe.cycles) == (minutes, cycles)
    months = totals_by_month(world.id, world.aircraft[0].id)
    assert (months[-1].total if months else found.airframe) == found.airframe


def test_ten_thousand_flights_are_counted_in_five_statements(world):
    """How long it takes is measured by benchmarks; here, that it is counted right and set by set."""
    start(world, day=date(2020, 1, 1), minutes=0, landed=0)
    flight = world.flight()
    first = datetime(2020, 1, 1, tzinfo=UTC)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO flights_flight (operator_id, id, trip_id, aircraft_id, number, adep, ades, altn, altn2, std,"
            " sta, status, flight_type, regulation, flight_rules, sales_type, ferry, pax_count, pax_by_category,"
            " pax_list, crew, cargo_kg, catering_kg, notes, deleted)"
            " SELECT f.operator_id, f.id + 1000000 + n, f.trip_id, f.aircraft_id, f.number, f.adep, f.ades, '', '',"
            " %(first)s + n * interval '5 hours', %(first)s + n * interval '5 hours' + interval '2 hours', f.status,"
            " f.flight_type, '', f.flight_rules, f.sales_type, false, 0, '{}', '[]', '{}', 0, 0, '', false"
            " FROM flights_flight f, generate_series(1, 10000) n WHERE f.id = %(id)s",
            {"first": first, "id": flight.id},
        )
        cursor.execute(
            "INSERT INTO flights_block_times (operator_id, id, flight_id, book, off_block, take_off, landing, on_block,"
            " source, sources) SELECT operator_id, id, id, 'journey_log', std, std + interval '10 minutes',"
            " sta - interval '11 minutes', sta, 'test', '{}' FROM flights_flight WHERE id > %s",
            [flight.id],
        )
    with CaptureQueriesContext(connection) as statements:
        found = counters(world)
    assert len(statements) == 5
    assert (found.airframe.minutes, found.airframe.cycles) == (10_000 * 99, 10_000)
    with CaptureQueriesContext(connection) as statements:
        assert totals_by_month(world.id, world.aircraft[0].id)[-1].total == found.airframe
    assert len(statements) == 2
