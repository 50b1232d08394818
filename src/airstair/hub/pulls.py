"""Fetching as people see it: the runs with their counts, when the next is due, and asking for one now."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

import msgspec
from django.db import transaction

from airstair.changes.record import NewChange, record
from airstair.hub.calls import messages_of
from airstair.hub.connections.queries import ConnectionFacts, connection
from airstair.hub.models import PullRun, PullState
from airstair.hub.registry import addon
from airstair.kernel.actor import Actor
from airstair.kernel.clock import Clock, SystemClock
from airstair.kernel.errors import Conflict, NotFound
from airstair.kernel.outcome import OutcomeKind, PartnerMessage
from airstair.kernel.units import Unit, UnitKind
from airstair.records.operators.rules import Right

ASKED = "pull.asked"
_KEEP = timedelta(days=90)


class RunLine(msgspec.Struct, frozen=True, kw_only=True):
    """One run. `new`, `updated`, `unchanged` and `skipped` add up to `fetched`; `outcome` is None while it runs."""

    id: int
    connection_id: int
    flow: str
    asked_by: str
    started_at: datetime
    ended_at: datetime | None
    fetched: int
    new: int
    updated: int
    unchanged: int
    skipped: int
    reasons: tuple[tuple[str, str], ...]  # title and reason of what was skipped, the first of them
    outcome: OutcomeKind | None
    http_status: int | None
    messages: tuple[PartnerMessage, ...]


class PullLine(msgspec.Struct, frozen=True, kw_only=True):
    """One flow of one connection that is fetched through, and its latest run."""

    connection_id: int
    flow: str
    title: str
    begun_at: datetime | None = None
    next_due: datetime | None = None
    asked_at: datetime | None = None
    last_success: datetime | None = None
    failures: int = 0
    running: bool = False
    latest: RunLine | None = None
    staged: bool = False  # it has an import window, and runs from there alone


def pulls_of(operator_id: int, facts: Iterable[ConnectionFacts]) -> dict[int, list[PullLine]]:
    """What is fetched through several connections of one operator, by connection. Two SQL statements, or none."""
    by_id = {one.id: one for one in facts if addon(one.addon).pulls}
    if not by_id:
        return {}
    rows = PullState.objects.filter(operator_id=operator_id, connection_id__in=list(by_id))
    states = {(row.connection_id, row.flow): row for row in rows}
    newest = PullRun.objects.filter(operator_id=operator_id, connection_id__in=list(by_id))
    newest = newest.order_by("connection_id", "flow", "-started_at", "-id").distinct("connection_id", "flow")
    latest = {(row.connection_id, row.flow): run_line(row) for row in newest}
    return {
        one.id: [
            msgspec.structs.replace(
                _line(one.id, pull.key, pull.title, states.get((one.id, pull.key)), latest.get((one.id, pull.key))),
                staged=pull.staged is not None,
            )
            for pull in addon(one.addon).pulls
        ]
        for one in by_id.values()
    }


def _line(connection_id: int, flow: str, title: str, row: PullState | None, latest: RunLine | None) -> PullLine:
    if row is None:
        return PullLine(connection_id=connection_id, flow=flow, title=title)
    return PullLine(
        connection_id=connection_id,
        flow=flow,
        title=title,
        begun_at=row.begun_at,
        next_due=row.next_due,
        asked_at=row.asked_at,
        last_success=row.last_success,
        failures=row.failures,
        running=row.run_id is not None,
        latest=latest,
    )


def runs(operator_id: int, connection_id: int, *, limit: int = 20) -> list[RunLine]:
    """The newest runs first. One SQL statement."""
    rows = PullRun.objects.filter(operator_id=operator_id, connection_id=connection_id)
    return [run_line(row) for row in rows.order_by("-started_at", "-id")[:limit]]


def run_line(row: PullRun) -> RunLine:
    """The row as people see it."""
    return RunLine(
        id=row.id,
        connection_id=row.connection_id,
        flow=row.flow,
        asked_by=row.asked_by,
        started_at=row.started_at,
        ended_at=row.ended_at,
        fetched=row.fetched,
        new=row.new,
        updated=row.updated,
        unchanged=row.unchanged,
        skipped=row.skipped,
        reasons=tuple((title, reason) for title, reason in row.reasons),
        outcome=OutcomeKind(row.outcome) if row.outcome else None,
        http_status=row.http_status,
        messages=messages_of(row.messages),
    )


def pull_now(actor: Actor, connection_id: int, flow_key: str, *, clock: Clock | None = None) -> datetime:
    """Ask for a run now; answers when it begins: at once, or when the partner's floor allows one.

    Raises `Forbidden`, `NotFound`, `Conflict` (the connection is off).
    """
    actor.require(Right.ADDONS_EXPORT, "fetch from partners")
    now = (clock or SystemClock()).now()
    facts = connection(actor.operator_id, connection_id)
    one = addon(facts.addon)
    flow = next((pull for pull in one.pulls if pull.key == flow_key), None)
    if flow is None:
        raise NotFound(f"The flow “{flow_key}” of {one.name}")
    if not facts.on:
        raise Conflict(f"{one.name} is switched off. Switch it on under Configuration, then fetch.")
    if flow.staged is not None:
        raise Conflict(f"{one.name} asks for the days first. Open its import window, under Actions in OPS.")
    of = {"operator_id": actor.operator_id, "connection_id": connection_id, "flow": flow_key}
    with transaction.atomic():
        PullState.objects.bulk_create(
            [PullState(**of, asked_at=now, asked_by=actor.label)],
            update_conflicts=True,
            unique_fields=list(of),
            update_fields=["asked_at", "asked_by"],
        )
        begun_at = PullState.objects.filter(**of).values_list("begun_at", flat=True).get()
        me = Unit(UnitKind.CONNECTION, connection_id)
        title = f"{one.name}: {flow.title}"
        record(actor, [NewChange(kind=ASKED, subject=me, title=title, units=(me,), after={"flow": flow_key})])
    return now if begun_at is None else max(now, begun_at + (flow.floor or timedelta(0)))


def forget_old_runs(now: datetime) -> int:
    """Remove runs that began three months ago; answers how many."""
    return int(PullRun.objects.filter(started_at__lt=now - _KEEP).delete()[0])
