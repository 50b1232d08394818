"""The phonebook: passengers, contact persons, companies. They can be removed: nothing else refers to them for good."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import msgspec
from django.db import models, transaction

from airstair.changes.keys import next_ids
from airstair.changes.record import NewChange, record
from airstair.kernel.actor import Actor
from airstair.kernel.errors import Conflict, NotFound, Problems
from airstair.kernel.units import Unit, UnitKind
from airstair.records import checks
from airstair.records.operators.rows import lock_operator
from airstair.records.operators.rules import Right
from airstair.records.people.commands import inputs
from airstair.records.people.models import Company, Contact, Passenger
from airstair.records.people.queries import company, contact, passenger
from airstair.records.people.rules import CompanyKind, PassengerCategory
from airstair.records.people.sealing import seal_born, unseal_born
from airstair.records.people.snapshots import CompanyFacts, ContactFacts, PassengerFacts

_HIDDEN = ("born",)


class PassengerInput(msgspec.Struct, frozen=True, kw_only=True):
    """A passenger as a whole. Field meanings as in the table."""

    first_name: str
    last_name: str
    category: str = PassengerCategory.MALE.value
    nationality: str = ""
    born: date | None = None
    email: str = ""
    phone: str = ""
    company_id: int | None = None
    notes: str = ""

    def __repr__(self) -> str:
        """Without what is sensitive."""
        return "<PassengerInput>"


class ContactInput(msgspec.Struct, frozen=True, kw_only=True):
    """A contact person as a whole."""

    first_name: str
    last_name: str
    job: str = ""
    email: str = ""
    phone: str = ""
    company_id: int | None = None
    notes: str = ""


class CompanyInput(msgspec.Struct, frozen=True, kw_only=True):
    """A company as a whole."""

    name: str
    kind: str = CompanyKind.CLIENT.value
    country: str = ""
    address: str = ""
    email: str = ""
    phone: str = ""
    notes: str = ""


def add_passenger(actor: Actor, wanted: PassengerInput) -> PassengerFacts:
    """Right: PHONEBOOK_EDIT. Raises `Invalid`."""
    return passenger(actor.operator_id, _add(actor, Passenger, wanted))


def change_passenger(actor: Actor, passenger_id: int, wanted: PassengerInput) -> PassengerFacts:
    """Write them anew. Right: PHONEBOOK_EDIT. Raises `NotFound`, `Invalid`."""
    _change(actor, Passenger, passenger_id, wanted)
    return passenger(actor.operator_id, passenger_id)


def remove_passenger(actor: Actor, passenger_id: int) -> None:
    """Remove them with their documents. Right: PHONEBOOK_EDIT. Raises `NotFound`."""
    _remove(actor, Passenger, passenger_id)


def add_contact(actor: Actor, wanted: ContactInput) -> ContactFacts:
    """Right: PHONEBOOK_EDIT. Raises `Invalid`."""
    return contact(actor.operator_id, _add(actor, Contact, wanted))


def change_contact(actor: Actor, contact_id: int, wanted: ContactInput) -> ContactFacts:
    """Write them anew. Right: PHONEBOOK_EDIT. Raises `NotFound`, `Invalid`."""
    _change(actor, Contact, contact_id, wanted)
    return contact(actor.operator_id, contact_id)


def remove_contact(actor: Actor, contact_id: int) -> None:
    """Right: PHONEBOOK_EDIT. Raises `NotFound`."""
    _remove(actor, Contact, contact_id)


def add_company(actor: Actor, wanted: CompanyInput) -> CompanyFacts:
    """Right: PHONEBOOK_EDIT. Raises `Invalid`."""
    return company(actor.operator_id, _add(actor, Company, wanted))


def change_company(actor: Actor, company_id: int, wanted: CompanyInput) -> CompanyFacts:
    """Write it anew. Right: PHONEBOOK_EDIT. Raises `NotFound`, `Invalid`."""
    _change(actor, Company, company_id, wanted)
    return company(actor.operator_id, company_id)


def remove_company(actor: Actor, company_id: int) -> None:
    """Right: PHONEBOOK_EDIT. Raises `NotFound`; `Conflict` while somebody belongs to it."""
    actor.require(Right.PHONEBOOK_EDIT, "change the phonebook")
    of = {"operator_id": actor.operator_id, "company_id": company_id}
    with transaction.atomic():
        lock_operator(actor.operator_id)
        people = Contact.objects.filter(**of).count() + Passenger.objects.filter(**of).count()
        if people:
            raise Conflict(f"{people} of the phonebook belong to this company. Move or remove them first.")
        _remove(actor, Company, company_id)


# --- one way for all three --------------------------------------------------------------------------------------

_Entry = type[Passenger] | type[Contact] | type[Company]
_NAMES, _COUNTRIES = {"first_name", "last_name"}, {"nationality", "country"}
_LONGEST = {"job": 80, "phone": 40, "address": 400, "notes": checks.LONGEST_NOTE}
_WORDS: dict[type[models.Model], str] = {Passenger: "passenger", Contact: "contact", Company: "company"}


def _add(actor: Actor, table: _Entry, wanted: msgspec.Struct) -> int:
    actor.require(Right.PHONEBOOK_EDIT, "change the phonebook")
    with transaction.atomic():
        lock_operator(actor.operator_id)
        values = _tidy(actor.operator_id, table, 0, msgspec.structs.asdict(wanted))
        id_ = next_ids(1)[0]
        table.objects.create(operator_id=actor.operator_id, id=id_, **_stored(actor.operator_id, values))
        _record(actor, f"{_WORDS[table]}.added", id_, _title(values), None, inputs.shown(values, _HIDDEN))
    return id_


def _change(actor: Actor, table: _Entry, id_: int, wanted: msgspec.Struct) -> None:
    actor.require(Right.PHONEBOOK_EDIT, "change the phonebook")
    with transaction.atomic():
        lock_operator(actor.operator_id)
        before = _values(actor.operator_id, table, id_, wanted.__struct_fields__)
        after = _tidy(actor.operator_id, table, id_, msgspec.structs.asdict(wanted))
        was, now = inputs.differing(before, after, _HIDDEN)
        if now:
            changed = _stored(actor.operator_id, {name: after[name] for name in now})
            table.objects.filter(operator_id=actor.operator_id, id=id_).update(**changed)
            _record(actor, f"{_WORDS[table]}.changed", id_, _title(after), was, now)


def _remove(actor: Actor, table: _Entry, id_: int) -> None:
    actor.require(Right.PHONEBOOK_EDIT, "change the phonebook")
    with transaction.atomic():
        lock_operator(actor.operator_id)
        fields = {Passenger: PassengerInput, Contact: ContactInput, Company: CompanyInput}[table].__struct_fields__
        before = _values(actor.operator_id, table, id_, fields)
        table.objects.filter(operator_id=actor.operator_id, id=id_).delete()
        _record(actor, f"{_WORDS[table]}.removed", id_, _title(before), inputs.shown(before, _HIDDEN), None)


def _values(operator_id: int, table: _Entry, id_: int, fields: tuple[str, ...]) -> dict[str, Any]:
    row = table.objects.filter(operator_id=operator_id, id=id_).first()
    if row is None:
        raise NotFound(f"This {_WORDS[table]}")
    values = {name: getattr(row, name) for name in fields if name != "born"}
    if isinstance(row, Passenger):
        values["born"] = unseal_born(operator_id, row.born_sealed).born
    return values


def _stored(operator_id: int, values: Mapping[str, Any]) -> dict[str, Any]:
    stored = {name: value for name, value in values.items() if name != "born"}
    if "born" in values:
        stored["born_sealed"] = seal_born(operator_id, values["born"])
    return stored


def _title(values: Mapping[str, Any]) -> str:
    return values["name"] if "name" in values else f"{values['first_name']} {values['last_name']}"


def _tidy(operator_id: int, table: _Entry, id_: int, values: dict[str, Any]) -> dict[str, Any]:
    """The values in their written form."""
    problems = Problems()
    tidy = dict(values)
    for field in _NAMES & values.keys():
        tidy[field] = inputs.name(problems, field, values[field])
    for field in _LONGEST.keys() & values.keys():
        tidy[field] = checks.text(problems, field, values[field], longest=_LONGEST[field])
    for field in _COUNTRIES & values.keys():
        tidy[field] = checks.country(problems, field, values[field])
    tidy["email"] = checks.email(problems, "email", values["email"])
    if table is Company:
        _tidy_company(problems, operator_id, id_, tidy)
    else:
        tidy["company_id"] = inputs.company_id(problems, operator_id, values["company_id"])
    if table is Passenger:
        tidy["category"] = checks.word(problems, "category", values["category"], PassengerCategory).value
        tidy["born"] = inputs.day(problems, "born", values["born"])
    problems.refuse()
    return tidy


def _tidy_company(problems: Problems, operator_id: int, id_: int, tidy: dict[str, Any]) -> None:
    tidy["name"] = checks.text(problems, "name", tidy["name"], longest=120, needed=True)
    tidy["kind"] = checks.word(problems, "kind", tidy["kind"], CompanyKind).value
    others = Company.objects.filter(operator_id=operator_id, name__iexact=tidy["name"])
    if others.exclude(operator_id=operator_id, id=id_).exists():
        problems.add("name", f"“{tidy['name'][:60]}” is in the phonebook already. Change that one instead.")


def _record(
    actor: Actor, kind: str, id_: int, title: str, before: dict[str, Any] | None, after: dict[str, Any] | None
) -> None:
    unit = Unit(UnitKind.PHONEBOOK, id_)
    record(actor, [NewChange(kind=kind, subject=unit, title=title, units=(unit,), before=before, after=after)])
