"""One process at a time: an advisory lock on a file, freed by the kernel when its holder dies.

A lock file says nothing by existing; only the lock on it counts, so a crash leaves nothing to clean up.
"""

from __future__ import annotations

import fcntl
import os
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from airstair.running.problems import CannotRun


class FileLock:
    """An advisory lock on `path`. The file is made when absent and never removed.

    The holder's process id is written into the file, for messages only.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._descriptor: int | None = None

    def take(self, *, shared: bool = False, wait: bool = False, patience: float = 0.0) -> bool:
        """Take the lock; False when somebody else still has it after `patience` seconds and `wait` is not set.

        Raises `CannotRun` when the file cannot be opened or locked.
        """
        deadline = time.monotonic() + patience
        while not self._try(shared=shared, wait=wait):
            if time.monotonic() >= deadline:
                return False
            time.sleep(0.02)
        return True

    def _try(self, *, shared: bool, wait: bool) -> bool:
        if self._descriptor is not None:
            raise RuntimeError(f"{self.path} is already locked by this object.")
        try:
            descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise CannotRun(
                f"{self.path} cannot be written: {error.strerror}. Run Airstair as the user that owns "
                f"{self.path.parent}, or give another folder with --home DIR or AIRSTAIR_HOME."
            ) from error
        try:
            fcntl.flock(descriptor, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            os.close(descriptor)
            return False
        except BaseException:
            os.close(descriptor)
            raise
        if not shared:
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, str(os.getpid()).encode(), 0)
        self._descriptor = descriptor
        return True

    def release(self) -> None:
        """Give the lock back; nothing happens when it is not held."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    @property
    def held(self) -> bool:
        """Whether this object holds the lock."""
        return self._descriptor is not None

    def held_by_another(self) -> bool:
        """Whether some other process (or object) holds it exclusively now."""
        if self.held or not self.path.exists():
            return False
        probe = FileLock(self.path)
        if probe.take(shared=True):
            probe.release()
            return False
        return True

    def holder(self) -> int | None:
        """The process id last written by an exclusive holder, if readable."""
        try:
            return int(self.path.read_text() or "0") or None
        except (OSError, ValueError):
            return None

    def __enter__(self) -> Self:
        self.take(wait=True)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.release()
