"""The fleet and its performance."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from airstair.changes.models import Change
from airstair.changes.queries import trail
from airstair.kernel.clock import ManualClock
from airstair.kernel.errors import Invalid
from airstair.kernel.units import Unit, UnitKind
from airstair.records.fleet import queries
from airstair.records.fleet.commands import (
    AircraftEdit,
    AircraftInput,
    add_aircraft,
    change_aircraft,
    reinstate_aircraft,
    retire_aircraft,
)
from airstair.records.flights.commands import delete_flight
from airstair.records.operators.rules import Role
from airstair.records.places.queries import resolve

from .conftest import MONDAY

FULL = AircraftInput(
    registration="sp-kxb",
    home_base="waw",
    icao_type="c56x",
    iata_type="CNJ",
    model="Cessna Citation XLS",
    serial_number="560-5637",
    call_sign="KXA 21",
    seats=8,
    owner="Kx Leasing",
    cruise_speed_kt=410,
    taxi_minutes=10,
    climb_minutes=8,
    range_nm=1850,
    mx_set_up="CESCOM, block 2",
)


@pytest.mark.req("OPS-02")
def test_all_facts_of_an_aircraft_are_kept_and_can_change(world):
    added = add_aircraft(world.admin, msgspec.structs.replace(FULL, subsidiary_id=world.subsidiary.id))
    kept = queries.aircraft(world.id, added.id)
    assert kept == added
    assert (kept.registration, kept.home_base, kept.icao_type) == ("SP-KXB", "EPWA", "C56X")
    for field in set(AircraftInput.__struct_fields__) - {"registration", "home_base", "icao_type", "subsidiary_id"}:
        assert getattr(kept, field) == getattr(FULL, field), field
    assert kept.subsidiary_id == world.subsidiary.id

    edit = AircraftEdit(
        registration="SP-KXC", home_base="KTEB", icao_type="C68A", iata_type="CNX", model="Latitude", serial_number="1",
        call_sign="KXA22", seats=9, owner="", subsidiary_id=None, cruise_speed_kt=440, taxi_minutes=11,
        climb_minutes=9, range_nm=2700, mx_set_up="CAMP",
    )  # fmt: skip
    after = change_aircraft(world.admin, added.id, edit)
    assert after.id == added.id and queries.aircraft(world.id, added.id) == after
    for field in AircraftEdit.__struct_fields__:
        assert getattr(after, field) == getattr(edit, field), field
    (change, created) = trail(world.id, subject=Unit(UnitKind.AIRCRAFT, added.id))
    assert set(change.after or {}) == set(AircraftEdit.__struct_fields__)
    assert (created.kind, change.kind, change.title) == ("aircraft.created", "aircraft.changed", "SP-KXC")


@pytest.mark.req("OPS-02")
def test_block_times_are_estimated_from_its_performance(world):
    newark, jacksonville = (resolve(world.id, code, "airport") for code in ("EWR", "JAX"))
    facts = world.aircraft[0]  # 430 kt, 15 min of taxi, 10 min for climb and approach; the way is 713 nm
    assert queries.block_minutes(facts, newark, jacksonville) == 124
    assert queries.block_minutes(facts, jacksonville, newark) == 124
    faster = msgspec.structs.replace(facts, cruise_speed_kt=860)
    assert queries.block_minutes(faster, newark, jacksonville) == 75
    slower_out = msgspec.structs.replace(facts, taxi_minutes=30)
    assert queries.block_minutes(slower_out, newark, jacksonville) == 139
    assert queries.block_minutes(msgspec.structs.replace(facts, cruise_speed_kt=0), newark, jacksonville) is None


_WRONG = [
    ({"registration": "N-1-2"}, "registration"),
    ({"registration": ""}, "registration"),
    ({"registration": "N-14923"}, "registration"),  # N14923 with a hyphen
    ({"registration": "sp kxa"}, "registration"),
    ({"home_base": "KEWX"}, "home_base"),
    ({"icao_type": "CITATION"}, "icao_type"),
    ({"iata_type": "CN"}, "iata_type"),
    ({"call_sign": "TOO LONG A CALL SIGN"}, "call_sign"),
    ({"seats": -1}, "seats"),
    ({"seats": True}, "seats"),
    ({"cruise_speed_kt": 70_000}, "cruise_speed_kt"),
    ({"range_nm": 10**12}, "range_nm"),
    ({"owner": "x" * 121}, "owner"),
    ({"model": "a\x00"}, "model"),
    ({"subsidiary_id": 5}, "subsidiary_id"),
    ({"mx_set_up": "x" * 201}, "mx_set_up"),
]


@pytest.mark.parametrize(("wrong", "field"), _WRONG)
def test_wrong_aircraft_are_refused_by_field(world, all_rows, wrong, field):
    third = add_aircraft(world.admin, FULL)
    before = all_rows()
    given = msgspec.structs.replace(FULL, registration="N777XX")
    for attempt in (
        lambda: add_aircraft(world.admin, msgspec.structs.replace(given, **wrong)),
        lambda: change_aircraft(world.admin, third.id, AircraftEdit(**wrong)),
    ):
        with pytest.raises(Invalid) as refusal:
            attempt()
        assert [problem.field for problem in refusal.value.problems] == [field]
    assert all_rows() == before


def test_an_aircraft_may_respell_its_own_registration(world):
    assert (
        change_aircraft(world.admin, world.aircraft[1].id, AircraftEdit(registration="SPKXA")).registration == "SPKXA"
    )


def test_two_operators_may_have_the_same_registration(world, other):
    assert add_aircraft(other.admin, AircraftInput(registration="N14923", home_base="KEWR")).operator_id == other.id


def _changed(world, **edit):
    """The units that the change names, and how many statements it took."""
    with CaptureQueriesContext(connection) as made:
        clock = ManualClock(MONDAY)
        assert change_aircraft(world.admin, world.aircraft[0].id, AircraftEdit(**edit), clock=clock)
    return set(Change.objects.latest("seq").units), len(made)


def test_a_change_of_what_flights_show_names_the_flights(world, other):
    mine, flights = f"aircraft:{world.aircraft[0].id}", []
    for days in (-121, -119, 0, 400):
        std = MONDAY + timedelta(days=days)
        flights.append(f"flight:{world.flight(std=std, sta=std + timedelta(hours=2)).id}")
    world.flight(aircraft_id=world.aircraft[1].id)
    other.flight()
    delete_flight(world.ops, world.flight(std=MONDAY + timedelta(days=2)).id)
    reached = {mine, *flights[1:]}
    assert _changed(world, seats=7) == ({mine}, (unseen := _changed(world, seats=8)[1]))
    assert _changed(world, serial_number="B-2") == (reached, unseen + 1)
    assert _changed(world, registration="N14924")[0] == reached
    legs = [world.leg(std=MONDAY + timedelta(days=day)) for day in range(3, 60)]
    world.trip(*legs)
    named, statements = _changed(world, serial_number="B-3")
    assert (len(named), statements) == (len(reached) + len(legs), unseen + 1)


def test_retired_aircraft_stay_known_and_can_come_back(world, all_rows):
    first = world.aircraft[0]
    assert not retire_aircraft(world.admin, first.id).active
    before = all_rows()
    retire_aircraft(world.admin, first.id)
    assert all_rows() == before
    assert [a.registration for a in queries.fleet(world.id, active_only=True)] == ["SP-KXA"]
    assert len(queries.fleet(world.id)) == 2
    assert reinstate_aircraft(world.admin, first.id).active
    kinds = [change.kind for change in trail(world.id, subject=Unit(UnitKind.AIRCRAFT, first.id))]
    assert kinds == ["aircraft.reinstated", "aircraft.retired", "aircraft.created"]


def test_registrations_are_found_in_any_spelling(world, other):
    found = queries.by_registrations(world.id, ["spkxa", "N-14923", "n99zt", "SP-KXA"])
    assert {spelling: facts.registration for spelling, facts in found.items()} == {
        "spkxa": "SP-KXA",
        "N-14923": "N14923",
        "SP-KXA": "SP-KXA",
    }


@pytest.mark.req("OPS-08")
def test_an_owner_sees_the_aircraft_that_are_theirs(world):
    owner = world.actors[Role.AIRCRAFT_OWNER]
    assert [facts.registration for facts in queries.visible_to(owner)] == ["N14923"]
    assert queries.visible_aircraft(owner) == {world.aircraft[0].id}
    for role in set(Role) - {Role.AIRCRAFT_OWNER}:
        assert queries.visible_aircraft(world.actors[role]) is None
        assert len(queries.visible_to(world.actors[role])) == 2
    for key in ("", "0", "x", "²", "9" * 30):
        assert queries.visible_aircraft(msgspec.structs.replace(owner, key=key)) == frozenset()


def test_reading_the_fleet_is_one_statement(world):
    for read in (
        lambda: queries.fleet(world.id),
        lambda: queries.aircraft(world.id, world.aircraft[0].id),
        lambda: queries.by_registrations(world.id, ["N14923", "SP-KXA"]),
        lambda: queries.visible_aircraft(world.ops),
    ):
        with CaptureQueriesContext(connection) as statements:
            read()
        assert len(statements) == 1


@pytest.mark.req("OPS-01")
def test_each_subsidiary_owns_aircraft(world):
    change_aircraft(world.admin, world.aircraft[1].id, AircraftEdit(subsidiary_id=world.subsidiary.id))
    assert [facts.registration for facts in queries.fleet(world.id, subsidiary_id=world.subsidiary.id)] == ["SP-KXA"]
