"""The board: what every aircraft does in a period, in a fixed number of statements."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from airstair.kernel.errors import Invalid
from airstair.records.fleet.commands import retire_aircraft
from airstair.records.flights import commands, queries
from airstair.records.flights.commands import EmptyLegInput, FlightRow, ServiceInput, TimesInput, TripEdit

DAY = timedelta(days=1)


def keys(board, aircraft) -> list[str]:
    return [activity.key for activity in board.activities[aircraft.id]]


def test_it_has_what_touches_the_period_and_nothing_else(world, monday):
    inside = world.flight(std=monday + timedelta(hours=6))
    over_the_start = world.flight(std=monday - timedelta(hours=1))
    over_the_end = world.flight(std=monday + timedelta(hours=23))
    ends_at_the_start = world.flight(std=monday - timedelta(minutes=150))
    starts_at_the_end = world.flight(std=monday + DAY)
    deleted = world.flight()
    commands.delete_flight(world.ops, deleted.id)
    found = keys(queries.board(world.id, monday, monday + DAY), world.aircraft[0])
    assert found == [f"flight:{f.id}" for f in (over_the_start, inside, over_the_end)]
    assert {f"flight:{f.id}" for f in (ends_at_the_start, starts_at_the_end, deleted)}.isdisjoint(found)


def test_actual_times_move_a_flight_into_or_out_of_the_period(world, monday):
    late = world.flight(std=monday - timedelta(hours=5))
    assert keys(queries.board(world.id, monday, monday + DAY), world.aircraft[0]) == []
    commands.set_times(world.ops, late.id, "flight_watch", TimesInput(off_block=monday + timedelta(hours=1)))
    board = queries.board(world.id, monday, monday + DAY)
    (activity,) = board.activities[world.aircraft[0].id]
    assert activity.start == monday + timedelta(hours=1)
    # Not arrived yet: expected after its scheduled block time.
    assert activity.end == activity.start + timedelta(minutes=150)
    assert (activity.scheduled_start, activity.scheduled_end) == (late.std, late.sta)


def test_it_shows_offers_services_times_and_trips(world, monday):
    flight = world.flight()
    commands.change_trip(world.ops, flight.trip_id, TripEdit(booked_from=("avinode:1",)))
    commands.mark_empty_leg(world.ops, flight.id, EmptyLegInput(message="Cheap"))
    service = ServiceInput(airport="EWR", kind="FUEL", provider_id="F1", provider_name="Fuel Co", served="AIRCRAFT")
    commands.set_services(world.ops, flight.id, (service,))
    commands.set_times(world.ops, flight.id, "flight_watch", TimesInput(off_block=flight.std))
    (activity,) = queries.board(world.id, monday, monday + DAY).activities[flight.aircraft_id]
    assert activity.trip_number == flight.trip_number and activity.booked_from == ("avinode:1",)
    assert activity.empty_leg is not None and activity.empty_leg.message == "Cheap"
    assert [(s.kind, s.airport, s.provider_name) for s in activity.services] == [("FUEL", "KEWR", "Fuel Co")]
    assert [book.source for book in activity.actual] == ["Ops Person"]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("ev3810", True),
        ("KJAX", True),
        ("n149", True),
        ("n-149", False),
        ("ann lee", True),
        ("T00001", True),
        ("spkxa", False),
        ("nothing like it", False),
        (" ", True),
    ],
)
def test_text_narrows_it(world, monday, text, shown):
    flight = world.trip(world.leg(), client="Ann Lee").flights[0]
    board = queries.board(world.id, monday, monday + DAY, text=text)
    assert (flight.id in {a.id for found in board.activities.values() for a in found}) == shown


def test_status_narrows_what_is_shown_but_not_what_is_warned_of(world, monday):
    option = world.flight(status="OPTION", std=monday)
    for _ in range(2):
        world.flight()
    board = queries.board(world.id, monday, monday + DAY, statuses=["OPTION", "NOT A STATUS"])
    assert keys(board, world.aircraft[0]) == [f"flight:{option.id}"]
    assert [w.kind for w in board.warnings[world.aircraft[0].id]] == ["overlap"]
    assert keys(queries.board(world.id, monday, monday + DAY, statuses=[]), world.aircraft[0]) == []


def test_a_retired_aircraft_is_there_only_while_it_flies(world, monday):
    flight = world.flight()
    retire_aircraft(world.admin, world.aircraft[0].id)
    registrations = [
        [a.registration for a in queries.board(world.id, at, at + DAY).aircraft] for at in (monday, monday + 9 * DAY)
    ]
    assert registrations == [["N14923", "SP-KXA"], ["SP-KXA"]]
    assert flight.id


def test_a_wrong_period_is_refused(world, monday):
    for start, end, field in (
        (monday, monday, "end"),
        (monday, monday - DAY, "end"),
        (datetime(2027, 3, 1), monday, "start"),  # noqa: DTZ001
        (datetime.min.replace(tzinfo=UTC), monday, "start"),
        (monday, datetime.max.replace(tzinfo=UTC), "end"),
    ):
        with pytest.raises(Invalid) as refusal:
            queries.board(world.id, start, end)
        assert [problem.field for problem in refusal.value.problems] == [field]


def test_it_takes_the_same_statements_however_many_flights(world, monday):
    def count() -> int:
        with CaptureQueriesContext(connection) as statements:
            queries.board(world.id, monday, monday + 30 * DAY)
        return len(statements)

    world.flight()
    few = count()
    rows = [
        FlightRow(import_key=str(n), flight=world.leg(std=monday + timedelta(hours=3 * n)), times=None, source="")
        for n in range(200)
    ]
    commands.write_flights(world.ops, rows)
    world.event()
    assert count() == few == 7
