"""The engine's reading and writing. Everything is written in sets, over the connection that holds the leases.

Whoever lost that connection lost its leases with it, and cannot write the ledger any more: the database
itself keeps two workers from writing for one connection.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Iterable, Sequence
from datetime import datetime
from typing import Any

import msgspec
import psycopg

from airstair.changes import cursor as change_log
from airstair.changes.keepalive import OWN_END, SERVER_END
from airstair.changes.sessions import EVERYBODYS
from airstair.hub.engine import rows, statements
from airstair.hub.engine.bodies import Bodies
from airstair.hub.engine.results import CallMade, Claimed, Known, Result, ToClaim
from airstair.hub.registry import addons
from airstair.hub.serving import CONNECTION_CLASS, WORKER_CLASS
from airstair.kernel.units import Unit, UnitKind

log = logging.getLogger(__name__)

LEDGER_CHANNEL = "airstair_ledger"  # payload "operator:connection": its ledger has moved

# Advisory lock keys: the upper half says what is locked, the lower half which.
_CONNECTION_LOCK = CONNECTION_CLASS << 32
_WORKER_CLASS = WORKER_CLASS

_KINDS = {kind.value for kind in UnitKind}


# All that the engine reads and writes it finds by an index. PostgreSQL would rather read a whole table that is new to
# it, or has just grown by an import: it does not know yet what is in it, and keeps to such a plan until it has looked.
# And what it takes for much, in a log of millions, it would compile first, which takes longer than all the rest.
_BY_INDEX = "-c enable_seqscan=off -c jit=off"


async def connect(address: str) -> psycopg.AsyncConnection:
    """A connection of the engine's own to the database, in autocommit. It works for all operators."""
    options = f"{SERVER_END} {EVERYBODYS} {_BY_INDEX}"
    return await psycopg.AsyncConnection.connect(address, autocommit=True, options=options, **OWN_END)


class NewChange(msgspec.Struct, frozen=True):
    """A change as the dispatcher reads it: whose, what kind, what it touches, and in which lane."""

    operator_id: int
    kind: str
    units: tuple[Unit, ...]
    bulk: bool
    at: datetime  # when it was written, by the database's clock

    @property
    def about_connections(self) -> bool:
        """Whether it may change what is sent through which connection, and how."""
        return self.kind.startswith(("connection.", "aircraft."))


class LeftOut(msgspec.Struct, frozen=True):
    """Bulk changes of one operator that a reading did not read: those new between two snapshots, by first and last."""

    operator: int
    first: int
    last: int
    since: str
    until: str


class Held(msgspec.Struct, frozen=True, kw_only=True):
    """What a newly leased connection knows from before."""

    snapshot: str | None
    compared_at: datetime | None
    paused_until: datetime | None
    failures: int
    in_good_order: bool  # whoever held it before gave it back; else it was killed, with calls under way perhaps


