"""What a partner keeps: its kinds of endorsement, its people, their endorsements. Called as the partner, item by item.

Imported rows stand beside the operator's own and never touch them. The partner is `actor.key`. Whoever calls a piece
of a whole reading gives the time at which that reading began; what the partner did not mention in it is then gone.
"""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Any

import msgspec
from django.db import transaction

from airstair.changes.keys import next_ids
from airstair.changes.record import NewChange, difference, record
from airstair.kernel.actor import Actor
from airstair.kernel.errors import Invalid, NotFound, Problems
from airstair.kernel.units import Unit, UnitKind
from airstair.records import checks
from airstair.records.endorsements.commands.definitions import last_place
from airstair.records.endorsements.commands.own import FIELDS, dates_and_words, picture, told
from airstair.records.endorsements.models import Definition, Endorsement, PartnerPerson
from airstair.records.endorsements.queries import endorsement, endorsements
from airstair.records.endorsements.snapshots import EndorsementFacts
from airstair.records.operators.rows import lock_operator, record_change
from airstair.records.operators.rules import Right
from airstair.records.people.queries import crew_by_email, crew_member, crew_members
from airstair.records.people.snapshots import CrewMemberFacts
from airstair.records.places.queries import resolver

_DOING = "import endorsements"


class Written(StrEnum):
    """What became of one imported thing."""

    NEW = "new"
    UPDATED = "updated"
    UNCHANGED = "unchanged"


class ImportedDefinition(msgspec.Struct, frozen=True, kw_only=True):
    """A kind of endorsement as the partner has it. `code` may be an airport's, by ICAO or IATA."""

    remote_id: str
    name: str
    code: str = ""


