"""Licences and travel documents of crew members and passengers."""

from __future__ import annotations

from datetime import date
from typing import Any

import msgspec
from django.db import transaction

from airstair.changes.keys import next_ids
from airstair.changes.record import NewChange, record
from airstair.kernel.actor import Actor
from airstair.kernel.errors import Forbidden, NotFound, Problems
from airstair.kernel.units import Unit, UnitKind
from airstair.records import checks
from airstair.records.operators.rules import Right
from airstair.records.people.commands import inputs
from airstair.records.people.models import CrewMember, Passenger, PersonDocument
from airstair.records.people.queries import document_facts
from airstair.records.people.rules import DocumentKind
from airstair.records.people.sealing import seal_text
from airstair.records.people.snapshots import DocumentFacts

_HIDDEN = ("number",)
_FIELDS = ("kind", "number", "country", "issued", "expires", "notes")


class DocumentInput(msgspec.Struct, frozen=True, kw_only=True):
    """A document as a whole. A number of `None` leaves the stored one as it is."""

    kind: str
    number: str | None = None
    country: str = ""
    issued: date | None = None
    expires: date | None = None
    notes: str = ""

    def __repr__(self) -> str:
        """Without the number."""
        return f"<DocumentInput {self.kind}>"


class _Holder(msgspec.Struct, frozen=True):
    """Whose document it is: a crew member's, or a passenger's."""

    unit: Unit
    title: str
    right: Right
    reference: dict[str, int]


def add_document(actor: Actor, holder_id: int, wanted: DocumentInput) -> DocumentFacts:
    """Add a document to a crew member (right: CREW_EDIT) or passenger (PHONEBOOK_EDIT).

    Raises `NotFound`, `Invalid`.
    """
    with transaction.atomic():
        holder = _holder(actor, holder_id)
        values = _tidy(wanted)
        row = PersonDocument(operator_id=actor.operator_id, id=next_ids(1)[0], **holder.reference)
        _write(row, values)
        row.save(force_insert=True)
        _record(actor, "document.added", holder, row, None, inputs.shown(values, _HIDDEN))
    return document_facts(row)


def change_document(actor: Actor, document_id: int, wanted: DocumentInput) -> DocumentFacts:
    """Write a document anew. Rights as for adding. Raises `NotFound`, `Invalid`."""
    with transaction.atomic():
        row, holder = _locked(actor, document_id)
        facts = document_facts(row)
        before: dict[str, Any] = {name: getattr(facts, name) for name in _FIELDS}
        if wanted.number is None:
            wanted = msgspec.structs.replace(wanted, number=facts.number or "")
        after = _tidy(wanted)
        was, now = inputs.differing(before, after, _HIDDEN)
        if now:
            _write(row, {name: after[name] for name in now})
            row.save()
            _record(actor, "document.changed", holder, row, was, now)
    return document_facts(row)


def remove_document(actor: Actor, document_id: int) -> None:
    """Remove a document. Rights as for adding. Raises `NotFound`."""
    with transaction.atomic():
        row, holder = _locked(actor, document_id)
        facts = document_facts(row)
        before = inputs.shown({name: getattr(facts, name) for name in _FIELDS}, _HIDDEN)
        PersonDocument.objects.filter(operator_id=actor.operator_id, id=document_id).delete()
        _record(actor, "document.removed", holder, row, before, None)


def _holder(actor: Actor, holder_id: int) -> _Holder:
    """The person, held until the transaction ends, if the actor may change their documents."""
    if not actor.may(Right.CREW_EDIT) and not actor.may(Right.PHONEBOOK_EDIT):
        raise Forbidden(Right.CREW_EDIT, "change people's documents")
    of = {"operator_id": actor.operator_id, "id": holder_id}
    crew = CrewMember.objects.select_for_update(no_key=True).filter(**of).first()
    if crew is not None:
        title = f"{crew.code} {crew.first_name} {crew.last_name}"
        reference = {"crew_member_id": holder_id}
        holder = _Holder(Unit(UnitKind.CREW_MEMBER, holder_id), title, Right.CREW_EDIT, reference)
    else:
        passenger = Passenger.objects.select_for_update(no_key=True).filter(**of).first()
        if passenger is None:
            raise NotFound("This person")
        title = f"{passenger.first_name} {passenger.last_name}"
        reference = {"passenger_id": holder_id}
        holder = _Holder(Unit(UnitKind.PHONEBOOK, holder_id), title, Right.PHONEBOOK_EDIT, reference)
    actor.require(holder.right, "change people's documents")
    return holder


def _locked(actor: Actor, document_id: int) -> tuple[PersonDocument, _Holder]:
    rows = PersonDocument.objects.filter(operator_id=actor.operator_id, id=document_id)
    found = rows.first()
    if found is None:
        if not actor.may(Right.CREW_EDIT) and not actor.may(Right.PHONEBOOK_EDIT):
            raise Forbidden(Right.CREW_EDIT, "change people's documents")
        raise NotFound("This document")
    holder = _holder(actor, found.crew_member_id or found.passenger_id or 0)
    row = rows.first()  # as it is now that its holder is held
    if row is None:
        raise NotFound("This document")
    return row, holder


def _tidy(wanted: DocumentInput) -> dict[str, Any]:
    problems = Problems()
    values = {
        "kind": checks.word(problems, "kind", wanted.kind, DocumentKind).value,
        "number": checks.text(problems, "number", wanted.number or "", longest=40, needed=True),
        "country": checks.country(problems, "country", wanted.country),
        "issued": inputs.day(problems, "issued", wanted.issued),
        "expires": inputs.day(problems, "expires", wanted.expires),
        "notes": checks.text(problems, "notes", wanted.notes, longest=200),
    }
    if values["issued"] and values["expires"] and wanted.expires < wanted.issued:  # type: ignore[operator]
        problems.add("expires", "It expires before it was issued. Correct one of the days.")
    problems.refuse()
    return values


def _write(row: PersonDocument, values: dict[str, Any]) -> None:
    for name, value in values.items():
        if name == "number":
            row.number_sealed = seal_text(row.operator_id, value)
        else:
            setattr(row, name, value)


def _record(
    actor: Actor,
    kind: str,
    holder: _Holder,
    row: PersonDocument,
    before: dict[str, Any] | None,
    after: dict[str, Any] | None,
) -> None:
    title = f"{holder.title}, {DocumentKind(row.kind).label}"
    change = NewChange(kind=kind, subject=holder.unit, title=title, units=(holder.unit,), before=before, after=after)
    record(actor, [change])
