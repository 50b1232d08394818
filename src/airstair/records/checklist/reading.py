"""Rows of definitions and handlers as their pictures."""

from __future__ import annotations

from airstair.records.checklist.models import Definition, Handler
from airstair.records.checklist.rules import STARTING_ITEMS, STATUSES, UNTOUCHED
from airstair.records.checklist.snapshots import DefinitionFacts, HandlerFacts

_HANDLER = tuple(name for name in HandlerFacts.__struct_fields__ if name not in ("airports", "services"))
_DEFINITION = tuple(name for name in DefinitionFacts.__struct_fields__ if name != "statuses")


def handler_facts(row: Handler) -> HandlerFacts:
    values = {name: getattr(row, name) for name in _HANDLER}
    return HandlerFacts(**values, airports=tuple(row.airports), services=tuple(row.services))


def definition_facts(row: Definition) -> DefinitionFacts:
    return DefinitionFacts(**{name: getattr(row, name) for name in _DEFINITION}, statuses=tuple(row.statuses))


def definitions(operator_id: int) -> list[DefinitionFacts]:
    """The operator's kinds of item in their order, switched off ones too. One statement.

    Before anything was changed they are those of the starting table, with the id 0.
    """
    rows = Definition.objects.filter(operator_id=operator_id).order_by("place", "id")
    return [definition_facts(row) for row in rows] or [_starting(operator_id, key) for key in STARTING_ITEMS]


def _starting(operator_id: int, key: str) -> DefinitionFacts:
    one = STARTING_ITEMS[key]
    return DefinitionFacts(
        id=0, operator_id=operator_id, key=key, label=one.label, section=one.section, side=one.side,
        statuses=tuple(STATUSES), default_status=UNTOUCHED, auto_add=one.auto_add, enabled=True, place=one.place,
    )  # fmt: skip
