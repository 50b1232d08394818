"""The world's business jets on this machine: 25,000 aircraft, each sent every five minutes, while people edit.

`python -m benchmarks.world [--minutes N] [--aircraft N] …` fills a database of its own, runs the product's worker with
the Avinode add-on against a partner in a process of its own, and looks from the partner's side how late each call was.

Due is an aircraft five minutes after its call before. Where the run begins, the ledger says when the call before was,
as after a restart; with `--cold` there is none, everything is due at once, and lateness counts from the second call on.
"""

from __future__ import annotations

import argparse
import itertools
import json
import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import psycopg

from benchmarks import machine
from benchmarks.figures import Goal, percentile
from benchmarks.processes import Failed, Program
from benchmarks.stage import Stage, staged
from benchmarks.world_editor import Edits
from benchmarks.world_fleet import EVERY, Session, World, connect, fill, remember, world_of
from benchmarks.world_load import Load, Watch

RESULTS = Path(__file__).with_name("world.json")
LATEST = 30.0  # seconds after its due time that an aircraft may be sent
_LEAD = 20.0  # seconds that the workers get to take their leases before the first aircraft is due


class Run(msgspec.Struct, frozen=True):
    """What was asked for."""

    world: World
    minutes: float
    rate: float
    workers: int
    cold: bool
    bunched: bool


def measure(stage: Stage, run: Run, say: Any = print) -> dict[str, Any]:
    """Fill, run, and what came of it."""
    with (
        psycopg.connect(stage.superuser_address, autocommit=True) as session,
        Program("receiver", ["-m", "benchmarks.world_receiver"], stage.environ) as receiver,
    ):
        url = f"http://127.0.0.1:{receiver.line('listening').split()[1]}"
        at = time.monotonic()
        operators = fill(session, run.world, datetime.now(UTC))
        connect(session, operators, url)
        flights = _to_edit(session)
        session.execute("VACUUM ANALYZE")
        session.execute("CHECKPOINT")
        filled = time.monotonic() - at
        size = session.execute("SELECT pg_size_pretty(pg_database_size(current_database()))").fetchone()
        say(f"filled in {filled:.0f} s: {len(operators)} operators, {run.world.aircraft} aircraft, {(size or '?')[0]}")
        return {"filled_s": round(filled, 1)} | _run(stage, run, session, receiver, url, flights, say)


def _to_edit(session: Session) -> list[tuple[int, int]]:
    """Flights of tomorrow and later, of many operators."""
    return session.execute(
        "SELECT operator_id, id FROM flights_flight WHERE std > now() + interval '1 day' ORDER BY md5(id::text)"
        " LIMIT 20000"
    ).fetchall()


def _run(
    stage: Stage, run: Run, session: Session, receiver: Program, url: str, flights: list[tuple[int, int]], say: Any
) -> dict[str, Any]:
    environ = {**stage.environ, "AIRSTAIR_ALLOW_PRIVATE_ADDRESSES": "1", "AIRSTAIR_SANDBOX_URL": url}
    lead = _LEAD if run.world.aircraft > 1000 else 6.0
    begin = datetime.now(UTC) + timedelta(seconds=lead)
    due = {} if run.cold else remember(session, run.world, begin, bunched=run.bunched)
    session.execute("VACUUM ANALYZE hub_ledger")
    workers: list[Program] = []
    try:
        started = time.monotonic()
        workers += [Program(f"worker {n}", ["-m", "airstair.cli", "worker"], environ) for n in range(run.workers)]
        for worker in workers:
            worker.line("worker is ready", seconds=120)
        ready = time.monotonic() - started
        say(f"workers hold their leases after {ready:.1f} s")
        if not run.cold:
            time.sleep(max(0.0, begin.timestamp() - time.time()))
        with (
            Program("editor", ["-m", "benchmarks.world_editor"], stage.environ) as editor,
            Watch(session, {"postgres": stage.postgres, "receiver": receiver.pid, "editor": editor.pid})
            .of({f"worker {n + 1}": worker.pid for n, worker in enumerate(workers)}) as watch,
        ):  # fmt: skip
            editor.say(json.dumps({"flights": flights, "rate": run.rate, "seconds": run.minutes * 60}))
            edits = editor.line("edits", seconds=run.minutes * 60 + 60)
            load = watch.load()
        ended = time.time()
        calls = _calls(receiver)
    finally:
        for worker in workers:
            worker.end()
    late = lateness(calls, due, ended, run.world.aircraft)
    made = msgspec.json.decode(edits.removeprefix("edits "), type=Edits)
    return {"ready_s": round(ready, 2)} | _told(run, calls, late, made, load) | _sizes(session)


