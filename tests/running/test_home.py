"""The state folder: its key, its database for the length of a command, its one running Airstair."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest

from airstair.running import home as home_room
from airstair.running.cluster import DATABASE, ROLE, SUPERUSER, Cluster
from airstair.running.home import Home, Running
from airstair.running.problems import AlreadyRunning, CannotRun

AN_HOUR = datetime(2026, 11, 20, 12, tzinfo=UTC)


def test_where_it_is(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    assert Home(environ={}).path == folder / ".airstair"
    assert Home(environ={"AIRSTAIR_HOME": "there"}).path == folder / "there"
    assert Home("here", environ={"AIRSTAIR_HOME": "there"}).path == folder / "here"
    assert list(folder.iterdir()) == [], "looking makes nothing"


def test_key_is_made_once_and_for_the_owner_alone(folder: Path) -> None:
    home = Home(folder / "home", environ={})
    home.make()
    key = home.secret_key()
    assert len(key) >= 64
    assert (home.path / "secret.key").stat().st_mode & 0o777 == 0o600
    assert Home(folder / "home", environ={}).secret_key() == key
    assert Home(folder / "other", environ={"AIRSTAIR_SECRET_KEY": "k" * 32}).secret_key() == "k" * 32


def test_derived_keys_differ_by_purpose_and_last() -> None:
    home = Home("nowhere", environ={"AIRSTAIR_SECRET_KEY": "k" * 32})
    again = Home("elsewhere", environ={"AIRSTAIR_SECRET_KEY": "k" * 32})
    other = Home("nowhere", environ={"AIRSTAIR_SECRET_KEY": "l" * 32})
    assert len(home.derive_key("partner secrets")) == 32
    assert home.derive_key("partner secrets") == again.derive_key("partner secrets")
    assert home.derive_key("partner secrets") != home.derive_key("other things")
    assert home.derive_key("partner secrets") != other.derive_key("partner secrets")


def test_unsafe_keys_are_refused(folder: Path) -> None:
    with pytest.raises(CannotRun, match="AIRSTAIR_SECRET_KEY has 5 characters and needs 32"):
        Home(folder, environ={"AIRSTAIR_SECRET_KEY": "short"}).secret_key()
    home = Home(folder / "home", environ={})
    home.make()
    (home.path / "secret.key").chmod(0o644)
    with pytest.raises(CannotRun, match=r"can be read by others\..*chmod 600"):
        home.secret_key()


def test_unusable_folder_is_told(folder: Path) -> None:
    (folder / "file").write_text("")
    with pytest.raises(CannotRun, match=r"cannot be used .*: Not a directory\..*AIRSTAIR_HOME"):
        Home(folder / "file" / "home", environ={}).make()


def test_commands_before_the_first_start_are_told(folder: Path) -> None:
    with pytest.raises(CannotRun, match=r"There is no Airstair in .*airstair up"):
        Home(folder / "home", environ={}).database_url()


def test_given_database_starts_nothing(folder: Path) -> None:
    given = os.environ["AIRSTAIR_TEST_DATABASE_URL"]
    home = Home(folder / "home", environ={"AIRSTAIR_DATABASE_URL": given})
    with home.ensure_database() as url:
        assert url == given == home.database_url()
    assert not home.path.exists()


def test_given_database_that_does_not_answer_is_told_without_its_password(folder: Path) -> None:
    url = "postgresql://airstair:very-secret@127.0.0.1:1/airstair"
    with (
        pytest.raises(
            CannotRun, match=r"AIRSTAIR_DATABASE_URL names \(127\.0\.0\.1:1/airstair\) does not answer"
        ) as told,
        Home(folder, environ={"AIRSTAIR_DATABASE_URL": url}).ensure_database(),
    ):
        pass
    assert "very-secret" not in str(told.value)


def test_a_role_that_nothing_keeps_from_any_row_is_refused(folder: Path) -> None:
    with Cluster(folder / "database", durable=False) as cluster:
        record = cluster.record
        assert record is not None
        above = cluster.url.replace(f"{ROLE}:{record.password}", f"{SUPERUSER}:{record.superuser_password}")
        with psycopg.connect(above) as session:
            session.execute("CREATE ROLE trusted LOGIN BYPASSRLS PASSWORD 'x'")
            session.execute(f"GRANT CONNECT ON DATABASE {DATABASE} TO trusted")
        bypassing = cluster.url.replace(f"{ROLE}:{record.password}", "trusted:x")
        for url, what in ((above, "postgres .* is a superuser"), (bypassing, "trusted .* is marked BYPASSRLS")):
            home = Home(folder / "home", environ={"AIRSTAIR_DATABASE_URL": url})
            with pytest.raises(CannotRun, match=what + r".*CREATE ROLE airstair LOGIN"), home.ensure_database():
                pass
        ordinary = Home(folder / "home", environ={"AIRSTAIR_DATABASE_URL": cluster.url})
        with ordinary.ensure_database() as url:
            assert url == cluster.url, "the private database's own role is one that the rules hold for"


def test_private_database_lives_as_long_as_the_command(folder: Path) -> None:
    home = Home(folder / "home", environ={})
    with home.ensure_database() as url:
        with psycopg.connect(url) as session:
            session.execute("CREATE TABLE kept AS SELECT 42 AS answer")
        assert home.environment(url)["AIRSTAIR_DATABASE_URL"] == url == home.database_url()
    assert not home.cluster().is_ready()
    with home.ensure_database() as url, psycopg.connect(url) as session:
        assert session.execute("SELECT answer FROM kept").fetchone() == (42,)


def test_second_command_joins_and_the_first_waits_for_it(folder: Path) -> None:
    first_waits, joined = threading.Event(), threading.Event()
    answers: list[object] = []

    def second_command() -> None:
        with Home(folder / "home", environ={}).ensure_database() as url:
            joined.set()
            assert first_waits.wait(10)
            with psycopg.connect(url) as session:  # the first command is already done
                answers.append(session.execute("SELECT 1").fetchone())

    home = Home(folder / "home", environ={}, say=lambda sentence: first_waits.set())
    with home.ensure_database():
        second = threading.Thread(target=second_command)
        second.start()
        assert joined.wait(10)
    second.join(10)
    assert answers == [(1,)]
    assert not home.cluster().is_ready()


def test_only_one_runs_and_the_second_learns_where(folder: Path) -> None:
    home, second = Home(folder / "home", environ={}), Home(folder / "home", environ={})
    assert second.running() is None
    running = Running(pid=4711, started=AN_HOUR, addresses={"web": "http://127.0.0.1:8000", "sandbox": "http://x:1"})
    with home.claim():
        home.tell_running(running)
        assert second.running() == running
        assert second.environment("postgresql://x")["AIRSTAIR_SANDBOX_URL"] == "http://x:1"
        with pytest.raises(AlreadyRunning, match=r"already running .* at http://127\.0\.0\.1:8000 \(process 4711\)"):
            second.claim().__enter__()
    assert second.running() is None
    with second.claim():
        pass


def test_what_a_killed_one_left_does_not_count(folder: Path) -> None:
    program = (
        "import os, sys; from airstair.running.home import Home, Running; from datetime import datetime, UTC;"
        "h = Home(sys.argv[1], environ={}); c = h.claim(); c.__enter__();"
        "h.tell_running(Running(os.getpid(), datetime.now(UTC), {'web': 'x'})); os.kill(os.getpid(), 9)"
    )
    subprocess.run([sys.executable, "-c", program, folder / "home"], check=False)
    home = Home(folder / "home", environ={})
    assert (home.path / "running.json").exists()
    assert home.running() is None
    with home.claim():
        assert home.running() is None, "not even while the next one starts"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root hands the database to another account")
def test_home_out_of_the_accounts_reach(folder: Path, said: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    closed = folder / "closed"
    closed.mkdir(mode=0o700)
    monkeypatch.setattr(home_room, "SYSTEM_FOLDER", folder / "var")
    home = Home(closed / "home", environ={}, say=said.append)
    for _ in range(2):
        with home.ensure_database() as url, psycopg.connect(url) as session:
            session.execute("CREATE TABLE IF NOT EXISTS kept ()")
    assert home.cluster().folder.is_relative_to(folder / "var")
    assert closed.stat().st_mode & 0o777 == 0o700, "nobody's folder was opened up"
    assert len(said) == 1 and "the database is kept in" in said[0]
