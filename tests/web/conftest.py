"""An operator with people, aircraft and flights, made with the commands; another beside it; and signed-in clients."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from playwright.sync_api import Browser, sync_playwright

from airstair.records.fleet.commands import AircraftInput, add_aircraft
from airstair.records.fleet.snapshots import AircraftFacts
from airstair.records.flights import commands
from airstair.records.flights.facts import FlightFacts, TripFacts
from airstair.records.operators.commands import create_operator, invite_user
from airstair.records.operators.queries import actor_for_user, cli_actor, members
from airstair.records.operators.rules import Role
from airstair.running.ports import free_port

PASSWORD = "correct horse battery"
MONDAY = datetime(2027, 3, 1, tzinfo=UTC)
CHROMIUM = os.environ.get("AIRSTAIR_CHROMIUM", "/usr/bin/chromium")


class House:
    """One operator with two aircraft and somebody in each role that a test asks for."""

    def __init__(self, code: str, registrations: tuple[str, str]) -> None:
        self.code = code
        self.operator = create_operator(
            code=code,
            name=f"{code} Aviation",
            admin_email=self.email("admin"),
            admin_name="Ada Admin",
            admin_password=PASSWORD,
        )
        self.id = self.operator.id
        self.admin = actor_for_user(members(self.id)[0].user_id, self.id)
        self.machine = cli_actor(self.id)
        self.aircraft: list[AircraftFacts] = [self.add_aircraft(one) for one in registrations]

    def email(self, name: str) -> str:
        return f"{name}@{self.code.lower()}.example"

    def add_aircraft(self, registration: str) -> AircraftFacts:
        wanted = AircraftInput(
            registration=registration, home_base="KEWR", icao_type="E145",
            cruise_speed_kt=430, taxi_minutes=15, climb_minutes=10,
        )  # fmt: skip
        return add_aircraft(self.admin, wanted)

    def invite(self, role: Role, name: str = "", **terms: Any) -> str:
        """Their email."""
        email = self.email(name or role.value.replace("_", "-"))
        taken = len(members(self.id))
        invite_user(
            self.admin, email, name or f"{role.value.title()} Person", f"P{taken}", role, PASSWORD,
            **({"aircraft_ids": (self.aircraft[0].id,)} if role is Role.AIRCRAFT_OWNER else {}) | terms,
        )  # fmt: skip
        return email

    def leg(self, **given: Any) -> commands.FlightInput:
        """KEWR to KJAX on Monday at 06:00 for two hours and a half, unless said otherwise."""
        std = given.pop("std", MONDAY + timedelta(hours=6))
        values = {"aircraft_id": self.aircraft[0].id, "number": "EV3810", "adep": "KEWR", "ades": "KJAX", "std": std}
        return commands.FlightInput(**{**values, "sta": std + timedelta(hours=2, minutes=30), **given})

    def trip(self, *legs: commands.FlightInput, **given: Any) -> TripFacts:
        return commands.create_trip(self.admin, commands.TripInput(flights=legs or (self.leg(),), **given))

    def flight(self, **given: Any) -> FlightFacts:
        return self.trip(self.leg(**given)).flights[0]


@pytest.fixture(autouse=True)
def _quick_and_fresh(settings: Any) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    cache.clear()


@pytest.fixture
def house(db: None) -> House:
    return House("KXA", ("N14923", "N16561"))


@pytest.fixture
def other_house(db: None) -> House:
    return House("ZZZ", ("D-CABC", "D-CXYZ"))


SignIn = Callable[..., Client]


@pytest.fixture
def sign_in(house: House) -> SignIn:
    """`sign_in(Role.OPS)`: a client of somebody in that role at the house, or of `email`."""

    def act(role: Role = Role.ADMIN, email: str = "", **terms: Any) -> Client:
        if not email:
            email = house.email("admin") if role is Role.ADMIN else house.invite(role, **terms)
        client = Client()
        answer = client.post("/sign-in", {"email": email, "password": PASSWORD})
        assert answer.status_code == 302, answer.content.decode()
        return client

    return act


@pytest.fixture
def live_port(transactional_db: None, settings: Any) -> Iterator[int]:
    """The live stream as a process of its own, on the test's database."""
    port = free_port(range(33_100, 33_700))
    database = connection.settings_dict
    address = f"postgresql://{database['USER']}@{database['HOST']}:{database['PORT']}/{database['NAME']}"
    if database["PASSWORD"]:
        address = address.replace("@", f":{database['PASSWORD']}@", 1)
    environ = {
        **os.environ,
        "AIRSTAIR_DATABASE_URL": address,
        "AIRSTAIR_SECRET_KEY": settings.SECRET_KEY,
        "DJANGO_SETTINGS_MODULE": "airstair.settings",
    }
    command = [sys.executable, "-m", "granian", "--interface", "asgi", "--host", "127.0.0.1", "--port", str(port)]
    process = subprocess.Popen([*command, "airstair.web.live.asgi:application"], env=environ)
    try:
        _wait_until_ready(f"http://127.0.0.1:{port}/healthz/ready", process)
        settings.LIVE_URL = f"http://localhost:{port}"
        yield port
    finally:
        process.terminate()
        process.wait(20)


def _wait_until_ready(address: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(address, timeout=2) as answer:
                if answer.status == 200:
                    return
        except OSError:
            time.sleep(0.1)
    raise AssertionError("The live stream did not start.")


@pytest.fixture(scope="module")  # no longer: while it is open, no other module's coroutines can run in this thread
def chromium() -> Iterator[Browser]:
    before = os.environ.get("DJANGO_ALLOW_ASYNC_UNSAFE")
    # Playwright's synchronous interface keeps an event loop in this thread; the test itself is no coroutine.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    with sync_playwright() as play:
        flags = ["--no-sandbox"] if os.geteuid() == 0 else []
        browser = play.chromium.launch(executable_path=CHROMIUM, args=flags)
        yield browser
        browser.close()
    if before is None:
        del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]
