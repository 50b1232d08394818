"""The live stream as an ASGI application, to be run by itself beside the pages:

    granian --interface asgi --port 8001 airstair.web.live.asgi:application

`GET /stream?cursor=…` sends server-sent events: `hello` once, `change` (see happenings.py), `ledger` (the id of a
connection whose deliveries were saved), `signed-out` before it ends. `GET /healthz`, `/healthz/live` and
`/healthz/ready` are probes: ready while the database is listened to. Holds nothing that a restart would lose: browsers
come back with the cursor they stand at.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "airstair.settings")
django.setup()

from django.conf import settings  # noqa: E402  # Django must be set up before its models are imported
from django.db import connection  # noqa: E402
from django.http.request import split_domain_port, validate_host  # noqa: E402

from airstair.hub import readiness  # noqa: E402
from airstair.hub.readiness import Check  # noqa: E402
from airstair.web.live.feed import Feed, Listener, conninfo_of  # noqa: E402
from airstair.web.live.happenings import encode, message  # noqa: E402
from airstair.web.live.listeners import session_key, sight_of  # noqa: E402

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Headers = Iterable[tuple[bytes, bytes]]

BEAT_SECONDS = 15.0
LOOK_AGAIN_BEATS = 4  # every so many beats the session is looked up again: it may have ended
MOST_LISTENERS = 5000


class LiveStream:
    """The application. `beat` is how often a quiet stream says that it is alive, in seconds."""

    def __init__(self, beat: float = BEAT_SECONDS) -> None:
        self.beat = beat
        self._feed: Feed | None = None
        self._readiness = readiness.Readiness()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        elif scope["type"] == "http":
            await self._http(scope, receive, send)

    def _reader(self) -> Feed:
        """The feed, started when it is first needed: it belongs to the loop that serves."""
        if self._feed is None:
            self._feed = Feed(conninfo_of(connection.settings_dict))
        self._feed.start()
        return self._feed

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        while True:
            event = await receive()
            if event["type"] == "lifespan.startup":
                self._reader()
                await send({"type": "lifespan.startup.complete"})
            elif event["type"] == "lifespan.shutdown":
                if self._feed is not None:
                    await self._feed.stop()
                await send({"type": "lifespan.shutdown.complete"})
                return

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
        allowed = _for_origin(headers)
        if scope["path"].startswith("/healthz") and scope["method"] in ("GET", "HEAD"):
            await self._probe(scope, send)
        elif scope["path"] != "/stream":
            await _answer(send, 404)
        elif scope["method"] != "GET":
            await _answer(send, 405, [(b"allow", b"GET")])
        elif allowed is None:
            await _answer(send, 403)
        else:
            await self._stream(scope, headers, allowed, receive, send)

    async def _probe(self, scope: Scope, send: Send) -> None:
        checks: tuple[Check, ...] = ()
        if scope["path"] != "/healthz/live":
            listening = self._reader().listening.is_set()
            says = "The database is listened to." if listening else "The database is not listened to yet."
            checks = (*await asyncio.to_thread(self._readiness.checks), Check("listening", listening, says))
        answer = readiness.answer(scope["path"], lambda: checks)
        if answer is None:
            return await _answer(send, 404)
        body = answer.body if scope["method"] == "GET" else b""
        return await _answer(send, answer.status, [(b"content-type", answer.content_type.encode())], body)

    async def _stream(
        self, scope: Scope, headers: dict[str, str], allowed: Headers, receive: Receive, send: Send
    ) -> None:
        key = session_key(headers.get("cookie", ""))
        sight = await asyncio.to_thread(sight_of, key)
        if sight is None:
            return await _answer(send, 401, allowed)
        feed = self._reader()
        if feed.listeners >= MOST_LISTENERS:
            return await _answer(send, 503, allowed)
        asked = parse_qs(scope.get("query_string", b"").decode("latin-1"))
        cursor = headers.get("last-event-id", "") or asked.get("cursor", [""])[0]
        try:
            async with asyncio.timeout(10):
                listener = await feed.join(sight, cursor)
        except TimeoutError:
            return await _answer(send, 503, allowed)
        try:
            await send(_start(200, [*allowed, (b"content-type", b"text/event-stream; charset=utf-8")]))
            leaving = asyncio.create_task(_gone(receive))
            sending = asyncio.create_task(self._send_all(listener, key, send))
            try:
                await asyncio.wait({leaving, sending}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for task in (leaving, sending):
                    task.cancel()
                await asyncio.gather(leaving, sending, return_exceptions=True)
        finally:
            feed.leave(listener)

    async def _send_all(self, listener: Listener, key: str, send: Send) -> None:
        await _chunk(send, b"retry: 3000\n\n")
        beats = 0
        while True:
            found = await listener.next(self.beat)
            if found is not None:
                name, what, cursor = found
                await _chunk(send, message(name, what if isinstance(what, str) else encode(what), cursor))
                continue
            beats += 1
            await _chunk(send, b": alive\n\n")
            if beats % LOOK_AGAIN_BEATS == 0 and await asyncio.to_thread(sight_of, key) != listener.sight:
                await _chunk(send, message("signed-out", ""))
                await send({"type": "http.response.body", "body": b"", "more_body": False})
                return


def _for_origin(headers: dict[str, str]) -> Headers | None:
    """The headers that let the pages read the stream; `None` for a page of somebody else's.

    The pages are at the same host as this stream, on any of its ports, or at a host that the pages answer to when
    the stream has an address of its own (AIRSTAIR_LIVE_URL). A request without an origin is not from a page.
    """
    origin = headers.get("origin", "")
    if not origin:
        return []
    try:
        host = (urlsplit(origin).hostname or "").lower()
    except ValueError:
        return None
    here = split_domain_port(headers.get("host", ""))[0].strip("[]").lower()
    same = bool(host) and host == here
    ours = bool(settings.LIVE_URL) and validate_host(host, settings.ALLOWED_HOSTS)
    if not (same or ours):
        return None
    return [
        (b"access-control-allow-origin", origin.encode("latin-1", "replace")),
        (b"access-control-allow-credentials", b"true"),
        (b"vary", b"Origin"),
    ]


def _start(status: int, headers: Headers) -> dict[str, Any]:
    standing = [(b"cache-control", b"no-store"), (b"x-accel-buffering", b"no"), (b"x-content-type-options", b"nosniff")]
    return {"type": "http.response.start", "status": status, "headers": [*headers, *standing]}


async def _answer(send: Send, status: int, headers: Headers = (), body: bytes = b"") -> None:
    await send(_start(status, headers))
    await send({"type": "http.response.body", "body": body, "more_body": False})


async def _chunk(send: Send, body: bytes) -> None:
    await send({"type": "http.response.body", "body": body, "more_body": True})


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


application = LiveStream()
