"""`airstair operator`, `import` and `migrate`: sentences, JSON, and the exit status."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from airstair.records.fleet.models import Aircraft
from airstair.records.flights.models import Flight
from airstair.records.operators.models import Membership, Operator, User

from .conftest import Airstair

REAL = Path(__file__).resolve().parents[2] / "src/airstair/demo"
FLEET, FLIGHTS = REAL / "fleet_2013-03.csv", REAL / "flights_2013-03.csv"
CREATE = ("operator", "create", "TEST", "--name", "Test Air", "--admin-email", "ann@test.example")
REPORT = {
    "file", "mapping", "rows", "new", "updated", "unchanged", "skipped", "notes", "dry_run", "shifted_days",
    "not_yet_flown",
}  # fmt: skip


# --- operator create -------------------------------------------------------------------------------------------


def test_an_operator_is_made_with_an_admin_who_can_sign_in(airstair: Airstair) -> None:
    made = airstair(*CREATE, "--admin-name", "Ann Lee", "--json")
    assert (made.status, made.err) == (0, "")
    assert made.json.keys() == {"id", "code", "name", "admin_email", "password"}
    assert (made.json["code"], made.json["admin_email"]) == ("TEST", "ann@test.example")
    person = User.objects.get()
    assert (person.name, person.check_password(made.json["password"])) == ("Ann Lee", True)
    assert Membership.objects.get().role == "admin"


def test_the_password_can_come_from_standard_input_and_is_not_repeated(airstair: Airstair) -> None:
    made = airstair(*CREATE, "--password-stdin", input="correct horse battery\n")
    assert made.status == 0
    assert made.out == "Operator TEST (Test Air) is made. ann@test.example is its admin.\n"
    assert User.objects.get().check_password("correct horse battery")


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("", "password: Standard input was empty"),
        ("\n", "password: Standard input was empty"),
        ("short\n", "admin_password: "),
        (b"\xff\xfe\n", "password: What standard input gave is not UTF-8"),
    ],
)
def test_passwords_that_will_not_do(airstair: Airstair, given: str | bytes, words: str) -> None:
    refused = airstair(*CREATE, "--password-stdin", input=given)
    assert (refused.status, refused.out) == (1, "")
    assert words in refused.err
    assert not Operator.objects.exists()


def test_somebody_who_signs_in_already_keeps_their_password(airstair: Airstair) -> None:
    first = airstair(*CREATE, "--json").json["password"]
    again = airstair("operator", "create", "SECOND", "--name", "Second", "--admin-email", "ann@test.example")
    assert again.out.splitlines()[1] == "They sign in with the password that they have here already."
    assert User.objects.get().check_password(first)


def test_an_operator_that_exists_and_a_wrong_code_are_refused(airstair: Airstair) -> None:
    airstair(*CREATE)
    again = airstair(*CREATE, "--json")
    assert again.status == 1
    assert again.json["problems"] == [
        {"field": "code", "sentence": "There is already an operator “TEST”. Choose another code."}
    ]
    assert again.err == "code: There is already an operator “TEST”. Choose another code.\n"
    wrong = airstair("operator", "create", "a b", "--name", "", "--admin-email", "nobody")
    assert wrong.status == 1
    assert "code: “a b” does not fit" in wrong.err
    assert Operator.objects.count() == 1


# --- import ----------------------------------------------------------------------------------------------------


def test_the_real_month_comes_in_centred_on_today(airstair: Airstair) -> None:
    airstair(*CREATE)
    fleet = airstair("import", "fleet", FLEET, "--operator", "test", "--home-base", "EWR", "--json")
    assert (fleet.status, fleet.json.keys(), fleet.json["new"]) == (0, REPORT, 60)
    flights = airstair("import", "flights", FLIGHTS, "--operator", "TEST", "--centre-on", "today", "--json")
    assert flights.status == 0
    assert flights.json.keys() == REPORT
    assert (flights.json["rows"], flights.json["new"], flights.json["skipped"]) == (1789, 1789, [])
    today = datetime.now(UTC).date()
    assert flights.json["shifted_days"] == (today - datetime(2013, 3, 16, tzinfo=UTC).date()).days
    again = airstair("import", "flights", FLIGHTS, "--operator", "TEST", "--centre-on", "today")
    assert "1,789 rows: 0 new, 0 updated, 1,789 unchanged, 0 skipped." in again.out


def test_a_trial_writes_nothing(airstair: Airstair) -> None:
    airstair(*CREATE)
    fleet = airstair("import", "fleet", FLEET, "--operator", "TEST", "--home-base", "EWR", "--dry-run")
    assert fleet.out.splitlines()[-1] == "This was a trial: nothing was written."
    airstair("import", "fleet", FLEET, "--operator", "TEST", "--home-base", "EWR")
    flights = airstair("import", "flights", FLIGHTS, "--operator", "TEST", "--dry-run", "--json")
    assert (flights.json["new"], flights.json["dry_run"]) == (1789, True)
    assert (Aircraft.objects.count(), Flight.objects.count()) == (60, 0)


def test_skipped_rows_are_told_with_number_and_reason(airstair: Airstair) -> None:
    airstair(*CREATE)
    told = airstair("import", "flights", FLIGHTS, "--operator", "TEST")
    assert told.status == 0
    assert told.out.splitlines()[1] == "1,789 rows: 0 new, 0 updated, 0 unchanged, 1,789 skipped."
    assert told.out.splitlines()[2].startswith("Skipped, row 2: Registration: “N10575” is not in the fleet.")
    assert told.out.splitlines()[-1] == "… and 1,769 more; --json lists them all."
    listed = airstair("import", "flights", FLIGHTS, "--operator", "TEST", "--json").json["skipped"]
    assert [note["row"] for note in listed] == list(range(2, 1791))


def test_a_mapping_is_saved_and_used(airstair: Airstair, tmp_path: Path) -> None:
    airstair(*CREATE)
    airstair("import", "fleet", FLEET, "--operator", "TEST", "--home-base", "EWR")
    pairs = ("registration=Tail", "adep=From", "ades=To", "std=Dep", "sta=Arr=UTC")
    saved = airstair("import", "mapping", "roster", *pairs, "--operator", "TEST", "--json")
    assert saved.json == {"name": "roster", "columns": dict(pair.split("=", 1) for pair in pairs)}
    path = tmp_path / "roster.csv"
    path.write_text("Tail,From,To,Dep,Arr=UTC\nN14923,EWR,BOS,2027-05-01T06:00Z,2027-05-01T07:00Z\n")
    report = airstair("import", "flights", path, "--operator", "TEST", "--mapping", "roster", "--json").json
    assert (report["mapping"], report["new"]) == ("roster", 1)
    wrong = airstair("import", "mapping", "roster", "registration=Tail", "--operator", "TEST")
    assert (wrong.status, "std: The scheduled off-block time is needed" in wrong.err) == (1, True)


@pytest.mark.parametrize(
    ("file", "words"),
    [
        ("absent.csv", "file: There is no file"),
        (".", "is a folder. Name the file in it."),
        (Path(__file__), "file: The file lacks columns of the mapping"),
    ],
)
@pytest.mark.parametrize("what", ["fleet", "flights"])
def test_files_that_cannot_be_imported(
    airstair: Airstair, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str, file: Path, words: str
) -> None:
    monkeypatch.chdir(tmp_path)
    airstair(*CREATE)
    told = airstair("import", what, file, "--operator", "TEST", "--json")
    assert told.status == 1
    assert words in told.err
    assert told.json["problems"][0]["field"] == "file"


def test_an_operator_that_is_not_there(airstair: Airstair) -> None:
    told = airstair("import", "flights", FLIGHTS, "--operator", "NOPE")
    assert (told.status, told.out) == (1, "")
    assert told.err.startswith("Operator “NOPE” was not found.")


# --- wrong use -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "words",
    [
        ("nonsense",),
        ("import", "flights"),
        ("import", "flights", "x.csv"),
        ("import", "flights", "x.csv", "--operator", "T", "--centre-on", "2027-02-31"),
        ("import", "flights", "x.csv", "--operator", "T", "--centre-on", "tomorrow"),
        ("import", "flights", "x.csv", "--operator", "T", "--nonsense"),
        ("import", "mapping", "own", "--operator", "T"),
        ("import", "mapping", "own", "tail", "--operator", "T"),
        ("import", "mapping", "own", "std=a", "std=b", "--operator", "T"),
        ("operator", "create", "TEST", "--name", "Test Air"),
    ],
)
def test_wrong_use_ends_with_2_before_anything_is_opened(airstair: Airstair, words: tuple[str, ...]) -> None:
    told = airstair(*words)
    assert (told.status, told.out) == (2, "")
    assert "Error: " in told.err


@pytest.mark.parametrize(
    "words",
    [(), ("operator", "create"), ("import", "fleet"), ("import", "flights"), ("import", "mapping"), ("migrate",)],
)
def test_every_command_explains_itself(airstair: Airstair, words: tuple[str, ...]) -> None:
    told = airstair(*words, "--help")
    assert told.status == 0
    assert "--home" in told.out
    assert not words or "With --json" in told.out


# --- migrate ---------------------------------------------------------------------------------------------------


def test_migrate_repeats_harmlessly(airstair: Airstair) -> None:
    assert json.loads(airstair("migrate", "--json").out) == {"applied": 0}
    assert airstair("migrate").out == "The database is up to date.\n"
