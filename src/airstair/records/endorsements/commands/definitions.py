"""Kinds of endorsement: their names, their order, and what is done when one expires."""

from __future__ import annotations

from typing import Any

import msgspec
from django.db import transaction
from django.db.models import Max

from airstair.changes.keys import next_ids
from airstair.changes.record import difference, plain
from airstair.kernel.actor import Actor
from airstair.kernel.errors import Conflict, Invalid, Problems
from airstair.records import checks
from airstair.records.endorsements.models import Definition, Endorsement
from airstair.records.endorsements.queries import definition, definitions
from airstair.records.endorsements.rules import WhenExpiring
from airstair.records.endorsements.snapshots import DefinitionFacts
from airstair.records.operators.rows import lock_operator, record_change
from airstair.records.operators.rules import Right
from airstair.records.places.queries import resolver

_FIELDS = ("name", "airport", "when_expiring", "warn_days")
_LONGEST_WARNING = 3650


class DefinitionInput(msgspec.Struct, frozen=True, kw_only=True):
    """A kind of endorsement as a whole. Of an imported one, name and airport are the partner's and must stay."""

    name: str
    airport: str = ""  # ICAO, IATA or own code
    when_expiring: str = WhenExpiring.WARN.value
    warn_days: int = 60


def add_definition(actor: Actor, wanted: DefinitionInput) -> DefinitionFacts:
    """Add a kind of endorsement, at the end of the order. Right: ENDORSEMENTS_EDIT. Raises `Invalid`."""
    actor.require(Right.ENDORSEMENTS_EDIT, "add kinds of endorsement")
    with transaction.atomic():
        lock_operator(actor.operator_id)
        values = tidy(actor.operator_id, 0, wanted)
        id_ = next_ids(1)[0]
        place = last_place(actor.operator_id) + 1
        Definition.objects.create(operator_id=actor.operator_id, id=id_, place=place, **values)
        record_change(actor, "endorsement.kind_added", values["name"], None, values)
    return definition(actor.operator_id, id_)


def change_definition(actor: Actor, definition_id: int, wanted: DefinitionInput) -> DefinitionFacts:
    """Change a kind of endorsement. Right: ENDORSEMENTS_EDIT. Raises `NotFound`, `Invalid`, `Conflict`.

    What is done when one expires is the operator's to say of imported ones too.
    """
    actor.require(Right.ENDORSEMENTS_EDIT, "change kinds of endorsement")
    with transaction.atomic():
        lock_operator(actor.operator_id)
        before = definition(actor.operator_id, definition_id)
        if before.partner and (wanted.name.strip() != before.name or wanted.airport.strip() != before.airport):
            raise Conflict(f"“{before.name}” comes from {before.partner_name}. Change its name and airport there.")
        values = tidy(actor.operator_id, definition_id, wanted)
        after = msgspec.structs.replace(before, **{**values, "when_expiring": WhenExpiring(values["when_expiring"])})
        was, now = difference(before, after, _FIELDS)
        if now:
            Definition.objects.filter(operator_id=actor.operator_id, id=definition_id).update(**values)
            record_change(actor, "endorsement.kind_changed", after.name, was, now)
    return after


def move_definition(actor: Actor, definition_id: int, place: int) -> list[DefinitionFacts]:
    """Move it to that place in the order, counted from 1. Right: ENDORSEMENTS_EDIT. Raises `NotFound`, `Invalid`."""
    actor.require(Right.ENDORSEMENTS_EDIT, "order kinds of endorsement")
    with transaction.atomic():
        lock_operator(actor.operator_id)
        moved = definition(actor.operator_id, definition_id)
        order = [one.id for one in definitions(actor.operator_id)]
        if not 1 <= place <= len(order):
            raise Invalid.one("place", f"{place} does not fit. Use a whole number from 1 to {len(order)}.")
        was = order.index(definition_id) + 1
        order.remove(definition_id)
        order.insert(place - 1, definition_id)
        for at, id_ in enumerate(order, 1):
            Definition.objects.filter(operator_id=actor.operator_id, id=id_).exclude(place=at).update(place=at)
        if was != place:
            record_change(actor, "endorsement.kind_moved", moved.name, {"place": was}, {"place": place})
    return definitions(actor.operator_id)


def remove_definition(actor: Actor, definition_id: int) -> None:
    """Remove a kind that nobody has. Right: ENDORSEMENTS_EDIT. Raises `NotFound`, `Conflict`."""
    actor.require(Right.ENDORSEMENTS_EDIT, "remove kinds of endorsement")
    with transaction.atomic():
        lock_operator(actor.operator_id)
        facts = definition(actor.operator_id, definition_id)
        if facts.partner:
            raise Conflict(f"“{facts.name}” comes from {facts.partner_name}. Remove it there.")
        count = Endorsement.objects.filter(operator_id=actor.operator_id, definition_id=definition_id).count()
        if count:
            raise Conflict(f"{count} endorsements are of the kind “{facts.name}”. Remove them first.")
        Definition.objects.filter(operator_id=actor.operator_id, id=definition_id).delete()
        record_change(actor, "endorsement.kind_removed", facts.name, told(facts), None)


def told(facts: DefinitionFacts) -> dict[str, Any]:
    return {name: plain(getattr(facts, name)) for name in _FIELDS}


def last_place(operator_id: int) -> int:
    """The place of the last kind in the order; 0 while there is none."""
    found = Definition.objects.filter(operator_id=operator_id).aggregate(last=Max("place"))["last"]
    return int(found or 0)


def tidy(operator_id: int, id_: int, wanted: DefinitionInput) -> dict[str, Any]:
    problems = Problems()
    airport = ""
    if wanted.airport.strip():
        try:
            airport = resolver(operator_id).resolve(wanted.airport, "airport").code
        except Invalid as refusal:
            checks.take(problems, refusal)
    name = checks.text(problems, "name", wanted.name, longest=120, needed=True)
    values = {
        "name": name,
        "airport": airport,
        "when_expiring": checks.word(problems, "when_expiring", wanted.when_expiring, WhenExpiring).value,
        "warn_days": checks.whole(problems, "warn_days", wanted.warn_days, 0, _LONGEST_WARNING),
    }
    # Beside a partner's kinds of the same name, which neither replace ours nor are replaced.
    own = Definition.objects.filter(operator_id=operator_id, partner="", name__iexact=name)
    imported = Definition.objects.filter(operator_id=operator_id, id=id_).exclude(partner="")
    if not imported.exists() and own.exclude(operator_id=operator_id, id=id_).exists():
        problems.add("name", f"There is already a kind “{name[:60]}”. Change that one instead.")
    problems.refuse()
    return values
