"""Reading subscriptions and their deliveries. Each reader says its number of statements."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec
from django.db.models import Count

from airstair.hub.webhooks.models import Delivery, Subscription
from airstair.hub.webhooks.rules import OPEN, Owner, State
from airstair.kernel.errors import NotFound
from airstair.records.access.callers import standing_callers


class SubscriptionFacts(msgspec.Struct, frozen=True, kw_only=True):
    """A subscription without its secret. `owner`: the key's or application's name; empty when it is good no more."""

    id: int
    operator_id: int
    kind: str
    label: str
    url: str
    hears: tuple[str, ...]
    more: dict[str, Any]
    key_id: int | None
    grant_id: int | None
    owner: str
    created_at: datetime
    created_by_name: str
    failures: int
    failing_since: datetime | None
    next_at: datetime | None
    delivered_at: datetime | None
    paused_at: datetime | None
    paused_why: str
    ended_at: datetime | None
    ended_why: str


class DeliveryFacts(msgspec.Struct, frozen=True, kw_only=True):
    """A delivery as the log shows it."""

    id: int
    subscription_id: int
    event: str
    title: str
    at: datetime
    line: str
    state: State
    tries: int
    next_at: datetime
    tried_at: datetime | None
    ended_at: datetime | None
    status: int | None
    duration_ms: float | None
    said: str
    body: str


_COPIED = [name for name in SubscriptionFacts.__struct_fields__ if name not in ("hears", "owner", "more")]
_OF_DELIVERY = [name for name in DeliveryFacts.__struct_fields__ if name not in ("body", "state")]


def facts_of(row: Subscription, owner: str) -> SubscriptionFacts:
    copied = {name: getattr(row, name) for name in _COPIED}
    return SubscriptionFacts(**copied, hears=tuple(row.hears), owner=owner, more=dict(row.more))


def subscriptions(operator_id: int, *, owner: Owner | None = None, kind: str = "") -> list[SubscriptionFacts]:
    """Those of the operator, or of one owner; that hear of changes first, then the ended ones. Four statements."""
    rows = Subscription.objects.filter(operator_id=operator_id)
    if owner is not None:
        rows = rows.filter(key_id=owner.key_id, grant_id=owner.grant_id)
    if kind:
        rows = rows.filter(kind=kind)
    good = standing_callers(operator_id)
    found = [facts_of(row, _name(good, row)) for row in rows]
    return sorted(found, key=lambda one: (one.ended_at is not None, one.label.lower(), one.id))


def subscription(operator_id: int, subscription_id: int, *, owner: Owner | None = None) -> SubscriptionFacts:
    """One. Raises `NotFound`. Four statements."""
    rows = Subscription.objects.filter(operator_id=operator_id, id=subscription_id)
    if owner is not None:
        rows = rows.filter(key_id=owner.key_id, grant_id=owner.grant_id)
    row = rows.first()
    if row is None:
        raise NotFound("This webhook")
    return facts_of(row, _name(standing_callers(operator_id), row))


def deliveries(
    operator_id: int, subscription_id: int, *, state: str = "", before_id: int | None = None, limit: int = 100
) -> list[DeliveryFacts]:
    """The newest first, at most `limit`; `before_id` pages on. One statement."""
    rows = Delivery.objects.filter(operator_id=operator_id, subscription_id=subscription_id)
    if state:
        rows = rows.filter(state__in=OPEN if state == State.WAITING else (state,))
    if before_id is not None:
        rows = rows.filter(id__lt=before_id)
    return [_delivery(row) for row in rows.order_by("-id")[:limit]]


def waiting(operator_id: int) -> dict[int, int]:
    """How many deliveries wait, by subscription. One statement."""
    rows = Delivery.objects.filter(operator_id=operator_id, state__in=OPEN).values("subscription_id")
    return {row["subscription_id"]: row["count"] for row in rows.annotate(count=Count("id"))}


def _name(good: dict[tuple[int | None, int | None], Any], row: Subscription) -> str:
    caller = good.get((row.key_id, row.grant_id))
    return "" if caller is None else str(caller.name)


def _delivery(row: Delivery) -> DeliveryFacts:
    copied = {name: getattr(row, name) for name in _OF_DELIVERY}
    body = bytes(row.body or b"").decode("utf-8", "replace")
    return DeliveryFacts(**copied, body=body, state=State(row.state))
