"""Who may call the imitated Avinode: the header gate, OAuth client credentials, the rate limit.

Avinode: API basics, Error handling, OAuth 2.0 token management (documented) and integrators' public notes (observed).
The order of the checks is assumed: timestamp, application token, authorization, permission, rate.
"""

from __future__ import annotations

import base64
import binascii
import json
import math
import secrets
from collections import deque
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, unquote_plus

import msgspec

from airstair.addons.avinode.sandbox import seed
from airstair.addons.avinode.sandbox.documents import INVALID, MISSING, Message, read_time
from airstair.addons.avinode.sandbox.model import Connection, IssuedToken
from airstair.sandbox.partner import Answer, Call, Refusal, json_bytes

TOLERANCE = timedelta(minutes=5)  # observed by integrators
UNUSED_LIMIT = timedelta(days=60)  # documented: connections not used for 60 days are deactivated
CALLS_AN_HOUR = 3600  # observed: about one a second, counted over a rolling hour
HOUR = timedelta(hours=1)


class Refused(Exception):
    """The gate stays shut: `status` and `message` are the answer's."""

    def __init__(self, status: int, message: Message, caller: str | None = None) -> None:
        super().__init__(message.title)
        self.status = status
        self.message = message
        self.caller = caller


class Gate:
    """The API connections, and what a call must show to pass."""

    def __init__(self) -> None:
        self.connections = {connection.key: connection for connection in seed.connections()}
        self.issued: dict[str, IssuedToken] = {}
        self.calls_an_hour = CALLS_AN_HOUR
        self._recent: dict[str, deque[datetime]] = {}
        self.changed: set[str] = set()

    # -- the header gate -----------------------------------------------------------------------------------------

    def admit(self, call: Call) -> Connection:
        """The connection a call comes from. Raises `Refused`."""
        self._check_timestamp(call)
        application = call.headers.get("x-avinode-apitoken", "").strip()
        if not application:
            raise Refused(400, _required("X-Avinode-ApiToken"))
        if application.lower() not in seed.APPLICATIONS:
            raise Refused(401, _invalid("X-Avinode-ApiToken"))
        connection = self._connection(call.headers.get("authorization", ""), call.received_at)
        if not connection.active:
            raise Refused(401, _invalid("Authorization", ": the API connection is not active"), connection.key)
        if connection.last_used is not None and call.received_at - connection.last_used > UNUSED_LIMIT:
            connection.active = False
            self.changed.add(f"connection/{connection.key}")
            raise Refused(401, _invalid("Authorization", ": the API connection is not active"), connection.key)
        if connection.last_used is None or call.received_at - connection.last_used > HOUR:
            connection.last_used = call.received_at
            self.changed.add(f"connection/{connection.key}")
        return connection

    def _check_timestamp(self, call: Call) -> None:
        name = "X-Avinode-SentTimestamp"
        written = call.headers.get(name.lower(), "").strip()
        if not written:
            raise Refused(400, _required(name))
        sent = read_time(written)
        if sent is None:
            raise Refused(400, _invalid(name))
        if abs(call.received_at - sent.at) > TOLERANCE:
            raise Refused(400, _invalid(name, ": more than 5 minutes from the current time"))

    def _connection(self, authorization: str, now: datetime) -> Connection:
        scheme, _, token = authorization.strip().partition(" ")
        token = token.strip()
        if scheme.lower() != "bearer" or not token:
            raise Refused(401, _invalid("Authorization"))
        for connection in self.connections.values():
            if secrets.compare_digest(connection.token.encode(), token.encode("utf-8", "surrogateescape")):
                return connection
        issued = self.issued.get(token)
        if issued is None or issued.expires_at <= now:
            raise Refused(401, _invalid("Authorization"))
        return self.connections[issued.connection]

    def require(self, connection: Connection, permission: str) -> None:
        """Documented: each connection carries permissions; the code is observed. Raises `Refused`."""
        if permission not in connection.permissions:
            title = f"The API connection does not have permission for this operation ({permission})"
            raise Refused(403, Message(title, "AUTHORIZATION_PERMISSIONS"), connection.key)

    # -- the rate ------------------------------------------------------------------------------------------------

    def count(self, connection: Connection, now: datetime) -> dict[str, str]:
        """Count a call and give the rate headers. Raises `Refused` with 429; refused calls do not count."""
        recent = self._recent.setdefault(connection.key, deque())
        while recent and now - recent[0] >= HOUR:
            recent.popleft()
        if len(recent) >= self.calls_an_hour:
            title = f"Rate limit of {self.calls_an_hour} calls an hour exceeded"
            raise Refused(429, Message(title, "RATE_LIMIT_EXCEEDED"), connection.key)
        recent.append(now)
        return self.rate_headers(connection, now)

    def rate_headers(self, connection: Connection, now: datetime) -> dict[str, str]:
        """X-Rate-Limit-Reset (observed): seconds until the oldest counted call leaves the hour (assumed)."""
        recent = self._recent.get(connection.key) or deque()
        reset = math.ceil((recent[0] + HOUR - now).total_seconds()) if recent else 0
        return {
            "X-Rate-Limit-Limit": str(self.calls_an_hour),
            "X-Rate-Limit-Remaining": str(max(0, self.calls_an_hour - len(recent))),
            "X-Rate-Limit-Reset": str(max(0, reset)),
        }

    # -- OAuth ---------------------------------------------------------------------------------------------------

    def issue_token(self, call: Call) -> Answer:
        """POST /oauth/token, grant client_credentials (documented); its errors have a shape of their own (observed)."""
        form = {name: values[-1] for name, values in parse_qs(call.body.decode("utf-8", "replace")).items()}
        if form.get("grant_type") != "client_credentials":
            return _oauth_error(400, "unsupported_grant_type", "unsupported_grant_type", "Use client_credentials.")
        minutes = form.get("expiresInMinutes", "30")
        if not (minutes.isascii() and minutes.isdigit() and len(minutes) <= 4 and 1 <= int(minutes) <= 120):
            return _oauth_error(
                400, "invalid_request", "invalid_expires_in_minutes", "expiresInMinutes must be 1 to 120."
            )
        method, client, secret = _client_credentials(call, form)
        connection = next((known for known in self.connections.values() if client and known.client_id == client), None)
        good = connection is not None and secrets.compare_digest(connection.client_secret.encode(), secret.encode())
        if connection is None or not good or not connection.active:
            return _oauth_error(401, "invalid_client", f"invalid_{method}", "Client credentials are not valid.")
        expires = call.received_at + timedelta(minutes=int(minutes))
        token = self._new_token(connection, expires)
        self.issued = {key: held for key, held in self.issued.items() if held.expires_at > call.received_at}
        self.issued[token] = IssuedToken(token, connection.key, expires)
        self.changed.add("issued/tokens")
        # 1799 for 30 minutes (documented example): one second less than asked.
        answer = {"access_token": token, "expires_in": int(minutes) * 60 - 1, "token_type": "Bearer"}
        return Answer(200, json_bytes(answer), {"Cache-Control": "no-store"}, caller=connection.key)

    def _new_token(self, connection: Connection, expires: datetime) -> str:
        claims = {
            "sub": connection.key,
            "iss": "avinode",
            "avitype": 15,
            "avidomain": ".avinode.com",
            "exp": int(expires.timestamp()),
            "avinonce": secrets.token_hex(16),
        }
        return ".".join(
            _base64url(part) for part in (b'{"alg":"HS256","typ":"JWT"}', json_bytes(claims), b"sandbox-only")
        )

    # -- staff and keeping ---------------------------------------------------------------------------------------

    def act(self, name: str, wish: Mapping[str, Any]) -> None:
        """`set-connection` (connection, active) and `set-rate-limit` (calls_an_hour). Raises `Refusal`."""
        if name == "set-rate-limit":
            limit = wish.get("calls_an_hour")
            if not str(limit).isdecimal() or not 1 <= int(str(limit)) <= 10_000_000:
                raise Refusal("Field 'calls_an_hour' must be a whole number from 1 to 10000000.")
            self.calls_an_hour = int(str(limit))
            self.changed.add("limit/rate")
            return
        connection = self.connections.get(str(wish.get("connection", "")))
        if connection is None:
            raise Refusal(f"Field 'connection' must be one of {', '.join(self.connections)}.")
        active = wish.get("active")
        if active not in (True, False, "on", "off", "true", "false"):
            raise Refusal("Field 'active' must be true or false.")
        connection.active = active in (True, "on", "true")
        connection.last_used = None
        self.changed.add(f"connection/{connection.key}")

    def document(self, name: str) -> bytes | None:
        kind, _, key = name.partition("/")
        if kind == "issued":
            return msgspec.msgpack.encode(self.issued)
        if kind == "limit":
            return msgspec.msgpack.encode(self.calls_an_hour)
        return msgspec.msgpack.encode(self.connections[key]) if key in self.connections else None

    def restore(self, name: str, body: bytes) -> None:
        kind, _, key = name.partition("/")
        if kind == "issued":
            self.issued = msgspec.msgpack.decode(body, type=dict[str, IssuedToken])
        elif kind == "limit":
            self.calls_an_hour = msgspec.msgpack.decode(body, type=int)
        else:
            self.connections[key] = msgspec.msgpack.decode(body, type=Connection)


