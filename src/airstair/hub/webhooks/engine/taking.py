"""Taking deliveries that may be made now, and writing down how they went. No call is made here.

Whoever calls this for a subscription holds its lock (`postman.py`): one worker at a time tells one subscription. A
delivery is written down as `sending` before its call goes out; whoever finds such rows when it takes the lock knows
that a worker died with them, and makes them again under the same id.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from django.db import connection, transaction
from django.db.models import Q

from airstair.hub.connections import secrets
from airstair.hub.webhooks import commands
from airstair.hub.webhooks.engine.reading import heeding_of
from airstair.hub.webhooks.kinds import Heeding, Kind, Told, kind_of
from airstair.hub.webhooks.models import Delivery, Subscription
from airstair.hub.webhooks.rules import (
    MOST_FALLS,
    MOST_REFUSALS,
    OPEN,
    Result,
    State,
    Verdict,
    covers,
    pause_after_refusal,
    pause_while_away,
)
from airstair.records.access.callers import standing_callers
from airstair.records.access.snapshots import Caller

log = logging.getLogger(__name__)

MOST_AT_ONCE = 8
LARGEST = 1_000_000  # bytes of a body: it is kept for two weeks, and there is one for every change
_NOBODY = "The key or application that it belonged to is no longer valid."
_SEALED = (
    "Its secret cannot be read with this installation's key. Start with the AIRSTAIR_SECRET_KEY that it was made"
    " under and resume it, or end it and make another."
)
_UNREADABLE = "What it belongs to may no longer read this."
BROKEN = "It could not be made. The fault is ours, and is in the log."
_NOTHING = "There is nothing to tell of it any more."
_TOO_LARGE = f"What the webhook selects has more than {LARGEST} bytes. Select less."

# Subscriptions that have something to be told, and when the first of it may be; null: a worker has it in hand, or had.
# Of each line only the first counts: what is behind it cannot be told before. Of whoever is away, that alone is asked.
DUE = """
SELECT s.operator_id, s.id, CASE WHEN s.next_at > %(now)s THEN s.next_at ELSE heads.at END,
       EXISTS (SELECT FROM webhook_delivery d WHERE (d.operator_id, d.subscription_id) = (s.operator_id, s.id)
                  AND d.state IN ('waiting', 'sending') AND d.state = 'sending')
  FROM webhook_subscription s, LATERAL (
       SELECT min(first.next_at) FILTER (WHERE first.state = 'waiting') AS at
         FROM (SELECT DISTINCT ON (d.line) d.state, d.next_at FROM webhook_delivery d
                WHERE (d.operator_id, d.subscription_id) = (s.operator_id, s.id) AND d.state IN ('waiting', 'sending')
                  AND (s.next_at IS NULL OR s.next_at <= %(now)s)
                ORDER BY d.line, d.id) first) heads
 WHERE s.ended_at IS NULL AND s.paused_at IS NULL
   AND EXISTS (SELECT FROM webhook_delivery d WHERE (d.operator_id, d.subscription_id) = (s.operator_id, s.id)
                  AND d.state IN ('waiting', 'sending'))
"""
# Of each line the first that is open, if it may be told now: so each line is told in order. Sorted rather than compared
# each with each, which takes minutes for ten thousand that have just been written.
_TAKE = """
UPDATE webhook_delivery taken SET state = 'sending', tries = tries + 1, tried_at = %(now)s
 WHERE (taken.operator_id, taken.id) IN (
       SELECT first.operator_id, first.id
         FROM (SELECT DISTINCT ON (d.line) d.operator_id, d.id, d.state, d.next_at FROM webhook_delivery d
                WHERE (d.operator_id, d.subscription_id) = (%(operator)s, %(subscription)s)
                  AND d.state IN ('waiting', 'sending')
                ORDER BY d.line, d.id) first
        WHERE first.state = 'waiting' AND first.next_at <= %(now)s
        ORDER BY first.next_at, first.id LIMIT %(limit)s)
