"""The change log's table."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.expressions import Func
from django.db.models.functions import Now

from airstair.kernel.actor import ActorKind

CHANGE_SEQUENCE = "airstair_change_seq"


class TransactionIdField(models.Field):  # type: ignore[type-arg]
    """PostgreSQL's `xid8`: the transaction that wrote the row. Read in SQL only."""

    def db_type(self, connection: object) -> str:
        return "xid8"


class CurrentTransactionId(Func):
    template = "pg_current_xact_id()"
    output_field = TransactionIdField()

    def deconstruct(self) -> tuple[str, tuple[object, ...], dict[str, object]]:
        return ("airstair.changes.models.CurrentTransactionId", (), {})


class NextChange(Func):
    template = f"nextval('{CHANGE_SEQUENCE}')"
    output_field = models.BigIntegerField()

    def deconstruct(self) -> tuple[str, tuple[object, ...], dict[str, object]]:
        return ("airstair.changes.models.NextChange", (), {})


class Change(models.Model):
    """One change of the schedule of record or of a connection: who, when, what from, what to, what it touches.

    `units` names every unit touched, before and after: a swap touches two aircraft. `xid` is the writing
    transaction, by which snapshot cursors tell what is new; the order of `seq` is not the order of commits.
    """

    pk = models.CompositePrimaryKey("operator_id", "seq")
    operator_id = models.BigIntegerField()
    seq = models.BigIntegerField(db_default=NextChange())
    xid = TransactionIdField(db_default=CurrentTransactionId(), editable=False)
    at = models.DateTimeField(db_default=Now())
    actor_kind = models.CharField(max_length=10)
    actor_key = models.CharField(max_length=200)
    actor_label = models.CharField(max_length=200)
    kind = models.CharField(max_length=60)
    subject_kind = models.CharField(max_length=30)
    subject_id = models.BigIntegerField()
    title = models.CharField(max_length=300)
    before = models.JSONField(null=True)
    after = models.JSONField(null=True)
    units = ArrayField(models.CharField(max_length=40))
    bulk = models.BooleanField(default=False)

    class Meta:
        db_table = "changes_change"
        indexes = [
            models.Index("xid", name="changes_change_xid"),
            models.Index("operator_id", "subject_kind", "subject_id", "seq", name="changes_change_subject"),
            models.Index("operator_id", "at", name="changes_change_at"),
        ]
        constraints = [
            models.CheckConstraint(
                name="changes_change_actor", condition=models.Q(actor_kind__in=[k.value for k in ActorKind])
            ),
        ]
