"""When a flight changes, what was asked for falls back: to `?` or REJECTED, by the table in fallbacks.toml.

In the transaction of the change, whoever makes it. As many statements for one flight as for ten thousand: none when
nothing that matters changed, one or two when nothing was asked for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.db.models import Q

from airstair.changes.record import NewChange, record
from airstair.kernel.actor import Actor
from airstair.kernel.units import UnitKind
from airstair.records.checklist.models import Definition, Item, Module
from airstair.records.checklist.rules import ADEP, ADES, FALL_BACKS, STATUSES, nearest, unticked_sides
from airstair.records.checklist.rules import fall_back as status_after

_CHANGE_OF_FIELD = {
    "std": "std", "sta": "sta", "adep": "adep", "ades": "ades", "aircraft_id": "aircraft",
    "pax_count": "passengers", "pax_by_category": "passengers", "pax_list": "passengers", "crew": "crew",
    "flight_type": "purpose", "sales_type": "purpose",
}  # fmt: skip
_ASKED = [one.id for one in STATUSES.values() if one.asked]

Told = dict[int, tuple[dict[str, Any], dict[str, Any]]]  # flight → (before, after)


def fall_back(actor: Actor, changes: Sequence[NewChange], bulk: bool) -> None:
    """Let items and modules of the changed flights fall back. A rule of `changes.consequences`."""
    flights: dict[int, NewChange] = {}
    changed: dict[int, set[str]] = {}
    for change in changes:
        if found := changes_of(change):
            flights[change.subject.id] = change
            changed.setdefault(change.subject.id, set()).update(found)
    if not changed:
        return
    told: Told = {}
    _items(actor, changed, told)
    _modules(
        actor, {flight_id: sides for flight_id, names in changed.items() if (sides := unticked_sides(names))}, told
    )
    if told:
        record(actor, [_change(flights[flight_id], *pair) for flight_id, pair in told.items()], bulk=bulk)


def _change(flight: NewChange, was: dict[str, Any], now: dict[str, Any]) -> NewChange:
    """About the flight's list, touching what the flight's own change touches."""
    return NewChange(
        kind="checklist.item", subject=flight.subject, title=flight.title, units=flight.units, before=was, after=now
    )


def changes_of(change: NewChange) -> set[str]:
    """The kinds of change, as the table names them, that can make anything fall back."""
    if change.subject.kind is not UnitKind.FLIGHT or change.before is None or change.after is None:
        return set()
    found = {_CHANGE_OF_FIELD[field] for field in change.after if field in _CHANGE_OF_FIELD}
    if change.after.get("status") == "CANCELLED" or change.after.get("deleted") is True:
        found.add("cancelled")
    return {name for name in found if (row := FALL_BACKS[name]).own or row.via or row.untick}


def _items(actor: Actor, changed: Mapping[int, set[str]], told: Told) -> None:
    rows = Item.objects.select_for_update(no_key=True).filter(
        operator_id=actor.operator_id, flight_id__in=list(changed)
    )
    asked = list(rows.filter(Q(ticked=True) | Q(status__in=_ASKED), removed=False).order_by("id"))
    if not asked:
        return
    definitions = {row.id: row for row in Definition.objects.filter(operator_id=actor.operator_id)}
    updates: dict[tuple[str, bool, str], list[int]] = {}
    for item in asked:
        definition, names = definitions[item.definition_id], changed[item.flight_id]
        via = item.application_id is not None
        fallen = status_after(names, definition.side, via=via)
        status = nearest(fallen, definition.statuses) if fallen else item.status
        ticked = item.ticked and definition.side not in unticked_sides(names)
        designation = "" if fallen else item.designation
        if (status, ticked, designation) == (item.status, item.ticked, item.designation):
            continue
        updates.setdefault((status, ticked, designation), []).append(item.id)
        was, now = told.setdefault(item.flight_id, ({}, {}))
        for name, new in (("status", status), ("ticked", ticked), ("designation", designation)):
            if getattr(item, name) != new:
                was[f"{definition.key}.{name}"], now[f"{definition.key}.{name}"] = getattr(item, name), new
    for (status, ticked, designation), ids in updates.items():
        Item.objects.filter(operator_id=actor.operator_id, id__in=ids).update(
            status=status, ticked=ticked, designation=designation
        )


def _modules(actor: Actor, sides: Mapping[int, frozenset[str]], told: Told) -> None:
    """Clear the handlers of airports that a flight goes to no more."""
    if not sides:
        return
    rows = Module.objects.filter(operator_id=actor.operator_id, flight_id__in=list(sides))
    chosen = list(rows.exclude(adep_handler_id=None, ades_handler_id=None))
    for side, field in ((ADEP, "adep_handler_id"), (ADES, "ades_handler_id")):
        cleared = [row for row in chosen if side in sides[row.flight_id] and getattr(row, field) is not None]
        for row in cleared:
            was, now = told.setdefault(row.flight_id, ({}, {}))
            name = f"{row.application_name}.{field}"
            was[name], now[name] = getattr(row, field), None
        if cleared:
            ids = [row.id for row in cleared]
            Module.objects.filter(operator_id=actor.operator_id, id__in=ids).update(**{field: None})