RETURNING taken.id
"""


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """A call to be made."""

    delivery_id: int
    url: str
    headers: dict[str, str]
    body: bytes
    secret: str


class Due(msgspec.Struct, frozen=True, kw_only=True):
    """A subscription with something to be told. `at`: not before; `under_way`: somebody is, or was, telling it."""

    operator_id: int
    id: int
    at: datetime | None
    under_way: bool


class _TooLarge(Exception):
    """A body is more than one call should carry."""


def due(now: datetime) -> list[Due]:
    """Every subscription that has something to be told, of all operators. One statement."""
    with connection.cursor() as cursor:
        cursor.execute(DUE, {"now": now})
        return [Due(operator_id=row[0], id=row[1], at=row[2], under_way=row[3]) for row in cursor.fetchall()]


def put_back(operator_id: int, subscription_id: int, now: datetime) -> int:
    """What a worker was sending when it died waits again. To be called once the lock is held, before anything else."""
    left = Delivery.objects.filter(operator_id=operator_id, subscription_id=subscription_id, state=State.SENDING.value)
    return left.update(
        state=State.WAITING.value, next_at=now, said="A worker ended before the answer was written down."
    )


def take(operator_id: int, subscription_id: int, under_way: int, now: datetime) -> list[Call]:
    """The calls to be made now, beside those under way, each already written down as being made. None: none may be."""
    while True:
        with transaction.atomic():
            subscription = Subscription.objects.select_for_update(no_key=True).get(
                operator_id=operator_id, id=subscription_id
            )
            if subscription.ended_at is not None or subscription.paused_at is not None:
                return []
            if subscription.next_at is not None and subscription.next_at > now:
                return []
            caller = standing_callers(operator_id).get((subscription.key_id, subscription.grant_id))
            if caller is None:
                commands.end(operator_id, subscription_id, _NOBODY)
                return []
            secret = _secret(subscription, now)
            taken = [] if secret is None else _taken(subscription, under_way, now)
        if secret is None or not taken:
            return []
        calls = _calls(subscription, secret, caller, taken, now)
        if calls:
            return calls


def _secret(subscription: Subscription, now: datetime) -> str | None:
    """What calls are signed with; `None`, and the subscription waits, where it cannot be read."""
    try:
        return secrets.unseal(subscription.operator_id, subscription.secret).get(commands.SECRET, "")
    except secrets.SecretsUnreadable:
        mine = Subscription.objects.filter(operator_id=subscription.operator_id, id=subscription.id)
        mine.update(paused_at=now, paused_why=_SEALED)
        return None


def _taken(subscription: Subscription, under_way: int, now: datetime) -> list[Delivery]:
    # Whoever was not there is asked one thing first.
    limit = max(0, (1 if subscription.failures else MOST_AT_ONCE) - under_way)
    given: dict[str, Any] = {
        "operator": subscription.operator_id,
        "subscription": subscription.id,
        "now": now,
        "limit": limit,
    }
    with connection.cursor() as cursor:
        cursor.execute(_TAKE, given)
        ids = [row[0] for row in cursor.fetchall()]
    rows = Delivery.objects.filter(operator_id=subscription.operator_id, id__in=ids)
    return list(rows.order_by("id"))


def _calls(
    subscription: Subscription, secret: str, caller: Caller, taken: Sequence[Delivery], now: datetime
) -> list[Call]:
    """What of the deliveries can still be told; the others are skipped, and say why."""
    kind = kind_of(subscription.kind)
    to, made = heeding_of(subscription, secret), []
    for row in taken:
        told = Told(
            id=row.id, event=row.event, line=row.line, at=row.at, units=tuple(row.units), heard=tuple(row.heard)
        )
        try:
            body = _body(kind, to, told, row, caller)
        except _TooLarge:
            _finish(row, state=State.SKIPPED.value, said=_TOO_LARGE, ended_at=now)
            continue
        except Exception:  # what one subscription selects must not keep all others from being told
            log.exception("The body of webhook delivery %s could not be made.", row.id)
            broken = Result(delivery_id=row.id, verdict=Verdict.REFUSED, status=None, said=BROKEN, duration_ms=0.0)
            _settle_one(row, broken, now)
            continue
        if body is None:
            why = _NOTHING if covers(caller, row.units, row.needs) else _UNREADABLE
            _finish(row, state=State.SKIPPED.value, said=why, ended_at=now)
            continue
        headers = dict(kind.headers(to, told, body, now))
        made.append(Call(delivery_id=row.id, url=subscription.url, headers=headers, body=body, secret=secret))
    return made


def _body(kind: Kind, to: Heeding, told: Told, row: Delivery, caller: Caller) -> bytes | None:
    """What is sent: the same in every try, as long as its owner may read it."""
    if not covers(caller, row.units, row.needs):
        return None
    if row.body is not None:
        return bytes(row.body)
    body = kind.body(to, told, caller) if kind.body is not None else None
    if body is not None:
        if len(body) > LARGEST:
            raise _TooLarge
        Delivery.objects.filter(operator_id=row.operator_id, id=row.id).update(body=body)
    return body


def settle(operator_id: int, subscription_id: int, results: Sequence[Result], now: datetime) -> None:
    """Write down how calls went, and what follows: the next try, the next pause, or a person's turn."""
    with transaction.atomic():
        mine = Subscription.objects.filter(operator_id=operator_id, id=subscription_id)
        subscription = mine.select_for_update(no_key=True).get()
        rows = {row.id: row for row in Delivery.objects.filter(operator_id=operator_id, id__in=_ids(results))}
        for result in results:
            _settle_one(rows[result.delivery_id], result, now)
        away = [one for one in results if one.verdict is Verdict.AWAY]
        # A delivery at which a receiver falls over again and again says nothing about the others any more.
        away = [one for one in away if rows[one.delivery_id].tries <= MOST_FALLS]
        if any(one.verdict in (Verdict.TAKEN, Verdict.REFUSED) for one in results):
            mine.update(failures=0, failing_since=None, next_at=None)
            if subscription.failures:
                _follow(operator_id, subscription_id, now)
        elif away:
            failures = subscription.failures + 1
            wait = max([pause_while_away(failures), *(one.wait for one in away if one.wait is not None)])
            since = subscription.failing_since or now
            mine.update(failures=failures, failing_since=since, next_at=now + wait)
        if any(one.verdict is Verdict.TAKEN for one in results):
            mine.update(delivered_at=now)
        if any(one.verdict is Verdict.UNWANTED for one in results):
            why = "The receiver answered 410 Gone: it wants no more. Resume it when that has changed."
            mine.filter(paused_at=None).update(paused_at=now, paused_why=why)


