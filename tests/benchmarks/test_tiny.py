"""The benchmark itself works: each part, with numbers so small that its figures mean nothing."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from benchmarks.figures import Goal, percentile, spread

from benchmarks import machine

ROOT = Path(__file__).resolve().parents[2]
_PEERS = ROOT / "benchmarks" / ".peers" / "installed.txt"
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
    for when in ("first", "again"):
        ratio = figures[when]["calls_per_s"]["median"] / figures["bare_calls_per_s"]["median"]
        assert figures[when]["ratio"]["median"] == pytest.approx(ratio, rel=0.01)
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


@pytest.mark.long
def test_a_rate_is_held_one_by_one_and_in_sets(tmp_path: Path) -> None:
    figures = _run("held", tmp_path / "results.json")["parts"]["held"]["figures"]
    one_by_one, sets = figures["one_by_one"], figures["sets"]
    assert one_by_one["edits"] == 40
    assert one_by_one["calls"] == one_by_one["documents"] >= 3
    assert sets["edits"] == 80
    assert sets["calls"] <= sets["documents"]
    assert one_by_one["left_waiting"] == sets["left_waiting"] == 0


@pytest.mark.long
def test_work_is_taken_up_after_a_kill(tmp_path: Path) -> None:
    figures = _run("recovery", tmp_path / "results.json")["parts"]["recovery"]["figures"]
    for name in ("airstair_second", "airstair_restarted"):
        assert figures[name]["in_hand"] > 0
        assert figures[name]["missing"] == 0


@pytest.mark.long
def test_an_edit_is_measured_among_few_and_among_many_flights(tmp_path: Path) -> None:
    figures = _run("growth", tmp_path / "results.json")["parts"]["growth"]["figures"]
    assert (figures["stored_before"], figures["stored_after"]) == (80, 4_000)
    assert set(figures["ratios"]) == set(figures["before"]) == set(figures["after"])


@pytest.mark.long
def test_no_call_is_made_while_idle(tmp_path: Path) -> None:
    figures = _run("idle", tmp_path / "results.json")["parts"]["idle"]["figures"]
    assert figures["calls"] == 0
    assert figures["share_of_a_core"] < 1


@pytest.mark.long
def test_edits_beside_trouble_reach_all_other_partners(tmp_path: Path) -> None:
    figures = _run("isolation", tmp_path / "results.json")["parts"]["isolation"]["figures"]
    assert figures["normal"]["edits"] == figures["hanging"]["edits"] == 10
    assert figures["importing"]["flights"] == 200
    assert figures["importing"]["edits"] > 0


@pytest.mark.skipif(not _PEERS.exists(), reason="the peers are not installed: python -m benchmarks.peers.place")
def test_peers_do_the_same_work(tmp_path: Path) -> None:
    figures = _run("peers", tmp_path / "results.json")["parts"]["peers"]["figures"]
    contenders = {"airstair", "pgqueuer"} | ({"celery"} if shutil.which("redis-server") else set())
    assert contenders <= set(figures)
    for name in contenders:
        for burst in (figures[name]["distinct"], figures[name]["repeated"]):
            assert burst["deliveries"] == 12 * 3
            assert burst["all_of_them"]


def test_snapshots_are_loaded_by_a_fixed_number_of_statements(tmp_path: Path) -> None:
    figures = _run("snapshots", tmp_path / "results.json")["parts"]["snapshots"]["figures"]
    assert figures["statements"] >= 1
    assert figures["growth"] > 0


def test_the_fatigue_model_is_measured_together_and_singly(tmp_path: Path) -> None:
    found = _run("fatigue", tmp_path / "results.json")["parts"]["fatigue"]
    assert found["figures"]["crew"] == 12 and found["figures"]["times_as_fast_as_one_by_one"] > 0
    assert len(found["goals"]) == 4


@pytest.mark.long
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
