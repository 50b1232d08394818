"""An operator's connections at a glance, and the machinery below them: what the status page shows. Reads only."""

from __future__ import annotations

from datetime import datetime

import msgspec
from django.db import connection as database

from airstair.hub.connections.queries import ConnectionFacts, connections
from airstair.hub.contract import Addon
from airstair.hub.health import NoticeLine, lines_of, notices, stands
from airstair.hub.limits import filled_up
from airstair.hub.models import AccountBudget, Connection
from airstair.hub.promises import LedgerLine, Stand
from airstair.hub.registry import addon, addons
from airstair.hub.serving import serving
from airstair.kernel.outcome import OutcomeKind, WhoActs


class BudgetLeft(msgspec.Struct, frozen=True, kw_only=True):
    """What a partner account may still be called, by all who share it."""

    calls: int
    of: int  # at once, when it is full
    blocked_until: datetime | None  # the partner wants no call before then


class ConnectionRow(msgspec.Struct, frozen=True, kw_only=True):
    """One connection. `who_acts`: who can mend what is wrong with its units, most urgent first."""

    facts: ConnectionFacts
    addon: Addon
    stand: Stand
    units: int
    who_acts: tuple[WhoActs, ...]
    budget: BudgetLeft | None  # None: its partner sets no limit


class Overview(msgspec.Struct, frozen=True, kw_only=True):
    """`workers`: the connections that each worker alive holds, those of other operators included."""

    rows: list[ConnectionRow]
    notices: list[NoticeLine]
    workers: dict[int, int]


class DatabaseFacts(msgspec.Struct, frozen=True, kw_only=True):
    """The one store. `oldest_open`: when the oldest transaction that is still open began, of those we may see."""

    size_bytes: int
    oldest_open: datetime | None
    sessions: int


def overview(operator_id: int, now: datetime) -> Overview:
    """Everything but the database's own facts. Eleven SQL statements, however many connections."""
    configured = [facts for facts in connections(operator_id) if facts.addon in addons()]
    lines = lines_of(operator_id, configured, now=now)
    standing = stands(operator_id, configured, lines, now)
    budgets = _budgets(operator_id, configured, now)
    rows = [
        ConnectionRow(
            facts=facts,
            addon=addon(facts.addon),
            stand=standing[facts.id],
            units=len(lines[facts.id]),
            who_acts=_who_acts(lines[facts.id]) if facts.on else (),
            budget=budgets.get(facts.id),
        )
        for facts in configured
    ]
    return Overview(rows=rows, notices=notices(operator_id), workers=serving().workers)


_MOST_URGENT_FIRST = (WhoActs.ADMIN, WhoActs.OPS, WhoActs.DEVELOPERS, WhoActs.NOBODY)
_GOOD = (None, OutcomeKind.ACCEPTED, OutcomeKind.UNCHANGED)


def _who_acts(lines: list[LedgerLine]) -> tuple[WhoActs, ...]:
    found = {line.outcome.who_acts for line in lines if line.outcome is not None and line.outcome not in _GOOD}
    return tuple(who for who in _MOST_URGENT_FIRST if who in found)


def _budgets(operator_id: int, configured: list[ConnectionFacts], now: datetime) -> dict[int, BudgetLeft]:
    limited = {facts.id: one for facts in configured if (one := addon(facts.addon).budget) is not None}
    accounts = dict(Connection.objects.filter(operator_id=operator_id, id__in=limited).values_list("id", "account"))
    kept = {row.account: row for row in AccountBudget.objects.filter(account__in=set(accounts.values()))}
    found = {}
    for id_, account in accounts.items():
        budget, row = limited[id_], kept.get(account)
        calls = float(budget.burst) if row is None else filled_up(budget, row.tokens, row.at, now)
        blocked = row.blocked_until if row is not None and row.blocked_until and row.blocked_until > now else None
        found[id_] = BudgetLeft(calls=0 if blocked else int(calls), of=budget.burst, blocked_until=blocked)
    return found


def database_facts() -> DatabaseFacts:
    """One SQL statement. Sessions of other database roles do not tell since when their transaction is open."""
    with database.cursor() as cursor:
        cursor.execute(
            "SELECT pg_database_size(current_database()), min(xact_start), count(*) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        size, oldest, sessions = cursor.fetchone()
    return DatabaseFacts(size_bytes=size, oldest_open=oldest, sessions=sessions + 1)
