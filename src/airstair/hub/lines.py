"""The lines of the ledger as people see them: every unit of a connection, how its latest call went, what it waits for.

Aircraft, and what is counted of them, are there also while they were never sent. Flights are there once something is
known of them, as far back as their flow reaches: what is past is no one's concern any more. Reads only.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from django.db.models import Q

from airstair.hub.calls import messages_of
from airstair.hub.connections.queries import ConnectionFacts
from airstair.hub.flows import Mirror
from airstair.hub.models import LedgerRow
from airstair.hub.promises import LedgerLine
from airstair.hub.registry import addon
from airstair.kernel.clock import SystemClock
from airstair.kernel.outcome import OutcomeKind
from airstair.kernel.units import Unit, UnitKind
from airstair.records.fleet import queries as fleet
from airstair.records.flights.pictures import Departure, departures

_FLIGHT = f"{UnitKind.FLIGHT.value}:"


def lines_of(
    operator_id: int, facts: Iterable[ConnectionFacts], *, now: datetime | None = None
) -> dict[int, list[LedgerLine]]:
    """The units of several connections of one operator, by connection. Two SQL statements, three with flights."""
    by_id = {one.id: one for one in facts}
    if not by_id:
        return {}
    now = now or SystemClock().now()
    names = {aircraft.id: aircraft.registration for aircraft in fleet.fleet(operator_id)}
    flows = {id_: addon(one.addon).mirrors for id_, one in by_id.items()}
    leaving = _departures(operator_id, flows, now)
    known: dict[tuple[int, str, str], LedgerRow] = {}
    rows = LedgerRow.objects.filter(operator_id=operator_id, connection_id__in=list(by_id)).defer("bodies")
    if _any_flights(flows):
        rows = rows.filter(~Q(unit__startswith=_FLIGHT) | Q(unit__in=[f"{_FLIGHT}{id_}" for id_ in leaving]))
    for row in rows:
        known[row.connection_id, row.flow, row.unit] = row
    found = {}
    for id_, one in by_id.items():
        lines = _fixed(one, flows[id_], names, known)
        since = {flow.key: now - flow.horizon.back for flow in flows[id_] if _is_of_flights(flow)}
        lines += _of_flights(id_, since, leaving, known)
        found[id_] = lines
    return found


def _is_of_flights(flow: Mirror) -> bool:
    return flow.unit is UnitKind.FLIGHT


def _any_flights(flows: Mapping[int, Iterable[Mirror]]) -> bool:
    return any(_is_of_flights(flow) for every in flows.values() for flow in every)


def _departures(operator_id: int, flows: Mapping[int, Iterable[Mirror]], now: datetime) -> Mapping[int, Departure]:
    """The flights that mirrors may still be about. One statement, none where there is no such mirror."""
    backs = [flow.horizon.back for every in flows.values() for flow in every if _is_of_flights(flow)]
    return departures(operator_id, now - max(backs)) if backs else {}


def _fixed(
    one: ConnectionFacts,
    flows: Iterable[Mirror],
    names: Mapping[int, str],
    known: Mapping[tuple[int, str, str], LedgerRow],
) -> list[LedgerLine]:
    """Of the units that there is a list of, in order of their titles."""
    units = [(flow, Unit(flow.unit, id_)) for flow in flows if not _is_of_flights(flow) for id_ in one.aircraft_ids]
    lines = (
        line_of(flow.key, unit, names.get(unit.id, str(unit)), unit.id, known.get((one.id, flow.key, str(unit))))
        for flow, unit in units
    )
    return sorted(lines, key=lambda line: line.title)


def _of_flights(
    connection_id: int,
    since: Mapping[str, datetime],
    leaving: Mapping[int, Departure],
    known: Mapping[tuple[int, str, str], LedgerRow],
) -> list[LedgerLine]:
    """Of flights that depart since then, by flow; in order of departure."""
    lines = []
    for (of, flow, name), row in known.items():
        if of != connection_id or flow not in since or not name.startswith(_FLIGHT):
            continue
        unit = Unit.read(name)
        aircraft_id, std = leaving[unit.id]
        if std >= since[flow]:
            lines.append((std, line_of(flow, unit, row.title, aircraft_id, row)))
    return [line for _, line in sorted(lines, key=lambda one: (one[0], one[1].title))]


def line_of(flow: str, unit: Unit, title: str, aircraft_id: int, row: LedgerRow | None) -> LedgerLine:
    """A row as people see it; `None`: nothing was ever sent of the unit."""
    if row is None:
        return LedgerLine(unit=unit, title=title, flow=flow, aircraft_id=aircraft_id)
    outcome = OutcomeKind(row.outcome) if row.outcome else None
    nothing_there = row.fingerprint is not None and not bytes(row.fingerprint)
    return LedgerLine(
        unit=unit,
        title=title,
        flow=flow,
        aircraft_id=aircraft_id,
        last_attempt=row.last_attempt,
        last_success=row.last_success,
        last_change=row.last_change,
        next_due=row.next_due,
        asked_at=row.asked_at,
        outcome=outcome,
        http_status=row.http_status,
        messages=messages_of(row.messages),
        warnings=messages_of(row.warnings),
        sent=row.sent,
        tries=row.tries,
        call_id=row.call_id,
        sending=row.sending_since is not None,
        not_there=nothing_there and outcome is not None and outcome.delivered,
        question=bytes(row.question).hex() if row.question is not None else "",
    )
