"""Which connections need a closer look, found by two statements over all operators, however many there are.

Almost every connection keeps its promises almost always, and a partner that is away may break those of every operator
for hours. So the database sorts out both: what is well and has no open notice, and what is certainly as bad as its
open notices say. The rest is judged by the rules of `promises.py`, one by one. Reads only.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from django.db import connection as database

from airstair.hub.connections.queries import typed_settings
from airstair.hub.connections.secrets import SecretsUnreadable
from airstair.hub.contract import Addon
from airstair.hub.flows import Every
from airstair.hub.models import Connection
from airstair.hub.promises import FAILING_AFTER, LATE_AFTER
from airstair.hub.registry import addons
from airstair.kernel.errors import Invalid
from airstair.kernel.outcome import OutcomeKind, WhoActs

FAILING, LATE, WAITING = "failing", "late", "waiting"  # the kinds of notices; the last is for ops too

_UNDELIVERED = [kind.value for kind in OutcomeKind if not kind.delivered]
_FOR_ADMINS = [kind.value for kind in OutcomeKind if kind.who_acts is WhoActs.ADMIN]

# Each row: a kind of notice that a connection has open, that it certainly deserves, or that it may deserve. What units
# and messages say is certain: the same rules as in `promises.py`, for the aircraft that are sent through it now. What
# is fetched, and changes that are not read yet, only may be: `traffic.py` and `serving.py` know.
_TROUBLES = """
WITH flow AS (
    SELECT * FROM unnest(%(addons)s::text[], %(flows)s::text[], %(does)s::text[], %(backs)s::interval[])
             AS f(addon, flow, does, back)
), serving AS (
    SELECT operator_id, id, addon, all_aircraft FROM hub_connection
     WHERE "on" AND addon IN (SELECT addon FROM flow)
), bad AS MATERIALIZED (  -- alone and first: one pass over the ledger finds little
    SELECT operator_id, connection_id, flow,
           CASE WHEN unit LIKE 'aircraft:%%' OR unit LIKE 'counters:%%' THEN substr(unit, 10)::bigint END AS aircraft,
           CASE WHEN unit LIKE 'flight:%%' THEN substr(unit, 8)::bigint END AS flight, question IS NOT NULL AS asks,
           coalesce(next_due < %(overdue)s, false) AS due,
           outcome = ANY(%(undelivered)s) AND (outcome = ANY(%(for_admins)s) OR tries >= %(tries)s) AS failing
      FROM hub_ledger
     WHERE next_due < %(overdue)s OR outcome = ANY(%(undelivered)s) OR question IS NOT NULL
), sent AS (
    SELECT c.operator_id, c.id, bool_or(b.failing) AS failing, bool_or(b.due AND f.does = 'every') AS late,
           bool_or(b.asks) AS asks
      FROM bad b
      JOIN serving c ON (c.operator_id, c.id) = (b.operator_id, b.connection_id)
      JOIN flow f ON (f.addon, f.flow) = (c.addon, b.flow) AND f.does IN ('every', 'change')
      LEFT JOIN flights_flight l
             ON (l.operator_id, l.id) = (b.operator_id, b.flight) AND l.std >= %(now)s::timestamptz - f.back
      LEFT JOIN fleet_aircraft a ON a.active AND (a.operator_id, a.id) = (b.operator_id, b.aircraft)
      LEFT JOIN hub_ticked_aircraft t ON (t.operator_id, t.addon, t.aircraft_id) = (c.operator_id, c.addon, a.id)
     WHERE l.id IS NOT NULL
        OR a.id IS NOT NULL AND (t.connection_id = c.id OR (c.all_aircraft AND t.connection_id IS NULL))
     GROUP BY c.operator_id, c.id
), old AS MATERIALIZED (  -- the latest transaction whose changes, where nobody has read them yet, are late
    SELECT xid FROM changes_change WHERE at < %(overdue)s ORDER BY xid DESC LIMIT 1
)
SELECT n.operator_id, n.connection_id, n.kind, 'open' FROM hub_notice n
  JOIN hub_connection c ON (c.operator_id, c.id) = (n.operator_id, n.connection_id) AND c.addon = ANY(%(installed)s)
 WHERE n.closed_at IS NULL
