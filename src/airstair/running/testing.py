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
from typing import Any

import pytest

from airstair.kernel.scope import all_operators
from airstair.running.cluster import Cluster
from airstair.running.home import check_answers
from airstair.running.lock import FileLock

GIVEN = "AIRSTAIR_TEST_DATABASE_URL"
PREFIX = "airstair-test-"

_WRITTEN = "SELECT t FROM unnest(%s::text[]) t WHERE pg_relation_size(quote_ident(t)::regclass) > 0"

_cluster: Cluster | None = None
_everybody = all_operators()  # kept: it ends when it is forgotten


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
    check_answers(os.environ[GIVEN])  # as a superuser, the tests of what keeps operators apart would fail
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


def pytest_configure(config: pytest.Config) -> None:
    """What tests set up and look at directly is everybody's; product code opens its own scopes inside."""
    _everybody.__enter__()
    _empty_tables_only()
    _let_slow_machines_be_slow()


def _let_slow_machines_be_slow() -> None:
    """How long an example takes says what else the machine is doing, and nothing about the product."""
    import hypothesis

    hypothesis.settings.register_profile(
        "airstair", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
    )
    hypothesis.settings.load_profile("airstair")


def _empty_tables_only() -> None:
    """After a test its rows go, and nothing else: by itself Django makes permissions, which nothing here uses, and the
    walls, which still stand, anew after each, and empties tables that are empty. That takes longer than most tests.
    """
    from django.core.management.commands import flush

    flush.emit_post_migrate_signal = lambda *_: None  # type: ignore[attr-defined]
    flush.sql_flush = _emptying  # type: ignore[attr-defined]


def _emptying(style: Any, connection: Any, reset_sequences: bool = True, allow_cascade: bool = False) -> list[str]:
    """Django's statements for the tables that anything was ever written to since they were emptied.

    By their size on the disk, which no wall hides.
    """
    tables = connection.introspection.django_table_names(only_existing=True, include_views=False)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT t FROM unnest(%s::text[]) t WHERE pg_relation_size(quote_ident(t)::regclass) > 0", [tables]
        )
        written = [name for (name,) in cursor.fetchall()]
    # Tables that point at these are empty, or among them.
    statements: list[str] = connection.ops.sql_flush(
        style, written, reset_sequences=reset_sequences, allow_cascade=True
    )
    return statements


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests() -> Generator[None, None, None]:
    """A wrapper runs before every plain hook, and so before pytest-django's, which reads the settings."""
    provide_database()
    return (yield)
