"""The worker process: one dispatcher and the jobs, started again whenever the database was away."""

from __future__ import annotations

import asyncio
import logging
import signal

import psycopg
from procrastinate.exceptions import ConnectorException

from airstair.hub.engine.dispatcher import Dispatcher, database_address
from airstair.hub.jobs import run_jobs

log = logging.getLogger(__name__)

_AGAIN_AFTER = 1.0  # seconds before a part that lost the database is started again


def work() -> None:
    """Serve until SIGTERM or SIGINT; calls under way are ended and written down first."""
    asyncio.run(_work())


async def _work() -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    await asyncio.gather(_dispatch(stop), _jobs(stop))


async def _dispatch(stop: asyncio.Event) -> None:
    while not stop.is_set():
        dispatcher = asyncio.create_task(Dispatcher(database_address()).run())
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
