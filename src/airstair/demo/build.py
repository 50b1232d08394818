"""Making the demo operator."""

from __future__ import annotations

import contextlib
from datetime import UTC, date, datetime, time
from importlib.resources import as_file, files

import msgspec
from django.db import transaction

from airstair.demo.extras import add_extras
from airstair.demo.flying import add_flown
from airstair.demo.handling import add_handling
from airstair.demo.people import add_people
from airstair.demo.rostering import add_rostering
from airstair.kernel.actor import Actor
from airstair.kernel.clock import Clock, ManualClock
from airstair.kernel.errors import NotFound
from airstair.kernel.scope import all_operators, operator_scope
from airstair.records.fleet.imports import import_fleet
from airstair.records.flights.imports import import_flights
from airstair.records.operators.commands import create_operator
from airstair.records.operators.people import invite_user
from airstair.records.operators.queries import actor_for_user, cli_actor, members, operator_by_code
from airstair.records.operators.rules import Role

CODE = "DEMO"
HOME_BASE = "KEWR"
DEMO_PASSWORD = "first-steps-2013"  # noqa: S105 (printed at every start: it opens the demo and nothing else)
FLEET, FLIGHTS = "fleet_2013-03.csv", "flights_2013-03.csv"


class DemoUser(msgspec.Struct, frozen=True):
    """Somebody who can sign in to the demo, with `DEMO_PASSWORD`."""

    email: str
    name: str
    code: str
    role: Role


ADMIN = DemoUser("demo@airstair.example", "Dana Admin", "DAN", Role.ADMIN)
DISPATCHER = DemoUser("dispatch@airstair.example", "Olga Dispatcher", "OLG", Role.OPS)
READER = DemoUser("guest@airstair.example", "Gus Guest", "GUS", Role.READ_ONLY)


class Demo(msgspec.Struct, frozen=True, kw_only=True):
    """The demo operator. `made` is false when it was there already; the counts are then nought."""

    operator_id: int
    code: str
    users: tuple[DemoUser, ...]
    password: str
    made: bool
    aircraft: int = 0
    flights: int = 0
    extras: dict[str, int] = {}


def build_demo(today: date, clock: Clock | None = None) -> Demo:
    """Make the demo operator, in one transaction; does nothing when it exists.

    The flights are centred on `today`. `clock` tells the time; without it, it is noon UTC of that day.
    """
    now = clock or ManualClock(datetime.combine(today, time(12), UTC))
    people = (ADMIN, DISPATCHER, READER)
    with all_operators(), contextlib.suppress(NotFound):
        operator_id = operator_by_code(CODE).id
        return Demo(operator_id=operator_id, code=CODE, users=people, password=DEMO_PASSWORD, made=False)
    with transaction.atomic():
        with all_operators():
            operator_id = _operator()
        with operator_scope(operator_id):
            fleet, flights = _import(cli_actor(operator_id), today, now)
            extras = add_extras(person(operator_id, ADMIN), person(operator_id, DISPATCHER), today, now)
            extras |= add_people(person(operator_id, ADMIN), today, HOME_BASE)
            extras |= add_rostering(person(operator_id, ADMIN), today, now)
            extras |= add_flown(person(operator_id, ADMIN), today, now.now())
            extras |= add_handling(person(operator_id, ADMIN), person(operator_id, DISPATCHER), today)
    return Demo(
        operator_id=operator_id,
        code=CODE,
        users=people,
        password=DEMO_PASSWORD,
        made=True,
        aircraft=fleet,
        flights=flights,
        extras=extras,
    )


def _operator() -> int:
    operator_id = create_operator(
        code=CODE,
        name="Demo Air Charter",
        admin_email=ADMIN.email,
        admin_name=ADMIN.name,
        admin_password=DEMO_PASSWORD,
        icao_code="DMO",
        base_time_zone="America/New_York",
        trip_prefix="D",
        ops_email="ops@airstair.example",
        sales_email="sales@airstair.example",
    ).id
    actor = cli_actor(operator_id)
    for user in (DISPATCHER, READER):
        invite_user(actor, user.email, user.name, user.code, user.role.value, DEMO_PASSWORD)
    return operator_id


def _import(actor: Actor, today: date, clock: Clock) -> tuple[int, int]:
    """Number of aircraft and of flights that came in."""
    folder = files("airstair.demo")
    with as_file(folder / FLEET) as path:
        aircraft = import_fleet(actor, path, home_base=HOME_BASE)
    with as_file(folder / FLIGHTS) as path:
        flights = import_flights(actor, path, centre_on=today, clock=clock)
    return aircraft.new, flights.new


def person(operator_id: int, user: DemoUser) -> Actor:
    """One of the demo's people, to act as they would."""
    found = next(member for member in members(operator_id) if member.email == user.email)
    return actor_for_user(found.user_id, operator_id)
