"""The engine's statements. Everything is written in sets, over the connection that holds the leases.

Whoever lost that connection lost its leases with it, and cannot write the ledger any more: the database
itself keeps two workers from writing for one connection.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
import psycopg
from psycopg.types.json import set_json_dumps, set_json_loads

from airstair.changes import cursor as change_log
from airstair.hub.engine.results import CallMade, Known, Result
from airstair.kernel.units import Unit

set_json_dumps(msgspec.json.encode)
set_json_loads(msgspec.json.decode)

LEDGER_CHANNEL = "airstair_ledger"  # payload "operator:connection": its ledger has moved

# Advisory lock keys: the upper half says what is locked, the lower half which.
_CONNECTION_LOCK = 0x41530001 << 32
_WORKER_CLASS = 0x41530002


class NewChange(msgspec.Struct, frozen=True):
    """A change as the dispatcher reads it: whose, what kind, what it touches, and in which lane."""

    operator_id: int
    kind: str
    units: tuple[Unit, ...]
    bulk: bool


class Held(msgspec.Struct, frozen=True, kw_only=True):
    """What a newly leased connection knows from before."""

    snapshot: str | None
    compared_at: datetime | None
    paused_until: datetime | None
    failures: int


class Store:
    """The database as the engine needs it: one connection that holds leases and writes, one that reads."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._writing = asyncio.Lock()
        self._reading = asyncio.Lock()

    async def open(self, worker: int) -> None:
        """Connect, and show this worker to the others. `worker`: a number of 31 bits of its own."""
        # Keepalives, so that the leases of a host that vanished are free within seconds rather than hours.
        options = {"keepalives_idle": 3, "keepalives_interval": 1, "keepalives_count": 3, "autocommit": True}
        self._writer = await psycopg.AsyncConnection.connect(self._address, **options)  # type: ignore[arg-type]
        self._reader = await psycopg.AsyncConnection.connect(self._address, **options)  # type: ignore[arg-type]
        await self._writer.execute("SELECT pg_advisory_lock(%s)", [_WORKER_CLASS << 32 | worker])

    @property
    def connections(self) -> tuple[psycopg.AsyncConnection, ...]:
        return self._writer, self._reader

    async def close(self) -> None:
        await self._writer.close()
        await self._reader.close()

    # ── Leases ──────────────────────────────────────────────────────────────────────────────────

    async def workers(self) -> set[int]:
        """The workers alive now, by the locks they hold."""
        async with self._reading:
            rows = await self._reader.execute(
                "SELECT objid::bigint FROM pg_locks WHERE locktype = 'advisory' AND granted AND objsubid = 1"
                " AND classid::bigint = %s AND database = (SELECT oid FROM pg_database WHERE datname = current_database())",
                [_WORKER_CLASS],
            )
            return {row[0] for row in await rows.fetchall()}

    async def lease(self, connection_ids: Sequence[int]) -> list[int]:
        """Take the leases that are free; answers those taken."""
        async with self._writing:
            rows = await self._writer.execute(
                "SELECT id FROM unnest(%s::bigint[]) AS wanted(id) WHERE pg_try_advisory_lock(%s | id)",
                [list(connection_ids), _CONNECTION_LOCK],
            )
            return [row[0] for row in await rows.fetchall()]

    async def release(self, connection_ids: Sequence[int]) -> None:
        async with self._writing:
            await self._writer.execute(
                "SELECT pg_advisory_unlock(%s | id) FROM unnest(%s::bigint[]) AS held(id)",
                [_CONNECTION_LOCK, list(connection_ids)],
            )

    # ── Reading ─────────────────────────────────────────────────────────────────────────────────

    async def snapshot(self) -> str:
        async with self._reading:
            row = await (await self._reader.execute(change_log.CURRENT)).fetchone()
            assert row is not None
            return str(row[0])

    async def changes_since(self, cursor: str, operator_id: int | None = None) -> tuple[str, list[NewChange]]:
        """What is visible now and was not at `cursor`, with the cursor to go on from."""
        statement = change_log.READ_NEW if operator_id is None else change_log.READ_NEW_OF_OPERATOR
        async with self._reading:
            rows = await self._reader.execute(statement, {"cursor": cursor, "operator": operator_id})
            found = await rows.fetchall()
        changes = [
            NewChange(operator, kind, tuple(map(Unit.read, units)), bulk)
            for _, operator, seq, _, kind, units, bulk in found
            if seq is not None
        ]
        return found[0][0], changes

    async def held(self, operator_id: int, connection_id: int) -> Held:
        async with self._reading:
            rows = await self._reader.execute(
                "SELECT snapshot, compared_at, paused_until, failures FROM hub_cursor"
                " WHERE (operator_id, connection_id) = (%s, %s)",
                [operator_id, connection_id],
            )
            row = await rows.fetchone()
        if row is None:
            return Held(snapshot=None, compared_at=None, paused_until=None, failures=0)
        return Held(snapshot=row[0], compared_at=row[1], paused_until=row[2], failures=row[3])

    async def ledger(self, operator_id: int, connection_id: int, flow: str) -> dict[Unit, Known]:
        """Everything known about a connection's units, for flows that run on a clock."""
        async with self._reading:
            rows = await self._reader.execute(
                "SELECT unit, fingerprint, remote_id, last_attempt, asked_at, tries FROM hub_ledger"
                " WHERE (operator_id, connection_id, flow) = (%s, %s, %s)",
                [operator_id, connection_id, flow],
            )
            return {Unit.read(row[0]): _known(row[1:]) for row in await rows.fetchall()}

    async def undelivered(self, operator_id: int, connection_id: int, flow: str) -> list[Unit]:
        """Units whose latest call did not get through."""
        async with self._reading:
            rows = await self._reader.execute(
                "SELECT unit FROM hub_ledger WHERE (operator_id, connection_id, flow) = (%s, %s, %s) AND tries > 0",
                [operator_id, connection_id, flow],
            )
            return [Unit.read(row[0]) for row in await rows.fetchall()]

    async def known(self, wanted: Iterable[tuple[int, int, str, str]]) -> dict[tuple[int, int, str, str], Known]:
        """What is known of each (operator, connection, flow, unit): one statement for many connections."""
        keys = list(wanted)
        columns = [list(column) for column in zip(*keys, strict=True)]
        async with self._reading:
            rows = await self._reader.execute(
                "SELECT l.operator_id, l.connection_id, l.flow, l.unit, fingerprint, remote_id, last_attempt, asked_at,"
                " tries FROM unnest(%s::bigint[], %s::bigint[], %s::text[], %s::text[]) AS w(o, c, f, u)"
                " JOIN hub_ledger l ON (l.operator_id, l.connection_id, l.flow, l.unit) = (w.o, w.c, w.f, w.u)",
                columns,
            )
            return {tuple(row[:4]): _known(row[4:]) for row in await rows.fetchall()}

    # ── Writing ─────────────────────────────────────────────────────────────────────────────────

    async def forget_lost_calls(self, operator_id: int, connection_id: int, now: datetime) -> int:
        """Calls that a dead worker began: their answers are lost. They count as attempts made now; answers how many."""
        async with self._writing:
            done = await self._writer.execute(_LOST, {"operator": operator_id, "connection": connection_id, "now": now})
            return done.rowcount

    async def claim(
        self, operator_id: int, connection_id: int, flow: str, units: Mapping[Unit, str], now: datetime
    ) -> set[Unit]:
        """Write down that these units are about to be sent, before any of it goes out.

        Answers those that may be: none when the connection is no longer on.
        """
        async with self._writing:
            rows = await self._writer.execute(
                _CLAIM,
                {
                    "operator": operator_id,
                    "connection": connection_id,
                    "flow": flow,
                    "units": [str(unit) for unit in units],
                    "titles": list(units.values()),
                    "now": now,
                },
            )
            return {Unit.read(row[0]) for row in await rows.fetchall()}

    async def unclaim(self, operator_id: int, connection_id: int, flow: str, units: Iterable[Unit]) -> None:
        """These were claimed and then not sent after all."""
        async with self._writing:
            await self._writer.execute(
                "UPDATE hub_ledger SET sending_since = NULL"
                " WHERE (operator_id, connection_id, flow) = (%s, %s, %s) AND unit = ANY(%s)",
                [operator_id, connection_id, flow, [str(unit) for unit in units]],
            )

    async def save(
        self, calls: Sequence[CallMade], unchanged: Sequence[Result], cursors: Sequence[tuple[Any, ...]]
    ) -> None:
        """Calls into the log, results into the ledger, cursors on: one transaction."""
        async with self._writing, self._writer.transaction():
            ids = await self._save_calls(calls)
            results = [(r, ids[i]) for i, call in enumerate(calls) for r in call.results]
            await self._save_results([*results, *((r, None) for r in unchanged)])
            if cursors:
                await self._writer.execute(_SAVE_CURSORS, [list(column) for column in zip(*cursors, strict=True)])
            for operator_id, connection_id in {(r.operator_id, r.connection_id) for r, _ in results}:
                await self._writer.execute(
                    "SELECT pg_notify(%s, %s)", [LEDGER_CHANNEL, f"{operator_id}:{connection_id}"]
                )

    async def _save_calls(self, calls: Sequence[CallMade]) -> list[int | None]:
        made = [call for call in calls if call.exchange is not None]
        if not made:
            return [None] * len(calls)
        rows = await self._writer.execute("SELECT nextval('airstair_id') FROM generate_series(1, %s)", [len(made)])
        fresh = iter([row[0] for row in await rows.fetchall()])
        ids = [next(fresh) if call.exchange is not None else None for call in calls]
        await self._save_bodies(made)
        async with self._writer.cursor() as cursor, cursor.copy(_COPY_CALLS) as copy:
            for call, call_id in zip(calls, ids, strict=True):
                if call_id is not None:
                    await copy.write_row(_call_row(call, call_id))
        return ids

    async def _save_bodies(self, calls: Sequence[CallMade]) -> None:
        bodies: dict[tuple[int, bytes], tuple[Any, ...]] = {}
        for call in calls:
            assert call.exchange is not None
            first = call.results[0]
            parts = [part for result in call.results for part in result.document.parts]
            bodies[first.operator_id, _digest(call)] = (
                first.operator_id,
                _digest(call),
                call.exchange.request_body,
                [part.key for part in parts],
                [part.title[:160] for part in parts],
            )
        async with self._writer.cursor() as cursor:
            await cursor.executemany(_SAVE_BODY, list(bodies.values()))

    async def _save_results(self, results: Sequence[tuple[Result, int | None]]) -> None:
        # One statement cannot write a row twice, and a unit may have been sent twice since the last save: its
        # results go in one after the other, so that what it last accepted is not skipped.
        while results:
            first: dict[tuple[int, int, str, Unit], tuple[Result, int | None]] = {}
            later = []
            for one in results:
                key = (one[0].operator_id, one[0].connection_id, one[0].flow, one[0].unit)
                if key in first:
                    later.append(one)
                else:
                    first[key] = one
            rows = [_ledger_row(result, call_id) for result, call_id in first.values()]
            await self._writer.execute(_SAVE_RESULTS, [list(column) for column in zip(*rows, strict=True)])
            results = later


