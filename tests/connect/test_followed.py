"""Orders and slots as people move them, and flights as they change: each followed on the other side."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from msgspec.structs import replace

from connect.errors import Invalid, Refused
from connect.flights.models import Flight
from connect.orders import commands as orders
from connect.orders.models import Order
from connect.parties.commands import add_aircraft
from connect.parties.queries import installation
from connect.sync import connecting
from connect.wire.oauth import Tokens
from connect.wire.problems import NotAnswering

from .both import NID, Both
from .places import NOW, STD, facts
from .world import heard_of_them

pytestmark = pytest.mark.django_db
TWO_AT_75 = orders.LinePrice(Decimal(2), Decimal(75))


@pytest.fixture
def both() -> Both:
    return Both()


@pytest.mark.req("MFC-30", "MFC-23", "MFC-28", "MFC-63", "MFC-27")
def test_an_order_through_all_its_states_is_followed_in_the_checklist(both: Both) -> None:
    both.submitted()
    desk, admin = both.world.desk, both.world.admin
    number = both.order().number
    orders.acknowledge(desk, number, both.clock)
    both.server.tell()
    assert both.fake.status(NID, "FUEL_ADEP") == "CONFIRMED"
    prices = {line.id: orders.LinePrice(Decimal(1), Decimal(100)) for line in both.order().lines.all()}
    with pytest.raises(Invalid):
        orders.send(desk, number, both.clock)
    orders.price(desk, number, prices, terms="Card", now=both.clock)
    orders.send(desk, number, both.clock)
    both.server.tell()
    assert both.fake.note(NID, "FUEL_ADEP") == f"Order {number} · Awaiting customer confirmation"
    both.again(adep=replace(both.fake.flights[NID].adep, asked={**both.fake.flights[NID].adep.asked, "GPU_ADEP": ""}))
    assert both.fake.status(NID, "GPU_ADEP") == "NOT_REQUIRED"
    orders.confirm(admin, number, orders.Payment.REQUIRES_CAPTURE, both.clock)
    both.server.tell()
    assert both.fake.note(NID, "FUEL_ADEP") == f"Order {number} · Order in progress"
    orders.record_payment(desk, number, orders.Payment.SUCCEEDED, both.clock)
    with pytest.raises(Refused, match="refund"):
        orders.cancel(admin, number, now=both.clock)
    next_day = facts(std=STD + timedelta(days=1), sta=STD + timedelta(days=1, hours=1))
    both.fake.put(replace(both.fake.flights[NID], facts=next_day))
    both.round()
    assert both.order().status == "Order in progress" and "not cancelled" in both.fake.note(NID, "FUEL_ADEP")
    orders.claim_refund(admin, number, both.clock)
    orders.plan(desk, number, prices, both.clock)
    orders.deliver(desk, number, now=both.clock)
    both.server.tell()
    assert both.fake.note(NID, "FUEL_ADEP").startswith(f"Order {number} · Delivered")
    both.fake.put(replace(both.fake.flights[NID], cancelled=True))
    both.round()
    assert both.fake.status(NID, "EDIT") == both.fake.status(NID, "FUEL_ADEP") == "CANCELLED"
    assert both.order().status == "Delivered" and both.order("ADES").status == "Cancelled"


@pytest.mark.req("MFC-40", "MFC-41", "MFC-42", "MFC-43", "MFC-64")
def test_a_slot_is_proposed_accepted_and_approved(both: Both) -> None:
    both.submitted()
    number, desk, admin = both.order().number, both.world.desk, both.world.admin
    start = STD + timedelta(minutes=20)
    orders.answer_slot(desk, number, "EWR-4471", start, start + timedelta(minutes=15), both.clock)
    both.server.tell()
    assert both.fake.status(NID, "SLOT_ADEP") == "PENDING"
    assert both.fake.note(NID, "SLOT_ADEP") == "Slot EWR-4471 · Blue Apron Handling · 08:35Z–08:50Z · Proposal"
    orders.accept_slot(admin, number, both.clock)
    assert both.flight().std == STD, "the schedule is the operator's"
    both.fake.lose_answers = 1
    with pytest.raises(NotAnswering):
        both.server.tell()
    both.server.tell()
    both.server.tell()
    assert set(both.fake.proposed) == {(NID, "ADEP", "2031-04-07T08:35:00Z")}
    count = len(both.fake.proposed)
    both.fake.put(replace(both.fake.flights[NID], facts=facts(std=start, sta=STD + timedelta(hours=2))))
    both.round()
    assert both.fake.status(NID, "SLOT_ADEP") == "CONFIRMED"
    assert both.fake.note(NID, "SLOT_ADEP").endswith("08:35Z–08:50Z · Approved")
    assert len(both.fake.proposed) == count
    both.again(adep=replace(both.fake.flights[NID].adep, asked={"HANDLING_ADEP": ""}))
    assert both.fake.status(NID, "SLOT_ADEP") == "CANCELLED" and both.order().slot.status == "Cancelled"

    harbour = both.world.harbour_desk
    assert both.fake.status(NID, "HOTEL_ADES") == "PENDING"
    ades = both.order("ADES").number
    orders.answer_slot(harbour, ades, "DCA-1", STD, STD + timedelta(hours=4), both.clock)
    orders.cancel_slot(harbour, ades, both.clock)
    assert both.order("ADES").slot.status == "Cancelled"


@pytest.mark.req("MFC-41")
def test_no_slot_where_none_is_needed_unless_the_handler_brings_one(both: Both) -> None:
    both.fake.put(heard_of_them(NID, facts=facts(adep="KBOS")))
    both.round()
    assert both.fake.status(NID, "SLOT_ADEP") == "NOT_REQUIRED"
    orders.answer_slot(both.world.desk, both.order().number, "B-1", STD, STD + timedelta(minutes=9), both.clock)
    both.server.tell()
    assert both.fake.status(NID, "SLOT_ADEP") == "CONFIRMED"


@pytest.mark.req("MFC-29")
def test_a_direct_order_follows_the_flight_by_the_same_rules(both: Both) -> None:
    both.submitted()
    admin, flight = both.world.admin, both.flight()
    line = orders.NewLine("Hangar, two nights")
    with pytest.raises(Invalid):
        orders.direct_order(admin, flight.id, "ADEP", both.world.harbour.id, [line], both.clock)
    made = orders.direct_order(admin, flight.id, "ADEP", both.world.blue.id, [line], both.clock)
    orders.price(both.world.desk, made.number, {made.lines.get().id: TWO_AT_75}, orders.BANK)
    orders.convert(both.world.desk, made.number, both.clock)
    both.fake.put(
        replace(both.fake.flights[NID], facts=facts(std=STD + timedelta(hours=1), sta=STD + timedelta(hours=2)))
    )
    both.round()
    assert Order.objects.get(number=made.number).status == "Order in progress"
    both.again(adep=replace(both.fake.flights[NID].adep, asked={}))
    assert Order.objects.get(number=made.number).status == "Order in progress", "it is not the checklist's"
    day = timedelta(days=1)
    both.fake.put(replace(both.fake.flights[NID], facts=facts(std=STD + day, sta=STD + day + timedelta(hours=1))))
    both.round()
    assert Order.objects.get(number=made.number).status == "Cancelled"


@pytest.mark.req("MFC-71", "MFC-72")
def test_a_new_submission_after_a_swap_makes_a_new_flight_under_the_same_id(both: Both) -> None:
    both.submitted()
    add_aircraft(installation(), both.world.operator.id, "N999ZZ", "C56X")
    both.fake.put(replace(both.fake.flights[NID], facts=facts(registration="N999ZZ")))
    both.round()
    assert {both.fake.status(NID, service) for service in both.fake.answers[NID]} == {"CANCELLED"}
    assert "another aircraft" in both.fake.note(NID, "EDIT")
    both.again()
    assert Flight.objects.filter(nid=NID).count() == 2 and both.flight().organisation == both.world.operator
    assert both.fake.status(NID, "EDIT") == both.fake.status(NID, "HANDLING_ADEP") == "PENDING"
    assert f"/trips/{both.flight().id}/" in both.fake.note(NID, "EDIT")
    both.again()
    assert Flight.objects.filter(nid=NID).count() == 2 and Order.objects.filter(flight__nid=NID).count() == 4


@pytest.mark.req("MFC-60", "MFC-61", "MFC-70")
def test_the_schedule_is_followed_until_the_arrival(both: Both) -> None:
    both.submitted()
    later = facts(std=STD + timedelta(hours=1), sta=STD + timedelta(hours=2), pax=9, crew=3, flight_type="Private")
    both.fake.put(replace(both.fake.flights[NID], facts=replace(later, mission="Ambulance", flight_no="DMO14")))
    both.round()
    flight = both.flight()
    assert (flight.std, flight.pax, flight.crew, flight.flight_type) == (later.std, 9, 3, "Private")
    assert (flight.mission, flight.flight_no, both.order().status) == ("Ambulance", "DMO14", "Awaiting quote")

    both.now = STD + timedelta(hours=3)
    connecting.keep_tokens(both.failure(), Tokens(both.fake.access, both.fake.refresh, both.now + timedelta(hours=1)))
    both.fake.put(replace(both.fake.flights[NID], facts=replace(later, pax=1), cancelled=True))
    both.round()
    assert both.flight().pax == 9 and both.flight().state == Flight.SYNCHRONISED
    assert "after its arrival" in both.fake.note(NID, "EDIT") and both.order().status == "Awaiting quote"

    both.now = NOW
    both.round()
    both.fake.put(both.fake.flights[NID])
    both.round()
    assert both.flight().state == Flight.CANCELLED and both.order().status == "Cancelled"
    assert {both.fake.status(NID, service) for service in both.fake.answers[NID]} == {"CANCELLED"}


@pytest.mark.req("MFC-22", "MFC-26", "MFC-27")
def test_one_airport_is_unticked_and_submitted_again(both: Both) -> None:
    both.submitted()
    adep = both.fake.flights[NID].adep
    both.again(adep=replace(adep, asked={}))
    assert both.flight().state == Flight.SYNCHRONISED and both.order().status == "Cancelled"
    assert both.fake.status(NID, "HANDLING_ADEP") == "CANCELLED" and both.fake.status(NID, "HOTEL_ADES") == "PENDING"
    both.again(adep=replace(adep, asked={"FUEL_ADEP": ""}))
    assert both.fake.status(NID, "FUEL_ADEP") == "NOT_REQUIRED" and "handling" in both.fake.note(NID, "FUEL_ADEP")
    both.again(adep=adep)
    assert both.order().generation == 2 and both.fake.status(NID, "FUEL_ADEP") == "PENDING"
