"""Many flights at once: what an import writes, and what it leaves to people."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from airstair.changes.models import Change
from airstair.changes.queries import trail
from airstair.kernel.errors import Forbidden, Invalid
from airstair.kernel.units import Unit, UnitKind
from airstair.records.flights import commands, queries
from airstair.records.flights.commands import FlightEdit, FlightRow, TimesInput, write_flights
from airstair.records.flights.models import Flight
from airstair.records.flights.rules import Status
from airstair.records.operators.queries import import_actor


@pytest.fixture
def importer(world):
    return import_actor(world.id, "flights.csv")


def row(world, key="k1", times=None, source="", **given) -> FlightRow:
    return FlightRow(import_key=key, flight=world.leg(**given), times=times, source=source)


def imported(world, key="k1"):
    return queries.flight(world.id, Flight.objects.get(operator_id=world.id, import_key=key).id)


@pytest.mark.req("AVI-12")
def test_a_flight_keeps_its_id_whatever_the_file_changes(world, importer):
    assert write_flights(importer, [row(world)]).created == ["k1"]
    first = imported(world)
    edit = row(
        world,
        number="EV1",
        adep="KTEB",
        aircraft_id=world.aircraft[1].id,
        std=first.std + timedelta(days=3),
        status="CANCELLED",
    )
    result = write_flights(importer, [edit])
    assert (result.created, result.updated) == ([], ["k1"])
    after = imported(world)
    assert after.id == first.id and after.trip_id == first.trip_id
    assert (after.number, after.adep, after.status) == ("EV1", "KTEB", Status.CANCELLED)
    assert trail(world.id, subject=Unit(UnitKind.FLIGHT, first.id))[0].kind == "flight.cancelled"


@pytest.mark.req("AVI-12")
def test_the_same_file_again_changes_nothing(world, importer, all_rows):
    rows = [row(world, "a"), row(world, "b", times=TimesInput(off_block=world.leg().std), source="Journey")]
    write_flights(importer, rows)
    before = all_rows()
    result = write_flights(importer, rows)
    assert (result.created, result.updated, result.unchanged) == ([], [], ["a", "b"])
    assert all_rows() == before


def test_what_people_changed_since_stands(world, importer):
    write_flights(importer, [row(world, notes="file", times=TimesInput(off_block=world.leg().std))])
    flight = imported(world)
    commands.change_flight(world.ops, flight.id, FlightEdit(number="HAND", adep="KTEB"))
    commands.set_times(world.ops, flight.id, "journey_log", TimesInput(off_block=flight.std + timedelta(minutes=7)))
    # The file brings a new note, and repeats everything else as it was.
    write_flights(importer, [row(world, notes="new", times=TimesInput(off_block=world.leg().std))])
    after = imported(world)
    assert (after.number, after.adep, after.notes) == ("HAND", "KTEB", "new")
    assert after.times["journey_log"].off_block == flight.std + timedelta(minutes=7)
    assert after.times["journey_log"].sources == {"off_block": "Ops Person"}
    # Where the file has a new value itself, it is written, once.
    write_flights(importer, [row(world, notes="new", number="EV2", times=TimesInput(off_block=world.leg().std))])
    after = imported(world)
    assert (after.number, after.adep) == ("EV2", "KTEB")


def test_a_flight_deleted_by_hand_is_not_brought_back(world, importer):
    write_flights(importer, [row(world, status="CANCELLED")])
    commands.delete_flight(world.ops, imported(world).id)
    write_flights(importer, [row(world, status="CONFIRMED", notes="again")])
    after = imported(world)
    assert after.deleted and after.status is Status.CANCELLED and after.notes == "again"


def test_times_go_to_the_journey_log_with_their_source(world, importer):
    std = world.leg().std
    write_flights(importer, [row(world, times=TimesInput(off_block=std, on_block=None), source="BTS")])
    page = imported(world).times["journey_log"]
    assert (page.off_block, page.on_block, page.sources) == (std, None, {"off_block": "BTS"})
    times = TimesInput(off_block=std, on_block=std + timedelta(hours=2))
    write_flights(importer, [row(world, times=times, source="BTS 2")])
    page = imported(world).times["journey_log"]
    assert page.sources == {"off_block": "BTS", "on_block": "BTS 2"}
    # Times that would be impossible together with those in the book are refused, with the pair.
    times = TimesInput(off_block=std, on_block=std + timedelta(hours=2), landing=std + timedelta(hours=3))
    result = write_flights(importer, [row(world, times=times)])
    assert "BLON is before LDG" in str(result.refused["k1"][0])
    # An empty cell where there was a time takes it out.
    write_flights(importer, [row(world, times=TimesInput(off_block=None, on_block=None))])
    assert imported(world).times == {}


def test_wrong_rows_are_left_out_with_their_reasons(world, importer):
    wrong = [row(world, "w1", adep="KEWX", cargo_kg=-1), row(world, " "), row(world, "w2", aircraft_id=5)]
    result = write_flights(importer, [*wrong, row(world, "good")])
    assert result.created == ["good"]
    assert {key: {p.field for p in found} for key, found in result.refused.items()} == {
        "w1": {"adep", "cargo_kg"},
        " ": {"import_key"},
        "w2": {"aircraft_id"},
    }
    assert Flight.objects.count() == 1


def test_an_update_that_cannot_be_is_left_out(world, importer, all_rows):
    write_flights(importer, [row(world)])
    flight = imported(world)
    commands.change_flight(world.ops, flight.id, FlightEdit(sta=flight.sta + timedelta(hours=5)))
    before = all_rows()
    # The file moves STD past the STA that it left alone for a flight that a person has prolonged: that fits.
    # Moving STA before the STD that a person moved does not.
    commands.change_flight(world.ops, flight.id, FlightEdit(std=flight.std + timedelta(hours=4)))
    before = all_rows()
    earlier = row(world, sta=flight.std + timedelta(minutes=30))
    result = write_flights(importer, [earlier])
    assert result.updated == [] and {p.field for p in result.refused["k1"]} == {"sta"}
    assert all_rows() == before


def test_a_key_that_comes_twice_refuses_all(world, importer, all_rows):
    before = all_rows()
    with pytest.raises(Invalid, match="comes twice"):
        write_flights(importer, [row(world), row(world)])
    assert all_rows() == before


def test_a_dry_run_says_what_would_happen_and_writes_nothing(world, importer, all_rows):
    write_flights(importer, [row(world, "old"), row(world, "same")])
    before = all_rows()
    rows = [row(world, "old", notes="new"), row(world, "same"), row(world, "fresh"), row(world, "bad", adep="?")]
    result = write_flights(importer, rows, dry_run=True)
    assert (result.created, result.updated, result.unchanged, set(result.refused)) == (
        ["fresh"],
        ["old"],
        ["same"],
        {"bad"},
    )
    assert all_rows() == before
    real = write_flights(importer, rows)
    assert real == result


def test_other_operators_keys_are_their_own(world, other, importer):
    write_flights(import_actor(other.id, "flights.csv"), [row(other)])
    assert write_flights(importer, [row(world)]).created == ["k1"]
    assert Flight.objects.filter(import_key="k1").count() == 2


def test_the_right_to_import_is_needed(world):
    with pytest.raises(Forbidden):
        write_flights(import_actor(world.id, "f.csv", rights=()), [row(world)])


def test_a_month_of_flights_takes_few_statements(world, importer, monday):
    rows = [
        row(
            world,
            f"k{n}",
            std=monday + timedelta(minutes=20 * n),
            times=TimesInput(off_block=monday + timedelta(minutes=20 * n)),
        )
        for n in range(1789)
    ]
    with CaptureQueriesContext(connection) as statements:
        assert len(write_flights(importer, rows).created) == 1789
    assert len(statements) < 40
    changes = Change.objects.filter(operator_id=world.id, bulk=True)
    assert changes.count() == 1789 and set(changes.values_list("kind", flat=True)) == {"flight.created"}
    moved = [msgspec.structs.replace(r, flight=msgspec.structs.replace(r.flight, number="EV9")) for r in rows]
    with CaptureQueriesContext(connection) as statements:
        assert len(write_flights(importer, moved).updated) == 1789
    assert len(statements) < 40
    assert changes.count() == 2 * 1789
