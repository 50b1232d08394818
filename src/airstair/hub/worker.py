"""The worker process: one dispatcher, one postman and the jobs, started again whenever the database was away."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass

import psycopg
from django.db import Error as DjangoDatabaseError
from procrastinate.exceptions import ConnectorException

from airstair.hub.engine.dispatcher import Dispatcher, database_address
from airstair.hub.jobs import run_jobs
from airstair.hub.webhooks.engine.postman import Postman
from airstair.hub.worker_port import worker_port
from airstair.kernel.clock import Clock
from airstair.kernel.scope import all_operators

log = logging.getLogger(__name__)

_AGAIN_AFTER = 1.0  # seconds before a part that lost the database is started again


def work(
    on_ready: Callable[[], None] = lambda: None, *, clock: Clock | None = None, port: tuple[str, int] | None = None
) -> None:
    """Serve until SIGTERM or SIGINT; calls under way are ended and written down first.

    `on_ready` is called when the connections that fall to this worker are held for the first time. Deliveries go by
    `clock`, the machine's unless another is given. `port`: address and port for probes and metrics; none without.
    Raises `CannotListen`.
    """
    # Schedules are read by the ten thousand rows, without a cycle among them: looking for some takes longer than the
    # reading. What is loaded by now stays for good.
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
    # Threads read schedules beside the deliveries. A delivery that is ready waits for them no longer than this.
    sys.setswitchinterval(0.0001)
    with all_operators():
        asyncio.run(_work(on_ready, clock, port))


async def _work(on_ready: Callable[[], None], clock: Clock | None, port: tuple[str, int] | None) -> None:
    stop, at_work = asyncio.Event(), AtWork()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with contextlib.AsyncExitStack() as opened:
        if port is not None:
            address = await opened.enter_async_context(worker_port(*port, lambda: at_work.dispatcher))
            log.info("Probes and metrics are at %s.", address)
        await asyncio.gather(_dispatch(stop, at_work, on_ready, clock), _webhooks(stop, clock), _jobs(stop))


@dataclass(slots=True)
class AtWork:
    """The dispatcher that serves now; none while one is about to be started."""

    dispatcher: Dispatcher | None = None


async def _dispatch(stop: asyncio.Event, at_work: AtWork, on_ready: Callable[[], None], clock: Clock | None) -> None:
    told = asyncio.Event()

    async def tell(serving: Dispatcher) -> None:
        await serving.ready()
        if not told.is_set():
            told.set()
            on_ready()

    while not stop.is_set():
        serving = at_work.dispatcher = Dispatcher(database_address(), clock=clock)
        dispatcher = asyncio.create_task(serving.run())
        others = [asyncio.create_task(tell(serving)), asyncio.create_task(stop.wait())]
        await asyncio.wait({dispatcher, others[1]}, return_when=asyncio.FIRST_COMPLETED)
        for other in others:
            other.cancel()
        if stop.is_set():
            dispatcher.cancel()
        ended = (await asyncio.gather(dispatcher, return_exceptions=True))[0]
        at_work.dispatcher = None
        if stop.is_set() or isinstance(ended, asyncio.CancelledError):
            return
        _complain("dispatcher", ended)
        await asyncio.sleep(_AGAIN_AFTER)


async def _webhooks(stop: asyncio.Event, clock: Clock | None) -> None:
    while not stop.is_set():
        postman = asyncio.create_task(Postman(database_address(), clock=clock).run())
        stopping = asyncio.create_task(stop.wait())
        await asyncio.wait({postman, stopping}, return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        if stop.is_set():
            postman.cancel()
        ended = (await asyncio.gather(postman, return_exceptions=True))[0]
        if stop.is_set() or isinstance(ended, asyncio.CancelledError):
            return
        _complain("postman", ended)
        await asyncio.sleep(_AGAIN_AFTER)


async def _jobs(stop: asyncio.Event) -> None:
    while not stop.is_set():
        ended: BaseException | None = None
        try:
            await run_jobs(stop)
        except Exception as problem:  # noqa: BLE001 - whatever ended the jobs must not end the deliveries
            ended = problem
        if not stop.is_set():
            _complain("jobs", ended)
            await asyncio.sleep(_AGAIN_AFTER)


_LOST = (psycopg.Error, DjangoDatabaseError, ConnectorException, OSError)


def _complain(part: str, problem: BaseException | None) -> None:
    lost = problem.exceptions[0] if isinstance(problem, BaseExceptionGroup) else problem
    if isinstance(lost, _LOST):
        log.warning("The %s lost the database (%s). Trying again.", part, lost)
    else:
        log.error("The %s stopped: %s. Starting it again.", part, type(lost).__name__, exc_info=lost)
