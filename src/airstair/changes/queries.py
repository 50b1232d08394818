"""Reading the change log: the audit trail of a thing or of an operator."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from airstair.changes.models import Change
from airstair.kernel.units import Unit


class ChangeRow(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the audit trail."""

    seq: int
    at: datetime
    actor_kind: str
    actor_key: str
    actor_label: str
    kind: str
    subject_kind: str
    subject_id: int
    title: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    units: tuple[str, ...]


_FIELDS = list(ChangeRow.__struct_fields__)


def trail(
    operator_id: int,
    *,
    subject: Unit | None = None,
    unit: Unit | None = None,
    actor_key: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    before_seq: int | None = None,
    limit: int = 100,
) -> list[ChangeRow]:
    """The newest changes first, at most `limit`; `before_seq` pages on. One SQL statement."""
    rows = Change.objects.filter(operator_id=operator_id)
    if subject is not None:
        rows = rows.filter(subject_kind=subject.kind.value, subject_id=subject.id)
    if unit is not None:
        rows = rows.filter(units__contains=[str(unit)])
    if actor_key is not None:
        rows = rows.filter(actor_key=actor_key)
    if since is not None:
        rows = rows.filter(at__gte=since)
    if until is not None:
        rows = rows.filter(at__lt=until)
    if before_seq is not None:
        rows = rows.filter(seq__lt=before_seq)
    return [
        ChangeRow(**{**row, "units": tuple(row["units"])}) for row in rows.order_by("-seq").values(*_FIELDS)[:limit]
    ]
