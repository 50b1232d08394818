"""What an application is asked for, what it answers, and what a change of the flight does to both."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from tests.checklist.conftest import Support
from tests.records.conftest import MONDAY, World

from airstair.changes.models import Change
from airstair.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from airstair.records.access.commands import withdraw_grant
from airstair.records.access.queries import connected_applications
from airstair.records.checklist import commands, queries
from airstair.records.checklist.commands import HandlerInput, ItemEdit, ServiceAnswer
from airstair.records.checklist.snapshots import ItemFacts, SupportFlight
from airstair.records.flights.commands import (
    FlightEdit,
    FlightRow,
    cancel_flight,
    change_flight,
    delete_flight,
    set_trip_status,
    write_flights,
)


def _item(world: World, flight_id: int, key: str) -> ItemFacts:
    return queries.item(world.id, flight_id, key)


def _seen(support: Support, flight_id: int) -> SupportFlight:
    (found,) = queries.support_flights(support.world.id, support.id, None, [flight_id])
    return found


def _asked(one: SupportFlight) -> set[str]:
    return {service.service for service in one.services if service.is_requested}


def _last() -> int:
    return Change.objects.latest("seq").seq


@pytest.mark.req("MFC-03")
def test_submitting_to_an_application_that_is_not_connected_says_what_to_do(world, support):
    flight = world.flight()
    commands.add_module(world.ops, flight.id, support.id)
    (connected,) = connected_applications(world.id)
    withdraw_grant(world.admin, connected.grant.id)
    before = _last()
    with pytest.raises(Invalid) as refusal:
        support.submit(flight, "HANDLING_ADEP")
    assert "Integration with Sky Desk is not active." in str(refusal.value)
    assert "Settings" in str(refusal.value) and _last() == before


@pytest.mark.req("MFC-10", "MFC-11", "MFC-71", "CHK-04")
def test_what_is_ticked_is_asked_and_says_through_whom(world, support):
    flight = world.flight(pax_count=0)
    assert not queries.checklist(world.id, flight.id).modules
    commands.keep_module(world.admin, support.id, True)
    (kept,) = queries.checklist(world.id, flight.id).modules
    assert kept.application_name == "Sky Desk" and kept.on_deck and not kept.submission
    assert not queries.support_flights(world.id, support.id, None, [flight.id]), "nothing has been submitted"
    with pytest.raises(Invalid, match="Nothing is ticked"):
        support.submit(flight)
    module = support.submit(flight, "HANDLING_ADEP", "SLOT_ADEP", services={"HANDLING_ADEP": "GPU", "SLOT_ADEP": ""})
    assert module.submission == 1 and module.submitted_at is not None
    item = _item(world, flight.id, "HANDLING_ADEP")
    assert (item.status, item.ticked, item.application_name, item.details) == ("PND", True, "Sky Desk", "GPU")
    support.answer(flight, HANDLING_ADEP="CONFIRMED", SLOT_ADEP="NOT_REQUIRED", EDIT="PENDING")
    assert [_item(world, flight.id, key).status for key in ("HANDLING_ADEP", "SLOT_ADEP")] == ["CNF", "NAP"]
    assert queries.module(world.id, flight.id, support.id).word.caption == "Requested"
    with pytest.raises(Conflict, match="via Sky Desk"):
        commands.remove_item(world.ops, flight.id, "HANDLING_ADEP")
    # The same with other details: what is answered stays; a service no longer ticked waits for the answer to that.
    support.submit(flight, services={"HANDLING_ADEP": "GPU and stairs"})
    assert _item(world, flight.id, "HANDLING_ADEP").status == "CNF"
    slot = _item(world, flight.id, "SLOT_ADEP")
    assert (slot.status, slot.ticked, slot.application_name) == ("PND", False, "Sky Desk")
    assert _asked(_seen(support, flight.id)) == {"HANDLING_ADEP"}
    commands.remove_module(world.ops, flight.id, support.id)
    assert _seen(support, flight.id).submission == 2, "taken off the list, it goes on"


def test_handlers_must_be_at_the_airport_and_services_be_services(world, support, other):
    flight = world.flight()
    strange = Support(other, "Other Desk").newark
    for given, field in (
        ({"adep_handler_id": support.jacksonville.id}, "adep_handler_id"),
        ({"services": {"EDIT": ""}}, "services"),
        ({"services": {"DANCING_ADEP": ""}}, "services"),
    ):
        with pytest.raises(Invalid) as refusal:
            support.submit(flight, **{"services": {"HANDLING_ADEP": ""}, **given})
        assert [problem.field for problem in refusal.value.problems] == [field]
    with pytest.raises(NotFound):
        support.submit(flight, "HANDLING_ADEP", adep_handler_id=strange.id)
    anywhere = commands.add_handler(world.ops, HandlerInput(name="Everywhere"))
    assert support.submit(flight, "HANDLING_ADEP", adep_handler_id=anywhere.id).adep_handler == anywhere
    cancel_flight(world.ops, flight.id)
    with pytest.raises(Conflict, match="cancelled"):
        support.submit(flight, "HANDLING_ADEP")
    assert support.submit(flight).submission == 2, "asking for nothing is possible still"


@pytest.mark.req("MFC-12")
def test_answers_change_what_they_say_once_and_are_looked_at(world, support, other):
    flight, unasked = world.flight(), world.flight()
    support.submit(flight, "HANDLING_ADEP")
    note = "Updated 2031-04-07 08:15Z\nhttps://desk.example/t/1"
    answers = [ServiceAnswer(service="EDIT", designation="PENDING", note=note)]
    module = commands.answer_services(support.actor, support.id, flight.id, answers)
    assert (module.status, module.note) == ("PENDING", note)
    before = _last()
    commands.answer_services(support.actor, support.id, flight.id, answers)
    assert _last() == before, "again changes nothing"
    kept = [ServiceAnswer(service="EDIT", designation="CANCELLED")]
    module = commands.answer_services(support.actor, support.id, flight.id, kept)
    assert (module.word.id, module.note) == ("REJ", note), "no note given: the old one stays"
    commands.set_item(world.ops, flight.id, "FUEL_ADEP", ItemEdit(status="RQS"))
    wrong = [
        ServiceAnswer(service="DANCING", designation="PENDING"),
        ServiceAnswer(service="HANDLING_ADEP", designation="MAYBE"),
        ServiceAnswer(service="FUEL_ADEP", designation="CONFIRMED"),
    ]
    with pytest.raises(Invalid) as refusal:
        commands.answer_services(support.actor, support.id, flight.id, wrong)
    assert [problem.field for problem in refusal.value.problems] == [
        "services.0.service", "services.1.status", "services.2.service",
    ]  # fmt: skip
    with pytest.raises(NotFound):
        support.answer(unasked, EDIT="PENDING")
    with pytest.raises(NotFound):
        commands.answer_services(
            msgspec.structs.replace(support.actor, operator_id=other.id), support.id, flight.id, []
        )
    with pytest.raises(Forbidden):
        commands.answer_services(world.ops, support.id, flight.id, [])
    # A service that was never asked for can be answered for: a handler starts a slot by itself.
    support.answer(flight, SLOT_ADEP="CONFIRMED")
    assert _item(world, flight.id, "SLOT_ADEP").status == "CNF"


def test_messages_are_kept_once(world, support):
    flight = world.flight()
    support.submit(flight, "HANDLING_ADEP")
    for words in ("Stand 14.", "Stand 14.", "No, stand 15."):
        commands.message(support.actor, support.id, flight.id, words, "Hanna, Blue Apron")
    messages = queries.module(world.id, flight.id, support.id).messages
    assert [one.content for one in messages] == ["No, stand 15.", "Stand 14."]


def test_a_proposed_time_is_accepted_by_retiming_the_flight_or_dismissed(world, support):
    flight = world.flight()
    support.submit(flight, "HANDLING_ADEP", "SLOT_ADEP")
    commands.set_item(world.ops, flight.id, "ATC_FPL_FILING_ADEP", ItemEdit(status="ACK"))
    later = flight.std + timedelta(minutes=25)
    module = commands.propose_times(support.actor, support.id, flight.id, std=later)
    assert (module.new_std, module.new_sta) == (later, flight.sta + timedelta(minutes=25))
    assert module.proposed_by == "Sky Desk"
    before = _last()
    commands.propose_times(support.actor, support.id, flight.id, std=later)
    assert _last() == before
    with pytest.raises(Forbidden):
        commands.accept_proposal(support.actor, flight.id, support.id)
    assert commands.dismiss_proposal(world.ops, flight.id, support.id).new_std is None
    with pytest.raises(Conflict, match="no proposal"):
        commands.accept_proposal(world.ops, flight.id, support.id)
    commands.propose_times(support.actor, support.id, flight.id, std=later)
    assert commands.accept_proposal(world.ops, flight.id, support.id).proposed_std is None
    seen = _seen(support, flight.id)
    assert (seen.std, seen.sta) == (later, flight.sta + timedelta(minutes=25))
    assert _item(world, flight.id, "ATC_FPL_FILING_ADEP").status == "QSM", "filed for the old time"
    assert _item(world, flight.id, "SLOT_ADEP").status == "PND", "the application answers by itself"
    commands.propose_times(support.actor, support.id, flight.id, sta=seen.sta + timedelta(minutes=5))
    taken_back = commands.propose_times(support.actor, support.id, flight.id, sta=seen.sta)
    assert taken_back.new_std is None and not taken_back.proposed_by


@pytest.mark.req("CHK-03", "MFC-73")
def test_another_airport_rejects_and_unticks_what_was_asked_there(world, support):
    services = ("HANDLING_ADEP", "FUEL_ADEP", "HANDLING_ADES", "PARKING_ADES")
    arriving, leaving = world.flight(), world.flight(std=MONDAY + timedelta(days=1))
    for flight in (arriving, leaving):
        support.submit(flight, *services)
        support.answer(flight, **dict.fromkeys(services, "PENDING"))
    change_flight(world.ops, arriving.id, FlightEdit(ades="KMIA", std=arriving.std + timedelta(hours=1)))
    seen = _seen(support, arriving.id)
    assert _asked(seen) == {"HANDLING_ADEP", "FUEL_ADEP"} and seen.ades_handler is None and seen.adep_handler
    told = {one.service: (one.status, one.designation) for one in seen.services}
    assert told["HANDLING_ADES"] == told["PARKING_ADES"] == ("REJ", "") and told["FUEL_ADEP"] == ("RQS", "PENDING")
    change_flight(world.ops, leaving.id, FlightEdit(adep="KTEB"))
    seen = _seen(support, leaving.id)
    assert _asked(seen) == {"HANDLING_ADES", "PARKING_ADES"} and seen.adep_handler is None and seen.ades_handler
    assert {one.status for one in seen.services} == {"REJ"}
    # Submitting again asks anew, where it is ticked.
    support.submit(leaving, *services, adep_handler_id=None)
    assert {one.status for one in _seen(support, leaving.id).services if one.service.endswith("ADEP")} == {"PND"}


@pytest.mark.req("CHK-03")
def test_other_changes_of_a_submitted_flight(world, support):
    flight = world.flight()
    support.submit(flight, "HANDLING_ADEP")
    support.answer(flight, HANDLING_ADEP="CONFIRMED", EDIT="PENDING")
    change_flight(
        world.ops, flight.id, FlightEdit(std=flight.std + timedelta(days=1), sta=flight.sta + timedelta(days=1))
    )
    assert _item(world, flight.id, "HANDLING_ADEP").status == "CNF", "the application answers by itself"
    change_flight(world.ops, flight.id, FlightEdit(aircraft_id=world.aircraft[1].id))
    item = _item(world, flight.id, "HANDLING_ADEP")
    assert (item.status, item.ticked, item.designation) == ("QSM", True, "")
    support.answer(flight, HANDLING_ADEP="CANCELLED", EDIT="CANCELLED")
    support.submit(flight, "HANDLING_ADEP")
    assert _item(world, flight.id, "HANDLING_ADEP").status == "PND", "asked anew"
    assert queries.module(world.id, flight.id, support.id).word.id == "PND"
    support.answer(flight, HANDLING_ADEP="CONFIRMED")
    commands.set_item(world.ops, flight.id, "HOTEL_ADES", ItemEdit(status="CNF"))
    set_trip_status(world.ops, flight.trip_id, "CANCELLED")
    assert [_item(world, flight.id, key).status for key in ("HANDLING_ADEP", "HOTEL_ADES")] == ["CNF", "REJ"]
    delete_flight(world.ops, flight.id)
    assert _seen(support, flight.id).cancelled
    support.answer(flight, HANDLING_ADEP="CANCELLED")
    assert _item(world, flight.id, "HANDLING_ADEP").status == "REJ", "also after the flight was deleted"


@pytest.mark.req("CHK-03")
def test_an_imported_change_falls_back_too_in_as_many_statements_for_many_flights(world):
    def rows(count: int, **given: object) -> list[FlightRow]:
        legs = (world.leg(std=MONDAY + timedelta(hours=4 * at), **given) for at in range(count))
        return [FlightRow(import_key=f"k{at}", flight=leg, times=None, source="") for at, leg in enumerate(legs)]

    def imported(count: int, **given: object) -> int:
        with CaptureQueriesContext(
            connection,
        ) as captured:
            write_flights(world.admin, rows(count, **given), bulk=True)
        return sum("checklist_" in one["sql"] for one in captured)

    assert imported(3) == 0, "new flights have nothing to fall back"
    assert imported(3, ades="KMIA") == 2, "looked for, and nothing was asked"
    ids = sorted(change.subject_id for change in Change.objects.filter(kind="flight.created"))
    for flight_id in ids[:2]:
        commands.set_item(world.ops, flight_id, "HANDLING_ADES", ItemEdit(status="CNF"))
    few = imported(3, ades="KTPA")
    assert [_item(world, flight_id, "HANDLING_ADES").status for flight_id in ids] == ["REJ", "REJ", "UNT"]
    fallen = Change.objects.filter(kind="checklist.item", actor_key=world.admin.key)
    assert fallen.count() == 2 and all(change.bulk for change in fallen)
    imported(9, ades="KTPA")
    every = [change.subject_id for change in Change.objects.filter(kind="flight.created")]
    for flight_id in every:
        commands.set_item(world.ops, flight_id, "HANDLING_ADES", ItemEdit(status="CNF"))
    assert imported(9, ades="KMIA") == few


@pytest.mark.req("MFC-50")
def test_applications_see_what_they_were_asked_about_with_neighbours_in_four_statements(
    world, support, other, django_assert_num_queries
):
    hour = timedelta(hours=1)
    before = world.flight(adep="KMIA", ades="KEWR", std=MONDAY)
    flight = world.flight(std=MONDAY + 6 * hour, crew={"CPT": "ABC", "FO": "DEF"}, pax_count=3)
    option = world.flight(adep="KJAX", ades="KMIA", std=MONDAY + 9 * hour, status="OPTION")
    after = world.flight(adep="KJAX", ades="KTPA", std=MONDAY + 12 * hour)
    support.submit(flight, "HANDLING_ADEP", "SLOT_ADES", services={"HANDLING_ADEP": "GPU", "SLOT_ADES": ""})
    support.submit(after, "HANDLING_ADEP", adep_handler_id=None, ades_handler_id=None)
    with django_assert_num_queries(4):
        found = queries.support_flights(world.id, support.id, None, now=MONDAY)
    assert [one.flight_id for one in found] == [flight.id, after.id]
    seen = found[0]
    assert seen.previous and seen.previous.flight_id == before.id
    assert seen.next and seen.next.flight_id == after.id, "an option is not visible"
    assert (seen.crew_count, seen.pax_count, seen.registration) == (2, 3, "N14923")
    assert seen.adep_handler and (seen.adep_handler.name, seen.adep_handler.airport) == ("Blue Apron Handling", "KEWR")
    assert {one.service: one.details for one in seen.services} == {"HANDLING_ADEP": "GPU", "SLOT_ADES": ""}
    assert found[1].previous and found[1].previous.flight_id == flight.id and found[1].next is None
    change_flight(world.ops, before.id, FlightEdit(ades="KTEB"))
    assert _seen(support, flight.id).previous is None, "the aircraft came from elsewhere"
    change_flight(world.ops, option.id, FlightEdit(status="CONFIRMED", ades="KJAX"))
    assert _seen(support, flight.id).next.flight_id == option.id
    # Whose aircraft, whose operator, how old.
    assert not queries.support_flights(world.id, support.id, frozenset({world.aircraft[1].id}))
    assert not queries.support_flights(world.id, support.id, frozenset())
    assert not queries.support_flights(other.id, support.id, None)
    assert not queries.support_flights(world.id, support.id, None, now=MONDAY + timedelta(days=9))
    assert queries.support_flights(world.id, support.id, None, [flight.id], now=MONDAY + timedelta(days=9))


def test_a_handlers_new_address_touches_the_flights_that_it_handles(world, support):
    flight = world.flight()
    support.submit(flight, "HANDLING_ADEP")
    wanted = HandlerInput(name=support.newark.name, airports=("KEWR",), email="new@blueapron.example")
    commands.change_handler(world.ops, support.newark.id, wanted)
    change = Change.objects.latest("seq")
    assert (change.kind, change.units) == ("handler.changed", [f"flight:{flight.id}", f"handler:{support.newark.id}"])


def test_lists_of_many_flights_take_as_many_statements_as_of_one(world, support, django_assert_num_queries):
    flights = [world.flight(std=MONDAY + timedelta(hours=4 * at)) for at in range(4)]
    for flight in flights:
        support.submit(flight, "HANDLING_ADEP")
        commands.set_item(world.ops, flight.id, "FUEL_ADEP", ItemEdit(handler_id=support.newark.id))
    for wanted in (flights[:1], flights):
        with django_assert_num_queries(11):
            assert len(queries.checklists(world.id, [flight.id for flight in wanted])) == len(wanted)
