"""OAuth2 with a schedule system: the page to send a person to, tokens for a code, tokens for a refresh token.

On Authlib's client. Must not store anything.
"""

from __future__ import annotations

import warnings
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import msgspec
from authlib.common.errors import AuthlibBaseError
from authlib.common.security import generate_token
from authlib.deprecate import AuthlibDeprecationWarning

with warnings.catch_warnings():
    warnings.simplefilter("ignore", AuthlibDeprecationWarning)  # it would rather have the next major version of httpx
    from authlib.integrations.httpx_client import OAuth2Client

from connect.wire.problems import NotAnswering, NotGranted

SCOPES = "INTEGRATION_FLIGHT_SUPPORT"
SECONDS = 10.0
_AUTHORIZE, _TOKEN, _REVOKE = "/oauth2/code/authorize/", "/oauth2/code/token/", "/oauth2/code/revoke/"
_AN_EPOCH = 1_000_000_000  # some say with expires_in when, and not for how long


class Application(msgspec.Struct, frozen=True):
    """How a schedule system knows this Connect."""

    base_url: str
    client_id: str
    client_secret: str
    redirect_uri: str


class Tokens(msgspec.Struct, frozen=True):
    """What opens the API, until when, and what renews it."""

    access: str
    refresh: str
    expires_at: datetime


def _client(application: Application, transport: httpx.BaseTransport | None) -> Any:
    return OAuth2Client(
        application.client_id,
        application.client_secret,
        scope=SCOPES,
        redirect_uri=application.redirect_uri,
        code_challenge_method="S256",
        transport=transport,
        timeout=SECONDS,
    )


def authorization(application: Application) -> tuple[str, str, str]:
    """The address to send the administrator to, the state to expect back, and the verifier to keep."""
    verifier = generate_token(64)
    with _client(application, None) as client:
        address, state = client.create_authorization_url(application.base_url + _AUTHORIZE, code_verifier=verifier)
    return address, state, verifier


def tokens_for(
    application: Application, code: str, verifier: str, now: datetime, transport: httpx.BaseTransport | None = None
) -> Tokens:
    """Tokens for the code that the administrator came back with. Raises `NotGranted`, `NotAnswering`."""
    with _client(application, transport) as client:
        return _asked(now, "", client.fetch_token, application.base_url + _TOKEN, code=code, code_verifier=verifier)


def renewed(
    application: Application, refresh: str, now: datetime, transport: httpx.BaseTransport | None = None
) -> Tokens:
    """New tokens. An answer that was lost does no harm: the old one is good for a while. Raises as `tokens_for`."""
    with _client(application, transport) as client:
        return _asked(now, refresh, client.refresh_token, application.base_url + _TOKEN, refresh_token=refresh)


def _asked(now: datetime, kept: str, ask: Any, address: str, **fields: str) -> Tokens:
    try:
        answer = ask(address, **fields)
    except AuthlibBaseError as refusal:
        raise NotGranted(f"The schedule system refuses: {refusal.description or refusal.error}.") from refusal
    except httpx.HTTPStatusError as problem:
        raise NotAnswering(f"The schedule system answers {problem.response.status_code}.") from problem
    except (httpx.HTTPError, ValueError) as problem:
        raise NotAnswering(f"The schedule system does not answer: {type(problem).__name__}.") from problem
    access = answer.get("access_token") if isinstance(answer, dict) else None
    if not access:
        raise NotAnswering("The schedule system answered without a token.")
    return Tokens(str(access), str(answer.get("refresh_token") or kept), _until(answer.get("expires_in"), now))


def _until(expires: object, now: datetime) -> datetime:
    try:
        seconds = int(str(expires))
    except ValueError:
        seconds = 1800
    if seconds > _AN_EPOCH:
        return datetime.fromtimestamp(seconds, UTC)
    return now + timedelta(seconds=seconds)


def give_back(application: Application, refresh: str, transport: httpx.BaseTransport | None = None) -> None:
    """The grant is no longer used. Whether that was heard makes no difference to us."""
    try:
        with _client(application, transport) as client:
            client.revoke_token(application.base_url + _REVOKE, token=refresh, token_type_hint="refresh_token")  # noqa: S106
    except (AuthlibBaseError, httpx.HTTPError):
        return
