"""One question to the database instead of many: what is asked for in one instant is fetched in one statement."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class Together(Generic[K, V]):
    """Collects the keys asked for while the event loop turns once, and fetches them together.

    A fetch begins after its requests were made, so that each sees at least what its caller has seen.
    """

    def __init__(self, fetch: Callable[[list[K]], Awaitable[Mapping[K, V]]], *, one_at_a_time: bool = False) -> None:
        """`one_at_a_time`: what is asked for during a fetch waits for the next one, instead of beginning its own."""
        self._fetch = fetch
        self._one_at_a_time = one_at_a_time
        self._asked: dict[K, asyncio.Future[V | None]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def get(self, keys: Iterable[K]) -> dict[K, V]:
        """What was found of the keys; those that are not there are absent. Raises what the fetch raises."""
        wanted = list(keys)
        loop = asyncio.get_running_loop()
        futures = []
        for key in wanted:
            if not self._asked and not (self._one_at_a_time and self._tasks):
                loop.call_soon(self._begin)
            future = self._asked.get(key)
            if future is None:
                future = self._asked[key] = loop.create_future()
            futures.append(future)
        answers = [await future for future in futures]
        return {key: answer for key, answer in zip(wanted, answers, strict=True) if answer is not None}

    def _begin(self) -> None:
        asked, self._asked = self._asked, {}
        task = asyncio.get_running_loop().create_task(self._answer(asked))
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if self._one_at_a_time and self._asked:
            self._begin()

    async def _answer(self, asked: dict[K, asyncio.Future[V | None]]) -> None:
        try:
            found = await self._fetch(list(asked))
        except BaseException as problem:  # noqa: BLE001 - handed to everyone who asked
            for future in asked.values():
                if not future.done():
                    future.set_exception(problem)
                    future.exception()  # whoever stopped waiting must not cause "never retrieved"
            return
        for key, future in asked.items():
            if not future.done():
                future.set_result(found.get(key))
