"""Codes and tokens: made, exchanged, renewed, revoked. Only their hashes are kept.

Whoever calls has opened the operator's scope, which the text itself names, and a transaction: a code that was used
twice, or a refresh token that came back, revokes what it had become, also when the answer is a refusal. Must not know
OAuth's words for refusals: `api/oauth` has them.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from django.db.models import Q

from airstair.changes.keys import next_ids
from airstair.kernel.errors import AirstairError, Invalid
from airstair.records.access.commands.letters import write_refusal
from airstair.records.access.models import ApiKey, Application, AuthorizationCode, Grant, Letter, Token
from airstair.records.access.rules import (
    ACCESS_LIVES,
    CODE_LIVES,
    GRACE,
    MOST_LIVE,
    REFRESH_LIVES,
    Kind,
    new_secret,
    opens,
    read_text,
    secret_hash,
    text_of,
    usual_after,
)
from airstair.records.access.scopes import known
from airstair.records.access.snapshots import GrantFacts, Tokens

_FORGET_AFTER = timedelta(days=7)  # a code or token that has expired: until then its reuse is still understood
_FORGET_LETTERS_AFTER = timedelta(days=90)


class TooManyTokens(AirstairError):
    """As many access tokens as there may be are still good."""

    def __init__(self, seconds: int) -> None:
        self.seconds = seconds
        super().__init__(
            f"There are {MOST_LIVE} access tokens that are still good. Use one of them; in {seconds} s one runs out."
        )


# --- codes ------------------------------------------------------------------------------------------------------


def new_code(
    granted: GrantFacts, scopes: Collection[str], redirect_uri: str, *, named: bool, challenge: str, now: datetime
) -> str:
    """The text that the application's user carries back to it."""
    secret, row = new_secret(), next_ids(1)[0]
    AuthorizationCode.objects.create(
        operator_id=granted.operator_id, id=row, grant_id=granted.id, secret_hash=secret_hash(secret),
        scopes=list(known(scopes)), redirect_uri=redirect_uri, redirect_named=named, code_challenge=challenge,
        expires_at=now + CODE_LIVES,
    )  # fmt: skip
    return text_of(Kind.CODE, granted.operator_id, row, secret)


def find_code(text: str, application_id: int, now: datetime) -> AuthorizationCode | None:
    """The code, locked, if this application may exchange it now. One that comes twice revokes what it became."""
    parts = read_text(text, Kind.CODE)
    if parts is None:
        return None
    _, operator_id, row_id, secret = parts
    codes = AuthorizationCode.objects.select_for_update(no_key=True)
    row = codes.filter(operator_id=operator_id, id=row_id).first()
    if row is None or not opens(secret, row.secret_hash):
        return None
    grant = _live_grant(operator_id, row.grant_id)
    if grant is None or grant.application_id != application_id:
        return None
    if row.used_at is not None:
        if row.family is not None and row.family == grant.family:
            _revoke_family(grant, row.family, now)
            write_refusal(grant, "Its authorisation code was used twice, so somebody else may have it.", now)
        return None
    return row if row.expires_at > now else None


def exchange_code(row: AuthorizationCode, now: datetime) -> Tokens:
    """The first tokens, for a code that `find_code` gave. Those of an earlier consent die."""
    tokens = _begin_family(_locked_grant(row.operator_id, row.grant_id), row.scopes, now)
    parts = read_text(tokens.refresh, Kind.REFRESH)
    assert parts is not None
    mine = AuthorizationCode.objects.filter(operator_id=row.operator_id, id=row.id)
    mine.update(used_at=now, family=parts[2])
    return tokens


def first_tokens(granted: GrantFacts, now: datetime) -> Tokens:
    """Tokens without a code, for an application that is set up together with the operator: a demo."""
    return _begin_family(_locked_grant(granted.operator_id, granted.id), granted.scopes, now)


def _begin_family(grant: Grant, scopes: Collection[str], now: datetime) -> Tokens:
    if grant.family is not None:
        _revoke_family(grant, grant.family, now)
    family, access = next_ids(2)
    grant.family = family
    refresh = _write(grant.operator_id, family, Kind.REFRESH, now + REFRESH_LIVES, scopes, family, grant_id=grant.id)
    text = _write(grant.operator_id, access, Kind.ACCESS, now + ACCESS_LIVES, scopes, family, grant_id=grant.id)
    _note_renewal(grant, now)
    return Tokens(access=text, access_expires_at=now + ACCESS_LIVES, refresh=refresh, scopes=tuple(known(scopes)))


# --- renewing ---------------------------------------------------------------------------------------------------


def renew(
    text: str, now: datetime, *, rotate: bool, application_id: int | None = None, scopes: Collection[str] = ()
) -> Tokens | None:
    """A new access token for a refresh token; with `rotate` the next refresh token too. `None`: it is refused.

    `application_id`: who has proved to be calling; none where clients send the token alone. `scopes`:
    fewer than were granted; none means all. Raises `TooManyTokens`, `Invalid`.
    """
    found = _refresh_token(text, now, application_id)
    if found is None:
        return None
    grant, row = found
    wanted = [name for name in row.scopes if not scopes or name in scopes]
    if not wanted:
        raise Invalid.one("scope", "None of it was granted. Leave the scope out to get all that was.")
    _room_for_another(Q(operator_id=row.operator_id, grant_id=grant.id), now)
    access_id, next_id = next_ids(2)
    access = _write(row.operator_id, access_id, Kind.ACCESS, now + ACCESS_LIVES, wanted, row.family, grant_id=grant.id)
    mine, refresh = Token.objects.filter(operator_id=row.operator_id, id=row.id), ""
    if rotate:
        refresh = _write(
            row.operator_id, next_id, Kind.REFRESH, now + REFRESH_LIVES, row.scopes, row.family, grant_id=grant.id
        )
        mine.filter(replaced_at=None).update(replaced_at=now, replaced_by=next_id)
    else:
        mine.update(expires_at=now + REFRESH_LIVES)
    _note_renewal(grant, now)
    return Tokens(access=access, access_expires_at=now + ACCESS_LIVES, refresh=refresh, scopes=tuple(known(wanted)))


def _refresh_token(text: str, now: datetime, application_id: int | None) -> tuple[Grant, Token] | None:
    """The token with its grant, both locked, if it is good. Refusals of what is in use are noted."""
    parts = read_text(text, Kind.REFRESH)
    if parts is None:
        return None
    _, operator_id, row_id, secret = parts
    row = Token.objects.filter(operator_id=operator_id, id=row_id, kind="refresh", grant_id__isnull=False).first()
    if row is None or row.grant_id is None or not opens(secret, row.secret_hash):
        return None
    grant = _live_grant(operator_id, row.grant_id)
    if grant is None or application_id not in (None, grant.application_id):
        return None
    row.refresh_from_db()  # as it is now that its grant is locked
    why = _why_not(row, now)
    if not why:
        return grant, row
    if row.family == grant.family:
        if row.replaced_at is not None:
            _revoke_family(grant, row.family, now)
        write_refusal(grant, why, now)
    return None


def _why_not(row: Token, now: datetime) -> str:
    if row.revoked_at is not None:
        return "Its refresh token was revoked."
    if row.replaced_at is not None and now - row.replaced_at > GRACE:
        return "A refresh token that had been replaced came back, so somebody else may have it."
    if row.expires_at <= now:
        return f"Its refresh token was not used for {REFRESH_LIVES.days} days and has expired."
    return ""


def exchange_key(text: str, now: datetime) -> Tokens | None:
    """An access token for an API key's text; `None` for what is no valid key. Raises `TooManyTokens`."""
    parts = read_text(text, Kind.KEY)
    if parts is None:
        return None
    _, operator_id, key_id, secret = parts
    keys = ApiKey.objects.select_for_update(no_key=True)
    row = keys.filter(operator_id=operator_id, id=key_id, revoked_at=None).first()
    if row is None or not opens(secret, row.secret_hash):
        return None
    _room_for_another(Q(operator_id=operator_id, key_id=key_id), now)
    access = _write(operator_id, next_ids(1)[0], Kind.ACCESS, now + ACCESS_LIVES, (), key_id, key_id=key_id)
    return Tokens(access=access, access_expires_at=now + ACCESS_LIVES, refresh="", scopes=())


