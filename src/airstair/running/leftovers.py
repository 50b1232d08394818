"""What an earlier run may have left in a data folder: a live server, sessions of a killed one, a stale lock file.

Called only by the holder of the folder's lock, so a server found here has lost its supervisor. Never removes
`postmaster.pid`: it also carries the shared-memory key by which PostgreSQL itself recognises sessions still ending.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from airstair.running.problems import CannotRun

STOP_SECONDS = 30
ENDING_SECONDS = 0.5  # in which the sessions of a killed server end that wait for anything: they watch their server
KILLED_SECONDS = 5.0  # in which the others are gone, whatever they were writing


def clear_leftovers(data: Path, sockets: Path | None, say: Callable[[str], None]) -> None:
    """Stop what still runs on `data` without a supervisor, and make stale lock files harmless. Raises `CannotRun`."""
    pid_file = data / "postmaster.pid"
    pid = _written_pid(pid_file)
    if pid is not None and pid != os.getpid():
        if serves(pid, data):
            say(f"A database server ({pid}) that an earlier run left behind is being stopped first.")
            _stop(pid, data)
        elif _is_alive(pid):
            # The number has gone to another program, for which PostgreSQL would refuse to start. It passes over its
            # parent's number, and still checks the rest of the file.
            _rewrite_pid(pid_file, os.getpid())
    _end_sessions(data, say)
    for stale in sockets.glob(".s.PGSQL.*") if sockets else ():
        stale.unlink(missing_ok=True)


def _end_sessions(data: Path, say: Callable[[str], None]) -> None:
    """End the sessions of a server that was killed alone: PostgreSQL does not start beside them.

    Those that compute do not notice that their server is gone, and go on for as long as the statement takes. The
    next server recovers from a crash anyway, and what these have committed is on disk. Linux alone tells which they
    are; elsewhere the start waits for them.
    """
    deadline = time.monotonic() + ENDING_SECONDS
    while (left := _at_work(data)) and time.monotonic() < deadline:
        time.sleep(0.02)
    if left:
        say(f"The database server was killed, and {len(left)} of its sessions went on; they are ended.")
    deadline = time.monotonic() + KILLED_SECONDS
    while left and time.monotonic() < deadline:
        for pid in left:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.02)
        left = _at_work(data)


def _at_work(data: Path) -> list[int]:
    """Every postgres at work in `data`. Only Linux is asked: elsewhere a session's command line does not name it."""
    if sys.platform != "linux":
        return []
    return [pid for entry in Path("/proc").iterdir() if entry.name.isdigit() and serves(pid := int(entry.name), data)]


def serves(pid: int, data: Path) -> bool:
    """Whether process `pid` is a postgres at work in `data` (its working folder, or named on its command line)."""
    if sys.platform == "linux":
        try:
            name = Path(f"/proc/{pid}/comm").read_text().strip()
            return name in ("postgres", "postmaster") and Path(f"/proc/{pid}/cwd").samefile(data)
        except OSError:
            return False
    asked = ["/bin/ps", "-o", "command=", "-p", str(pid)]
    answer = subprocess.run(asked, capture_output=True, text=True, check=False)  # noqa: S603 (a number, no input)
    return "postgres" in answer.stdout and str(data) in answer.stdout


def _written_pid(pid_file: Path) -> int | None:
    try:
        return abs(int(pid_file.read_text().split("\n", 1)[0]))
    except (FileNotFoundError, ValueError):
        return None


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _rewrite_pid(pid_file: Path, pid: int) -> None:
    rest = pid_file.read_text().split("\n", 1)
    with pid_file.open("r+") as file:  # in place: owner and permissions stay
        file.write("\n".join([str(pid), *rest[1:]]))
        file.truncate()


def _stop(pid: int, data: Path) -> None:
    for word in (signal.SIGINT, signal.SIGQUIT):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, word)
        deadline = time.monotonic() + STOP_SECONDS
        while time.monotonic() < deadline:
            if not serves(pid, data):
                return
            time.sleep(0.05)
    raise CannotRun(
        f"The database server {pid} of an earlier run does not stop. End it with “kill -9 {pid}”, then start again."
    )
