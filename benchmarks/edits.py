"""(b) From an edit's commit to the last of many partners having it, with ledger and call log written all the while."""

from __future__ import annotations

import hashlib
import time
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from airstair.kernel.actor import Actor
from benchmarks import mirrors
from benchmarks.editor import Edit, Task
from benchmarks.figures import Goal, Part, percentile
from benchmarks.processes import Failed, Program, cpu_seconds
from benchmarks.sizes import Sizes
from benchmarks.stage import Stage, add_aircraft, add_flights, new_operator
from benchmarks.upload import point_at

_PATIENCE = 60.0
_MS = 1e6  # nanoseconds
_ACCEPTED = """
SELECT unit, fingerprint FROM hub_ledger
 WHERE connection_id = ANY(%s) AND unit = ANY(%s) AND outcome = 'accepted' AND tries = 0 AND sending_since IS NULL
"""


def measure(stage: Stage, sizes: Sizes) -> Part:
    """Edits by the product's command, then by a minimal write: the difference is the command's share of the machine."""
    with Program("receiver", ["-m", "benchmarks.receiver"], stage.environ) as receiver:
        url = f"http://127.0.0.1:{receiver.line('listening').split()[1]}"
        actor, flights = _record(stage, sizes)
        point_at(stage, url)
        connections = _connect(actor, sizes, url)
        environ = {**stage.environ, "AIRSTAIR_ALLOW_PRIVATE_ADDRESSES": "1"}
        with Program("worker", ["-m", "benchmarks.mirrors", str(sizes.connections)], environ) as worker:
            worker.line("worker is ready")
            _wait_for_ledger(stage, connections, sizes)
            first = 1
            figures: dict[str, Any] = {}
            count = sizes.rate * sizes.seconds
            for name, command, number in (("command", True, count), ("minimal_write", False, count // 2)):
                task = Task(
                    operator_id=actor.operator_id,
                    flights=flights,
                    first=first,
                    count=number,
                    rate=sizes.rate,
                    command=command,
                )
                figures[name] = _run(stage, sizes, task, worker, receiver)
                first += number
            checked = _check_ledger(stage, actor, connections, sizes, edited={a for a, _ in flights[: first - 1]})
    return _told(sizes, figures, checked)


def _record(stage: Stage, sizes: Sizes) -> tuple[Actor, list[tuple[int, int]]]:
    """Aircraft with as many flights to come as in the upload; the flights to edit, aircraft by aircraft in turn."""
    actor = new_operator("EDITS")
    aircraft = add_aircraft(stage, actor.operator_id, sizes.edited_aircraft)
    tomorrow = datetime.now(UTC).replace(hour=6, minute=0, second=0, microsecond=0) + timedelta(days=1)
    add_flights(stage, actor.operator_id, aircraft, each=sizes.activities, first=tomorrow, step=24)
    stage.settle()
    rows = stage.sql(
        "SELECT aircraft_id, id FROM flights_flight WHERE operator_id = %s ORDER BY std::date, aircraft_id",
        actor.operator_id,
    )
    return actor, [(aircraft_id, flight_id) for aircraft_id, flight_id in rows]


def _connect(actor: Actor, sizes: Sizes, url: str) -> list[int]:
    """A connection to each partner, with every aircraft; their ids, in the order of the partners."""
    from airstair.hub.connections.commands import ALL_AIRCRAFT, ConnectionInput, configure

    mirrors.register_all(sizes.connections)
    return [
        configure(
            actor,
            mirrors.key(number),
            ConnectionInput(values={"base_url": f"{url}/{mirrors.key(number)}"}, aircraft=ALL_AIRCRAFT, on=True),
        ).connection.id
        for number in range(sizes.connections)
    ]


def _wait_for_ledger(stage: Stage, connections: list[int], sizes: Sizes) -> None:
    """Until every partner has everything for the first time."""
    wanted = len(connections) * sizes.edited_aircraft
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline:
        rows = stage.sql(
            "SELECT count(*) FROM hub_ledger WHERE outcome = 'accepted' AND connection_id = ANY(%s)", connections
        )
        if rows[0][0] == wanted:
            return
        time.sleep(0.2)
    raise Failed(f"After {_PATIENCE:g} s the partners do not hold all {wanted} schedules yet ({rows[0][0]}).")


def _run(stage: Stage, sizes: Sizes, task: Task, worker: Program, receiver: Program) -> dict[str, Any]:
    """One editor's work, and how long after each commit its last partner had it."""
    time.sleep(1)
    receiver.ask("reset")
    before = cpu_seconds(worker.pid), stage.postgres_cpu(), cpu_seconds(receiver.pid)
    with Program("editor", ["-m", "benchmarks.editor"], stage.environ) as editor:
        editor.say(msgspec.json.encode(task).decode())
        line = editor.line("edits", seconds=task.count / task.rate + _PATIENCE)
    edits = msgspec.json.decode(line.removeprefix("edits "), type=list[Edit])
    last, calls = _last_arrivals(edits, sizes, receiver)
    after = cpu_seconds(worker.pid), stage.postgres_cpu(), cpu_seconds(receiver.pid)
    seconds = (edits[-1].done - edits[0].began) / 1e9
    names = ("worker", "postgres", "receiver")
    return {
        "edits": len(edits),
        "edits_per_s": round(len(edits) / seconds, 2),
        "calls": calls,
        "from_commit_ms": _percentiles([at - edit.committing for edit, at in zip(edits, last, strict=True)]),
        "from_start_of_edit_ms": _percentiles([at - edit.began for edit, at in zip(edits, last, strict=True)]),
        "edit_itself_ms": _percentiles([edit.done - edit.began for edit in edits]),
        "cores_used": {n: round((b - a) / seconds, 3) for n, a, b in zip(names, before, after, strict=True)},
    }


def _last_arrivals(edits: list[Edit], sizes: Sizes, receiver: Program) -> tuple[list[int], int]:
    """When the last partner had each edit, and how many calls there were; waits for those that are still to come."""
    deadline = time.monotonic() + _PATIENCE
    while True:
        time.sleep(1)
        arrivals = msgspec.json.decode(receiver.ask("arrivals"), type=list[tuple[str, int, int]])
        calls: dict[tuple[str, int], list[tuple[int, int]]] = defaultdict(list)
        for path, stamp, at in arrivals:
            _, partner, unit = path.split("/")
            calls[partner, int(unit.partition(":")[2])].append((stamp, at))
        try:
            return [_last_arrival(edit, calls, sizes) for edit in edits], len(arrivals)
        except Failed:
            if time.monotonic() > deadline:
                raise


def _last_arrival(edit: Edit, calls: dict[tuple[str, int], list[tuple[int, int]]], sizes: Sizes) -> int:
    """When the last partner had the edit: its first call for that aircraft with this edit in it, or a later one.

    Raises `Failed` when one has not got it.
    """
    times = []
    for number in range(sizes.connections):
        came = [at for stamp, at in calls[mirrors.key(number), edit.aircraft] if stamp >= edit.number]
        if not came:
            raise Failed(f"Partner {number} has not got edit {edit.number}.")
        times.append(min(came))
    return max(times)


def _percentiles(nanoseconds: list[int]) -> dict[str, float]:
    ordered = sorted(nanoseconds)
    named = {"p50": 50.0, "p90": 90.0, "p99": 99.0, "max": 100.0}
    return {name: round(percentile(ordered, percent) / _MS, 2) for name, percent in named.items()}


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
    deadline = time.monotonic() + _PATIENCE
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
            f"{name.replace('_', ' ')}: {one['edits_per_s']:g} edits/s, {one['calls']} calls;"
            f" commit to the last partner p50 {commit['p50']:g} ms, p99 {commit['p99']:g} ms, max {commit['max']:g} ms",
            f"    the edit itself p50 {edit['p50']:g} ms, p99 {edit['p99']:g} ms; cores used: {cores}",
        ]
    lines.append(f"checked in the ledger: {checked} last states, all accepted")
    commit = figures["command"]["from_commit_ms"]
    goals = [
        Goal("commit to the last partner, p50 in ms", commit["p50"], 25, False),
        Goal("commit to the last partner, p99 in ms", commit["p99"], 100, False),
    ]
    kept = {"connections": sizes.connections, "aircraft": sizes.edited_aircraft, "activities": sizes.activities}
    return Part(lines, {**kept, **figures, "ledger_checked": checked}, goals)
