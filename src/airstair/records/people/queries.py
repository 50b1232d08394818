"""Reading people. Each reader says its number of statements; only those that say so unseal anything."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import QuerySet
from django.db.models.functions import Lower

from airstair.kernel.errors import NotFound
from airstair.records.people.models import Company, Contact, CrewMember, Passenger, PersonDocument
from airstair.records.people.rules import DocumentKind, PassengerCategory
from airstair.records.people.sealing import unseal_born, unseal_text
from airstair.records.people.snapshots import (
    CompanyFacts,
    ContactFacts,
    CrewMemberFacts,
    DocumentFacts,
    PassengerFacts,
    Sensitive,
)

CREW_FIELDS = CrewMemberFacts.__struct_fields__
PASSENGER_FIELDS = PassengerFacts.__struct_fields__
CONTACT_FIELDS = ContactFacts.__struct_fields__
COMPANY_FIELDS = CompanyFacts.__struct_fields__


def crew_members(operator_id: int, *, active_only: bool = False) -> list[CrewMemberFacts]:
    """The operator's crew members, by code. One statement."""
    rows = CrewMember.objects.filter(operator_id=operator_id)
    return _crew(rows.filter(active=True) if active_only else rows)


def crew_member(operator_id: int, crew_member_id: int) -> CrewMemberFacts:
    """One statement. Raises `NotFound`."""
    found = _crew(CrewMember.objects.filter(operator_id=operator_id, id=crew_member_id))
    if not found:
        raise NotFound("This crew member")
    return found[0]


def crew_by_code(operator_id: int, codes: Iterable[str]) -> dict[str, CrewMemberFacts]:
    """The crew members that flights name by these codes; a code that names nobody is left out. One statement.

    Those who have left are found too: flights of the past name them.
    """
    wanted = sorted({code.strip().upper() for code in codes})
    return {one.code: one for one in _crew(CrewMember.objects.filter(operator_id=operator_id, code__in=wanted))}


def crew_by_email(operator_id: int, emails: Iterable[str]) -> dict[str, CrewMemberFacts]:
    """The active crew members whose work email it is, by the address in lower case. One statement.

    No two of an operator's crew members have one address, so a match is never a guess.
    """
    wanted = sorted({email.strip().lower() for email in emails} - {""})
    rows = CrewMember.objects.filter(operator_id=operator_id, active=True)
    found = _crew(rows.annotate(address=Lower("email")).filter(address__in=wanted))
    return {one.email.lower(): one for one in found}


def _crew(rows: QuerySet[CrewMember]) -> list[CrewMemberFacts]:
    found = rows.order_by("code").values(*CREW_FIELDS)
    return [CrewMemberFacts(**{**row, "positions": tuple(row["positions"])}) for row in found]


def crew_member_sensitive(operator_id: int, crew_member_id: int) -> Sensitive:
    """The date of birth, unsealed: for those who need it. One statement. Raises `NotFound`."""
    row = CrewMember.objects.filter(operator_id=operator_id, id=crew_member_id).values("born_sealed").first()
    if row is None:
        raise NotFound("This crew member")
    return unseal_born(operator_id, row["born_sealed"])


def passengers(operator_id: int) -> list[PassengerFacts]:
    """The passengers of the phonebook, by name. One statement."""
    return _passengers(Passenger.objects.filter(operator_id=operator_id))


def passenger(operator_id: int, passenger_id: int) -> PassengerFacts:
    """One statement. Raises `NotFound`."""
    found = _passengers(Passenger.objects.filter(operator_id=operator_id, id=passenger_id))
    if not found:
        raise NotFound("This passenger")
    return found[0]


def _passengers(rows: QuerySet[Passenger]) -> list[PassengerFacts]:
    found = rows.order_by("last_name", "first_name", "id").values(*PASSENGER_FIELDS)
    return [PassengerFacts(**{**row, "category": PassengerCategory(row["category"])}) for row in found]


def passenger_sensitive(operator_id: int, passenger_id: int) -> Sensitive:
    """The date of birth, unsealed: for those who need it. One statement. Raises `NotFound`."""
    row = Passenger.objects.filter(operator_id=operator_id, id=passenger_id).values("born_sealed").first()
    if row is None:
        raise NotFound("This passenger")
    return unseal_born(operator_id, row["born_sealed"])


def contacts(operator_id: int) -> list[ContactFacts]:
    """The contact persons, by name. One statement."""
    rows = Contact.objects.filter(operator_id=operator_id).order_by("last_name", "first_name", "id")
    return [ContactFacts(**row) for row in rows.values(*CONTACT_FIELDS)]


def contact(operator_id: int, contact_id: int) -> ContactFacts:
    """One statement. Raises `NotFound`."""
    row = Contact.objects.filter(operator_id=operator_id, id=contact_id).values(*CONTACT_FIELDS).first()
    if row is None:
        raise NotFound("This contact")
    return ContactFacts(**row)


def companies(operator_id: int) -> list[CompanyFacts]:
    """The companies of the phonebook, by name. One statement."""
    rows = Company.objects.filter(operator_id=operator_id).order_by(Lower("name"))
    return [CompanyFacts(**row) for row in rows.values(*COMPANY_FIELDS)]


def company(operator_id: int, company_id: int) -> CompanyFacts:
    """One statement. Raises `NotFound`."""
    row = Company.objects.filter(operator_id=operator_id, id=company_id).values(*COMPANY_FIELDS).first()
    if row is None:
        raise NotFound("This company")
    return CompanyFacts(**row)


def documents_of(operator_id: int, holder_id: int) -> list[DocumentFacts]:
    """The licences and travel documents of one crew member or passenger, numbers unsealed. One statement."""
    rows = PersonDocument.objects.filter(operator_id=operator_id)
    rows = rows.filter(crew_member_id=holder_id) | rows.filter(passenger_id=holder_id)
    return [document_facts(row) for row in rows.order_by("kind", "expires", "id")]


def document(operator_id: int, document_id: int) -> DocumentFacts:
    """One document, its number unsealed. One statement. Raises `NotFound`."""
    row = PersonDocument.objects.filter(operator_id=operator_id, id=document_id).first()
    if row is None:
        raise NotFound("This document")
    return document_facts(row)


def document_facts(row: PersonDocument) -> DocumentFacts:
    """The row as people see it."""
    return DocumentFacts(
        id=row.id,
        operator_id=row.operator_id,
        holder_id=row.crew_member_id or row.passenger_id or 0,
        kind=DocumentKind(row.kind),
        number=unseal_text(row.operator_id, row.number_sealed),
        country=row.country,
        issued=row.issued,
        expires=row.expires,
        notes=row.notes,
    )
