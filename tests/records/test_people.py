"""Crew members, the phonebook, documents and endorsements: what the commands keep, hide and refuse."""

from __future__ import annotations

from datetime import date, timedelta

import msgspec
import pytest
from django.db import connection
from tests.records.people_cases import PDF, crew, passport

from airstair.changes.models import Change
from airstair.kernel import sealing
from airstair.kernel.errors import Conflict, Invalid, NotFound
from airstair.records.endorsements import commands as endorsements
from airstair.records.endorsements import queries as endorsed
from airstair.records.endorsements.rules import Standing, WhenExpiring, remaining_days, standing
from airstair.records.operators.rules import Role
from airstair.records.people import commands, queries
from airstair.records.people.rules import in_order, masked

TODAY = date(2027, 3, 1)


def rows(table: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT to_jsonb(t)::text FROM {table} t")
        return " ".join(row[0] for row in cursor.fetchall())


@pytest.mark.req("OPS-04")
def test_a_crew_member_has_code_name_email_positions_sex_licences_and_documents(world):
    wanted = crew("ABE", positions=("FA2", "FO", "CPT", "XX1"), sex="female", home_base="EWR")
    member = commands.add_crew_member(world.admin, wanted)
    assert (member.code, member.name, member.sex) == ("ABE", "Ann Aviator ABE", "female")
    assert member.email == "abe@crew.example"
    assert member.positions == ("CPT", "FO", "FA2", "XX1") and member.home_base == "KEWR"
    licence = commands.DocumentInput(kind="licence", number="L-4711", country="pl", expires=date(2029, 1, 1))
    commands.add_document(world.admin, member.id, licence)
    commands.add_document(world.admin, member.id, passport())
    documents = queries.documents_of(world.id, member.id)
    assert {(one.kind.value, one.number, one.country) for one in documents} == {
        ("licence", "L-4711", "PL"), ("passport", "XA1234567", "PL"),
    }  # fmt: skip
    assert queries.crew_by_code(world.id, ["abe", "NOBODY"]) == {"ABE": member}
    assert queries.crew_by_email(world.id, ["ABE@Crew.example", ""]) == {"abe@crew.example": member}


@pytest.mark.req("OPS-05")
def test_the_phonebook_has_passengers_contacts_and_companies(world):
    company = commands.add_company(world.admin, commands.CompanyInput(name="Harbour", kind="broker"))
    born = date(2019, 4, 9)
    given = commands.PassengerInput(
        first_name="Jo", last_name="Marsh", category="child", born=born, company_id=company.id
    )
    passenger = commands.add_passenger(world.admin, given)
    commands.add_document(world.admin, passenger.id, passport())
    contact = commands.add_contact(
        world.admin, commands.ContactInput(first_name="Noor", last_name="Haddad", company_id=company.id)
    )
    assert queries.passenger_sensitive(world.id, passenger.id).born == born
    (document,) = queries.documents_of(world.id, passenger.id)
    assert (document.number, document.country, document.expires) == ("XA1234567", "PL", date(2030, 1, 1))
    with pytest.raises(Conflict, match="2 of the phonebook"):
        commands.remove_company(world.admin, company.id)
    commands.remove_passenger(world.admin, passenger.id)
    commands.remove_contact(world.admin, contact.id)
    commands.remove_company(world.admin, company.id)
    assert queries.documents_of(world.id, passenger.id) == [] and queries.companies(world.id) == []


def test_what_is_sensitive_is_sealed_in_the_table_and_in_no_trail_or_picture(world):
    member = commands.add_crew_member(world.admin, crew("ABE"))
    document = commands.add_document(world.admin, member.id, passport())
    commands.change_crew_member(world.admin, member.id, commands.CrewMemberEdit(born=date(1981, 5, 6)))
    commands.change_document(world.admin, document.id, passport("ZZ998877"))
    assert queries.crew_member_sensitive(world.id, member.id).born == date(1981, 5, 6)
    kept = rows("people_crew_member") + rows("people_document") + rows("changes_change")
    for secret in ("1980-02-03", "1981-05-06", "XA1234567", "ZZ998877"):
        assert secret not in kept
    changed = Change.objects.get(kind="document.changed")
    assert (changed.before, changed.after) == ({"number": "(not shown)"}, {"number": "(changed)"})
    for shown in (document, passport(), crew("X"), queries.crew_member_sensitive(world.id, member.id)):
        assert "1234567" not in repr(shown) and "198" not in repr(shown)


def test_what_was_sealed_under_another_key_is_said_to_be_unreadable(world, settings):
    member = commands.add_crew_member(world.admin, crew("ABE"))
    commands.add_document(world.admin, member.id, passport())
    settings.SECRET_KEY = "another key of the installation"
    sensitive = queries.crew_member_sensitive(world.id, member.id)
    assert (sensitive.born, sensitive.readable) == (None, False)
    (document,) = queries.documents_of(world.id, member.id)
    assert document.number is None and document.masked == "unreadable"


def test_one_operators_ciphertext_is_of_no_use_to_another():
    sealed = sealing.seal("key", "purpose of 1", b"XA1234567")
    assert sealing.unseal("key", "purpose of 1", sealed) == b"XA1234567"
    for key, purpose in (("key", "purpose of 2"), ("other", "purpose of 1")):
        with pytest.raises(sealing.WrongKey):
            sealing.unseal(key, purpose, sealed)
    assert sealing.seal("key", "p", b"") == b"" == sealing.unseal("key", "p", b"")


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"code": "A"}, "code"), ({"code": "ABC"}, "code"), ({"email": "abc@crew.example".upper()}, "email"),
        ({"email": "no address"}, "email"), ({"first_name": " "}, "first_name"), ({"sex": "x"}, "sex"),
        ({"positions": ("?",)}, "positions"), ({"positions": ("A1",) * 13}, "positions"),
        ({"home_base": "Q9"}, "home_base"), ({"nationality": "POL"}, "nationality"), ({"born": date(1, 1, 1)}, "born"),
        ({"notes": "x\x00"}, "notes"),
    ],
)  # fmt: skip
def test_wrong_facts_of_a_crew_member_are_named(world, given, field):
    commands.add_crew_member(world.admin, crew("ABC"))
    with pytest.raises(Invalid) as refusal:
        commands.add_crew_member(world.admin, msgspec.structs.replace(crew("NEW"), **given))
    assert [problem.field for problem in refusal.value.problems] == [field]


