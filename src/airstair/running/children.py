"""One child process: its command line, when it counts as ready, its output line by line."""

from __future__ import annotations

import contextlib
import http.client
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import IO, ClassVar

from airstair.running.guarded import guarded
from airstair.running.ports import LOOPBACK, accepts

BACKOFF_SECONDS = (1.0, 2.0, 5.0, 10.0, 30.0)
COLOURS = ("36", "35", "33", "32", "34")
WIDTH = 8


@dataclass(frozen=True)
class Child:
    """A process to run: `argv` with a full path first, as `[sys.executable, "-m", …]`.

    Ready when it runs and, as far as given: `port` accepts connections; a GET of `ready_path` there answers below
    500; `ready_line` has been part of a line of its output. `flag` is the option that changes the port, for the
    message when it is taken. `address` is what `on_ready` and the run file tell (default: http and the port).
    """

    name: str
    argv: Sequence[str]
    port: int | None = None
    host: str = LOOPBACK
    flag: str | None = None
    ready_path: str | None = None
    ready_line: str | None = None
    env: Mapping[str, str] = field(default_factory=dict)
    grace: float = 10.0
    url: str | None = None

    @property
    def address(self) -> str | None:
        """Where people and other processes find it, if anywhere."""
        return self.url or (f"http://{self.host}:{self.port}" if self.port is not None else None)


class Lines:
    """The terminal, shared by all: whole lines only, each with the name of who says it."""

    _shared: ClassVar[Lines | None] = None

    def __init__(self, out: IO[str]) -> None:
        self._out = out
        self._lock = threading.Lock()
        self._colours: dict[str, str] = {}
        self._coloured = out.isatty() and "NO_COLOR" not in os.environ

    @classmethod
    def shared(cls) -> Lines:
        """The one on standard output."""
        if cls._shared is None or cls._shared._out is not sys.stdout:
            cls._shared = cls(sys.stdout)
        return cls._shared

    def write(self, name: str, line: str) -> None:
        """Write one line. A terminal that has gone away is no reason to stop."""
        with self._lock, contextlib.suppress(OSError, ValueError):
            head = f"{name:<{WIDTH}} |"
            if self._coloured:
                colour = self._colours.setdefault(name, COLOURS[len(self._colours) % len(COLOURS)])
                head = f"\033[{colour}m{head}\033[0m"
            self._out.write(f"{head} {line}\n")
            self._out.flush()


class ChildProcess:
    """The life of one `Child`, over any number of restarts. Main thread only."""

    def __init__(self, child: Child, environ: Mapping[str, str]) -> None:
        self.child = child
        self.starts = 0
        self.due_at: float | None = None
        self._environ = {**environ, **child.env}
        self._process: subprocess.Popen[str] | None = None
        self._reader: threading.Thread | None = None
        self._started_at = 0.0
        self._failures = 0
        self._ready = False
        self._reaped = False
        self._line_seen = False

    @property
    def pid(self) -> int | None:
        """The process id while it runs."""
        return self._process.pid if self._process and self._process.poll() is None else None

    def start(self) -> None:
        """Start it now. Its output goes to the terminal, prefixed."""
        self.due_at = None
        self.starts += 1
        self._ready = self._line_seen = self._reaped = False
        self._started_at = time.monotonic()
        self._process = subprocess.Popen(  # noqa: S603 (command lines of our own)
            guarded(self.child.argv, signal.SIGTERM),
            env=dict(self._environ),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,  # Ctrl-C in the terminal reaches the supervisor alone; and its group can be ended
        )
        self._reader = threading.Thread(target=self._read, args=(self._process.stdout,), daemon=True)
        self._reader.start()

    def ended(self) -> int | None:
        """The exit status, or None while it runs."""
        return self._process.poll() if self._process else None

    def is_ready(self) -> bool:
        """Whether it has become ready since its last start."""
        if self.pid is None:
            return False
        if not self._ready:
            line = self.child.ready_line is None or self._line_seen
            self._ready = line and self._port_answers()
        return self._ready

    def schedule_restart(self, settled: float) -> float:
        """Plan the next start; the wait in seconds. Grows with each failure, anew after `settled` seconds of life."""
        lived = time.monotonic() - self._started_at
        self._failures = 0 if lived > settled else self._failures
        seconds = BACKOFF_SECONDS[min(self._failures, len(BACKOFF_SECONDS) - 1)]
        self._failures += 1
        self.due_at = time.monotonic() + seconds
        return seconds

    def stop(self, hurry: Callable[[], bool]) -> None:
        """SIGTERM, and SIGKILL to its whole group after the grace or when `hurry()` says so."""
        self.due_at = None
        process = self._process
        if process is None:
            return
        if process.poll() is None:
            process.terminate()
            deadline = time.monotonic() + self.child.grace
            while process.poll() is None and time.monotonic() < deadline and not hurry():
                time.sleep(0.02)
        self.reap_rest()
        process.wait()
        if self._reader:
            self._reader.join(timeout=2)

    def reap_rest(self) -> None:
        """End what is left of its group, once: workers of a crashed server would keep the port."""
        if self._process and not self._reaped:
            self._reaped = True
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)

    def _read(self, output: IO[str]) -> None:
        for line in output:
            if self.child.ready_line is not None and self.child.ready_line in line:
                self._line_seen = True
            Lines.shared().write(self.child.name, line.rstrip("\n"))

    def _port_answers(self) -> bool:
        port = self.child.port
        if port is None:
            return True
        if self.child.ready_path is None:
            return accepts(port, self.child.host)
        connection = http.client.HTTPConnection(self.child.host, port, timeout=2)
        try:
            connection.request("GET", self.child.ready_path)
            return connection.getresponse().status < 500
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()
