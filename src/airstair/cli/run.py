"""`airstair up` and the processes that it runs: web, live, worker, sandbox, and Connect. Each can be run by itself."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from airstair.cli.beside import Connect
from airstair.cli.session import open_record
from airstair.cli.speaking import Told, home_option

if TYPE_CHECKING:
    from airstair.demo.build import Demo
    from airstair.running.children import Child
    from airstair.running.home import Home, Running

_WEB_PORT, _SANDBOX_PORT = 8000, 8900
_WEB_WORKERS = "2"
_COUNTED_TOGETHER = "PROMETHEUS_MULTIPROC_DIR"  # a folder where the processes of one server count


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


def _free_after(port: int, *others: int) -> int:
    """The next port that nobody listens on or will: probes are worth no refusal to start."""
    from airstair.running.ports import is_free

    return next(one for one in range(port + 1, 65_536) if one not in others and is_free(one))


def _counting_folder(home: Path, port: int) -> Path:
    """Where the processes of the server at that port count together; empty."""
    folder = home / "counted" / str(port)
    shutil.rmtree(folder, ignore_errors=True)  # what an earlier run counted
    folder.mkdir(parents=True)
    return folder


@click.command("up")
@click.option("--web-port", type=click.IntRange(1, 65534), default=_WEB_PORT, show_default=True, help="Pages.")
@click.option("--live-port", type=click.IntRange(1, 65535), help="Live changes.  [default: the web port + 1]")
@click.option(
    "--metrics-port",
    type=click.IntRange(1, 65535),
    help="Probes and metrics of the worker.  [default: the next free one after that of live changes]",
)
@click.option(
    "--sandbox-port",
    type=click.IntRange(1, 65535),
    default=_SANDBOX_PORT,
    show_default=True,
    help="Partners' imitations.",
)
@click.option(
    "--connect-port",
    type=click.IntRange(1, 65535),
    help="Connect, where handlers work.  [default: the sandbox port + 50]",
)
@click.option(
    "--with-connect/--without-connect",
    "with_connect",
    default=None,
    help="Connect too.  [default: with, unless AIRSTAIR_DATABASE_URL is set and CONNECT_DATABASE_URL is not]",
)
@click.option("--demo/--empty", "demo", default=True, help="With the demo operator (default), or without any.")
@home_option
def up_command(
    web_port: int,
    live_port: int | None,
    metrics_port: int | None,
    sandbox_port: int,
    connect_port: int | None,
    with_connect: bool | None,
    demo: bool,
    home: Path | None,
) -> None:
    """Run everything in the foreground: database, pages, worker, sandbox and Connect. Ctrl-C stops it."""
    from airstair.running.home import Home
    from airstair.running.supervise import Supervisor

    place = Home(home)
    live_port = live_port or web_port + 1
    connect_port = connect_port or sandbox_port + 50
    metrics_port = metrics_port or _free_after(live_port, web_port, sandbox_port, connect_port)
    made: list[Demo] = []
    if with_connect is None:
        with_connect = not place.given_database or "CONNECT_DATABASE_URL" in os.environ
    connect = Connect(place, connect_port, web_port) if with_connect else None
    environ = {**os.environ, "AIRSTAIR_LIVE_PORT": str(live_port), "DJANGO_SETTINGS_MODULE": "airstair.settings"}
    # The processes write to us, not to the terminal that somebody may be reading.
    environ.setdefault("AIRSTAIR_LOG_FORMAT", "text" if sys.stdout.isatty() else "json")
    supervisor = Supervisor(
        home=place,
        children=[
            *_children(place, web_port, live_port, metrics_port, sandbox_port),
            *(connect.children() if connect else ()),
        ],
        prepare=lambda url: made.extend(_prepare(place, url, web_port, connect, demo=demo)),
        on_ready=lambda running: _greet(running, made),
        environ=environ,
    )
    if supervisor.run():
        raise Told


def _children(place: Home, web_port: int, live_port: int, metrics_port: int, sandbox_port: int) -> list[Child]:
    """The processes of one Airstair beside the database, each on its port of this machine."""
    from airstair.running.children import Child

    own, host = [sys.executable, "-m", "airstair.cli"], "127.0.0.1"
    return [
        Child(
            "web",
            _web(host, web_port),
            port=web_port,
            flag="--web-port",
            ready_path="/sign-in",
            env={_COUNTED_TOGETHER: str(place.path / "counted" / str(web_port))},
        ),
        Child("live", _live(host, live_port), port=live_port, flag="--live-port", ready_path="/healthz/ready"),
        Child(
            "worker",
            [*own, "worker", "--metrics-port", str(metrics_port)],
            port=metrics_port,
            flag="--metrics-port",
            ready_path="/healthz/ready",
            ready_line="worker is ready",
            grace=70.0,
        ),
        Child(
            "sandbox",
            [*own, "sandbox", "--port", str(sandbox_port)],
            port=sandbox_port,
            flag="--sandbox-port",
            ready_path="/control/",
        ),
    ]


def _prepare(place: Home, url: str, web_port: int, connect: Connect | None, *, demo: bool) -> list[Demo]:
    """Bring the databases to this version and make the demo operator, before anything else starts."""
    _counting_folder(place.path, web_port)
    if connect:
        connect.begin(url)
    os.environ.update(place.environment(url))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "airstair.settings")
    os.environ.setdefault("AIRSTAIR_LOG", "WARNING")
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connections

    from airstair.demo.build import build_demo
    from airstair.demo.connecting import consent
    from airstair.kernel.clock import SystemClock

    now = datetime.now(UTC)
    try:
        call_command("migrate", verbosity=0, interactive=False)
        made = [build_demo(now.date(), SystemClock())] if demo else []
        if connect:
            connect.finish()
            if made:
                consent(made[0], connect.url, now, connect.hand_over)
        return made
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
    if "connect" in running.addresses:
        lines.append(f"  Connect        {running.addresses['connect']}")
        if made:
            lines.append("  … there also   desk@blueapron.example, ops@harbourjet.example: handlers, the same password")
    lines += ["", "  Ctrl-C stops everything and keeps the data.", ""]
    click.echo("\n".join(lines))


@click.command("web")
@click.option("--port", type=click.IntRange(1, 65535), default=_WEB_PORT, show_default=True)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@home_option
def web_command(port: int, host: str, home: Path | None) -> None:
    """Serve the pages."""
    _serve(_web(host, port), home, port)


@click.command("live")
@click.option("--port", type=click.IntRange(1, 65535), default=_WEB_PORT + 1, show_default=True)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@home_option
def live_command(port: int, host: str, home: Path | None) -> None:
    """Serve live changes to open pages."""
    _serve(_live(host, port), home, port)


def _serve(argv: list[str], home: Path | None, port: int) -> None:
    from airstair.running.home import Home

    with open_record(home):
        environ = {**os.environ, _COUNTED_TOGETHER: str(_counting_folder(Home(home).path, port))}
        ended = subprocess.run(argv, check=False, env=environ)  # noqa: S603 - our own command line
    if ended.returncode not in (0, -2, -15):
        raise Told


@click.command("worker")
@click.option("--metrics-port", type=click.IntRange(1, 65535), help="Answer probes and metrics there.  [default: not]")
@click.option("--metrics-host", default="127.0.0.1", show_default=True, help="Address to answer them on.")
@home_option
def worker_command(metrics_port: int | None, metrics_host: str, home: Path | None) -> None:
    """Deliver to partners, watch over connections, keep house. Any number can run, on any number of machines."""
    os.environ.setdefault("AIRSTAIR_LOG", "INFO")
    with open_record(home):
        from airstair.hub.worker import work

        port = None if metrics_port is None else (metrics_host, metrics_port)
        work(on_ready=lambda: click.echo("worker is ready"), port=port)


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
