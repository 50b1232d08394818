"""What the rules refuse, the database refuses too: rows written past the commands.

And a row of one operator never points at a row of another.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from airstair.changes.keys import next_ids
from airstair.records.fleet.models import Aircraft
from airstair.records.flights import commands
from airstair.records.flights.models import AircraftEvent, BlockTimes, EmptyLeg, Flight, FlightService, Trip
from airstair.records.operators.models import Membership, Operator, Subsidiary, User
from airstair.records.operators.rules import Role
from airstair.records.places.models import AirportOverride


def refused(write: Any) -> str:
    """Run it to the point of commit; the name of the constraint that refuses it, or nothing."""
    try:
        with transaction.atomic():
            write()
            connection.check_constraints()  # what waits for the commit: references
    except IntegrityError as refusal:
        diag = getattr(refusal.__cause__, "diag", None)
        return str(diag.constraint_name) if diag else "unknown"
    return ""


class Rows:
    """One row of every table, of one operator."""

    def __init__(self, world: Any) -> None:
        self.world = world
        self.flight = world.flight()
        commands.mark_empty_leg(world.ops, self.flight.id, commands.EmptyLegInput())
        times = commands.TimesInput(off_block=self.flight.std, on_block=self.flight.sta)
        commands.set_times(world.ops, self.flight.id, "journey_log", times)
        service = commands.ServiceInput(airport="KEWR", kind="FUEL", provider_id="1", provider_name="F")
        commands.set_services(world.ops, self.flight.id, (service,))
        self.event = world.event()

    def update(self, model: Any, **values: Any) -> Any:
        return lambda: model.objects.filter(operator_id=self.world.id).update(**values)


HOUR = timedelta(hours=1)
_BREACHES: list[tuple[str, Any]] = [
    ("flights_flight_times", lambda r: r.update(Flight, sta=r.flight.std)),
    ("flights_flight_longest", lambda r: r.update(Flight, sta=r.flight.std + 24 * HOUR + HOUR / 60)),
    ("flights_flight_deleted", lambda r: r.update(Flight, deleted=True)),
    ("flights_flight_ferry_pax", lambda r: r.update(Flight, ferry=True, pax_count=1)),
    ("flights_flight_status", lambda r: r.update(Flight, status="MAYBE")),
    ("flights_flight_flight_type", lambda r: r.update(Flight, flight_type="HOLIDAY")),
    ("flights_flight_regulation", lambda r: r.update(Flight, regulation="PART_1")),
    ("flights_flight_flight_rules", lambda r: r.update(Flight, flight_rules="X")),
    ("flights_flight_sales_type", lambda r: r.update(Flight, sales_type="CREW")),
    ("flights_trip_status", lambda r: r.update(Trip, status="MAYBE")),
    ("flights_event_times", lambda r: r.update(AircraftEvent, end=r.event.start)),
    ("flights_event_longest", lambda r: r.update(AircraftEvent, end=r.event.start + timedelta(days=733))),
    ("flights_event_kind", lambda r: r.update(AircraftEvent, kind="PARTY")),
    ("flights_service_kind", lambda r: r.update(FlightService, kind="PARTY")),
    ("flights_service_served", lambda r: r.update(FlightService, served="DOG")),
    ("flights_block_times_book", lambda r: r.update(BlockTimes, book="diary")),
    ("flights_block_times_order", lambda r: r.update(BlockTimes, on_block=r.flight.std - HOUR)),
    ("flights_block_times_order", lambda r: r.update(BlockTimes, take_off=r.flight.std - HOUR)),
    ("flights_block_times_order", lambda r: r.update(BlockTimes, landing=r.flight.std - HOUR)),
    ("flights_block_times_order", lambda r: r.update(BlockTimes, take_off=r.flight.sta + HOUR)),
    ("flights_block_times_order", lambda r: r.update(BlockTimes, landing=r.flight.sta + HOUR)),
    (
        "flights_block_times_order",
        lambda r: r.update(BlockTimes, take_off=r.flight.std + HOUR, landing=r.flight.std),
    ),
    (
        "flights_empty_leg_window",
        lambda r: r.update(
            EmptyLeg, marketing_start=r.flight.std, marketing_end=r.flight.std + timedelta(days=5, minutes=1)
        ),
    ),
    ("flights_empty_leg_window", lambda r: r.update(EmptyLeg, marketing_start=r.flight.std)),
    ("flights_empty_leg_window", lambda r: r.update(EmptyLeg, marketing_end=r.flight.std)),
    (
        "flights_empty_leg_window",
        lambda r: r.update(EmptyLeg, marketing_start=r.flight.std, marketing_end=r.flight.std),
    ),
    ("flights_empty_leg_price", lambda r: r.update(EmptyLeg, price=-1, currency="EUR")),
    ("flights_empty_leg_price", lambda r: r.update(EmptyLeg, price=1)),
    ("flights_empty_leg_verified", lambda r: r.update(EmptyLeg, verified_at=r.flight.std)),
    (
        "flights_empty_leg_verified",
        lambda r: r.update(EmptyLeg, verified_at=r.flight.std, verified_by_name="A rule"),
    ),
    (
        "flights_empty_leg_verified",
        lambda r: r.update(EmptyLeg, verified_at=r.flight.std, verified_by=int(r.world.ops.key)),
    ),
    (
        "flights_empty_leg_verifier",
        lambda r: r.update(EmptyLeg, verified_at=r.flight.std, verified_by=10**9, verified_by_name="Nobody"),
    ),
    ("fleet_aircraft_written", lambda r: r.update(Aircraft, registration="n 1")),
    ("fleet_aircraft_registration", lambda r: r.update(Aircraft, registration="N1")),
    ("places_airport_code", lambda r: r.update(AirportOverride, code="1ABC")),
    ("places_airport_position", lambda r: r.update(AirportOverride, latitude=91)),
    ("operators_membership_role", lambda r: r.update(Membership, role="boss")),
    ("operators_membership_code", lambda r: r.update(Membership, code="AAA")),
    ("operators_operator_code", lambda r: lambda: Operator.objects.filter(id=r.world.id).update(code="x")),
    ("operators_user_email_ci", lambda r: lambda: User.objects.create(email="OPS@kxa.example", name="Again")),
    (
        "flights_trip_number",
        lambda r: lambda: Trip.objects.create(operator_id=r.world.id, id=next_ids(1)[0], number=r.flight.trip_number),
    ),
    (
        "flights_block_times_once",
        lambda r: (
            lambda: BlockTimes.objects.create(
                operator_id=r.world.id, id=next_ids(1)[0], flight_id=r.flight.id, book="journey_log", source="x"
            )
        ),
    ),
    (
        "operators_subsidiary_name",
        lambda r: lambda: Subsidiary.objects.create(operator_id=r.world.id, id=next_ids(1)[0], name="SISTER company"),
    ),
    (
        "places_airport_override_code",
        lambda r: (
            lambda: AirportOverride.objects.create(
                operator_id=r.world.id, id=next_ids(1)[0], code="XFLD", name="x", latitude=0, longitude=0
            )
        ),
    ),
]


@pytest.mark.parametrize(("constraint", "breach"), _BREACHES, ids=[f"{at}-{b[0]}" for at, b in enumerate(_BREACHES)])
def test_the_database_refuses_what_the_rules_refuse(world, constraint, breach):
    rows = Rows(world)
    assert refused(lambda: None) == ""
    assert refused(breach(rows)) == constraint


@pytest.mark.req("AVI-19")
def test_the_limit_itself_is_allowed_by_the_database(world):
    rows = Rows(world)
    window = {"marketing_start": rows.flight.std, "marketing_end": rows.flight.std + timedelta(days=5)}
    assert refused(rows.update(EmptyLeg, **window)) == ""


def test_an_import_key_names_one_flight(world):
    first, second = world.flight(), world.flight()
    of_world = Flight.objects.filter(operator_id=world.id)
    of_world.filter(id=first.id).update(import_key="k")
    assert refused(lambda: of_world.filter(id=second.id).update(import_key="k")) == "flights_flight_import_key"


# --- references inside one operator ----------------------------------------------------------------------------

_REFERENCES: list[tuple[str, Any]] = [
    ("flights_flight_aircraft", lambda r, o: r.update(Flight, aircraft_id=o.world.aircraft[0].id)),
    ("flights_flight_trip", lambda r, o: r.update(Flight, trip_id=o.flight.trip_id)),
    ("flights_event_aircraft", lambda r, o: r.update(AircraftEvent, aircraft_id=o.world.aircraft[0].id)),
    ("flights_service_flight", lambda r, o: r.update(FlightService, flight_id=o.flight.id)),
    ("flights_block_times_flight", lambda r, o: r.update(BlockTimes, flight_id=o.flight.id)),
    ("flights_empty_leg_flight", lambda r, o: r.update(EmptyLeg, id=o.flight.id)),
    ("fleet_aircraft_subsidiary", lambda r, o: r.update(Aircraft, subsidiary_id=o.world.subsidiary.id)),
    (
        "operators_membership_user",
        lambda r, o: (
            lambda: Membership.objects.filter(operator_id=r.world.id, role=Role.OPS.value).update(user_id=10**9)
        ),
    ),
]


@pytest.mark.parametrize(("constraint", "breach"), _REFERENCES, ids=[r[0] for r in _REFERENCES])
def test_no_row_points_at_another_operators(world, other, constraint, breach):
    assert refused(breach(Rows(world), Rows(other))) == constraint


@pytest.mark.parametrize(
    ("model", "values"),
    [
        (Trip, {"number": "T1"}),
        (Subsidiary, {"name": "S"}),
        (AirportOverride, {"code": "XAAA", "name": "x", "latitude": 0, "longitude": 0}),
        (Aircraft, {"registration": "N1", "home_base": "KEWR"}),
    ],
)
def test_every_row_belongs_to_an_operator_that_there_is(world, model, values):
    constraint = f"{model._meta.db_table}_operator"
    assert refused(lambda: model.objects.create(operator_id=10**9, id=next_ids(1)[0], **values)) == constraint


def test_what_is_referred_to_cannot_be_deleted_past_the_commands(world):
    rows = Rows(world)
    for model, constraint in ((Aircraft, "flights_"), (Trip, "flights_flight_trip"), (User, "operators_membership")):
        target = model.objects.all() if model is User else model.objects.filter(operator_id=world.id)
        with connection.cursor() as cursor:
            table = model._meta.db_table
            assert refused(lambda table=table, c=cursor: c.execute(f"DELETE FROM {table}")).startswith(constraint)
        assert target.exists()
    assert rows.flight.id
