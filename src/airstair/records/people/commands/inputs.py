"""What several commands about people share: checks of names, days and references, and how sensitive values are told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from airstair.changes.record import plain
from airstair.kernel.errors import Problems
from airstair.records import checks
from airstair.records.people.models import Company

HIDDEN = "(not shown)"  # in the change log, in place of a date of birth or a document's number
_EARLIEST = date(1900, 1, 1)
_LATEST = date(2200, 1, 1)


def name(problems: Problems, field: str, value: str) -> str:
    return checks.text(problems, field, value, longest=60, needed=True)


def day(problems: Problems, field: str, value: date | None) -> date | None:
    """A day that a document or a life can have."""
    if value is not None and not _EARLIEST <= value < _LATEST:
        problems.add(field, f"Year {value.year} is out of range. Use a year from {_EARLIEST.year} to 2199.")
        return None
    return value


def company_id(problems: Problems, operator_id: int, value: int | None) -> int | None:
    if value is not None and not Company.objects.filter(operator_id=operator_id, id=value).exists():
        problems.add("company_id", "There is no such company. Choose one, or add it to the phonebook.")
    return value


def shown(values: Mapping[str, Any], hidden: Sequence[str]) -> dict[str, Any]:
    """The values as the change log may keep them for years."""
    return {name: (HIDDEN if value else None) if name in hidden else plain(value) for name, value in values.items()}


def differing(
    before: Mapping[str, Any], after: Mapping[str, Any], hidden: Sequence[str] = ()
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The fields that differ, as (before, after) for the change log; of hidden ones only that they differ."""
    changed = [name for name in after if before[name] != after[name]]
    was = shown({name: before[name] for name in changed}, hidden)
    now = shown({name: after[name] for name in changed}, hidden)
    for name in set(changed) & set(hidden):
        now[name] = "(changed)" if after[name] else None
    return was, now