def _known(row: Sequence[Any]) -> Known:
    fingerprint, remote_id, last_attempt, asked_at, tries = row
    return Known(
        fingerprint=fingerprint, remote_id=remote_id, last_attempt=last_attempt, asked_at=asked_at, tries=tries
    )


def _digest(call: CallMade) -> bytes:
    # One unit a call: its document's fingerprint is the body's digest already.
    return (
        call.results[0].fingerprint if len(call.results) == 1 else b"".join(r.fingerprint for r in call.results)[:512]
    )


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()


def _ledger_row(result: Result, call_id: int | None) -> tuple[Any, ...]:
    outcome = result.outcome
    return (
        result.operator_id,
        result.connection_id,
        result.flow,
        str(result.unit),
        result.title,
        result.fingerprint if outcome.kind.delivered else None,
        outcome.remote_id,
        result.at,
        result.at if outcome.kind.delivered else None,
        result.at if result.changed else None,
        result.next_due,
        outcome.kind.value,
        outcome.http_status,
        _json(outcome.messages),
        _json(result.document.warnings),
        outcome.sent,
        result.tries,
        call_id,
    )


def _call_row(call: CallMade, call_id: int) -> tuple[Any, ...]:
    exchange, first = call.exchange, call.results[0]
    assert exchange is not None
    titles = ", ".join(result.title for result in call.results)
    return (
        first.operator_id,
        call_id,
        first.connection_id,
        call.addon,
        first.flow,
        [str(result.unit) for result in call.results],
        titles if len(titles) <= 120 else titles[:119] + "…",
        exchange.at,
        exchange.duration_ms,
        exchange.method,
        exchange.url[:500],
        exchange.status,
        call.outcome.kind.value,
        sum(result.outcome.sent for result in call.results),
        _json([m for result in call.results for m in result.outcome.messages]),
        _json(exchange.request_headers),
        _digest(call),
        _json(exchange.response_headers),
        exchange.response_body,
        exchange.failure[:500],
    )


