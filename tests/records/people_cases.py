"""How to call the commands about people and endorsements, and one of each thing that they are about."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

from airstair.records.endorsements import commands as endorsements
from airstair.records.endorsements.commands.imported import ImportedPerson, import_person
from airstair.records.operators.rules import Right
from airstair.records.people import commands as people

SEEN = datetime(2027, 3, 1, 6, tzinfo=UTC)
PDF = b"%PDF-1.7 a scan"


class PeopleThings:
    """One of everything: a crew member, a passenger, a contact person, a company, their documents, endorsements."""

    def __init__(self, world: Any) -> None:
        code, admin = world.code, world.admin
        self.company = people.add_company(admin, people.CompanyInput(name=f"Company of {code}"))
        self.empty = people.add_company(admin, people.CompanyInput(name=f"Nobody's of {code}"))
        self.contact = people.add_contact(
            admin, people.ContactInput(first_name="Cora", last_name=f"Contact {code}", company_id=self.company.id)
        )
        self.passenger = people.add_passenger(
            admin, people.PassengerInput(first_name="Pat", last_name=f"Passenger {code}", born=date(1970, 1, 2))
        )
        self.crew = people.add_crew_member(admin, crew(f"A{code}"))
        self.retired = people.retire_crew_member(admin, people.add_crew_member(admin, crew(f"R{code}")).id)
        self.passport = people.add_document(admin, self.passenger.id, passport())
        self.licence = people.add_document(admin, self.crew.id, people.DocumentInput(kind="licence", number="L-4711"))
        self.kind = endorsements.add_definition(
            admin, endorsements.DefinitionInput(name=f"Kind of {code}", when_expiring="ground")
        )
        self.unused = endorsements.add_definition(admin, endorsements.DefinitionInput(name=f"Unused of {code}"))
        given = endorsements.EndorsementInput(definition_id=self.kind.id, number=f"N-{code}", expires=date(2027, 9, 1))
        self.endorsement = endorsements.add_endorsement(admin, self.crew.id, given)
        self.scanned = endorsements.add_endorsement(admin, self.crew.id, given)
        endorsements.attach_scan(admin, self.scanned.id, f"scan-{code}.pdf", PDF)
        imported(admin, self.crew.email)


def crew(code: str, **given: Any) -> people.CrewMemberInput:
    values = {
        "code": code, "first_name": "Ann", "last_name": f"Aviator {code}", "email": f"{code}@crew.example".lower(),
        "positions": ("FO", "CPT"), "born": date(1980, 2, 3),
    }  # fmt: skip
    return people.CrewMemberInput(**{**values, **given})


def passport(number: str = "XA1234567") -> people.DocumentInput:
    return people.DocumentInput(kind="passport", number=number, country="PL", expires=date(2030, 1, 1))


def held(remote_id: str = "H1", **given: Any) -> endorsements.ImportedEndorsement:
    values = {"definition": "D1", "person": "P1", "expires": date(2027, 8, 1)}
    return endorsements.ImportedEndorsement(remote_id=remote_id, **{**values, **given})


def imported(actor: Any, email: str) -> None:
    """A kind, a person and an endorsement that came from the partner `actor`. The kind was seen again later."""
    kind = endorsements.ImportedDefinition(remote_id="D1", name="Imported kind")
    endorsements.import_definition(actor, kind, SEEN)
    import_person(actor, ImportedPerson(remote_id="P1", name="Ann", email=email), SEEN)
    import_person(actor, ImportedPerson(remote_id="P2", name=f"Una {email}", email=f"un-{email}"), SEEN)
    endorsements.import_endorsement(actor, held(), SEEN)
    endorsements.import_definition(actor, kind, SEEN + timedelta(days=1))


def people_cases(case: Any) -> dict[str, Any]:
    """By command, as `test_every_command` has them. `t.people` are the things above."""
    crew_edit, book = (Right.CREW_EDIT,), (Right.PHONEBOOK_EDIT,)
    contact = people.ContactInput(first_name="C", last_name="D")
    passenger = people.PassengerInput(first_name="P", last_name="Q")
    return {
        "add_crew_member": case(crew_edit, lambda t: (crew("NEW"),), lambda t: (crew("?"),), owned=False),
        "change_crew_member": case(
            crew_edit,
            lambda t: (t.people.crew.id, people.CrewMemberEdit(born=date(1981, 1, 1))),
            lambda t: (t.people.crew.id, people.CrewMemberEdit(email="?")),
        ),
        "retire_crew_member": case(crew_edit, lambda t: (t.people.crew.id,)),
        "reinstate_crew_member": case(crew_edit, lambda t: (t.people.retired.id,)),
        "add_document": case(
            book,
            lambda t: (t.people.passenger.id, passport()),
            lambda t: (t.people.passenger.id, people.DocumentInput(kind="?", number="1")),
        ),
        "change_document": case(
            book,
            lambda t: (t.people.passport.id, passport("ZZ9")),
            lambda t: (t.people.passport.id, people.DocumentInput(kind="visa", number="")),
        ),
        "remove_document": case(crew_edit, lambda t: (t.people.licence.id,)),
        "add_passenger": case(
            book, lambda t: (passenger,), lambda t: (people.PassengerInput(first_name="", last_name=""),), owned=False
        ),
        "change_passenger": case(
            book,
            lambda t: (t.people.passenger.id, passenger),
            lambda t: (t.people.passenger.id, people.PassengerInput(first_name="A", last_name="B", category="?")),
        ),
        "remove_passenger": case(book, lambda t: (t.people.passenger.id,)),
        "add_contact": case(
            book, lambda t: (contact,), lambda t: (people.ContactInput(first_name="", last_name="X"),), owned=False
        ),
        "change_contact": case(
            book,
            lambda t: (t.people.contact.id, contact),
            lambda t: (t.people.contact.id, people.ContactInput(first_name="A", last_name="B", email="?")),
        ),
        "remove_contact": case(book, lambda t: (t.people.contact.id,)),
        "add_company": case(
            book, lambda t: (people.CompanyInput(name="N"),), lambda t: (people.CompanyInput(name=""),), owned=False
        ),
        "change_company": case(
            book,
            lambda t: (t.people.company.id, people.CompanyInput(name="N")),
            lambda t: (t.people.company.id, people.CompanyInput(name=t.people.empty.name)),
        ),
        "remove_company": case(book, lambda t: (t.people.empty.id,)),
        **_endorsements(case),
    }


def _endorsements(case: Any) -> dict[str, Any]:
    edit = (Right.ENDORSEMENTS_EDIT,)
    given, kinds = endorsements.EndorsementInput, endorsements.DefinitionInput
    return {
        "add_definition": case(edit, lambda t: (kinds(name="K"),), lambda t: (kinds(name=""),), owned=False),
        "change_definition": case(
            edit,
            lambda t: (t.people.kind.id, kinds(name="K", airport="TEB")),
            lambda t: (t.people.kind.id, kinds(name="K", airport="?")),
        ),
        "move_definition": case(edit, lambda t: (t.people.unused.id, 1), lambda t: (t.people.unused.id, 99)),
        "remove_definition": case(edit, lambda t: (t.people.unused.id,)),
        "add_endorsement": case(
            edit,
            lambda t: (t.people.crew.id, given(definition_id=t.people.kind.id)),
            lambda t: (t.people.crew.id, given(definition_id=1)),
        ),
        "change_endorsement": case(
            edit,
            lambda t: (t.people.endorsement.id, given(definition_id=t.people.unused.id)),
            lambda t: (
                t.people.endorsement.id,
                given(definition_id=t.people.kind.id, issued=date(2027, 2, 1), expires=date(2027, 1, 1)),
            ),
        ),
        "remove_endorsement": case(edit, lambda t: (t.people.endorsement.id,)),
        "attach_scan": case(
            edit,
            lambda t: (t.people.endorsement.id, "scan.pdf", PDF),
            lambda t: (t.people.endorsement.id, "scan.html", b"<script>"),
        ),
        "remove_scan": case(edit, lambda t: (t.people.scanned.id,)),
        "import_definition": case(
            edit,
            lambda t: (endorsements.ImportedDefinition(remote_id="D2", name="Another"), SEEN),
            lambda t: (endorsements.ImportedDefinition(remote_id="", name=""), SEEN),
            owned=False,
        ),
        "import_endorsement": case(
            edit,
            lambda t: (held("H2"), SEEN),
            lambda t: (held("H2", issued=date(2028, 1, 1)), SEEN),
        ),
        "forget_unseen": case(edit, lambda t: (SEEN + timedelta(hours=1),), owned=False),
        "remove_imported": case(edit, lambda t: (t.world.admin.key,), owned=False),
    }
