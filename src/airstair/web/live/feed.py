"""One reader for all browsers: listens on PostgreSQL, reads what is new once, and hands it to everybody it concerns.

Keeps no state but the snapshot cursor it stands at, and who listens now. A browser that comes too slowly is told
that everything changed, instead of holding up the others or filling the memory.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Sequence
from typing import Any

import psycopg
from psycopg.conninfo import make_conninfo

from airstair.changes.cursor import CHANNEL, CURRENT
from airstair.changes.keepalive import OWN_END, SERVER_END
from airstair.changes.sessions import EVERYBODYS
from airstair.web.live.cursor import readable
from airstair.web.live.happenings import LOST_TRACK, Happening, Row, Sight, happening, sees_ledger
from airstair.web.live.reading import MOST_ROWS, READ, READ_OF_OPERATOR, caught_up, rows_of

log = logging.getLogger(__name__)

LEDGER_CHANNEL = "airstair_ledger"  # payload: operator's id, colon, connection's id
MOST_WAITING = 100
_PAUSES = (0.2, 1.0, 3.0, 5.0)  # seconds before trying a lost database again


class Listener:
    """One browser's stream: what it has yet to be sent."""

    def __init__(self, sight: Sight) -> None:
        self.sight = sight
        self._waiting: asyncio.Queue[tuple[str, Happening | str, str]] = asyncio.Queue(MOST_WAITING)

    def put(self, name: str, what: Happening | str, cursor: str = "") -> None:
        """Never waits: whoever has fallen too far behind loses track and starts afresh."""
        if self._waiting.full():
            while not self._waiting.empty():
                self._waiting.get_nowait()
            name, what = "change", LOST_TRACK
        self._waiting.put_nowait((name, what, cursor))

    async def next(self, seconds: float) -> tuple[str, Happening | str, str] | None:
        """The next message, or `None` after so many seconds without one."""
        try:
            async with asyncio.timeout(seconds):  # not wait_for, which can swallow a cancellation
                return await self._waiting.get()
        except TimeoutError:
            return None


class Feed:
    """The reader. `start` it inside the event loop that serves the streams."""

    def __init__(self, conninfo: str) -> None:
        self._conninfo = conninfo
        self._listeners: set[Listener] = set()
        self._cursor = ""
        self._task: asyncio.Task[None] | None = None
        self._asking = asyncio.Lock()
        self._answers: psycopg.AsyncConnection[Any] | None = None
        self.listening = asyncio.Event()

    def start(self) -> None:
        """Start reading, unless it is under way."""
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        if self._answers is not None:
            await self._answers.close()

    async def join(self, sight: Sight, cursor: str) -> Listener:
        """Listen from `cursor` on: what happened since is waiting already; what happens from now on follows."""
        listener = Listener(sight)
        self._listeners.add(listener)  # first: what happens while we look comes twice rather than never
        try:
            await self.listening.wait()
            now, missed = await self._since(sight, cursor)
        except BaseException:
            self.leave(listener)
            raise
        listener.put("hello", "", now)
        if missed is not None:
            listener.put("change", missed, now)
        return listener

    def leave(self, listener: Listener) -> None:
        self._listeners.discard(listener)

    @property
    def listeners(self) -> int:
        return len(self._listeners)

    async def _since(self, sight: Sight, cursor: str) -> tuple[str, Happening | None]:
        if readable(cursor):
            try:
                values = {"cursor": cursor, "operator": sight.operator_id}
                return caught_up(sight, cursor, await self._ask(READ_OF_OPERATOR, values))
            except psycopg.DataError:
                pass  # in form a cursor, but none that PostgreSQL ever wrote
        rows = await self._ask(CURRENT)
        return str(rows[0][0]), LOST_TRACK if cursor else None

    async def _ask(self, statement: str, values: dict[str, object] | None = None) -> Sequence[tuple[Any, ...]]:
        """Rows of one statement, on a connection beside the one that listens; tried anew once when that one broke."""
        async with self._asking:
            for last in (False, True):
                try:
                    if self._answers is None or self._answers.closed:
                        self._answers = await psycopg.AsyncConnection.connect(self._conninfo, autocommit=True)
                    return await (await self._answers.execute(statement, values)).fetchall()
                except psycopg.OperationalError:
                    if last:
                        raise
                    if self._answers is not None:
                        await self._answers.close()
        raise AssertionError("The loop returns or raises.")

    async def _run(self) -> None:
        tries = 0
        while True:
            try:
                async with await psycopg.AsyncConnection.connect(self._conninfo, autocommit=True) as db:
                    tries = 0
                    await self._listen(db)
            except psycopg.OperationalError as lost:
                self.listening.clear()
                pause = _PAUSES[min(tries, len(_PAUSES) - 1)]
                tries += 1
                log.warning("The live stream lost the database (%s); trying again in %.1f s.", lost, pause)
                await asyncio.sleep(pause)

    async def _listen(self, db: psycopg.AsyncConnection[Any]) -> None:
        await db.execute(f"LISTEN {CHANNEL}")
        await db.execute(f"LISTEN {LEDGER_CHANNEL}")
        await self._read(db)  # what happened while nobody listened to the database
        self.listening.set()
        while True:
            changed = False
            async for notice in db.notifies(stop_after=1):
                if notice.channel == LEDGER_CHANNEL:
                    self._tell_ledger(notice.payload)
                else:
                    changed = True
            if changed:
                await self._read(db)

    async def _read(self, db: psycopg.AsyncConnection[Any]) -> None:
        """Move the cursor to now and tell everybody what lies between."""
        if not self._listeners or not self._cursor:
            now = str((await (await db.execute(CURRENT)).fetchall())[0][0])
            if not self._listeners or not self._cursor:
                # Looked at again: somebody may have joined meanwhile, who counts on our reading from before.
                self._cursor = now
                return
        fetched = await (await db.execute(READ, {"cursor": self._cursor})).fetchall()
        cursor, rows = rows_of(fetched)
        self._cursor = cursor or self._cursor
        self._tell(rows)

    def _tell(self, rows: list[Row]) -> None:
        too_many = len(rows) > MOST_ROWS
        for listener in self._listeners:
            what = LOST_TRACK if too_many else happening(rows, listener.sight)
            if what is not None:
                listener.put("change", what, self._cursor)

    def _tell_ledger(self, payload: str) -> None:
        operator, _, connection = payload.partition(":")
        if not (operator.isdecimal() and connection.isdecimal()):
            log.warning("A notice of the ledger cannot be read: %r.", payload[:80])
            return
        for listener in self._listeners:
            if listener.sight.operator_id == int(operator) and sees_ledger(listener.sight.aircraft):
                listener.put("ledger", connection)


def conninfo_of(database: dict[str, Any]) -> str:
    """PostgreSQL's words for an entry of Django's DATABASES. The feed reads for all operators, once."""
    named = {
        "dbname": database["NAME"],
        "user": database["USER"],
        "password": database["PASSWORD"],
        "host": database["HOST"],
        "port": database["PORT"],
    }
    given = {name: str(value) for name, value in named.items() if value}
    return make_conninfo(**given, application_name="airstair-live", **OWN_END, options=f"{EVERYBODYS} {SERVER_END}")
