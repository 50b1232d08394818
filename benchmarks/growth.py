"""What one edit costs when few flights are stored, and when there are very many: the same edits, the same partners."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Any

from benchmarks import scene
from benchmarks.editor import Task
from benchmarks.figures import Goal, Part, spread
from benchmarks.processes import Program, cpu_seconds
from benchmarks.scene import Fleet, Receiver
from benchmarks.sizes import Sizes
from benchmarks.stage import Stage, add_flights

_FLAT = 1.2
_STEP = 4  # hours between the flights of the past; six a day
# What PostgreSQL itself says of the time that it spent on statements of this database.
_ACTIVE = "SELECT active_time FROM pg_stat_database WHERE datname = current_database()"


def measure(stage: Stage, sizes: Sizes) -> Part:
    """Edit; add the past, set-wise and with a time limit; edit again. Rounds, because one is at the mercy of noise."""
    each = max(1, sizes.stored_before // sizes.stored_aircraft)
    with Receiver(stage) as receiver:
        fleet = scene.fleet(stage, "GROWS", sizes.stored_aircraft, each=each, edited=sizes.edited_aircraft)
        edited = fleet.aircraft[: sizes.edited_aircraft]
        connections = scene.connect(stage, fleet, sizes.connections, receiver.url, only=edited)
        run = _Run(stage, sizes, receiver, fleet)
        with scene.serving(stage, sizes.connections) as worker:
            scene.wait_for_ledger(stage, connections, len(edited))
            before = run.measured(worker)
        filled = _fill(stage, sizes, fleet, each)
        stored = int(stage.sql("SELECT count(*) FROM flights_flight")[0][0])
        with scene.serving(stage, sizes.connections) as worker:
            after = run.measured(worker)
    return _told(sizes, each * sizes.stored_aircraft, stored, filled, before, after)


class _Run:
    def __init__(self, stage: Stage, sizes: Sizes, receiver: Receiver, fleet: Fleet) -> None:
        self._stage = stage
        self._sizes = sizes
        self._receiver = receiver
        self._fleet = fleet
        self._first = 1

    def measured(self, worker: Program) -> dict[str, Any]:
        """Median and range of several rounds; a first one, which warms caches up, does not count."""
        self._round(worker)
        rounds = [self._round(worker) for _ in range(self._sizes.stored_rounds)]
        return {name: spread([one[name] for one in rounds]) for name in rounds[0]}

    def _round(self, worker: Program) -> dict[str, float]:
        sizes = self._sizes
        task = Task(
            operator_id=self._fleet.actor.operator_id,
            flights=self._fleet.flights,
            first=self._first,
            count=sizes.rate * sizes.stored_seconds,
            rate=sizes.rate,
        )
        self._first += task.count
        time.sleep(2)  # PostgreSQL's processes tell their figures about once a second
        self._receiver.ask("reset")
        cpu, postgres, active = cpu_seconds(worker.pid), self._stage.postgres_cpu(), self._active()
        edits = scene.edit(self._stage, task)
        arrivals = scene.until_all_have(self._receiver, edits, range(sizes.connections))
        time.sleep(1.5)
        times = scene.commit_to_last(edits, arrivals, range(sizes.connections))
        return {
            "commit_to_last_p50_ms": times["p50"],
            "edit_itself_p50_ms": scene.percentiles(one.done - one.began for one in edits)["p50"],
            "sql_ms_per_edit": (self._active() - active) / len(edits),
            "postgres_cpu_ms_per_edit": (self._stage.postgres_cpu() - postgres) / len(edits) * 1000,
            "worker_cpu_ms_per_edit": (cpu_seconds(worker.pid) - cpu) / len(edits) * 1000,
        }

    def _active(self) -> float:
        return float(self._stage.sql(_ACTIVE)[0][0])


def _fill(stage: Stage, sizes: Sizes, fleet: Fleet, each: int) -> float:
    """Add the past, as many flights on every aircraft, until there are enough or the time is up; seconds it took."""
    began = time.monotonic()
    missing = sizes.stored_after // sizes.stored_aircraft - each
    first = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(days=3, hours=_STEP * missing)
    while missing > 0 and time.monotonic() - began < sizes.stored_patience:
        now = min(missing, max(1, 100_000 // sizes.stored_aircraft))
        add_flights(stage, fleet.actor.operator_id, fleet.aircraft, each=now, first=first, step=_STEP)
        first += timedelta(hours=_STEP * now)
        missing -= now
    stage.settle()
    return time.monotonic() - began


_TITLES = {
    "commit_to_last_p50_ms": "commit to the last partner, p50",
    "edit_itself_p50_ms": "the edit's own command, p50",
    "sql_ms_per_edit": "PostgreSQL's time on statements, an edit",
    "postgres_cpu_ms_per_edit": "PostgreSQL's CPU, an edit",
    "worker_cpu_ms_per_edit": "the worker's CPU, an edit",
}
_GOALS = ("commit_to_last_p50_ms", "edit_itself_p50_ms", "sql_ms_per_edit")


def _told(sizes: Sizes, few: int, many: int, filled: float, before: dict[str, Any], after: dict[str, Any]) -> Part:
    ratios = {name: after[name].median / before[name].median for name in _TITLES}
    lines = [
        f"{few:,} and {many:,} stored flights of {sizes.stored_aircraft} aircraft (added in {filled:.0f} s);"
        f" {sizes.rate} edits/s to {sizes.connections} partners, {sizes.edited_aircraft} aircraft edited"
    ]
    if many < sizes.stored_after:
        lines.append(f"the time for adding ended before there were {sizes.stored_after:,}")
    lines += [f"{title}: {before[n]} and {after[n]} ms, ratio {ratios[n]:.2f}" for n, title in _TITLES.items()]
    figures = {"stored_before": few, "stored_after": many, "fill_s": round(filled, 1), "before": before, "after": after}
    goals = [Goal(f"{_TITLES[name]}, very many to few flights", ratios[name], _FLAT, False) for name in _GOALS]
    return Part(lines, {**figures, "ratios": {name: round(one, 3) for name, one in ratios.items()}}, goals)
