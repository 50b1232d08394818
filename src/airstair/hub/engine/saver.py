"""Gathers results and writes them in sets: many calls, one transaction."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Any

from airstair.hub.engine.results import CallMade, Result
from airstair.hub.engine.store import Store

log = logging.getLogger(__name__)

_GATHER = 0.02  # seconds that the first result waits for company
_MOST = 400  # calls in one transaction


class Saver:
    """Writes what senders hand in, and with it the cursors that are safe by then."""

    def __init__(self, store: Store, cursors: Callable[[], list[tuple[Any, ...]]]) -> None:
        """`cursors`: the rows of cursors that may be saved once everything handed in so far is saved."""
        self._store = store
        self._cursors = cursors
        self._calls: list[CallMade] = []
        self._unchanged: list[Result] = []
        self._something = asyncio.Event()
        self._saving = False

    def call(self, made: CallMade) -> None:
        self._calls.append(made)
        self._something.set()

    def unchanged(self, result: Result) -> None:
        """A comparison that found no difference."""
        self._unchanged.append(result)
        self._something.set()

    @property
    def idle(self) -> bool:
        return not (self._calls or self._unchanged or self._saving)

    @property
    def backlog(self) -> int:
        """Calls made and not yet written: senders slow down when it grows."""
        return len(self._calls)

    async def run(self) -> None:
        """Save until cancelled. An error of the database ends it, and with it the worker's turn."""
        while True:
            await self._something.wait()
            if len(self._calls) < _MOST:
                await asyncio.sleep(_GATHER)
            await self.flush()

    async def flush(self) -> None:
        """Save what is there now."""
        calls, self._calls = self._calls[:_MOST], self._calls[_MOST:]
        unchanged, self._unchanged = self._unchanged, []
        if not self._calls:
            self._something.clear()
        self._saving = True
        try:
            # The cursors are taken only when nothing is left over, because they vouch for all that was handed in.
            await self._store.save(calls, unchanged, self._cursors() if not self._calls else [])
        finally:
            self._saving = False
