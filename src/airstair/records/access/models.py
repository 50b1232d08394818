"""Tables of keys, and of what writes under an idempotency key were answered."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower, Now

from airstair.changes.keys import OperatorReference, OperatorRow, of_operator


class ApiKey(OperatorRow):
    """One key of an operator's. It is never deleted, so that the trail of what it wrote stays readable."""

    name = models.CharField(max_length=60)
    reads = ArrayField(models.CharField(max_length=40), default=list)
    writes = ArrayField(models.CharField(max_length=40), default=list)  # each of them is in `reads` too
    secret_hash = models.CharField(max_length=64)
    created_at = models.DateTimeField(db_default=Now())
    created_by_name = models.CharField(max_length=200)
    revoked_at = models.DateTimeField(null=True)
    revoked_by_name = models.CharField(max_length=200, blank=True, default="")
    last_used_at = models.DateTimeField(null=True)
    last_used_from = models.CharField(max_length=45, blank=True, default="")  # the caller's address

    class Meta:
        db_table = "access_api_key"
        constraints = [
            of_operator("access_api_key"),
            models.UniqueConstraint(
                "operator_id", Lower("name"), name="access_api_key_name", condition=Q(revoked_at=None)
            ),
        ]


class KeptAnswer(OperatorRow):
    """What a write was answered, so that the same request again has no second effect and gets the same answer."""

    key_id = models.BigIntegerField()
    idempotency_key = models.CharField(max_length=200)
    fingerprint = models.CharField(max_length=64)  # of method, address and body
    status = models.PositiveSmallIntegerField(null=True)
    body = models.TextField(default="")  # text, not JSON: the answer stays the same to the byte
    media = models.CharField(max_length=60, default="")
    at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "access_kept_answer"
        constraints = [
            of_operator("access_kept_answer"),
            OperatorReference(name="access_kept_answer_key", field="key_id", to="access_api_key", cascade=True),
            models.UniqueConstraint("operator_id", "key_id", "idempotency_key", name="access_kept_answer_once"),
        ]
        indexes = [models.Index("operator_id", "at", name="access_kept_answer_at")]
