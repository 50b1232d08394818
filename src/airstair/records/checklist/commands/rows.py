"""What the commands share: definitions by key, items of a locked flight, and the changes about them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from copy import copy
from typing import Any

from airstair.changes.keys import next_ids
from airstair.changes.record import plain, record
from airstair.kernel.actor import Actor
from airstair.kernel.errors import NotFound
from airstair.records.checklist.models import Definition, Handler, Item, Module
from airstair.records.checklist.rules import STARTING_ITEMS, STATUSES, UNTOUCHED
from airstair.records.flights.commands.rows import about_flight, locked_flight
from airstair.records.flights.models import Flight
from airstair.records.operators.rows import lock_operator, record_change

ITEM_FIELDS = (
    "status", "note", "details", "confirmation", "handler_id", "application_id", "ticked", "designation", "removed",
)  # fmt: skip
MODULE_FIELDS = (
    "adep_handler_id", "ades_handler_id", "status", "note", "submission", "submitted_at", "removed",
    "proposed_std", "proposed_sta", "proposed_by",
)  # fmt: skip


def definitions_of(actor: Actor) -> dict[str, Definition]:
    """The operator's definitions by key, made from the starting table as far as they are missing. In a transaction."""
    found = _definitions(actor.operator_id)
    if STARTING_ITEMS.keys() <= found.keys():
        return found
    lock_operator(actor.operator_id)
    missing = STARTING_ITEMS.keys() - _definitions(actor.operator_id).keys()
    if missing:
        rows = starting_definitions(actor.operator_id)
        Definition.objects.bulk_create(row for row in rows if row.key in missing)
        record_change(actor, "checklist.definitions_made", "Checklist", None, {"items": len(missing)})
    return _definitions(actor.operator_id)


def _definitions(operator_id: int) -> dict[str, Definition]:
    rows = Definition.objects.filter(operator_id=operator_id).order_by("place", "id")
    return {row.key: row for row in rows}


def starting_definitions(operator_id: int) -> list[Definition]:
    return [
        Definition(
            operator_id=operator_id,
            key=one.key,
            label=one.label,
            section=one.section,
            side=one.side,
            statuses=list(STATUSES),
            default_status=UNTOUCHED,
            auto_add=one.auto_add,
            place=one.place,
        )
        for one in STARTING_ITEMS.values()
    ]


def held(actor: Actor, flight_id: int, *, deleted_too: bool = False) -> tuple[Flight, dict[str, Definition]]:
    """The flight, held until the transaction ends, and the definitions. Raises `NotFound`, `Conflict` if deleted.

    In this order, because making the definitions holds the operator, as numbering trips does before it holds flights.
    """
    definitions = definitions_of(actor)
    return locked_flight(actor, flight_id, deleted_too=deleted_too), definitions


def definition_of(actor: Actor, key: str) -> Definition:
    """Raises `NotFound`."""
    found = definitions_of(actor).get(key)
    if found is None:
        raise NotFound("This item of the checklist")
    return found


def items_of(flight: Flight, definitions: Mapping[str, Definition]) -> dict[str, Item]:
    """The flight's rows by key. The flight is locked."""
    keys = {definition.id: key for key, definition in definitions.items()}
    rows = Item.objects.filter(operator_id=flight.operator_id, flight_id=flight.id)
    return {keys[row.definition_id]: row for row in rows}


def fresh_item(flight: Flight, definition: Definition) -> Item:
    """One that nobody has touched yet, not stored."""
    return Item(
        operator_id=flight.operator_id, flight_id=flight.id, definition_id=definition.id,
        status=definition.default_status,
    )  # fmt: skip


class Touched:
    """Items and modules of one locked flight on their way: hands out copies, then writes what differs and its change.

    Nothing differs: nothing is written.
    """

    def __init__(self, actor: Actor, flight: Flight, definitions: Mapping[str, Definition]) -> None:
        self._actor, self._flight, self._definitions = actor, flight, definitions
        self._before = items_of(flight, definitions)
        self.items = {key: copy(row) for key, row in self._before.items()}
        self._modules: list[tuple[Module | None, Module]] = []

    def item(self, key: str) -> Item:
        """The item to be changed, on the list or about to be."""
        if key not in self.items:
            self.items[key] = fresh_item(self._flight, self._definitions[key])
        return self.items[key]

    def module(self, row: Module | None, application_id: int, name: str) -> Module:
        """The module to be changed. `row` is the stored one."""
        fresh = Module(
            operator_id=self._flight.operator_id, flight_id=self._flight.id, application_id=application_id,
            application_name=name[:120],
        )  # fmt: skip
        after = copy(row) if row is not None else fresh
        self._modules.append((row, after))
        return after

    def write(self, kind: str) -> bool:
        """Write what differs. Answers whether anything did."""
        was: dict[str, Any] = {}
        now: dict[str, Any] = {}
        for key, after in self.items.items():
            self._write_item(key, self._before.get(key), after, was, now)
        for before, module in self._modules:
            _write_module(before, module, was, now)
        if now:
            record(self._actor, [about_flight(kind, self._flight, was, now)])
        return bool(now)

    def _write_item(self, key: str, before: Item | None, after: Item, was: dict[str, Any], now: dict[str, Any]) -> None:
        stored = before or fresh_item(self._flight, self._definitions[key])
        changed = _differing(stored, after, ITEM_FIELDS)
        if before is None:
            after.id = next_ids(1)[0]
            after.save(force_insert=True)
            was[f"{key}.listed"], now[f"{key}.listed"] = False, not after.removed
        elif changed:
            Item.objects.filter(operator_id=after.operator_id, id=after.id).update(
                **{name: getattr(after, name) for name in changed}
            )
        was |= {f"{key}.{name}": plain(getattr(stored, name)) for name in changed}
        now |= {f"{key}.{name}": plain(getattr(after, name)) for name in changed}


def _write_module(before: Module | None, after: Module, was: dict[str, Any], now: dict[str, Any]) -> None:
    name = after.application_name
    fresh = Module(operator_id=after.operator_id, flight_id=after.flight_id, application_id=after.application_id)
    stored = before or fresh
    changed = _differing(stored, after, MODULE_FIELDS)
    if before is None:
        after.id = next_ids(1)[0]
        after.save(force_insert=True)
        was[f"{name}.listed"], now[f"{name}.listed"] = False, not after.removed
    elif changed:
        Module.objects.filter(operator_id=after.operator_id, id=after.id).update(
            **{field: getattr(after, field) for field in changed}
        )
    was |= {f"{name}.{field}": plain(getattr(stored, field)) for field in changed}
    now |= {f"{name}.{field}": plain(getattr(after, field)) for field in changed}


def _differing(before: object, after: object, fields: Iterable[str]) -> list[str]:
    return [name for name in fields if getattr(before, name) != getattr(after, name)]


def module_row(flight: Flight, application_id: int) -> Module | None:
    """The stored module of a locked flight."""
    rows = Module.objects.filter(operator_id=flight.operator_id, flight_id=flight.id, application_id=application_id)
    return rows.first()


def handler_row(actor: Actor, handler_id: int) -> Handler:
    """Raises `NotFound`."""
    found = Handler.objects.filter(operator_id=actor.operator_id, id=handler_id).first()
    if found is None:
        raise NotFound("This handler")
    return found
