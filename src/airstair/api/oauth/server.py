"""Authlib's authorization server on our tables.

Authlib knows the protocol: which errors go where, who must prove what, PKCE. Our commands know codes and tokens, and
write them as they are made, because a text says whose it is and which row: what Authlib would save afterwards is saved.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from authlib.oauth2 import OAuth2Error
from authlib.oauth2.rfc6749 import (
    AuthorizationServer,
    ClientMixin,
    InvalidGrantError,
    InvalidRequestError,
    InvalidScopeError,
    OAuth2Request,
)
from authlib.oauth2.rfc6749.grants import AuthorizationCodeGrant, RefreshTokenGrant
from authlib.oauth2.rfc7009 import RevocationEndpoint
from authlib.oauth2.rfc7636 import CodeChallenge
from django.http import HttpResponse, JsonResponse

from airstair.kernel.clock import SystemClock
from airstair.kernel.errors import Invalid
from airstair.records.access import queries as access
from airstair.records.access.commands import tokens
from airstair.records.access.models import AuthorizationCode
from airstair.records.access.scopes import known
from airstair.records.access.snapshots import ApplicationFacts, GrantFacts, Tokens

CLOCK = SystemClock()
_PROOFS = ["client_secret_basic", "client_secret_post", "none"]
_LONGEST_CLIENT = 64


class Client(ClientMixin):  # type: ignore[misc]  # Authlib has no types
    """A registered application, as Authlib asks about it."""

    def __init__(self, facts: ApplicationFacts) -> None:
        self.facts = facts

    def get_client_id(self) -> str:
        return self.facts.client_id

    def get_default_redirect_uri(self) -> str | None:
        return self.facts.redirect_uris[0] if len(self.facts.redirect_uris) == 1 else None

    def get_allowed_scope(self, scope: str | None) -> str | None:
        """What of it the application may ask for; names that mean nothing here are passed over."""
        wanted = self.facts.scopes if not scope else scope.split()
        return " ".join(name for name in known(wanted) if name in self.facts.scopes) or None

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        return redirect_uri in self.facts.redirect_uris

    def check_client_secret(self, client_secret: str) -> bool:
        return access.is_its_secret(self.facts.id, client_secret)

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        return (method == "none") is self.facts.public

    def check_response_type(self, response_type: str) -> bool:
        return response_type == "code"

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type in ("authorization_code", "refresh_token")


class TooMany(OAuth2Error):  # type: ignore[misc]
    """As many tokens as there may be."""

    error = "slow_down"
    status_code = 429

    def __init__(self, refusal: tokens.TooManyTokens) -> None:
        super().__init__(str(refusal))
        self.seconds = refusal.seconds

    def get_headers(self) -> list[tuple[str, str]]:
        return [*super().get_headers(), ("Retry-After", str(self.seconds))]


class _Code:
    """A code, as Authlib asks about it."""

    def __init__(self, row: AuthorizationCode) -> None:
        self.row, self.code_challenge, self.code_challenge_method = row, row.code_challenge, "S256"

    def get_redirect_uri(self) -> str | None:
        return self.row.redirect_uri if self.row.redirect_named else None

    def get_scope(self) -> str:
        return " ".join(self.row.scopes)


class _Codes(AuthorizationCodeGrant):  # type: ignore[misc]
    TOKEN_ENDPOINT_AUTH_METHODS = _PROOFS

    def generate_authorization_code(self) -> str:
        """`request.user` is the operator's grant: it is an operator that lets an application in, not a person."""
        said = self.request.payload.data
        return tokens.new_code(
            self.request.user, self.request.scope.split(),
            said.get("redirect_uri") or self.request.client.get_default_redirect_uri(),
            named=bool(said.get("redirect_uri")), challenge=said.get("code_challenge", ""), now=CLOCK.now(),
        )  # fmt: skip

    def save_authorization_code(self, code: str, request: OAuth2Request) -> None:
        """It was saved as it was made."""

    def query_authorization_code(self, code: str, client: Client) -> _Code | None:
        row = tokens.find_code(code, client.facts.id, CLOCK.now())
        return None if row is None else _Code(row)

    def authenticate_user(self, authorization_code: _Code) -> _Code:
        return authorization_code

    def generate_token(self, **_: Any) -> dict[str, Any]:
        return told(tokens.exchange_code(self.request.authorization_code.row, CLOCK.now()))

    def delete_authorization_code(self, authorization_code: _Code) -> None:
        """It is marked as used, so that a second use is understood."""


