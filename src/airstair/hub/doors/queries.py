"""Reading doors: which connections have issued credentials, and how their partners last came."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import msgspec

from airstair.hub.doors.models import Door
from airstair.hub.doors.rules import login_of
from airstair.kernel.outcome import OutcomeKind


class DoorFacts(msgspec.Struct, frozen=True, kw_only=True):
    """A door without its key. Field meanings as in the table; `login` is the public half of the credentials."""

    connection_id: int
    login: str
    issued_at: datetime
    issued_by_name: str
    revoked_at: datetime | None
    last_visit: datetime | None
    last_visit_from: str
    last_success: datetime | None
    last_outcome: OutcomeKind | None
    last_words: str
    turned_away_at: datetime | None


def doors(operator_id: int, connection_ids: Iterable[int]) -> dict[int, DoorFacts]:
    """The doors of these connections, by connection; absent where nothing was ever issued. One SQL statement."""
    rows = Door.objects.filter(operator_id=operator_id, connection_id__in=list(connection_ids))
    return {row.connection_id: _facts(row) for row in rows}


def _facts(row: Door) -> DoorFacts:
    return DoorFacts(
        connection_id=row.connection_id,
        login=login_of(row.operator_id, row.connection_id),
        issued_at=row.issued_at,
        issued_by_name=row.issued_by_name,
        revoked_at=row.revoked_at,
        last_visit=row.last_visit,
        last_visit_from=row.last_visit_from,
        last_success=row.last_success,
        last_outcome=OutcomeKind(row.last_outcome) if row.last_outcome else None,
        last_words=row.last_words,
        turned_away_at=row.turned_away_at,
    )
