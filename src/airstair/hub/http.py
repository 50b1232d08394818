"""The only way out: one HTTP client for all partners.

It reuses connections, gives every call a deadline, refuses private addresses, does not follow redirects,
caps what it reads, and keeps what was exchanged (with secrets removed) for the call log. It knows nothing
of retries, rules or the database.
"""

from __future__ import annotations

import ipaddress
import socket
import time
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from functools import lru_cache
from urllib.parse import quote, quote_plus, urlsplit
from xml.sax.saxutils import escape

import aiohttp
import msgspec
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from airstair.hub.certificates import BadCertificate, ClientCertificate, context_of
from airstair.hub.exchanges import Exchange
from airstair.kernel.clock import Clock
from airstair.kernel.outcome import Outcome, OutcomeKind

LONGEST_ANSWER = 2 * 1024 * 1024  # bytes; a partner's answer is a few kilobytes
_LONGEST_CONNECTING = 10.0  # seconds; who has not connected by then has not seen the call
# Seconds. Shorter than servers keep theirs: a connection that the partner closes just as a call goes out on it is an
# answer lost, for nothing.
_KEEP_CONNECTIONS = 4.0

# Headers shown in the call log as they are; every other header's value is hidden. An allow-list, because a
# partner's next header could be a secret.
_SHOWN_HEADERS = frozenset(
    [
        "accept",
        "accept-encoding",
        "content-type",
        "content-length",
        "content-encoding",
        "date",
        "server",
        "retry-after",
        "user-agent",
        "x-rate-limit-limit",
        "x-rate-limit-remaining",
        "x-rate-limit-reset",
        "etag",
        "location",
        "allow",
        "x-request-id",
    ]
)
HIDDEN = "(hidden)"
_HIDDEN_IN_BYTES = HIDDEN.encode()
_MAY_HAVE = "The partner may or may not have processed the call."


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """A partner's answer, read whole."""

    status: int
    headers: Mapping[str, str]  # names in lower case
    body: bytes

    @property
    def is_json(self) -> bool:
        return "json" in self.headers.get("content-type", "")


class CallFailed(Exception):
    """No answer. `kind` tells whether the partner may have processed it: `UNKNOWN` if so, else `UNAVAILABLE`."""

    def __init__(self, kind: OutcomeKind, sentence: str) -> None:
        self.kind = kind
        super().__init__(sentence)


class _PublicOnly(AbstractResolver):
    """Resolves names, and refuses those that lead to private addresses."""

    def __init__(self, allow_private: bool) -> None:
        self._resolver = aiohttp.DefaultResolver()
        self._allow_private = allow_private

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        try:
            found = await self._resolver.resolve(host, port, family)
        except UnicodeError:  # too long a label, or an empty one: nothing can be called so
            raise OSError(f"{host} is not a host's name") from None
        if not self._allow_private and any(is_private(one["host"]) for one in found):
            raise _PrivateAddress(host)
        return found

    async def close(self) -> None:
        await self._resolver.close()


class _PrivateAddress(OSError):
    def __init__(self, host: str) -> None:
        super().__init__(
            f"{host} is a private address, and partners are not called there. Check the address in the configuration;"
            " set AIRSTAIR_ALLOW_PRIVATE_ADDRESSES=1 only for tests."
        )


def is_private(address: str) -> bool:
    """Whether a host name or address is this machine's or a private network's. Names are judged when resolved."""
    if address.lower().rstrip(".") == "localhost":
        return True
    try:
        read = ipaddress.ip_address(address.split("%")[0])
    except ValueError:
        return False
    # An address of IPv4 in the clothes of IPv6 (mapped, 6to4, NAT64) leads to where the one inside leads.
    inside = _inside(read) if isinstance(read, ipaddress.IPv6Address) else None
    return any(not one.is_global or one.is_multicast for one in (read, inside) if one is not None)


def host_of(url: str) -> str:
    """The host that a call to this address would reach, spelled as the client spells it; empty for no address.

    The client reads `①27.0.0.1` as 127.0.0.1, so an address must be judged by what the client makes of it.
    """
    try:
        return URL(url).raw_host or ""
    except ValueError:
        return ""


_NAT64 = ipaddress.ip_network("64:ff9b::/96")