# --- revoking, forgetting ---------------------------------------------------------------------------------------


def revoke_token(text: str, application_id: int, now: datetime) -> bool:
    """The application gives a token back: an access token alone, a refresh token with all that came of it."""
    parts = read_text(text, Kind.ACCESS, Kind.REFRESH)
    if parts is None:
        return False
    kind, operator_id, row_id, secret = parts
    row = Token.objects.filter(operator_id=operator_id, id=row_id, grant_id__isnull=False).first()
    if row is None or row.grant_id is None or not opens(secret, row.secret_hash):
        return False
    grant = _live_grant(operator_id, row.grant_id)
    if grant is None or grant.application_id != application_id:
        return False
    if kind is Kind.REFRESH:
        _revoke_family(grant, row.family, now)
    else:
        Token.objects.filter(operator_id=operator_id, id=row_id, revoked_at=None).update(revoked_at=now)
    return True


def forget_old_tokens(now: datetime) -> int:
    """Remove codes and tokens that expired a week ago, and old letters; answers how many. For the nightly job."""
    old = now - _FORGET_AFTER
    gone = AuthorizationCode.objects.filter(expires_at__lt=old).delete()[0]
    gone += Token.objects.filter(expires_at__lt=old).delete()[0]
    return gone + Letter.objects.filter(mailed_at__lt=now - _FORGET_LETTERS_AFTER).delete()[0]


# --- rows -------------------------------------------------------------------------------------------------------


def _write(
    operator_id: int, row: int, kind: Kind, until: datetime, scopes: Collection[str], family: int,
    *, grant_id: int | None = None, key_id: int | None = None,
) -> str:  # fmt: skip
    secret = new_secret()
    Token.objects.create(
        operator_id=operator_id, id=row, grant_id=grant_id, key_id=key_id, secret_hash=secret_hash(secret),
        kind="refresh" if kind is Kind.REFRESH else "access", scopes=list(known(scopes)), family=family,
        expires_at=until,
    )  # fmt: skip
    return text_of(kind, operator_id, row, secret)


def _locked_grant(operator_id: int, grant_id: int) -> Grant:
    return Grant.objects.select_for_update(no_key=True).get(operator_id=operator_id, id=grant_id)


def _live_grant(operator_id: int, grant_id: int) -> Grant | None:
    """The grant, locked, unless it was withdrawn or the application revoked."""
    grant = _locked_grant(operator_id, grant_id)
    alive = grant.withdrawn_at is None and Application.objects.filter(id=grant.application_id, active=True).exists()
    return grant if alive else None


def _revoke_family(grant: Grant, family: int, now: datetime) -> None:
    tokens = Token.objects.filter(operator_id=grant.operator_id, family=family, grant_id=grant.id, revoked_at=None)
    tokens.update(revoked_at=now)


def _room_for_another(owner: Q, now: datetime) -> None:
    """Raise `TooManyTokens`. The owner's row is locked, so that no two count at once."""
    live = Token.objects.filter(owner, kind="access", revoked_at=None, expires_at__gt=now)
    if live.count() >= MOST_LIVE:
        first = live.order_by("expires_at").values_list("expires_at", flat=True)[0]
        raise TooManyTokens(max(1, int((first - now).total_seconds()) + 1))


def _note_renewal(grant: Grant, now: datetime) -> None:
    """All is well again, and this is how long it was silent: of that, too, nobody need be warned soon again."""
    usual = grant.usual_gap
    if grant.renewed_at is not None:
        usual = usual_after(usual, now - grant.renewed_at)
    Grant.objects.filter(operator_id=grant.operator_id, id=grant.id).update(
        family=grant.family, renewed_at=now, usual_gap=usual, refused_at=None, refused_why="", warned_at=None
    )
