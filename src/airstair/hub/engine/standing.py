"""How a connection stands with its partner, and what all senders of a worker share: what a sender is given."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any

from airstair.hub.connections.queries import LiveConnection
from airstair.hub.engine.judging import CONNECTION_TROUBLE
from airstair.hub.engine.kept import Kept
from airstair.hub.engine.reading import Snapshots
from airstair.hub.engine.readings import Unread
from airstair.hub.engine.results import Claimed, Known, ToClaim
from airstair.hub.engine.saver import Saver
from airstair.hub.engine.store import Held, Store
from airstair.hub.engine.threads import say_why_it_ended
from airstair.hub.engine.turns import Turns
from airstair.hub.http import HttpPool
from airstair.hub.limits import Limits
from airstair.hub.together import Together
from airstair.kernel.clock import Clock
from airstair.kernel.outcome import Outcome

# Threads that write what is fetched. Few, so that pages of many pulls take turns and leave the database to the others.
_ABSORBING = 2

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Services:
    """What all senders of a worker share."""

    store: Store
    limits: Limits
    pool: HttpPool
    clock: Clock
    snapshots: Snapshots
    known: Together[tuple[int, int, str, str], Known]
    claims: Together[ToClaim, Claimed]
    kept: Kept
    unread: Together[int, Unread]  # by operator
    saver: Saver
    wake: Callable[[], None]  # something new is to be waited for, or done
    stir: Callable[[int], None]  # something happened to that connection
    turns: Turns
    absorbing: Executor = field(default_factory=lambda: ThreadPoolExecutor(_ABSORBING, thread_name_prefix="absorbing"))


class Standing:
    """A connection as its senders know it: how it is configured, whether it is closed, whether its partner is away."""

    def __init__(self, connection: LiveConnection, services: Services, held: Held) -> None:
        self.connection = connection
        self.services = services
        self.closed = False
        self.failures = held.failures  # calls in a row that found the partner in trouble
        self.paused_until = held.paused_until
        self._came_back = False

    def stir(self) -> None:
        """Something happened: what is to be done next, or when, may be other than it was."""
        self.services.stir(self.connection.id)

    def begin_task(
        self, work: Coroutine[Any, Any, None], among: set[asyncio.Task[None]] | None = None
    ) -> asyncio.Task[None]:
        """A task for the connection that nobody awaits. It is `among` those until it ends."""
        task = asyncio.get_running_loop().create_task(work)
        if among is not None:
            among.add(task)
        task.add_done_callback(partial(self._task_ended, among))
        return task

    def _task_ended(self, among: set[asyncio.Task[None]] | None, task: asyncio.Task[None]) -> None:
        if among is not None:
            among.discard(task)
        say_why_it_ended(task)
        self.stir()

    def paused(self, now: datetime) -> bool:
        return self.paused_until is not None and self.paused_until > now

    def pause(self, until: datetime) -> None:
        """Nobody calls before then."""
        self.paused_until = until if self.paused_until is None else max(until, self.paused_until)

    def heard(self, outcome: Outcome, at: datetime) -> None:
        """A call ended: count the partner's trouble, or its recovery."""
        if outcome.kind in CONNECTION_TROUBLE:
            self.failures += 1
            if self.failures == 1:
                log.info("The partner %s is in trouble: %s.", self.connection.addon.key, outcome.kind.value)
            return
        if self.failures:
            log.info("The partner %s is back, after %s calls.", self.connection.addon.key, self.failures)
            self.failures = 0
            self.paused_until = None
            self._came_back = True
            self.stir()
            self.services.wake()

    def came_back(self) -> bool:
        """Whether the partner has come back since this was last asked: what it missed is to be sent again."""
        came, self._came_back = self._came_back, False
        return came
