"""Tables of what partners come in by, and of what they were answered once."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now

from airstair.changes.keys import OperatorReference


class Door(models.Model):
    """The credentials that a connection has issued to its partner, and how the partner last came.

    The key itself is not kept. A door that is closed (`revoked_at`) lets nobody in until credentials are issued again.
    """

    pk = models.CompositePrimaryKey("operator_id", "connection_id")
    operator_id = models.BigIntegerField()
    connection_id = models.BigIntegerField()
    secret_hash = models.CharField(max_length=64)
    issued_at = models.DateTimeField()
    issued_by_name = models.CharField(max_length=200)
    revoked_at = models.DateTimeField(null=True)
    last_visit = models.DateTimeField(null=True)  # let in, whatever came of it
    last_visit_from = models.CharField(max_length=45, blank=True, default="")
    last_success = models.DateTimeField(null=True)
    last_outcome = models.CharField(max_length=24, blank=True, default="")
    last_words = models.CharField(max_length=500, blank=True, default="")  # what was wrong with the latest visit
    turned_away_at = models.DateTimeField(null=True)  # when a visit that was not let in was last written down
    tokens = models.FloatField(null=True)  # visits left in the budget at `tokens_at`; null: it is full
    tokens_at = models.DateTimeField(null=True)

    class Meta:
        app_label = "hub"
        db_table = "hub_door"
        constraints = [
            OperatorReference(name="hub_door_connection", field="connection_id", to="hub_connection", cascade=True)
        ]


class KeptReply(models.Model):
    """What a partner was answered about one thing of its own, so that the same again has no second effect."""

    pk = models.CompositePrimaryKey("operator_id", "connection_id", "flow", "identity")
    operator_id = models.BigIntegerField()
    connection_id = models.BigIntegerField()
    flow = models.CharField(max_length=40)
    identity = models.CharField(max_length=200)
    fingerprint = models.BinaryField()  # of what was sent
    status = models.PositiveSmallIntegerField()
    media = models.CharField(max_length=100)
    body = models.BinaryField()
    at = models.DateTimeField(db_default=Now())

    class Meta:
        app_label = "hub"
        db_table = "hub_kept_reply"
        constraints = [
            OperatorReference(
                name="hub_kept_reply_connection", field="connection_id", to="hub_connection", cascade=True
            )
        ]
        indexes = [models.Index("at", name="hub_kept_reply_at")]
