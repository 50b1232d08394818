"""One partner at run time: the imitation, its fault switches, its journal, and what is kept of them.

`Host` is what control, inspector and tests hold in their hands; `serve` is the way of every call to the partner.
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import msgspec

from airstair.kernel.clock import Clock
from airstair.sandbox.errands import Carrier, carry
from airstair.sandbox.faults import Fault, FaultBoard, Strike
from airstair.sandbox.journal import CallRecord, Journal, mask_headers, mask_text, readable
from airstair.sandbox.partner import Answer, Call, Imitation, Partner
from airstair.sandbox.store import Store

logger = logging.getLogger(__name__)

WRITE_EVERY_SECONDS = 0.25
HANG_CHECK_SECONDS = 0.2
_FAULTS_DOCUMENT = "shell/faults"

HTML_INSTEAD = b"""<!DOCTYPE html><html><head><title>Service temporarily unavailable</title></head>
<body><h1>Service temporarily unavailable</h1><p>The page you asked for cannot be shown right now.</p></body></html>"""


@dataclass(frozen=True, slots=True)
class Reply:
    """What goes out on the wire: an answer, whole or cut, or none (`answer` None: the connection is closed)."""

    answer: Answer | None
    cut: bool = False
    extra_headers: dict[str, str] = field(default_factory=dict)


class Host:
    """One running partner."""

    def __init__(self, partner: Partner, clock: Clock, store: Store | None = None) -> None:
        self.partner = partner
        self.key = partner.key
        self.clock = clock
        self.imitation: Imitation = partner.start(clock)
        self.faults = FaultBoard()
        self.journal = Journal()
        self.carry: Carrier = carry  # how its errands are made; tests that run no server have their own way
        self._store = store
        self._timer: asyncio.TimerHandle | None = None
        self._writing: asyncio.Task[None] | None = None
        self._kept_faults: bytes = b"[]"
        if store is not None:
            self._restore(store)

    def _restore(self, store: Store) -> None:
        documents = store.documents()
        kept = documents.pop(_FAULTS_DOCUMENT, None)
        if kept is not None:
            self.faults.replace(msgspec.json.decode(kept, type=list[Fault]))
            self._kept_faults = kept
        if documents:
            self.imitation.restore(documents)
        self.journal.restore(store.calls())

    # -- the way of a call ---------------------------------------------------------------------------------------

    async def serve(self, call: Call, client_gone: Callable[[], bool]) -> Reply:
        """Answer a call, or fail it the way the switches say. `client_gone` is asked while the call hangs."""
        started = time.perf_counter()
        aircraft = self.imitation.aircraft_of(call)
        seq = self.journal.next_seq()
        strike = self.faults.strike(aircraft, call.path)
        reply, note = Reply(None), strike.label
        try:
            if strike.seconds:
                await self.clock.sleep_until(call.received_at + timedelta(seconds=strike.seconds))
            reply = await self._reply(call, strike, client_gone)
        except asyncio.CancelledError:
            note = f"{note or 'call'}; the client went away"
            raise
        finally:
            elapsed = (time.perf_counter() - started) * 1000
            self._record(call, aircraft, seq, reply, note, elapsed)
        return reply

    def refuse_unread(self, call: Call, status: int, title: str) -> Answer:
        """Refuse a call whose body could not be read, in the partner's words; it is kept like any other."""
        answer = self.imitation.failure(status, title)
        self._record(call, self.imitation.aircraft_of(call), self.journal.next_seq(), Reply(answer), None, 0.0)
        return answer

    async def _reply(self, call: Call, strike: Strike, client_gone: Callable[[], bool]) -> Reply:
        fault = strike.fault
        if fault is None:
            return Reply(self.imitation.answer(call))
        wait = _waiter(self.faults, fault, client_gone)
        kind = fault.kind
        if kind == "hang":
            return Reply(self.imitation.answer(call) if await wait() else None)
        answer = self.imitation.answer(call) if fault.processed else None
        if kind == "hang_after":
            return Reply(answer if await wait() else None)
        if kind in ("drop_before", "drop_after"):
            return Reply(None)
        return self._broken(fault, answer)

    def _broken(self, fault: Fault, answer: Answer | None) -> Reply:
        """The replies of faults that do answer, but wrongly."""
        if fault.kind == "rate_limit":
            title = f"Too many requests. Try again in {fault.retry_after} seconds."
            refusal = self.imitation.failure(429, title)
            return Reply(refusal, extra_headers={"Retry-After": str(fault.retry_after)})
        if fault.kind == "html":
            return Reply(Answer(fault.status or 200, HTML_INSTEAD, content_type="text/html"))
        if fault.kind == "expired_credentials":
            return Reply(self.imitation.expired_credentials())
        if fault.kind == "status":
            return Reply(self.imitation.failure(fault.status or 500, ""))
        whole = answer or Answer(200, b"{}")
        if fault.kind == "half_body":
            return Reply(whole, cut=True)
        return Reply(with_body(whole, body=b'{"meta": {"errors": [}, "dat'))

    def _record(
        self, call: Call, aircraft: str | None, seq: int, reply: Reply, note: str | None, elapsed: float
    ) -> None:
        answer = reply.answer
        query = "&".join(f"{name}={value}" for name, values in call.query.items() for value in values)
        record = CallRecord(
            seq=seq,
            at=call.received_at,
            method=call.method,
            path=mask_text(f"{call.path}?{query}") if query else call.path,
            headers=mask_headers(call.headers),
            body=readable(call.body),
            aircraft=aircraft,
            caller=answer.caller if answer else None,
            status=answer.status if answer else None,
            answer=readable(answer.body) if answer else "",
            answer_headers={**answer.headers, **reply.extra_headers} if answer else {},
            duration_ms=round(elapsed, 2),
            fault=note,
        )
        self.journal.add(record)
        self.imitation.observe(record)
        self.touched()

    # -- what people and tests do --------------------------------------------------------------------------------

    def calls(self, aircraft: str | None = None, **filters: Any) -> list[CallRecord]:
        """The calls received, oldest first: see `Journal.calls`."""
        return self.journal.calls(aircraft=aircraft, **filters)

    def state(self) -> dict[str, Any]:
        return self.imitation.state()

    def audit(self) -> dict[str, Any]:
        return self.imitation.audit()

    def act(self, name: str, wish: dict[str, Any]) -> None:
        """What the partner's own users and staff do. Raises `Refusal`."""
        self.imitation.act(name, wish)
        self.touched()

    async def run_errands(self) -> None:
        """Make the calls that it wants made, one after the other, and tell it what came of each."""
        while waiting := self.imitation.errands():
            for errand in waiting:
                self.imitation.came_back(await self.carry(errand, self.clock.now()))
            self.touched()

    def reset(self) -> None:
        """The partner's first day again: state, journal, audit and faults are gone."""
        self.imitation.reset()
        self.journal.clear()
        self.faults.clear()
        self.touched()

    # -- keeping -------------------------------------------------------------------------------------------------

    def touched(self) -> None:
        """Something changed that must be kept; it is written within `WRITE_EVERY_SECONDS`."""
        if self._store is None or self._timer is not None:
            return
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:  # outside a loop, before the server runs: `close` or the next call writes it
            return
        self._timer = loop.call_later(WRITE_EVERY_SECONDS, self._begin_writing)

    def _begin_writing(self) -> None:
        self._timer = None
        if self._writing is not None and not self._writing.done():
            self.touched()
            return
        self._writing = asyncio.ensure_future(self._write())

    async def _write(self) -> None:
        if self._store is None:
            return
        documents = self.imitation.changed_documents()
        faults = msgspec.json.encode(self.faults.all())
        if faults != self._kept_faults:
            documents[_FAULTS_DOCUMENT] = self._kept_faults = faults
        calls = self.journal.take_unsaved()
        try:
            await self._store.write(documents, calls, self.journal.oldest_seq())
        except (OSError, sqlite3.Error) as failure:
            logger.error("The sandbox could not keep what %s holds: %s.", self.key, failure)

    async def close(self) -> None:
        """Write what is not yet written, and let go of the file."""
        if self._store is None:
            return
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._writing is not None:
            await self._writing
        await self._write()
        self._store.close()


def _waiter(board: FaultBoard, fault: Fault, client_gone: Callable[[], bool]) -> Callable[[], Awaitable[bool]]:
    async def wait() -> bool:
        """True when the hanging fault is switched off, False when the client went first."""
        while not client_gone():
            if await board.released(fault, within=HANG_CHECK_SECONDS):
                return True
        return False

    return wait


def with_body(answer: Answer, *, body: bytes) -> Answer:
    """The same answer with another body."""
    return Answer(answer.status, body, answer.headers, answer.content_type, answer.caller)
