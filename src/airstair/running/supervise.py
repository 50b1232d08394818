"""Runs the processes of one Airstair in the foreground: starts, watches, restarts and stops them, the database last.

Knows nothing of what they do. Must not be used from a thread other than the main one (signals, and Linux stops a
child when the thread that started it ends).
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import FrameType

from airstair.kernel.errors import AirstairError
from airstair.running.children import Child, ChildProcess, Lines
from airstair.running.cluster import Cluster
from airstair.running.home import Home, Running, check_answers
from airstair.running.ports import is_free
from airstair.running.problems import CannotRun

READY_SECONDS = 90
LOOK_SECONDS = 0.2
TRIES_BEFORE_READY = 3
DATABASE_TRIES = 5
SETTLED_SECONDS = 60


class _Stop(BaseException):
    """Somebody asked us to stop while we were in the middle of something long."""


@dataclass
class Supervisor:
    """One `airstair up`: `run()` returns the exit status when somebody has asked it to stop.

    `prepare(database_url)` is called once the database answers, before any child starts (migrations, demo operator).
    `on_ready(running)` is called once every child is ready: print addresses and the sign-in there.
    Children are stopped in the order of `children`, each with SIGTERM and after its `grace` with SIGKILL.
    """

    home: Home
    children: Sequence[Child]
    prepare: Callable[[str], None] = lambda url: None
    on_ready: Callable[[Running], None] = lambda running: None
    environ: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    say: Callable[[str], None] = lambda sentence: Lines.shared().write("airstair", sentence)

    _processes: list[ChildProcess] = field(default_factory=list, init=False)
    _cluster: Cluster | None = field(default=None, init=False)
    _addresses: dict[str, str] = field(default_factory=dict, init=False)
    _asked: int = field(default=0, init=False)
    _interruptible: bool = field(default=False, init=False)
    _database_deaths: list[float] = field(default_factory=list, init=False)

    def run(self) -> int:
        """Run until Ctrl-C, SIGTERM or SIGHUP. 0 when stopped so, 1 when it cannot run (the reason has been said)."""
        with self._signals() as wake:
            try:
                with self.home.claim():
                    self._check_ports()
                    try:
                        self._start()
                        self._watch(wake)
                    finally:
                        self._interruptible = False
                        self._stop()
            except _Stop:
                return 0
            except AirstairError as error:
                self.say(str(error))
                return 1
        return 0

    # Starting

    def _check_ports(self) -> None:
        problems = [
            f"Port {child.port} ({child.name}) is taken by another program. "
            f"Stop that one, or choose another port{f' with {child.flag} N' if child.flag else ''}."
            for child in self.children
            if child.port is not None and not is_free(child.port, child.host)
        ]
        if problems:
            raise CannotRun(" ".join(problems))

    def _start(self) -> None:
        self._interruptible = True
        if self._asked:
            raise _Stop
        if self.home.given_database:
            url = self.home.given_database
            check_answers(url)
        else:
            cluster = self.home.cluster()
            cluster.start()  # cleans up after itself when it fails or is interrupted
            self._cluster = cluster
            url = cluster.url
        self.prepare(url)
        self._interruptible = False
        self._addresses = {child.name: child.address for child in self.children if child.address}
        environ = {**self.environ, **self.home.environment(url), "PYTHONUNBUFFERED": "1"}
        if "sandbox" in self._addresses:
            environ.setdefault("AIRSTAIR_SANDBOX_URL", self._addresses["sandbox"])
        if "connect" in self._addresses:
            environ.setdefault("AIRSTAIR_CONNECT_URL", self._addresses["connect"])
        for child in self.children:
            process = ChildProcess(child, environ)
            self._processes.append(process)
            process.start()

    def _watch(self, wake: int) -> None:
        """Look at everything a few times a second, and at once when a signal comes."""
        deadline = time.monotonic() + READY_SECONDS
        ready = False
        while not self._asked:
            self._look_after_database()
            for process in self._processes:
                self._look_after(process, all_ready=ready)
            if not ready:
                if all(process.is_ready() for process in self._processes):
                    ready = True
                    self._announce()
                elif time.monotonic() > deadline:
                    late = ", ".join(process.child.name for process in self._processes if not process.is_ready())
                    raise CannotRun(
                        f"Not ready after {READY_SECONDS} s: {late}. The lines above say what it was doing."
                    )
            if select.select([wake], [], [], LOOK_SECONDS if ready else 0.03)[0]:
                os.read(wake, 100)

    def _announce(self) -> None:
        running = Running(
            pid=os.getpid(),
            started=datetime.now(UTC),
            addresses=self._addresses,
            children={process.child.name: process.pid for process in self._processes if process.pid},
        )
        self.home.tell_running(running)
        self.on_ready(running)

    # Looking after

    def _look_after(self, process: ChildProcess, *, all_ready: bool) -> None:
        if process.due_at is not None:
            if time.monotonic() >= process.due_at:
                process.start()
            return
        status = process.ended()
        if status is None:
            return
        process.reap_rest()
        if not all_ready and process.starts >= TRIES_BEFORE_READY:
            raise CannotRun(
                f"{process.child.name} ended {process.starts} times before it was ready. See its lines above."
            )
        seconds = process.schedule_restart(SETTLED_SECONDS)
        self.say(f"{process.child.name} {_how(status)}; starting it again in {seconds:g} s.")

    def _look_after_database(self) -> None:
        if self._cluster is None or self._cluster.pid is not None:
            return
        now = time.monotonic()
        self._database_deaths = [at for at in self._database_deaths if now - at < SETTLED_SECONDS] + [now]
        if len(self._database_deaths) > DATABASE_TRIES:
            raise CannotRun(f"The database keeps ending. Its own words are in {self._cluster.log}.")
        self.say("The database ended unexpectedly; starting it again.")
        self._interruptible = True  # recovery may take a while
        self._cluster.restart()
        self._interruptible = False

    # Stopping

    def _stop(self) -> None:
        """Every child in order, then the database. A second Ctrl-C stops waiting for the children."""
        alive = [process for process in self._processes if process.pid]
        if alive or self._cluster:
            self.say("Stopping.")
        first = self._asked
        for process in self._processes:
            process.stop(hurry=lambda: self._asked > max(first, 1))
        if self._cluster:
            self._cluster.stop()
        if alive or self._cluster:
            self.say("Stopped.")

    @contextlib.contextmanager
    def _signals(self) -> Iterator[int]:
        """Take over the signals that mean “stop”; yields a descriptor that becomes readable when one comes."""
        readable, writable = os.pipe()
        os.set_blocking(writable, False)
        before_wake = signal.set_wakeup_fd(writable, warn_on_full_buffer=False)
        words = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
        before = {word: signal.signal(word, self._on_signal) for word in words}
        try:
            yield readable
        finally:
            for word, handler in before.items():
                signal.signal(word, handler)
            signal.set_wakeup_fd(before_wake)
            os.close(readable)
            os.close(writable)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        self._asked += 1
        if self._interruptible:
            self._interruptible = False
            raise _Stop


def _how(status: int) -> str:
    """How a process ended, in words; Python gives a signal's number negative."""
    if status < 0:
        with contextlib.suppress(ValueError):
            return f"was ended by {signal.Signals(-status).name}"
    return f"ended with status {status}"