def test_a_change_names_the_flights_that_name_the_crew_member(world):
    member = commands.add_crew_member(world.admin, crew("ABE"))
    flight = world.flight(crew={"CPT": "ABE"})
    world.flight(crew={"CPT": "KIM"})
    commands.change_crew_member(world.admin, member.id, commands.CrewMemberEdit(email="new@crew.example"))
    assert Change.objects.latest("seq").units == [f"crew:{member.id}", f"flight:{flight.id}"]
    commands.change_crew_member(world.admin, member.id, commands.CrewMemberEdit(notes="Likes tea."))
    assert Change.objects.latest("seq").units == [f"crew:{member.id}"]


def test_whoever_is_added_touches_the_flights_that_name_them_already(world):
    flight = world.flight(crew={"CPT": "KIM"})
    member = commands.add_crew_member(world.admin, crew("KIM"))
    assert Change.objects.latest("seq").units == [f"crew:{member.id}", f"flight:{flight.id}"]


def test_whoever_has_left_is_matched_no_more_but_still_named(world):
    member = commands.add_crew_member(world.admin, crew("ABE"))
    commands.retire_crew_member(world.admin, member.id)
    assert queries.crew_by_email(world.id, [member.email]) == {}
    assert list(queries.crew_by_code(world.id, ["ABE"])) == ["ABE"]
    assert queries.crew_members(world.id, active_only=True) == []


@pytest.mark.req("OPS-04")
def test_who_may_see_and_change_people(world):
    edits = {role: actor.may("crew.edit") for role, actor in world.actors.items()}
    assert {role for role, may in edits.items() if may} == {Role.ADMIN, Role.CREW_CONTROL}
    views = {role for role, actor in world.actors.items() if actor.may("phonebook.view")}
    assert Role.AIRCRAFT_OWNER not in views and Role.READ_ONLY not in views


def test_small_rules():
    assert in_order(("FA1", "CPT", "FA1", "ZZ")) == ("CPT", "FA1", "ZZ")
    assert (masked("XA1234567"), masked("123"), masked("")) == ("•••• 4567", "••••", "")


