"""The demo operator's people: crew members with licences and endorsements, and a small phonebook."""

from __future__ import annotations

from datetime import date, timedelta

from airstair.kernel.actor import Actor
from airstair.records.endorsements.commands import (
    DefinitionInput,
    EndorsementInput,
    add_definition,
    add_endorsement,
)
from airstair.records.people.commands import (
    CompanyInput,
    ContactInput,
    CrewMemberInput,
    DocumentInput,
    PassengerInput,
    add_company,
    add_contact,
    add_crew_member,
    add_document,
    add_passenger,
)

# code, first and last name, sex, positions; days until the medical, the check and the dangerous goods course end
_CREW = (
    ("ABE", "Ada", "Berg", "female", ("CPT", "SP"), (212, 41, 500)),
    ("KIM", "Kim", "Lund", "male", ("FO",), (-6, 130, 320)),
    ("RUI", "Rui", "Costa", "male", ("CPT", "FO"), (88, 300, 20)),
    ("ELA", "Ela", "Novak", "female", ("FO",), (340, 12, 410)),
    ("JON", "Jon", "Hale", "male", ("CPT",), (150, 201, None)),
    ("MIA", "Mia", "Stone", "female", ("FA1", "FA2"), (None, None, 75)),
    ("LEO", "Leo", "Park", "male", ("FA1", "FA2", "FA3"), (None, None, -40)),
    ("ZOE", "Zoe", "Quinn", "female", ("FA2", "FA3"), (None, None, 260)),
)
_KINDS = (
    ("Medical class 1", "", "ground", 45, timedelta(days=365)),
    ("LPC / OPC", "", "ground", 60, timedelta(days=365)),
    ("Dangerous goods", "", "warn", 90, timedelta(days=730)),
    ("Aspen approach", "KASE", "warn", 30, timedelta(days=365)),
)


def add_people(actor: Actor, today: date, home_base: str) -> dict[str, int]:
    """Add them; returns how many of each."""
    kinds = [
        add_definition(actor, DefinitionInput(name=name, airport=airport, when_expiring=action, warn_days=days)).id
        for name, airport, action, days, _ in _KINDS
    ]
    endorsed = 0
    for number, (code, first, last, sex, positions, ends) in enumerate(_CREW, 1):
        wanted = CrewMemberInput(
            code=code, first_name=first, last_name=last, sex=sex, positions=positions, home_base=home_base,
            email=f"{first}.{last}@airstair.example".lower(), phone=f"+1 973 555 01{number:02}", nationality="US",
            born=date(1975 + 2 * number, number, 10 + number),
        )  # fmt: skip
        member = add_crew_member(actor, wanted).id
        licence = DocumentInput(kind="licence", number=f"P-{4400 + number}", country="US", notes="ATPL(A)")
        passport = DocumentInput(
            kind="passport", number=f"58{number}014477", country="US", expires=today + timedelta(days=400 * number)
        )
        for document in (licence, passport) if ends[0] is not None else (passport,):
            add_document(actor, member, document)
        endorsed += sum(_endorse(actor, member, kinds[at], at, left, today) for at, left in enumerate(ends))
        if code in ("ABE", "RUI"):
            endorsed += _endorse(actor, member, kinds[3], 3, 90, today)
    _phonebook(actor, today)
    return {"crew_members": len(_CREW), "endorsements": endorsed}


def _endorse(actor: Actor, member: int, kind: int, at: int, left: int | None, today: date) -> int:
    if left is None:
        return 0
    ends = today + timedelta(days=left)
    wanted = EndorsementInput(
        definition_id=kind, number=f"E-{ends:%m%d}{at}", issued=ends - _KINDS[at][4], expires=ends
    )
    add_endorsement(actor, member, wanted)
    return 1


def _phonebook(actor: Actor, today: date) -> None:
    club = add_company(actor, CompanyInput(name="Harbour Sports Club", country="US", email="trips@harbour.example"))
    add_company(actor, CompanyInput(name="Bright Brokers", kind="broker", country="US", phone="+1 212 555 0144"))
    contact = ContactInput(first_name="Noor", last_name="Haddad", job="Travel manager", company_id=club.id)
    add_contact(actor, contact)
    for number, (first, last, category, born) in enumerate(
        (
            ("Jo", "Marsh", "female", date(1984, 4, 9)),
            ("Sam", "Reed", "male", date(1979, 11, 23)),
            ("Tim", "Reed", "child", today - timedelta(days=8 * 365)),
        )
    ):
        given = PassengerInput(
            first_name=first, last_name=last, category=category, born=born, nationality="US", company_id=club.id
        )
        passport = DocumentInput(
            kind="passport", number=f"40118820{number}", country="US", expires=today + timedelta(days=1200)
        )
        add_document(actor, add_passenger(actor, given).id, passport)
