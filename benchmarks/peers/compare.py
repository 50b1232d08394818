"""The same edits to the same partners by Airstair, by Celery and by pgqueuer, one after the other on the same cores.

A *delivery* is a pair of one change and one connection, done when the partner holds a state at least as new as the
change. Calls are told beside it: a contender that leaves out what is overtaken makes fewer of them.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from benchmarks import scene
from benchmarks.editor import Edit
from benchmarks.figures import Goal, Part, spread
from benchmarks.peers import contenders
from benchmarks.peers.contenders import NAMES, Contender
from benchmarks.processes import Failed
from benchmarks.scene import Arrivals, Fleet, Receiver
from benchmarks.sizes import Sizes
from benchmarks.stage import Stage

CORES = 2  # for everything of a contender, PostgreSQL, Redis, receiver and editor included
_TIMES = {"celery": 10.0, "pgqueuer": 3.0}  # as many deliveries a second at the least
_REPEATED = 10  # aircraft, in the burst with something to leave out
_GOAL_P50, _GOAL_P99 = 20.0, 60.0


class Burst(NamedTuple):
    """So many edits as fast as they can be made. `all_of_them`: nothing was missing when patience ended.

    `seconds` until the last delivery, `busy_seconds` until the last call: a queue works off what is overtaken, too.
    """

    deliveries: int
    calls: int
    seconds: float
    busy_seconds: float
    all_of_them: bool
    cpu: dict[str, float]

    @property
    def per_second(self) -> float:
        return self.deliveries / self.seconds


class _Numbers:
    """Numbers of edits, never used twice."""

    next = 1

    def take(self, count: int) -> int:
        self.next += count
        return self.next - count


def measure(stage: Stage, sizes: Sizes) -> Part:
    """Each contender alone with the machine: bursts, then steady rates."""
    cores = len(os.sched_getaffinity(0))
    with Receiver(stage) as receiver:
        fleet = scene.fleet(stage, "PEERS", sizes.compared_edits, each=sizes.activities)
        numbers = _Numbers()
        found: dict[str, Any] = {}
        lines = [f"{cores} cores for everything; {sizes.connections} partners, {sizes.activities} flights an aircraft"]
        for peer in NAMES:
            try:
                with _contender(stage, sizes, receiver, fleet, peer) as contender:
                    found[peer or "airstair"] = _Run(contender, sizes, receiver, fleet, numbers).all()
            except Failed as problem:
                if not peer:
                    raise
                lines.append(str(problem))
    return _told(sizes, cores, found, lines)


@contextlib.contextmanager
def _contender(stage: Stage, sizes: Sizes, receiver: Receiver, fleet: Fleet, peer: str) -> Iterator[Contender]:
    makers: dict[str, Callable[..., contextlib.AbstractContextManager[Contender]]] = {
        "celery": contenders.celery,
        "pgqueuer": contenders.pgqueuer,
    }
    if peer:
        with makers[peer](stage, sizes.connections, receiver.url) as made:
            yield made
        return
    connections = scene.connect(stage, fleet, sizes.connections, receiver.url)
    contender = Contender(stage, sizes.connections)
    with contender.serving():
        scene.wait_for_ledger(stage, connections, len(fleet.aircraft))
    yield contender


class _Run:
    """All that is done with one contender."""

    def __init__(self, contender: Contender, sizes: Sizes, receiver: Receiver, fleet: Fleet, numbers: _Numbers) -> None:
        self._contender = contender
        self._sizes = sizes
        self._receiver = receiver
        self._fleet = fleet
        self._numbers = numbers
        few = set(fleet.aircraft[:_REPEATED])
        self._repeated = [pair for pair in fleet.flights if pair[0] in few]

    def all(self) -> dict[str, Any]:
        sizes = self._sizes
        found: dict[str, Any] = {}
        with self._contender.serving() as worker:
            self._worker = worker
            self._burst(self._fleet.flights, max(1, sizes.compared_edits // 10))  # warm up
            for name, flights in (("distinct", self._fleet.flights), ("repeated", self._repeated)):
                bursts = [self._burst(flights, sizes.compared_edits) for _ in range(sizes.compared_rounds)]
                found[name] = _bursts(bursts)
            found["rates"] = {str(rate): self._steady(rate) for rate in sizes.compared_rates}
        if self._contender.peer:
            with self._contender.serving(ready_made=True) as worker:
                self._worker = worker
                self._burst(self._fleet.flights, sizes.compared_edits)  # reads every aircraft once
                found["ready_made"] = _bursts([self._burst(self._fleet.flights, sizes.compared_edits)])
        return found

    def _edit(self, flights: list[tuple[int, int]], count: int, rate: float) -> tuple[list[Edit], Arrivals]:
        task = self._contender.task(self._fleet, flights, self._numbers.take(count), count, rate)
        time.sleep(1)  # what the run before has left to do
        self._receiver.ask("reset")
        with self._contender.editing(task) as done:
            edits = done()
        deadline = time.monotonic() + self._sizes.compared_patience
        while True:
            arrivals = self._receiver.arrivals()
            partners = range(self._sizes.connections)
            over = None not in arrivals.pairs(edits, partners)
            if self._contender.peer:  # it makes a call for each, needed or not, and the next run must not bear them
                over = arrivals.calls >= len(edits) * len(partners)
            if over or time.monotonic() > deadline:
                return edits, arrivals
            time.sleep(0.5)

    def _burst(self, flights: list[tuple[int, int]], count: int) -> Burst:
        before = self._contender.cpu(self._worker)
        edits, arrivals = self._edit(flights, count, 0)
        after = self._contender.cpu(self._worker)
        times = arrivals.pairs(edits, range(self._sizes.connections))
        there = [at for at in times if at is not None]
        if not there:
            raise Failed(f"{self._contender.name} delivered nothing. {self._worker.last_words}")
        seconds = (max(there) - edits[0].committing) / 1e9
        cpu = {name: (after[name] - before[name]) / len(there) * 1e6 for name in after}
        busy = (max(arrivals.times) - edits[0].committing) / 1e9
        return Burst(len(there), arrivals.calls, seconds, busy, len(there) == len(times), cpu)

    def _steady(self, rate: float) -> dict[str, Any]:
        partners = range(self._sizes.connections)
        edits, arrivals = self._edit(self._fleet.flights, max(1, round(rate * self._sizes.compared_seconds)), rate)
        late = [
            max(times) - edit.committing if None not in times else None
            for edit in edits
            if (times := [arrivals.had(edit, partner) for partner in partners])
        ]
        there = [one for one in late if one is not None]
        return {
            "edits_per_s": round(len(edits) / ((edits[-1].done - edits[0].began) / 1e9 + 1 / rate), 2),
            "edits": len(edits),
            "everywhere": len(there),
            "calls": arrivals.calls,
            "from_commit_ms": scene.percentiles(there) if there else None,
        }


def _bursts(bursts: list[Burst]) -> dict[str, Any]:
    return {
        "deliveries_per_s": spread([one.per_second for one in bursts]),
        "deliveries": bursts[0].deliveries,
        "calls": spread([one.calls for one in bursts]),
        "seconds": spread([one.seconds for one in bursts]),
        "busy_seconds": spread([one.busy_seconds for one in bursts]),
        "all_of_them": all(one.all_of_them for one in bursts),
        "cpu_us_per_delivery": {name: round(bursts[-1].cpu[name], 1) for name in bursts[-1].cpu},
    }


_TITLES = {
    "distinct": "{edits} changes, each to another aircraft: nothing to leave out",
    "repeated": "{edits} changes to {few} aircraft: what is overtaken may be left out",
    "ready_made": "the same as the first, but a task reads nothing: the queue alone",
}


def _told(sizes: Sizes, cores: int, found: dict[str, Any], lines: list[str]) -> Part:
    goals: list[Goal] = []
    ours = found["airstair"]
    for name, title in _TITLES.items():
        lines.append(title.format(edits=sizes.compared_edits, few=_REPEATED))
        for who, one in found.items():
            if name in one:
                lines.append("    " + _burst_line(who, one[name], ours["distinct" if name == "ready_made" else name]))
    for name in ("distinct", "repeated"):
        goals += [
            Goal(f"deliveries/s, {name}, to {NAMES[peer]}'s", _times(ours[name], found[peer][name]), least, True)
            for peer, least in _TIMES.items()
            if peer in found
        ]
    for rate in map(str, sizes.compared_rates):
        lines.append(f"{rate} edits/s for {sizes.compared_seconds:g} s, commit to the last of {sizes.connections}:")
        lines += [f"    {NAMES.get(who, 'Airstair'):9} {_rate_line(one['rates'][rate])}" for who, one in found.items()]
    goals += _latency_goals(found, str(sizes.compared_rates[-1]))
    figures = {"cores": cores, "connections": sizes.connections, "edits": sizes.compared_edits, **found}
    return Part(lines, figures, goals)


def _latency_goals(found: dict[str, Any], rate: str) -> list[Goal]:
    ours = found["airstair"]["rates"][rate]["from_commit_ms"]
    goals = [
        Goal(f"{rate} edits/s, p50 in ms", ours["p50"], _GOAL_P50, False),
        Goal(f"{rate} edits/s, p99 in ms", ours["p99"], _GOAL_P99, False),
    ]
    for peer in (peer for peer in _TIMES if peer in found):
        theirs = found[peer]["rates"][rate]["from_commit_ms"]
        if theirs is not None:
            goals.append(Goal(f"{rate} edits/s, p99 to {NAMES[peer]}'s", ours["p99"] / theirs["p99"], 1, False))
    return goals


def _times(ours: dict[str, Any], theirs: dict[str, Any]) -> float:
    return float(ours["deliveries_per_s"].median / theirs["deliveries_per_s"].median)


def _burst_line(who: str, one: dict[str, Any], ours: dict[str, Any]) -> str:
    left = "" if one["all_of_them"] else " (NOT all of them within the time)"
    ratio = "" if who == "airstair" else f"; Airstair {_times(ours, one):.1f} times as many"
    cpu = ", ".join(f"{name} {value:,.0f}" for name, value in one["cpu_us_per_delivery"].items())
    return (
        f"{NAMES.get(who, 'Airstair'):9} {one['deliveries_per_s']} deliveries/s, {one['calls'].median:,.0f} calls in"
        f" {one['busy_seconds'].median:.2g} s"
        f"{left}{ratio}; µs of CPU a delivery: {cpu}"
    )


def _rate_line(one: dict[str, Any]) -> str:
    if one["from_commit_ms"] is None:
        return f"none of {one['edits']} edits everywhere within the time"
    left = "" if one["everywhere"] == one["edits"] else f" (of {one['everywhere']} of {one['edits']} edits)"
    times = one["from_commit_ms"]
    return (
        f"p50 {times['p50']:,g} ms, p99 {times['p99']:,g} ms{left}; {one['calls']:,} calls,"
        f" {one['edits_per_s']:g} edits/s made"
    )
