"""What each task of a peer does, whichever queue it came through: read, make the document, and the ledger's line.

The reader and the document are the product's own, so that the peers send the very same bytes. The call itself is made
by each peer with a client that suits it.
"""

from __future__ import annotations

import hashlib
import os
from datetime import UTC, datetime
from typing import NamedTuple

import msgspec

LEDGER = """
CREATE TABLE IF NOT EXISTS peers_ledger (
    operator_id bigint, connection int, unit text, fingerprint bytea, outcome text, at timestamptz,
    PRIMARY KEY (operator_id, connection, unit))
"""
_LINE = """
INSERT INTO peers_ledger (operator_id, connection, unit, fingerprint, outcome, at)
VALUES ({}, {}, {}, {}, {}, now())
    ON CONFLICT (operator_id, connection, unit)
    DO UPDATE SET (fingerprint, outcome, at) = (EXCLUDED.fingerprint, EXCLUDED.outcome, EXCLUDED.at)
"""
NUMBERED_LINE = _LINE.format("$1", "$2", "$3", "$4", "$5")  # as asyncpg counts
LINE = _LINE.format("%s", "%s", "%s", "%s", "%s")

URL = "BENCH_URL"  # of the receiver
READY_MADE = "BENCH_READY_MADE"  # set: each aircraft is read once only, to see what the queue alone costs
_made: dict[int, bytes] = {}
HEADERS = {"Content-Type": "application/json"}


class Delivery(msgspec.Struct, frozen=True, array_like=True):
    """One task: bring one connection's copy of one aircraft up to date. `number`: of the edit."""

    operator_id: int
    connection: int
    aircraft: int
    number: int

    @property
    def url(self) -> str:
        from benchmarks import mirrors

        return f"{os.environ[URL]}/{mirrors.key(self.connection)}/aircraft:{self.aircraft}"


class Ready(NamedTuple):
    body: bytes
    fingerprint: bytes


def prepare(delivery: Delivery) -> Ready:
    """The document and its fingerprint."""
    if READY_MADE not in os.environ:
        body = _read(delivery)
    else:
        made = _made.get(delivery.aircraft)
        if made is None:
            made = _made[delivery.aircraft] = _read(delivery)
        body = b'{"stamp":%d%b' % (delivery.number, made[made.index(b",") :])
    return Ready(body, hashlib.blake2b(body, digest_size=16).digest())


def _read(delivery: Delivery) -> bytes:
    """Read the aircraft's schedule and make the document, as the product does for one aircraft."""
    from django.db import connection

    from airstair.kernel.scope import operator_scope
    from airstair.records.flights.schedules import aircraft_schedules
    from benchmarks import mirrors

    now = datetime.now(UTC)
    flow = mirrors.addon(delivery.connection).mirror(mirrors.FLOW)
    since = (now - flow.horizon.back).replace(hour=0, minute=0, second=0, microsecond=0)
    try:
        with operator_scope(delivery.operator_id):
            found = aircraft_schedules(delivery.operator_id, [delivery.aircraft], since=since)
    finally:
        connection.close()  # back to the pool, as the product's own threads do
    return mirrors.document(found[delivery.aircraft], mirrors.PartnerSettings(), now).body


def line(delivery: Delivery, ready: Ready, status: int) -> tuple[int, int, str, bytes, str]:
    """What the ledger gets."""
    outcome = "accepted" if status == 200 else "refused"
    return delivery.operator_id, delivery.connection, f"aircraft:{delivery.aircraft}", ready.fingerprint, outcome


def make_django_ready(pool: int) -> None:
    """`pool`: as many database connections as there are threads that read."""
    import django
    from django.conf import settings

    django.setup()
    settings.DATABASES["default"]["OPTIONS"]["pool"]["max_size"] = pool
