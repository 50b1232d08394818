"""What an import writes that is no flight: an operator's saved mappings, and the keys that flights are found by again.

The flights themselves are written by `flights/commands/bulk.py`.
"""

from __future__ import annotations

from collections.abc import Mapping

from django.db import transaction
from django.db.models import Case, CharField, Value, When

from airstair.changes.keys import next_ids
from airstair.changes.record import NewChange, record
from airstair.kernel.actor import Actor
from airstair.kernel.errors import Invalid, Problems
from airstair.kernel.units import Unit, UnitKind
from airstair.records import checks
from airstair.records.flights.imports.layouts import BUILT_IN, FIELDS
from airstair.records.flights.imports.matching import Key
from airstair.records.flights.models import Flight, ImportMapping
from airstair.records.imports.columns import Layout, check_columns
from airstair.records.operators.rules import Right


def layouts(operator_id: int) -> list[Layout]:
    """The operator's own mappings by name, then the built-in ones. One statement."""
    saved = ImportMapping.objects.filter(operator_id=operator_id).order_by("name")
    return [Layout(name=row.name, columns=row.columns) for row in saved] + list(BUILT_IN)


def save_mapping(actor: Actor, name: str, columns: Mapping[str, str]) -> Layout:
    """Save a mapping (field of the record → column of the file), in place of the one of that name. Right: IMPORT_RUN.

    Every column it names must be in a file for the file to fit. Raises `Invalid`.
    """
    actor.require(Right.IMPORT_RUN, "save a mapping")
    problems = Problems()
    name = checks.text(problems, "name", name, longest=60, needed=True)
    if name.casefold() in {layout.name for layout in BUILT_IN}:
        problems.add("name", f"“{name}” is a mapping that Airstair brings along. Choose another name.")
    try:
        tidied = check_columns(columns, FIELDS)
    except Invalid as refusal:
        checks.take(problems, refusal)
    problems.refuse()
    with transaction.atomic():
        rows = ImportMapping.objects.filter(operator_id=actor.operator_id, name__iexact=name)
        before = rows.select_for_update(no_key=True).first()
        if before is None:
            row_id = next_ids(1)[0]
            ImportMapping.objects.create(operator_id=actor.operator_id, id=row_id, name=name, columns=tidied)
        elif before.columns != tidied or before.name != name:
            rows.update(name=name, columns=tidied)
        else:
            return Layout(name=name, columns=tidied)
        unit = Unit(UnitKind.OPERATOR, actor.operator_id)
        was = None if before is None else before.columns
        change = NewChange(kind="mapping.saved", subject=unit, title=name, units=(unit,), before=was, after=tidied)
        record(actor, [change])
    return Layout(name=name, columns=tidied)


def rename_keys(operator_id: int, renamed: Mapping[Key, Key]) -> None:
    """Flights whose time the file has changed are known by that time from now on (old key → new key).

    Inside the import's transaction. Nobody is told: the key is no part of what people or partners see.
    """
    if not renamed:
        return
    new = Case(
        *(When(import_key=str(old), then=Value(str(now))) for old, now in renamed.items()), output_field=CharField()
    )
    Flight.objects.filter(operator_id=operator_id, import_key__in=[str(old) for old in renamed]).update(import_key=new)