def _required(header: str) -> Message:
    return Message(f"The header '{header}' is required", MISSING)


def _invalid(header: str, why: str = "") -> Message:
    return Message(f"Invalid value for header '{header}'{why}", INVALID)


def expired() -> Message:
    """What a connection whose credentials are no longer good is told (documented code, 401)."""
    return _invalid("Authorization")


def _client_credentials(call: Call, form: dict[str, str]) -> tuple[str, str, str]:
    """(method, client id, client secret) as sent. With Basic, the secret must not also be in the body (documented)."""
    scheme, _, encoded = call.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "basic":
        if "client_secret" in form:
            return "client_secret_basic", "", ""
        try:
            client, _, secret = base64.b64decode(encoded.strip(), validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return "client_secret_basic", "", ""
        return "client_secret_basic", unquote_plus(client), unquote_plus(secret)
    if "client_assertion" in form:
        return "client_secret_jwt", "", ""
    return "client_secret_post", form.get("client_id", ""), form.get("client_secret", "")


def _oauth_error(status: int, error: str, code: str, description: str) -> Answer:
    details = [{"code": code, "description": description}]
    body = {"error": error, "errorDetails": details, "error_description": description}
    return Answer(status, json.dumps(body).encode())


def _base64url(part: bytes) -> str:
    return base64.urlsafe_b64encode(part).rstrip(b"=").decode()
