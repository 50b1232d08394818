"""Mutations of checklists. All items are of the group OPS; what is asked of another group finds none."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from typing import Any

from ariadne import MutationType, ObjectType

from airstair.api.leon.asking import Asking
from airstair.api.leon.errors import Refused
from airstair.api.leon.nids import definition_of
from airstair.api.leon.roots import further
from airstair.api.leon.writes.grasp import actor, given, held_flight, written
from airstair.kernel.errors import NotFound
from airstair.records.checklist import commands
from airstair.records.checklist.commands import ItemEdit
from airstair.records.checklist.queries import checklist
from airstair.records.operators.rules import Right

EDIT = "GRAPHQL_CHECKLIST_OPS_EDIT"
DOUBTFUL = "QSM"  # how an item stands that was not on the list
_MEDIA = {"pdf": "application/pdf", "png": "image/png", "jpg": "image/jpeg", "jpeg": "image/jpeg", "txt": "text/plain"}

mutation, items = MutationType(), ObjectType("ChecklistMutation")
mutation.set_field("checklist", further)


def _key(asking: Asking, nid: int) -> str:
    found = definition_of(nid, asking.load.definitions)
    if found is None:
        found = definition_of(nid, commands.ensure_definitions(actor(asking, Right.CHECKLIST_EDIT)))
    if found is None:
        raise NotFound(f"Checklist item {nid}")
    return found.key


def _set(asking: Asking, flight_id: int, wanted: dict[str, ItemEdit]) -> None:
    listed = {one.definition.key for one in checklist(asking.operator_id, flight_id).items}
    who = actor(asking, Right.CHECKLIST_EDIT)
    for key, edit in wanted.items():
        if key not in listed and not edit.status:
            edit = ItemEdit(status=DOUBTFUL, note=edit.note, confirmation=edit.confirmation)
        commands.set_item(who, flight_id, key, edit)
    asking.wrote()


def _values(sent: dict[str, Any]) -> ItemEdit:
    words = {"checklistStatusId": "status", "note": "note", "confirmationCode": "confirmation"}
    return ItemEdit(**{name: sent[word] for word, name in words.items() if word in sent})


@items.field("opsItemStatusUpdate")
@written
def _status(asking: Asking, flightNid: int, checklistItemNid: int, checklistStatusId: str) -> bool:
    asking.require(EDIT)
    facts = held_flight(asking, flightNid)
    _set(asking, facts.id, {_key(asking, checklistItemNid): ItemEdit(status=checklistStatusId)})
    return True


@items.field("opsItemNoteUpdate")
@written
def _note(asking: Asking, flightNid: int, checklistItemNid: int, note: str) -> bool:
    asking.require(EDIT)
    facts = held_flight(asking, flightNid)
    _set(asking, facts.id, {_key(asking, checklistItemNid): ItemEdit(note=note)})
    return True


@items.field("addOrUpdateOpsItems")
@written
def _several(asking: Asking, flightNid: int, checklistItems: list[dict[str, Any]]) -> bool:
    asking.require(EDIT)
    facts, sent = held_flight(asking, flightNid), [given(one) for one in checklistItems]
    wanted = {_key(asking, one["checklistDefinitionNid"]): one for one in sent}
    _set(asking, facts.id, {key: _values(one) for key, one in wanted.items()})
    for key, one in wanted.items():
        for file in one.get("files", ()):
            _add_file(asking, facts.id, key, file)
    return True


def _add_file(asking: Asking, flight_id: int, key: str, file: dict[str, Any]) -> None:
    name = str(file["fileName"])
    try:
        content = base64.b64decode(file["content"], validate=True)
    except (binascii.Error, ValueError):
        raise Refused("files.content: it is not base64. Encode the file, and send the text.") from None
    media = _MEDIA.get(name.rpartition(".")[2].lower(), "")
    commands.add_file(actor(asking, Right.CHECKLIST_EDIT), flight_id, key, name, media, content)


@items.field("removeOpsItems")
@written
def _remove(asking: Asking, flightNid: int, checklistItemNidList: list[int]) -> bool:
    # As the vendor documents it, oddly, the right to sales' items opens this.
    asking.require(EDIT, "GRAPHQL_CHECKLIST_SALES_EDIT")
    facts = held_flight(asking, flightNid)
    for nid in dict.fromkeys(checklistItemNidList):
        commands.remove_item(actor(asking, Right.CHECKLIST_EDIT), facts.id, _key(asking, nid))
    asking.wrote()
    return True


@written
def _of_another_group(
    asking: Asking,
    checklistItemNid: int | None = None,
    checklistItems: Sequence[dict[str, Any]] = (),
    checklistItemNidList: Sequence[int] = (),
    **_: Any,
) -> bool:
    """None of the items that are named is found; where none is named, none is missed."""
    asking.require("GRAPHQL_CHECKLIST_SALES_EDIT", EDIT)
    named = [one["checklistDefinitionNid"] for one in checklistItems] + list(checklistItemNidList)
    for nid in named if checklistItemNid is None else [checklistItemNid]:
        raise NotFound(f"Checklist item {nid} of this group")
    return True


for _group in ("sales", "flightCare", "positioning"):
    _title = _group[0].upper() + _group[1:]
    for _name in (f"{_group}ItemStatusUpdate", f"{_group}ItemNoteUpdate", f"addOrUpdate{_title}Items"):
        items.set_field(_name, _of_another_group)
    items.set_field(f"remove{_title}Items", _of_another_group)

BINDABLES = [mutation, items]
