"""What survives a restart: one SQLite file per partner, written behind, in batches, by a thread of its own.

The last quarter of a second before a kill may be missing; a stop in good order loses nothing. It keeps
documents and calls as the partner's host hands them over and knows nothing of what they mean.
"""

from __future__ import annotations

import asyncio
import sqlite3
import zlib
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec

from airstair.sandbox.journal import CallRecord

_SCHEMA = """
CREATE TABLE IF NOT EXISTS document (name TEXT PRIMARY KEY, body BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS call (seq INTEGER PRIMARY KEY, record BLOB NOT NULL);
"""
LAYOUT = 1


class Store:
    """The kept part of one partner. All writing happens on one thread, in the order of the calls to `write`."""

    def __init__(self, file: Path) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        self._database = sqlite3.connect(file, check_same_thread=False, isolation_level=None)
        self._database.execute("PRAGMA journal_mode=WAL")
        self._database.execute("PRAGMA synchronous=NORMAL")
        if self._database.execute("PRAGMA user_version").fetchone()[0] not in (0, LAYOUT):
            raise ValueError(f"{file} was written by another version of the sandbox. Move it away and start again.")
        self._database.executescript(_SCHEMA)
        self._database.execute(f"PRAGMA user_version={LAYOUT}")
        self._writer = ThreadPoolExecutor(max_workers=1, thread_name_prefix="sandbox-store")

    def documents(self) -> dict[str, bytes]:
        return dict(self._database.execute("SELECT name, body FROM document"))

    def calls(self) -> Iterable[CallRecord]:
        decode = msgspec.msgpack.Decoder(CallRecord).decode
        for (record,) in self._database.execute("SELECT record FROM call ORDER BY seq"):
            yield decode(zlib.decompress(record))

    async def write(self, documents: Mapping[str, bytes | None], calls: list[CallRecord], oldest_seq: int) -> None:
        """Keep these documents and calls, and forget calls older than `oldest_seq`, in one transaction."""
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(self._writer, self._write, dict(documents), calls, oldest_seq)

    def _write(self, documents: dict[str, bytes | None], calls: list[CallRecord], oldest_seq: int) -> None:
        encode = msgspec.msgpack.Encoder().encode
        database = self._database
        database.execute("BEGIN")
        try:
            for name, body in documents.items():
                if body is None:
                    database.execute("DELETE FROM document WHERE name = ?", (name,))
                else:
                    database.execute("INSERT OR REPLACE INTO document VALUES (?, ?)", (name, body))
            database.executemany(
                "INSERT OR REPLACE INTO call VALUES (?, ?)",
                [(record.seq, zlib.compress(encode(record), 1)) for record in calls],
            )
            database.execute("DELETE FROM call WHERE seq < ?", (oldest_seq,))
        except sqlite3.Error:
            database.execute("ROLLBACK")
            raise
        database.execute("COMMIT")

    def close(self) -> None:
        self._writer.shutdown(wait=True)
        self._database.close()
