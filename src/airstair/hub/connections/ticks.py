"""Which aircraft go through which connection. Called by this folder's commands only, inside their transaction."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django.db import connection as database

from airstair.hub.models import Connection, TickedAircraft
from airstair.kernel.units import Unit, UnitKind


def ticks(row: Connection) -> list[int]:
    """The aircraft ticked for the connection one by one."""
    if row._state.adding:
        return []
    rows = TickedAircraft.objects.filter(operator_id=row.operator_id, connection_id=row.id)
    return sorted(rows.values_list("aircraft_id", flat=True))


def tick(row: Connection, aircraft: Sequence[int] | None) -> None:
    """Tick these and no others; `None`: all that have no connection of their own."""
    before = set(ticks(row))
    wanted = set(aircraft or ())
    row.all_aircraft = aircraft is None
    Connection.objects.filter(operator_id=row.operator_id, id=row.id).update(all_aircraft=row.all_aircraft)
    of_addon = TickedAircraft.objects.filter(operator_id=row.operator_id, addon=row.addon)
    of_addon.filter(connection_id=row.id).exclude(aircraft_id__in=wanted).delete()
    for aircraft_id in sorted(wanted - before):
        of_addon.update_or_create(
            operator_id=row.operator_id,
            addon=row.addon,
            aircraft_id=aircraft_id,
            defaults={"connection_id": row.id},
        )
    _forget_what_was_accepted(row, before ^ wanted)


def fall_back(row: Connection, default: Connection) -> None:
    """The connection goes; its aircraft fall back to the default one, and with them when the partner last got each."""
    aircraft = ticks(row)
    if not default.all_aircraft:
        mine = TickedAircraft.objects.filter(operator_id=row.operator_id, connection_id=row.id)
        mine.update(connection_id=default.id)
    with database.cursor() as cursor:
        for statement in (_HAND_OVER, *_HAND_OVER_MESSAGES):
            cursor.execute(statement, {"operator": row.operator_id, "from": row.id, "to": default.id})
    _forget_what_was_accepted(default, aircraft)


# When the partner last got each: the floor between two calls is the aircraft's, not the connection's.
_HAND_OVER = """
INSERT INTO hub_ledger AS was (operator_id, connection_id, flow, unit, title, remote_id, last_attempt, outcome,
                               messages, warnings, sent, tries)
SELECT operator_id, %(to)s, flow, unit, title, '', GREATEST(last_attempt, sending_since), '', '[]', '[]', 0, 0
  FROM hub_ledger
 WHERE (operator_id, connection_id) = (%(operator)s, %(from)s) AND GREATEST(last_attempt, sending_since) IS NOT NULL
    ON CONFLICT (operator_id, connection_id, flow, unit)
    DO UPDATE SET last_attempt = GREATEST(was.last_attempt, EXCLUDED.last_attempt)
"""

# And every message that cannot be taken back: through the default connection it must not go out a second time.
_HAND_OVER_MESSAGES = (
    """
    UPDATE hub_message
       SET state = CASE WHEN state = 'sending' THEN 'doubtful' WHEN NOT may_be_there THEN 'withdrawn'
                        WHEN outcome IN ('accepted', 'accepted_with_errors', 'unchanged') THEN 'delivered'
                        ELSE 'doubtful' END,
           outcome = CASE WHEN state = 'sending' THEN 'unknown' ELSE outcome END,
           may_be_there = may_be_there OR state = 'sending'
     WHERE (operator_id, connection_id) = (%(operator)s, %(from)s) AND state IN ('ready', 'sending')
    """,
    """
    UPDATE hub_message kept
       SET may_be_there = true, sent_at = gone.sent_at, sent_order = gone.sent_order,
           state = CASE WHEN kept.state IN ('ready', 'withdrawn', 'refused') THEN gone.state ELSE kept.state END
      FROM hub_message gone
     WHERE (gone.operator_id, gone.connection_id) = (%(operator)s, %(from)s) AND gone.may_be_there
       AND (kept.operator_id, kept.connection_id) = (%(operator)s, %(to)s) AND NOT kept.may_be_there
       AND (kept.flow, kept.unit, kept.identity) = (gone.flow, gone.unit, gone.identity) AND kept.state <> 'sending'
    """,
    """
    UPDATE hub_message gone SET connection_id = %(to)s
     WHERE (operator_id, connection_id) = (%(operator)s, %(from)s)
       AND NOT EXISTS (SELECT FROM hub_message kept
                        WHERE (kept.operator_id, kept.connection_id) = (%(operator)s, %(to)s)
                          AND (kept.flow, kept.unit, kept.identity) = (gone.flow, gone.unit, gone.identity))
    """,
)


def _forget_what_was_accepted(row: Connection, aircraft: Iterable[int]) -> None:
    """These change their connection: what was accepted through either says nothing of what the partner shows now.

    Flights are taken away and sent anew by the engine.
    """
    kinds = (UnitKind.AIRCRAFT, UnitKind.COUNTERS)
    units = [str(Unit(kind, id_)) for id_ in aircraft for kind in kinds]
    with database.cursor() as cursor:
        cursor.execute(
            "UPDATE hub_ledger l SET fingerprint = NULL FROM hub_connection c"
            " WHERE l.operator_id = %s AND l.unit = ANY(%s) AND l.fingerprint IS NOT NULL"
            " AND (c.operator_id, c.id) = (l.operator_id, l.connection_id) AND c.addon = %s",
            [row.operator_id, units, row.addon],
        )
