"""Whether one partner, or one operator, holds the others up: the same edits without trouble beside them, and with."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any

import msgspec

from benchmarks import mirrors, scene
from benchmarks.editor import Edit, Task
from benchmarks.figures import Goal, Part
from benchmarks.importer import Import
from benchmarks.processes import Failed, Program, cpu_seconds
from benchmarks.scene import Arrivals, Fleet, Receiver
from benchmarks.sizes import Sizes
from benchmarks.stage import Stage

_HANGING, _IMPORTING = 1.5, 2.0  # times the normal p99, at most
_LONGEST_IMPORT = 240.0


def measure(stage: Stage, sizes: Sizes) -> Part:
    """Normal; with one partner hanging on every call; and with another operator importing."""
    with Receiver(stage) as receiver:
        fleet = scene.fleet(stage, "EDITS", sizes.edited_aircraft, each=sizes.activities)
        other = scene.fleet(stage, "IMPORTS", sizes.importing_aircraft, each=10)
        connections = scene.connect(stage, fleet, sizes.connections, receiver.url)
        theirs = scene.connect(stage, other, sizes.connections, receiver.url)
        with scene.serving(stage, sizes.connections) as worker:
            scene.wait_for_ledger(stage, connections, sizes.edited_aircraft)
            scene.wait_for_ledger(stage, theirs, sizes.importing_aircraft, seconds=120)
            run = _Run(stage, sizes, receiver, fleet, worker)
            run.edits(sizes.isolation_seconds // 2 or 1, range(sizes.connections))  # warm up
            normal = run.edits(sizes.isolation_seconds, range(sizes.connections))
            importing = run.while_importing(other)
            stuck = sizes.connections - 1
            receiver.ask(f"hang:/{mirrors.key(stuck)}/")
            hanging = run.edits(sizes.isolation_seconds, range(stuck))
    return _told(sizes, normal, importing, hanging)


class _Run:
    def __init__(self, stage: Stage, sizes: Sizes, receiver: Receiver, fleet: Fleet, worker: Program) -> None:
        self._stage = stage
        self._sizes = sizes
        self._receiver = receiver
        self._fleet = fleet
        self._worker = worker
        self._first = 1

    def _task(self, seconds: float) -> Task:
        task = Task(
            operator_id=self._fleet.actor.operator_id,
            flights=self._fleet.flights,
            first=self._first,
            count=round(self._sizes.rate * seconds),
            rate=self._sizes.rate,
            way="minimal",
        )
        self._first += task.count
        return task

    def edits(self, seconds: float, partners: Iterable[int]) -> dict[str, Any]:
        """Edits at the usual rate; what these partners saw of them."""
        time.sleep(1)
        self._receiver.ask("reset")
        them = list(partners)
        cpu = cpu_seconds(self._worker.pid)
        edits = scene.edit(self._stage, self._task(seconds))
        arrivals = scene.until_all_have(self._receiver, edits, them)
        return self._figures(edits, arrivals, them, cpu)

    def while_importing(self, other: Fleet) -> dict[str, Any]:
        """Edits while another operator's import is written and goes out to its partners; only those count."""
        sizes, them = self._sizes, list(range(self._sizes.connections))
        self._receiver.ask("reset")
        cpu = cpu_seconds(self._worker.pid)
        with Program("importer", ["-m", "benchmarks.importer"], self._stage.environ) as importer:
            wanted = Import(other.actor.operator_id, other.aircraft, sizes.imported)
            importer.say(msgspec.json.encode(wanted).decode())
            importer.line("prepared", seconds=scene.PATIENCE)
            with scene.editing(self._stage, self._task(sizes.importing_seconds)) as done:
                began = time.monotonic_ns()
                importer.say("go")
                took = float(importer.line("imported", seconds=_LONGEST_IMPORT).split()[1])
                edits = done()
        self._import_is_out(other)
        arrivals = scene.until_all_have(self._receiver, edits, them)
        out = max(arrivals.times_of(other.aircraft))
        meanwhile = [edit for edit in edits if began <= edit.committing <= out]
        return {
            **self._figures(meanwhile or edits, arrivals, them, cpu),
            "flights": sizes.imported,
            "import_s": took,
            "import_out_s": round((out - began) / 1e9, 1),
            "edits_covered_s": round((edits[-1].done - began) / 1e9, 1),
        }

    def _import_is_out(self, other: Fleet) -> None:
        """Until every one of the importing operator's aircraft has reached its partners, and nothing more comes."""
        deadline = time.monotonic() + _LONGEST_IMPORT
        wanted, calls = len(other.aircraft) * self._sizes.connections, -1
        while time.monotonic() < deadline:
            times = self._receiver.arrivals().times_of(other.aircraft)
            if len(times) >= wanted and len(times) == calls:
                return
            calls = len(times)
            time.sleep(2)
        raise Failed(f"The import has not reached all partners after {_LONGEST_IMPORT:g} s ({calls} of {wanted}).")

    def _figures(self, edits: list[Edit], arrivals: Arrivals, partners: list[int], cpu: float) -> dict[str, Any]:
        seconds = (edits[-1].done - edits[0].began) / 1e9
        return {
            "edits": len(edits),
            "calls": arrivals.calls,
            "from_commit_ms": scene.commit_to_last(edits, arrivals, partners),
            "edit_itself_ms": scene.percentiles(edit.done - edit.began for edit in edits),
            "worker_cores": round((cpu_seconds(self._worker.pid) - cpu) / seconds, 3),
        }


def _told(sizes: Sizes, normal: dict[str, Any], importing: dict[str, Any], hanging: dict[str, Any]) -> Part:
    usual = normal["from_commit_ms"]["p99"]
    lines = [
        f"{sizes.rate} edits/s of one operator to {sizes.connections} partners, commit to the last:",
        f"    normally {_times(normal)}",
        f"    one partner hanging on every call, the others {_times(hanging)}",
        f"    another operator importing {importing['flights']:,} flights on {sizes.importing_aircraft} aircraft"
        f" (written in {importing['import_s']:g} s, at all its partners after {importing['import_out_s']:g} s)"
        f" {_times(importing)}",
    ]
    if importing["edits_covered_s"] < importing["import_out_s"]:
        lines.append(f"    the edits ended before that, after {importing['edits_covered_s']:g} s")
    goals = [
        Goal("one partner hanging, others' p99 to normal", hanging["from_commit_ms"]["p99"] / usual, _HANGING, False),
        Goal(
            "another operator importing, p99 to normal", importing["from_commit_ms"]["p99"] / usual, _IMPORTING, False
        ),
    ]
    figures = {"rate": sizes.rate, "connections": sizes.connections, "normal": normal, "hanging": hanging}
    return Part(lines, {**figures, "importing": importing}, goals)


def _times(one: dict[str, Any]) -> str:
    times = one["from_commit_ms"]
    return f"p50 {times['p50']:g} ms, p99 {times['p99']:g} ms, max {times['max']:g} ms ({one['edits']} edits)"
