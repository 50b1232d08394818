"""Work that nobody waits for goes in small slices: one in a turn of the event loop, and after what people wait for.

An import makes the documents of forty partners stale at once. Were each to make some of its own in every turn, a
person's edit, which takes several turns to reach its partners, would wait for all of them several times over.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Iterator

_SLICE = 0.002  # seconds of work without a turn of the event loop
_REST = 0.004  # seconds between two slices while people are at work: the rest of the machine serves them too
_AT_WORK = 1.0  # seconds after an edit in which people count as being at work
_LONGEST_WAIT = 0.01  # seconds that a slice waits for what is made for people: edits without end stop no import


class Turns:
    """Whose turn it is. One is shared by all senders of a worker."""

    def __init__(self) -> None:
        self._bulk = asyncio.Lock()
        self._waited_for = 0
        self._waited_at = 0.0
        self._nobody_waits = asyncio.Event()
        self._nobody_waits.set()

    @contextlib.contextmanager
    def somebody_waits(self, so: bool) -> Iterator[None]:
        """Bulk work stands back meanwhile, for a moment. Not for the time of a call: a partner may never answer."""
        if not so:
            yield
            return
        self._waited_for += 1
        self._waited_at = time.monotonic()
        self._nobody_waits.clear()
        try:
            yield
        finally:
            self._waited_for -= 1
            if not self._waited_for:
                self._nobody_waits.set()

    def work(self, *, bulk: bool) -> Stretch:
        """For a stretch of work: `async with turns.work(bulk=True) as stretch`, and `await stretch.breathe()` in it."""
        return Stretch(self, bulk)

    async def step(self) -> None:
        """Return in a turn in which no other bulk work is done."""
        await self.next_slice()
        self.end_slice()

    def end_slice(self) -> None:
        """Who waits for longest is next."""
        self._bulk.release()

    def _lately_somebody_waited(self) -> bool:
        return time.monotonic() - self._waited_at < _AT_WORK

    async def next_slice(self) -> None:
        """Return when it is our turn; `end_slice` then lets the next one do its part."""
        await self._bulk.acquire()
        try:
            await asyncio.sleep(_REST if self._lately_somebody_waited() else 0)
            if self._waited_for:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(_LONGEST_WAIT):
                        await self._nobody_waits.wait()
        except BaseException:
            self._bulk.release()
            raise


class Stretch:
    """A stretch of work. Bulk work waits its turn for each slice; other work only lets others in between."""

    def __init__(self, turns: Turns, bulk: bool) -> None:
        self._turns = turns
        self._bulk = bulk
        self._ours = False  # the slice
        self._began = time.perf_counter()

    async def __aenter__(self) -> Stretch:
        if self._bulk:
            await self._begin()
        return self

    async def __aexit__(self, *_: object) -> None:
        self._end()

    async def breathe(self) -> None:
        """Go on at once, or in a later turn if this slice has lasted long enough."""
        if time.perf_counter() - self._began >= _SLICE:
            self._end()
            await self._begin()

    async def _begin(self) -> None:
        if self._bulk:
            await self._turns.next_slice()
            self._ours = True
        else:
            await asyncio.sleep(0)
        self._began = time.perf_counter()

    def _end(self) -> None:
        if self._ours:
            self._ours = False
            self._turns.end_slice()
