"""Two operators with people and aircraft, made with the commands themselves; and a picture of every row."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.apps import apps
from django.db import connection

from airstair.kernel.actor import Actor
from airstair.records.fleet.commands import AircraftInput, add_aircraft
from airstair.records.fleet.snapshots import AircraftFacts
from airstair.records.flights import commands
from airstair.records.flights.commands import EventInput, FlightInput, TripInput
from airstair.records.flights.facts import EventFacts, FlightFacts, TripFacts
from airstair.records.operators.commands import add_subsidiary, create_operator, invite_user
from airstair.records.operators.queries import actor_for_user, members
from airstair.records.operators.rules import Role
from airstair.records.operators.snapshots import MemberFacts
from airstair.records.places.commands import AirportEdit, set_airport_override

PASSWORD = "correct horse battery"
MONDAY = datetime(2027, 3, 1, tzinfo=UTC)


class World:
    """One operator, with somebody in every role and two aircraft."""

    def __init__(self, code: str, registrations: tuple[str, str]) -> None:
        self.code = code
        self.operator = create_operator(
            code=code,
            name=f"{code} Aviation",
            admin_email=f"admin@{code.lower()}.example",
            admin_name="Ada Admin",
            admin_password=PASSWORD,
        )
        self.id = self.operator.id
        self.members: dict[Role, MemberFacts] = {Role.ADMIN: members(self.id)[0]}
        self.admin = actor_for_user(self.members[Role.ADMIN].user_id, self.id)
        self.aircraft: tuple[AircraftFacts, AircraftFacts] = tuple(
            add_aircraft(
                self.admin,
                AircraftInput(
                    registration=registration, home_base="KEWR", cruise_speed_kt=430, taxi_minutes=15, climb_minutes=10
                ),
            )
            for registration in registrations
        )
        self.subsidiary = add_subsidiary(self.admin, "Sister Company")
        self.actors: dict[Role, Actor] = {Role.ADMIN: self.admin}
        for at, role in enumerate(Role):
            if role is Role.ADMIN:
                continue
            self.members[role] = invite_user(
                self.admin,
                f"{role}@{code.lower()}.example",
                f"{role.value.title()} Person",
                f"P{at}X",
                role,
                PASSWORD,
                aircraft_ids=(self.aircraft[0].id,) if role is Role.AIRCRAFT_OWNER else (),
            )
            self.actors[role] = actor_for_user(self.members[role].user_id, self.id)
        self.ops = self.actors[Role.OPS]
        self.strip = set_airport_override(
            self.admin, AirportEdit(code="XFLD", name="Own Field", latitude=40.0, longitude=-75.0)
        )

    def leg(self, **given: Any) -> FlightInput:
        """KEWR to KJAX on Monday at 06:00 for two hours and a half, unless said otherwise."""
        std = given.pop("std", MONDAY + timedelta(hours=6))
        values = {
            "aircraft_id": self.aircraft[0].id,
            "number": "EV3810",
            "adep": "KEWR",
            "ades": "KJAX",
            "std": std,
        }
        if "sta" not in given:
            values["sta"] = std + timedelta(minutes=150)
        return FlightInput(**{**values, **given})

    def trip(self, *legs: FlightInput, **given: Any) -> TripFacts:
        return commands.create_trip(self.ops, TripInput(flights=legs, **given))

    def flight(self, **given: Any) -> FlightFacts:
        return self.trip(self.leg(**given)).flights[0]

    def event(self, **given: Any) -> EventFacts:
        values = {
            "aircraft_id": self.aircraft[0].id,
            "kind": "MAINTENANCE",
            "airport": "KEWR",
            "start": MONDAY + timedelta(days=2),
            "end": MONDAY + timedelta(days=3),
            "title": "100 h check",
        }
        return commands.add_event(self.ops, EventInput(**{**values, **given}))


@pytest.fixture(autouse=True)
def _quick_passwords(settings: Any) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def world(db: None) -> World:
    return World("KXA", ("N14923", "SP-KXA"))


@pytest.fixture
def other(db: None) -> World:
    """Another operator, whose things must never be seen from `world`."""
    return World("ZZT", ("N99ZT", "D-ZZTA"))


@pytest.fixture
def monday() -> datetime:
    return MONDAY


@pytest.fixture
def all_rows() -> Callable[[], dict[str, list[tuple[Any, ...]]]]:
    """Every row of every table of the record and of the change log, to see that nothing moved."""
    tables = [
        model._meta.db_table
        for label in (
            "operators",
            "access",
            "places",
            "fleet",
            "flights",
            "people",
            "endorsements",
            "crewing",
            "checklist",
            "changes",
        )
        for model in apps.get_app_config(label).get_models()
    ]

    def read() -> dict[str, list[tuple[Any, ...]]]:
        found = {}
        with connection.cursor() as cursor:
            for table in tables:
                cursor.execute(f"SELECT t::text FROM {table} t ORDER BY 1")
                found[table] = cursor.fetchall()
        return found

    return read