class ImportedPerson(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody as the partner has them."""

    remote_id: str
    name: str
    email: str


class ImportedEndorsement(msgspec.Struct, frozen=True, kw_only=True):
    """An endorsement as the partner has it, naming its kind and its person by the partner's ids."""

    remote_id: str
    definition: str
    person: str
    number: str = ""
    issued: date | None = None
    expires: date | None = None
    notes: str = ""


def import_definition(actor: Actor, wanted: ImportedDefinition, seen_at: datetime) -> Written:
    """Right: ENDORSEMENTS_EDIT. Raises `Invalid`. How it is ordered and warned of stays the operator's choice."""
    actor.require(Right.ENDORSEMENTS_EDIT, _DOING)
    problems = Problems()
    remote_id = checks.text(problems, "id", wanted.remote_id, longest=120, needed=True)
    name = checks.text(problems, "name", wanted.name, longest=120, needed=True)
    problems.refuse()
    of = {"operator_id": actor.operator_id, "partner": actor.key}
    with transaction.atomic():
        lock_operator(actor.operator_id)
        airport = resolver(actor.operator_id).get(wanted.code) if len(wanted.code.strip()) in (3, 4) else None
        values = {"name": name, "airport": airport.code if airport else "", "partner_name": actor.label[:80]}
        row = Definition.objects.filter(**of, remote_id=remote_id).first()
        if row is None:
            place = last_place(actor.operator_id) + 1
            Definition.objects.create(
                **of, **values, id=next_ids(1)[0], remote_id=remote_id, place=place, seen_at=seen_at
            )
            record_change(actor, "endorsement.kind_added", name, None, values)
            return Written.NEW
        was = {field: getattr(row, field) for field in values}
        Definition.objects.filter(**of, remote_id=remote_id).update(**values, seen_at=seen_at)
        if was == values:
            return Written.UNCHANGED
        record_change(actor, "endorsement.kind_changed", name, was, values)
    return Written.UPDATED


def import_person(actor: Actor, wanted: ImportedPerson, seen_at: datetime) -> CrewMemberFacts | None:
    """Note how the partner knows somebody. Right: ENDORSEMENTS_EDIT. Raises `Invalid`.

    Answers who it is, by the work email; `None`: nobody that we know, and none is guessed. The trail does not tell of
    it: it is how the partner names people, and no record of ours.
    """
    actor.require(Right.ENDORSEMENTS_EDIT, _DOING)
    problems = Problems()
    remote_id = checks.text(problems, "id", wanted.remote_id, longest=120, needed=True)
    name = checks.text(problems, "name", wanted.name, longest=160)
    email = checks.text(problems, "email", wanted.email, longest=254)
    problems.refuse()
    with transaction.atomic():
        lock_operator(actor.operator_id)
        PartnerPerson.objects.update_or_create(
            operator_id=actor.operator_id,
            partner=actor.key,
            remote_id=remote_id,
            defaults={"name": name, "email": email, "partner_name": actor.label[:80], "seen_at": seen_at},
            create_defaults={
                "id": next_ids(1)[0], "name": name, "email": email, "partner_name": actor.label[:80], "seen_at": seen_at
            },
        )  # fmt: skip
        return crew_by_email(actor.operator_id, [email]).get(email.lower())


def import_endorsement(
    actor: Actor, wanted: ImportedEndorsement, seen_at: datetime
) -> tuple[Written, EndorsementFacts]:
    """Right: ENDORSEMENTS_EDIT. Raises `Invalid`; `NotFound` where its kind or person is not known here."""
    actor.require(Right.ENDORSEMENTS_EDIT, _DOING)
    problems = Problems()
    remote_id = checks.text(problems, "id", wanted.remote_id, longest=120, needed=True)
    values = dates_and_words(problems, wanted.number, wanted.issued, wanted.expires, wanted.notes)
    problems.refuse()
    of = {"operator_id": actor.operator_id, "partner": actor.key}
    with transaction.atomic():
        lock_operator(actor.operator_id)
        member = _person(actor, wanted.person)
        kind = Definition.objects.filter(**of, remote_id=wanted.definition).first()
        if kind is None:
            raise Invalid.one(
                "definition", f"Its kind, {wanted.definition}, was not among those that {actor.label} has."
            )
        values |= {"crew_member_id": member.id, "definition_id": kind.id, "partner_name": actor.label[:80]}
        row = Endorsement.objects.filter(**of, remote_id=remote_id).first()
        if row is None:
            id_ = next_ids(1)[0]
            Endorsement.objects.create(**of, **values, id=id_, remote_id=remote_id, seen_at=seen_at)
            facts = endorsement(actor.operator_id, id_)
            told(actor, "endorsement.added", member, facts, None, picture(facts))
            return Written.NEW, facts
        before = endorsement(actor.operator_id, row.id)
        Endorsement.objects.filter(**of, remote_id=remote_id).update(**values, seen_at=seen_at)
        after = endorsement(actor.operator_id, row.id)
        return _rewritten(actor, member, before, after), after


def _rewritten(actor: Actor, member: CrewMemberFacts, before: EndorsementFacts, after: EndorsementFacts) -> Written:
    was, now = difference(before, after, FIELDS)
    if before.definition.id != after.definition.id:
        was["endorsement"], now["endorsement"] = before.definition.name, after.definition.name
    if before.crew_member_id != after.crew_member_id:  # the partner's person is somebody else by now
        other = crew_member(actor.operator_id, before.crew_member_id)
        told(actor, "endorsement.removed", other, before, picture(before), None)
        told(actor, "endorsement.added", member, after, None, picture(after))
        return Written.UPDATED
    if not now:
        return Written.UNCHANGED
    told(actor, "endorsement.changed", member, after, was, now)
    return Written.UPDATED


def _person(actor: Actor, remote_id: str) -> CrewMemberFacts:
    row = PartnerPerson.objects.filter(operator_id=actor.operator_id, partner=actor.key, remote_id=remote_id).first()
    if row is None:
        raise NotFound(f"{actor.label}'s user {checks.shown(remote_id)}")
    found = crew_by_email(actor.operator_id, [row.email]).get(row.email.strip().lower())
    if found is None:
        raise Invalid.one("email", nobody(row.name, row.email))
    return found


def nobody(name: str, email: str) -> str:
    """Why somebody was not matched, with the next step."""
    if not email.strip():
        return f"{name or 'Somebody'} has no email address there. Enter it there: people are matched by it."
    return (
        f"No active crew member has the work email {email}. Enter it under Crew, and it is matched with the next run."
    )


def forget_unseen(actor: Actor, began_at: datetime) -> int:
    """A whole reading is over: what the partner did not mention in it is gone. Right: ENDORSEMENTS_EDIT.

    Answers how many endorsements were removed. A reading that brought no kind at all removes nothing: a partner that
    answers so is more likely to be in trouble than empty.
    """
    actor.require(Right.ENDORSEMENTS_EDIT, _DOING)
    with transaction.atomic():
        lock_operator(actor.operator_id)
        kinds = Definition.objects.filter(operator_id=actor.operator_id, partner=actor.key)
        if not kinds.filter(seen_at__gte=began_at).exists():
            return 0
        return _remove(actor, {"seen_at__lt": began_at})


def remove_imported(actor: Actor, partner: str) -> int:
    """Remove all that came from a partner. Right: ENDORSEMENTS_EDIT. Answers how many endorsements were removed."""
    actor.require(Right.ENDORSEMENTS_EDIT, "remove imported endorsements")
    with transaction.atomic():
        lock_operator(actor.operator_id)
        return _remove(actor, {}, partner)


def _remove(actor: Actor, which: dict[str, Any], partner: str | None = None) -> int:
    of = {"operator_id": actor.operator_id, "partner": actor.key if partner is None else partner}
    ids = set(Endorsement.objects.filter(**of, **which).values_list("id", flat=True))
    doomed = set(Definition.objects.filter(**of, **which).values_list("id", flat=True))
    gone = [one for one in endorsements(actor.operator_id) if one.id in ids or one.definition.id in doomed]
    codes = {one.id: one.code for one in crew_members(actor.operator_id)}
    changes = []
    for one in gone:
        unit = Unit(UnitKind.CREW_MEMBER, one.crew_member_id)
        title = f"{codes[one.crew_member_id]}, {one.definition.name}"
        changes.append(
            NewChange(kind="endorsement.removed", subject=unit, title=title, units=(unit,), before=picture(one))
        )
    record(actor, changes, bulk=True)
    Endorsement.objects.filter(operator_id=actor.operator_id, id__in=[one.id for one in gone]).delete()
    kinds = Definition.objects.filter(operator_id=actor.operator_id, id__in=doomed)
    for name in kinds.values_list("name", flat=True):
        record_change(actor, "endorsement.kind_removed", name, {"name": name}, None)
    kinds.delete()
    PartnerPerson.objects.filter(**of, **which).delete()
    return len(gone)
