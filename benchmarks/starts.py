"""(e) How long `airstair up` takes until its greeting: on an empty home once, then on existing data. And its memory."""

from __future__ import annotations

import signal
import time
from pathlib import Path

from airstair.running.home import Home
from airstair.running.ports import free_port
from benchmarks.figures import Part, spread
from benchmarks.processes import Failed, Program, memory_mib
from benchmarks.sizes import Sizes
from benchmarks.stage import temporary_folder

_PORTS = range(16_000, 20_000)  # where no outgoing connection is
_SERVERS = ("web", "live", "sandbox", "connect")
_GREETING = "Ctrl-C stops everything"
_OURS = ("AIRSTAIR_DATABASE_URL", "AIRSTAIR_SECRET_KEY", "AIRSTAIR_SANDBOX_URL", "AIRSTAIR_HOME")


def measure(sizes: Sizes) -> Part:
    """Start it several times in one new home."""
    with temporary_folder() as folder:
        home = folder / "home"
        first, _ = _start(home)
        later: list[float] = []
        memory: dict[str, float] = {}
        for _ in range(sizes.second_starts):
            seconds, memory = _start(home)
            later.append(seconds)
    again = spread(later)
    lines = [
        f"first start, with the demo operator: {first:.1f} s; on existing data: {again} s",
        "memory when idle: " + ", ".join(f"{name} {mib:g} MiB" for name, mib in memory.items()),
    ]
    return Part(lines, {"first_s": round(first, 2), "existing_s": again, "memory_mib_idle": memory})


def _start(home: Path) -> tuple[float, dict[str, float]]:
    """Seconds until the greeting, and then the memory of each process."""
    ports: list[int] = []
    for _ in _SERVERS:
        ports.append(free_port([port for port in _PORTS if port not in ports]))
    words = [word for name, port in zip(_SERVERS, ports, strict=True) for word in (f"--{name}-port", str(port))]
    environ = dict.fromkeys(_OURS, "")
    began = time.monotonic()
    with Program(
        "airstair up", ["-m", "airstair.cli", "up", "--home", str(home), *words], environ, stop=signal.SIGINT
    ) as up:
        up.line(_GREETING, seconds=120)
        seconds = time.monotonic() - began
        running = Home(home).running()
        if running is None:
            raise Failed("“airstair up” is there, but has not said where.")
        time.sleep(1)
        memory = {name: memory_mib(pid) for name, pid in running.children.items()}
        memory["everything"] = memory_mib(up.pid)
    return seconds, memory
