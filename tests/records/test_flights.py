"""Trips and flights as people plan them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from airstair.changes.queries import trail
from airstair.kernel.errors import Conflict, Invalid, NotFound
from airstair.kernel.units import Unit, UnitKind
from airstair.records.fleet.commands import AircraftEdit, change_aircraft, retire_aircraft
from airstair.records.flights import commands, queries
from airstair.records.flights.commands import FlightEdit, FlightInput, Passenger, TripEdit, TripInput
from airstair.records.flights.rules import Status


def fields_of(refusal: pytest.ExceptionInfo[Invalid]) -> set[str]:
    return {problem.field for problem in refusal.value.problems}


@pytest.mark.req("OPS-10")
def test_a_trip_holds_flights_in_order_with_all_that_belongs_to_them(world, monday):
    full = world.leg(
        number="ev 12".replace(" ", ""),
        aircraft_id=world.aircraft[1].id,
        adep="jax",
        ades="TEB",
        altn="KHPN",
        altn2="KEWR",
        std=monday + timedelta(days=1, hours=9, minutes=5),
        sta=monday + timedelta(days=1, hours=11, minutes=45),
        status="OPTION",
        flight_type="PRIVATE",
        regulation="PART_91K",
        flight_rules="Y",
        sales_type="OWNER",
        pax_count=4,
        pax_by_category={"male": 2, "child": 1},
        pax_list=(Passenger(name="Ann Lee", category="female"),),
        crew={"CPT": "ABC", "fo": "def"},
        cargo_kg=120,
        catering_kg=35,
        notes="Dog in the cabin",
    )
    trip = world.trip(full, world.leg(), client="Ann Lee", booked_from=("avinode:asellerlift-500123",))

    assert [flight.number for flight in trip.flights] == ["EV3810", "EV12"]
    found = queries.flight(world.id, trip.flights[1].id)
    assert (found.adep, found.ades, found.altn, found.altn2) == ("KJAX", "KTEB", "KHPN", "KEWR")
    assert found.std == datetime(2027, 3, 2, 9, 5, tzinfo=UTC) and found.sta == datetime(2027, 3, 2, 11, 45, tzinfo=UTC)
    assert found.registration == "SP-KXA"
    assert (found.status, found.flight_type, found.regulation) == (Status.OPTION, "PRIVATE", "PART_91K")
    assert (found.flight_rules, found.sales_type, found.ferry) == ("Y", "OWNER", False)
    assert (found.pax_count, found.pax_by_category) == (4, {"male": 2, "child": 1})
    assert found.pax_list == ({"name": "Ann Lee", "category": "female"},)
    assert found.crew == {"CPT": "ABC", "FO": "DEF"}
    assert (found.cargo_kg, found.catering_kg, found.notes) == (120, 35, "Dog in the cabin")
    assert found.trip_number == trip.number and trip.booked_from == ("avinode:asellerlift-500123",)


@pytest.mark.req("OPS-10")
def test_every_value_of_a_flight_can_be_changed(world, monday):
    flight = world.flight()
    edit = FlightEdit(
        aircraft_id=world.aircraft[1].id, number="KX1", adep="KTEB", ades="KMIA", altn="KFLL", altn2="KFXE",
        std=monday + timedelta(days=9), sta=monday + timedelta(days=9, hours=3), status="OPPORTUNITY",
        flight_type="CARGO", regulation="PART_135", flight_rules="V", sales_type="CARGO", pax_count=3,
        pax_by_category={"infant": 1}, pax_list=(Passenger(name="Bo"),), crew={"CPT": "XYZ"}, cargo_kg=1,
        catering_kg=2, notes="n",
    )  # fmt: skip
    after = commands.change_flight(world.ops, flight.id, edit)
    for field in FlightEdit.__struct_fields__:
        if field == "ferry":
            continue
        wanted = getattr(edit, field)
        if field == "pax_list":
            wanted = ({"name": "Bo", "category": ""},)
        assert getattr(after, field) == wanted, field
        assert getattr(after, field) != getattr(flight, field), field


def test_trip_numbers_run_on_with_the_operators_prefix_and_pass_over_chosen_ones(world, other):
    first, second = world.trip(), world.trip(number="t00003")
    third, fourth = world.trip(), world.trip()
    assert [first.number, second.number, third.number, fourth.number] == ["T00001", "T00003", "T00002", "T00004"]
    assert other.trip().number == "T00001"
    with pytest.raises(Invalid, match="already a trip T00002"):
        world.trip(number="T00002")


def test_without_sta_the_block_estimate_is_added(world, monday):
    # KEWR–KJAX is 713 nm: 15 + 10 + 713 / 430 * 60 = 124.5 minutes.
    flight = world.flight(sta=None)
    assert flight.sta - flight.std == timedelta(minutes=124)
    moved = commands.change_flight(world.ops, flight.id, FlightEdit(std=monday + timedelta(hours=9), sta=None))
    assert moved.sta - moved.std == timedelta(minutes=124)
    change_aircraft(world.admin, world.aircraft[0].id, AircraftEdit(cruise_speed_kt=0))
    with pytest.raises(Invalid, match="no cruise speed"):
        world.flight(sta=None)


def test_without_number_it_flies_under_the_registration(world):
    assert world.flight(number="", aircraft_id=world.aircraft[1].id).number == "SPKXA"


@pytest.mark.req("OPS-11")
@pytest.mark.parametrize("status", ["OPTION", "OPPORTUNITY", "CONFIRMED", "CANCELLED"])
def test_trips_and_flights_have_each_status_and_no_other(world, status):
    trip = world.trip(world.leg(), status=status)
    assert trip.status == status and trip.flights[0].status == status
    for wrong in ("BOOKED", "", status.lower()):
        with pytest.raises(Invalid, match="OPTION, OPPORTUNITY, CONFIRMED or CANCELLED"):
            commands.set_trip_status(world.ops, trip.id, wrong)
        with pytest.raises(Invalid, match="OPTION, OPPORTUNITY, CONFIRMED or CANCELLED"):
            commands.change_flight(world.ops, trip.flights[0].id, FlightEdit(status=wrong))


@pytest.mark.req("OPS-11")
def test_a_trips_status_goes_to_its_flights_but_not_to_cancelled_ones(world, monday):
    trip = world.trip(world.leg(), world.leg(std=monday + timedelta(days=1)), status="OPTION")
    commands.cancel_flight(world.ops, trip.flights[0].id)
    after = commands.set_trip_status(world.ops, trip.id, "CONFIRMED")
    assert after.status == "CONFIRMED"
    assert [flight.status for flight in after.flights] == ["CANCELLED", "CONFIRMED"]
    # Each flight that moved has it in its own trail.
    assert trail(world.id, subject=Unit(UnitKind.FLIGHT, trip.flights[1].id))[0].after == {"status": "CONFIRMED"}


@pytest.mark.req("OPS-12")
def test_ferry_empties_the_passengers_and_leaves_the_type(world):
    flight = world.flight(pax_count=3, pax_by_category={"male": 3}, pax_list=(Passenger(name="Ann"),))
    ferry = commands.change_flight(world.ops, flight.id, FlightEdit(ferry=True))
    assert (ferry.pax_count, ferry.pax_by_category, ferry.pax_list) == (0, {}, ())
    assert ferry.ferry and ferry.flight_type == "COMMERCIAL" and ferry.sales_type == "PAX"
    assert world.flight(ferry=True, pax_count=7, flight_type="TRAINING").pax_count == 0
    # A ferry type is a choice of its own, and does not set the flag.
    assert not world.flight(flight_type="FERRY").ferry
    # Nobody can be added to it while it is one.
    assert commands.change_flight(world.ops, flight.id, FlightEdit(pax_count=2)).pax_count == 0


@pytest.mark.req("OPS-15")
def test_deleting_is_a_cancellation_that_is_told_and_kept(world):
    flight = world.flight()
    commands.delete_flight(world.ops, flight.id)

    assert queries.trip(world.id, flight.trip_id).flights == ()
    kept = queries.flight(world.id, flight.id)
    assert kept.deleted and kept.status is Status.CANCELLED
    last, first = trail(world.id, subject=Unit(UnitKind.FLIGHT, flight.id))
    assert (first.kind, last.kind) == ("flight.created", "flight.deleted")
    # What wakes the mirrors: the flight and its aircraft are both named.
    assert {f"flight:{flight.id}", f"aircraft:{flight.aircraft_id}"} <= set(last.units)
    assert last.before == {"status": "CONFIRMED", "deleted": False}
    assert last.after == {"status": "CANCELLED", "deleted": True}

    commands.delete_flight(world.ops, flight.id)
    assert len(trail(world.id, subject=Unit(UnitKind.FLIGHT, flight.id))) == 2
    with pytest.raises(Conflict, match="Restore it first"):
        commands.change_flight(world.ops, flight.id, FlightEdit(notes="x"))


@pytest.mark.req("OPS-15")
@pytest.mark.parametrize("remove", [commands.cancel_flight, commands.delete_flight])
def test_restoring_gives_back_the_status_it_had(world, remove):
    flight = world.flight(status="OPTION")
    remove(world.ops, flight.id)
    restored = commands.restore_flight(world.ops, flight.id)
    assert restored.status is Status.OPTION and not restored.deleted
    assert commands.restore_flight(world.ops, flight.id).revision == restored.revision
    kinds = [change.kind for change in trail(world.id, subject=Unit(UnitKind.FLIGHT, flight.id))]
    assert kinds[0] == "flight.restored" and len(kinds) == 3


def test_a_flight_moved_to_another_aircraft_names_both(world):
    flight = world.flight()
    commands.change_flight(world.ops, flight.id, FlightEdit(aircraft_id=world.aircraft[1].id))
    units = set(trail(world.id, subject=Unit(UnitKind.FLIGHT, flight.id))[0].units)
    assert {f"aircraft:{a.id}" for a in world.aircraft} < units


def test_nothing_changed_leaves_no_trace(world, all_rows):
    flight = world.flight(pax_by_category={"male": 1})
    before = all_rows()
    same = FlightEdit(adep="EWR", ades="kjax", std=flight.std.astimezone(timezone(timedelta(hours=5))), notes=" ")
    assert commands.change_flight(world.ops, flight.id, same) == flight
    commands.change_trip(world.ops, flight.trip_id, TripEdit(client="", booked_from=()))
    commands.set_trip_status(world.ops, flight.trip_id, "CONFIRMED")
    commands.set_services(world.ops, flight.id, ())
    assert all_rows() == before


_WRONG = [
    ({"std": datetime(2027, 3, 1, 6)}, "std"),  # noqa: DTZ001
    ({"sta": datetime(2027, 3, 1, 9)}, "sta"),  # noqa: DTZ001
    ({"sta": datetime(2027, 3, 1, 6, tzinfo=UTC)}, "sta"),
    ({"sta": datetime(2027, 3, 1, 5, tzinfo=UTC)}, "sta"),
    ({"sta": datetime(2027, 3, 2, 6, 1, tzinfo=UTC)}, "sta"),
    ({"std": datetime(1899, 12, 31, 23, tzinfo=UTC)}, "std"),
    ({"std": datetime(2200, 1, 1, tzinfo=UTC)}, "std"),
    ({"std": datetime.max.replace(tzinfo=timezone(-timedelta(hours=1)))}, "std"),
    ({"adep": "KEWX"}, "adep"),
    ({"ades": ""}, "ades"),
    ({"altn": "NOWHERE"}, "altn"),
    ({"altn2": "\x00"}, "altn2"),
    ({"number": "EV 38100000"}, "number"),
    ({"number": "EV\x00"}, "number"),
    ({"notes": "a\x00b"}, "notes"),
    ({"notes": "\ud800"}, "notes"),
    ({"notes": "x" * 10_001}, "notes"),
    ({"flight_type": "HOLIDAY"}, "flight_type"),
    ({"regulation": "PART_1"}, "regulation"),
    ({"flight_rules": "IFR"}, "flight_rules"),
    ({"sales_type": "pax"}, "sales_type"),
    ({"status": "MAYBE"}, "status"),
    ({"pax_count": -1}, "pax_count"),
    ({"pax_count": 901}, "pax_count"),
    ({"pax_count": 1, "pax_by_category": {"male": 2}}, "pax_count"),
    ({"pax_by_category": {"dog": 1}}, "pax_by_category"),
    ({"pax_list": (Passenger(name=" "),)}, "pax_list.0.name"),
    ({"crew": {"CAPTAIN OF THE SHIP": "ABC"}}, "crew"),
    ({"crew": {"CPT": "A"}}, "crew.CPT"),
    ({"cargo_kg": -1}, "cargo_kg"),
    ({"catering_kg": 10**12}, "catering_kg"),
    ({"aircraft_id": 1}, "aircraft_id"),
    ({"aircraft_id": 10**30}, "aircraft_id"),
]


@pytest.mark.parametrize(("wrong", "field"), _WRONG)
def test_wrong_input_is_refused_by_field_wherever_it_is_entered(world, all_rows, wrong, field):
    flight = world.flight()
    before = all_rows()
    if field == "std":
        wrong = {"sta": flight.sta, **wrong}
    with pytest.raises(Invalid) as refusal:
        world.flight(**wrong)
    assert fields_of(refusal) == {f"flights.0.{field}"}
    with pytest.raises(Invalid) as refusal:
        commands.add_flight(world.ops, flight.trip_id, world.leg(**wrong))
    assert fields_of(refusal) == {field}
    with pytest.raises(Invalid) as refusal:
        commands.change_flight(world.ops, flight.id, FlightEdit(**wrong))
    assert field in fields_of(refusal)
    assert all_rows() == before


def test_everything_wrong_is_said_at_once(world, monday):
    with pytest.raises(Invalid) as refusal:
        world.flight(adep="KEWX", std=datetime(2027, 3, 1), sta=monday, number="?", cargo_kg=-5)  # noqa: DTZ001
    assert fields_of(refusal) == {f"flights.0.{f}" for f in ("adep", "std", "number", "cargo_kg")}


def test_a_flight_of_exactly_a_day_is_fine(world, monday):
    assert world.flight(std=monday, sta=monday + timedelta(hours=24)).sta == monday + timedelta(days=1)


def test_a_retired_aircraft_takes_no_new_flights_but_its_old_ones_can_be_edited(world):
    flight = world.flight()
    retire_aircraft(world.admin, world.aircraft[0].id)
    with pytest.raises(Invalid, match="N14923 is retired"):
        world.flight()
    edit = FlightEdit(aircraft_id=world.aircraft[0].id, notes="done")
    assert commands.change_flight(world.ops, flight.id, edit).notes == "done"


def test_a_trip_is_changed_and_says_what_it_touches(world):
    flight = world.flight()
    after = commands.change_trip(
        world.ops, flight.trip_id, TripEdit(client="Bo", booked_from=("avinode:1", "avinode:1"))
    )
    assert (after.client, after.booked_from) == ("Bo", ("avinode:1",))
    units = trail(world.id, subject=Unit(UnitKind.TRIP, flight.trip_id))[0].units
    assert set(units) == {f"trip:{flight.trip_id}", f"flight:{flight.id}", f"aircraft:{flight.aircraft_id}"}


def test_reading_a_trip_costs_the_same_however_many_flights(world, monday):
    legs = [world.leg(std=monday + timedelta(hours=3 * n), sta=monday + timedelta(hours=3 * n + 2)) for n in range(8)]
    small, large = world.trip(*legs[:1]), world.trip(*legs)
    for trip in (small, large):
        with CaptureQueriesContext(connection) as statements:
            assert len(queries.trip(world.id, trip.id).flights) == len(trip.flights)
        assert len(statements) == 10
    with CaptureQueriesContext(connection) as statements:
        assert len(queries.flights(world.id, [flight.id for flight in large.flights])) == 8
    assert len(statements) == 9
    assert queries.trip_by_number(world.id, large.number.lower()) == large


def test_ids_out_of_range_are_not_found(world):
    for strange in (0, -1, 2**63, 10**30):
        with pytest.raises(NotFound):
            queries.flight(world.id, strange)
        with pytest.raises(NotFound):
            queries.trip(world.id, strange)
        with pytest.raises(NotFound):
            queries.event(world.id, strange)
        with pytest.raises(NotFound):
            commands.change_flight(world.ops, strange, FlightEdit(notes="x"))


def test_the_inputs_are_frozen(world):
    with pytest.raises(AttributeError):
        world.leg().adep = "KTEB"
    assert TripInput().flights == ()
    assert isinstance(world.leg(), FlightInput)