def _inside(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour


class HttpPool:
    """The connections of one process, shared by all partners. Close it when the process stops."""

    def __init__(self, *, allow_private: bool, sandbox_url: str = "", beside_url: str = "") -> None:
        """`sandbox_url`: where connections of the sandbox environment may call although it is private. `beside_url`:
        of a program of this installation, which everybody who has this pool may call.
        """
        self._sandbox = _origin(sandbox_url) if sandbox_url else ""
        self._beside = beside_url
        self._public = self._session(allow_private)
        self._private = self._session(True)
        self._allow_private = allow_private

    @staticmethod
    def _session(allow_private: bool) -> aiohttp.ClientSession:
        connector = aiohttp.TCPConnector(
            limit=0,
            limit_per_host=0,
            resolver=_PublicOnly(allow_private),
            ttl_dns_cache=60,
            keepalive_timeout=_KEEP_CONNECTIONS,
        )
        session = aiohttp.ClientSession(connector=connector, auto_decompress=True, cookie_jar=aiohttp.DummyCookieJar())
        # aiohttp sends a PUT a second time by itself when a kept connection closes without an answer, and has no
        # public switch for it. Whether a call may be repeated is the flow's to decide, never the client's.
        session._retry_connection = False
        return session

    def session_for(self, url: str, *, sandbox: bool) -> aiohttp.ClientSession:
        """The session that may call this address. Raises `CallFailed` for a private one."""
        host = host_of(url)
        if not url.lower().startswith(("http://", "https://")) or not host:
            raise CallFailed(OutcomeKind.MISCONFIGURED, f"“{url}” is not a web address. It must begin with https://.")
        if self._allow_private or (sandbox and _origin(url) == self._sandbox) or same_origin(url, self._beside):
            return self._private
        if is_private(host):
            raise CallFailed(OutcomeKind.MISCONFIGURED, str(_PrivateAddress(host)))
        return self._public

    async def close(self) -> None:
        await self._public.close()
        await self._private.close()


def _origin(url: str) -> str:
    parts = urlsplit(url)
    default = 443 if parts.scheme == "https" else 80
    return f"{parts.scheme}://{parts.hostname}:{parts.port or default}"


def same_origin(one: str, other: str) -> bool:
    """Whether two addresses are of one scheme, host and port, as the client spells them. What is none is of none."""
    try:
        first, second = (URL(url).origin() for url in (one, other))
    except ValueError:
        return False
    return (first.scheme, first.raw_host, first.port) == (second.scheme, second.raw_host, second.port)


class PartnerHttp:
    """What an add-on calls its partner with: the shared pool, one deadline, and the secrets to hide.

    `exchanges` holds what was exchanged through it, oldest first. One is made for each call.
    """

    def __init__(
        self,
        pool: HttpPool,
        clock: Clock,
        *,
        deadline: timedelta,
        secrets: Iterable[str] = (),
        sandbox: bool = False,
        shown: Iterable[str] = (),
    ) -> None:
        """`shown`: the partner's own header names that hold no secret."""
        self._pool = pool
        self._clock = clock
        self._to_sandbox = sandbox
        self._deadline = _timeout(deadline)
        self._secrets, self._secrets_in_bytes = _spellings(frozenset(secrets))
        self._shown_headers = _shown_headers(tuple(shown))
        self.exchanges: list[Exchange] = []

    def now(self) -> datetime:
        """The time by the hub's clock, for headers that carry one."""
        return self._clock.now()

    async def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        body: bytes | None = None,
        certificate: ClientCertificate | None = None,
    ) -> Answer:
        """Make one call and read the whole answer, whatever its status. `certificate`: who we are, to a TLS server.

        Raises `CallFailed` when there is no answer: refused or unresolvable (the partner has not seen it), or lost
        after it went out (the partner may have). Never retries, never follows a redirect.
        """
        exchange = Exchange(
            at=self._clock.now(),
            method=method,
            url=self.without_secrets(url),
            request_headers=self._shown(headers),
            sent=body or b"",
            hide=self._without_secrets_in,
        )
        self.exchanges.append(exchange)
        began = time.perf_counter()
        try:
            answer = await self._exchange(method, url, headers, body, certificate)
        except CallFailed as failed:
            exchange.failure = self.without_secrets(str(failed))
            raise CallFailed(failed.kind, exchange.failure) from None
        finally:
            exchange.duration_ms = (time.perf_counter() - began) * 1000
        exchange.status = answer.status
        exchange.response_headers = self._shown(answer.headers)
        exchange.response_body = self._without_secrets_in(answer.body)
        return answer

    async def _exchange(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes | None,
        certificate: ClientCertificate | None,
    ) -> Answer:
        session = self._pool.session_for(url, sandbox=self._to_sandbox)
        try:
            async with session.request(
                method,
                url,
                headers=headers,
                data=body,
                timeout=self._deadline,
                allow_redirects=False,
                ssl=True if certificate is None else context_of(certificate),
            ) as response:
                read = await response.content.read(LONGEST_ANSWER + 1)
                while len(read) <= LONGEST_ANSWER and not response.content.at_eof():
                    read += await response.content.read(LONGEST_ANSWER + 1 - len(read))
                if len(read) > LONGEST_ANSWER:
                    raise CallFailed(
                        OutcomeKind.UNREADABLE, "The answer is too large to be one; reading it was stopped."
                    )
                names = {name.lower(): value for name, value in response.headers.items()}
                return Answer(status=response.status, headers=names, body=read)
        except BadCertificate as problem:
            raise CallFailed(OutcomeKind.MISCONFIGURED, str(problem)) from None
        except (aiohttp.ClientError, TimeoutError, ConnectionError) as problem:
            raise self._failed(problem, url) from None

    def _failed(self, problem: Exception, url: str) -> CallFailed:
        """What no answer means: had the partner seen the call, or may it have?"""
        match problem:
            case aiohttp.ConnectionTimeoutError():
                return CallFailed(OutcomeKind.UNAVAILABLE, "The partner could not be reached: it does not answer.")
            case aiohttp.ClientConnectorError(os_error=_PrivateAddress() as refused):
                return CallFailed(OutcomeKind.MISCONFIGURED, str(refused))
            case aiohttp.ClientConnectorError(os_error=reason):
                why = reason.strerror or reason
                return CallFailed(OutcomeKind.UNAVAILABLE, f"The partner could not be reached ({why}).")
            case aiohttp.InvalidURL():
                return CallFailed(OutcomeKind.MISCONFIGURED, f"“{url}” is not a web address.")
            case TimeoutError():
                return CallFailed(OutcomeKind.UNKNOWN, f"No answer within {self._deadline.total:g} s. {_MAY_HAVE}")
            case (
                aiohttp.ClientPayloadError()
                | aiohttp.ServerDisconnectedError()
                | aiohttp.ClientOSError()
                | ConnectionError()
            ):
                lost = type(problem).__name__
                return CallFailed(
                    OutcomeKind.UNKNOWN, f"The connection was lost before the answer was whole ({lost}). {_MAY_HAVE}"
                )
            case _:
                return CallFailed(OutcomeKind.UNREADABLE, f"The answer is not HTTP that can be read ({problem}).")

    def _shown(self, headers: Mapping[str, str]) -> dict[str, str]:
        return {
            name: self.without_secrets(value) if name.lower() in self._shown_headers else HIDDEN
            for name, value in headers.items()
        }

    def without_secrets(self, text: str) -> str:
        """The text with the connection's secrets hidden, however they are spelled in it."""
        for secret in self._secrets:
            text = text.replace(secret, HIDDEN)
        return text

    def hide_secrets(self, outcome: Outcome) -> Outcome:
        """The outcome with the secrets hidden in its words: partners repeat credentials in complaints about them."""
        if not outcome.messages:
            return outcome
        words = tuple(
            msgspec.structs.replace(message, text=self.without_secrets(message.text)) for message in outcome.messages
        )
        return msgspec.structs.replace(outcome, messages=words) if words != outcome.messages else outcome

    def _without_secrets_in(self, body: bytes) -> bytes:
        for secret in self._secrets_in_bytes:
            body = body.replace(secret, _HIDDEN_IN_BYTES)
        return body