def _follow(operator_id: int, subscription_id: int, now: datetime) -> None:
    """Somebody is there again: what found nobody needs wait no longer."""
    mine = Delivery.objects.filter(operator_id=operator_id, subscription_id=subscription_id)
    mine.filter(state=State.WAITING.value, refusals=0, tries__lte=MOST_FALLS, next_at__gt=now).update(next_at=now)


def _settle_one(row: Delivery, result: Result, now: datetime) -> None:
    values: dict[str, Any] = {"status": result.status, "said": result.said, "duration_ms": result.duration_ms}
    match result.verdict:
        case Verdict.TAKEN:
            values |= {"state": State.DELIVERED.value, "ended_at": now}
        case Verdict.REFUSED if row.refusals + 1 >= MOST_REFUSALS:
            values |= {"state": State.GIVEN_UP.value, "ended_at": now, "refusals": row.refusals + 1}
        case Verdict.REFUSED:
            again = now + pause_after_refusal(row.refusals + 1)
            values |= {"state": State.WAITING.value, "next_at": again, "refusals": row.refusals + 1}
        case Verdict.AWAY | Verdict.UNWANTED:
            wait = result.wait if result.wait is not None else pause_while_away(row.tries)
            values |= {"state": State.WAITING.value, "next_at": now + wait}
    _finish(row, **values)


def _finish(row: Delivery, **values: Any) -> None:
    # Not where it was ended meanwhile: an answer that comes late changes nothing of that, unless it was taken.
    rows = Delivery.objects.filter(operator_id=row.operator_id, id=row.id)
    if values.get("state") != State.DELIVERED.value:
        rows = rows.filter(~Q(state=State.SKIPPED.value))
    rows.update(**values)


def _ids(results: Sequence[Result]) -> list[int]:
    return [one.delivery_id for one in results]


def forget_old(before: datetime) -> int:
    """Remove deliveries that ended before that time, and subscriptions of which none is left. What waits, stays."""
    gone, _ = Delivery.objects.filter(ended_at__lt=before).exclude(state__in=OPEN).delete()
    ended = Subscription.objects.filter(ended_at__lt=before)
    with_some = Delivery.objects.values_list("subscription_id", flat=True)
    ended.exclude(id__in=with_some).delete()
    return gone
