"""How connections are doing, derived from the ledger: nothing here is stored but the notices.

The watchman (`watchman.py`) opens and closes the notices.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import StrEnum

import msgspec

from airstair.hub.calls import messages_of
from airstair.hub.connections.queries import ConnectionFacts, connection, connections
from airstair.hub.contract import Addon
from airstair.hub.flows import Every, Mirror
from airstair.hub.models import Connection, LedgerRow, Notice
from airstair.hub.registry import addon, addons
from airstair.kernel.clock import Clock, SystemClock
from airstair.kernel.outcome import OutcomeKind, PartnerMessage, WhoActs
from airstair.kernel.units import Unit, UnitKind
from airstair.records.fleet import queries as fleet

# Failed calls in a row after which a unit counts as failing: one lost call is weather, two are climate.
_FAILING_AFTER = 2
# How far past its due time a unit may be before its connection counts as late.
_LATE_AFTER = timedelta(minutes=5)


class Health(StrEnum):
    """How a connection is doing."""

    OFF = "off"
    STARTING = "starting"  # on, and nothing has been answered yet
    WELL = "well"
    WITH_ERRORS = "with errors"
    FAILING = "failing"
    LATE = "late"


class Card(msgspec.Struct, frozen=True, kw_only=True):
    """An add-on as the Add-ons page shows it."""

    addon: Addon
    connection: ConnectionFacts | None
    health: Health
    sentence: str
    last_success: datetime | None
    oldest_waiting: datetime | None


class LedgerLine(msgspec.Struct, frozen=True, kw_only=True):
    """One unit of a connection: how its latest call went, and when the next is due."""

    unit: Unit
    title: str
    flow: str
    last_attempt: datetime | None = None
    last_success: datetime | None = None
    last_change: datetime | None = None
    next_due: datetime | None = None
    asked_at: datetime | None = None
    outcome: OutcomeKind | None = None
    http_status: int | None = None
    messages: tuple[PartnerMessage, ...] = ()
    warnings: tuple[PartnerMessage, ...] = ()
    sent: int = 0
    tries: int = 0
    call_id: int | None = None
    sending: bool = False


class Clocks(msgspec.Struct, frozen=True, kw_only=True):
    """The three clocks of a connection, and the oldest thing waiting."""

    last_attempt: datetime | None
    last_success: datetime | None
    last_change: datetime | None
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
        flows = [flow for flow in addon(one.addon).flows if flow.unit is UnitKind.AIRCRAFT]
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
    """The clocks of one connection. Raises `NotFound`."""
    return _clocks(ledger(operator_id, connection_id))


def _clocks(lines: Iterable[LedgerLine]) -> Clocks:
    lines = list(lines)
    # What failed and is due no more waits for a person, or the next change, since its latest call.
    waiting = [line.asked_at or line.next_due or line.last_attempt for line in lines if line.asked_at or line.tries]
    return Clocks(
        last_attempt=max((line.last_attempt for line in lines if line.last_attempt), default=None),
        last_success=max((line.last_success for line in lines if line.last_success), default=None),
        last_change=max((line.last_change for line in lines if line.last_change), default=None),
        oldest_waiting=min((when for when in waiting if when), default=None),
    )


def cards(operator_id: int, *, clock: Clock | None = None) -> list[Card]:
    """Every add-on with how its connections are doing, worst first among them. Four SQL statements."""
    now = (clock or SystemClock()).now()
    configured = connections(operator_id)
    lines = lines_of(operator_id, [one for one in configured if one.addon in addons()])
    made = []
    for one in addons().values():
        mine = [facts for facts in configured if facts.addon == one.key]
        judged = [(*judge(facts, one, lines[facts.id], now), facts) for facts in mine if facts.on]
        health, sentence, worst = (
            max(judged, key=lambda j: _SEVERITY[j[0]])
            if judged
            else (Health.OFF, "Not switched on.", next((facts for facts in mine if facts.is_default), None))
        )
        times = _clocks([line for facts in mine for line in lines[facts.id]])
        made.append(
            Card(
                addon=one,
                connection=worst,
                health=health,
                sentence=(worst.check_problem if worst and not worst.on and worst.check_problem else sentence),
                last_success=times.last_success,
                oldest_waiting=times.oldest_waiting,
            )
        )
    return made


_SEVERITY = {health: at for at, health in enumerate(Health)}


def judge(facts: ConnectionFacts, one: Addon, lines: list[LedgerLine], now: datetime) -> tuple[Health, str]:
    """How a connection that is on is doing, and one sentence about it."""
    if facts.unusable:
        return Health.FAILING, facts.unusable
    if not lines:
        return Health.STARTING, "No aircraft is ticked. Tick some under Configuration."
    failing = [line for line in lines if _is_failing(line)]
    if failing:
        worst = failing[0]
        says = worst.messages[0].text if worst.messages else ""
        count = "every aircraft" if len(failing) == len(lines) else f"{len(failing)} of {len(lines)} aircraft"
        label = worst.outcome.label if worst.outcome else "failing"
        return Health.FAILING, f"{label.capitalize()} for {count}. {says}".strip()
    overdue = _longest_overdue(one, lines, now)
    if overdue is not None:
        return Health.LATE, f"{overdue.title} was due at {overdue.next_due:%d %b %H:%M}Z and has not been sent."
    errors = [line for line in lines if line.outcome is OutcomeKind.ACCEPTED_WITH_ERRORS]
    if errors:
        return Health.WITH_ERRORS, f"Accepted with errors for {len(errors)} of {len(lines)} aircraft."
    if all(line.last_success is None for line in lines):
        return Health.STARTING, "Waiting for the first answer."
    return Health.WELL, "Every aircraft is up to date." if len(lines) > 1 else f"{lines[0].title} is up to date."


def _is_failing(line: LedgerLine) -> bool:
    if line.outcome is None or line.outcome.delivered:
        return False
    # What an admin must mend does not pass by itself, so there is no use in waiting for the second time.
    return line.outcome.who_acts is WhoActs.ADMIN or line.tries >= _FAILING_AFTER


def _longest_overdue(one: Addon, lines: list[LedgerLine], now: datetime) -> LedgerLine | None:
    clocked = {flow.key for flow in one.flows if isinstance(flow, Mirror) and isinstance(flow.trigger, Every)}
    overdue = [line for line in lines if line.flow in clocked and line.next_due and line.next_due + _LATE_AFTER < now]
    return min(overdue, key=lambda line: (line.next_due, line.title), default=None)


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
