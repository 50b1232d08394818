"""Putting a task for every partner into a peer's queue, in the editor's process, right after an edit's commit."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable

import msgspec

Enqueue = Callable[[int, int, int], None]  # operator id, aircraft id, the edit's number


def enqueuer(peer: str, partners: int) -> Enqueue:
    """`peer`: celery or pgqueuer. Connects now, so that connecting is no part of the first edit."""
    return {"celery": _celery, "pgqueuer": _pgqueuer}[peer](partners)


def _celery(partners: int) -> Enqueue:
    from benchmarks.peers.celery_app import app, deliver

    connection = app.connection_for_write()
    connection.connect()
    producer = app.amqp.Producer(connection)  # one for all: opening a channel for each task costs more

    def put(operator_id: int, aircraft: int, number: int) -> None:
        for partner in range(partners):
            deliver.apply_async((operator_id, partner, aircraft, number), producer=producer)

    return put


def _pgqueuer(partners: int) -> Enqueue:
    import asyncpg
    from pgqueuer.db import AsyncpgDriver
    from pgqueuer.queries import Queries

    from benchmarks.peers.pgqueuer_worker import ENTRYPOINT
    from benchmarks.peers.work import Delivery

    loop = asyncio.new_event_loop()
    database = loop.run_until_complete(asyncpg.connect(os.environ["AIRSTAIR_DATABASE_URL"]))
    queries = Queries(AsyncpgDriver(database))
    entrypoints, priorities = [ENTRYPOINT] * partners, [0] * partners

    def put(operator_id: int, aircraft: int, number: int) -> None:
        """All in one statement, its quickest way."""
        payloads = [
            msgspec.json.encode(Delivery(operator_id, partner, aircraft, number)) for partner in range(partners)
        ]
        loop.run_until_complete(queries.enqueue(entrypoints, payloads, priorities))

    return put
