"""Who may do what: every command by the wrong party, without the right, and with input that is no good."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest
from msgspec.structs import replace

from connect.errors import ConnectError, Forbidden, Invalid, NotFound, Refused
from connect.flights import queries as flights
from connect.flights.commands import FlightEdit, change_flight
from connect.orders import commands, queries
from connect.orders.models import Event
from connect.orders.queries import OrderFilter
from connect.orders.words import Payment, Side
from connect.parties import commands as parties
from connect.parties.queries import fleet, people
from connect.parties.rights import EVERYTHING, Actor
from connect.sync import connecting
from connect.sync import queries as sync

from .places import NOW, STD, fresh
from .world import World, heard_of_them, make_world

pytestmark = pytest.mark.django_db


class Placed:
    """A world with one flight and its two orders."""

    def __init__(self) -> None:
        self.world: World = make_world()
        state = fresh(heard_of_them(), self.world.register())
        unwritten = replace(state, orders=tuple(replace(one, id=None) for one in state.orders))
        self.flight = self.world.put(unwritten, 70)
        self.order = self.flight.orders.get(side="ADEP")
        self.line = self.order.lines.first()
        assert self.line is not None


@pytest.fixture
def placed() -> Placed:
    return Placed()


def handlers(one: Placed) -> dict[str, Callable[[Actor], object]]:
    """What the order's handler may do, ready to be called by anybody."""
    number, line = one.order.number, one.line.id
    price = {line: commands.LinePrice(Decimal(1), Decimal(5))}
    clock = lambda: NOW  # noqa: E731
    return {
        "acknowledge": lambda actor: commands.acknowledge(actor, number, clock),
        "price": lambda actor: commands.price(actor, number, price, commands.BANK, now=clock),
        "add": lambda actor: commands.add_line(actor, number, "Fee", Decimal(1), Decimal(9), clock),
        "remove": lambda actor: commands.remove_line(actor, number, line, clock),
        "slot": lambda actor: commands.answer_slot(actor, number, "S", STD, STD, clock),
        "no slot": lambda actor: commands.cancel_slot(actor, number, clock),
        "send": lambda actor: commands.send(actor, number, clock),
        "convert": lambda actor: commands.convert(actor, number, clock),
        "plan": lambda actor: commands.plan(actor, number, [line], clock),
        "deliver": lambda actor: commands.deliver(actor, number, [line], clock),
        "close": lambda actor: commands.deliver(actor, number, None, clock),
    }


def operators(one: Placed) -> dict[str, Callable[[Actor], object]]:
    """What the operator may do."""
    number, flight = one.order.number, one.flight.id
    edit = FlightEdit(std=STD, sta=STD + timedelta(hours=1))
    lines = [commands.NewLine("Hangar")]
    clock = lambda: NOW  # noqa: E731
    return {
        "confirm": lambda actor: commands.confirm(actor, number, None, clock),
        "accept": lambda actor: commands.accept_slot(actor, number, clock),
        "claim": lambda actor: commands.claim_refund(actor, number, clock),
        "direct": lambda actor: commands.direct_order(actor, flight, "ADEP", one.world.blue.id, lines, clock),
        "change": lambda actor: change_flight(actor, flight, edit, clock),
        "trip": lambda actor: queries.trip(actor, flight),
        "flight": lambda actor: flights.flight(actor, flight),
    }


def either(one: Placed) -> dict[str, Callable[[Actor], object]]:
    number = one.order.number
    return {
        "order": lambda actor: queries.order(actor, number),
        "pay": lambda actor: commands.record_payment(actor, number, Payment.SUCCEEDED),
        "cancel": lambda actor: commands.cancel(actor, number),
    }


def test_nobody_does_what_is_not_theirs(placed: Placed) -> None:
    world, events = placed.world, Event.objects.count()
    strangers = [world.harbour_desk, world.stranger, world.stranger_desk]
    for call in {**handlers(placed), **operators(placed), **either(placed)}.values():
        for actor in strangers:
            with pytest.raises(NotFound):
                call(actor)
    for name, call in handlers(placed).items():
        with pytest.raises((NotFound, Refused)) as refusal:
            call(world.admin)
        assert isinstance(refusal.value, NotFound) or name in ("plan", "deliver", "close"), name
    for call in operators(placed).values():
        with pytest.raises((NotFound, Refused)):
            call(world.desk)
    for call in [*handlers(placed).values(), *either(placed).values()]:
        with pytest.raises(Forbidden):
            call(replace(world.desk, rights={}))
    for call in operators(placed).values():
        with pytest.raises(Forbidden):
            call(replace(world.admin, rights={}))
    assert Event.objects.count() == events


def test_the_connection_is_the_main_organisations(placed: Placed) -> None:
    world = placed.world
    below = replace(world.admin, organisation_id=world.aviation.id)
    calls: list[Callable[[Actor], object]] = [
        lambda actor: connecting.begin(actor, "https://x.example", "id", "secret"),
        lambda actor: connecting.set_enabled(actor, True),
        lambda actor: connecting.disconnect(actor),
    ]
    for call in calls:
        for actor, refusal in ((world.desk, NotFound), (below, Refused), (replace(world.admin, rights={}), Forbidden)):
            with pytest.raises(refusal):
                call(actor)
    with pytest.raises(NotFound):
        sync.connection(world.desk)
    with pytest.raises(NotFound):
        connecting.set_enabled(world.stranger, True)


