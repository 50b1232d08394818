"""Writing to the change log. Called by commands only, inside their transaction."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import msgspec
from django.db import transaction

from airstair.changes.consequences import follow
from airstair.changes.models import Change
from airstair.changes.sets import insert_rows
from airstair.kernel.actor import Actor
from airstair.kernel.units import Unit


class NewChange(msgspec.Struct, frozen=True, kw_only=True):
    """A change about to be written. `before` and `after` hold the changed fields only; `None`: it did not exist."""

    kind: str  # "flight.changed", "aircraft.created", …
    subject: Unit
    title: str  # what a person calls it: "EV3810 EWR–JAX 2 Mar"
    units: tuple[Unit, ...]
    before: dict[str, Any] | None = None
    after: dict[str, Any] | None = None


def record(actor: Actor, changes: Iterable[NewChange], *, bulk: bool = False) -> None:
    """Write the changes in the transaction under way.

    `bulk` puts them in the slow lane: people's edits are delivered ahead of an import. Raises RuntimeError
    outside a transaction, because a change without its rows, or rows without their change, must not exist. What
    follows from the changes in other rooms (`consequences`) is in the transaction when this returns.
    """
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError("record() needs the transaction of the command that changes the rows.")
    changes = list(changes)
    rows = [
        {
            "operator_id": actor.operator_id,
            "actor_kind": actor.kind.value,
            "actor_key": actor.key,
            "actor_label": actor.label,
            "kind": change.kind,
            "subject_kind": change.subject.kind.value,
            "subject_id": change.subject.id,
            "title": change.title[:300],
            "before": change.before,
            "after": change.after,
            "units": sorted({str(unit) for unit in change.units}),
            "bulk": bulk,
        }
        for change in changes
    ]
    insert_rows(Change, rows)
    follow(actor, changes, bulk)


def plain(value: object) -> Any:
    """A value as the log keeps it: times and decimals as text, the rest as JSON has it."""
    if isinstance(value, datetime):
        return value.isoformat(timespec="minutes").replace("+00:00", "Z")
    if isinstance(value, date | Decimal):
        return str(value)
    return value


def difference(before: object, after: object, fields: Sequence[str]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The fields in which two rows or structs differ, as (before, after)."""
    was = {name: plain(getattr(before, name)) for name in fields}
    now = {name: plain(getattr(after, name)) for name in fields}
    changed = [name for name in fields if was[name] != now[name]]
    return {name: was[name] for name in changed}, {name: now[name] for name in changed}