class Store:
    """The database as the engine needs it: one connection that holds leases and writes, one that reads.

    After an import there is one more, over which what takes long is read: nobody's edit waits behind it.
    """

    def __init__(self, address: str) -> None:
        self._address = address
        self._writing = asyncio.Lock()
        self._reading = asyncio.Lock()
        self._opened: list[psycopg.AsyncConnection] = []
        self._aside: psycopg.AsyncConnection | None = None
        self._bodies = Bodies()

    async def open(self, worker: int) -> None:
        """Connect, and show this worker to the others. `worker`: a number of 31 bits of its own."""
        for _ in range(2):
            self._opened.append(await connect(self._address))
        self._writer, self._reader = self._opened
        await self._writer.execute("SELECT pg_advisory_lock(%s)", [_WORKER_CLASS << 32 | worker])

    @property
    def connections(self) -> tuple[psycopg.AsyncConnection, ...]:
        return tuple(self._opened)

    async def close(self) -> None:
        for opened in self._opened:
            await opened.close()

    async def _read(self, statement: str, parameters: Any) -> list[tuple[Any, ...]]:
        async with self._reading:
            return await (await self._reader.execute(statement, parameters)).fetchall()

    async def read(self, statement: str, parameters: Any) -> list[tuple[Any, ...]]:
        """What a statement answers that writes nothing."""
        return await self._read(statement, parameters)

    async def write(self, statement: str, parameters: Any) -> list[tuple[Any, ...]]:
        """Run one statement over the connection that holds the leases; it is committed when this returns."""
        async with self._writing:
            done = await self._writer.execute(statement, parameters)
            return await done.fetchall() if done.description else []

    @contextlib.asynccontextmanager
    async def writing(self) -> AsyncIterator[psycopg.AsyncConnection]:
        """A transaction over the connection that holds the leases."""
        async with self._writing, self._writer.transaction():
            yield self._writer

    # ── Leases ──────────────────────────────────────────────────────────────────────────────────

    async def workers(self) -> set[int]:
        """The workers alive now, by the locks they hold."""
        return {row[0] for row in await self._read(statements.WORKERS, [_WORKER_CLASS])}

    async def switched_on(self) -> frozenset[int]:
        """Every connection that is on, of add-ons that are installed."""
        found = await self._read(statements.SWITCHED_ON, [list(addons())])
        return frozenset(row[0] for row in found)

    async def lease(self, connection_ids: Sequence[int]) -> list[int]:
        """Take the leases that are free; answers those taken. Never ask for one that is held: locks are counted."""
        async with self._writing:
            taken = await self._writer.execute(statements.LEASE, [list(connection_ids), _CONNECTION_LOCK])
            return [row[0] for row in await taken.fetchall()]

    async def release(self, connection_ids: Sequence[int]) -> None:
        async with self._writing:
            await self._writer.execute(statements.RELEASE, [_CONNECTION_LOCK, list(connection_ids)])

    # ── Reading ─────────────────────────────────────────────────────────────────────────────────

    async def snapshot(self) -> str:
        return str((await self._read(change_log.CURRENT, None))[0][0])

    async def changes_since(self, cursor: str, operator_id: int) -> tuple[str, list[NewChange]]:
        """What is visible now of an operator and was not at `cursor`, with the cursor to go on from."""
        found = await self._read(change_log.READ_NEW_OF_OPERATOR, {"cursor": cursor, "operator": operator_id})
        return found[0][0], [_change(row) for row in found if row[2] is not None]

    async def everybodys_changes(self, cursor: str, most: int) -> tuple[str, list[NewChange], list[LeftOut]]:
        """The same for all operators; bulk changes beyond so many are left out, and said where to find."""
        found = await self._read(change_log.READ_NEW_BUT_MANY, {"cursor": cursor, "most": most})
        until, left_out = found[0][0], found[0][7] or []
        changes = [_change(row) for row in found if row[2] is not None]
        return until, changes, [LeftOut(operator, first, last, cursor, until) for operator, first, last in left_out]

    async def named_by(self, left_out: LeftOut, kinds: Iterable[UnitKind]) -> list[tuple[Unit, datetime]]:
        """The units of these kinds that changes left out before name, each once, with when it was first named.

        One at a time.
        """
        if self._aside is None:
            self._aside = await connect(self._address)
            self._opened.append(self._aside)
        values = msgspec.structs.asdict(left_out) | {"kinds": [kind.value for kind in kinds]}
        found = await (await self._aside.execute(change_log.READ_LEFT_OUT, values)).fetchall()
        return [(Unit.read(unit), at) for unit, at in found]

    async def ledger(self, operator_id: int, connection_id: int, flow: str) -> dict[Unit, Known]:
        """Everything known about a connection's units, for flows that run on a clock."""
        found = await self._read(statements.LEDGER, [operator_id, connection_id, flow])
        return {Unit.read(row[0]): _known(row[1:]) for row in found}

    async def undelivered(self, operator_id: int, connection_id: int, flow: str) -> list[Unit]:
        """Units whose latest call did not get through, and those that somebody asked for."""
        found = await self._read(statements.UNDELIVERED, [operator_id, connection_id, flow])
        return [Unit.read(row[0]) for row in found]

    async def known(self, wanted: Iterable[tuple[int, int, str, str]]) -> dict[tuple[int, int, str, str], Known]:
        """What is known of each (operator, connection, flow, unit): one statement for many connections."""
        found = await self._read(statements.KNOWN, _columns(wanted))
        return {(row[0], row[1], row[2], row[3]): _known(row[4:]) for row in found}

    # ── Writing ─────────────────────────────────────────────────────────────────────────────────

    async def take_cursor(self, operator_id: int, connection_id: int) -> Held:
        """What is known from before of a connection that has just been leased; from now on it counts as held."""
        async with self._writing:
            found = await (await self._writer.execute(statements.TAKE_CURSOR, [operator_id, connection_id])).fetchone()
        if found is None:
            return Held(snapshot=None, compared_at=None, paused_until=None, failures=0, in_good_order=False)
        return Held(
            snapshot=found[0],
            compared_at=found[1],
            paused_until=found[2],
            failures=found[3],
            in_good_order=found[4],
        )

    async def doubt(
        self, operator_id: int, connection_id: int, units: Iterable[Unit], *, everything: bool, but: Iterable[str] = ()
    ) -> None:
        """What the partner holds of these is not known: a worker died that may have been sending them.

        `but`: flows that write down each call before they make it.
        """
        async with self._writing:
            names = [str(unit) for unit in units]
            await self._writer.execute(statements.DOUBT, [operator_id, connection_id, names, everything, list(but)])

    async def forget_lost_calls(self, operator_id: int, connection_id: int, now: datetime) -> int:
        """Calls that a dead worker began: their answers are lost. They count as attempts made now; answers how many."""
        async with self._writing:
            of = {"operator": operator_id, "connection": connection_id, "now": now}
            return (await self._writer.execute(statements.LOST, of)).rowcount

    async def claim(self, wanted: Sequence[ToClaim]) -> dict[ToClaim, Claimed]:
        """Write down that these units are about to be sent, before any of it goes out.

        Refused are units that the partner got less than their floor ago, through whichever connection, and those of
        connections that are no longer on.
        """
        found: dict[ToClaim, Claimed] = {}
        left = list(wanted)
        while left:
            # One statement does not see what it writes: a unit of an operator goes into it once.
            now = {(one.operator_id, one.flow, one.unit): one for one in reversed(left)}
            left = [one for one in left if now[one.operator_id, one.flow, one.unit] is not one]
            found |= await self._claim(list(now.values()))
        return found

    async def _claim(self, wanted: Sequence[ToClaim]) -> dict[ToClaim, Claimed]:
        columns = rows.columns([(*one[:3], str(one.unit), *one[4:]) for one in wanted])
        async with self._writing:
            answers = await (await self._writer.execute(statements.CLAIM, columns)).fetchall()
        by_key = {(*one[:3], str(one.unit)): one for one in wanted}
        found = {}
        for operator_id, connection_id, flow, unit, granted, at in answers:
            one = by_key[operator_id, connection_id, flow, unit]
            too_soon = at if not granted and at is not None and at + one.floor > one.now else None
            found[one] = Claimed(granted, too_soon)
        return found

    async def unclaim(self, key: tuple[int, int, str], units: Iterable[Unit]) -> None:
        """These were claimed and then not sent after all."""
        async with self._writing:
            await self._writer.execute(statements.UNCLAIM, [*key, [str(unit) for unit in units]])

    async def save(
        self, calls: Sequence[CallMade], unchanged: Sequence[Result], cursors: Sequence[tuple[Any, ...]]
    ) -> None:
        """Calls into the log, results into the ledger, cursors on: one transaction.

        What the database refuses to keep is left out and logged, so that it holds up nobody else's results.
        """
        try:
            await self._save(calls, unchanged, cursors)
        except (psycopg.DataError, psycopg.IntegrityError):
            for one in (*(([call], []) for call in calls), *(([], [result]) for result in unchanged)):
                try:
                    await self._save(*one, [])
                except (psycopg.DataError, psycopg.IntegrityError):
                    log.exception("A result could not be written down; the ledger keeps what it had.")

    async def _save(
        self, calls: Sequence[CallMade], unchanged: Sequence[Result], cursors: Sequence[tuple[Any, ...]]
    ) -> None:
        bodies = self._bodies.new(calls)
        async with self._writing, self._writer.transaction():
            there = await self._still_there(calls, unchanged, cursors)
            if bodies:
                async with self._writer.cursor() as cursor:
                    # In one order, so that two workers that keep the same bodies do not wait for each other.
                    await cursor.executemany(statements.SAVE_BODY, [bodies[key] for key in sorted(bodies)])
            ids = await self._save_calls(calls)
            results = [(r, ids[i]) for i, call in enumerate(calls) for r in call.results]
            results += [(r, None) for r in unchanged]
            kept = [one for one in results if (one[0].operator_id, one[0].connection_id) in there]
            await self._save_results([one for one in kept if one[0].in_ledger])
            for result, _ in kept:
                if result.asking is not None:
                    await self._writer.execute(statements.SAVE_ASKING, rows.asking_row(result, result.asking))
            if messages := [rows.message_row(r, call_id) for r, call_id in kept if r.message is not None]:
                await self._writer.execute(statements.SAVE_MESSAGES, _columns(messages))
            if moved := [row for row in cursors if row[:2] in there]:
                await self._writer.execute(statements.SAVE_CURSORS, _columns(moved))
            moved_ledgers = sorted({f"{r.operator_id}:{r.connection_id}" for r, _ in results})
            if moved_ledgers:
                await self._writer.execute(
                    "SELECT pg_notify(%s, m) FROM unnest(%s::text[]) AS m", [LEDGER_CHANNEL, moved_ledgers]
                )
        self._bodies.kept(bodies)

    async def _still_there(
        self, calls: Sequence[CallMade], unchanged: Sequence[Result], cursors: Sequence[tuple[Any, ...]]
    ) -> set[tuple[int, int]]:
        """The connections among those concerned that have not been removed meanwhile."""
        results = [*unchanged, *(result for call in calls for result in call.results)]
        keys = {(r.operator_id, r.connection_id) for r in results} | {(row[0], row[1]) for row in cursors}
        columns = [[operator for operator, _ in keys], [connection for _, connection in keys]]
        found = await (await self._writer.execute(statements.STILL_THERE, columns)).fetchall()
        return {(row[0], row[1]) for row in found}

    async def _save_calls(self, calls: Sequence[CallMade]) -> list[int | None]:
        made = [call for call in calls if call.exchange is not None]
        if not made:
            return [None] * len(calls)
        fresh = await (await self._writer.execute(statements.NEXT_IDS, [len(made)])).fetchall()
        left = iter([row[0] for row in fresh])
        ids = [next(left) if call.exchange is not None else None for call in calls]
        written = [rows.call_row(call, id_) for call, id_ in zip(calls, ids, strict=True) if id_ is not None]
        await self._writer.execute(statements.SAVE_CALLS, rows.columns(written))
        return ids

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
            written = [rows.ledger_row(result, call_id) for result, call_id in first.values()]
            await self._writer.execute(statements.SAVE_RESULTS, rows.columns(written))
            results = later


def _columns(rows_: Iterable[tuple[Any, ...]]) -> list[list[Any]]:
    """Rows as `unnest` takes them."""
    return [list(column) for column in zip(*rows_, strict=True)]


def _change(row: Sequence[Any]) -> NewChange:
    _, operator, _, at, kind, units, bulk, *_ = row
    return NewChange(operator, kind, _units(units), bulk, at)


def _units(texts: Iterable[str]) -> tuple[Unit, ...]:
    # A newer version may write kinds of units that this one does not know yet: none of its mirrors keeps them.
    return tuple(Unit.read(text) for text in texts if text.partition(":")[0] in _KINDS)


def _known(row: Sequence[Any]) -> Known:
    fingerprint, remote_id, last_attempt, asked_at, tries = row
    return Known(
        fingerprint=fingerprint, remote_id=remote_id, last_attempt=last_attempt, asked_at=asked_at, tries=tries
    )
