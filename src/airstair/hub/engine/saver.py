"""Gathers results and writes them in sets: many calls, one transaction."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable
from typing import Any

from airstair.hub import metrics
from airstair.hub.engine.results import CallMade, Result
from airstair.hub.engine.store import Store

_GATHER = 0.02  # seconds that the first result waits for company, while calls are under way that may bring some
_GATHER_ALONE = 0.002  # seconds that it waits when none is
_MOST = 200  # calls in one transaction
_BACKLOG = 1_000  # unsaved calls at which senders wait for the database
_CURSORS_EVERY = 0.25  # seconds between savings of cursors: they say how much is looked at again after a crash


class UnderWay:
    """The calls whose results are yet to be handed in: each is made inside `with`."""

    __slots__ = ("_calls", "none")

    def __init__(self) -> None:
        self._calls = 0
        self.none = asyncio.Event()
        self.none.set()

    def __enter__(self) -> None:
        self._calls += 1
        self.none.clear()

    def __exit__(self, *_: object) -> None:
        self._calls -= 1
        if not self._calls:
            self.none.set()


class Saver:
    """Writes what senders hand in, and with it the cursors that are safe by then."""

    def __init__(self, store: Store, cursors: Callable[[], list[tuple[Any, ...]]]) -> None:
        """`cursors`: the rows of cursors that may be saved once everything handed in so far is saved."""
        self._store = store
        self._cursors = cursors
        self._calls: list[CallMade] = []
        self._unchanged: list[Result] = []
        self._something = asyncio.Event()
        self.under_way = UnderWay()
        self._saved = asyncio.Condition()
        self._saving = False
        self._handed_in = [0, 0]  # calls, comparisons
        self._written = [0, 0]
        self._cursors_at = 0.0

    def call(self, made: CallMade) -> None:
        self._calls.append(made)
        self._handed_in[0] += 1
        self._something.set()

    def unchanged(self, result: Result) -> None:
        """A comparison that found no difference."""
        self._unchanged.append(result)
        self._handed_in[1] += 1
        self._something.set()

    @property
    def idle(self) -> bool:
        return not (self._calls or self._unchanged or self._saving)

    async def room(self) -> None:
        """Return when there is room for another call's result: senders slow down when the database does."""
        if len(self._calls) <= _BACKLOG:
            return
        async with self._saved:
            await self._saved.wait_for(lambda: len(self._calls) <= _BACKLOG)

    async def all_saved(self) -> None:
        """Return when everything handed in until now is written."""
        wanted = list(self._handed_in)
        async with self._saved:
            await self._saved.wait_for(
                lambda: self._written[0] >= wanted[0] and self._written[1] >= wanted[1],
            )

    async def run(self) -> None:
        """Save until cancelled. An error of the database ends it, and with it the worker's turn."""
        while True:
            await self._something.wait()
            if len(self._calls) < _MOST:
                await self._company()
            await self.flush()

    async def _company(self) -> None:
        """Wait for what is about to be handed in: many results in one transaction cost little more than one."""
        await asyncio.sleep(_GATHER_ALONE)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_GATHER - _GATHER_ALONE):
                await self.under_way.none.wait()

    async def flush(self) -> None:
        """Save what is there now. Cancelled, it ends its transaction first: a stop must not lose answers."""
        calls, self._calls = self._calls[:_MOST], self._calls[_MOST:]
        unchanged, self._unchanged = self._unchanged, []
        if not self._calls:
            self._something.clear()
        self._saving, began = True, time.monotonic()
        saving = asyncio.ensure_future(self._store.save(calls, unchanged, self._due_cursors()))
        try:
            await asyncio.shield(saving)
        except asyncio.CancelledError:
            await saving
            raise
        finally:
            self._saving = False
            if saving.done() and saving.exception() is None:
                self._written = [self._written[0] + len(calls), self._written[1] + len(unchanged)]
                metrics.WORKER.saved(calls, unchanged, time.monotonic() - began)
        async with self._saved:
            self._saved.notify_all()

    def _due_cursors(self) -> list[tuple[Any, ...]]:
        # They vouch for all that was handed in, so they are taken only when nothing is left over.
        if self._calls or time.monotonic() - self._cursors_at < _CURSORS_EVERY:
            return []
        self._cursors_at = time.monotonic()
        return self._cursors()
