"""A worker's own port: probes and metrics, answered by the loop that delivers, so that a loop that hangs shows."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from http import HTTPStatus

import psycopg
from aiohttp import web

from airstair.hub import metrics, readiness, scraping
from airstair.hub.engine.dispatcher import Dispatcher
from airstair.hub.engine.vitals import Vitals
from airstair.hub.readiness import Check, Readiness
from airstair.kernel.errors import AirstairError

Serving = Callable[[], Dispatcher | None]  # the dispatcher at work now; None while one is about to be started


class CannotListen(AirstairError):
    """The port is taken, or not ours to take."""


@contextlib.asynccontextmanager
async def worker_port(host: str, port: int, serving: Serving) -> AsyncIterator[str]:
    """Listen while inside; yields the address. Port 0 takes any that is free. Raises `CannotListen`."""
    runner = web.AppRunner(_application(serving), access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, host, port).start()
        except OSError as taken:
            reason = taken.strerror or taken
            raise CannotListen(
                f"The worker cannot listen on {host}:{port} ({reason}). Choose another with --metrics-port N."
            ) from None
        yield f"http://{host}:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


def _application(serving: Serving) -> web.Application:
    database = Readiness()

    async def probe(request: web.Request) -> web.Response:
        if request.path == "/healthz/live":
            checks: tuple[Check, ...] = ()
        else:
            trouble = _vitals(serving)
            says = trouble.says if trouble is not None else _STARTING
            own = Check("dispatcher", trouble is not None and not trouble.trouble, says)
            checks = (*await asyncio.to_thread(database.checks), own)
        answer = readiness.answer(request.path, lambda: checks)
        assert answer is not None  # only probes are routed here
        return web.Response(status=answer.status, body=answer.body, headers={"Content-Type": answer.content_type})

    async def scrape(request: web.Request) -> web.Response:
        if not scraping.may_scrape(
            address=request.remote or "",
            host=request.headers.get("Host", ""),
            authorization=request.headers.get("Authorization", ""),
            forwarded=any(name.lower() in scraping.FORWARDING for name in request.headers),
        ):
            return web.Response(status=HTTPStatus.FORBIDDEN, text=scraping.REFUSED + "\n")
        body = await _metrics(_vitals(serving))
        return web.Response(body=body, headers={"Content-Type": metrics.CONTENT_TYPE})

    application = web.Application()
    for path in ("/healthz", "/healthz/live", "/healthz/ready"):
        application.router.add_get(path, probe)
    application.router.add_get("/metrics", scrape)
    return application


_STARTING = "The dispatcher is starting, or waits for the database."


def _vitals(serving: Serving) -> Vitals | None:
    dispatcher = serving()
    return dispatcher.vitals if dispatcher is not None else None


async def _metrics(vitals: Vitals | None) -> bytes:
    # Read here, where nothing changes meanwhile; written out in a thread, so that deliveries go on.
    families = list(metrics.WORKER.families())
    if vitals is not None:
        families += metrics.levels_as_families(vitals.levels(), vitals.now)
        with contextlib.suppress(psycopg.Error):  # the database is away: what it would have told is left out
            families += metrics.budgets_as_families(await vitals.budgets())
    return await asyncio.to_thread(metrics.written, families)
