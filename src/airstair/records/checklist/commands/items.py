"""Items of one flight: on the list, off it, and how they stand. Right: CHECKLIST_EDIT."""

from __future__ import annotations

from django.db import transaction

from airstair.changes.keys import next_ids
from airstair.changes.record import record
from airstair.kernel.actor import Actor
from airstair.kernel.errors import Conflict, Invalid, NotFound, Problems
from airstair.records import checks
from airstair.records.checklist.commands.inputs import ItemEdit
from airstair.records.checklist.commands.rows import Touched, handler_row, held
from airstair.records.checklist.models import Definition, File, Item, Module
from airstair.records.checklist.queries import item
from airstair.records.checklist.rules import FALL_BACKS, STATUSES, nearest
from airstair.records.checklist.snapshots import ItemFacts
from airstair.records.flights.commands.rows import about_flight, locked_flight
from airstair.records.operators.rows import given
from airstair.records.operators.rules import Right

LARGEST_FILE = 5_000_000
MEDIA_TYPES = ("application/pdf", "image/png", "image/jpeg", "text/plain")
_LONGEST = {"note": checks.LONGEST_NOTE, "details": 2000, "confirmation": 60}


def add_item(actor: Actor, flight_id: int, definition_key: str) -> ItemFacts:
    """Put an item on a flight's list, untouched. One that is there stays as it is. Raises `NotFound`, `Conflict`."""
    actor.require(Right.CHECKLIST_EDIT, "add items to the checklist")
    with transaction.atomic():
        touched, definition = _touched(actor, flight_id, definition_key)
        if not definition.enabled:
            raise Conflict(f"“{definition.label}” is switched off. Switch it on under Settings > Checklist first.")
        row = touched.item(definition_key)
        if row.removed:
            row.removed, row.status = False, definition.default_status
            row.note = row.designation = ""
            row.application_id = None
        touched.write("checklist.item")
    return item(actor.operator_id, flight_id, definition_key)


def set_item(actor: Actor, flight_id: int, definition_key: str, edit: ItemEdit) -> ItemFacts:
    """Change an item; one that is not on the list is put there. Raises `NotFound`, `Invalid`, `Conflict`.

    Another handler than the one that was asked makes the answer doubtful: the item falls back to `?`, unless the same
    edit says how it stands.
    """
    actor.require(Right.CHECKLIST_EDIT, "change the checklist")
    values = given(edit)
    with transaction.atomic():
        touched, definition = _touched(actor, flight_id, definition_key)
        row, problems = touched.item(definition_key), Problems()
        row.removed = False
        if "status" in values and values["status"] not in definition.statuses:
            allowed = checks.listed(one for one in STATUSES if one in definition.statuses)
            problems.add("status", f"“{checks.shown(values['status'])}” is not one of them. Use {allowed}.")
        for name in _LONGEST.keys() & values.keys():
            values[name] = checks.text(problems, name, values[name], longest=_LONGEST[name])
        problems.refuse()
        if values.get("handler_id") is not None and values["handler_id"] != row.handler_id:
            handler = handler_row(actor, values["handler_id"])
            if handler.retired:
                raise Invalid.one("handler_id", f"{handler.name} is retired. Choose another, or reinstate it first.")
        if "handler_id" in values and values["handler_id"] != row.handler_id and STATUSES[row.status].asked:
            values.setdefault("status", nearest(FALL_BACKS["handler"].own, definition.statuses))
        for name, value in values.items():
            setattr(row, name, value)
        touched.write("checklist.item")
    return item(actor.operator_id, flight_id, definition_key)


def remove_item(actor: Actor, flight_id: int, definition_key: str) -> None:
    """Take an item off a flight's list. Raises `NotFound`; `Conflict` while an application is asked for it."""
    actor.require(Right.CHECKLIST_EDIT, "take items off the checklist")
    with transaction.atomic():
        touched, definition = _touched(actor, flight_id, definition_key)
        row = touched.item(definition_key)
        if row.ticked:
            name = _application_name(row)
            raise Conflict(f"“{definition.label}” is arranged via {name}. Untick it there and submit, then remove it.")
        row.removed = True
        touched.write("checklist.item")


def add_file(
    actor: Actor, flight_id: int, definition_key: str, name: str, media_type: str, content: bytes
) -> ItemFacts:
    """Keep a document with an item: PDF, picture or text of at most 5 MB. Raises `NotFound`, `Invalid`."""
    actor.require(Right.CHECKLIST_EDIT, "add files to the checklist")
    problems = Problems()
    tidy = checks.text(problems, "file", name, longest=120, needed=True)
    if media_type not in MEDIA_TYPES:
        problems.add("file", "It is neither a PDF, a picture (PNG, JPEG) nor plain text. Save it as one of these.")
    if not 0 < len(content) <= LARGEST_FILE:
        problems.add("file", "It is empty or larger than 5 MB. Choose a smaller one.")
    problems.refuse()
    with transaction.atomic():
        touched, _ = _touched(actor, flight_id, definition_key)
        row = touched.item(definition_key)
        row.removed = False
        touched.write("checklist.item")
        File.objects.create(
            operator_id=actor.operator_id, id=next_ids(1)[0], item_id=row.id, name=tidy, media_type=media_type,
            content=content, added_by=actor.label[:200],
        )  # fmt: skip
        flight = locked_flight(actor, flight_id)
        record(actor, [about_flight("checklist.file", flight, None, {f"{definition_key}.file": tidy})])
    return item(actor.operator_id, flight_id, definition_key)


def remove_file(actor: Actor, flight_id: int, file_id: int) -> None:
    """Remove a document of an item of this flight. Raises `NotFound`."""
    actor.require(Right.CHECKLIST_EDIT, "remove files from the checklist")
    with transaction.atomic():
        flight = locked_flight(actor, flight_id)
        items = Item.objects.filter(operator_id=actor.operator_id, flight_id=flight_id)
        rows = File.objects.filter(operator_id=actor.operator_id, id=file_id, item_id__in=items.values("id"))
        row = rows.defer("content").first()
        if row is None:
            raise NotFound("This file")
        of = items.get(operator_id=actor.operator_id, id=row.item_id)
        key = Definition.objects.get(operator_id=actor.operator_id, id=of.definition_id).key
        rows.delete()
        record(actor, [about_flight("checklist.file", flight, {f"{key}.file": row.name}, None)])


def _touched(actor: Actor, flight_id: int, key: str) -> tuple[Touched, Definition]:
    flight, definitions = held(actor, flight_id)
    if key not in definitions:
        raise NotFound("This item of the checklist")
    return Touched(actor, flight, definitions), definitions[key]


def _application_name(row: Item) -> str:
    rows = Module.objects.filter(operator_id=row.operator_id, flight_id=row.flight_id)
    named = dict(rows.values_list("application_id", "application_name"))
    return named.get(row.application_id or 0, "an application")
