"""The peer with pgqueuer: one job for each change and connection, in one worker process on one asyncio loop.

As its documentation recommends: asyncpg with a pool, uvloop, jobs fetched in batches, its auxiliary tables unlogged.
The product's reader is not asynchronous, so it runs in threads, as in the product.
"""

from __future__ import annotations

import asyncio
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import aiohttp
import asyncpg
import msgspec
import uvloop
from pgqueuer import PgQueuer
from pgqueuer.db import AsyncpgPoolDriver
from pgqueuer.models import Job
from pgqueuer.queries import Queries

from benchmarks.peers.work import HEADERS, NUMBERED_LINE, Delivery, line, make_django_ready, prepare

HEARTBEAT = "BENCH_HEARTBEAT"  # seconds without a sign of life after which a job is given to somebody else
ENTRYPOINT = "deliver"
_DATABASE = "AIRSTAIR_DATABASE_URL"
_READERS = 4
_BATCH = 50
_AT_ONCE = 2 * _BATCH


async def work() -> None:
    async with (
        asyncpg.create_pool(os.environ[_DATABASE], min_size=4, max_size=8) as pool,
        aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0), cookie_jar=aiohttp.DummyCookieJar()) as http,
    ):
        queue = PgQueuer(AsyncpgPoolDriver(pool))
        loop, threads = asyncio.get_running_loop(), ThreadPoolExecutor(_READERS)

        @queue.entrypoint(ENTRYPOINT)
        async def deliver(job: Job) -> None:
            delivery = msgspec.json.decode(job.payload or b"", type=Delivery)
            ready = await loop.run_in_executor(threads, prepare, delivery)
            async with http.put(delivery.url, data=ready.body, headers=HEADERS) as answer:
                await answer.read()
            await pool.execute(NUMBERED_LINE, *line(delivery, ready, answer.status))

        print("peer is ready", flush=True)
        await queue.run(
            batch_size=_BATCH,
            max_concurrent_tasks=_AT_ONCE,
            heartbeat_timeout=timedelta(seconds=float(os.environ.get(HEARTBEAT) or 30)),
        )


async def install() -> None:
    """Make pgqueuer's tables, named by PGQUEUER_PREFIX."""
    async with asyncpg.create_pool(os.environ[_DATABASE], min_size=2, max_size=2) as pool:
        os.environ.setdefault("PGQUEUER_DURABILITY", "balanced")
        await Queries(AsyncpgPoolDriver(pool)).install()


if __name__ == "__main__":
    if sys.argv[1:] == ["install"]:
        asyncio.run(install())
        print("installed", flush=True)
    else:
        make_django_ready(_READERS + 1)
        uvloop.run(work())
