"""A whole Airstair as people start it: `airstair up`, its processes, a home of its own, and what a visitor can do."""

from __future__ import annotations

import http.cookiejar
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import pytest

from airstair.running.ports import free_port

T = TypeVar("T")
AIRSTAIR = (sys.executable, "-m", "airstair.cli")
GREETING = re.compile(r"Airstair +(http://\S+)\n +Sandbox +(http://\S+)\n +Sign in as +(\S+) +with +(\S+)\n")
START_SECONDS = 120.0  # a busy machine is slow, not wrong
_WORKER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw") or 0) % 20
# Apart from those that databases choose among, and that the system gives to outgoing connections; parallel workers
# choose among different ones.
_PORTS = range(14_000 + 200 * _WORKER, 14_200 + 200 * _WORKER)


def environment() -> dict[str, str]:
    """What a person's terminal holds: nothing of the test run's own database, home or settings."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AIRSTAIR_", "DJANGO_"))}
    return kept | {"PYTHONWARNINGS": "ignore", "NO_COLOR": "1"}


def until(happens: Callable[[], T], seconds: float, why: Callable[[], str] = str) -> T:
    """What `happens()` answers as soon as that is something; at most so many seconds."""
    deadline = time.monotonic() + seconds
    while not (found := happens()):
        assert time.monotonic() < deadline, f"It did not happen within {seconds:g} s. {why()}"
        time.sleep(0.1)
    return found


@dataclass(frozen=True)
class Greeting:
    """What `airstair up` prints when it is ready."""

    web: str
    sandbox: str
    email: str
    password: str


@dataclass
class Place:
    """One home and its ports, over any number of starts of `airstair up`."""

    home: Path
    ports: dict[str, int]
    said: list[str] = field(default_factory=list)
    process: subprocess.Popen[str] | None = None
    reader: threading.Thread | None = None

    def start(self) -> Greeting:
        """Run `airstair up` until it greets."""
        words = [word for name, port in self.ports.items() for word in (f"--{name}-port", str(port))]
        self.said = []
        self.process = subprocess.Popen(
            [*AIRSTAIR, "up", "--home", str(self.home), *words],
            env=environment(), cwd=self.home.parent, text=True, errors="replace",
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
        self.reader = threading.Thread(target=self._read, args=(self.process,), daemon=True)
        self.reader.start()
        until(lambda: GREETING.search(self.words) or self._ended(), START_SECONDS, lambda: self.words)
        found = GREETING.search(self.words)
        assert found is not None, f"It ended before it was ready:\n{self.words}"
        return Greeting(*found.groups())

    def _read(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        self.said.extend(iter(process.stdout.readline, ""))

    def _ended(self) -> bool:
        return self.process is not None and self.process.poll() is not None

    @property
    def words(self) -> str:
        """Everything that it has said since it was last started."""
        return "".join(list(self.said))

    def interrupt(self) -> int:
        """Ctrl-C; the exit status."""
        assert self.process is not None and self.reader is not None
        self.process.send_signal(signal.SIGINT)
        status = self.process.wait(60)
        self.reader.join(10)
        return status

    def airstair(self, *words: str) -> tuple[int, Any]:
        """A command in another terminal: its exit status, and what it told as JSON."""
        done = subprocess.run(
            [*AIRSTAIR, *words, "--json", "--home", str(self.home)],
            env=environment(), cwd=self.home.parent, text=True, capture_output=True, check=False, timeout=60,
        )  # fmt: skip
        assert done.stdout, done.stderr
        return done.returncode, json.loads(done.stdout)

    def control(self, path: str) -> Any:
        """What the sandbox's control API answers about Avinode."""
        with urllib.request.urlopen(
            f"http://127.0.0.1:{self.ports['sandbox']}/control/avinode/{path}", timeout=10
        ) as answer:
            return json.load(answer)

    def processes(self) -> dict[int, str]:
        """Every process of this home, by id: those whose command line or environment names it."""
        name, found = os.fsencode(self.home), {}
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                command = (folder / "cmdline").read_bytes()
                if name in command or name in (folder / "environ").read_bytes():
                    found[int(folder.name)] = command.replace(b"\0", b" ").decode(errors="replace")
            except OSError:  # gone meanwhile, or another user's
                continue
        return found

    def end(self) -> None:
        """Stop what still runs and leave nothing behind, however the test has gone."""
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(60)
            except subprocess.TimeoutExpired:
                self.process.kill()  # its children end with it
                self.process.wait(10)
        shutil.rmtree(self.home.parent, ignore_errors=True)


class Visitor:
    """A browser without a screen: keeps cookies, follows redirects, fills in the token of a form."""

    def __init__(self, address: str) -> None:
        self.address = address
        self._opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()))

    def get(self, path: str) -> tuple[str, str]:
        """The path arrived at, and the page."""
        return self._open(urllib.request.Request(self.address + path))[1:]

    def post(self, path: str, **fields: str) -> tuple[int, str, str]:
        """Status, the path arrived at, and the page. The form is opened first, for its token."""
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', self.get(path)[1])
        assert token is not None, f"There is no form at {path}."
        body = urllib.parse.urlencode({**fields, "csrfmiddlewaretoken": token[1]}).encode()
        return self._open(urllib.request.Request(self.address + path, body, {"Referer": self.address + path}))

    def _open(self, request: urllib.request.Request) -> tuple[int, str, str]:
        try:
            answer = self._opener.open(request, timeout=20)
        except urllib.error.HTTPError as refused:
            answer = refused
        with answer:
            return answer.status, urllib.parse.urlsplit(answer.url).path, answer.read().decode()


@pytest.fixture(scope="module")
def place() -> Iterator[Place]:
    """A home that the database's account can reach, whoever runs the tests; nothing runs there yet."""
    folder = Path(tempfile.mkdtemp(prefix="airstair acceptance ")).resolve()
    folder.chmod(0o711)
    ports: dict[str, int] = {}
    for name in ("web", "live", "sandbox"):
        ports[name] = free_port([port for port in _PORTS if port not in ports.values()])
    made = Place(folder / "home", ports)
    yield made
    made.end()
