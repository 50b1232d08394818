"""Kinds of items: their labels, order, allowed statuses, and on which flights they stand. Right: OPERATOR_EDIT."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Any

from django.db import transaction

from airstair.changes.keys import next_ids
from airstair.changes.record import difference, plain
from airstair.kernel.actor import Actor
from airstair.kernel.errors import Invalid, Problems
from airstair.records import checks
from airstair.records.checklist.commands.inputs import DefinitionInput
from airstair.records.checklist.commands.rows import definition_of, definitions_of
from airstair.records.checklist.models import Definition
from airstair.records.checklist.queries import definition_by_key, definitions
from airstair.records.checklist.rules import SECTIONS, SERVICES, SIDES, STATUSES, AutoAdd
from airstair.records.checklist.snapshots import DefinitionFacts
from airstair.records.operators.rows import lock_operator, record_change
from airstair.records.operators.rules import Right

_FIELDS = ("label", "section", "side", "statuses", "default_status", "auto_add", "enabled")
_MOST = 300
_StatusIds = StrEnum("_StatusIds", {one: one for one in STATUSES})  # type: ignore[misc]  # members from the table


def ensure_definitions(actor: Actor) -> list[DefinitionFacts]:
    """Make the operator's own from the starting table, as far as they are missing. Right: CHECKLIST_EDIT."""
    actor.require(Right.CHECKLIST_EDIT, "prepare the checklist")
    with transaction.atomic():
        definitions_of(actor)
    return definitions(actor.operator_id)


def add_checklist_definition(actor: Actor, wanted: DefinitionInput) -> DefinitionFacts:
    """Add a kind of item, at the end of the order; its key is made from its label. Raises `Invalid`."""
    actor.require(Right.OPERATOR_EDIT, "add kinds of checklist items")
    with transaction.atomic():
        lock_operator(actor.operator_id)
        known = definitions_of(actor)
        values = _tidy(wanted, None)
        if len(known) >= _MOST:
            raise Invalid.one("label", f"There are {_MOST} kinds already. Change one that is not used any more.")
        key = _fresh_key(values, known)
        place = max(row.place for row in known.values()) + 1
        Definition.objects.create(operator_id=actor.operator_id, id=next_ids(1)[0], key=key, place=place, **values)
        record_change(actor, "checklist.definition_added", values["label"], None, {"key": key, **values})
    return definition_by_key(actor.operator_id, key)


def change_checklist_definition(actor: Actor, key: str, wanted: DefinitionInput) -> DefinitionFacts:
    """Change a kind of item. Raises `NotFound`, `Invalid`. Items that have a status switched off keep it."""
    actor.require(Right.OPERATOR_EDIT, "change kinds of checklist items")
    with transaction.atomic():
        lock_operator(actor.operator_id)
        before = definition_of(actor, key)
        values = _tidy(wanted, before)
        after = Definition(operator_id=actor.operator_id, **values)
        was, now = difference(before, after, _FIELDS)
        if now:
            Definition.objects.filter(operator_id=actor.operator_id, id=before.id).update(**values)
            record_change(actor, "checklist.definition_changed", values["label"], was, now)
    return definition_by_key(actor.operator_id, key)


def move_checklist_definition(actor: Actor, key: str, place: int) -> list[DefinitionFacts]:
    """Move it to that place in the order, counted from 1. Raises `NotFound`, `Invalid`."""
    actor.require(Right.OPERATOR_EDIT, "order the checklist")
    with transaction.atomic():
        lock_operator(actor.operator_id)
        moved = definition_of(actor, key)
        order = list(definitions_of(actor))
        if not 1 <= place <= len(order):
            raise Invalid.one("place", f"{place} does not fit. Use a whole number from 1 to {len(order)}.")
        was = order.index(key) + 1
        order.remove(key)
        order.insert(place - 1, key)
        for at, one in enumerate(order, 1):
            Definition.objects.filter(operator_id=actor.operator_id, key=one).exclude(place=at).update(place=at)
        if was != place:
            record_change(actor, "checklist.definition_moved", moved.label, {"place": was}, {"place": place})
    return definitions(actor.operator_id)


def _tidy(wanted: DefinitionInput, before: Definition | None) -> dict[str, Any]:
    problems = Problems()
    label = checks.text(problems, "label", wanted.label, longest=60, needed=True)
    if wanted.section not in SECTIONS:
        problems.add("section", f"“{checks.shown(wanted.section)}” is not one of them. Use {checks.listed(SECTIONS)}.")
    if wanted.side not in SIDES:
        problems.add("side", f"“{checks.shown(wanted.side)}” is not a side. Use ADEP, ADES, or leave it empty.")
    elif before is not None and before.key in SERVICES and wanted.side != before.side:
        problems.add("side", f"Applications know it as one of {before.side}. Add your own kind for the other side.")
    for one in wanted.statuses:
        checks.word(problems, "statuses", one, _StatusIds)
    allowed = [one for one in STATUSES if not wanted.statuses or one in wanted.statuses]
    default = checks.word(problems, "default_status", wanted.default_status, _StatusIds).value
    if default not in allowed:
        problems.add("default_status", f"{STATUSES[default].caption} is switched off. Allow it, or choose another.")
    auto_add = checks.word(problems, "auto_add", wanted.auto_add, AutoAdd).value
    problems.refuse()
    return {
        "label": label,
        "section": wanted.section,
        "side": wanted.side,
        "statuses": allowed,
        "default_status": default,
        "auto_add": auto_add,
        "enabled": bool(wanted.enabled),
    }


def _fresh_key(values: dict[str, Any], known: dict[str, Definition]) -> str:
    """`OWN_CUSTOMS_FORM_ADEP`: says what it is to whoever reads the log, and is no service."""
    word = re.sub(r"[^A-Z0-9]+", "_", str(plain(values["label"])).upper()).strip("_")[:20] or "ITEM"
    side = f"_{values['side']}" if values["side"] else ""
    tries = (f"OWN_{word}{number}{side}" for number in ("", *(f"_{n}" for n in range(2, _MOST + 2))))
    return next(key for key in tries if key not in known)
