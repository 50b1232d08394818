"""The operator's own endorsements of its crew members, and the scans that go with them."""

from __future__ import annotations

from datetime import date
from pathlib import PurePosixPath
from typing import Any

import msgspec
from django.db import transaction

from airstair.changes.keys import next_ids
from airstair.changes.record import NewChange, difference, plain, record
from airstair.kernel.actor import Actor
from airstair.kernel.errors import Conflict, NotFound, Problems
from airstair.kernel.units import Unit, UnitKind
from airstair.records import checks
from airstair.records.endorsements.models import Definition, Endorsement, Scan
from airstair.records.endorsements.queries import endorsement
from airstair.records.endorsements.snapshots import EndorsementFacts
from airstair.records.operators.rows import lock_operator
from airstair.records.operators.rules import Right
from airstair.records.people.queries import crew_member
from airstair.records.people.snapshots import CrewMemberFacts

LARGEST_SCAN = 3 * 1024 * 1024  # bytes
FIELDS = ("number", "issued", "expires", "notes")
# What a document may be, by how its bytes begin: what browsers show without running anything.
_KINDS = ((b"%PDF-", "application/pdf"), (b"\x89PNG\r\n\x1a\n", "image/png"), (b"\xff\xd8\xff", "image/jpeg"))


class EndorsementInput(msgspec.Struct, frozen=True, kw_only=True):
    """An endorsement as a whole."""

    definition_id: int
    number: str = ""
    issued: date | None = None
    expires: date | None = None  # the last day on which it is good
    notes: str = ""


def add_endorsement(actor: Actor, crew_member_id: int, wanted: EndorsementInput) -> EndorsementFacts:
    """Give a crew member an endorsement. Right: ENDORSEMENTS_EDIT. Raises `NotFound`, `Invalid`."""
    actor.require(Right.ENDORSEMENTS_EDIT, "add endorsements")
    with transaction.atomic():
        lock_operator(actor.operator_id)
        member = crew_member(actor.operator_id, crew_member_id)
        values = _tidy(actor.operator_id, wanted)
        id_ = next_ids(1)[0]
        Endorsement.objects.create(
            operator_id=actor.operator_id,
            id=id_,
            crew_member_id=member.id,
            definition_id=wanted.definition_id,
            **values,
        )
        facts = endorsement(actor.operator_id, id_)
        told(actor, "endorsement.added", member, facts, None, picture(facts))
    return facts


def change_endorsement(actor: Actor, endorsement_id: int, wanted: EndorsementInput) -> EndorsementFacts:
    """Write it anew. Right: ENDORSEMENTS_EDIT. Raises `NotFound`, `Invalid`; `Conflict`: it is imported."""
    actor.require(Right.ENDORSEMENTS_EDIT, "change endorsements")
    with transaction.atomic():
        lock_operator(actor.operator_id)
        before = _own(actor, endorsement_id)
        values = _tidy(actor.operator_id, wanted)
        rows = Endorsement.objects.filter(operator_id=actor.operator_id, id=endorsement_id)
        rows.update(definition_id=wanted.definition_id, **values)
        after = endorsement(actor.operator_id, endorsement_id)
        was, now = difference(before, after, FIELDS)
        if before.definition.id != after.definition.id:
            was["endorsement"], now["endorsement"] = before.definition.name, after.definition.name
        if now:
            told(actor, "endorsement.changed", crew_member(actor.operator_id, after.crew_member_id), after, was, now)
    return after


def remove_endorsement(actor: Actor, endorsement_id: int) -> None:
    """Take it away. Right: ENDORSEMENTS_EDIT. Raises `NotFound`; `Conflict`: it is imported."""
    actor.require(Right.ENDORSEMENTS_EDIT, "remove endorsements")
    with transaction.atomic():
        lock_operator(actor.operator_id)
        before = _own(actor, endorsement_id)
        Endorsement.objects.filter(operator_id=actor.operator_id, id=endorsement_id).delete()
        member = crew_member(actor.operator_id, before.crew_member_id)
        told(actor, "endorsement.removed", member, before, picture(before), None)


