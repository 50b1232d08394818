"""Budgets of partner accounts, shared by all workers through one row an account."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import psycopg

from airstair.changes.keepalive import OWN_END, SERVER_END
from airstair.hub.flows import Budget
from airstair.hub.together import Together

# Time never runs backwards here, so that a worker with a slow clock cannot mint calls.
_TAKE = """
WITH wanted AS (
     SELECT * FROM unnest(%s::text[], %s::int[], %s::float8[], %s::float8[], %s::timestamptz[])
                   AS wanted(account, calls, burst, refill, at)),
filled AS (
     SELECT b.account, wanted.calls, wanted.at, COALESCE(b.blocked_until > wanted.at, false) AS blocked,
            LEAST(burst, tokens + GREATEST(0, extract(epoch FROM wanted.at - b.at)) * refill) AS tokens
       FROM hub_account_budget b JOIN wanted USING (account)
      ORDER BY b.account FOR UPDATE OF b),
granted AS (
     SELECT *, CASE WHEN blocked THEN 0 ELSE LEAST(calls, floor(tokens))::int END AS granted FROM filled)
UPDATE hub_account_budget was
   SET tokens = granted.tokens - granted.granted, at = GREATEST(was.at, granted.at),
       blocked_until = CASE WHEN granted.blocked THEN was.blocked_until END
  FROM granted WHERE was.account = granted.account
RETURNING was.account, granted.granted, was.tokens, was.blocked_until
"""
_BEGIN = """
INSERT INTO hub_account_budget (account, tokens, at)
SELECT account, burst, at FROM unnest(%s::text[], %s::float8[], %s::timestamptz[]) AS new(account, burst, at)
 ORDER BY account ON CONFLICT DO NOTHING
"""
_LEFT = "SELECT account, tokens, at, blocked_until FROM hub_account_budget WHERE account = ANY(%s)"


def filled_up(budget: Budget, tokens: float, at: datetime, now: datetime) -> float:
    """The calls left now, of `tokens` that were left `at` some time before."""
    # Time never runs backwards here, so that a worker with a slow clock cannot mint calls.
    passed = max(0.0, (now - at).total_seconds())
    return min(float(budget.burst), tokens + passed * budget.refill_per_second)


class Granted:
    """How many calls may be made now, and if none, when to ask again."""

    __slots__ = ("again_at", "calls")

    def __init__(self, calls: int, again_at: datetime | None) -> None:
        self.calls = calls
        self.again_at = again_at


class Ask(NamedTuple):
    """Somebody who would like to make calls. Two that ask for the same are two."""

    number: int
    account: str
    budget: Budget
    calls: int
    now: datetime


class Limits:
    """Takes calls from accounts' budgets: what is asked for while a statement is under way goes into the next one."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._turn = asyncio.Lock()
        self._connection: psycopg.AsyncConnection | None = None
        self._number = itertools.count()
        self._asks: Together[Ask, Granted] = Together(self._deal, one_at_a_time=True)

    @property
    def connection(self) -> psycopg.AsyncConnection | None:
        return self._connection

    async def close(self) -> None:
        if self._connection is not None:
            await self._connection.close()

    async def take(self, account: str, budget: Budget, wanted: int, now: datetime) -> Granted:
        """Up to `wanted` calls for the account. None while the partner has asked us to wait, or the budget is spent."""
        ask = Ask(next(self._number), account, budget, wanted, now)
        return (await self._asks.get([ask]))[ask]

    async def _deal(self, asks: Sequence[Ask]) -> dict[Ask, Granted]:
        by_account: dict[str, list[Ask]] = {}
        for ask in asks:
            by_account.setdefault(ask.account, []).append(ask)
        dealt: dict[Ask, Granted] = {}
        for calls, left, blocked_until, theirs in await self._take(by_account):
            for ask in theirs:
                part = min(ask.calls, calls)
                calls -= part
                again = blocked_until or ask.now + timedelta(
                    seconds=max(0.0, (1 - left) / ask.budget.refill_per_second)
                )
                dealt[ask] = Granted(part, None if part else again)
        return dealt

    async def _take(
        self, by_account: Mapping[str, Sequence[Ask]]
    ) -> list[tuple[int, float, datetime | None, Sequence[Ask]]]:
        """For each account: calls granted to all who ask together, what is left, until when the partner wants none."""
        wanted = [
            (account, sum(ask.calls for ask in asks), max(asks, key=lambda ask: ask.now))
            for account, asks in by_account.items()
        ]
        rows = [
            (account, calls, float(last.budget.burst), last.budget.refill_per_second, last.now)
            for account, calls, last in wanted
        ]
        async with self._turn:
            connection = await self._open()
            found: list[tuple[Any, ...]] = []
            while len(found) < len(rows):
                missing = [row for row in rows if row[0] not in {one[0] for one in found}]
                found += await (await connection.execute(_TAKE, _columns(missing))).fetchall()
                if len(found) < len(rows):
                    begin = [(account, burst, now) for account, _, burst, _, now in missing]
                    await connection.execute(_BEGIN, _columns(begin))
        return [(calls, left, blocked_until, by_account[account]) for account, calls, left, blocked_until in found]

    async def left(self, accounts: Sequence[str]) -> list[tuple[str, float, datetime, datetime | None]]:
        """The accounts' rows: account, calls left then, then, and until when the partner wants none."""
        async with self._turn:
            connection = await self._open()
            return await (await connection.execute(_LEFT, [list(accounts)])).fetchall()

    async def block(self, account: str, until: datetime) -> None:
        """The partner has asked us to wait: nobody calls this account before `until`."""
        async with self._turn:
            connection = await self._open()
            await connection.execute(
                "INSERT INTO hub_account_budget AS was (account, tokens, at, blocked_until) VALUES (%s, 0, %s, %s)"
                " ON CONFLICT (account) DO UPDATE"
                " SET blocked_until = GREATEST(was.blocked_until, EXCLUDED.blocked_until)",
                [account, until, until],
            )

    async def _open(self) -> psycopg.AsyncConnection:
        if self._connection is None or self._connection.closed:
            self._connection = await psycopg.AsyncConnection.connect(
                self._address, autocommit=True, options=SERVER_END, **OWN_END
            )
        return self._connection


def _columns(rows: Sequence[tuple[Any, ...]]) -> list[list[Any]]:
    return [list(column) for column in zip(*rows, strict=True)]
