"""Budgets of partner accounts, shared by all workers through one row an account."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

import psycopg

from airstair.hub.flows import Budget

_LOCKED = "SELECT tokens, at, blocked_until FROM hub_account_budget WHERE account = %s FOR UPDATE"


class Granted:
    """How many calls may be made now, and if none, when to ask again."""

    __slots__ = ("again_at", "calls")

    def __init__(self, calls: int, again_at: datetime | None) -> None:
        self.calls = calls
        self.again_at = again_at


class Limits:
    """Takes calls from accounts' budgets. One connection to the database, used in turns."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._turn = asyncio.Lock()
        self._connection: psycopg.AsyncConnection | None = None

    @property
    def connection(self) -> psycopg.AsyncConnection | None:
        return self._connection

    async def close(self) -> None:
        if self._connection is not None:
            await self._connection.close()

    async def take(self, account: str, budget: Budget, wanted: int, now: datetime) -> Granted:
        """Up to `wanted` calls for the account. None while the partner has asked us to wait, or the budget is spent."""
        async with self._turn:
            connection = await self._open()
            async with connection.transaction():
                await connection.execute(
                    "INSERT INTO hub_account_budget (account, tokens, at) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING",
                    [account, float(budget.burst), now],
                )
                row = await (await connection.execute(_LOCKED, [account])).fetchone()
                assert row is not None
                tokens, at, blocked_until = row
                if blocked_until is not None and blocked_until > now:
                    return Granted(0, blocked_until)
                # Time never runs backwards here, so that a worker with a slow clock cannot mint calls.
                passed = max(0.0, (now - at).total_seconds())
                filled = min(float(budget.burst), tokens + passed * budget.refill_per_second)
                calls = min(wanted, int(filled))
                await connection.execute(
                    "UPDATE hub_account_budget SET tokens = %s, at = GREATEST(at, %s), blocked_until = NULL"
                    " WHERE account = %s",
                    [filled - calls, now, account],
                )
        if calls:
            return Granted(calls, None)
        return Granted(0, now + timedelta(seconds=(1 - filled) / budget.refill_per_second))

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
            self._connection = await psycopg.AsyncConnection.connect(self._address, autocommit=True)
        return self._connection
