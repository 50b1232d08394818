"""The call log: what went out to partners and what came back, searchable, with secrets removed."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec
from django.db import connection

from airstair.hub.models import CallBody, CallRow, Connection
from airstair.kernel.errors import NotFound
from airstair.kernel.outcome import OutcomeKind, PartnerMessage
from airstair.kernel.units import Unit

_MOST = 500


class CallLine(msgspec.Struct, frozen=True, kw_only=True):
    """One call in a list."""

    id: int
    at: datetime
    addon: str
    connection_id: int
    connection_name: str
    flow: str
    units: tuple[str, ...]
    title: str
    outcome: OutcomeKind
    http_status: int | None
    duration_ms: float
    sent: int
    messages: tuple[PartnerMessage, ...]
    direction: str  # "out"; "in": the partner came to us; "handoff": a person went there


class CallDetail(CallLine, frozen=True, kw_only=True):
    """One call, whole."""

    method: str
    url: str
    request_headers: dict[str, str]
    request_body: bytes
    parts: tuple[tuple[str, str], ...]  # key and title of each part that the document held, in wire order
    response_headers: dict[str, str]
    response_body: bytes
    failure: str


def messages_of(stored: Any) -> tuple[PartnerMessage, ...]:
    """Messages as stored in JSON."""
    return msgspec.convert(stored, tuple[PartnerMessage, ...])


def calls(
    operator_id: int,
    *,
    addon: str | None = None,
    connection_id: int | None = None,
    unit: Unit | None = None,
    part: str | None = None,
    outcome: OutcomeKind | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    before: tuple[datetime, int] | None = None,
    inward: bool | None = None,
    limit: int = 100,
) -> list[CallLine]:
    """The newest calls first. `part` finds the calls whose document held that flight or event.

    `before`: (at, id) of the last line seen, for the next page. `inward`: those that somebody else began, or only
    ours. Two SQL statements, one more with `part`.
    """
    rows = CallRow.objects.filter(operator_id=operator_id)
    exact = {"addon": addon, "connection_id": connection_id, "outcome": outcome.value if outcome else None}
    rows = rows.filter(**{name: value for name, value in exact.items() if value is not None})
    if inward is not None:
        rows = rows.exclude(direction="out") if inward else rows.filter(direction="out")
    if unit is not None:
        rows = rows.filter(units__contains=[str(unit)])
    if since is not None:
        rows = rows.filter(at__gte=since)
    if until is not None:
        rows = rows.filter(at__lt=until)
    if before is not None:
        rows = rows.extra(where=["(at, id) < (%s, %s)"], params=list(before))
    if part is not None:
        bodies = CallBody.objects.filter(operator_id=operator_id, parts__contains=[part])
        rows = rows.filter(request_digest__in=list(bodies.values_list("digest", flat=True)))
    found = list(rows.order_by("-at", "-id").defer("response_body", "request_headers")[: min(limit, _MOST)])
    names = dict(Connection.objects.filter(operator_id=operator_id).values_list("id", "name"))
    return [CallLine(**_line(row, names)) for row in found]


def _line(row: CallRow, names: dict[int, str]) -> dict[str, Any]:
    return {
        "id": row.id,
        "at": row.at,
        "addon": row.addon,
        "connection_id": row.connection_id,
        "connection_name": names.get(row.connection_id, "(removed)"),
        "flow": row.flow,
        "units": tuple(row.units),
        "title": row.title,
        "outcome": OutcomeKind(row.outcome),
        "http_status": row.http_status,
        "duration_ms": row.duration_ms,
        "sent": row.sent,
        "messages": messages_of(row.messages),
        "direction": row.direction,
    }


def call(operator_id: int, call_id: int) -> CallDetail:
    """One call with what was sent and answered. Raises `NotFound`. Three SQL statements."""
    row = CallRow.objects.filter(operator_id=operator_id, id=call_id).first()
    if row is None:
        raise NotFound(f"Call {call_id}")
    names = dict(Connection.objects.filter(operator_id=operator_id).values_list("id", "name"))
    body = CallBody.objects.filter(operator_id=operator_id, digest=row.request_digest).first()
    return CallDetail(
        **_line(row, names),
        method=row.method,
        url=row.url,
        request_headers=row.request_headers,
        request_body=bytes(body.body) if body else b"",
        parts=tuple(zip(body.parts, body.part_titles, strict=True)) if body else (),
        response_headers=row.response_headers,
        response_body=bytes(row.response_body),
        failure=row.failure,
    )


def forget_old_calls(before: datetime) -> int:
    """Remove calls older than `before`, and bodies that no call refers to any more; answers how many calls.

    The latest call of each unit stays, however old: it is what its page shows.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM hub_call c WHERE c.at < %s AND NOT EXISTS (SELECT FROM hub_ledger l"
            " WHERE l.operator_id = c.operator_id AND l.connection_id = c.connection_id AND l.call_id = c.id)",
            [before],
        )
        removed = int(cursor.rowcount)
        cursor.execute(
            "DELETE FROM hub_call_body b WHERE b.at < %s AND NOT EXISTS (SELECT FROM hub_call c"
            " WHERE c.operator_id = b.operator_id AND c.request_digest = b.digest)",
            [before],
        )
    return removed
