"""The postman: tells subscriptions what has changed, in every worker, beside the dispatcher.

    commit → NOTIFY → deliveries, with the cursor → one lock a subscription → calls → how they went

Nothing is kept here that cannot be found again. A killed worker's locks are free at once; whoever takes one makes what
was under way again, under the same id, and nothing else twice.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any, TypeVar

import psycopg
from django.conf import settings
from django.db import connection

from airstair.changes.cursor import CHANNEL
from airstair.hub.engine.store import connect
from airstair.hub.engine.threads import in_thread
from airstair.hub.http import CallFailed, HttpPool, PartnerHttp
from airstair.hub.webhooks.engine import reading, taking
from airstair.hub.webhooks.engine.taking import Call, Due
from airstair.hub.webhooks.rules import Result, Verdict, retry_after, said_in, said_of, verdict_of
from airstair.kernel.clock import Clock, SystemClock
from airstair.kernel.outcome import OutcomeKind
from airstair.kernel.scope import all_operators

log = logging.getLogger(__name__)

T = TypeVar("T")
_LOCKS = 0x41530003  # the upper half of the advisory locks' keys: webhooks (see `hub/serving.py`)
_LOCK = "SELECT pg_try_advisory_lock(%s)"
_UNLOCK = "SELECT pg_advisory_unlock(%s)"
_DEADLINE = timedelta(seconds=10)
_LOOK_EVERY = timedelta(seconds=5)  # commits announce themselves; this is for what a dead worker left
_THREADS = 4  # of its own: bodies that take long to make must not keep deliveries to partners waiting
_APART = 0.1  # seconds of the machine from one look to the next: what commits in a storm is read together
_LONGEST_CLOSING = 15.0  # seconds of the machine that calls under way get to end


class Postman:
    """One worker's. `run` it until it is stopped; `settle` waits until nothing is left to tell at this time."""

    def __init__(self, address: str, *, clock: Clock | None = None, pool: HttpPool | None = None) -> None:
        self._address = address
        self._clock = clock or SystemClock()
        self._given_pool = pool
        self._wake = asyncio.Event()
        self._one_look = asyncio.Lock()
        self._serving: dict[int, asyncio.Task[None]] = {}
        self._more: dict[int, asyncio.Event] = {}  # of those: there may be more to tell
        self._locking = asyncio.Lock()
        self._ready = asyncio.Event()
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="webhooks")
        self._opened: list[psycopg.AsyncConnection] = []
        self._closing = False
        self._begun = False

    async def run(self) -> None:
        """Serve until cancelled. Raises when the database is lost: the worker starts a new one then."""
        self._pool = self._given_pool or HttpPool(
            allow_private=settings.ALLOW_PRIVATE_ADDRESSES, beside_url=settings.CONNECT_URL
        )
        try:
            self._holder = await self._connect()  # of the locks; they end with it
            listener = await self._connect()
            await listener.execute(f"LISTEN {CHANNEL}")
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._listen(listener))
                tasks.create_task(self._serve())
        finally:
            await self._close()

    async def _connect(self) -> psycopg.AsyncConnection:
        self._opened.append(await connect(self._address))
        return self._opened[-1]

    async def _close(self) -> None:
        self._closing = True
        under_way = [*self._serving.values()]
        if under_way:
            if self._holder.closed or self._holder.broken:  # another worker may hold the locks by now
                for task in under_way:
                    task.cancel()
            _, late = await asyncio.wait(under_way, timeout=_LONGEST_CLOSING)
            for task in late:
                task.cancel()
            await asyncio.gather(*under_way, return_exceptions=True)
        if self._given_pool is None:
            await self._pool.close()
        self._threads.shutdown(wait=False)
        for opened in self._opened:
            try:
                await opened.close()
            except psycopg.Error:
                log.debug("%r was closed already.", opened)

    async def _listen(self, listener: psycopg.AsyncConnection) -> None:
        heard, loop, socket = asyncio.Event(), asyncio.get_running_loop(), listener.fileno()
        loop.add_reader(socket, heard.set)
        try:
            while True:
                await heard.wait()
                heard.clear()
                listener.pgconn.consume_input()  # raises when the database is lost
                while listener.pgconn.notifies():
                    self._wake.set()
        finally:
            loop.remove_reader(socket)

    async def _serve(self) -> None:
        while True:
            self._wake.clear()
            next_at = await self._look()
            self._ready.set()
            await asyncio.sleep(_APART)
            until = self._clock.now() + _LOOK_EVERY
            await self._sleep(until if next_at is None else max(min(next_at, until), self._clock.now()))

    async def _sleep(self, until: datetime) -> None:
        waits = [asyncio.ensure_future(self._clock.sleep_until(until)), asyncio.ensure_future(self._wake.wait())]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()

    async def _look(self) -> datetime | None:
        """Read what is new, and begin to tell whoever may be told now. Answers when to look next."""
        async with self._one_look:
            for id_, task in list(self._serving.items()):
                if task.done():
                    del self._serving[id_], self._more[id_]
                    task.result()  # a fault of ours, or the database's: the worker starts anew
            now = self._clock.now()
            # Once in any case: the cursor must not lie as far back as the latest time that somebody listened.
            if self._begun and not await self._all(reading.anybody):
                return None
            await self._all(reading.read_changes, now)
            self._begun = True
            later = []
            for one in await self._all(taking.due, now):
                if one.id in self._serving:
                    self._more[one.id].set()
                elif (one.under_way or (one.at is not None and one.at <= now)) and await self._lock(one.id):
                    self._more[one.id] = asyncio.Event()
                    self._serving[one.id] = asyncio.create_task(self._tell(one))
                elif one.at is not None and one.at > now:
                    later.append(one.at)
            return min(later, default=None)

    # ── One subscription ────────────────────────────────────────────────────────────────────────

    async def _tell(self, one: Due) -> None:
        """Tell it all that may be told at this time, in order of each line. The lock is held."""
        try:
            back = await self._of(one, taking.put_back, self._clock.now())
            if back:
                log.info("Webhook %s: %s deliveries of a worker that ended are made again.", one.id, back)
            await self._tell_all(one, self._more[one.id])
        finally:
            await self._unlock(one.id)
            self._wake.set()  # another worker may have come by while the lock was held

    async def _tell_all(self, one: Due, more: asyncio.Event) -> None:
        """One slow answer keeps only its own line waiting."""
        calls: set[asyncio.Task[Result]] = set()
        try:
            while True:
                more.clear()
                if not self._closing:
                    for call in await self._of(one, taking.take, len(calls), self._clock.now()):
                        calls.add(asyncio.create_task(self._call(call)))
                if not calls:
                    return
                stirred = asyncio.create_task(more.wait())
                await asyncio.wait({*calls, stirred}, return_when=asyncio.FIRST_COMPLETED)
                stirred.cancel()
                done = {call for call in calls if call.done()}
                if done:
                    await self._still_held()
                    await self._of(one, taking.settle, [call.result() for call in done], self._clock.now())
                    calls -= done
        finally:
            for unanswered in calls:
                unanswered.cancel()

    async def _call(self, call: Call) -> Result:
        http = PartnerHttp(self._pool, self._clock, deadline=_DEADLINE, secrets=[call.secret] if call.secret else [])
        given: dict[str, Any] = {"delivery_id": call.delivery_id}
        try:
            answer = await http.request("POST", call.url, headers=call.headers, body=call.body)
        except CallFailed as failed:
            refused = failed.kind is OutcomeKind.MISCONFIGURED
            verdict = Verdict.REFUSED if refused else Verdict.AWAY
            took = http.exchanges[-1].duration_ms if http.exchanges else 0.0
            return Result(**given, verdict=verdict, status=None, said=said_of(failed), duration_ms=took)
        except Exception:  # what one address brings about must not keep all others from being told
            log.exception("Webhook delivery %s could not be made.", call.delivery_id)
            return Result(**given, verdict=Verdict.REFUSED, status=None, said=taking.BROKEN, duration_ms=0.0)
        wait = retry_after(answer.headers, self._clock.now())
        said = http.without_secrets(said_in(answer))
        verdict, took = verdict_of(answer), http.exchanges[-1].duration_ms
        return Result(**given, verdict=verdict, status=answer.status, said=said, duration_ms=took, wait=wait)

    async def _lock(self, subscription_id: int) -> bool:
        async with self._locking:
            found = await (await self._holder.execute(_LOCK, [_key(subscription_id)])).fetchone()
            return found is not None and bool(found[0])

    async def _still_held(self) -> None:
        """Raises when the connection that holds the locks is gone: another worker may hold them by now."""
        async with self._locking:
            await self._holder.execute("SELECT 1")

    async def _unlock(self, subscription_id: int) -> None:
        async with self._locking:
            if not self._holder.closed and not self._holder.broken:
                await self._holder.execute(_UNLOCK, [_key(subscription_id)])

    async def _all(self, function: Callable[..., T], *args: Any) -> T:
        """Run it in a thread, for all operators: what has changed is read for everybody at once."""

        def and_close() -> T:
            try:
                with all_operators():
                    return function(*args)
            finally:
                connection.close()

        return await asyncio.get_running_loop().run_in_executor(self._threads, and_close)

    async def _of(self, one: Due, function: Callable[..., T], *args: Any) -> T:
        """Run it in a thread, for the subscription's operator alone."""
        return await in_thread(self._threads, one.operator_id, function, one.operator_id, one.id, *args)

    # ── For tests ───────────────────────────────────────────────────────────────────────────────

    async def settle(self) -> None:
        """Return when everything that can be told at this time of the clock is told and written down."""
        await self._ready.wait()
        while True:
            await self._look()
            if not self._serving:
                return
            await asyncio.gather(*self._serving.values())


def _key(subscription_id: int) -> int:
    return _LOCKS << 32 | (subscription_id & 0xFFFFFFFF)
