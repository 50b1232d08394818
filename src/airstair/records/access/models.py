"""Tables of keys, of connected applications with their codes and tokens, and of what repeated writes were answered.

Secrets are kept as hashes only. Applications are of the installation, not of an operator: they hold nobody's data.
"""

from __future__ import annotations

from datetime import timedelta

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower, Now

from airstair.changes.keys import NextId, OperatorReference, OperatorRow, of_operator

USUAL_AT_FIRST = timedelta(hours=12)  # nobody knows yet how often an application renews


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


class Application(models.Model):
    """A third party's program that operators may connect. Registered once, at the command line of the installation."""

    id = models.BigIntegerField(primary_key=True, db_default=NextId())
    key = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=60)
    description = models.CharField(max_length=500, blank=True, default="")
    client_id = models.CharField(max_length=64, unique=True)
    secret_hash = models.CharField(max_length=64, blank=True, default="")  # none: a public client, which needs PKCE
    redirect_uris = ArrayField(models.CharField(max_length=500), default=list)
    scopes = ArrayField(models.CharField(max_length=60), default=list)  # the most that it may ask for
    contact_email = models.CharField(max_length=254, blank=True, default="")
    website = models.CharField(max_length=300, blank=True, default="")
    active = models.BooleanField(default=True)
    registered_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "access_application"


class Grant(OperatorRow):
    """An operator's word that an application may reach its record: what, and which aircraft. Kept when withdrawn."""

    application_id = models.BigIntegerField()
    scopes = ArrayField(models.CharField(max_length=60), default=list)
    all_aircraft = models.BooleanField(default=False)
    aircraft = ArrayField(models.BigIntegerField(), default=list)  # none, and not all: it sees no aircraft
    granted_by_name = models.CharField(max_length=200)
    granted_at = models.DateTimeField(db_default=Now())
    withdrawn_at = models.DateTimeField(null=True)
    withdrawn_by_name = models.CharField(max_length=200, blank=True, default="")
    last_used_at = models.DateTimeField(null=True)
    last_used_from = models.CharField(max_length=45, blank=True, default="")
    family = models.BigIntegerField(null=True)  # of the tokens in use; none: no code was ever turned into tokens
    renewed_at = models.DateTimeField(null=True)  # when it last got an access token
    usual_gap = models.DurationField(default=USUAL_AT_FIRST)  # between two renewals, the longest of late
    refused_at = models.DateTimeField(null=True)  # since when its tokens are refused; none: all is well
    refused_why = models.CharField(max_length=300, blank=True, default="")
    warned_at = models.DateTimeField(null=True)  # since when it is known to be silent

    class Meta:
        db_table = "access_grant"
        constraints = [
            of_operator("access_grant"),
            models.UniqueConstraint(
                "operator_id", "application_id", name="access_grant_live", condition=Q(withdrawn_at=None)
            ),
        ]


class AuthorizationCode(OperatorRow):
    """What an application turns into tokens, once and within minutes, after an admin's consent."""

    grant_id = models.BigIntegerField()
    secret_hash = models.CharField(max_length=64)
    scopes = ArrayField(models.CharField(max_length=60), default=list)
    redirect_uri = models.CharField(max_length=500)
    redirect_named = models.BooleanField()  # whether the request named it, and the exchange has to name it again
    code_challenge = models.CharField(max_length=128, blank=True, default="")  # S256
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)
    family = models.BigIntegerField(null=True)  # of the tokens that it became

    class Meta:
        db_table = "access_authorization_code"
        constraints = [
            of_operator("access_authorization_code"),
            OperatorReference(name="access_authorization_code_grant", field="grant_id", to="access_grant"),
        ]
        indexes = [models.Index("operator_id", "expires_at", name="access_code_expires")]


class Token(OperatorRow):
    """An access or a refresh token, of an application's grant or of a key. Its text is not kept."""

    grant_id = models.BigIntegerField(null=True)
    key_id = models.BigIntegerField(null=True)
    kind = models.CharField(max_length=8)  # access | refresh
    secret_hash = models.CharField(max_length=64)
    scopes = ArrayField(models.CharField(max_length=60), default=list)  # a grant's; the grant may have narrowed since
    family = models.BigIntegerField()  # all that came from one consent, or from one key
    made_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)
    replaced_at = models.DateTimeField(null=True)  # a refresh token that was handed in for the next
    replaced_by = models.BigIntegerField(null=True)

    class Meta:
        db_table = "access_token"
        constraints = [
            of_operator("access_token"),
            OperatorReference(name="access_token_grant", field="grant_id", to="access_grant"),
            OperatorReference(name="access_token_key", field="key_id", to="access_api_key"),
            models.CheckConstraint(
                name="access_token_of_one",
                condition=Q(grant_id=None, key_id__isnull=False) | Q(grant_id__isnull=False, key_id=None),
            ),
        ]
        indexes = [
            models.Index("operator_id", "grant_id", "expires_at", name="access_token_of_grant"),
            models.Index("operator_id", "key_id", "expires_at", name="access_token_of_key"),
            models.Index("operator_id", "family", name="access_token_of_family"),
        ]


class Letter(OperatorRow):
    """What the operator's admins are told by mail about an application, once; sent by the clock's job."""

    grant_id = models.BigIntegerField()
    subject = models.CharField(max_length=200)
    text = models.TextField()
    made_at = models.DateTimeField(db_default=Now())
    mailed_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "access_letter"
        constraints = [
            of_operator("access_letter"),
            OperatorReference(name="access_letter_grant", field="grant_id", to="access_grant"),
        ]
        indexes = [models.Index("operator_id", "id", name="access_letter_to_mail", condition=Q(mailed_at=None))]


class KeptAnswer(OperatorRow):
    """What a write was answered, so that the same request again has no second effect and gets the same answer."""

    key_id = models.BigIntegerField(null=True)  # either a key …
    grant_id = models.BigIntegerField(null=True)  # … or an application with the operator's grant
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
            OperatorReference(name="access_kept_answer_grant", field="grant_id", to="access_grant", cascade=True),
            models.UniqueConstraint("operator_id", "key_id", "idempotency_key", name="access_kept_answer_once"),
            models.UniqueConstraint("operator_id", "grant_id", "idempotency_key", name="access_kept_answer_granted"),
        ]
        indexes = [models.Index("operator_id", "at", name="access_kept_answer_at")]
