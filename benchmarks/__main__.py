"""`python -m benchmarks [PART …]`: measure, print, and write results.json beside this file."""

from __future__ import annotations

import argparse
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from benchmarks import edits, machine, snapshots, starts, upload
from benchmarks.figures import Part
from benchmarks.sizes import TINY, Sizes
from benchmarks.stage import Stage, staged

RESULTS = Path(__file__).with_name("results.json")
# Each part has a database of its own, so that none is measured on what another has left behind.
PARTS: dict[str, tuple[str, Callable[[Stage, Sizes], Part]]] = {
    "upload": ("Full upload, and the memory after it", upload.measure),
    "edits": ("From an edit to the last partner", edits.measure),
    "snapshots": ("Loading snapshots", snapshots.measure),
    "starts": ("Starting “airstair up”", starts.measure),
}


def main(words: list[str]) -> int:
    """The exit status: 0 measured, 1 something could not be measured. Goals that are not met are told, no failure."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("part", nargs="*", choices=[[], *PARTS], help=f"any of {', '.join(PARTS)}; default: all")
    parser.add_argument("--tiny", action="store_true", help="with very small numbers, to see that it works")
    parser.add_argument("--out", type=Path, default=RESULTS, help="where to write (default: %(default)s)")
    given = parser.parse_args(words)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that what was started is ended
    chosen = [name for name in PARTS if not given.part or name in given.part]
    command = " ".join(["python -m benchmarks", *words])
    status = 0
    for name in chosen:
        status |= _measure(name, TINY if given.tiny else Sizes(), given.out, command)
    return status


def _measure(name: str, sizes: Sizes, out: Path, command: str) -> int:
    title, part = PARTS[name]
    print(f"\n{title}", flush=True)
    kept: dict[str, Any] = {**machine.moment(), "command": command}
    began = time.monotonic()
    try:
        with staged() as stage:
            kept["postgresql"] = stage.sql("SHOW server_version")[0][0].split()[0]
            found = part(stage, sizes)
    except Exception as problem:  # one part that cannot be measured must not keep the others from being so
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
    """Write one part's results over those of its last run; other parts keep theirs, each with its own date and commit."""
    try:
        results = msgspec.json.decode(out.read_bytes(), type=dict[str, Any])
    except (FileNotFoundError, msgspec.DecodeError):
        results = {}
    parts = {**results.get("parts", {}), name: result}
    ordered = {key: parts[key] for key in PARTS if key in parts}
    out.write_bytes(msgspec.json.format(msgspec.json.encode({"machine": machine.facts(), "parts": ordered})) + b"\n")


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
