"""The pages of crew, endorsements and the phonebook: what is there, what is told, and to whom."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from tests.records.conftest import PASSWORD, World
from tests.records.people_cases import PDF, PeopleThings

from airstair.records.endorsements.queries import endorsements
from airstair.records.operators.rules import Role
from airstair.records.people.queries import crew_by_code, crew_member_sensitive, documents_of, passengers


@pytest.fixture(autouse=True)
def _quick_passwords(settings: Any) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def here(db: None) -> tuple[World, PeopleThings]:
    world = World("KXA", ("N14923", "SP-KXA"))
    return world, PeopleThings(world)


def signed_in(world: World, role: Role) -> Client:
    client = Client()
    answer = client.post("/sign-in", {"email": world.members[role].email, "password": PASSWORD})
    assert answer.status_code == 302
    return client


def test_every_page_opens_and_says_what_it_should(here: tuple[World, PeopleThings]) -> None:
    world, things = here
    client = signed_in(world, Role.ADMIN)
    for address, said in {
        "/crew/": things.crew.code,
        "/crew/new": "Work email",
        f"/crew/{things.crew.id}": "L-4711",
        "/crew/endorsements/": "Not matched",
        "/crew/endorsements/?view=list&standing=valid": "Kind of KXA",
        "/crew/endorsements/?source=own&position=CPT&q=ann": "Kind of KXA",
        "/crew/endorsements/?kind=99999999999999999999&standing=?&view=x": "Clear filters",
        f"/crew/endorsements/{things.endorsement.id}": "N-KXA",
        f"/crew/{things.crew.id}/endorsements/new": "Kind of KXA",
        "/crew/kinds/": "Imported kind",
        "/crew/kinds/new": "Warn, days before",
        f"/crew/kinds/{things.kind.id}": "Kind of KXA",
        f"/people/{things.crew.id}/documents/new": "Kept encrypted",
        f"/people/documents/{things.licence.id}": "L-4711",
        "/phonebook/": "Passenger KXA",
        "/phonebook/contacts/": "Contact KXA",
        "/phonebook/companies/?q=company": "Company of KXA",
        "/phonebook/companies/new": "Address",
        f"/phonebook/passengers/{things.passenger.id}": "XA1234567",
    }.items():
        answer = client.get(address)
        assert (answer.status_code, said in answer.content.decode()) == (200, True), (address, answer.status_code, said)
    for address in ("/phonebook/nothing/", "/crew/1", "/crew/endorsements/1", "/people/documents/1"):
        assert client.get(address).status_code == 404, address


@pytest.mark.req("OPS-04")
def test_a_crew_member_is_added_changed_and_given_papers(here: tuple[World, PeopleThings]) -> None:
    world, things = here
    client = signed_in(world, Role.CREW_CONTROL)
    given = {"code": "new", "first_name": "Nia", "last_name": "Wu", "positions": "FO, CPT", "email": "nia@x.example"}
    wrong = client.post("/crew/new", {**given, "email": things.crew.email})
    assert wrong.status_code == 422 and "address already" in wrong.content.decode()
    assert client.post("/crew/new", {**given, "born": "1990-01-02"}).status_code == 302
    member = crew_by_code(world.id, ["NEW"])["NEW"]
    assert member.positions == ("CPT", "FO")
    page = f"/crew/{member.id}"
    assert client.post(page, {**given, "born": "1990-01-02", "phone": "12"}).status_code == 302
    assert crew_member_sensitive(world.id, member.id).born == date(1990, 1, 2)
    assert "1990-01-02" not in str(client.get("/settings/audit/").content)
    document = {"kind": "passport", "number": "PP1", "country": "PL", "expires": "2031-01-01"}
    assert client.post(f"/people/{member.id}/documents/new", document).status_code == 302
    (kept,) = documents_of(world.id, member.id)
    assert client.post(f"/people/documents/{kept.id}", {**document, "number": "", "notes": "n"}).status_code == 302
    (kept,) = documents_of(world.id, member.id)
    assert (kept.number, kept.notes) == ("PP1", "n"), "an empty number leaves the stored one"
    assert client.post(f"/people/documents/{kept.id}/remove").status_code == 302
    assert client.post(f"{page}/retire").status_code == 302 and client.post(f"{page}/reinstate").status_code == 302


@pytest.mark.req("CRW-03")
def test_an_endorsement_is_given_with_its_document_and_an_imported_one_cannot_be_changed(
    here: tuple[World, PeopleThings],
) -> None:
    world, things = here
    client = signed_in(world, Role.CREW_CONTROL)
    page = f"/crew/{things.crew.id}/endorsements/new"
    backwards = {"definition_id": things.kind.id, "issued": "2027-02-01", "expires": "2027-01-01"}
    assert client.post(page, backwards).status_code == 422
    given = {"definition_id": things.kind.id, "number": "Z9", "expires": "2027-12-24"}
    assert client.post(page, given).status_code == 302
    one = next(one for one in endorsements(world.id) if one.number == "Z9")
    address = f"/crew/endorsements/{one.id}/document"
    client.post(address, {"document": SimpleUploadedFile("m.html", b"<script>alert(1)</script>")})
    assert client.get(address).status_code == 404
    client.post(address, {"document": SimpleUploadedFile("medical.pdf", PDF)})
    answer = client.get(address)
    assert (answer.content, answer["Content-Type"]) == (PDF, "application/pdf")
    assert answer["Content-Disposition"].startswith("attachment") and answer["X-Content-Type-Options"] == "nosniff"
    imported = next(one for one in endorsements(world.id) if one.partner)
    shown = client.get(f"/crew/endorsements/{imported.id}").content.decode()
    assert imported.partner_name in shown and "read-only" in shown
    changed = client.post(f"/crew/endorsements/{imported.id}", {"definition_id": things.kind.id, "number": "MINE"})
    assert changed.status_code == 409
    assert client.post(f"/crew/endorsements/{imported.id}/remove").status_code == 409
    assert client.post(f"/crew/kinds/{things.kind.id}/move", {"place": "99"}).status_code == 302


@pytest.mark.req("OPS-05")
def test_the_phonebook_takes_passengers_and_says_what_is_wrong(here: tuple[World, PeopleThings]) -> None:
    world, things = here
    client = signed_in(world, Role.SALES)
    given = {"first_name": "Jo", "last_name": "Marsh", "category": "child", "born": "31.12.2019"}
    wrong = client.post("/phonebook/passengers/new", given)
    assert wrong.status_code == 422 and "is not a day" in wrong.content.decode()
    assert client.post("/phonebook/passengers/new", {**given, "born": "2019-12-31"}).status_code == 302
    assert any(one.name == "Jo Marsh" for one in passengers(world.id))
    kept = client.post(f"/phonebook/companies/{things.company.id}/remove", follow=True).content.decode()
    assert "Move or remove them first" in kept


def test_who_may_not_change_sees_numbers_masked_and_who_may_not_see_sees_nothing(
    here: tuple[World, PeopleThings],
) -> None:
    world, things = here
    reader, owner = signed_in(world, Role.READ_ONLY), signed_in(world, Role.AIRCRAFT_OWNER)
    page = reader.get(f"/crew/{things.crew.id}").content.decode()
    assert "L-4711" not in page and "••••" in page and "1980-02-03" not in page
    assert reader.post(f"/crew/{things.crew.id}", {"code": "X"}).status_code == 403
    assert reader.get("/phonebook/").status_code == 403
    assert reader.get(f"/people/documents/{things.passport.id}").status_code == 403
    assert reader.get(f"/people/documents/{things.licence.id}").status_code == 403
    for address in ("/crew/", f"/crew/{things.crew.id}", "/crew/endorsements/", "/phonebook/"):
        assert owner.get(address).status_code == 403
    assert 'href="/crew/"' not in owner.get("/ops/").content.decode()
