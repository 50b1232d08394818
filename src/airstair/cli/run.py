"""`airstair up` and the processes that it runs: web, live, worker, sandbox. Each can also be run by itself."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from airstair.cli.session import open_record
from airstair.cli.speaking import Told, home_option

if TYPE_CHECKING:
    from airstair.demo.build import Demo
    from airstair.running.home import Running

_WEB_PORT, _SANDBOX_PORT = 8000, 8900
_WEB_WORKERS = "2"


def _granian(interface: str, target: str, host: str, port: int, *more: str) -> list[str]:
    return [
        sys.executable, "-m", "granian", "--interface", interface, "--host", host, "--port", str(port),
        "--no-ws", "--log-level", "warning", *more, target,
    ]  # fmt: skip


def _web(host: str, port: int) -> list[str]:
    more = ["--workers", _WEB_WORKERS, "--blocking-threads", "4", "--respawn-failed-workers"]
    return _granian("wsgi", "airstair.wsgi:application", host, port, *more)


def _live(host: str, port: int) -> list[str]:
    return _granian("asgi", "airstair.web.live.asgi:application", host, port, "--workers", "1")


@click.command("up")
@click.option("--web-port", type=click.IntRange(1, 65534), default=_WEB_PORT, show_default=True, help="Pages.")
@click.option("--live-port", type=click.IntRange(1, 65535), help="Live changes.  [default: the web port + 1]")
@click.option(
    "--sandbox-port",
    type=click.IntRange(1, 65535),
    default=_SANDBOX_PORT,
    show_default=True,
    help="Partners' imitations.",
)
@click.option("--demo/--empty", "demo", default=True, help="With the demo operator (default), or without any.")
@home_option
def up_command(web_port: int, live_port: int | None, sandbox_port: int, demo: bool, home: Path | None) -> None:
    """Run everything in the foreground: database, pages, worker and sandbox. Ctrl-C stops it."""
    from airstair.running.children import Child
    from airstair.running.home import Home
    from airstair.running.supervise import Supervisor

    place = Home(home)
    live_port = live_port or web_port + 1
    host = "127.0.0.1"
    made: list[Demo] = []
    environ = {**os.environ, "AIRSTAIR_LIVE_PORT": str(live_port), "DJANGO_SETTINGS_MODULE": "airstair.settings"}
    own = [sys.executable, "-m", "airstair.cli"]
    supervisor = Supervisor(
        home=place,
        children=[
            Child("web", _web(host, web_port), port=web_port, flag="--web-port", ready_path="/sign-in"),
            Child("live", _live(host, live_port), port=live_port, flag="--live-port", ready_path="/healthz"),
            Child("worker", [*own, "worker"], ready_line="worker is ready", grace=70.0),
            Child(
                "sandbox",
                [*own, "sandbox", "--port", str(sandbox_port)],
                port=sandbox_port,
                flag="--sandbox-port",
                ready_path="/control/",
            ),
        ],
        prepare=lambda url: made.extend(_prepare(place.environment(url), demo=demo)),
        on_ready=lambda running: _greet(running, made),
        environ=environ,
    )
    if supervisor.run():
        raise Told


def _prepare(environ: dict[str, str], *, demo: bool) -> list[Demo]:
    """Bring the database to this version and make the demo operator, before anything else starts."""
    os.environ.update(environ)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "airstair.settings")
    os.environ.setdefault("AIRSTAIR_LOG", "WARNING")
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connections

    from airstair.demo.build import build_demo

    try:
        call_command("migrate", verbosity=0, interactive=False)
        return [build_demo(datetime.now(UTC).date())] if demo else []
    finally:
        for connection in connections.all(initialized_only=True):
            connection.close()
            if pool := getattr(connection, "pool", None):
                pool.close()


def _greet(running: Running, made: list[Demo]) -> None:
    lines = [
        "",
        f"  Airstair       {running.addresses['web']}",
        f"  Sandbox        {running.addresses['sandbox']}",
    ]
    for demo in made:
        lines.append(f"  Sign in as     {demo.users[0].email}  with  {demo.password}")
    lines += ["", "  Ctrl-C stops everything and keeps the data.", ""]
    click.echo("\n".join(lines))


@click.command("web")
@click.option("--port", type=click.IntRange(1, 65535), default=_WEB_PORT, show_default=True)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@home_option
def web_command(port: int, host: str, home: Path | None) -> None:
    """Serve the pages."""
    _serve(_web(host, port), home)


@click.command("live")
@click.option("--port", type=click.IntRange(1, 65535), default=_WEB_PORT + 1, show_default=True)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@home_option
def live_command(port: int, host: str, home: Path | None) -> None:
    """Serve live changes to open pages."""
    _serve(_live(host, port), home)


def _serve(argv: list[str], home: Path | None) -> None:
    with open_record(home):
        ended = subprocess.run(argv, check=False, env={**os.environ})  # noqa: S603 - our own command line
    if ended.returncode not in (0, -2, -15):
        raise Told


@click.command("worker")
@home_option
def worker_command(home: Path | None) -> None:
    """Deliver to partners, watch over connections, keep house. Any number can run, on any number of machines."""
    os.environ.setdefault("AIRSTAIR_LOG", "INFO")
    with open_record(home):
        from airstair.hub.worker import work

        work(on_ready=lambda: click.echo("worker is ready"))


@click.command("sandbox")
@click.option("--port", type=click.IntRange(1, 65535), default=_SANDBOX_PORT, show_default=True)
@home_option
def sandbox_command(port: int, home: Path | None) -> None:
    """Run the imitations of the partners, for trying and testing."""
    from airstair.running.home import Home
    from airstair.running.problems import CannotRun
    from airstair.sandbox.server import run

    place = Home(home)
    place.make()
    try:
        run(port, home=place.path / "sandbox")
    except OSError as taken:
        reason = taken.strerror or taken
        raise CannotRun(f"The sandbox cannot listen on port {port} ({reason}). Choose another with --port N.") from None
