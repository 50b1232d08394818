"""Letting in whoever calls with a key's text or an access token."""

from __future__ import annotations

from django.db.models import Q
from django.db.models.functions import Now

from airstair.kernel.scope import operator_scope
from airstair.records.access.callers import of_grant, of_key
from airstair.records.access.models import ApiKey, Application, Grant, Token
from airstair.records.access.rules import USE_NOTED_EVERY, Kind, opens, read_text
from airstair.records.access.snapshots import Caller


def let_in_token(text: str, address: str) -> Caller | None:
    """Who calls with this text; `None` unless it is a valid key or access token. Notes when and from where.

    The text says whose it claims to be, so that the look-up needs to see no other operator's rows. Two statements for
    a key, four for an application's token, and one that writes nothing when a use was noted in the last minute.
    """
    parts = read_text(text, Kind.KEY, Kind.ACCESS)
    if parts is None:
        return None
    kind, operator_id, row_id, secret = parts
    with operator_scope(operator_id):
        if kind is Kind.KEY:
            return _with_key(operator_id, row_id, address, secret)
        token = Token.objects.filter(
            operator_id=operator_id, id=row_id, kind="access", revoked_at=None, expires_at__gt=Now()
        ).first()
        if token is None or not opens(secret, token.secret_hash):
            return None
        if token.key_id is not None:
            return _with_key(operator_id, token.key_id, address)
        return None if token.grant_id is None else _with_grant(token, token.grant_id, address)


def _with_key(operator_id: int, key_id: int, address: str, secret: str | None = None) -> Caller | None:
    """`secret` of `None`: a token of the key's has proved it already."""
    rows = ApiKey.objects.filter(operator_id=operator_id, id=key_id, revoked_at=None)
    row = rows.first()
    if row is None or (secret is not None and not opens(secret, row.secret_hash)):
        return None
    rows.exclude(_noted(address)).update(last_used_at=Now(), last_used_from=address[:45])
    return of_key(row)


def _with_grant(token: Token, grant_id: int, address: str) -> Caller | None:
    rows = Grant.objects.filter(operator_id=token.operator_id, id=grant_id, withdrawn_at=None)
    grant = rows.first()
    application = None if grant is None else Application.objects.filter(id=grant.application_id, active=True).first()
    if grant is None or application is None:
        return None
    rows.exclude(_noted(address)).update(last_used_at=Now(), last_used_from=address[:45])
    return of_grant(grant, application, token.scopes)


def _noted(address: str) -> Q:
    return Q(last_used_from=address[:45], last_used_at__gt=Now() - USE_NOTED_EVERY)
