"""An operator with a subsidiary, another operator, two handlers, their people, and a flight with an order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.hashers import make_password
from django.test import Client
from django.utils import timezone

from connect.flights.models import Flight
from connect.orders.models import Line, Order, Slot
from connect.parties.models import Aircraft, Airport, CatalogueService, Organisation, Right, User
from connect.parties.queries import actor_for
from connect.parties.rights import EVERYTHING, Actor

PASSWORD = "a-long-enough-one"
SOON = (datetime.now(UTC) + timedelta(days=3)).replace(hour=8, minute=15, second=0, microsecond=0)


@dataclass
class Town:
    """Everybody, by short names."""

    operator: Organisation
    subsidiary: Organisation
    stranger: Organisation
    handler: Organisation
    rival: Organisation
    flight: Flight
    order: Order
    people: dict[str, User]

    def actor(self, name: str) -> Actor:
        return actor_for(User.objects.get(id=self.people[name].id))

    def again(self) -> Order:
        """The order as it stands now."""
        return Order.objects.select_related("slot").get(id=self.order.id)


def organisation(kind: str, name: str, **more: object) -> Organisation:
    email = f"ops@{name.lower().replace(' ', '-')}.example"
    return Organisation.objects.create(kind=kind, name=name, email=email, **more)


def person(name: str, where: Organisation, rights: dict[str, frozenset[str]], password: str) -> User:
    email = f"{name}@connect.example"
    made = User.objects.create(email=email, name=name.title(), organisation=where, password=password)
    Right.objects.bulk_create(Right(user=made, module=module, acts=sorted(acts)) for module, acts in rights.items())
    return made


@pytest.fixture(autouse=True)
def hash_quickly(settings: Any) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def town(db: None) -> Town:
    password = make_password(PASSWORD)
    Airport.objects.bulk_create(
        [Airport(icao="EPWA", name="Warsaw", slot_required=True), Airport(icao="LSZH", name="Zurich")],
        ignore_conflicts=True,
    )
    operator = organisation("operator", "Demo Air")
    subsidiary = organisation("operator", "Demo Air Malta", main=operator)
    stranger = organisation("operator", "Other Air")
    handler = organisation("handler", "Blue Apron", stations=["EPWA", "LSZH"])
    rival = organisation("handler", "Red Ramp", stations=["EPWA"])
    Aircraft.objects.create(organisation=operator, registration="9Z-ABC", icao_type="PC24")
    CatalogueService.objects.create(organisation=handler, title="GPU", price=90)
    where = {"olga": operator, "sven": stranger, "hana": handler, "rita": rival, "nora": operator, "noel": handler}
    people = {
        name: person(name, one, {} if name in ("nora", "noel") else EVERYTHING, password) for name, one in where.items()
    }
    operator.operations_contact = people["olga"]
    operator.save()
    flight = Flight.objects.create(
        operator=operator, organisation=operator, nid=7001, state=Flight.SYNCHRONISED, flight_no="ZZA1",
        trip_number="T-31", registration="9Z-ABC", icao_type="PC24", adep="EPWA", ades="LSZH", std=SOON,
        sta=SOON + timedelta(hours=2), pax=4, crew=2, submission=1, applied_at=timezone.now(),
    )  # fmt: skip
    return Town(operator, subsidiary, stranger, handler, rival, flight, an_order(flight, handler), people)


def an_order(flight: Flight, handler: Organisation, number: str = "ORD-20310407-0031") -> Order:
    order = Order.objects.create(
        number=number, flight=flight, side="ADEP", airport="EPWA", handler=handler, created_at=timezone.now()
    )
    for at, service in enumerate(("HANDLING_ADEP", "GPU_ADEP")):
        title = service.removesuffix("_ADEP").capitalize()
        Line.objects.create(order=order, service=service, title=title, details="two, please", position=at)
    Slot.objects.create(order=order)
    return order


@pytest.fixture
def sign_in(town: Town) -> Callable[[str], Client]:
    """A browser of somebody, signed in; each has one."""
    made: dict[str, Client] = {}

    def of(name: str) -> Client:
        if name not in made:
            made[name] = Client()
            made[name].force_login(User.objects.get(id=town.people[name].id))
        return made[name]

    return of
