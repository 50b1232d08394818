"""How things stand by the database, of all operators together: what the pages' `/metrics` tells besides requests.

Counts and ages by partner. Never an operator, a person or an aircraft.
"""

from __future__ import annotations

from collections.abc import Iterator

from django.db import DatabaseError
from django.db import connection as database
from prometheus_client.core import GaugeMetricFamily, Metric

from airstair.hub.registry import addons
from airstair.hub.serving import Serving, serving
from airstair.kernel.scope import all_operators

# What was asked for waits since then, what failed since its latest call, a clock's call since it was due.
_OLDEST = """
SELECT c.addon, GREATEST(0, extract(epoch FROM now() - min(
         CASE WHEN l.asked_at IS NOT NULL THEN l.asked_at WHEN l.tries > 0 THEN l.last_attempt
              ELSE l.next_due END)))::float8
  FROM hub_ledger l JOIN hub_connection c ON (c.operator_id, c.id) = (l.operator_id, l.connection_id) AND c."on"
 GROUP BY c.addon
"""
_NOTICES = """
SELECT c.addon, n.kind, count(*)
  FROM hub_notice n JOIN hub_connection c ON (c.operator_id, c.id) = (n.operator_id, n.connection_id)
 WHERE n.closed_at IS NULL GROUP BY c.addon, n.kind
"""
_ON = 'SELECT addon, array_agg(id) FROM hub_connection WHERE "on" GROUP BY addon'


def levels() -> Iterator[Metric]:
    """The gauges. Without a database there is one: that it cannot be reached. Four SQL statements."""
    up = GaugeMetricFamily("airstair_database_up", "Whether the database answers.", value=1)
    try:
        with all_operators(), database.cursor() as cursor:
            cursor.execute(_OLDEST)
            oldest = cursor.fetchall()
            cursor.execute(_NOTICES)
            notices = cursor.fetchall()
            cursor.execute(_ON)
            on = cursor.fetchall()
            served = serving()
    except DatabaseError:
        yield GaugeMetricFamily("airstair_database_up", up.documentation, value=0)
        return
    installed = addons()
    yield up
    yield GaugeMetricFamily("airstair_workers", "Workers alive.", value=len(served.workers))
    yield from _connections([(key, ids) for key, ids in on if key in installed], served)
    waiting = GaugeMetricFamily(
        "airstair_ledger_oldest_waiting_seconds", "How long the oldest thing waits, by the ledger.", labels=["partner"]
    )
    for partner, seconds in sorted(oldest):
        waiting.add_metric([partner], seconds or 0.0)
    yield waiting
    opened = GaugeMetricFamily("airstair_notices_open", "Connections that need somebody.", labels=["partner", "kind"])
    for partner, kind, count in sorted(notices):
        opened.add_metric([partner, kind], count)
    yield opened


def _connections(on: list[tuple[str, list[int]]], served: Serving) -> Iterator[Metric]:
    switched = GaugeMetricFamily("airstair_connections_on", "Connections that are switched on.", labels=["partner"])
    unserved = GaugeMetricFamily(
        "airstair_connections_unserved", "Those of them that no worker serves now.", labels=["partner"]
    )
    for partner, ids in sorted(on):
        switched.add_metric([partner], len(ids))
        unserved.add_metric([partner], sum(served.worker_of(id_) is None for id_ in ids))
    yield from (switched, unserved)
