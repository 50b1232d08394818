"""The command line as a process of its own: start, an empty database, the home, and how long the month takes."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest

REAL = Path(__file__).resolve().parents[2] / "src/airstair/demo"
DATABASE = f"airstair_cli_{os.getpid()}"
AIRSTAIR = (sys.executable, "-c", "from airstair.cli import main; main(prog_name='airstair')")


@pytest.fixture(scope="module")
def empty_database() -> Iterator[str]:
    """The address of a database with nothing in it."""
    given = os.environ["AIRSTAIR_DATABASE_URL"]
    with psycopg.connect(given, autocommit=True) as session:
        session.execute(f'DROP DATABASE IF EXISTS "{DATABASE}"')
        session.execute(f'CREATE DATABASE "{DATABASE}"')
        yield urlunsplit(urlsplit(given)._replace(path=f"/{DATABASE}"))
        session.execute(f'DROP DATABASE "{DATABASE}" WITH (FORCE)')


def run(*words: str | Path, database: str, home: Path) -> subprocess.CompletedProcess[str]:
    environ = {**os.environ, "AIRSTAIR_DATABASE_URL": database, "AIRSTAIR_HOME": str(home)}
    return subprocess.run([*AIRSTAIR, *map(str, words)], env=environ, text=True, capture_output=True, check=False)


def test_help_opens_neither_django_nor_a_database() -> None:
    code = "import airstair.cli, sys; print(sorted({'django', 'psycopg', 'airportsdata'} & set(sys.modules)))"
    told = subprocess.run([sys.executable, "-c", code], text=True, capture_output=True, check=True)
    assert told.stdout == "[]\n"


def test_from_an_empty_database_to_the_real_month(empty_database: str, tmp_path: Path) -> None:
    def airstair(*words: str | Path) -> subprocess.CompletedProcess[str]:
        return run(*words, database=empty_database, home=tmp_path)

    create = ("operator", "create", "TEST", "--name", "Test", "--admin-email", "a@test.example")
    early = airstair(*create)
    assert (early.returncode, early.stdout) == (1, "")
    assert early.stderr.startswith("The database is not set up for this version of Airstair. Run “airstair migrate”")

    migrated = airstair("migrate", "--json")
    assert (migrated.returncode, migrated.stderr) == (0, "")
    assert json.loads(migrated.stdout)["applied"] > 5
    assert airstair(*create).returncode == 0
    assert (
        airstair("import", "fleet", REAL / "fleet_2013-03.csv", "--operator", "TEST", "--home-base", "EWR").stderr == ""
    )

    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    month = airstair("import", "flights", REAL / "flights_2013-03.csv", "--operator", "TEST", "--centre-on", "today")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert (month.returncode, month.stderr) == (0, "")
    assert "1,789 new" in month.stdout
    # Process time, start included: what other work the machine does meanwhile must not decide.
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 5


def test_a_database_that_does_not_answer_is_told_without_its_password(tmp_path: Path) -> None:
    told = run("migrate", database="postgresql://me:secret@127.0.0.1:1/none", home=tmp_path)
    assert told.returncode == 1
    assert told.stderr.startswith("The database that AIRSTAIR_DATABASE_URL names (127.0.0.1:1/none) does not answer")
    assert "secret" not in told.stderr
    assert "Traceback" not in told.stderr


@pytest.mark.parametrize("after", [False, True])
def test_home_may_stand_before_or_after_the_command(tmp_path: Path, after: bool) -> None:
    (tmp_path / "chosen").write_text("in the way")
    words = ("migrate", "--home", str(tmp_path / "chosen"))
    environ = {**os.environ, "AIRSTAIR_HOME": str(tmp_path / "other")}
    environ.pop("AIRSTAIR_DATABASE_URL")
    ordered = words if after else (*words[1:], words[0])
    told = subprocess.run([*AIRSTAIR, *ordered], env=environ, text=True, capture_output=True, check=False)
    assert told.returncode == 1
    assert f"{tmp_path / 'chosen'}" in told.stderr
    assert "Traceback" not in told.stderr
