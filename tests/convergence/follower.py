"""A reader of the change log with a snapshot cursor of its own: the part that a *changed since* client plays."""

from __future__ import annotations

import contextlib

import psycopg

from airstair.changes.cursor import CURRENT, READ_NEW_OF_OPERATOR, SEAL
from airstair.hub.engine.dispatcher import database_address
from airstair.hub.engine.store import connect

from .outages import went_away


class Follower:
    """It must meet every change exactly once, whatever becomes of its connection to the database."""

    def __init__(self, operator_id: int) -> None:
        self._operator = operator_id
        self._connection: psycopg.AsyncConnection | None = None
        self.met: list[int] = []

    async def begin(self) -> None:
        opened = await self._open()
        row = await (await opened.execute(CURRENT)).fetchone()
        assert row is not None
        await opened.execute(SEAL)
        self._cursor = row[0]

    async def read(self) -> None:
        """What is new. While the database is away, nothing: the cursor stays where it is."""
        for _ in range(2):  # what was opened before the database was restarted is of no use any more
            try:
                await self._read()
                return
            except psycopg.Error as error:
                if not went_away(error):
                    raise
                await self.close()

    async def _read(self) -> None:
        opened = await self._open()
        asked = {"cursor": self._cursor, "operator": self._operator}
        found = await (await opened.execute(READ_NEW_OF_OPERATOR, asked)).fetchall()
        await opened.execute(SEAL)
        self._cursor = found[0][0]
        self.met += [row[2] for row in found if row[2] is not None]

    async def _open(self) -> psycopg.AsyncConnection:
        if self._connection is None or self._connection.closed:
            self._connection = await connect(database_address())
        return self._connection

    async def close(self) -> None:
        opened, self._connection = self._connection, None
        if opened is not None:
            with contextlib.suppress(psycopg.Error):
                await opened.close()
