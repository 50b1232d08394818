"""`python -m benchmarks [PART …]`: measure, print, and write results.json beside this file."""

from __future__ import annotations

import argparse
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from airstair.running.guarded import guarded
from benchmarks import (
    connect,
    edits,
    fatigue,
    growth,
    held,
    idle,
    isolation,
    machine,
    recovery,
    snapshots,
    starts,
    upload,
)
from benchmarks.figures import Part
from benchmarks.peers import compare
from benchmarks.sizes import TINY, Sizes
from benchmarks.stage import Stage, staged

RESULTS = Path(__file__).with_name("results.json")


def _on_stage(part: Callable[[Stage, Sizes], Part], *, cores: int | None = None) -> Callable[[Sizes], Part]:
    """`cores`: keep everything on so many."""

    def measure(sizes: Sizes) -> Part:
        with machine.pinned(cores), staged() as stage:
            found = part(stage, sizes)
            return msgspec.structs.replace(found, figures={"postgresql": stage.version, **found.figures})

    return measure


# Each part has a process and a database of its own, so that none is measured on what another has left behind.
PARTS: dict[str, tuple[str, Callable[[Sizes], Part]]] = {
    "upload": ("Full upload, and the memory after it", _on_stage(upload.measure)),
    "edits": ("From an edit to the last partner", _on_stage(edits.measure)),
    "snapshots": ("Loading snapshots", _on_stage(snapshots.measure)),
    "peers": ("Against Celery and pgqueuer", _on_stage(compare.measure, cores=compare.CORES)),
    "recovery": ("After a worker is killed", _on_stage(recovery.measure)),
    "held": ("A rate of edits, held", _on_stage(held.measure)),
    "growth": ("An edit among few and among very many flights", _on_stage(growth.measure)),
    "idle": ("When nothing happens", _on_stage(idle.measure)),
    "isolation": ("A hanging partner, and another operator's import", _on_stage(isolation.measure)),
    "fatigue": ("The fatigue model, many together and one alone", fatigue.measure),
    "starts": ("Starting “airstair up”", starts.measure),
    "connect": ("Between Airstair and Connect, in browsers", connect.measure),
}


def main(words: list[str]) -> int:
    """The exit status: 0 measured, 1 something could not be measured. Goals that are not met are told, no failure."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("part", nargs="*", help=f"any of {', '.join(PARTS)}; default: all")
    parser.add_argument("--tiny", action="store_true", help="with very small numbers, to see that it works")
    parser.add_argument("--out", type=Path, default=RESULTS, help="where to write (default: %(default)s)")
    given = parser.parse_args(words)
    for unknown in set(given.part) - set(PARTS):
        parser.error(f"there is no part “{unknown}”; there are: {', '.join(PARTS)}")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that what was started is ended
    chosen = [name for name in PARTS if not given.part or name in given.part]
    if len(chosen) == 1:
        return _measure(chosen[0], TINY if given.tiny else Sizes(), given.out)
    options = [word for word in words if word not in PARTS]
    return max(_alone(name, options) for name in chosen)


def _alone(name: str, options: list[str]) -> int:
    """One part in a process of its own, which ends with us."""
    argv = guarded([sys.executable, "-m", "benchmarks", name, *options], signal.SIGTERM)
    with subprocess.Popen(argv, cwd=machine.ROOT) as part:
        try:
            return 1 if part.wait() else 0
        except BaseException:
            part.terminate()
            raise


def _measure(name: str, sizes: Sizes, out: Path) -> int:
    title, part = PARTS[name]
    print(f"\n{title}", flush=True)
    kept: dict[str, Any] = {**machine.moment(), "command": f"python -m benchmarks {name}"}
    began = time.monotonic()
    try:
        found = part(sizes)
    except Exception as problem:  # noqa: BLE001 - whatever it was, it is told, and the other parts are still measured
        print(f"  could not be measured: {type(problem).__name__}: {problem}", flush=True)
        _keep(out, name, {**kept, "problem": str(problem)})
        return 1
    kept["took_seconds"] = round(time.monotonic() - began, 1)
    for line in [*found.lines, *map(str, found.goals)]:
        print(f"  {line}", flush=True)
    goals = [{"what": g.what, "value": round(g.value, 3), "limit": g.limit, "met": g.met} for g in found.goals]
    _keep(out, name, {**kept, "figures": found.figures, "goals": goals})
    return 0


def _keep(out: Path, name: str, result: dict[str, Any]) -> None:
    """Write one part's results over those of its last run. Other parts keep theirs, with their date and commit."""
    try:
        results = msgspec.json.decode(out.read_bytes(), type=dict[str, Any])
    except (FileNotFoundError, msgspec.DecodeError):
        results = {}
    parts = {**results.get("parts", {}), name: result}
    ordered = {key: parts[key] for key in PARTS if key in parts}
    out.write_bytes(msgspec.json.format(msgspec.json.encode({"machine": machine.facts(), "parts": ordered})) + b"\n")


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
