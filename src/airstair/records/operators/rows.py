"""What the commands of operators share: reading an edit, holding the operator, and its changes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import UNSET

from airstair.changes.record import NewChange, record
from airstair.kernel.actor import Actor
from airstair.kernel.errors import NotFound
from airstair.kernel.units import Unit, UnitKind
from airstair.records.operators.models import Operator


def given(edit: msgspec.Struct) -> dict[str, Any]:
    return {name: value for name in edit.__struct_fields__ if (value := getattr(edit, name)) is not UNSET}


def lock_operator(operator_id: int) -> Operator:
    """One command at a time on the operator's people and settings; rows that only refer to it do not wait."""
    found = Operator.objects.select_for_update(no_key=True).filter(id=operator_id).first()
    if found is None:
        raise NotFound("The operator")
    return found


def record_change(
    actor: Actor, kind: str, title: str, before: Mapping[str, Any] | None, after: Mapping[str, Any] | None
) -> None:
    """A change of the operator itself or of what belongs to it alone: no partner keeps a copy of its people."""
    unit = Unit(UnitKind.OPERATOR, actor.operator_id)
    record(
        actor,
        [
            NewChange(
                kind=kind,
                subject=unit,
                title=title,
                units=(unit,),
                before=None if before is None else dict(before),
                after=None if after is None else dict(after),
            )
        ],
    )