# --- endorsements ------------------------------------------------------------------------------------------------


@pytest.mark.req("CRW-03")
@pytest.mark.parametrize(
    ("expires", "left", "warned", "unwatched"),
    [
        (None, None, Standing.UNLIMITED, Standing.UNLIMITED),
        (TODAY - timedelta(days=1), -1, Standing.EXPIRED, Standing.EXPIRED),
        (TODAY, 0, Standing.EXPIRING, Standing.VALID),
        (TODAY + timedelta(days=60), 60, Standing.EXPIRING, Standing.VALID),
        (TODAY + timedelta(days=61), 61, Standing.VALID, Standing.VALID),
    ],
)
def test_what_remains_and_how_it_stands(expires, left, warned, unwatched):
    assert remaining_days(expires, TODAY) == left
    assert standing(expires, TODAY, when_expiring=WhenExpiring.WARN, warn_days=60) is warned
    assert standing(expires, TODAY, when_expiring=WhenExpiring.NOTHING, warn_days=60) is unwatched


@pytest.mark.req("CRW-03")
def test_endorsements_follow_the_order_of_their_kinds_and_ground_whoever_lets_them_expire(world):
    member = commands.add_crew_member(world.admin, crew("ABE"))
    medical, check = (
        endorsements.add_definition(world.admin, endorsements.DefinitionInput(name=name, when_expiring=action))
        for name, action in (("Medical", "ground"), ("Check", "warn"))
    )

    def give(kind: int, days: int) -> int:
        given = endorsements.EndorsementInput(definition_id=kind, expires=TODAY + timedelta(days=days))
        return endorsements.add_endorsement(world.admin, member.id, given).id

    old, checked = give(medical.id, -5), give(check.id, -5)
    assert [one.id for one in endorsed.endorsements(world.id)] == [old, checked]
    endorsements.move_definition(world.admin, check.id, 1)
    assert [one.id for one in endorsed.endorsements(world.id)] == [checked, old]
    assert endorsed.grounded_on(world.id, TODAY) == {member.id: ["Medical"]}
    give(medical.id, 300)  # it is renewed
    assert endorsed.grounded_on(world.id, TODAY) == {}
    with pytest.raises(Conflict, match="2 endorsements"):
        endorsements.remove_definition(world.admin, medical.id)


@pytest.mark.req("CRW-04")
@pytest.mark.parametrize("code", ["KASE", "ase"])
def test_an_endorsement_can_be_for_an_airport(world, code):
    kind = endorsements.add_definition(world.admin, endorsements.DefinitionInput(name="Aspen", airport=code))
    assert kind.airport == "KASE"


@pytest.mark.req("CRW-03")
def test_a_document_goes_with_an_endorsement(world):
    member = commands.add_crew_member(world.admin, crew("ABE"))
    kind = endorsements.add_definition(world.admin, endorsements.DefinitionInput(name="Medical"))
    one = endorsements.add_endorsement(world.admin, member.id, endorsements.EndorsementInput(definition_id=kind.id))
    endorsements.attach_scan(world.admin, one.id, "C:\\scans\\medical.pdf", PDF)
    assert endorsed.endorsement(world.id, one.id).document_name == "medical.pdf"
    scan = endorsed.scan(world.id, one.id)
    assert (scan.content, scan.media_type) == (PDF, "application/pdf")
    for name, content in (("a.html", b"<html>"), ("a.pdf", PDF + b"x" * endorsements.LARGEST_SCAN)):
        with pytest.raises(Invalid):
            endorsements.attach_scan(world.admin, one.id, name, content)
    endorsements.remove_scan(world.admin, one.id)
    with pytest.raises(NotFound):
        endorsed.scan(world.id, one.id)


def test_rights_of_a_partner_reach_no_further_than_endorsements(world):
    partner = msgspec.structs.replace(world.admin, rights=frozenset({"endorsements.edit"}))
    for attempt in (
        lambda: commands.add_crew_member(partner, crew("ABE")),
        lambda: commands.add_passenger(partner, commands.PassengerInput(first_name="A", last_name="B")),
    ):
        with pytest.raises(Exception, match="You need the right"):
            attempt()