@lru_cache(maxsize=64)
def _timeout(deadline: timedelta) -> aiohttp.ClientTimeout:
    total = deadline.total_seconds()
    return aiohttp.ClientTimeout(total=total, sock_connect=min(_LONGEST_CONNECTING, total / 2))


@lru_cache(maxsize=256)
def _shown_headers(besides: tuple[str, ...]) -> frozenset[str]:
    return _SHOWN_HEADERS | {name.lower() for name in besides}


def shown_of(headers: Mapping[str, str], besides: tuple[str, ...] = ()) -> dict[str, str]:
    """Headers as the call log keeps them: the value of any that may hold a secret is hidden."""
    allowed = _shown_headers(besides)
    return {name: value if name.lower() in allowed else HIDDEN for name, value in headers.items()}


@lru_cache(maxsize=4096)
def _spellings(secrets: frozenset[str]) -> tuple[tuple[str, ...], tuple[bytes, ...]]:
    """The secrets as they may stand in a text, the longest first; and in bytes. In an address, in JSON, in XML."""
    found: set[str] = set()
    for secret in secrets:
        if len(secret) >= 4:
            in_json = msgspec.json.encode(secret).decode()[1:-1]
            found |= {secret, quote(secret), quote(secret, safe=""), quote_plus(secret), in_json, escape(secret)}
    spelled = tuple(sorted(found, key=len, reverse=True))
    return spelled, tuple(one.encode() for one in spelled)
