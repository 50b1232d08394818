"""Whole checklists of many flights at once: eleven SQL statements, however many flights."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TypeVar

from airstair.records.checklist.models import File, Handler, Item, KeptModule, Mail, Message, Module, Permit
from airstair.records.checklist.reading import definitions, handler_facts
from airstair.records.checklist.rules import AutoAdd, PermitKind, proposed_times, stands_unasked
from airstair.records.checklist.snapshots import (
    ChecklistFacts,
    DefinitionFacts,
    FileFacts,
    HandlerFacts,
    ItemFacts,
    MailFacts,
    MessageFacts,
    ModuleFacts,
    PermitFacts,
)
from airstair.records.flights.models import Flight
from airstair.records.places.queries import Resolver, resolver

_Row = TypeVar("_Row", Item, Module)
_FILE = FileFacts.__struct_fields__
_MAIL = MailFacts.__struct_fields__
_MESSAGE = MessageFacts.__struct_fields__
_ITEM = ("id", "flight_id", "status", "note", "details", "confirmation", "application_id", "ticked", "designation")
_MODULE = (
    "id", "flight_id", "application_id", "application_name", "status", "note", "submission", "submitted_at",
    "removed", "proposed_std", "proposed_sta", "proposed_by",
)  # fmt: skip


def checklists(operator_id: int, flight_ids: Iterable[int]) -> dict[int, ChecklistFacts]:
    """The lists of those of these flights that there are, deleted ones too. Eleven statements, however many."""
    ids = list(flight_ids)
    flights = list(Flight.objects.filter(operator_id=operator_id, id__in=ids))
    kinds = definitions(operator_id)
    items = _by_flight(Item.objects.filter(operator_id=operator_id, flight_id__in=ids).order_by("id"))
    modules = _by_flight(Module.objects.filter(operator_id=operator_id, flight_id__in=ids).order_by("id"))
    around = _Around(operator_id, ids, kinds, items, modules)
    return {
        flight.id: ChecklistFacts(
            flight_id=flight.id,
            items=_items(flight, kinds, items.get(flight.id, ()), modules.get(flight.id, ()), around),
            modules=_modules(flight, modules.get(flight.id, ()), around),
            mails=tuple(around.mails.get(flight.id, ())),
            permits=tuple(around.permits.get(flight.id, ())),
        )
        for flight in flights
    }


def _by_flight(found: Iterable[_Row]) -> dict[int, list[_Row]]:
    grouped: dict[int, list[_Row]] = {}
    for row in found:
        grouped.setdefault(row.flight_id, []).append(row)
    return grouped


class _Around:
    """What items and modules name: handlers, files, messages, mails, permits, and own places. Seven statements."""

    def __init__(
        self,
        operator_id: int,
        flight_ids: list[int],
        kinds: Iterable[DefinitionFacts],
        items: Mapping[int, Iterable[Item]],
        modules: Mapping[int, Iterable[Module]],
    ) -> None:
        named = {row.handler_id for rows in items.values() for row in rows}
        named |= {row.adep_handler_id for rows in modules.values() for row in rows}
        named |= {row.ades_handler_id for rows in modules.values() for row in rows}
        handlers = Handler.objects.filter(operator_id=operator_id, id__in=[one for one in named if one is not None])
        self.handlers: dict[int | None, HandlerFacts] = {row.id: handler_facts(row) for row in handlers}
        self.files: dict[int, list[FileFacts]] = {}
        item_ids = [row.id for rows in items.values() for row in rows]
        files = File.objects.filter(operator_id=operator_id, item_id__in=item_ids).order_by("id")
        for one in files.values("item_id", *_FILE):
            self.files.setdefault(one.pop("item_id"), []).append(FileFacts(**one))
        self.messages: dict[tuple[int, int], list[MessageFacts]] = {}
        messages = Message.objects.filter(operator_id=operator_id, flight_id__in=flight_ids).order_by("-id")
        for one in messages.values("flight_id", "application_id", *_MESSAGE):
            key = one.pop("flight_id"), one.pop("application_id")
            self.messages.setdefault(key, []).append(MessageFacts(**one))
        self.mails: dict[int, list[MailFacts]] = {}
        for one in (
            Mail.objects.filter(operator_id=operator_id, flight_id__in=flight_ids)
            .order_by("-id")
            .values("flight_id", *_MAIL)
        ):
            self.mails.setdefault(one.pop("flight_id"), []).append(MailFacts(**one))
        self.permits = _permits(operator_id, flight_ids)
        kept = KeptModule.objects.filter(operator_id=operator_id).order_by("application_name")
        self.kept = dict(kept.values_list("application_id", "application_name"))
        self.places: Resolver = resolver(operator_id)
        self.abroad = any(kind.auto_add == AutoAdd.ABROAD for kind in kinds)

    def countries(self, flight: Flight) -> tuple[str, str]:
        if not self.abroad:
            return "", ""
        found = self.places.get(flight.adep), self.places.get(flight.ades)
        return (found[0].country if found[0] else "", found[1].country if found[1] else "")


def _permits(operator_id: int, flight_ids: list[int]) -> dict[int, list[PermitFacts]]:
    """By flight, landing ones first, as the applications told of them. One statement."""
    found: dict[int, list[PermitFacts]] = {}
    rows = Permit.objects.filter(operator_id=operator_id, flight_id__in=flight_ids).order_by("kind", "id")
    for one in rows.values("flight_id", *PermitFacts.__struct_fields__):
        found.setdefault(one.pop("flight_id"), []).append(PermitFacts(**one | {"kind": PermitKind(one["kind"])}))
    return found


def _items(
    flight: Flight, kinds: Iterable[DefinitionFacts], rows: Iterable[Item], modules: Iterable[Module], around: _Around
) -> tuple[ItemFacts, ...]:
    stored = {row.definition_id: row for row in rows}
    names = {row.application_id: row.application_name for row in modules}
    countries, found = around.countries(flight), []
    for kind in kinds:
        row = stored.get(kind.id)
        if row is not None:
            found += [] if row.removed else [_item(row, kind, names, around)]
        elif kind.enabled and stands_unasked(
            kind.auto_add, pax=flight.pax_count, flight_type=flight.flight_type, countries=countries
        ):
            found.append(ItemFacts(id=0, flight_id=flight.id, definition=kind, status=kind.default_status))
    return tuple(found)


def _item(row: Item, kind: DefinitionFacts, names: Mapping[int, str], around: _Around) -> ItemFacts:
    return ItemFacts(
        **{name: getattr(row, name) for name in _ITEM},
        definition=kind,
        handler=around.handlers.get(row.handler_id),
        application_name=names.get(row.application_id, "") if row.application_id is not None else "",
        files=tuple(around.files.get(row.id, ())),
    )


def _modules(flight: Flight, rows: Iterable[Module], around: _Around) -> tuple[ModuleFacts, ...]:
    """Those of the flight, removed ones too; and those kept on the deck that it has none of yet."""
    found = []
    for row in rows:
        times: tuple[datetime | None, datetime | None] = None, None
        if row.proposed_std is not None or row.proposed_sta is not None:
            times = proposed_times(flight.std, flight.sta, row.proposed_std, row.proposed_sta)
        found.append(
            ModuleFacts(
                **{name: getattr(row, name) for name in _MODULE},
                adep_handler=around.handlers.get(row.adep_handler_id),
                ades_handler=around.handlers.get(row.ades_handler_id),
                on_deck=row.application_id in around.kept,
                new_std=times[0],
                new_sta=times[1],
                messages=tuple(around.messages.get((flight.id, row.application_id), ())),
            )
        )
    known = {one.application_id for one in found}
    return (
        *found,
        *(
            ModuleFacts(id=0, flight_id=flight.id, application_id=id_, application_name=name, on_deck=True)
            for id_, name in around.kept.items()
            if id_ not in known
        ),
    )
