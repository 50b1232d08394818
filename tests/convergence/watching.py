"""Watches who serves which connection, from the database's own locks: whoever dies is followed within seconds."""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from collections.abc import Callable

import psycopg

from airstair.hub.engine.dispatcher import database_address
from airstair.hub.engine.store import connect

from .outages import went_away

TAKEN_UP_WITHIN = 5.0  # seconds, on a machine that has a core for whoever wants one
_EVERY = 0.1
_LEASES = """
SELECT c.id, a.application_name
  FROM hub_connection c
  LEFT JOIN (pg_locks l JOIN pg_stat_activity a USING (pid))
    ON l.locktype = 'advisory' AND l.granted AND l.objsubid = 1 AND l.classid::bigint = 1095958529
   AND l.objid::bigint = c.id AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
 WHERE c.operator_id = %s AND c."on"
"""


def allowed() -> float:
    """The seconds that this machine may take now: where others wait for its cores too, as many times longer."""
    return TAKEN_UP_WITHIN * max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))


class Lateness:
    """How late this machine let us be: where others wait for its cores, a call is as late on its way."""

    def __init__(self) -> None:
        self.worst = 0.0

    async def run(self) -> None:
        while True:
            due = time.monotonic() + _EVERY
            await asyncio.sleep(_EVERY)
            self.worst = max(self.worst, time.monotonic() - due)


class Watch:
    """Looks ten times a second. `served` says whether there is anybody to serve at all."""

    def __init__(self, operator_id: int, served: Callable[[], bool]) -> None:
        self._operator = operator_id
        self._served = served
        self._since: dict[int, float] = {}  # connection → since when it is on and nobody has served it
        self._looked_at = 0.0
        self._opened: psycopg.AsyncConnection | None = None
        self.holders: dict[int, str] = {}  # connection → the name of the worker that serves it
        self.complaints: list[str] = []
        self.longest = 0.0

    async def run(self) -> None:
        try:
            while True:
                await self._look()
                await asyncio.sleep(_EVERY)
        finally:
            await self._close()

    async def _look(self) -> None:
        try:
            found = await (await (await self._open()).execute(_LEASES, [self._operator])).fetchall()
        except psycopg.Error as error:
            if not went_away(error):
                raise
            await self._close()
            self._since.clear()  # the seconds begin when the database is back
            return
        now, before = time.monotonic(), self._looked_at
        self._looked_at = now
        self.holders = {connection: name for connection, name in found if name}
        if not self._served() or now - before > 1:
            self._since.clear()  # nobody is there, or nobody looked
        free = {connection for connection, name in found if not name}
        self._since = {connection: self._since.get(connection, now) for connection in free}
        for connection, since in self._since.items():
            self.longest = max(self.longest, now - since)
            if now - since > allowed():
                self.complaints.append(f"Connection {connection} was served by nobody for {now - since:.1f} s.")

    async def _open(self) -> psycopg.AsyncConnection:
        if self._opened is None or self._opened.closed:
            self._opened = await connect(database_address())
        return self._opened

    async def _close(self) -> None:
        opened, self._opened = self._opened, None
        if opened is not None:
            with contextlib.suppress(psycopg.Error):
                await opened.close()
