"""The private PostgreSQL after hard ends: whatever is left behind, it is back soon, and where it was."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from airstair.changes.keepalive import OWN_END
from airstair.running import cluster as room
from airstair.running.cluster import Cluster
from airstair.running.leftovers import serves
from airstair.running.problems import CannotRun

SOON = 5.0  # seconds: less than any statement or silent client below would last
_FOR_HOURS = "SELECT count(*) FROM generate_series(1, 1000000) a, generate_series(1, 1000000) b"


@pytest.fixture(scope="module")
def made_once() -> Iterator[Path]:
    """A folder for the cluster, shared: making one takes a second, starting it a twentieth."""
    with tempfile.TemporaryDirectory(prefix="airstair running ") as kept:
        Path(kept).chmod(0o711)
        yield Path(kept)


@pytest.fixture
def cluster(made_once: Path, said: list[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Cluster]:
    """A server that waits a second for whoever signs on, as the product's waits for ten."""
    monkeypatch.setattr(room, "SIGN_ON_SECONDS", 1)
    made = Cluster(made_once / "database", durable=False, say=said.append)
    made.start()
    yield made
    made.stop()


def ended(cluster: Cluster) -> float:
    """The seconds until the server has ended."""
    began = time.monotonic()
    while cluster.pid is not None:
        assert time.monotonic() < began + SOON, "The server has not ended in time."
        time.sleep(0.01)
    return time.monotonic() - began


@contextlib.contextmanager
def at_work(cluster: Cluster, statement: str) -> Iterator[int]:
    """A session in the middle of the statement; answers its process."""
    session = psycopg.connect(cluster.url, autocommit=True)

    def ask() -> None:
        with contextlib.suppress(psycopg.Error):
            session.execute(statement)

    asking = threading.Thread(target=ask)
    asking.start()
    with psycopg.connect(cluster.url, autocommit=True) as other:
        found = "SELECT 1 FROM pg_stat_activity WHERE pid = %s AND state = 'active' AND query = %s"
        while not other.execute(found, [session.info.backend_pid, statement]).fetchone():
            time.sleep(0.01)
    try:
        yield session.info.backend_pid
    finally:
        with contextlib.suppress(ProcessLookupError):
            if serves(session.info.backend_pid, cluster.data):
                os.kill(session.info.backend_pid, signal.SIGKILL)
        asking.join(SOON)
        session.close()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells whose sessions they are")
def test_a_killed_servers_sessions_that_compute_do_not_hold_up_its_restart(
    cluster: Cluster, made_once: Path, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "START_SECONDS", SOON)
    with Cluster(made_once / "another", durable=False) as another, at_work(another, "SELECT pg_sleep(600)") as stranger:
        with at_work(cluster, _FOR_HOURS) as busy, at_work(cluster, "SELECT pg_sleep(600)"):
            assert cluster.pid is not None
            os.kill(cluster.pid, signal.SIGKILL)
            ended(cluster)
            assert serves(busy, cluster.data), "it does not notice"
            cluster.restart()
            assert not serves(busy, cluster.data)
        assert serves(stranger, another.data), "those of other databases are left alone"
    with psycopg.connect(cluster.url) as session:
        assert session.execute("SELECT 1").fetchone() == (1,)
    assert said == ["The database server was killed, and 1 of its sessions went on; they are ended."]


@pytest.mark.parametrize("how", [signal.SIGQUIT, signal.SIGINT], ids=["at once", "in order"])
def test_a_client_that_never_signs_on_does_not_hold_up_the_end(cluster: Cluster, how: signal.Signals) -> None:
    """PostgreSQL tells everybody to go but those who came while it ends, and waits for them too."""
    assert cluster.pid is not None
    with psycopg.connect(cluster.url) as slow:
        os.kill(slow.info.backend_pid, signal.SIGSTOP)  # so that there is time for somebody to come
        os.kill(cluster.pid, how)
        lines = cluster.data / "postmaster.pid"
        while "stopping" not in lines.read_text():
            time.sleep(0.01)
        assert cluster.record is not None
        with socket.create_connection(("127.0.0.1", cluster.record.port)) as silent:
            silent.sendall(b"\0\0\0\x08\x04\xd2\x16\x2f")  # “may this be encrypted?”
            assert silent.recv(1) == b"N"
            os.kill(slow.info.backend_pid, signal.SIGCONT)
            assert ended(cluster) > 0.2, "it did wait for the silent one"
    cluster.restart()
    with psycopg.connect(cluster.url) as session:
        assert session.execute("SELECT 1").fetchone() == (1,)


def test_no_client_of_ours_is_cut_off_while_it_may_still_sign_on(made_once: Path) -> None:
    with Cluster(made_once / "database", durable=False) as cluster, psycopg.connect(cluster.url) as session:
        row = session.execute("SELECT setting::int FROM pg_settings WHERE name = 'authentication_timeout'").fetchone()
    assert row == (OWN_END["connect_timeout"],)


def test_it_comes_back_where_it_was_or_says_who_is_in_the_way(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever uses it was told its address once."""
    address = cluster.url
    assert cluster.record is not None and cluster.pid is not None
    os.kill(cluster.pid, signal.SIGKILL)
    ended(cluster)
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(("127.0.0.1", cluster.record.port))
        other.listen()
        leaving = threading.Timer(0.5, other.close)
        leaving.start()
        cluster.restart()
        assert cluster.url == address
        os.kill(cluster.pid, signal.SIGKILL)
        ended(cluster)
    with socket.create_server(("127.0.0.1", cluster.record.port)):
        monkeypatch.setattr(room, "START_SECONDS", 0.5)
        with pytest.raises(CannotRun, match=rf"port {cluster.record.port} while it was down\. Start Airstair again"):
            cluster.restart()
