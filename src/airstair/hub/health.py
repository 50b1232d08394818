"""How connections are doing, read from the ledger, the log and the locks: nothing here is stored but the notices.

What that means is judged in `promises.py`; the watchman (`watchman.py`) opens and closes the notices.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import msgspec

from airstair.hub.calls import messages_of
from airstair.hub.connections.queries import ConnectionFacts, connection, connections
from airstair.hub.contract import Addon
from airstair.hub.flows import OnChange
from airstair.hub.models import Connection, LedgerRow, Notice
from airstair.hub.promises import Clocks, Health, LedgerLine, Service, Stand, clocks_of, stand_of
from airstair.hub.registry import addon, addons
from airstair.hub.serving import NOBODY, serving, unread_since
from airstair.hub.traffic import traffic_of
from airstair.kernel.clock import Clock, SystemClock
from airstair.kernel.outcome import OutcomeKind
from airstair.kernel.units import Unit, UnitKind
from airstair.records.fleet import queries as fleet

__all__ = [
    "Card",
    "Clocks",
    "Health",
    "LedgerLine",
    "NoticeLine",
    "cards",
    "clocks",
    "ledger",
    "lines_of",
    "notices",
    "stands",
]


class Card(msgspec.Struct, frozen=True, kw_only=True):
    """An add-on as the Add-ons page shows it."""

    addon: Addon
    connection: ConnectionFacts | None
    health: Health
    sentence: str
    last_success: datetime | None
    oldest_waiting: datetime | None


class NoticeLine(msgspec.Struct, frozen=True, kw_only=True):
    """Something that a person should know about a connection."""

    id: int
    connection_id: int
    addon: str
    kind: str
    sentence: str
    opened_at: datetime
    closed_at: datetime | None


def ledger(operator_id: int, connection_id: int) -> list[LedgerLine]:
    """Every unit of a connection, also those never sent yet. Raises `NotFound`. Four SQL statements."""
    return lines_of(operator_id, [connection(operator_id, connection_id)])[connection_id]


def lines_of(operator_id: int, facts: Iterable[ConnectionFacts]) -> dict[int, list[LedgerLine]]:
    """The units of several connections of one operator, by connection. Two SQL statements."""
    by_id = {one.id: one for one in facts}
    if not by_id:
        return {}
    names = {aircraft.id: aircraft.registration for aircraft in fleet.fleet(operator_id)}
    known: dict[tuple[int, str, str], LedgerRow] = {}
    for row in LedgerRow.objects.filter(operator_id=operator_id, connection_id__in=list(by_id)):
        known[row.connection_id, row.flow, row.unit] = row
    lines: dict[int, list[LedgerLine]] = {}
    for one in by_id.values():
        flows = [flow for flow in addon(one.addon).mirrors if flow.unit is UnitKind.AIRCRAFT]
        units = [(flow, Unit(UnitKind.AIRCRAFT, id_)) for flow in flows for id_ in one.aircraft_ids]
        lines[one.id] = sorted(
            (
                _line(flow.key, unit, names.get(unit.id, str(unit)), known.get((one.id, flow.key, str(unit))))
                for flow, unit in units
            ),
            key=lambda line: line.title,
        )
    return lines


def _line(flow: str, unit: Unit, title: str, row: LedgerRow | None) -> LedgerLine:
    if row is None:
        return LedgerLine(unit=unit, title=title, flow=flow)
    return LedgerLine(
        unit=unit,
        title=title,
        flow=flow,
        last_attempt=row.last_attempt,
        last_success=row.last_success,
        last_change=row.last_change,
        next_due=row.next_due,
        asked_at=row.asked_at,
        outcome=OutcomeKind(row.outcome) if row.outcome else None,
        http_status=row.http_status,
        messages=messages_of(row.messages),
        warnings=messages_of(row.warnings),
        sent=row.sent,
        tries=row.tries,
        call_id=row.call_id,
        sending=row.sending_since is not None,
    )


def clocks(operator_id: int, connection_id: int) -> Clocks:
    """The clocks of one connection by its ledger. Raises `NotFound`."""
    return clocks_of(ledger(operator_id, connection_id), Service(worker=None), SystemClock().now())


def stands(
    operator_id: int, configured: Iterable[ConnectionFacts], lines: dict[int, list[LedgerLine]], now: datetime
) -> dict[int, Stand]:
    """How connections of one operator stand, by connection. Two SQL statements, more where messages or fetches are."""
    configured = list(configured)
    traffic = traffic_of(operator_id, configured)
    served = serving() if configured else NOBODY
    on_change = {
        facts.id: [str(line.unit) for line in lines[facts.id] if line.flow in _flows_on_change(addon(facts.addon))]
        for facts in configured
        if facts.on
    }
    unread = unread_since(operator_id, {id_: units for id_, units in on_change.items() if units})
    return {
        facts.id: stand_of(
            facts,
            addon(facts.addon),
            lines[facts.id],
            Service(worker=served.worker_of(facts.id), unread_since=unread.get(facts.id)),
            now,
            traffic.get(facts.id),
        )
        for facts in configured
    }


def _flows_on_change(one: Addon) -> set[str]:
    return {flow.key for flow in one.mirrors if isinstance(flow.trigger, OnChange)}


def cards(operator_id: int, *, clock: Clock | None = None) -> list[Card]:
    """Every add-on with how its connections are doing, worst first among them. Six SQL statements."""
    now = (clock or SystemClock()).now()
    configured = [one for one in connections(operator_id) if one.addon in addons()]
    standing = stands(operator_id, configured, lines_of(operator_id, configured), now)
    return [
        _card(one, [facts for facts in configured if facts.addon == one.key], standing) for one in addons().values()
    ]


def _card(one: Addon, mine: list[ConnectionFacts], standing: dict[int, Stand]) -> Card:
    worst = max((facts for facts in mine if facts.on), key=lambda f: _SEVERITY[standing[f.id].health], default=None)
    health, sentence = Health.OFF, "Not switched on."
    if worst is not None:
        health, sentence = standing[worst.id].health, standing[worst.id].sentence
    else:
        worst = next((facts for facts in mine if facts.is_default), None)
        sentence = (worst.check_problem if worst else "") or sentence
    clocks = [standing[facts.id].clocks for facts in mine]
    return Card(
        addon=one,
        connection=worst,
        health=health,
        sentence=sentence,
        last_success=max((one.last_success for one in clocks if one.last_success), default=None),
        oldest_waiting=min((one.oldest_waiting for one in clocks if one.oldest_waiting), default=None),
    )


_SEVERITY = {health: at for at, health in enumerate(Health)}


def notice_line(notice: Notice, addon_key: str) -> NoticeLine:
    """A notice as pages show it."""
    return NoticeLine(
        id=notice.id,
        connection_id=notice.connection_id,
        addon=addon_key,
        kind=notice.kind,
        sentence=notice.sentence,
        opened_at=notice.opened_at,
        closed_at=notice.closed_at,
    )


def notices(operator_id: int, *, open_only: bool = True) -> list[NoticeLine]:
    """The operator's notices, the newest first. Two SQL statements."""
    rows = Notice.objects.filter(operator_id=operator_id)
    if open_only:
        rows = rows.filter(closed_at=None)
    keys = dict(Connection.objects.filter(operator_id=operator_id).values_list("id", "addon"))
    return [notice_line(row, keys.get(row.connection_id, "")) for row in rows.order_by("-opened_at")[:200]]
