"""What real processes are there to be killed: workers, the pages' web server, and a PostgreSQL of this run's own."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import aiohttp

from airstair.cli.run import _web
from airstair.running.cluster import Cluster
from airstair.running.guarded import guarded
from airstair.running.ports import LOOPBACK, free_port

ROOT = Path(__file__).parents[2]
_PORTS = range(13_000, 13_800)  # where no outgoing connection is: it is the same over every start
_START = 60.0  # seconds that a process may take to begin
_LONGEST_STOP = 70.0  # and to stop when it is asked to: `airstair up` grants a worker as much


class Database:
    """A private PostgreSQL that keeps what it has acknowledged, also when it is killed."""

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="airstair-converge-"))
        self._folder.chmod(0o711)  # as root, the database's account must pass through
        self.home = self._folder / "home"
        self._cluster = Cluster(self._folder / "cluster")
        # postgres ends with the thread that started it, so one thread looks after it all along.
        self._keeper = ThreadPoolExecutor(1)
        self._keeper.submit(self._cluster.start).result()

    @property
    def url(self) -> str:
        return self._cluster.url

    async def kill_and_restart(self, chance: random.Random) -> str:
        """SIGKILL to the postmaster, or an immediate shutdown; away for a moment; started again."""
        number, words = chance.choice(((signal.SIGKILL, "killed"), (signal.SIGQUIT, "shut down at once")))
        away = chance.choice((0.0, 0.3, 1.5))
        pid = self._cluster.pid
        assert pid is not None, "The database ended by itself."
        os.kill(pid, number)
        while self._cluster.pid is not None:  # noqa: ASYNC110 - a process that nobody awaits
            await asyncio.sleep(0.005)
        await asyncio.sleep(away)
        await asyncio.get_running_loop().run_in_executor(self._keeper, self._cluster.restart)
        return f"the database was {words}, and away for {away} s and its restart"

    def remove(self) -> None:
        self._keeper.submit(self._cluster.stop).result()
        self._keeper.shutdown()
        shutil.rmtree(self._folder, ignore_errors=True)


def environment() -> dict[str, str]:
    """For every process: this process's database, sandbox and key."""
    from django.conf import settings

    return {
        **os.environ,
        "AIRSTAIR_SECRET_KEY": settings.SECRET_KEY,
        "AIRSTAIR_ALLOW_PRIVATE_ADDRESSES": "1",
        "AIRSTAIR_SANDBOX_URL": settings.SANDBOX_URL,
        "AIRSTAIR_LOG": "CRITICAL",
        "DJANGO_SETTINGS_MODULE": "airstair.settings",
    }


async def _spawn(argv: Sequence[str], *, stdout: int = DEVNULL, **more: str) -> Process:
    """A process that dies with this one, leader of a group of its own. What it complains of goes into a file."""
    with _complaints().open("ab") as complaints:
        return await asyncio.create_subprocess_exec(
            *guarded(argv, signal.SIGKILL),
            env={**environment(), **more},
            cwd=ROOT,
            stdin=DEVNULL,
            stdout=stdout,
            stderr=complaints,
            start_new_session=True,
        )


def _complaints() -> Path:
    home = Path(os.environ["AIRSTAIR_HOME"])
    home.mkdir(exist_ok=True)
    return home / "complaints.log"


def last_words() -> str:
    """What processes have complained of lately."""
    return _complaints().read_text(errors="replace")[-2_000:]


async def _end(process: Process) -> None:
    """The process and all of its group, without a word."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    await process.wait()


class Worker:
    """One worker process. `name` is how the database calls its sessions."""

    def __init__(self, name: str, process: Process) -> None:
        self.name = name
        self.process = process


class Workers:
    """The worker processes."""

    def __init__(self, started: Callable[[], None]) -> None:
        """`started` is told of each."""
        self.alive: list[Worker] = []
        self._started = started
        self._count = 0
        self._starting: set[asyncio.Task[None]] = set()
        self._leaving: set[asyncio.Task[None]] = set()

    def begin(self) -> None:
        """Start one more; it is among the living when it serves."""
        self._starting.add(asyncio.create_task(self._start()))

    async def _start(self) -> None:
        self._count += 1
        name = f"converge worker {self._count}"
        argv = [sys.executable, "-m", "tests.convergence.serving"]
        process = await _spawn(argv, stdout=PIPE, PGAPPNAME=name)
        assert process.stdout is not None
        try:
            ready = await asyncio.wait_for(process.stdout.readline(), _START)
            assert ready == b"ready\n", f"A worker process did not begin: {last_words()}"
        except BaseException:
            await _end(process)
            raise
        self._started()
        self.alive.append(Worker(name, process))

    @property
    def coming(self) -> int:
        """How many are there, or will be."""
        return len(self.alive) + sum(not task.done() for task in self._starting)

    def look(self) -> None:
        """Raise what kept one from beginning, or ended one that nobody stopped."""
        for tasks in (self._starting, self._leaving):
            for task in [task for task in tasks if task.done()]:
                tasks.discard(task)
                task.result()
        for worker in self.alive:
            assert worker.process.returncode is None, f"A worker ended that nobody stopped: {last_words()}"

    async def some(self, count: int = 1) -> None:
        """Return when so many are there."""
        while len(self.alive) < count:
            self.look()
            await asyncio.sleep(0.02)

    async def kill(self, worker: Worker) -> None:
        self.look()
        self.alive.remove(worker)
        await _end(worker.process)

    def leave(self, worker: Worker) -> None:
        """Stop one in good order: it ends its calls, writes them down and gives its connections back."""
        self.look()
        self.alive.remove(worker)
        self._leaving.add(asyncio.create_task(self._wait_for(worker.process)))

    async def _wait_for(self, process: Process) -> None:
        process.terminate()
        try:
            status = await asyncio.wait_for(process.wait(), _LONGEST_STOP)
            assert status == 0, f"A worker that was stopped ended with {status}: {last_words()}"
        finally:
            await _end(process)

    async def left(self) -> None:
        """Return when those that were stopped have ended."""
        await asyncio.gather(*self._leaving)
        self.look()

    async def close(self) -> None:
        tasks = [*self._starting, *self._leaving]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for worker in self.alive:
            await _end(worker.process)


class Web:
    """The pages, served as the product serves them: granian with two worker processes."""

    def __init__(self) -> None:
        self.port = free_port(_PORTS)
        self.address = f"http://{LOOPBACK}:{self.port}"
        self._process: Process | None = None

    async def start(self) -> None:
        """Return when it answers. One that ends at once is begun again, as `airstair up` would do."""
        until = time.monotonic() + _START
        async with aiohttp.ClientSession() as session:
            while True:
                assert time.monotonic() < until, f"The web server did not answer: {last_words()}"
                if self._process is None or self._process.returncode is not None:
                    await self.kill()
                    *argv, _ = _web(LOOPBACK, self.port)
                    self._process = await _spawn([*argv, "tests.convergence.serving:application"])
                with contextlib.suppress(aiohttp.ClientError):
                    async with session.get(f"{self.address}/sign-in") as answer:
                        if answer.status < 500:
                            return
                await asyncio.sleep(0.2)

    async def kill(self) -> None:
        """All of its processes at once, in the middle of whatever they do."""
        if self._process is not None:
            await _end(self._process)
