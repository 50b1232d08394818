"""Reading checklists, handlers and definitions. Each reader says its number of SQL statements."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.db.models import Q

from airstair.changes.models import Change
from airstair.kernel.errors import NotFound
from airstair.kernel.units import UnitKind
from airstair.records.checklist import support
from airstair.records.checklist.listing import checklists
from airstair.records.checklist.models import AvailableServices, File, Handler, Item, KeptModule, MailSetting, Module
from airstair.records.checklist.reading import definitions, handler_facts
from airstair.records.checklist.rules import STATUSES
from airstair.records.checklist.snapshots import (
    ChecklistFacts,
    DefinitionFacts,
    FileContent,
    HandlerFacts,
    HistoryLine,
    ItemFacts,
    ModuleFacts,
)

__all__ = [
    "available_services", "checklist", "checklists", "definition_by_key", "definitions", "file",
    "flights_with_handler", "handler", "handlers", "history", "item", "kept_modules", "module", "support_flights",
    "test_address",
]  # fmt: skip
support_flights = support.support_flights
_MOST_HANDLERS = 500


def checklist(operator_id: int, flight_id: int) -> ChecklistFacts:
    """One flight's list, of a deleted flight too. As many statements as `checklists`. Raises `NotFound`."""
    found = checklists(operator_id, [flight_id]).get(flight_id)
    if found is None:
        raise NotFound("This flight")
    return found


def item(operator_id: int, flight_id: int, definition_key: str) -> ItemFacts:
    """One item of a flight's list. As many statements as `checklists`. Raises `NotFound`."""
    for one in checklist(operator_id, flight_id).items:
        if one.definition.key == definition_key:
            return one
    raise NotFound("This item of the checklist")


def module(operator_id: int, flight_id: int, application_id: int) -> ModuleFacts:
    """One module of a flight, on its list or not. As many statements as `checklists`. Raises `NotFound`."""
    for one in checklist(operator_id, flight_id).modules:
        if one.application_id == application_id:
            return one
    raise NotFound("This module of the checklist")


def definition_by_key(operator_id: int, key: str) -> DefinitionFacts:
    """One statement. Raises `NotFound`."""
    for one in definitions(operator_id):
        if one.key == key:
            return one
    raise NotFound("This kind of checklist item")


def handlers(operator_id: int, search: str = "", airport: str = "", *, retired_too: bool = False) -> list[HandlerFacts]:
    """Those of the directory that fit, by name, at most 500. One statement.

    `search` looks in name, e-mail, phone and airports; `airport` is a code as flights have it. A handler for which no
    airport is known fits every airport.
    """
    rows = Handler.objects.filter(operator_id=operator_id)
    if not retired_too:
        rows = rows.filter(retired=False)
    for word in search.replace("\0", "").split()[:5]:
        rows = rows.filter(
            Q(name__icontains=word) | Q(email__icontains=word) | Q(phone__icontains=word)
            | Q(airports__contains=[word.upper()])
        )  # fmt: skip
    if airport:
        rows = rows.filter(Q(airports__contains=[airport.upper()]) | Q(airports=[]))
    return [handler_facts(row) for row in rows.order_by("name", "id")[:_MOST_HANDLERS]]


def handler(operator_id: int, handler_id: int) -> HandlerFacts:
    """One statement. Raises `NotFound`."""
    row = Handler.objects.filter(operator_id=operator_id, id=handler_id).first()
    if row is None:
        raise NotFound("This handler")
    return handler_facts(row)


def flights_with_handler(operator_id: int, handler_id: int) -> list[int]:
    """The flights that an application was asked about with this handler, the latest 500. One statement."""
    rows = Module.objects.filter(operator_id=operator_id, submission__gt=0)
    rows = rows.filter(Q(adep_handler_id=handler_id) | Q(ades_handler_id=handler_id))
    return list(rows.order_by("-id").values_list("flight_id", flat=True)[:500])


def file(operator_id: int, flight_id: int, file_id: int) -> FileContent:
    """A document of an item of this flight. One statement. Raises `NotFound`."""
    items = Item.objects.filter(operator_id=operator_id, flight_id=flight_id)
    row = File.objects.filter(operator_id=operator_id, id=file_id, item_id__in=items.values("id")).first()
    if row is None:
        raise NotFound("This file")
    return FileContent(name=row.name, media_type=row.media_type, content=bytes(row.content))


def kept_modules(operator_id: int) -> dict[int, str]:
    """The applications whose module stands on every list: name by id. One statement."""
    return dict(KeptModule.objects.filter(operator_id=operator_id).values_list("application_id", "application_name"))


def available_services(operator_id: int, application_id: int) -> dict[str, frozenset[str]]:
    """What an application offers at which airport; no airport at all: everything everywhere. One statement."""
    rows = AvailableServices.objects.filter(operator_id=operator_id, application_id=application_id)
    return {code: frozenset(services) for code, services in rows.values_list("airport", "services")}


def test_address(operator_id: int) -> str:
    """Where all handling requests go instead of to the handlers; empty: to the handlers. One statement."""
    rows = MailSetting.objects.filter(operator_id=operator_id, id=operator_id)
    return rows.values_list("test_address", flat=True).first() or ""


def history(operator_id: int, flight_id: int, *, limit: int = 50) -> list[HistoryLine]:
    """What happened to a flight's list, the latest first. Three statements.

    A change's name is the item's label and field, such as `Handling ADEP status`; statuses and handlers by their names.
    """
    labels = {one.key: f"{one.label} {one.side}".strip() for one in definitions(operator_id)}
    names = dict(Handler.objects.filter(operator_id=operator_id).values_list("id", "name"))
    rows = Change.objects.filter(
        operator_id=operator_id, subject_kind=UnitKind.FLIGHT.value, subject_id=flight_id, kind__startswith="checklist."
    )
    return [
        HistoryLine(
            at=row.at, actor_label=row.actor_label, kind=row.kind,
            changes=tuple(_told(labels, names, row.before or {}, row.after or {})),
        )
        for row in rows.order_by("-seq")[:limit]
    ]  # fmt: skip


# Said by the rest of a line already.
_UNTOLD = ("application_id", "designation", "proposed_by", "listed")


def _told(
    labels: Mapping[str, str], names: Mapping[int, str], before: Mapping[str, Any], after: Mapping[str, Any]
) -> Iterable[tuple[str, str, str]]:
    told = sorted(before.keys() | after.keys())
    alone = all(name.endswith(_UNTOLD) for name in told)
    for name in told:
        key, _, field = name.rpartition(".")
        if field not in _UNTOLD or alone:
            was, now = (_text(field, names, values.get(name)) for values in (before, after))
            yield f"{labels.get(key, key)} {field.removesuffix('_id').replace('_', ' ')}", was, now


def _text(field: str, names: Mapping[int, str], value: Any) -> str:
    if field.endswith("handler_id"):
        return names.get(value, "")
    if field == "status" and value in STATUSES:
        return STATUSES[value].caption
    return "" if value is None else "yes" if value is True else "no" if value is False else str(value)
