"""(b) From an edit's commit to the last of many partners having it, with ledger and call log written all the while."""

from __future__ import annotations

import hashlib
import time
from datetime import UTC, datetime, timedelta
from typing import Any

from airstair.kernel.actor import Actor
from benchmarks import mirrors, scene
from benchmarks.editor import Task, Way
from benchmarks.figures import Goal, Part
from benchmarks.processes import Failed, Program, cpu_seconds
from benchmarks.scene import Receiver
from benchmarks.sizes import Sizes
from benchmarks.stage import Stage

_WAYS: dict[Way, float] = {"command": 1.0, "minimal": 0.5}  # and which share of the time each is measured
_NAMES = {"command": "by the command", "minimal": "by a minimal write"}
_ACCEPTED = """
SELECT unit, fingerprint FROM hub_ledger
 WHERE connection_id = ANY(%s) AND unit = ANY(%s) AND outcome = 'accepted' AND tries = 0 AND sending_since IS NULL
"""


def measure(stage: Stage, sizes: Sizes) -> Part:
    """Edits by the product's command, then by a minimal write: the difference is the command's share of the machine."""
    with Receiver(stage) as receiver:
        fleet = scene.fleet(stage, "EDITS", sizes.edited_aircraft, each=sizes.activities)
        connections = scene.connect(stage, fleet, sizes.connections, receiver.url)
        with scene.serving(stage, sizes.connections) as worker:
            scene.wait_for_ledger(stage, connections, sizes.edited_aircraft)
            first = 1
            figures: dict[str, Any] = {}
            for way, share in _WAYS.items():
                task = Task(
                    operator_id=fleet.actor.operator_id,
                    flights=fleet.flights,
                    first=first,
                    count=round(sizes.rate * sizes.seconds * share),
                    rate=sizes.rate,
                    way=way,
                )
                figures[way] = _run(stage, sizes, task, worker, receiver)
                first += task.count
            edited = {aircraft for aircraft, _ in fleet.flights[: first - 1]}
            checked = _check_ledger(stage, fleet.actor, connections, sizes, edited=edited)
    return _told(sizes, figures, checked)


def _run(stage: Stage, sizes: Sizes, task: Task, worker: Program, receiver: Receiver) -> dict[str, Any]:
    """One editor's work, and how long after each commit its last partner had it."""
    time.sleep(1)
    receiver.ask("reset")
    before = cpu_seconds(worker.pid), stage.postgres_cpu(), cpu_seconds(receiver.pid)
    edits = scene.edit(stage, task)
    partners = range(sizes.connections)
    arrivals = scene.until_all_have(receiver, edits, partners)
    after = cpu_seconds(worker.pid), stage.postgres_cpu(), cpu_seconds(receiver.pid)
    seconds = (edits[-1].done - edits[0].began) / 1e9
    names = ("worker", "postgres", "receiver")
    return {
        "edits": len(edits),
        "edits_per_s": round(len(edits) / seconds, 2),
        "calls": arrivals.calls,
        "from_commit_ms": scene.commit_to_last(edits, arrivals, partners),
        "from_start_of_edit_ms": scene.percentiles(arrivals.last(edit, partners) - edit.began for edit in edits),
        "edit_itself_ms": scene.percentiles(edit.done - edit.began for edit in edits),
        "cores_used": {n: round((b - a) / seconds, 3) for n, a, b in zip(names, before, after, strict=True)},
    }


def _check_ledger(stage: Stage, actor: Actor, connections: list[int], sizes: Sizes, *, edited: set[int]) -> int:
    """Every partner's ledger has, of every edited aircraft, the very document that it should hold now; how many."""
    from airstair.records.flights.queries import aircraft_schedules

    now = datetime.now(UTC)
    since = (now - timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    snapshots = aircraft_schedules(actor.operator_id, sorted(edited), since=since)
    settings = mirrors.PartnerSettings()
    wanted = {
        f"aircraft:{id_}": hashlib.blake2b(mirrors.document(one, settings, now).body, digest_size=16).digest()
        for id_, one in snapshots.items()
    }
    deadline = time.monotonic() + scene.PATIENCE
    right = 0
    while time.monotonic() < deadline:
        rows = stage.sql(_ACCEPTED, connections, list(wanted))
        right = sum(bytes(held) == wanted[unit] for unit, held in rows if held is not None)
        if right == len(wanted) * sizes.connections:
            return right
        time.sleep(0.5)
    raise Failed(f"{right} of {len(wanted) * sizes.connections} lines of the ledger have the last state as accepted.")


def _told(sizes: Sizes, figures: dict[str, Any], checked: int) -> Part:
    lines = [f"{sizes.connections} partners, {sizes.edited_aircraft} aircraft × {sizes.activities} flights"]
    for name, one in figures.items():
        commit, edit = one["from_commit_ms"], one["edit_itself_ms"]
        cores = ", ".join(f"{who} {share:g}" for who, share in one["cores_used"].items())
        lines += [
            f"{_NAMES[name]}: {one['edits_per_s']:g} edits/s, {one['calls']} calls;"
            f" commit to the last partner p50 {commit['p50']:g} ms, p99 {commit['p99']:g} ms, max {commit['max']:g} ms",
            f"    the edit itself p50 {edit['p50']:g} ms, p99 {edit['p99']:g} ms; cores used: {cores}",
        ]
    lines.append(f"checked in the ledger: {checked} last states, all accepted")
    commit = figures["command"]["from_commit_ms"]
    goals = [
        Goal("commit to the last partner, p50 in ms", commit["p50"], 20, False),
        Goal("commit to the last partner, p99 in ms", commit["p99"], 60, False),
    ]
    kept = {"connections": sizes.connections, "aircraft": sizes.edited_aircraft, "activities": sizes.activities}
    return Part(lines, {**kept, **figures, "ledger_checked": checked}, goals)
