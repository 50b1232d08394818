"""A rate of edits held for a minute, to partners that take one aircraft a call and to partners that take sets.

The editor writes in one statement an edit, so that it leaves the cores to what is measured.
"""

from __future__ import annotations

import time
from typing import Any, NamedTuple

from benchmarks import scene
from benchmarks.editor import Edit, Task
from benchmarks.figures import Goal, Part
from benchmarks.processes import Program, cpu_seconds
from benchmarks.scene import Arrivals, Receiver
from benchmarks.sizes import Sizes
from benchmarks.stage import Stage

_LONGEST_P99 = 300.0  # ms
_HELD = 0.98  # of the rate that was asked for
_WAITING = """
SELECT count(*) FROM hub_ledger
 WHERE connection_id = ANY(%s) AND (outcome <> 'accepted' OR tries > 0 OR sending_since IS NOT NULL)
"""


class _Way(NamedTuple):
    name: str
    title: str
    rate: int
    seconds: int
    units_per_call: int


def measure(stage: Stage, sizes: Sizes) -> Part:
    """One by one, then in sets: each with a worker of its own, on the same fleet."""
    ways = [
        _Way("one_by_one", "one aircraft a call", sizes.held_rate, sizes.held_seconds, 1),
        _Way("sets", "up to 100 aircraft a call", sizes.held_rate_sets, sizes.held_seconds_sets, 100),
    ]
    figures: dict[str, Any] = {"connections": sizes.connections, "aircraft": sizes.held_aircraft}
    lines = [f"{sizes.connections} partners, {sizes.held_aircraft} aircraft × {sizes.activities} flights"]
    goals: list[Goal] = []
    with Receiver(stage) as receiver:
        fleet = scene.fleet(stage, "HELD", sizes.held_aircraft, each=sizes.activities)
        connections = scene.connect(stage, fleet, sizes.connections, receiver.url)
        first = 1
        for way in ways:
            with scene.serving(stage, sizes.connections, units_per_call=way.units_per_call) as worker:
                scene.wait_for_ledger(stage, connections, sizes.held_aircraft)
                task = Task(
                    operator_id=fleet.actor.operator_id,
                    flights=fleet.flights,
                    first=first,
                    count=way.rate * way.seconds,
                    rate=way.rate,
                    way="statement",
                )
                first += task.count
                found = _hold(stage, sizes, task, worker, receiver)
                found["left_waiting"] = _left(stage, connections)
            figures[way.name] = found
            lines += _lines(way, found)
            goals += _goals(way, found)
    return Part(lines, figures, goals)


def _hold(stage: Stage, sizes: Sizes, task: Task, worker: Program, receiver: Receiver) -> dict[str, Any]:
    time.sleep(1)
    receiver.ask("reset")
    before = cpu_seconds(worker.pid), stage.postgres_cpu(), cpu_seconds(receiver.pid)
    with scene.editing(stage, task) as done:
        edits = done()
        after = cpu_seconds(worker.pid), stage.postgres_cpu(), cpu_seconds(receiver.pid)
    arrivals = scene.until_all_have(receiver, edits, range(sizes.connections))
    seconds = (edits[-1].done - edits[0].began) / 1e9
    names = ("worker", "postgres", "receiver")
    return {
        "edits": len(edits),
        "seconds": round(seconds, 1),
        "edits_per_s": round(len(edits) / (seconds + 1 / task.rate), 2),
        "asked_per_s": task.rate,
        "calls": arrivals.calls,
        "documents": arrivals.documents,
        "from_commit_ms": scene.commit_to_last(edits, arrivals, range(sizes.connections)),
        "behind_at_the_end_ms": _behind(edits, arrivals, sizes),
        "cores_used": {n: round((b - a) / seconds, 3) for n, a, b in zip(names, before, after, strict=True)},
    }


def _behind(edits: list[Edit], arrivals: Arrivals, sizes: Sizes) -> float:
    """How long after the last COMMIT the last partner had everything: a rate that is not held leaves a long tail."""
    last = max(arrivals.last(edit, range(sizes.connections)) for edit in edits[-sizes.held_aircraft :])
    return round((last - edits[-1].committing) / 1e6, 1)


def _left(stage: Stage, connections: list[int]) -> int:
    """Lines of the ledger that wait for something, a second after the last call."""
    time.sleep(1)
    return int(stage.sql(_WAITING, connections)[0][0])


def _lines(way: _Way, found: dict[str, Any]) -> list[str]:
    times, cores = found["from_commit_ms"], found["cores_used"]
    return [
        f"{way.title}: {found['edits_per_s']:g} of {way.rate} edits/s for {found['seconds']:g} s,"
        f" {found['documents']:,} documents in {found['calls']:,} calls",
        f"    commit to the last partner p50 {times['p50']:g} ms, p99 {times['p99']:g} ms, max {times['max']:g} ms;"
        f" {found['behind_at_the_end_ms']:g} ms after the last edit; left waiting: {found['left_waiting']};"
        f" cores used: {', '.join(f'{who} {share:g}' for who, share in cores.items())}",
    ]


def _goals(way: _Way, found: dict[str, Any]) -> list[Goal]:
    return [
        Goal(f"{way.title}: edits/s held", found["edits_per_s"], round(_HELD * way.rate, 1), True),
        Goal(f"{way.title}: p99 in ms", found["from_commit_ms"]["p99"], _LONGEST_P99, False),
        Goal(f"{way.title}: left waiting", found["left_waiting"], 0, False),
    ]
