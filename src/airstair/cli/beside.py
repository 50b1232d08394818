"""Connect beside `airstair up`: its processes, its database, its demo. A program of its own: it is only ever started.

Nothing of it is imported here; what it needs to know it finds in its environment and on its standard input.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from airstair.running.problems import CannotRun

if TYPE_CHECKING:
    from airstair.running.children import Child
    from airstair.running.home import Home

_OWN = (sys.executable, "-m", "connect")
_SECONDS = 120


class Connect:
    """Connect on one port. Its environment is filled in by `begin`, before its processes start."""

    def __init__(self, place: Home, port: int, web_port: int) -> None:
        self.place, self.port = place, port
        self.environ: dict[str, str] = {}
        self.url, self._airstair = f"http://127.0.0.1:{port}", f"http://127.0.0.1:{web_port}"
        self._migrating: subprocess.Popen[str] | None = None

    def children(self) -> list[Child]:
        """Its pages, and the process that keeps it and Airstair equal."""
        from airstair.running.children import Child

        web = [*_OWN, "web", "--port", str(self.port)]
        path = "/healthz/ready"
        return [
            Child(
                "connect", web, port=self.port, flag="--connect-port", ready_path=path, env=self.environ, url=self.url
            ),
            Child("connect-sync", [*_OWN, "sync"], ready_line="sync is ready", env=self.environ),
        ]

    def begin(self, database_url: str) -> None:
        """Make its database where there is none, and begin to bring that to this version, beside what else is done."""
        from airstair.running.beside import address_beside, make_beside

        given = os.environ.get("CONNECT_DATABASE_URL")
        if not given and self.place.given_database:
            given = address_beside(database_url, "connect")
        self.environ.update(
            CONNECT_DATABASE_URL=given or make_beside(self.place.cluster(), "connect"),
            CONNECT_SECRET_KEY=self.place.derive_key("connect").hex(),
            CONNECT_HOME=str(self.place.path / "connect"),
            CONNECT_URL=self.url,
            CONNECT_AIRSTAIR_URL=self._airstair,
            DJANGO_SETTINGS_MODULE="connect.settings",
        )
        self._migrating = self._started("migrate")

    def finish(self) -> None:
        """Wait for that. Raises `CannotRun`."""
        assert self._migrating is not None
        self._ended(self._migrating, "")

    def hand_over(self, demo: Mapping[str, Any]) -> None:
        """What its demo is made of: secrets, so not in its environment. Raises `CannotRun`."""
        self._ended(self._started("demo"), json.dumps(demo))

    def _started(self, command: str) -> subprocess.Popen[str]:
        pipe = subprocess.PIPE
        environ = {**os.environ, **self.environ}
        return subprocess.Popen(  # noqa: S603 (our own command line)
            [*_OWN, command], env=environ, stdin=pipe, stdout=pipe, stderr=pipe, text=True
        )

    def _ended(self, process: subprocess.Popen[str], said: str) -> None:
        try:
            _, error = process.communicate(said, timeout=_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            raise CannotRun("Connect's database is not ready after two minutes. Try again, or see its log.") from None
        if process.returncode:
            reason = error.strip().splitlines()[-1] if error.strip() else "It ended without a word."
            raise CannotRun(f"Connect cannot start. {reason} Or start without it: --without-connect.")
