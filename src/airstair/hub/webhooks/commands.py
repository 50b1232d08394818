"""Subscribing, ending, pausing, sending again. People need the right to manage keys; a caller manages its own."""

from __future__ import annotations

import secrets as random
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import msgspec
from django.conf import settings
from django.db import connection, transaction
from django.db.models.functions import Now

from airstair.changes.cursor import BEFORE_MINE, CHANNEL
from airstair.changes.keys import next_ids
from airstair.hub.connections import secrets
from airstair.hub.http import host_of, is_private, same_origin
from airstair.hub.webhooks.models import Delivery, Subscription
from airstair.hub.webhooks.own import KEY as OWN
from airstair.hub.webhooks.queries import SubscriptionFacts, facts_of
from airstair.hub.webhooks.rules import MOST_OF_ONE_OWNER, OPEN, RESOURCE_OF, Owner, State, Topic
from airstair.kernel.actor import Actor, ActorKind
from airstair.kernel.clock import Clock, SystemClock
from airstair.kernel.errors import Conflict, NotFound, Problems
from airstair.records import checks
from airstair.records.access.callers import standing_callers
from airstair.records.access.scopes import FLIGHT_SUPPORT
from airstair.records.access.snapshots import Caller
from airstair.records.operators.rows import lock_operator, record_change
from airstair.records.operators.rules import Right

SECRET = "secret"  # noqa: S105 - the name under which it is kept, not the secret


class SubscriptionInput(msgspec.Struct, frozen=True, kw_only=True):
    """A subscription to the hub's own webhooks: what people call it, where to, and which topics."""

    label: str
    url: str
    topics: tuple[str, ...]


class NewSubscription(msgspec.Struct, frozen=True, kw_only=True):
    """A subscription that was just made. Its secret is here, and cannot be shown again."""

    facts: SubscriptionFacts
    secret: str


def subscribe(actor: Actor, owner: Owner, wanted: SubscriptionInput) -> NewSubscription:
    """Let an address hear of changes, as far as the owner may read them. Raises `Invalid`, `NotFound`."""
    problems = Problems()
    topics = list(dict.fromkeys(checks.word(problems, "topics", one, Topic).value for one in wanted.topics))
    if not wanted.topics:
        problems.add("topics", f"It would hear of nothing. Choose at least one of {checks.listed(Topic)}.")
    secret = f"whsec_{random.token_urlsafe(32)}"

    def readable(reads: frozenset[str]) -> None:
        for topic in topics:
            if RESOURCE_OF[Topic(topic)] not in reads:
                what = "scope" if topic == Topic.SUPPORT else "resource"
                problems.add("topics", f"{topic} needs the {what} {RESOURCE_OF[Topic(topic)]}, which it may not read.")

    made = subscribe_as(
        actor, owner, problems, kind=OWN, label=wanted.label, url=wanted.url, hears=topics, secret=secret,
        readable=readable,
    )  # fmt: skip
    return NewSubscription(facts=made, secret=secret)


def subscribe_as(
    actor: Actor,
    owner: Owner,
    problems: Problems,
    *,
    kind: str,
    label: str,
    url: str,
    hears: list[str],
    readable: Callable[[frozenset[str]], None],
    more: Mapping[str, Any] | None = None,
    secret: str = "",
) -> SubscriptionFacts:
    """A subscription of any kind. `readable` notes in `problems` what its owner's resources and scopes do not cover."""
    _allow(actor)
    tidy = checks.text(problems, "label", label, longest=100, needed=True)
    with transaction.atomic():
        lock_operator(actor.operator_id)
        caller = standing_callers(actor.operator_id).get((owner.key_id, owner.grant_id))
        if caller is None:
            raise NotFound("A valid key or connected application that this webhook could belong to")
        readable(caller.reads | caller.scopes)
        address = _address(problems, url, own=_of_this_installation(actor, caller))
        _room_for_one(problems, actor.operator_id, owner, tidy)
        problems.refuse()
        id_ = next_ids(1)[0]
        with connection.cursor() as cursor:
            cursor.execute(BEFORE_MINE)
            (since,) = cursor.fetchone()
        sealed = secrets.seal(actor.operator_id, {SECRET: secret} if secret else {})
        row = Subscription(
            operator_id=actor.operator_id, id=id_, kind=kind, label=tidy, url=address, hears=hears,
            more=dict(more or {}), secret=sealed, key_id=owner.key_id, grant_id=owner.grant_id, since=since,
            created_by_name=actor.label[:200],
        )  # fmt: skip
        row.save(force_insert=True)
        said = {"label": tidy, "url": address, "hears": hears, "owner": caller.name}
        record_change(actor, "webhook.created", tidy, None, said)
        return facts_of(_mine(actor.operator_id, id_).get(), caller.name)


def unsubscribe(actor: Actor, subscription_id: int, *, owner: Owner | None = None) -> None:
    """It hears of nothing any more; what was under way to it stops. Again changes nothing. Raises `NotFound`."""
    _allow(actor)
    with transaction.atomic():
        row = _locked(actor.operator_id, subscription_id, owner)
        if row.ended_at is None:
            end(actor.operator_id, subscription_id, f"Ended by {actor.label}.")
            record_change(actor, "webhook.ended", row.label, {"ended": False}, {"ended": True})


