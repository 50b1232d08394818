"""An operator with handlers and an application that it has connected; and another operator beside it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec
import pytest
from django.db import transaction
from tests.records.conftest import MONDAY, World

from airstair.kernel.actor import Actor, ActorKind
from airstair.records.access.commands import (
    ApplicationInput,
    GrantInput,
    first_tokens,
    grant_application,
    register_application,
)
from airstair.records.checklist import commands
from airstair.records.checklist.commands import HandlerInput, ServiceAnswer, Submission
from airstair.records.checklist.snapshots import HandlerFacts, ModuleFacts
from airstair.records.flights.facts import FlightFacts
from airstair.records.operators.rules import Right

SCOPE = "INTEGRATION_FLIGHT_SUPPORT"


class Support:
    """An application that supports flights, connected by one operator; and that operator's handlers."""

    def __init__(self, world: World, name: str = "Sky Desk") -> None:
        self.world, self.name = world, name
        made = register_application(
            ApplicationInput(name=name, redirect_uris=("https://desk.example/back",), scopes=(SCOPE,))
        )
        self.id = made.facts.id
        granted = grant_application(world.admin, GrantInput(application_id=self.id, scopes=(SCOPE,), all_aircraft=True))
        with transaction.atomic():
            first_tokens(granted, MONDAY + timedelta(days=3650))
        self.newark = self.handler("Blue Apron Handling", "KEWR", "desk@blueapron.example")
        self.jacksonville = self.handler("Harbour Jet Centre", "KJAX", "ops@harbourjet.example")

    @property
    def actor(self) -> Actor:
        return Actor(
            operator_id=self.world.id, kind=ActorKind.API, key=f"application:{self.id}", label=self.name,
            rights=frozenset({Right.SUPPORT_ANSWER}),
        )  # fmt: skip

    def handler(self, name: str, airport: str, email: str) -> HandlerFacts:
        return commands.add_handler(self.world.ops, HandlerInput(name=name, airports=(airport,), email=email))

    def submit(self, flight: FlightFacts, *services: str, **given: Any) -> ModuleFacts:
        wanted = Submission(
            adep_handler_id=self.newark.id,
            ades_handler_id=self.jacksonville.id,
            services=dict.fromkeys(services, ""),
        )
        return commands.submit(self.world.ops, flight.id, self.id, msgspec.structs.replace(wanted, **given))

    def answer(self, flight: FlightFacts, **designations: str) -> ModuleFacts:
        answers = [ServiceAnswer(service=one, designation=word, note="") for one, word in designations.items()]
        return commands.answer_services(self.actor, self.id, flight.id, answers)


@pytest.fixture(autouse=True)
def _quick_passwords(settings: Any) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def world(db: None) -> World:
    return World("KXA", ("N14923", "SP-KXA"))


@pytest.fixture
def other(db: None) -> World:
    return World("ZZT", ("N99ZT", "D-ZZTA"))


@pytest.fixture
def support(world: World) -> Support:
    return Support(world)
