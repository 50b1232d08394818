"""Tables of webhooks: who is to hear of what, each delivery, how far the change log is read, and keys to sign with."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower, Now

from airstair.changes.keys import OperatorReference, OperatorRow, of_operator
from airstair.hub.webhooks.rules import OPEN, State


class Subscription(OperatorRow):
    """One address that hears of changes, with what its owner may read: a key, or an application's grant.

    It is never deleted while its deliveries are in sight; `ended_at` says that it hears of nothing any more.
    """

    kind = models.CharField(max_length=20)  # which of `kinds.py` says what it hears and what its bodies are
    label = models.CharField(max_length=100)
    url = models.CharField(max_length=500)
    hears = ArrayField(models.CharField(max_length=80))
    # What a kind keeps for itself about this subscription.
    more = models.JSONField(default=dict)
    secret = models.BinaryField(default=b"")  # encrypted; nothing, for a kind that signs in another way
    key_id = models.BigIntegerField(null=True)
    grant_id = models.BigIntegerField(null=True)
    since = models.TextField()  # a snapshot: what was visible in it came before the subscription
    created_at = models.DateTimeField(db_default=Now())
    created_by_name = models.CharField(max_length=200)
    failures = models.PositiveIntegerField(default=0)  # calls in a row that reached nobody
    failing_since = models.DateTimeField(null=True)
    next_at = models.DateTimeField(null=True)  # not before this time, because nobody was reached
    delivered_at = models.DateTimeField(null=True)
    paused_at = models.DateTimeField(null=True)
    paused_why = models.CharField(max_length=300, blank=True, default="")
    ended_at = models.DateTimeField(null=True)
    ended_why = models.CharField(max_length=300, blank=True, default="")

    class Meta:
        app_label = "webhooks"
        db_table = "webhook_subscription"
        constraints = [
            of_operator("webhook_subscription"),
            OperatorReference(name="webhook_subscription_key", field="key_id", to="access_api_key"),
            OperatorReference(name="webhook_subscription_grant", field="grant_id", to="access_grant"),
            models.CheckConstraint(
                name="webhook_subscription_owner",
                condition=Q(key_id=None, grant_id__isnull=False) | Q(key_id__isnull=False, grant_id=None),
            ),
            models.UniqueConstraint(
                "operator_id", "key_id", "grant_id", Lower("label"), name="webhook_subscription_label",
                condition=Q(ended_at=None), nulls_distinct=False,
            ),
        ]  # fmt: skip


class Delivery(OperatorRow):
    """One change told to one subscription: what is sent, and how it went. Its id goes with every try."""

    subscription_id = models.BigIntegerField()
    seq = models.BigIntegerField()  # of the change
    line = models.CharField(max_length=40)  # what it is in order with: `flight:81`
    event = models.CharField(max_length=60)  # the change's kind
    title = models.CharField(max_length=300)
    at = models.DateTimeField()  # of the change
    units = ArrayField(models.CharField(max_length=40))
    needs = ArrayField(models.CharField(max_length=40))  # resources that its owner must still be able to read
    heard = ArrayField(models.CharField(max_length=80))  # of what the subscription hears
    body = models.BinaryField(null=True)  # null until its kind has made it
    state = models.CharField(max_length=10, default=State.WAITING.value)
    tries = models.PositiveIntegerField(default=0)
    refusals = models.PositiveIntegerField(default=0)
    next_at = models.DateTimeField()
    tried_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    status = models.PositiveSmallIntegerField(null=True)  # of the latest answer
    duration_ms = models.FloatField(null=True)
    said = models.CharField(
        max_length=500, blank=True, default=""
    )  # the latest answer's beginning, or why there is none

    class Meta:
        app_label = "webhooks"
        db_table = "webhook_delivery"
        constraints = [
            of_operator("webhook_delivery"),
            OperatorReference(
                name="webhook_delivery_subscription", field="subscription_id", to="webhook_subscription", cascade=True
            ),
            models.UniqueConstraint("operator_id", "subscription_id", "seq", name="webhook_delivery_once"),
            models.CheckConstraint(name="webhook_delivery_state", condition=Q(state__in=[one.value for one in State])),
        ]
        indexes = [
            models.Index(
                "operator_id", "subscription_id", "line", "id", name="webhook_delivery_open",
                condition=Q(state__in=OPEN),
            ),
            models.Index("operator_id", "subscription_id", "id", name="webhook_delivery_log"),
            models.Index("ended_at", name="webhook_delivery_ended"),
        ]  # fmt: skip


class Cursor(models.Model):
    """How far the change log has been made into deliveries. One row, of the installation."""

    id = models.SmallIntegerField(primary_key=True)
    snapshot = models.TextField()

    class Meta:
        app_label = "webhooks"
        db_table = "webhook_cursor"


class SigningKey(models.Model):
    """A pair of keys of the installation, by which receivers tell that a call is ours. The private one is encrypted."""

    name = models.CharField(max_length=60, primary_key=True)
    private = models.BinaryField()
    public = models.TextField()  # PEM
    made_at = models.DateTimeField(db_default=Now())

    class Meta:
        app_label = "webhooks"
        db_table = "webhook_signing_key"
