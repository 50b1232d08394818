"""The worker process: one dispatcher and the jobs, started again whenever the database was away."""

from __future__ import annotations

import asyncio
import gc
import logging
import signal
from collections.abc import Callable

import psycopg
from django.db import Error as DjangoDatabaseError
from procrastinate.exceptions import ConnectorException

from airstair.hub.engine.dispatcher import Dispatcher, database_address
from airstair.hub.jobs import run_jobs

log = logging.getLogger(__name__)

_AGAIN_AFTER = 1.0  # seconds before a part that lost the database is started again


def work(on_ready: Callable[[], None] = lambda: None) -> None:
    """Serve until SIGTERM or SIGINT; calls under way are ended and written down first.

    `on_ready` is called when the connections that fall to this worker are held for the first time.
    """
    # Schedules are read by the ten thousand rows, without a cycle among them: looking for some takes longer than the
    # reading. What is loaded by now stays for good.
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
    asyncio.run(_work(on_ready))


async def _work(on_ready: Callable[[], None]) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    await asyncio.gather(_dispatch(stop, on_ready), _jobs(stop))


async def _dispatch(stop: asyncio.Event, on_ready: Callable[[], None]) -> None:
    told = asyncio.Event()

    async def tell(serving: Dispatcher) -> None:
        await serving.ready()
        if not told.is_set():
            told.set()
            on_ready()

    while not stop.is_set():
        serving = Dispatcher(database_address())
        dispatcher = asyncio.create_task(serving.run())
        others = [asyncio.create_task(tell(serving)), asyncio.create_task(stop.wait())]
        await asyncio.wait({dispatcher, others[1]}, return_when=asyncio.FIRST_COMPLETED)
        for other in others:
            other.cancel()
        if stop.is_set():
            dispatcher.cancel()
        ended = (await asyncio.gather(dispatcher, return_exceptions=True))[0]
        if stop.is_set() or isinstance(ended, asyncio.CancelledError):
            return
        _complain("dispatcher", ended)
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
        log.error("The %s stopped: %r. Starting it again.", part, lost, exc_info=lost)
