"""The worker process: one dispatcher and the jobs, started again whenever the database was away."""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Callable

import psycopg
from procrastinate.exceptions import ConnectorException

from airstair.hub.engine.dispatcher import Dispatcher, database_address
from airstair.hub.jobs import run_jobs

log = logging.getLogger(__name__)

_AGAIN_AFTER = 1.0  # seconds before a part that lost the database is started again


def work(on_ready: Callable[[], None] = lambda: None) -> None:
    """Serve until SIGTERM or SIGINT; calls under way are ended and written down first.

    `on_ready` is called when the connections that fall to this worker are held for the first time.
    """
    asyncio.run(_work(on_ready))


async def _work(on_ready: Callable[[], None]) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    await asyncio.gather(_dispatch(stop, on_ready), _jobs(stop))


async def _dispatch(stop: asyncio.Event, on_ready: Callable[[], None]) -> None:
    told = False
    while not stop.is_set():
        serving = Dispatcher(database_address())
        dispatcher = asyncio.create_task(serving.run())
        if not told:
            told = True
            ready = asyncio.create_task(serving.ready())
            ready.add_done_callback(lambda task: None if task.cancelled() else on_ready())
        stopping = asyncio.create_task(stop.wait())
        await asyncio.wait({dispatcher, stopping}, return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        if stop.is_set():
            dispatcher.cancel()
        ended = (await asyncio.gather(dispatcher, return_exceptions=True))[0]
        if stop.is_set() or isinstance(ended, asyncio.CancelledError):
            return
        _complain("dispatcher", ended)
        await asyncio.sleep(_AGAIN_AFTER)


async def _jobs(stop: asyncio.Event) -> None:
    while not stop.is_set():
        try:
            await run_jobs(stop)
        except (psycopg.Error, ConnectorException, OSError) as lost:
            _complain("jobs", lost)
            await asyncio.sleep(_AGAIN_AFTER)


def _complain(part: str, problem: object) -> None:
    lost = problem.exceptions[0] if isinstance(problem, BaseExceptionGroup) else problem
    if isinstance(lost, psycopg.Error | ConnectorException | OSError):
        log.warning("The %s lost the database (%s). Trying again.", part, lost)
    else:
        log.error("The %s stopped: %r. Starting it again.", part, lost, exc_info=lost)  # type: ignore[arg-type]
