"""What it costs when nothing happens: no edit, and no flow that runs by the clock."""

from __future__ import annotations

import time

from benchmarks import scene
from benchmarks.figures import Goal, Part
from benchmarks.processes import cpu_seconds
from benchmarks.scene import Receiver
from benchmarks.sizes import Sizes
from benchmarks.stage import Stage

_SETTLING = 8.0  # seconds until the work of the beginning is over
_HOUR = 3600


def measure(stage: Stage, sizes: Sizes) -> Part:
    """Wait; read the CPU time of worker and PostgreSQL before and after. Scaled to an hour; the calls are counted."""
    seconds = sizes.idle_seconds
    with Receiver(stage) as receiver:
        fleet = scene.fleet(stage, "IDLES", sizes.aircraft, each=sizes.idle_activities)
        connections = scene.connect(stage, fleet, sizes.connections, receiver.url)
        with scene.serving(stage, sizes.connections) as worker:
            scene.wait_for_ledger(stage, connections, sizes.aircraft, seconds=180)
            stage.settle()  # what the loading left for PostgreSQL to tidy is not work of an idle hour
            time.sleep(_SETTLING)
            receiver.ask("reset")
            before = cpu_seconds(worker.pid), stage.postgres_cpu()
            time.sleep(seconds)
            after = cpu_seconds(worker.pid), stage.postgres_cpu()
            calls = receiver.arrivals().calls
    ours, postgres = (b - a for a, b in zip(before, after, strict=True))
    share = (ours + postgres) / seconds
    lines = [
        f"{sizes.aircraft} aircraft, {sizes.connections} connections on change, {seconds:g} s without an edit:"
        f" {calls} calls; worker {ours:.2f} s and PostgreSQL {postgres:.2f} s of CPU",
        f"scaled to an hour, not measured for one: {share * _HOUR:.0f} s of CPU, {share:.2%} of a core",
    ]
    figures = {
        "aircraft": sizes.aircraft,
        "connections": sizes.connections,
        "seconds": seconds,
        "calls": calls,
        "worker_cpu_s": round(ours, 3),
        "postgres_cpu_s": round(postgres, 3),
        "share_of_a_core": round(share, 5),
    }
    goals = [Goal("calls while idle", calls, 0, False), Goal("share of a core while idle", share, 0.01, False)]
    return Part(lines, figures, goals)
