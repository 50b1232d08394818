"""`airstair converge`: finds the test in the checkout, or says that there is none; exit status and figures."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from airstair.cli import converge, main


def test_without_a_checkout_it_says_what_to_do(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(converge, "__file__", str(tmp_path / "lib" / "python" / "airstair" / "cli" / "converge.py"))
    told = CliRunner().invoke(main, ["converge"])
    assert (told.exit_code, told.stdout) == (1, "")
    assert "not of the installed package" in told.stderr
    assert "make setup" in told.stderr


@pytest.mark.parametrize("words", [["--minutes", "-1"], ["--seed", "x"], ["--steps", "rest#1", "--rounds"]])
def test_wrong_use_is_told_apart_from_a_failure(words: list[str]) -> None:
    told = CliRunner().invoke(main, ["converge", *words])
    assert told.exit_code == 2
    assert told.stderr.startswith("Usage: ")


def test_a_printed_sequence_is_played_again() -> None:
    played = _airstair("converge", "--steps", "change_a_flight#1 rest#2", "--json")
    assert played.returncode == 0, played.stdout + played.stderr
    told = json.loads(played.stdout)
    assert told["held"] is True
    assert told["survived"]["sequences"] == 1
    unknown = _airstair("converge", "--steps", "loop_the_loop#1")
    assert (unknown.returncode, unknown.stdout) == (2, "")
    assert "There is no step loop_the_loop#1." in unknown.stderr


def _airstair(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "airstair.cli", *words], capture_output=True, text=True, check=False)
