"""EXPORT NOW: a person asks for what the clock would send anyway, without ever breaking the partner's floor."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import msgspec
from django.db import transaction

from airstair.changes.record import NewChange, record
from airstair.hub.connections.queries import ConnectionFacts, connection, connections
from airstair.hub.contract import Addon
from airstair.hub.flows import Mirror
from airstair.hub.models import ExportRun, LedgerRow
from airstair.hub.registry import addon
from airstair.kernel.actor import Actor
from airstair.kernel.clock import Clock, SystemClock
from airstair.kernel.errors import Conflict, Invalid, NotFound
from airstair.kernel.outcome import OutcomeKind
from airstair.kernel.units import Unit, UnitKind
from airstair.records.fleet import queries as fleet
from airstair.records.flights.pictures import titles_departing
from airstair.records.operators.rules import Right

EXPORT_ASKED = "connection.export"


class ExportAsked(msgspec.Struct, frozen=True, kw_only=True):
    """What will be sent now, and when the rest may be. `run_id` is where its progress is seen; `None`: nothing now."""

    run_id: int | None
    now: tuple[str, ...]  # titles: registrations, or those of flights
    later: tuple[tuple[str, datetime], ...]


class RunProgress(msgspec.Struct, frozen=True, kw_only=True):
    """How far an export has come."""

    id: int
    connection_id: int
    asked_by: str
    started_at: datetime
    finished_at: datetime | None
    total: int
    done: int
    by_outcome: dict[OutcomeKind, int]
    units: tuple[tuple[str, OutcomeKind | None], ...]  # title and outcome of each; None: not yet


def export_now(
    actor: Actor, connection_id: int, aircraft_ids: Sequence[int] | None = None, *, clock: Clock | None = None
) -> ExportAsked:
    """Ask for the aircraft's documents to be sent now; all of the connection's when none are named.

    An aircraft that was sent less than the partner's floor ago is not sent: the answer says when the next
    sending is possible. Raises `Forbidden`, `NotFound`, `Conflict` (the connection is off), `Invalid`.
    """
    actor.require(Right.ADDONS_EXPORT, "export to partners")
    now = (clock or SystemClock()).now()
    facts = connection(actor.operator_id, connection_id)
    one = addon(facts.addon)
    if not facts.on:
        raise Conflict(f"{one.name} is switched off. Switch it on under Configuration, then export.")
    if not one.mirrors:
        raise Conflict(
            f"{one.name} keeps no copy that could be exported. Its messages and fetches stand under Activity."
        )
    aircraft = _aircraft(facts, aircraft_ids)
    flow = one.mirrors[0]
    titles = _titles(facts, flow, aircraft, now)
    with transaction.atomic():
        later = _too_soon(facts, flow, list(titles), now)
        due = [unit for unit in titles if unit not in later]
        asked = {unit: titles[unit] for unit in due}
        registrations = list(asked.values()) if flow.unit is UnitKind.AIRCRAFT else list(aircraft.values())
        run_id = _start(actor, facts, one, flow, asked, registrations, now) if due else None
    return ExportAsked(
        run_id=run_id,
        now=tuple(titles[unit] for unit in due),
        later=tuple((titles[unit], when) for unit, when in later.items()),
    )


def _too_soon(facts: ConnectionFacts, flow: Mirror, units: Sequence[Unit], now: datetime) -> dict[Unit, datetime]:
    """The units that the partner got, or is getting, less than its floor ago, with when they may be sent next.

    Through whichever connection: an aircraft that has just been moved to another one is still the same aircraft.
    """
    connection_ids = [one.id for one in connections(facts.operator_id, facts.addon)]
    rows = LedgerRow.objects.select_for_update().filter(
        operator_id=facts.operator_id,
        connection_id__in=connection_ids,
        flow=flow.key,
        unit__in=[str(unit) for unit in units],
    )
    floor = flow.floor or timedelta(0)
    later: dict[Unit, datetime] = {}
    for row in rows.order_by("connection_id", "unit"):
        latest = max((at for at in (row.last_attempt, row.sending_since) if at is not None), default=None)
        if latest is not None and latest + floor > now:
            unit = Unit.read(row.unit)
            later[unit] = max(latest + floor, later.get(unit, now))
    return later


def _aircraft(facts: ConnectionFacts, aircraft_ids: Sequence[int] | None) -> dict[int, str]:
    """The aircraft named, or all, by id with their registrations."""
    names = {aircraft.id: aircraft.registration for aircraft in fleet.fleet(facts.operator_id)}
    wanted = facts.aircraft_ids if aircraft_ids is None else aircraft_ids
    for aircraft_id in wanted:
        if aircraft_id not in facts.aircraft_ids:
            title = names.get(aircraft_id, f"Aircraft {aircraft_id}")
            raise Invalid.one("aircraft", f"{title} is not ticked for this connection. Tick it under Configuration.")
    if not wanted:
        raise Invalid.one("aircraft", "No aircraft is ticked for this connection. Tick some under Configuration.")
    return {aircraft_id: names[aircraft_id] for aircraft_id in wanted}


def _titles(facts: ConnectionFacts, flow: Mirror, aircraft: Mapping[int, str], now: datetime) -> dict[Unit, str]:
    """The units to be looked at. Of a mirror of flights, those of the aircraft in its horizon."""
    if flow.unit is not UnitKind.FLIGHT:
        return {Unit(flow.unit, id_): registration for id_, registration in aircraft.items()}
    end = None if flow.horizon.ahead is None else now + flow.horizon.ahead
    titles = titles_departing(facts.operator_id, aircraft, now - flow.horizon.back, end)
    if not titles:
        raise Conflict(
            "These aircraft have no flight in the time that the partner is told of. There is nothing to send."
        )
    return {Unit(UnitKind.FLIGHT, id_): title for id_, title in titles.items()}


def _start(
    actor: Actor,
    facts: ConnectionFacts,
    one: Addon,
    flow: Mirror,
    titles: dict[Unit, str],
    aircraft: list[str],
    now: datetime,
) -> int:
    LedgerRow.objects.bulk_create(
        [
            LedgerRow(
                operator_id=actor.operator_id,
                connection_id=facts.id,
                flow=flow.key,
                unit=str(unit),
                title=title[:80],
                asked_at=now,
            )
            for unit, title in titles.items()
        ],
        update_conflicts=True,
        unique_fields=["operator_id", "connection_id", "flow", "unit"],
        update_fields=["asked_at"],
    )
    run = ExportRun(
        operator_id=actor.operator_id,
        connection_id=facts.id,
        asked_by=actor.label,
        started_at=now,
        units=[str(unit) for unit in titles],
    )
    run.save(force_insert=True)
    unit = Unit(UnitKind.CONNECTION, facts.id)
    change = NewChange(kind=EXPORT_ASKED, subject=unit, title=one.name, units=(unit,), after={"aircraft": aircraft})
    record(actor, [change])
    return int(run.id)


def run(operator_id: int, run_id: int) -> RunProgress:
    """How far an export has come, from the ledger. Raises `NotFound`. Two SQL statements."""
    row = ExportRun.objects.filter(operator_id=operator_id, id=run_id).first()
    if row is None:
        raise NotFound(f"Export {run_id}")
    lines = LedgerRow.objects.filter(
        operator_id=operator_id, connection_id=row.connection_id, unit__in=row.units
    ).order_by("title")
    units: list[tuple[str, OutcomeKind | None]] = []
    last: datetime | None = None
    for line in lines:
        ended = line.last_attempt is not None and line.last_attempt >= row.started_at and line.asked_at is None
        units.append((line.title, OutcomeKind(line.outcome) if ended and line.outcome else None))
        if ended and line.last_attempt is not None:
            last = max(line.last_attempt, last) if last else line.last_attempt
    outcomes = [outcome for _, outcome in units if outcome is not None]
    return RunProgress(
        id=row.id,
        connection_id=row.connection_id,
        asked_by=row.asked_by,
        started_at=row.started_at,
        finished_at=last if len(outcomes) == len(units) else None,
        total=len(units),
        done=len(outcomes),
        by_outcome=dict(Counter(outcomes)),
        units=tuple(units),
    )
