"""What lanes share that work in tasks and threads: running Django's code in a thread, saying why a task ended."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import Executor
from typing import Any, TypeVar

import psycopg
from django.db import connection

from airstair.kernel.scope import operator_scope

log = logging.getLogger(__name__)

T = TypeVar("T")


async def in_thread(executor: Executor, operator_id: int, function: Callable[..., T], *args: Any) -> T:
    """Run it for the operator in one of the threads, and give the thread's database connection back to the pool."""

    def and_close() -> T:
        try:
            with operator_scope(operator_id):
                return function(*args)
        finally:
            connection.close()

    return await asyncio.get_running_loop().run_in_executor(executor, and_close)


def say_why_it_ended(task: asyncio.Task[None]) -> None:
    """For tasks that nobody awaits. That the database was lost, the dispatcher says itself."""
    if task.cancelled() or (problem := task.exception()) is None or isinstance(problem, psycopg.Error):
        return
    log.error("Sending stopped: %r. It goes on with the next change, or the next round.", problem, exc_info=problem)