class _Proof(CodeChallenge):  # type: ignore[misc]
    """PKCE with S256 alone. Public clients must; others may, and then have to go through with it."""

    SUPPORTED_CODE_CHALLENGE_METHOD = ["S256"]
    DEFAULT_CODE_CHALLENGE_METHOD = "S256"

    def validate_code_challenge(self, grant: _Codes, redirect_uri: str) -> None:
        said = grant.request.payload.data
        if grant.request.client.facts.public and not said.get("code_challenge"):
            raise InvalidRequestError("A public client has to send a 'code_challenge'.")
        if said.get("code_challenge") and said.get("code_challenge_method") != "S256":
            raise InvalidRequestError("Send 'code_challenge_method' S256.")
        super().validate_code_challenge(grant, redirect_uri)


class _Renewals(RefreshTokenGrant):  # type: ignore[misc]
    TOKEN_ENDPOINT_AUTH_METHODS = _PROOFS

    def validate_token_request(self) -> None:
        self.request.client = self._validate_request_client()
        if not self.request.form.get("refresh_token"):
            raise InvalidRequestError("Missing 'refresh_token' in request.")

    def create_token_response(self) -> tuple[int, dict[str, Any], Sequence[tuple[str, str]]]:
        said = self.request.payload
        try:
            renewed = tokens.renew(
                said.data["refresh_token"], CLOCK.now(), rotate=True, application_id=self.request.client.facts.id,
                scopes=(said.scope or "").split(),
            )  # fmt: skip
        except Invalid:
            raise InvalidScopeError from None
        if renewed is None:
            # 401 rather than 400: clients of such interfaces take it for “an admin has to connect it anew”.
            raise InvalidGrantError("The refresh token is not valid. An admin has to connect it anew.", status_code=401)
        return 200, told(renewed), self.TOKEN_RESPONSE_HEADER


class _Revocations(RevocationEndpoint):  # type: ignore[misc]
    CLIENT_AUTH_METHODS = _PROOFS

    def check_params(self, request: OAuth2Request, client: Client) -> None:
        """A hint about the kind of token is not needed: its text tells."""
        if not request.form.get("token"):
            raise InvalidRequestError("Missing 'token' in request.")

    def authenticate_token(self, request: OAuth2Request, client: Client) -> str:
        self.check_params(request, client)
        return str(request.form["token"])

    def revoke_token(self, token: str, request: OAuth2Request) -> None:
        tokens.revoke_token(token, request.client.facts.id, CLOCK.now())


def told(made: Tokens) -> dict[str, Any]:
    """The answer. `expires_in` is a moment, as clients of such interfaces expect; `expires_at` says so plainly."""
    until = int(made.access_expires_at.timestamp())
    answer = {
        "token_type": "Bearer",
        "access_token": made.access,
        "expires_in": until,
        "expires_at": until,
        "refresh_token": made.refresh,
        "scope": " ".join(made.scopes),
    }
    return {name: value for name, value in answer.items() if value}


class Server(AuthorizationServer):  # type: ignore[misc]
    """Endpoints of all operators: whoever calls has opened the scope of the one that the code or token names."""

    def query_client(self, client_id: str) -> Client | None:
        if not client_id.isprintable() or len(client_id) > _LONGEST_CLIENT:
            return None
        facts = access.application_of_client(client_id)
        return None if facts is None else Client(facts)

    def save_token(self, token: dict[str, Any], request: OAuth2Request) -> None:
        """They were saved as they were made."""

    def send_signal(self, name: str, *args: Any, **kwargs: Any) -> None:
        """Nobody listens."""

    def create_oauth2_request(self, request: OAuth2Request) -> OAuth2Request:
        return request

    def handle_response(self, status: int, body: Any, headers: Sequence[tuple[str, str]]) -> HttpResponse:
        response = JsonResponse(body, status=status) if isinstance(body, dict) else HttpResponse(body, status=status)
        for name, value in headers:
            response.headers[name] = value
        if status == 401 and "WWW-Authenticate" not in response.headers:
            response.headers["WWW-Authenticate"] = 'Bearer error="invalid_token"'
        response.headers["Cache-Control"] = "no-store"
        return response


def _made() -> Server:
    server = Server()
    server.register_grant(_Codes, [_Proof(required=True)])
    server.register_grant(_Renewals)
    server.register_endpoint(_Revocations)
    return server


SERVER = _made()


def tokens_for(asked: OAuth2Request) -> HttpResponse:
    """The answer to a code, or to a refresh token."""
    answer: HttpResponse = SERVER.create_token_response(asked)
    return answer


def given_back(asked: OAuth2Request) -> HttpResponse:
    """The answer to a token that is given back."""
    answer: HttpResponse = SERVER.create_endpoint_response("revocation", asked)
    return answer


def decided(asked: OAuth2Request, grant: Any, granted: GrantFacts | None) -> HttpResponse:
    """Back to the application: with a code, or told that nobody agreed."""
    answer: HttpResponse = SERVER.create_authorization_response(asked, grant_user=granted, grant=grant)
    return answer


def refused(error: OAuth2Error) -> HttpResponse:
    """A refusal, where it belongs."""
    answer: HttpResponse = SERVER.handle_error_response(None, error)
    return answer