def end(operator_id: int, subscription_id: int, why: str) -> None:
    """End it in the transaction under way: what waits is skipped, and says why."""
    mine = _mine(operator_id, subscription_id)
    mine.filter(ended_at=None).update(ended_at=Now(), ended_why=why[:300], next_at=None)
    waiting = Delivery.objects.filter(operator_id=operator_id, subscription_id=subscription_id, state__in=OPEN)
    waiting.update(state=State.SKIPPED.value, ended_at=Now(), said=why[:500])


def pause(actor: Actor, subscription_id: int, *, on: bool, owner: Owner | None = None) -> None:
    """Hold back what it is to be told, or tell it all of that now. Nothing is lost. Raises `NotFound`, `Conflict`."""
    _allow(actor)
    with transaction.atomic():
        row = _locked(actor.operator_id, subscription_id, owner)
        if row.ended_at is not None:
            raise Conflict(f"{row.label} has ended. Make a new webhook.")
        if (row.paused_at is not None) != on:
            values: dict[str, Any] = {"paused_at": Now() if on else None, "next_at": None, "failures": 0}
            why = f"Paused by {actor.label}." if on else ""
            _mine(actor.operator_id, subscription_id).update(**values, paused_why=why[:300], failing_since=None)
            record_change(actor, "webhook.changed", row.label, {"paused": not on}, {"paused": on})


def deliver_again(
    actor: Actor, delivery_id: int, *, owner: Owner | None = None, clock: Clock | None = None
) -> SubscriptionFacts:
    """Send one delivery now: one that was given up, or waits, or was delivered already. It keeps its id.

    Raises `NotFound`; `Conflict` while it is being sent, or where there is nobody to send it to.
    """
    _allow(actor)
    with transaction.atomic():
        found = Delivery.objects.filter(operator_id=actor.operator_id, id=delivery_id).first()
        if found is None:
            raise NotFound("This delivery")
        subscription = _locked(actor.operator_id, found.subscription_id, owner, what="This delivery")
        row = Delivery.objects.select_for_update(no_key=True).get(operator_id=actor.operator_id, id=delivery_id)
        if subscription.ended_at is not None:
            raise Conflict(f"{subscription.label} has ended: nobody is told any more. Make a new webhook.")
        if row.state == State.SENDING:
            raise Conflict("It is being sent this very moment. Look again.")
        _send_now(row, (clock or SystemClock()).now())
        record_change(actor, "webhook.again", subscription.label, None, {"delivery": delivery_id, "title": row.title})
        return facts_of(subscription, "")


def _send_now(row: Delivery, now: datetime) -> None:
    mine = Delivery.objects.filter(operator_id=row.operator_id, id=row.id)
    mine.update(state=State.WAITING.value, next_at=now, ended_at=None, refusals=0)
    _mine(row.operator_id, row.subscription_id).update(next_at=None)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_notify(%s, '')", [CHANNEL])


def _allow(actor: Actor) -> None:
    """A program manages what belongs to itself, as its entrance says; people need the right."""
    if actor.kind is not ActorKind.API:
        actor.require(Right.KEYS_MANAGE, "manage webhooks")


def _mine(operator_id: int, subscription_id: int) -> Any:
    return Subscription.objects.filter(operator_id=operator_id, id=subscription_id)


def _locked(operator_id: int, subscription_id: int, owner: Owner | None, what: str = "This webhook") -> Subscription:
    rows = _mine(operator_id, subscription_id).select_for_update(no_key=True)
    if owner is not None:
        rows = rows.filter(key_id=owner.key_id, grant_id=owner.grant_id)
    row: Subscription | None = rows.first()
    if row is None:
        raise NotFound(what)
    return row


def _of_this_installation(actor: Actor, caller: Caller) -> str:
    """The origin of the program beside us that supports flights, where such an application registers itself. Nothing
    that a person types leads there.
    """
    supports = caller.grant_id is not None and FLIGHT_SUPPORT in caller.scopes
    return settings.CONNECT_URL if actor.kind is ActorKind.API and supports else ""


def _address(problems: Problems, url: str, *, own: str) -> str:
    """The address, tidied. `own`: the one origin that may be private and without https."""
    tidy = checks.text(problems, "url", url, longest=500, needed=True)
    try:
        parts = urlsplit(tidy)
    except ValueError:
        parts = urlsplit("")
    host = host_of(tidy)
    private_too = settings.ALLOW_PRIVATE_ADDRESSES or same_origin(tidy, own)
    if parts.scheme != "https" and not (private_too and parts.scheme == "http"):
        problems.add("url", "It must be an address that begins with https://.")
    elif not host or parts.username or parts.password:
        problems.add("url", "It must name a host, and no user: https://example.com/hooks.")
    elif is_private(host) and not private_too:
        problems.add("url", f"{host} is a private address, and programs are not called there.")
    return tidy


def _room_for_one(problems: Problems, operator_id: int, owner: Owner, label: str) -> None:
    theirs = Subscription.objects.filter(
        operator_id=operator_id, ended_at=None, key_id=owner.key_id, grant_id=owner.grant_id
    )
    if theirs.filter(label__iexact=label).exists():
        problems.add("label", f"There is already a webhook “{label}”. Choose another label, or end that one.")
    if theirs.count() >= MOST_OF_ONE_OWNER:
        problems.add("", f"It has {MOST_OF_ONE_OWNER} webhooks, which is the most. End one first.")
