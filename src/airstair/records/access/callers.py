"""Who a key or a grant makes somebody: for those who call, and for what is done later in their name."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models.functions import Now

from airstair.records.access.models import ApiKey, Application, Grant, Token
from airstair.records.access.rules import Kind, opens, read_text
from airstair.records.access.scopes import resources_of, scopes_of_key
from airstair.records.access.snapshots import Caller, Identity


def standing_callers(operator_id: int) -> dict[tuple[int | None, int | None], Caller]:
    """Every key and every grant of the operator's that is good, by (key_id, grant_id). Three statements."""
    found: dict[tuple[int | None, int | None], Caller] = {}
    for key in ApiKey.objects.filter(operator_id=operator_id, revoked_at=None):
        found[key.id, None] = of_key(key)
    applications = {one.id: one for one in Application.objects.filter(active=True)}
    for grant in Grant.objects.filter(operator_id=operator_id, withdrawn_at=None):
        application = applications.get(grant.application_id)
        if application is not None:
            found[None, grant.id] = of_grant(grant, application, grant.scopes)
    return found


def of_key(key: ApiKey) -> Caller:
    """Whoever has the key, or a token of it."""
    return Caller(
        operator_id=key.operator_id, key_id=key.id, name=key.name,
        reads=frozenset(key.reads), writes=frozenset(key.writes), scopes=scopes_of_key(key.reads, key.writes),
    )  # fmt: skip


def of_grant(grant: Grant, application: Application, asked: Iterable[str]) -> Caller:
    """The application, with what it asked for, as far as the operator and the installation still allow it."""
    scopes = frozenset(asked) & frozenset(grant.scopes) & frozenset(application.scopes)
    return Caller(
        operator_id=grant.operator_id, name=application.name, identity=Identity.OAUTH,
        reads=resources_of(scopes, write=False), writes=resources_of(scopes, write=True), scopes=scopes,
        application_id=application.id, application_name=application.name, grant_id=grant.id,
        aircraft=None if grant.all_aircraft else frozenset(grant.aircraft),
    )  # fmt: skip


def whose_refresh_token(operator_id: int, text: str) -> tuple[int | None, int | None] | None:
    """(key_id, grant_id) of the one who renews with this text: an API key's, or a refresh token. One statement.

    `None` unless it is good, and of this operator.
    """
    parts = read_text(text, Kind.KEY, Kind.REFRESH)
    if parts is None or parts[1] != operator_id:
        return None
    kind, _, row_id, secret = parts
    if kind is Kind.KEY:
        key = ApiKey.objects.filter(operator_id=operator_id, id=row_id, revoked_at=None).first()
        return (key.id, None) if key is not None and opens(secret, key.secret_hash) else None
    good = Token.objects.filter(operator_id=operator_id, id=row_id, kind="refresh", revoked_at=None)
    token = good.filter(expires_at__gt=Now()).first()
    return (token.key_id, token.grant_id) if token is not None and opens(secret, token.secret_hash) else None