def attach_scan(actor: Actor, endorsement_id: int, name: str, content: bytes) -> EndorsementFacts:
    """Keep a PDF, PNG or JPEG as its document, in place of the one before. Right: ENDORSEMENTS_EDIT.

    Raises `NotFound`, `Invalid`; `Conflict`: it is imported.
    """
    actor.require(Right.ENDORSEMENTS_EDIT, "attach documents")
    with transaction.atomic():
        lock_operator(actor.operator_id)
        before = _own(actor, endorsement_id)
        tidy_name, media_type = _scan(name, content)
        of = {"operator_id": actor.operator_id, "id": endorsement_id}
        Scan.objects.filter(**of).delete()
        Scan.objects.create(**of, media_type=media_type, content=content)
        Endorsement.objects.filter(**of).update(document_name=tidy_name)
        after = endorsement(actor.operator_id, endorsement_id)
        member = crew_member(actor.operator_id, after.crew_member_id)
        was, now = {"document": before.document_name}, {"document": f"{tidy_name}, {len(content)} bytes"}
        told(actor, "endorsement.document_attached", member, after, was, now)
    return after


def remove_scan(actor: Actor, endorsement_id: int) -> EndorsementFacts:
    """Take its document away. Right: ENDORSEMENTS_EDIT. Raises `NotFound`; `Conflict`: it is imported."""
    actor.require(Right.ENDORSEMENTS_EDIT, "remove documents")
    with transaction.atomic():
        lock_operator(actor.operator_id)
        before = _own(actor, endorsement_id)
        of = {"operator_id": actor.operator_id, "id": endorsement_id}
        if not Scan.objects.filter(**of).delete()[0]:
            raise NotFound("The document of this endorsement")
        Endorsement.objects.filter(**of).update(document_name="")
        after = endorsement(actor.operator_id, endorsement_id)
        member = crew_member(actor.operator_id, after.crew_member_id)
        told(actor, "endorsement.document_removed", member, after, {"document": before.document_name}, {"document": ""})
    return after


def _own(actor: Actor, endorsement_id: int) -> EndorsementFacts:
    facts = endorsement(actor.operator_id, endorsement_id)
    if facts.partner:
        raise Conflict(f"“{facts.definition.name}” comes from {facts.partner_name} and is read-only. Change it there.")
    return facts


def _tidy(operator_id: int, wanted: EndorsementInput) -> dict[str, Any]:
    problems = Problems()
    kind = Definition.objects.filter(operator_id=operator_id, id=wanted.definition_id).first()
    if kind is None:
        problems.add("definition_id", "There is no such kind of endorsement. Choose one, or add it first.")
    elif kind.partner:
        problems.add("definition_id", f"“{kind.name}” is {kind.partner_name}'s. Choose one of your own kinds.")
    values = dates_and_words(problems, wanted.number, wanted.issued, wanted.expires, wanted.notes)
    problems.refuse()
    return values


def dates_and_words(
    problems: Problems, number: str, issued: date | None, expires: date | None, notes: str
) -> dict[str, Any]:
    """What every endorsement has, in its written form."""
    for field, day in (("issued", issued), ("expires", expires)):
        if day is not None and not checks.YEARS[0] <= day.year < checks.YEARS[1]:
            problems.add(field, f"Year {day.year} is out of range. Use a year from 1900 to 2199.")
    if issued is not None and expires is not None and expires < issued:
        problems.add("expires", "It expires before it was issued. Correct one of the days.")
    return {
        "number": checks.text(problems, "number", number, longest=60),
        "issued": issued,
        "expires": expires,
        "notes": checks.text(problems, "notes", notes, longest=checks.LONGEST_NOTE),
    }


def _scan(name: str, content: bytes) -> tuple[str, str]:
    """The file's name in its written form, and its media type by its first bytes."""
    problems = Problems()
    tidy = checks.text(problems, "document", PurePosixPath(name.replace("\\", "/")).name, longest=120, needed=True)
    media_type = next((kind for start, kind in _KINDS if content.startswith(start)), "")
    if not media_type:
        problems.add("document", "It is neither a PDF nor a PNG or JPEG picture. Save it as one of these.")
    if len(content) > LARGEST_SCAN:
        problems.add("document", f"It has {len(content) / 1024 / 1024:.1f} MB. Make it smaller: at most 3 MB.")
    problems.refuse()
    return tidy, media_type


def picture(facts: EndorsementFacts) -> dict[str, Any]:
    """An endorsement as the change log keeps it."""
    return {"endorsement": facts.definition.name, **{name: plain(getattr(facts, name)) for name in FIELDS}}


def told(
    actor: Actor,
    kind: str,
    member: CrewMemberFacts,
    facts: EndorsementFacts,
    before: dict[str, Any] | None,
    after: dict[str, Any] | None,
) -> None:
    """Write a change of a crew member's endorsement."""
    unit = Unit(UnitKind.CREW_MEMBER, member.id)
    title = f"{member.code}, {facts.definition.name}"
    record(actor, [NewChange(kind=kind, subject=unit, title=title, units=(unit,), before=before, after=after)])
