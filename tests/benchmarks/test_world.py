"""The simulation of the world's fleet works: with so little that its figures mean nothing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from benchmarks.world import lateness
from benchmarks.world_fleet import world_of

ROOT = Path(__file__).resolve().parents[2]
_NOT_OURS = ("AIRSTAIR_DATABASE_URL", "AIRSTAIR_TEST_DATABASE_URL", "AIRSTAIR_HOME")


@pytest.mark.parametrize("start", [[], pytest.param(["--bunched"], marks=pytest.mark.long)])
def test_every_aircraft_is_sent_when_it_is_due(tmp_path: Path, start: list[str]) -> None:
    environ = {name: value for name, value in os.environ.items() if name not in _NOT_OURS}
    size = ["--aircraft", "500", "--activities", "10", "--minutes", "0.15", "--edits", "5"]
    out = tmp_path / "world.json"
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.world", *size, *start, "--out", str(out)],
        cwd=ROOT, env=environ, capture_output=True, text=True, timeout=240, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads(out.read_text())["figures"]
    assert found["aircraft"] == 500
    assert found["edits"] == 45
    if not start:
        assert 10 <= found["calls"] <= 40  # 500 in five minutes, for nine seconds and as long as it takes to end
    assert found["late_s"]["max"] < 30
    assert found["cores"]["worker 1"] > 0
    assert found["memory_mib"]["postgres"][1] > 10
    assert found["busiest"]


def test_lateness_counts_from_the_call_before_and_what_is_missing() -> None:
    calls = {"A": [100.0, 401.0], "B": [90.0]}
    assert lateness(calls, {"A": 99.0, "B": 90.0}, 395.0, 2) == [0.0, 1.0, 1.0, 5.0]
    assert lateness(calls, {}, 395.0, 2) == [1.0, 5.0], "after a cold start the first call has no due time"
    assert lateness(calls, {"A": 99.0, "B": 90.0, "C": 390.0}, 392.0, 3)[-1] == 2.0


def test_operators_have_fifty_aircraft_where_there_are_many() -> None:
    assert (world_of(25_000, 60).operators, world_of(25_000, 60).each) == (500, 50)
    assert world_of(100, 60).operators == 2
    assert world_of(7, 60).aircraft == 7