UNION ALL SELECT operator_id, id, 'failing', 'sure' FROM sent WHERE failing
UNION ALL SELECT operator_id, id, 'late', 'sure' FROM sent WHERE late
UNION ALL SELECT operator_id, id, 'waiting', 'sure' FROM sent WHERE asks
UNION ALL
SELECT DISTINCT c.operator_id, c.id, 'waiting', 'sure'
  FROM hub_message m JOIN serving c ON (c.operator_id, c.id) = (m.operator_id, m.connection_id)
 WHERE (m.state IN ('doubtful', 'refused') OR m.wanted_again_at IS NOT NULL)
   AND c.addon IN (SELECT addon FROM flow WHERE does = 'post')
UNION ALL
SELECT c.operator_id, c.id, CASE WHEN p.failures > 0 THEN 'failing' ELSE 'late' END, 'maybe'
  FROM serving c JOIN flow f ON f.addon = c.addon AND f.does = 'pull'
  JOIN hub_pull p ON (p.operator_id, p.connection_id, p.flow) = (c.operator_id, c.id, f.flow)
 WHERE p.failures > 0 OR (p.next_due < %(overdue)s AND p.run_id IS NULL)
UNION ALL
SELECT c.operator_id, c.id, 'late', 'maybe'
  FROM old CROSS JOIN serving c
  JOIN hub_cursor k ON (k.operator_id, k.connection_id) = (c.operator_id, c.id)
 WHERE c.addon IN (SELECT addon FROM flow WHERE does = 'change')
   AND pg_snapshot_xmin(k.snapshot::pg_snapshot) <= old.xid
   AND EXISTS (SELECT FROM changes_change ch
                WHERE ch.operator_id = c.operator_id AND ch.at < %(overdue)s
                  AND ch.xid >= pg_snapshot_xmin(k.snapshot::pg_snapshot) AND ch.xid <= old.xid
                  AND NOT pg_visible_in_snapshot(ch.xid, k.snapshot::pg_snapshot))
"""


def to_look_at(now: datetime) -> dict[int, set[int]]:
    """Operator → connections with a notice to open or close, perhaps. Two SQL statements, however many connections."""
    said: dict[tuple[int, int], set[tuple[str, str]]] = defaultdict(set)
    for operator_id, connection_id, kind, how in (*_troubles(now), *_unusable()):
        said[operator_id, connection_id].add((kind, how))
    found: dict[int, set[int]] = {}
    for (operator_id, connection_id), facts in sorted(said.items()):
        if not _is_settled(facts):
            found.setdefault(operator_id, set()).add(connection_id)
    return found


def _is_settled(facts: set[tuple[str, str]]) -> bool:
    """Whether the open notices certainly are what they should be. While it fails, being late goes without saying."""
    bad = {kind for kind in (FAILING, LATE, WAITING) if {(kind, "open"), (kind, "sure")} <= facts}
    well = {FAILING, LATE, WAITING} - {kind for kind, _ in facts}
    return bad | well >= {FAILING, WAITING} and (FAILING in bad or LATE in bad | well)


def _troubles(now: datetime) -> list[tuple[int, int, str, str]]:
    flows = [flow for one in addons().values() for flow in _flows(one)]
    names, keys, does, backs = (list(column) for column in zip(*flows, strict=True)) if flows else ([], [], [], [])
    values: dict[str, Any] = {
        "installed": list(addons()),
        "addons": names,
        "flows": keys,
        "does": does,
        "backs": backs,
        "now": now,
        "overdue": now - LATE_AFTER,
        "undelivered": _UNDELIVERED,
        "for_admins": _FOR_ADMINS,
        "tries": FAILING_AFTER,
    }
    with database.cursor() as cursor:
        cursor.execute(_TROUBLES, values)
        found: list[tuple[int, int, str, str]] = cursor.fetchall()
    return found


def _flows(one: Addon) -> Iterator[tuple[str, str, str, timedelta]]:
    """Each flow: of which add-on, its key, what it does, and how far back what it mirrors counts."""
    for mirror in one.mirrors:
        does = "every" if isinstance(mirror.trigger, Every) else "change"
        yield one.key, mirror.key, does, mirror.horizon.back
    yield from ((one.key, post.key, "post", post.horizon.back) for post in one.posts)
    yield from ((one.key, pull.key, "pull", timedelta(0)) for pull in one.pulls)


def _unusable() -> Iterator[tuple[int, int, str, str]]:
    """Those whose stored settings cannot be used: only the add-on and the installation's key can say so."""
    installed = addons()
    rows = Connection.objects.filter(on=True, addon__in=list(installed))
    for operator_id, id_, key, stored, sealed in rows.values_list("operator_id", "id", "addon", "settings", "secrets"):
        try:
            typed_settings(installed[key], operator_id, stored, sealed)
        except (SecretsUnreadable, Invalid):
            yield operator_id, id_, FAILING, "sure"
