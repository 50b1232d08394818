"""A flight's list: what people put on it, and how far it has come."""

from __future__ import annotations

import pytest
from django.core import mail
from django.test import TestCase
from tests.checklist.conftest import Support
from tests.records.conftest import World

from airstair.changes.models import Change
from airstair.kernel.errors import Conflict, Invalid
from airstair.records.checklist import commands, queries
from airstair.records.checklist.commands import DefinitionInput, HandlerInput, ItemEdit
from airstair.records.checklist.mailing import send_waiting
from airstair.records.checklist.models import Item, Mail
from airstair.records.checklist.rules import STARTING_ITEMS
from airstair.records.checklist.snapshots import ItemFacts
from airstair.records.flights.commands import FlightEdit, change_flight


def _items(world: World, flight_id: int) -> dict[str, ItemFacts]:
    return {one.definition.key: one for one in queries.checklist(world.id, flight_id).items}


@pytest.mark.req("CHK-01")
def test_a_list_has_what_is_kept_on_the_deck_and_what_was_added(world):
    flight = world.flight(pax_count=0)
    assert set(_items(world, flight.id)) == {"HANDLING_ADEP", "HANDLING_ADES", "ATC_FPL_FILING_ADEP", "FUEL_ADEP"}
    assert not Item.objects.exists(), "what nobody has touched needs no row"
    commands.add_item(world.ops, flight.id, "HOTEL_ADES")
    written = Change.objects.filter(kind="checklist.item").count()
    commands.add_item(world.ops, flight.id, "HOTEL_ADES")
    assert Change.objects.filter(kind="checklist.item").count() == written, "it is there already"
    edit = ItemEdit(status="RQS", note="By phone https://hotel.example/1", details="Two rooms", confirmation="H-7")
    hotel = commands.set_item(world.ops, flight.id, "HOTEL_ADES", edit)
    assert (hotel.word.caption, hotel.note, hotel.details, hotel.confirmation) == (
        "Requested", "By phone https://hotel.example/1", "Two rooms", "H-7",
    )  # fmt: skip
    facts = queries.checklist(world.id, flight.id)
    assert [group.section for group in facts.groups("ADES")] == ["HANDLING", "CREW"]
    assert facts.colour == "red" and facts.groups("ADES")[1].colour == "orange" == overall_of(facts, "HOTEL_ADES")
    commands.remove_item(world.ops, flight.id, "FUEL_ADEP")
    commands.remove_item(world.ops, flight.id, "HOTEL_ADES")
    assert not {"FUEL_ADEP", "HOTEL_ADES"} & set(_items(world, flight.id)), "also one that stands there unasked"
    commands.add_item(world.ops, flight.id, "HOTEL_ADES")
    assert _items(world, flight.id)["HOTEL_ADES"].status == "UNT"
    lines = queries.history(world.id, flight.id)
    assert lines[0].actor_label == world.ops.label
    assert any(("Hotel ADES status", "Untouched", "Requested") in line.changes for line in lines)


def test_an_operators_own_definitions_are_made_once_from_the_starting_table(world):
    assert {one.id for one in queries.definitions(world.id)} == {0}
    made = commands.ensure_definitions(world.ops)
    assert [one.key for one in made] == list(STARTING_ITEMS) and all(one.id for one in made)
    assert commands.ensure_definitions(world.ops) == made == queries.definitions(world.id)
    assert Change.objects.filter(kind="checklist.definitions_made").count() == 1


def overall_of(facts, key):
    return next(one.word.colour for one in facts.items if one.definition.key == key)