def _sizes(session: Session) -> dict[str, Any]:
    """What a call leaves behind in the database, in bytes, indexes included; a body's length before it is packed."""
    session.execute("CHECKPOINT")
    row = session.execute(
        "SELECT pg_total_relation_size('hub_call') / greatest(1, (SELECT count(*) FROM hub_call)),"
        " pg_total_relation_size('hub_call_body') / greatest(1, (SELECT count(*) FROM hub_call_body)),"
        " (SELECT avg(length(body))::int FROM hub_call_body)"
    ).fetchone()
    assert row is not None
    return {"bytes_a_call": row[0], "bytes_a_body": row[1], "body_length": row[2]}


def _calls(receiver: Program) -> dict[str, list[float]]:
    """The times of the calls of each aircraft, as the partner saw them."""
    with tempfile.NamedTemporaryFile(suffix=".json") as file:
        receiver.say(f"tell {file.name}")
        receiver.line("tell")
        return msgspec.json.decode(Path(file.name).read_bytes(), type=dict[str, list[float]])


def lateness(calls: dict[str, list[float]], due: dict[str, float], ended: float, aircraft: int) -> list[float]:
    """How late each call was, in seconds; one that is still missing is as late as it has become. Ascending."""
    found = []
    every = EVERY.total_seconds()
    for tail in calls.keys() | due.keys():
        at = due.get(tail)
        for came in calls.get(tail, ()):
            if at is not None:
                found.append(came - at)
            at = came + every
        if at is not None and at < ended:
            found.append(ended - at)
    if len(calls.keys() | due.keys()) != aircraft:
        raise Failed(f"Only {len(calls)} of {aircraft} aircraft were heard of.")
    return sorted(found)


def _told(run: Run, calls: dict[str, list[float]], late: list[float], edits: Edits, load: Load) -> dict[str, Any]:
    gaps = [after - before for times in calls.values() for before, after in itertools.pairwise(times)]
    count = sum(map(len, calls.values()))
    took, behind = sorted(edits.took), sorted(edits.behind)
    return {
        "aircraft": run.world.aircraft,
        "operators": run.world.operators,
        "activities": run.world.activities,
        "minutes": run.minutes,
        "start": "cold" if run.cold else ("restart, bunched" if run.bunched else "restart, evenly spread"),
        "workers": run.workers,
        "calls": count,
        "calls_per_s": round(count / load.seconds, 1),
        "counted": len(late),
        "late_s": _percentiles(late) if late else {},
        "closest_s": round(min(gaps), 3) if gaps else None,
        "edits": len(took),
        "edit_ms": {name: round(value * 1000, 1) for name, value in _percentiles(took).items()},
        "edits_behind_s": _percentiles(behind),
        **load.told(),
    }


def _percentiles(ordered: Sequence[float]) -> dict[str, float]:
    named = {"p50": 50.0, "p99": 99.0, "max": 100.0}
    return {name: round(percentile(list(ordered), percent), 3) for name, percent in named.items()}


def goals(found: dict[str, Any]) -> list[Goal]:
    """What must hold."""
    held = [Goal("latest aircraft, seconds after its due time", found["late_s"].get("max", 1e9), LATEST, False)]
    if found["closest_s"] is not None:
        held.append(Goal("closest two calls of one aircraft, seconds", found["closest_s"], 299.9, True))
    return held


def main(words: list[str]) -> int:
    """0: it held. 1: it did not, or could not be measured."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.world", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0, help="how long to run (default: %(default)s)")
    parser.add_argument("--aircraft", type=int, default=25_000, help="default: %(default)s")
    parser.add_argument("--activities", type=int, default=60, help="of each aircraft (default: %(default)s)")
    parser.add_argument("--edits", type=float, default=20.0, help="a second (default: %(default)s)")
    parser.add_argument("--workers", type=int, default=1, help="worker processes (default: %(default)s)")
    parser.add_argument("--cold", action="store_true", help="nothing was ever sent: everything is due at once")
    parser.add_argument("--bunched", action="store_true", help="an operator's aircraft are due together")
    parser.add_argument("--out", type=Path, default=RESULTS, help="where to write (default: %(default)s)")
    given = parser.parse_args(words)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that what was started is ended
    world = world_of(given.aircraft, given.activities)
    run = Run(world, given.minutes, given.edits, given.workers, given.cold, given.bunched)
    with staged() as stage:
        found = measure(stage, run)
    held = goals(found)
    for name, value in found.items():
        print(f"  {name:16} {value}")
    for goal in held:
        print(f"  {goal}")
    kept = {**machine.moment(), "command": " ".join(["python -m benchmarks.world", *words]), "machine": machine.facts()}
    text = msgspec.json.encode({**kept, "figures": found})
    given.out.write_bytes(msgspec.json.format(text) + b"\n")
    return 0 if all(goal.met for goal in held) else 1


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
