"""A database for a test run: one private cluster in a temporary folder, gone afterwards.

A pytest plugin (`-p airstair.running.testing`), because Django's settings are read before any conftest. With
AIRSTAIR_TEST_DATABASE_URL set nothing is started. Under xdist the controller starts it and the workers inherit it.
"""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
import time
from collections.abc import Generator
from pathlib import Path

import pytest

from airstair.running.cluster import Cluster
from airstair.running.lock import FileLock

GIVEN = "AIRSTAIR_TEST_DATABASE_URL"
PREFIX = "airstair-test-"

_cluster: Cluster | None = None


def provide_database() -> str:
    """Set AIRSTAIR_DATABASE_URL and AIRSTAIR_HOME for the test run, starting the cluster once; returns the address."""
    global _cluster
    if not os.environ.get(GIVEN):
        _sweep()
        folder = Path(tempfile.mkdtemp(prefix=PREFIX))
        folder.chmod(0o711)  # as root, the database's account must pass through
        _cluster = Cluster(folder / "cluster", durable=False)
        atexit.register(_remove)
        _cluster.start()
        os.environ[GIVEN] = _cluster.url
        os.environ["AIRSTAIR_HOME"] = str(folder / "home")  # a test never reads or writes a developer's own
    os.environ["AIRSTAIR_DATABASE_URL"] = os.environ[GIVEN]
    return os.environ[GIVEN]


def _remove() -> None:
    if _cluster:
        _cluster.stop()
        shutil.rmtree(_cluster.folder.parent, ignore_errors=True)


def _sweep() -> None:
    """Remove what killed test runs left behind: our folders whose lock nobody holds."""
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        try:
            found = folder.lstat()
            old = found.st_uid == os.geteuid() and found.st_mtime < time.time() - 600
            lock = folder / "cluster" / "lock"
            if old and lock.exists() and not FileLock(lock).held_by_another():
                shutil.rmtree(folder, ignore_errors=True)
        except OSError:
            continue


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests() -> Generator[None, None, None]:
    """A wrapper runs before every plain hook, and so before pytest-django's, which reads the settings."""
    provide_database()
    return (yield)
