"""The pages of checklists, handlers and definitions, as people click through them."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from tests.checklist.conftest import Support
from tests.records.conftest import PASSWORD, World

from airstair.records.checklist import commands, queries
from airstair.records.checklist.commands import ItemEdit, ServiceAnswer
from airstair.records.flights.queries import flight as flight_now
from airstair.records.operators.rules import Role

HTMX = {"HX-Request": "true"}


class Person:
    """Somebody who is signed in."""

    def __init__(self, world: World, role: Role) -> None:
        self.client = Client(raise_request_exception=False)
        self.client.post("/sign-in", {"email": world.members[role].email, "password": PASSWORD})

    def see(self, address: str, **query: str) -> str:
        answer = self.client.get(address, query)
        assert answer.status_code == 200, (address, answer.status_code)
        return answer.content.decode()

    def do(self, address: str, gives: int = 200, /, **form: object) -> str:
        answer = self.client.post(address, form, headers=HTMX)
        assert answer.status_code == gives, (address, answer.status_code, answer.content.decode()[:300])
        return answer.content.decode()


@pytest.mark.req("CHK-01", "CHK-04", "CHK-05", "MFC-10", "MFC-14")
def test_a_dispatcher_works_through_a_list(world: World, support: Support):
    flight = world.flight(pax_count=2)
    olga, list_ = Person(world, Role.OPS), f"/ops/flights/{flight.id}/checklist"
    page = olga.see(list_)
    assert "Departure" in page and "KJAX" in page and "ATC flight plan" in page
    pax = page[page.index("PAX</h3>") :]
    assert pax.index("Catering") < pax.index("Arrival"), "in section PAX"
    assert f'value="module:{support.id}"' in page and 'value="HOTEL_ADES"' in page, "in the menu"
    page = olga.do(f"{list_}/add", what="HOTEL_ADES")
    assert "Hotel" in page and 'value="HOTEL_ADES"' not in page
    page = olga.do(f"{list_}/add", what=f"module:{support.id}")
    assert "Sky Desk" in page and "nothing submitted yet" in page
    assert "REQ" in olga.do(f"{list_}/items/HOTEL_ADES/status", status="RQS")
    assert "is not one of them" in olga.do(f"{list_}/items/HOTEL_ADES/status", status="BAD")
    form = olga.see(f"{list_}/items/HOTEL_ADES")
    assert "Confirmation number" in form
    note = 'Two rooms <b>, see https://hotel.example/b?x=1&y="2 (paid).'
    page = olga.do(f"{list_}/items/HOTEL_ADES", status="CNF", note=note, details="", confirmation="H1", handler_id="")
    assert '<a href="https://hotel.example/b?x=1&amp;y=" target="_blank" rel="noopener noreferrer">' in page
    assert "<b>" not in page and "&lt;b&gt;" in page
    assert "Checklist item" in page and "Untouched" in page, "the history"
    page = olga.do(f"{list_}/items/HOTEL_ADES/remove")
    assert 'value="HOTEL_ADES"' in page and "items/HOTEL_ADES" not in page, "back in the menu"
    panel = olga.see(f"/ops/flights/{flight.id}")
    assert "Open the checklist" in panel
    permit = SimpleUploadedFile("permit.pdf", b"%PDF", content_type="application/pdf")
    assert "permit.pdf" in olga.do(f"{list_}/items/PPR_ADES/files", file=permit)
    assert "No file was chosen" in olga.do(f"{list_}/items/PPR_ADES/files")
    # The form goes without htmx too.
    answer = olga.client.post(f"{list_}/add", {"what": "PARKING_ADES"})
    assert answer.status_code == 302 and answer["Location"] == list_


@pytest.mark.req("MFC-03", "MFC-11", "MFC-12", "CHK-04")
def test_services_are_ticked_submitted_answered_and_a_proposal_is_accepted(world: World, support: Support):
    flight = world.flight()
    olga, list_ = Person(world, Role.OPS), f"/ops/flights/{flight.id}/checklist"
    module = f"{list_}/modules/{support.id}"
    form = olga.see(module)
    assert "Blue Apron Handling" in form and "Harbour Jet Centre" in form and form.count('name="service"') == 43
    assert "Tick what is needed" in olga.do(module, 422, adep_handler_id=support.newark.id)
    wrong = olga.do(module, 422, adep_handler_id=support.jacksonville.id, service=["HANDLING_ADEP"])
    assert "is not at KEWR" in wrong
    wanted = {"adep_handler_id": support.newark.id, "ades_handler_id": "", "service": ["HANDLING_ADEP", "SLOT_ADEP"]}
    page = olga.do(module, **wanted, **{"details-HANDLING_ADEP": "GPU"})
    assert page.count("via Sky Desk") == 2 and "PEND" in page and "GPU" in page and "Submitted to Sky Desk" in page
    note = "Updated 2031-04-07 08:15Z\nhttps://desk.example/trips/7"
    answers = [ServiceAnswer(service="EDIT", designation="PENDING", note=note)]
    commands.answer_services(support.actor, support.id, flight.id, answers)
    later = flight.std.replace(hour=flight.std.hour + 1)
    commands.propose_times(support.actor, support.id, flight.id, std=later)
    page = olga.see(list_)
    assert 'href="https://desk.example/trips/7"' in page and "proposes another time" in page
    assert "checked> Handling" in olga.see(module)
    page = olga.do(f"{module}/accept")
    assert "is re-timed" in page and "proposes another time" not in page
    assert flight_now(world.id, flight.id).std == later
    assert "no proposal" in olga.do(f"{module}/accept") and "no proposal" in olga.do(f"{module}/dismiss")
    page = olga.do(f"{module}/remove")
    assert "Services…" not in page and "via Sky Desk" in page
    assert queries.support_flights(world.id, support.id, None, [flight.id]), "it goes on"


def test_who_may_only_look_sees_no_button_and_changes_nothing(world: World, support: Support):
    flight = world.flight()
    commands.set_item(world.ops, flight.id, "HANDLING_ADEP", ItemEdit(status="RQS"))
    item = commands.add_file(world.ops, flight.id, "HANDLING_ADEP", 'a"b.txt', "text/plain", b"<script>")
    guest, list_ = Person(world, Role.READ_ONLY), f"/ops/flights/{flight.id}/checklist"
    page = guest.see(list_) + guest.see(f"{list_}/items/HANDLING_ADEP")
    assert "ADD ITEM" not in page and "Save" not in page
    for address in ("add", "items/HANDLING_ADEP", "items/HANDLING_ADEP/status", f"modules/{support.id}"):
        guest.do(f"{list_}/{address}", 403, status="CNF", what="HOTEL_ADES")
    document = guest.client.get(f"{list_}/files/{item.files[0].id}")
    assert document["Content-Type"] == "text/plain" and "sandbox" in document["Content-Security-Policy"]
    assert document["X-Content-Type-Options"] == "nosniff"
    owner = Person(world, Role.AIRCRAFT_OWNER)
    theirs = world.flight(aircraft_id=world.aircraft[1].id)
    assert owner.client.get(f"/ops/flights/{theirs.id}/checklist").status_code == 404
    assert guest.client.get("/phonebook/handlers/").status_code == 403


@pytest.mark.req("OPS-06")
def test_handlers_and_definitions_have_their_pages(world: World, support: Support):
    olga, ada = Person(world, Role.OPS), Person(world, Role.ADMIN)
    page = olga.see("/phonebook/handlers/", q="apron")
    assert "desk@blueapron.example" in page and "Harbour" not in page
    olga.do("/phonebook/handlers/new", 302, name="Ramp Partners", airports="ewr, TEB", services=["FUEL"])
    (made,) = queries.handlers(world.id, "ramp")
    assert made.airports == ("KEWR", "KTEB") and made.services == ("FUEL",)
    assert "Ramp Partners" in olga.see(f"/phonebook/handlers/{made.id}")
    assert "not an email address" in olga.do(f"/phonebook/handlers/{made.id}", 422, name="R", email="x")
    olga.do(f"/phonebook/handlers/{made.id}/retire", 302)
    assert "Retired" in olga.see("/phonebook/handlers/", retired="1")
    olga.do(f"/phonebook/handlers/{made.id}/reinstate", 302)
    assert "PAX transport" in olga.see("/settings/checklist/")
    olga.do("/settings/checklist/new", 403)
    ada.do(
        "/settings/checklist/new",
        302,
        label="Customs form",
        section="PAX",
        default_status="UNT",
        statuses=["UNT", "YES"],
    )
    own = queries.definition_by_key(world.id, "OWN_CUSTOMS_FORM")
    assert own.statuses == ("UNT", "YES") and not own.enabled
    ada.do("/settings/checklist/items/OWN_CUSTOMS_FORM/move", 302, place="1")
    assert queries.definitions(world.id)[0] == queries.definition_by_key(world.id, own.key)
    ada.do(f"/settings/checklist/deck/{support.id}", 302, kept="1")
    assert queries.kept_modules(world.id) == {support.id: "Sky Desk"}
    ada.do("/settings/checklist/mail", 302, test_address="me@own.example")
    assert queries.test_address(world.id) == "me@own.example" and "Testing" in ada.see("/settings/checklist/")