@pytest.mark.req("CHK-01")
def test_an_operator_has_its_own_labels_statuses_order_and_rules(world):
    pax, without = world.flight(pax_count=3), world.flight(pax_count=0)
    assert "CATERING_ADEP" in _items(world, pax.id) and "CATERING_ADEP" not in _items(world, without.id)
    form = DefinitionInput(
        label="Customs form", section="PAX", side="ADES", auto_add="pax", statuses=("UNT", "YES", "NOO")
    )
    own = commands.add_checklist_definition(world.admin, form)
    assert own.key == "OWN_CUSTOMS_FORM_ADES" and own.key in _items(world, pax.id)
    with pytest.raises(Invalid, match="Use UNT, YES or NOO"):
        commands.set_item(world.ops, pax.id, own.key, ItemEdit(status="CNF"))
    twin = commands.add_checklist_definition(world.admin, DefinitionInput(label="Customs form", side="ADES"))
    assert twin.key != own.key
    changed = DefinitionInput(label="Fuelling", section="HANDLING", side="ADEP", enabled=False)
    commands.change_checklist_definition(world.admin, "FUEL_ADEP", changed)
    assert "FUEL_ADEP" not in _items(world, without.id)
    with pytest.raises(Conflict, match="switched off"):
        commands.add_item(world.ops, without.id, "FUEL_ADEP")
    with pytest.raises(Invalid, match="Applications know it"):
        commands.change_checklist_definition(world.admin, "FUEL_ADEP", DefinitionInput(label="F", side="ADES"))
    with pytest.raises(Invalid, match="switched off"):
        commands.add_checklist_definition(world.admin, DefinitionInput(label="X", statuses=("CNF",)))
    commands.move_checklist_definition(world.admin, own.key, 1)
    assert queries.definitions(world.id)[0].key == own.key and next(iter(_items(world, pax.id))) == own.key


@pytest.mark.req("CHK-01")
def test_documents_stay_with_their_item(world):
    flight, elsewhere = world.flight(), world.flight()
    for name, media, content in (("a.exe", "application/x", b"1"), ("a.pdf", "application/pdf", b"")):
        with pytest.raises(Invalid):
            commands.add_file(world.ops, flight.id, "PPR_ADES", name, media, content)
    item = commands.add_file(world.ops, flight.id, "PPR_ADES", "ppr.pdf", "application/pdf", b"%PDF")
    (document,) = item.files
    assert (document.name, document.added_by) == ("ppr.pdf", world.ops.label)
    assert queries.file(world.id, flight.id, document.id).content == b"%PDF"
    with pytest.raises(Exception, match="not found"):
        commands.remove_file(world.ops, elsewhere.id, document.id)
    commands.remove_file(world.ops, flight.id, document.id)
    assert not queries.item(world.id, flight.id, "PPR_ADES").files


@pytest.mark.req("OPS-06")
def test_the_directory_of_handlers_is_searched_and_keeps_who_was_there(world, support):
    wanted = HandlerInput(
        name="Blue Apron Handling", airports=("EWR", "KTEB"), email="desk@blueapron.example", phone="+1 555 0100",
        frequency="129.850", services=("FUEL", "HANDLING"),
    )  # fmt: skip
    changed = commands.change_handler(world.ops, support.newark.id, wanted)
    assert changed.airports == ("KEWR", "KTEB") and changed.services == ("HANDLING", "FUEL")
    for search, airport, found in (
        ("apron", "", 1), ("0100", "", 1), ("kteb", "", 1), ("", "KTEB", 1), ("", "KJAX", 1), ("apron", "KJAX", 0),
        ("%", "", 0), ("", "", 2),
    ):  # fmt: skip
        assert len(queries.handlers(world.id, search, airport)) == found, (search, airport)
    commands.retire_handler(world.ops, support.newark.id)
    assert not queries.handlers(world.id, "apron") and queries.handlers(world.id, "apron", retired_too=True)
    with pytest.raises(Invalid, match="retired"):
        commands.set_item(world.ops, world.flight().id, "HANDLING_ADEP", ItemEdit(handler_id=support.newark.id))
    with pytest.raises(Invalid) as refusal:
        commands.add_handler(world.ops, HandlerInput(name="", airports=("?",), email="x", services=("DANCING",)))
    assert {problem.field for problem in refusal.value.problems} == {"name", "airports", "email", "services"}


