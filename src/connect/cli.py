"""Connect's command line: `python -m connect`. Holds no rule; commands of the rooms do."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from collections.abc import Callable
from functools import wraps
from types import FrameType
from typing import Any

import click

PORT = 8950


def _set_up() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "connect.settings")
    import django

    django.setup()


def told(command: Callable[..., None]) -> Callable[..., None]:
    """What goes wrong is said in a sentence, with status 1."""

    @wraps(command)
    def wrapped(*given: Any, **named: Any) -> None:
        from connect.errors import ConnectError

        _set_up()
        try:
            command(*given, **named)
        except ConnectError as problem:
            raise click.ClickException(str(problem)) from None

    return wrapped


@click.group(context_settings={"max_content_width": 100})
def main() -> None:
    """Ground handling orders and slots, for operators and their handlers."""


@main.command()
@told
def migrate() -> None:
    """Make the database if there is none, and bring it to this version. Harmless when repeated."""
    from django.core.management import call_command

    from connect.database import make_database

    made = make_database()
    call_command("migrate", verbosity=0, interactive=False)
    count = fill_airports()
    click.echo(f"Connect's database is {'made' if made else 'there'}; {count} airports were added.")


def fill_airports() -> int:
    """The world's airports, once. How many were added."""
    from connect.parties.commands import add_airports
    from connect.parties.models import Airport
    from connect.parties.queries import installation

    if Airport.objects.exists():
        return 0
    import airportsdata

    known = airportsdata.load("ICAO")
    return add_airports(installation(), {code: one["name"] for code, one in known.items() if len(code) == 4})


@main.command()
@click.option("--port", type=click.IntRange(1, 65535), default=PORT, show_default=True)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--workers", type=click.IntRange(1, 64), default=1, show_default=True)
def web(port: int, host: str, workers: int) -> None:
    """Serve the pages."""
    argv = [
        sys.executable, "-m", "granian", "--interface", "wsgi", "--host", host, "--port", str(port), "--no-ws",
        "--log-level", "warning", "--workers", str(workers), "--blocking-threads", "4", "--respawn-failed-workers",
        "connect.wsgi:application",
    ]  # fmt: skip
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "connect.settings")
    os.execv(sys.executable, argv)  # noqa: S606 - our own command line; signals then reach the server itself


@main.command()
@told
def sync() -> None:
    """Keep flights and orders equal with the operators' schedule systems."""
    from connect.sync.process import serve

    stop = threading.Event()

    def on_signal(number: int, frame: FrameType | None) -> None:
        stop.set()

    for word in (signal.SIGINT, signal.SIGTERM):
        signal.signal(word, on_signal)
    serve(stop, on_ready=lambda: click.echo("sync is ready"))


@main.command()
@told
def demo() -> None:
    """Make the demo's operator and handlers, as the JSON on standard input says. Harmless when repeated."""
    from connect.demo import build_demo, wanted_from

    click.echo(json.dumps(build_demo(wanted_from(sys.stdin.read()))))
