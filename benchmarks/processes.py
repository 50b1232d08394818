"""Processes of a benchmark: started, spoken to by lines, looked at through /proc, and ended with us."""

from __future__ import annotations

import contextlib
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from airstair.running.guarded import guarded
from benchmarks.machine import ROOT

_TICKS = os.sysconf("SC_CLK_TCK")


class Failed(RuntimeError):
    """A benchmark could not be carried out; says what happened."""


class Program:
    """One child process that talks in lines. It ends when we do, however we end."""

    def __init__(
        self,
        name: str,
        argv: Sequence[str],
        environ: Mapping[str, str],
        *,
        stop: int = signal.SIGTERM,
        interpreter: str | None = None,
    ) -> None:
        """`argv` without the interpreter, as `["-m", "benchmarks.receiver"]`; `interpreter`: another one than ours."""
        self.name = name
        self._stop = stop
        self._lines: queue.Queue[str | None] = queue.Queue()
        self._said: list[str] = []
        self._process = subprocess.Popen(
            guarded([interpreter or sys.executable, *argv], signal.SIGTERM),
            cwd=ROOT,
            env={**os.environ, **environ, "PYTHONUNBUFFERED": "1"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def pid(self) -> int:
        return self._process.pid

    def line(self, beginning: str, *, seconds: float = 60.0) -> str:
        """The next line that begins so, leading blanks apart. Raises `Failed` with the last words when none comes."""
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            try:
                line = self._lines.get(timeout=left)
            except queue.Empty:
                break
            if line is None:
                raise Failed(f"{self.name} ended. Its last words: {self.last_words}")
            if line.lstrip().startswith(beginning):
                return line.strip()
        raise Failed(f"{self.name} did not say “{beginning}” within {seconds:g} s. Its last words: {self.last_words}")

    def ask(self, word: str, *, seconds: float = 60.0) -> str:
        """Say a word on its standard input; the rest of the answering line, which begins with the same word."""
        self.say(word)
        return self.line(f"{word} ", seconds=seconds).removeprefix(f"{word} ")

    def say(self, line: str) -> None:
        """Write a line on its standard input."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{line}\n")
        self._process.stdin.flush()

    @property
    def last_words(self) -> str:
        return " / ".join(self._said[-12:]) or "(none)"

    def kill(self) -> None:
        """End it and whatever it has started at once, as a crash would."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def end(self, seconds: float = 75.0) -> None:
        """Ask it to stop, and wait; then end it and whatever it has started."""
        if self._process.poll() is None:
            self._process.send_signal(self._stop)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(seconds)
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._reader.join(timeout=2)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.end()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._said.append(line.rstrip()[:400])
            del self._said[:-50]
            self._lines.put(line)
        self._lines.put(None)


def tree(pid: int) -> list[int]:
    """A process and everything below it."""
    parents: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and (fields := _stat(int(entry.name))):
            parents.setdefault(int(fields[1]), []).append(int(entry.name))
    found = [pid]
    for one in found:
        found += parents.get(one, [])
    return found


def cpu_seconds(pid: int) -> float:
    """CPU time of a process, of all below it, and of those below that have ended. To a hundredth of a second."""
    total = 0
    for one in tree(pid):
        if fields := _stat(one):
            total += sum(int(field) for field in fields[11:15])
    return total / _TICKS


def memory_mib(pid: int) -> float:
    """Proportional share (PSS) of a process and of all below it: shared pages are counted once, in parts."""
    total = 0
    for one in tree(pid):
        with contextlib.suppress(OSError):
            for line in Path(f"/proc/{one}/smaps_rollup").read_text().splitlines():
                if line.startswith("Pss:"):
                    total += int(line.split()[1])
    return round(total / 1024, 1)


def _stat(pid: int) -> list[str]:
    """The fields of /proc/PID/stat from the third on (state, parent, …); none when the process has gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []
