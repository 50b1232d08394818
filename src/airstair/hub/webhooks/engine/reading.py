"""From the change log to deliveries: each change once for every subscription that is to hear of it.

The rows and the cursor behind them are written in one transaction, so that whatever ends in the middle leaves both or
neither. One worker does it at a time; the row of the cursor is the lock. Only names of what changed leave the log.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

import msgspec
from django.db import connection, transaction

from airstair.changes.cursor import NEW, NOW
from airstair.changes.keys import next_ids
from airstair.hub.webhooks.kinds import Heeding, kind_of
from airstair.hub.webhooks.models import Delivery, Subscription
from airstair.hub.webhooks.rules import Event, Owner, Topic, ids_of
from airstair.kernel.scope import operator_scope
from airstair.records.access.callers import standing_callers
from airstair.records.access.snapshots import Caller

# From the beginning of the log: each subscription knows from where on it hears, and there may be one already.
_BEGIN = "INSERT INTO webhook_cursor (id, snapshot) VALUES (1, '3:3:') ON CONFLICT (id) DO NOTHING"
_LOCK = "SELECT snapshot FROM webhook_cursor WHERE id = 1 FOR UPDATE"
_SAVE = "UPDATE webhook_cursor SET snapshot = %s WHERE id = 1"
# A reading that finds nothing costs no write; but not for ever, or each would look through all that came since.
_MOVE_ON = 1000
# What is new, for operators who have somebody to tell; each change with the subscriptions that it came after. One
# statement, so that rows and snapshot are of the same instant.
_READ = f"""
WITH {NOW}
SELECT this.snapshot::text, new.*
  FROM this
  LEFT JOIN LATERAL (
       SELECT one.operator_id, one.seq, one.at, one.kind, one.title, one.actor_kind, one.subject_kind, one.subject_id,
              one.units, ARRAY(SELECT jsonb_object_keys(one.before)) AS before,
              ARRAY(SELECT jsonb_object_keys(one.after)) AS after, one.actor_key, who.subscriptions
       {NEW}
        CROSS JOIN LATERAL (
              SELECT array_agg(s.id) AS subscriptions FROM webhook_subscription s
               WHERE s.operator_id = one.operator_id AND s.ended_at IS NULL
                 AND NOT pg_visible_in_snapshot(one.xid, s.since::pg_snapshot)) who
        WHERE who.subscriptions IS NOT NULL
  ) new ON true
 ORDER BY new.seq
"""  # noqa: S608 - texts of our own
_FIELDS = [name for name in Event.__struct_fields__ if name != "submitted"]
_SUBMITTED = """
SELECT application_id, flight_id FROM checklist_module
 WHERE operator_id = %s AND flight_id = ANY(%s) AND submission > 0
"""


def anybody() -> bool:
    """Whether anybody at all is to hear of anything. While nobody is, nothing is read and nothing written."""
    return Subscription.objects.filter(ended_at=None).exists()


def read_changes(now: datetime) -> int:
    """Make deliveries of what is new in the log, due at `now`; answers how many. For all operators alike."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(_BEGIN)
            cursor.execute(_LOCK)
            (cursor_before,) = cursor.fetchone()
            cursor.execute(_READ, {"cursor": cursor_before})
            found = cursor.fetchall()
        rows = [row[1:] for row in found if row[1] is not None]
        made = 0
        for operator_id in sorted({row[0] for row in rows}):
            with operator_scope(operator_id):
                made += _deliveries(operator_id, [row for row in rows if row[0] == operator_id], now)
        reached = found[0][0]
        if rows or _end(reached) - _end(cursor_before) > _MOVE_ON:
            with connection.cursor() as cursor:
                cursor.execute(_SAVE, [reached])
    return made


def _deliveries(operator_id: int, rows: Iterable[tuple[Any, ...]], now: datetime) -> int:
    callers = standing_callers(operator_id)
    heeding = {one.id: one for one in Subscription.objects.filter(operator_id=operator_id, ended_at=None)}
    wanted = []
    rows = list(rows)
    events = [_event(row) for row in rows]
    if any(Topic.SUPPORT.value in one.hears for one in heeding.values()):
        events = _with_submitted(operator_id, events)
    for row, event in zip(rows, events, strict=True):
        for subscription_id in sorted(row[-1]):
            subscription = heeding.get(subscription_id)
            caller = callers.get((subscription.key_id, subscription.grant_id)) if subscription else None
            if subscription is not None and caller is not None:
                wanted.append((subscription, caller, event))
    made = list(_heard(wanted, now))
    for delivery, id_ in zip(made, next_ids(len(made)) if made else (), strict=True):
        delivery[0].id = id_
        written = delivery[1]
        delivery[0].body = written(id_) if written is not None else None
    # What was told already stays as it is: after a restore of the database the log may look new once more.
    Delivery.objects.bulk_create([delivery for delivery, _ in made], batch_size=500, ignore_conflicts=True)
    return len(made)


def _with_submitted(operator_id: int, events: list[Event]) -> list[Event]:
    """Each with the flights that applications were asked about. One statement."""
    flights = {one.seq: frozenset(ids_of("flight", one.units)) for one in events}
    to: dict[int, set[int]] = {}
    with connection.cursor() as cursor:
        cursor.execute(_SUBMITTED, [operator_id, sorted(frozenset().union(*flights.values()))])
        for application_id, flight_id in cursor.fetchall():
            to.setdefault(application_id, set()).add(flight_id)
    return [
        msgspec.structs.replace(
            one, submitted={key: theirs for key, all_ in to.items() if (theirs := flights[one.seq] & all_)}
        )
        for one in events
    ]


def _heard(wanted: Iterable[tuple[Subscription, Caller, Event]], now: datetime) -> Iterator[tuple[Delivery, Any]]:
    """Each delivery to be made, and what writes its body once its id is known."""
    for subscription, caller, event in wanted:
        kind, to = kind_of(subscription.kind), heeding_of(subscription)
        heard = kind.hear(to, event, caller)
        if heard is None:
            continue
        write = kind.written
        yield (
            Delivery(
                operator_id=event.operator_id, subscription_id=subscription.id, seq=event.seq, line=event.line,
                event=event.kind, title=event.title, at=event.at, units=list(event.units), needs=sorted(heard.needs),
                heard=list(heard.topics), next_at=now,
            ),
            None if write is None else _writer(write, to, event, heard, caller),
        )  # fmt: skip


def _writer(write: Any, to: Heeding, event: Event, heard: Any, caller: Caller) -> Any:
    return lambda id_: write(to, event, heard, caller, id_)


def _event(row: tuple[Any, ...]) -> Event:
    values = dict(zip(_FIELDS, row, strict=False))
    return Event(**{**values, "units": tuple(row[8]), "before": tuple(sorted(row[9])), "after": tuple(sorted(row[10]))})


def heeding_of(subscription: Subscription, secret: str = "") -> Heeding:
    return Heeding(
        operator_id=subscription.operator_id,
        id=subscription.id,
        url=subscription.url,
        hears=tuple(subscription.hears),
        more=subscription.more,
        owner=Owner(key_id=subscription.key_id, grant_id=subscription.grant_id),
        secret=secret,
    )


def _end(snapshot: str) -> int:
    return int(snapshot.split(":")[1])