@pytest.mark.req("CHK-01")
def test_a_handler_is_asked_by_mail_or_one_address_is_while_testing(world: World, support: Support):
    flight = world.flight(pax_count=4)
    with pytest.raises(Invalid, match="Nobody is chosen"):
        commands.send_handling_request(world.ops, flight.id, "ADEP")
    commands.set_item(world.ops, flight.id, "HANDLING_ADEP", ItemEdit(handler_id=support.newark.id))
    commands.set_item(
        world.ops, flight.id, "FUEL_ADEP", ItemEdit(handler_id=support.newark.id, details="800 USG on arrival")
    )
    with TestCase.captureOnCommitCallbacks(execute=True):
        item = commands.send_handling_request(world.ops, flight.id, "ADEP")
    (sent,) = mail.outbox
    assert sent.to == ["desk@blueapron.example"] and "KEWR" in sent.subject and "N14923" in sent.subject
    assert "Fuel: 800 USG on arrival" in sent.body and "06:00Z" in sent.body
    assert item.status == "RQS" and item.note.startswith("Mailed to desk@blueapron.example")
    assert queries.item(world.id, flight.id, "FUEL_ADEP").status == "RQS"
    assert send_waiting() == 0, "once"
    commands.set_test_address(world.admin, "me@own.example")
    commands.send_handling_request(world.ops, flight.id, "ADEP")
    assert not Mail.objects.filter(sent_at=None).exclude(address="me@own.example").exists()
    assert send_waiting() == 1 and mail.outbox[1].to == ["me@own.example"] and "[TEST" in mail.outbox[1].subject


def test_a_mail_that_the_server_refuses_waits_with_the_reason(world, support, monkeypatch):
    flight = world.flight()
    commands.set_item(world.ops, flight.id, "HANDLING_ADES", ItemEdit(handler_id=support.jacksonville.id))
    commands.send_handling_request(world.ops, flight.id, "ADES")

    def refuse(*_: object) -> int:
        raise OSError("mailbox full")

    with monkeypatch.context() as patch:
        patch.setattr("django.core.mail.backends.locmem.EmailBackend.send_messages", refuse)
        assert send_waiting() == 0
    (waiting,) = queries.checklist(world.id, flight.id).mails
    assert waiting.sent_at is None and waiting.trouble == "mailbox full"
    assert send_waiting() == 1
    (sent,) = queries.checklist(world.id, flight.id).mails
    assert sent.sent_at is not None and not sent.trouble


@pytest.mark.req("CHK-03")
def test_another_handler_makes_an_answer_doubtful(world, support):
    flight = world.flight()
    ask = ItemEdit(status="CNF", handler_id=support.newark.id)
    commands.set_item(world.ops, flight.id, "HANDLING_ADEP", ask)
    assert commands.set_item(world.ops, flight.id, "HANDLING_ADEP", ItemEdit(handler_id=None)).status == "QSM"
    again = commands.set_item(world.ops, flight.id, "HANDLING_ADEP", ask)
    assert again.status == "CNF" and again.handler == queries.handler(world.id, support.newark.id)


@pytest.mark.req("CHK-03")
def test_what_was_asked_falls_back_when_the_flight_changes_and_untouched_items_never(world, django_assert_num_queries):
    flight = world.flight()
    for key, status in (("HANDLING_ADEP", "CNF"), ("HANDLING_ADES", "RQS"), ("HOTEL_ADES", "NAP"), ("PPR_ADES", "UNT")):
        commands.set_item(world.ops, flight.id, key, ItemEdit(status=status))

    def statuses(*keys: str) -> list[str]:
        found = _items(world, flight.id)
        return [found[key].status for key in keys]

    change_flight(world.ops, flight.id, FlightEdit(pax_count=5))
    assert statuses("HANDLING_ADEP", "HANDLING_ADES") == ["CNF", "RQS"]
    change_flight(world.ops, flight.id, FlightEdit(aircraft_id=world.aircraft[1].id))
    assert statuses("HANDLING_ADEP", "HANDLING_ADES", "HOTEL_ADES", "PPR_ADES") == ["QSM", "QSM", "NAP", "UNT"]
    fallen = Change.objects.filter(kind="checklist.item").latest("seq")
    assert fallen.before == {"HANDLING_ADEP.status": "CNF", "HANDLING_ADES.status": "RQS"}
    assert (
        fallen.actor_key == world.ops.key and len([unit for unit in fallen.units if unit.startswith("aircraft")]) == 2
    )
