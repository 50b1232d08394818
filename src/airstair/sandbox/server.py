"""The sandbox's HTTP server: each partner under `/<key>`, the control API under `/control`, pages under `/inspect`.

It carries calls to the partners' hosts and replies back to the wire, whole, cut, or not at all; it decides nothing.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
from collections.abc import AsyncIterator
from pathlib import Path

from aiohttp import web

from airstair.kernel.clock import Clock, SystemClock
from airstair.sandbox import control, inspector
from airstair.sandbox.discovery import find_partners
from airstair.sandbox.guard import guard
from airstair.sandbox.host import Host, Reply
from airstair.sandbox.keys import ALLOWED_HOSTS, HOSTS
from airstair.sandbox.partner import Answer, Call
from airstair.sandbox.store import Store

logger = logging.getLogger(__name__)

LARGEST_BODY = 16 * 1024 * 1024


def make_app(clock: Clock, *, home: Path | None = None, allowed_hosts: frozenset[str] = frozenset()) -> web.Application:
    """The whole sandbox as an aiohttp application. With `home`, state and journals live in `home/<key>.sqlite3`.

    `allowed_hosts`: names, besides localhost and plain addresses, under which control and pages may be called.
    """
    hosts = {
        key: Host(partner, clock, Store(home / f"{key}.sqlite3") if home is not None else None)
        for key, partner in find_partners().items()
    }
    app = web.Application(client_max_size=LARGEST_BODY, middlewares=[guard])
    app[HOSTS] = hosts
    app[ALLOWED_HOSTS] = allowed_hosts
    control.add_routes(app)
    inspector.add_routes(app)
    app.router.add_route("*", "/{key}/{path:.*}", _partner_call)
    app.on_cleanup.append(_close_hosts)
    return app


async def _close_hosts(app: web.Application) -> None:
    for host in app[HOSTS].values():
        await host.close()


async def _partner_call(request: web.Request) -> web.StreamResponse:
    """Any call to any partner's API."""
    host = request.app[HOSTS].get(request.match_info["key"])
    if host is None:
        known = ", ".join(f"/{key}" for key in request.app[HOSTS])
        return web.json_response({"error": f"No partner is imitated here. There are: {known}."}, status=404)
    path = "/" + request.match_info["path"]
    if path == "/" and request.method == "GET":
        raise web.HTTPFound(f"/inspect/{host.key}/")
    body, unreadable = await _body(request)
    query: dict[str, list[str]] = {}
    for name, value in request.query.items():
        query.setdefault(name, []).append(value)
    call = Call(
        received_at=host.clock.now(),
        method=request.method,
        path=path,
        query=query,
        headers={name.lower(): value for name, value in request.headers.items()},
        body=body,
        base_url=f"{request.scheme}://{request.host}/{host.key}",
    )
    if unreadable is not None:
        return _response(host.refuse_unread(call, *unreadable))
    reply = await host.serve(call, lambda: request.transport is None or request.transport.is_closing())
    return await _send(request, reply)


async def _body(request: web.Request) -> tuple[bytes, tuple[int, str] | None]:
    """The body, or with which status and sentence a call is refused whose body cannot be read."""
    try:
        return await request.read(), None
    except web.HTTPRequestEntityTooLarge:
        return b"", (413, f"The request body is larger than {LARGEST_BODY} bytes")
    except (web.RequestPayloadError, ValueError):
        return b"", (400, "The request body could not be read: check Content-Encoding and Content-Length")


async def _send(request: web.Request, reply: Reply) -> web.StreamResponse:
    if reply.answer is None:
        if request.transport is not None:
            request.transport.abort()
        return web.Response()
    response = _response(reply.answer, reply.extra_headers)
    if not reply.cut:
        return response
    headers = {**reply.answer.headers, "Content-Type": reply.answer.content_type}
    half = web.StreamResponse(status=reply.answer.status, headers=headers)
    half.content_length = max(len(reply.answer.body), 2)
    await half.prepare(request)
    await half.write(reply.answer.body[: len(reply.answer.body) // 2])
    if request.transport is not None:
        request.transport.close()
    return half


def _response(answer: Answer, extra: dict[str, str] | None = None) -> web.Response:
    headers = {**answer.headers, **(extra or {}), "Content-Type": f"{answer.content_type}; charset=utf-8"}
    return web.Response(status=answer.status, body=answer.body, headers=headers)


@contextlib.asynccontextmanager
async def listening(app: web.Application, host: str, port: int) -> AsyncIterator[str]:
    """Serve `app` while inside; gives the address, as `http://host:port`. Port 0 takes a free one."""
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5, handler_cancellation=True)
    await runner.setup()
    try:
        site = web.TCPSite(runner, host, port, backlog=1024)
        await site.start()
        bound = runner.addresses[0][1]
        yield f"http://{f'[{host}]' if ':' in host else host}:{bound}"
    finally:
        await runner.cleanup()


async def serve(host: str, port: int, *, clock: Clock | None = None, home: Path | None = None) -> None:
    """Run the sandbox until cancelled or told to stop (SIGINT, SIGTERM). Raises OSError when the port is taken."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        # Only the main thread of a process may take signals; elsewhere cancelling the task stops the server.
        with contextlib.suppress(NotImplementedError, RuntimeError, ValueError):
            loop.add_signal_handler(number, stop.set)
    async with listening(make_app(clock or SystemClock(), home=home), host, port) as url:
        logger.info("The sandbox listens on %s; its pages are at %s/inspect/.", url, url)
        await stop.wait()


def run(port: int = 8900, *, host: str = "127.0.0.1", home: Path | None = None) -> None:
    """`airstair sandbox`: serve in the foreground until interrupted."""
    asyncio.run(serve(host, port, home=home))
