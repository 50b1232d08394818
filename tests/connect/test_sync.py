"""Both sides over the wire: what is heard, what is told, and every way in which that goes wrong in between."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.core import mail
from msgspec.structs import replace

from connect.errors import Forbidden, Invalid, NotFound, Refused
from connect.flights.commands import FlightEdit, change_flight
from connect.flights.models import Flight
from connect.orders import commands as orders
from connect.orders.models import Order
from connect.orders.words import Side
from connect.parties.commands import add_aircraft, set_rights
from connect.parties.queries import installation
from connect.parties.rights import EVERYTHING
from connect.sync import connecting
from connect.sync.connecting import PATIENCE
from connect.sync.models import Connection, Told
from connect.sync.queries import served
from connect.sync.state import Handler, Neighbour
from connect.wire.problems import NotAnswering, NotGranted, TooMany

from .both import NID, Both
from .places import STD, facts
from .places import side as with_side
from .world import heard_of_them

pytestmark = pytest.mark.django_db


@pytest.fixture
def both() -> Both:
    return Both()


@pytest.mark.req("MFC-04", "MFC-11", "MFC-12", "MFC-20", "MFC-21", "MFC-22", "MFC-50")
def test_a_submission_makes_flight_and_orders_at_once(both: Both, settings: object) -> None:
    near = Neighbour(nid=69, flight_no="DMO11", adep="KBOS", ades="KEWR", std=STD - timedelta(hours=5), sta=STD)
    both.fake.put(heard_of_them(NID, facts=facts(previous=near)))
    both.round()
    flight = both.flight()
    assert flight.organisation == both.world.aviation and flight.operator == both.world.operator
    assert flight.previous["flight_no"] == "DMO11"
    order = both.order()
    assert order.number == "ORD-20310401-0001" and order.status == "Awaiting quote"
    assert order.handler == both.world.blue and order.airport == "KEWR"
    lines = {line.service: line for line in order.lines.all()}
    assert set(lines) == {"HANDLING_ADEP", "FUEL_ADEP", "PAX_TRANSPORT_ADEP"}, "a slot is no line"
    assert lines["HANDLING_ADEP"].details == "Steps please" and not any(line.price for line in lines.values())
    assert both.fake.status(NID, "EDIT") == "PENDING"
    note = both.fake.note(NID, "EDIT").splitlines()
    assert note[:2] == ["Updated 2031-04-01 12:00Z", f"http://127.0.0.1:8950/trips/{flight.id}/"]
    assert both.fake.status(NID, "FUEL_ADEP") == "PENDING"
    assert both.fake.note(NID, "FUEL_ADEP") == f"Order {order.number} · Awaiting quote"
    assert (both.fake.status(NID, "SLOT_ADEP"), both.fake.note(NID, "SLOT_ADEP")) == ("PENDING", "")
    assert both.fake.status(NID, "HOTEL_ADES") == "PENDING"


@pytest.mark.req("MFC-22", "MFC-31")
def test_an_unknown_handler_keeps_the_flight_and_an_order_comes_later(both: Both) -> None:
    for wrong in (Handler(1, "Blue Apron Handling", "other@blue.example"), Handler(1, "Blue", "desk@blue.example")):
        both.fake.put(with_side(heard_of_them(NID), Side.ADEP, handler=wrong))
        both.round()
        assert both.fake.status(NID, "EDIT") == "PENDING"
        assert both.fake.status(NID, "HANDLING_ADEP") == both.fake.status(NID, "FUEL_ADEP") == "NOT_REQUIRED"
        assert both.fake.status(NID, "HANDLING_ADES") == "PENDING"
    elsewhere = replace(heard_of_them(NID), submission=2)
    both.fake.put(with_side(elsewhere, Side.ADEP, handler=Handler(3, "blue  apron handling", "DESK@blue.example")))
    both.round()
    assert both.fake.status(NID, "FUEL_ADEP") == "PENDING" and both.order().handler == both.world.blue


@pytest.mark.req("MFC-05", "MFC-13")
def test_what_cannot_be_synchronised_says_why_and_is_tried_again(both: Both) -> None:
    one = heard_of_them(NID, facts=facts(registration="N777XX"))
    both.fake.put(one)
    both.round()
    assert both.fake.status(NID, "EDIT") == "CANCELLED" and "N777XX" in both.fake.note(NID, "EDIT")
    assert both.fake.status(NID, "HANDLING_ADEP") == "CANCELLED" and not Order.objects.exists()
    add_aircraft(installation(), both.world.aviation.id, "N777XX", "C56X")
    both.server.hear_again()
    both.server.tell()
    assert both.fake.status(NID, "EDIT") == "PENDING" and both.order().status == "Awaiting quote"

    admin = both.world.admin
    set_rights(admin, admin.user_id or 0, {**EVERYTHING, "orders": frozenset({"VIEW", "CREATE", "MODIFY"})})
    both.fake.put(replace(one, facts=facts(registration="N777XX", pax=8)))
    both.round()
    assert both.fake.status(NID, "EDIT") == "CANCELLED" and "rights" in both.fake.note(NID, "EDIT")
    assert both.flight().pax == 4
    set_rights(admin, admin.user_id or 0, EVERYTHING)
    both.server.hear_again()
    both.server.tell()
    assert both.fake.status(NID, "EDIT") == "PENDING" and both.flight().pax == 8

    both.fake.put(heard_of_them(71, facts=facts(adep="ZZZZ")))
    both.round()
    assert both.fake.status(71, "EDIT") == "CANCELLED" and "ZZZZ" in both.fake.note(71, "EDIT")


def test_call_sign_and_type_match_too(both: Both) -> None:
    both.fake.put(heard_of_them(NID, facts=facts(registration="", call_sign="DEMO1")))
    both.fake.put(heard_of_them(71, facts=facts(registration="", call_sign="DEMO1", icao_type="GLF5")))
    both.round()
    assert both.fake.status(NID, "EDIT") == "PENDING" and both.fake.status(71, "EDIT") == "CANCELLED"


@pytest.mark.req("MFC-65")
def test_a_lost_answer_makes_no_second_order_and_no_lost_note(both: Both) -> None:
    both.fake.put(heard_of_them(NID))
    both.fake.lose_answers = 1
    with pytest.raises(NotAnswering):
        both.server.poll()
    both.server.poll()
    both.fake.lose_answers = 1
    with pytest.raises(NotAnswering):
        both.server.tell()
    both.server = both.another()
    both.round()
    assert Order.objects.count() == 2 and Flight.objects.count() == 1
    assert not Flight.objects.filter(answers_due=True).exists()
    calls = len(both.fake.calls)
    both.server.tell()
    assert len(both.fake.calls) == calls, "nothing differs, nothing is told"


@pytest.mark.req("MFC-64", "MFC-65")
def test_after_an_outage_all_that_was_missed_is_there_and_local_changes_are_replaced(both: Both) -> None:
    both.submitted()
    both.fake.down = True
    edit = FlightEdit(std=STD + timedelta(hours=2), sta=STD + timedelta(hours=3), pax=1, crew=2)
    change_flight(both.world.admin, both.flight().id, edit, both.clock)
    assert both.flight().changed_here and both.flight().pax == 1
    orders.acknowledge(both.world.desk, both.order().number, both.clock)
    with pytest.raises(NotAnswering):
        both.round()
    both.fake.put(replace(both.fake.flights[NID], facts=facts(pax=6, mission="Ambulance")))
    both.fake.put(heard_of_them(71))
    both.fake.down = False
    both.round()
    flight = both.flight()
    assert (flight.std, flight.pax, flight.mission, flight.changed_here) == (STD, 6, "Ambulance", False)
    assert both.fake.status(NID, "HANDLING_ADEP") == "CONFIRMED", "the acknowledgement arrived too"
    assert both.fake.status(71, "EDIT") == "PENDING"
    assert both.fake.proposed == [], "Connect changes no schedule"


@pytest.mark.req("MFC-02")
def test_tokens_renew_themselves(both: Both) -> None:
    both.submitted()
    both.fake.access = "withdrawn-early"  # 401 before its time
    both.round()
    assert both.fake.renewals == 1
    both.now += timedelta(minutes=26)  # nearly over
    both.server.poll()
    assert both.fake.renewals == 2
    both.now += timedelta(minutes=30)
    both.fake.lose_answers = 1  # the new tokens are lost: the former refresh token is good for a while
    with pytest.raises(NotAnswering):
        both.server.poll()
    both.server.poll()
    assert both.failure().state == Connection.WORKING


@pytest.mark.req("MFC-02", "MFC-01")
def test_a_failure_is_shown_and_mailed_once(both: Both, django_capture_on_commit_callbacks: object) -> None:
    capture = django_capture_on_commit_callbacks
    key = both.connection.id
    with capture(execute=True):  # type: ignore[operator]
        connecting.failed(key, "It does not answer.", both.clock)
        assert (both.failure().state, both.failure().warned_at) == (Connection.FAILED, None)
        both.now += PATIENCE
        connecting.failed(key, "It does not answer.", both.clock)
        connecting.failed(key, "It does not answer.", both.clock)
    assert [one.to for one in mail.outbox] == [["admin@demo.example"]]
    connecting.worked(key)
    assert both.failure().state == Connection.WORKING and both.failure().failed_why == ""

    both.fake.granted, both.fake.access = False, "gone"
    with pytest.raises(NotGranted) as gone:
        both.server.poll()
    with capture(execute=True):  # type: ignore[operator]
        connecting.failed(key, str(gone.value), both.clock, for_good=True)
    assert len(mail.outbox) == 2 and "withdrawn" in mail.outbox[1].body
    assert "withdrawn" in both.failure().failed_why


@pytest.mark.req("MFC-01")
def test_connecting_needs_both_administrators(both: Both) -> None:
    admin = both.world.admin
    connecting.disconnect(admin, both.fake.transport())
    assert served() == [] and not both.failure().refresh_token
    with pytest.raises(Invalid):
        connecting.begin(admin, "http://other.example", "connect", "secret")
    address = connecting.begin(admin, "https://there.example/", "connect", "secret")
    assert (
        address.startswith("https://there.example/oauth2/code/authorize/?") and "code_challenge_method=S256" in address
    )
    state = both.failure().oauth_state
    with pytest.raises(Refused):
        connecting.finish(admin, "the-code", "not this one", both.clock, both.fake.transport())
    with pytest.raises(Refused):
        connecting.finish(admin, "another-code", state, both.clock, both.fake.transport())
    connecting.finish(admin, "the-code", state, both.clock, both.fake.transport())
    assert served() == [both.connection.id] and both.failure().access_expires_at == datetime(
        2031, 4, 1, 12, 30, tzinfo=UTC
    )
    connecting.set_enabled(admin, False)
    assert served() == []
    for other in (both.world.desk, both.world.stranger):
        with pytest.raises(NotFound):
            connecting.set_enabled(other, True)
    with pytest.raises(Forbidden):
        connecting.set_enabled(replace(admin, rights={}), True)


def test_one_flight_that_is_refused_holds_up_no_other(both: Both) -> None:
    both.fake.put(heard_of_them(NID))
    both.fake.put(heard_of_them(71))
    both.fake.refuses = {NID}
    both.server.poll()
    calls = len(both.fake.calls)
    both.server.tell()
    assert len(both.fake.calls) == calls + 3, "together, then each by itself"
    assert both.fake.status(71, "EDIT") == "PENDING" and "EDIT" not in both.fake.answers[NID]
    both.fake.refuses = set()
    both.server.tell()
    assert "EDIT" not in both.fake.answers[NID], "not at once"
    both.now += timedelta(minutes=1)
    both.server.tell()
    assert both.fake.status(NID, "EDIT") == "PENDING"


def test_many_flights_are_told_in_few_calls_and_a_rest_is_kept(both: Both) -> None:
    for nid in range(100, 125):
        both.fake.put(heard_of_them(nid))
    both.server.poll()
    calls = len(both.fake.calls)
    both.fake.busy = 7
    with pytest.raises(TooMany) as busy:
        both.server.tell()
    assert busy.value.seconds == 7
    both.fake.busy = 0
    assert both.server.tell() == 25 and len(both.fake.calls) == calls + 1 + 3
    assert {both.fake.status(nid, "EDIT") for nid in range(100, 125)} == {"PENDING"}


def test_a_schedule_system_that_forgot_is_told_again(both: Both) -> None:
    both.submitted()
    both.fake.answers[NID]["FUEL_ADEP"] = None
    both.fake.answers[NID]["HOTEL_ADES"] = ("CONFIRMED", "somebody's")
    both.fake.put(both.fake.flights[NID])
    both.round()
    assert both.fake.status(NID, "FUEL_ADEP") == both.fake.status(NID, "HOTEL_ADES") == "PENDING"
    assert Told.objects.filter(nid=NID).count() == len(both.fake.answers[NID])
