"""Flight watch and the journey log: values with their sources, what is impossible, and what a change names."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import msgspec
import pytest

from airstair.changes.models import Change
from airstair.kernel.actor import ActorKind
from airstair.kernel.errors import Forbidden, Invalid
from airstair.records.flights import commands, queries
from airstair.records.flights.books import Delay, Fuel, expected_arrival
from airstair.records.flights.commands import LogInput, WatchInput
from airstair.records.flights.models import FlightWatch, JourneyLog
from airstair.records.operators.rules import Role

AT = datetime(2027, 3, 1, 6, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def partner(world, label="Tower feed"):
    return msgspec.structs.replace(world.ops, kind=ActorKind.PARTNER, key="p", label=label)


WATCH = {
    "off_block": AT, "take_off": AT + 9 * MINUTE, "landing": AT + 140 * MINUTE, "on_block": AT + 146 * MINUTE,
    "etd": AT + 5 * MINUTE, "eet_minutes": 131, "eta": AT + 141 * MINUTE, "ctot": AT + 12 * MINUTE, "pax": 4,
    "delays": (Delay("93", 5), Delay("41A", 0)),
}  # fmt: skip
LOG = {
    **{name: WATCH[name] for name in ("off_block", "take_off", "landing", "on_block", "pax", "delays")},
    "landings": 1, "pilot_flying": "ABC", "block_fuel": Fuel(Decimal("5000.00"), "LB"),
    "uplift": Fuel(Decimal("1200.50"), "L"), "remaining_fuel": Fuel(Decimal("1900.00"), "LB"),
    "apu_hours": Decimal("812.40"),
}  # fmt: skip
TIMES = ("off_block", "take_off", "landing", "on_block")
BOOKS = [
    pytest.param(commands.watch_flight, WatchInput, WATCH, "flight_watch", id="flight watch"),
    pytest.param(commands.log_flight, LogInput, LOG, "journey_log", id="journey log"),
]


def values_of(facts, book):
    return facts.watch if book == "flight_watch" else facts.log


@pytest.mark.req("FWJ-01", "FWJ-02")
@pytest.mark.parametrize(("command", "make", "values", "book"), BOOKS)
def test_every_value_is_kept_with_who_said_it(world, command, make, values, book):
    """Partners and people write through one command; each value shows who said that one."""
    flight = world.flight()
    command(partner(world), flight.id, make(**values))
    facts = command(world.ops, flight.id, make(pax=5))
    times, others = facts.times[book], values_of(facts, book)
    for name, value in {**values, "pax": 5}.items():
        where = times if name in TIMES else others
        assert getattr(where, name) == value
        assert where.sources[name] == (world.ops.label if name == "pax" else "Tower feed")
    last = Change.objects.order_by("seq").last()
    assert last.units == sorted({f"flight:{flight.id}", f"trip:{flight.trip_id}", f"aircraft:{flight.aircraft_id}"})
    assert (last.before, last.after) == ({f"{book}.pax": 4}, {f"{book}.pax": 5})


@pytest.mark.parametrize(("command", "make", "values", "book"), BOOKS)
def test_the_same_again_changes_nothing_and_clearing_leaves_nothing(world, command, make, values, book):
    flight = world.flight()
    command(world.ops, flight.id, make(**values))
    changes = Change.objects.count()
    facts = command(partner(world), flight.id, make(**values))
    assert Change.objects.count() == changes
    assert values_of(facts, book).sources["pax"] == world.ops.label
    empty = {name: () if name == "delays" else "" if name == "pilot_flying" else None for name in values}
    facts = command(world.ops, flight.id, make(**empty))
    assert (facts.times, values_of(facts, book)) == ({}, type(values_of(facts, book))())
    assert not (FlightWatch.objects.exists() or JourneyLog.objects.exists())


@pytest.mark.req("FWJ-04")
@pytest.mark.parametrize("who", ["person", "partner"])
@pytest.mark.parametrize(
    ("wrong", "field", "words"),
    [
        ({"off_block": AT, "take_off": AT - MINUTE}, "T/O", "T/O is before BLOFF"),
        ({"take_off": AT, "landing": AT - MINUTE}, "LDG", "LDG is before T/O"),
        ({"landing": AT, "on_block": AT - MINUTE}, "BLON", "BLON is before LDG"),
        ({"off_block": AT, "on_block": AT - MINUTE}, "BLON", "BLON is before BLOFF"),
        ({"etd": AT, "eta": AT - MINUTE}, "eta", "ETA is before ETD"),
        ({"ctot": AT, "eta": AT - MINUTE}, "eta", "ETA is before CTOT"),
        ({"ctot": AT + timedelta(days=2)}, "ctot", "CTOT is more than a day from the schedule"),
        ({"eet_minutes": 0}, "eet_minutes", "whole number"),
        ({"pax": 901}, "pax", "whole number"),
        ({"delays": (Delay("9", 1),)}, "delays", "two digits"),
        ({"delays": (Delay("93", -1),)}, "delays", "whole number"),
        ({"delays": (Delay("93", 1),) * 5}, "delays", "at most 4"),
    ],
)
def test_what_is_impossible_in_flight_watch_is_refused_with_the_pair_named(world, who, wrong, field, words):
    flight = world.flight()
    actor = world.ops if who == "person" else partner(world)
    with pytest.raises(Invalid) as refused:
        commands.watch_flight(actor, flight.id, WatchInput(**wrong))
    assert any(one.field == field and words in one.sentence for one in refused.value.problems)
    assert queries.flight(world.id, flight.id) == flight


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"block_fuel": Fuel(Decimal(1), "PINT")}, "block_fuel"),
        ({"uplift": Fuel(Decimal(-1))}, "uplift"),
        ({"uplift": Fuel(Decimal("NaN"))}, "uplift"),
        ({"apu_hours": Decimal("-0.1")}, "apu_hours"),
        ({"apu_hours": Decimal("Infinity")}, "apu_hours"),
        ({"landings": 100}, "landings"),
        ({"pilot_flying": "x" * 61}, "pilot_flying"),
        ({"block_fuel": Fuel(Decimal(1000), "KG"), "remaining_fuel": Fuel(Decimal(2205), "LB")}, "remaining_fuel"),
    ],
)
def test_what_is_impossible_in_the_journey_log_is_refused_with_the_field_named(world, wrong, field):
    flight = world.flight()
    with pytest.raises(Invalid) as refused:
        commands.log_flight(partner(world), flight.id, LogInput(**wrong))
    assert [one.field for one in refused.value.problems] == [field]
    assert queries.flight(world.id, flight.id) == flight


def test_remaining_fuel_is_compared_with_what_is_known_and_only_mass_with_mass(world):
    flight = world.flight()
    commands.log_flight(world.ops, flight.id, LogInput(block_fuel=Fuel(Decimal(1000), "KG")))
    with pytest.raises(Invalid, match="remain of 1000 KG"):
        commands.log_flight(world.ops, flight.id, LogInput(remaining_fuel=Fuel(Decimal(1001), "KG")))
    log = commands.log_flight(world.ops, flight.id, LogInput(remaining_fuel=Fuel(Decimal(1100), "L"))).log
    assert (str(log.remaining_fuel), log.remaining_fuel.kg, str(log.block_fuel)) == ("1100 L", None, "1000 KG")


def test_an_estimate_that_is_new_does_not_wait_for_an_older_one(world):
    flight = world.flight()
    commands.watch_flight(world.ops, flight.id, WatchInput(eta=AT + 10 * MINUTE))
    facts = commands.watch_flight(partner(world), flight.id, WatchInput(ctot=AT + 60 * MINUTE))
    assert facts.watch.ctot == AT + 60 * MINUTE


def test_eta_is_take_off_and_eet_until_somebody_says_it(world):
    flight = world.flight()
    watch = commands.watch_flight(world.ops, flight.id, WatchInput(eet_minutes=131)).watch
    assert expected_arrival(watch, None) is None
    assert expected_arrival(watch, AT) == AT + 131 * MINUTE
    watch = commands.watch_flight(world.ops, flight.id, WatchInput(eta=AT + 99 * MINUTE)).watch
    assert expected_arrival(watch, AT) == AT + 99 * MINUTE


def test_who_may_not_enter_times_writes_in_neither_book(world):
    flight = world.flight()
    for command, wanted in ((commands.watch_flight, WatchInput(pax=1)), (commands.log_flight, LogInput(pax=1))):
        with pytest.raises(Forbidden):
            command(world.actors[Role.READ_ONLY], flight.id, wanted)


def test_flights_in_are_the_confirmed_ones_under_way(world):
    day = AT.replace(hour=0)
    night = world.flight(std=day - timedelta(hours=2), sta=day + timedelta(hours=1))
    morning, option = world.flight(), world.flight(status="OPTION")
    world.flight(std=day + timedelta(days=1))
    world.flight(std=day - timedelta(hours=5), sta=day)
    found = queries.flights_in(world.id, day, day + timedelta(days=1))
    assert [one.id for one in found] == [night.id, morning.id]
    assert option.id not in {one.id for one in found}
    assert queries.flights_in(world.id, day, day + timedelta(days=1), aircraft_ids=[]) == []
