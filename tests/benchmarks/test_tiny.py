"""The benchmark itself works: each part, with numbers so small that its figures mean nothing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from benchmarks.figures import Goal, percentile, spread

from benchmarks import machine

ROOT = Path(__file__).resolve().parents[2]
_NOT_OURS = ("AIRSTAIR_DATABASE_URL", "AIRSTAIR_TEST_DATABASE_URL", "AIRSTAIR_HOME")


def _run(part: str, out: Path) -> Mapping[str, Any]:
    environ = {name: value for name, value in os.environ.items() if name not in _NOT_OURS}
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", part, "--tiny", "--out", str(out)],
        cwd=ROOT,
        env=environ,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    found: Mapping[str, Any] = json.loads(out.read_text())
    return found


def test_upload_compares_the_engine_with_a_bare_loop(tmp_path: Path) -> None:
    found = _run("upload", tmp_path / "results.json")
    part = found["parts"]["upload"]
    figures = part["figures"]
    assert figures["ratio"]["median"] == pytest.approx(
        figures["engine_calls_per_s"]["median"] / figures["bare_calls_per_s"]["median"], rel=0.01
    )
    assert set(figures["memory_mib_after"]) == {"worker", "postgres", "receiver"}
    assert min(figures["memory_mib_after"].values()) > 5
    assert found["machine"]["cores"] >= 1
    assert part["date"] and figures["postgresql"]
    assert part["goals"][0]["met"] == (part["goals"][0]["value"] >= 0.5)


def test_edits_are_followed_to_the_last_partner(tmp_path: Path) -> None:
    figures = _run("edits", tmp_path / "results.json")["parts"]["edits"]["figures"]
    assert figures["command"]["edits"] == 10
    assert figures["command"]["calls"] >= 3  # one for each partner at the least, however much was put together
    assert 0 < figures["command"]["from_commit_ms"]["p50"] <= figures["command"]["from_commit_ms"]["p99"]
    assert figures["ledger_checked"] == 3 * 4


def test_snapshots_are_loaded_by_a_fixed_number_of_statements(tmp_path: Path) -> None:
    figures = _run("snapshots", tmp_path / "results.json")["parts"]["snapshots"]["figures"]
    assert figures["statements"] >= 1
    assert figures["growth"] > 0


def test_starts_are_measured_in_a_home_of_their_own(tmp_path: Path) -> None:
    figures = _run("starts", tmp_path / "results.json")["parts"]["starts"]["figures"]
    assert figures["first_s"] > 0
    assert figures["existing_s"]["median"] > 0
    assert figures["memory_mib_idle"]["everything"] > 50


def test_one_part_leaves_the_results_of_the_others(tmp_path: Path) -> None:
    out = tmp_path / "results.json"
    out.write_text(json.dumps({"machine": {}, "parts": {"starts": {"date": "then"}}}))
    parts = _run("snapshots", out)["parts"]
    assert parts["starts"] == {"date": "then"}
    assert list(parts) == ["snapshots", "starts"]


def test_an_unknown_part_is_wrong_use() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", "speed"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "there is no part “speed”" in done.stderr


def test_percentiles_interpolate() -> None:
    assert percentile([1, 2, 3, 4], 50) == 2.5
    assert percentile([7], 99) == 7
    assert percentile([0, 10], 99) == pytest.approx(9.9)
    assert str(spread([3, 1, 2])) == "2 (1 to 3)"


@pytest.mark.parametrize(("value", "at_least", "met"), [(0.5, True, True), (0.49, True, False), (0.51, False, False)])
def test_a_goal_is_met_or_not(value: float, at_least: bool, met: bool) -> None:
    assert Goal("x", value, 0.5, at_least).met is met


def test_the_machine_is_named() -> None:
    assert machine.facts()["packages"]["aiohttp"]