_CALL_COLUMNS = (
    "operator_id, id, connection_id, addon, flow, units, title, at, duration_ms, method, url, http_status, outcome,"
    " sent, messages, request_headers, request_digest, response_headers, response_body, failure"
)
_COPY_CALLS = f"COPY hub_call ({_CALL_COLUMNS}) FROM STDIN"
_SAVE_BODY = """
INSERT INTO hub_call_body (operator_id, digest, body, parts, part_titles) VALUES (%s, %s, %s, %s, %s)
ON CONFLICT DO NOTHING
"""

_CLAIM = """
INSERT INTO hub_ledger (operator_id, connection_id, flow, unit, title, remote_id, sending_since, outcome, messages,
                        warnings, sent, tries)
SELECT %(operator)s, %(connection)s, %(flow)s, u, t, '', %(now)s, '', '[]', '[]', 0, 0
  FROM unnest(%(units)s::text[], %(titles)s::text[]) AS wanted(u, t)
 WHERE EXISTS (SELECT FROM hub_connection WHERE operator_id = %(operator)s AND id = %(connection)s AND "on")
 ORDER BY u
ON CONFLICT (operator_id, connection_id, flow, unit) DO UPDATE SET sending_since = EXCLUDED.sending_since
RETURNING unit
"""

# A fingerprint is kept when a call failed: the partner still holds what it last accepted. After a lost answer
# that is not known any more, so the next document is sent whatever it is.
_SAVE_RESULTS = """
INSERT INTO hub_ledger AS was (operator_id, connection_id, flow, unit, title, fingerprint, remote_id, last_attempt,
       last_success, last_change, next_due, outcome, http_status, messages, warnings, sent, tries, call_id)
SELECT o, c, f, u, t, fp, rid, la, ls, lc, nd, oc, hs, m::jsonb, w::jsonb, s, tr, ci
  FROM unnest(%s::bigint[], %s::bigint[], %s::text[], %s::text[], %s::text[], %s::bytea[], %s::text[],
              %s::timestamptz[], %s::timestamptz[], %s::timestamptz[], %s::timestamptz[], %s::text[], %s::int[],
              %s::text[], %s::text[], %s::int[], %s::int[], %s::bigint[])
       AS new(o, c, f, u, t, fp, rid, la, ls, lc, nd, oc, hs, m, w, s, tr, ci)
 ORDER BY o, c, f, u
ON CONFLICT (operator_id, connection_id, flow, unit) DO UPDATE SET
       title = EXCLUDED.title,
       fingerprint = CASE WHEN EXCLUDED.outcome = 'unknown' THEN NULL
                          ELSE COALESCE(EXCLUDED.fingerprint, was.fingerprint) END,
       remote_id = CASE WHEN EXCLUDED.remote_id = '' THEN was.remote_id ELSE EXCLUDED.remote_id END,
       last_attempt = EXCLUDED.last_attempt,
       last_success = COALESCE(EXCLUDED.last_success, was.last_success),
       last_change = COALESCE(EXCLUDED.last_change, was.last_change),
       next_due = EXCLUDED.next_due,
       asked_at = NULL,
       sending_since = NULL,
       outcome = EXCLUDED.outcome,
       http_status = EXCLUDED.http_status,
       messages = EXCLUDED.messages,
       warnings = EXCLUDED.warnings,
       sent = EXCLUDED.sent,
       tries = EXCLUDED.tries,
       call_id = COALESCE(EXCLUDED.call_id, was.call_id)
"""

_LOST = """
UPDATE hub_ledger
   SET sending_since = NULL, last_attempt = %(now)s, outcome = 'unknown', fingerprint = NULL, asked_at = NULL,
       tries = tries + 1, http_status = NULL,
       messages = '[{"level": "error", "text": "Airstair was stopped while this call was under way; whether the partner'
                  ' processed it is not known."}]'
 WHERE (operator_id, connection_id) = (%(operator)s, %(connection)s) AND sending_since IS NOT NULL
"""

_SAVE_CURSORS = """
INSERT INTO hub_cursor (operator_id, connection_id, snapshot, saved_at, compared_at, paused_until, failures)
SELECT * FROM unnest(%s::bigint[], %s::bigint[], %s::text[], %s::timestamptz[], %s::timestamptz[], %s::timestamptz[],
                     %s::int[])
ON CONFLICT (operator_id, connection_id) DO UPDATE SET
       snapshot = EXCLUDED.snapshot, saved_at = EXCLUDED.saved_at, compared_at = EXCLUDED.compared_at,
       paused_until = EXCLUDED.paused_until, failures = EXCLUDED.failures
"""