def test_each_sees_its_own_and_no_more(placed: Placed) -> None:
    world = placed.world
    everything = OrderFilter(live=False)
    assert [one.side for one in queries.orders(world.desk, everything)] == ["ADEP"]
    assert [one.side for one in queries.orders(world.harbour_desk, everything)] == ["ADES"]
    assert len(queries.orders(world.admin, everything)) == 2
    assert queries.orders(world.stranger, everything) == queries.orders(world.stranger_desk, everything) == []
    below = replace(world.admin, organisation_id=world.aviation.id)
    beside = replace(world.admin, organisation_id=world.operator.id + 10_000)
    assert len(queries.orders(below, everything)) == 2 and queries.orders(beside, everything) == []
    assert flights.flights(world.desk, None, None) == [] and len(flights.flights(world.admin, None, None)) == 1
    assert {event.order_id for event in queries.events(world.desk, placed.order)} <= {placed.order.id, None}
    assert [one.registration for one in fleet(world.admin)] == ["N123AB"] and fleet(world.stranger) == []
    assert len(people(world.admin)) == 1 and sync.flight_count(world.stranger) == 0
    assert queries.allowed(world.desk, placed.order) == {"acknowledge", "price", "send", "convert", "cancel", "slot"}
    assert queries.allowed(world.admin, placed.order) == {"cancel"}
    before = queries.version(world.desk), queries.version(world.stranger)
    commands.acknowledge(world.desk, placed.order.number)
    assert queries.version(world.desk) != before[0] and queries.version(world.stranger) == before[1]


def test_prices_and_terms_that_are_no_good_are_refused_whole(placed: Placed) -> None:
    desk, number, line = placed.world.desk, placed.order.number, placed.line.id
    for quantity, price in (("0", "1"), ("-1", "1"), ("NaN", "1"), ("1", "-0.01"), ("1", "Infinity"), ("1", "1e8")):
        with pytest.raises(Invalid):
            wrong = {line: commands.LinePrice(Decimal(quantity), Decimal(price))}
            commands.price(desk, number, wrong)
    with pytest.raises(Invalid):
        commands.price(desk, number, {}, terms="On trust")
    with pytest.raises(NotFound):
        commands.price(desk, number, {0: commands.LinePrice(Decimal(1), Decimal(1))})
    with pytest.raises(Invalid):
        commands.send(desk, number)
    commands.price(desk, number, {line: commands.LinePrice(Decimal(1), Decimal(10))}, terms="Card")
    with pytest.raises(Refused, match="without the operator"):
        commands.convert(desk, number)
    with pytest.raises(Refused, match="asks for this"):
        commands.remove_line(desk, number, line)
    with pytest.raises(Invalid):
        commands.answer_slot(desk, number, "S", STD, STD - timedelta(minutes=1))
    placed.line.refresh_from_db()
    assert placed.line.price == 10


def test_organisations_and_people(placed: Placed) -> None:
    world = placed.world
    edit = parties.OrganisationEdit(name="Demo Air", email="x@demo.example")
    for actor in (world.desk, world.stranger):
        for call in (
            lambda actor: parties.create_organisation(actor, "operator", edit, world.operator.id),
            lambda actor: parties.change_organisation(actor, edit, world.operator.id),
            lambda actor: parties.add_aircraft(actor, world.operator.id, "N1", "C172"),
            lambda actor: parties.set_rights(actor, world.admin.user_id, EVERYTHING),
            lambda actor: parties.set_operations_contact(actor, world.admin.user_id),
            lambda actor: parties.remove_aircraft(actor, fleet(world.admin)[0].id),
            lambda actor: parties.set_slot_required(actor, "KTEB", True),
            lambda actor: parties.create_organisation(actor, "handler", edit),
        ):
            with pytest.raises(ConnectError):
                call(actor)
    with pytest.raises(Invalid, match="Another organisation"):
        parties.create_organisation(world.admin, "operator", replace(edit, name="demo AIR"), world.operator.id)
    with pytest.raises(Invalid, match="left"):
        parties.set_rights(world.admin, world.admin.user_id or 0, {"flights": frozenset({"VIEW"})})
    new = parties.NewPerson(email="new@demo.example", name="New", password="short")
    with pytest.raises(Invalid):
        parties.add_person(world.admin, world.operator.id, new)
    made = parties.add_person(world.admin, world.operator.id, replace(new, password="long-enough-for-all"))
    parties.set_rights(world.admin, made.id, {"orders": frozenset({"VIEW"})})
    assert [right.module for right in made.rights.all()] == ["orders"]
    service = parties.save_service(world.desk, parties.ServiceEdit(title="GPU", price=Decimal(40)))
    with pytest.raises(NotFound):
        parties.save_service(world.harbour_desk, parties.ServiceEdit(title="GPU"), service.id)
    parties.set_slot_required(world.desk, "KBOS", True)
    assert Side.ADEP == "ADEP"
