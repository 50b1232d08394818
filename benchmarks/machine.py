"""What a figure was measured on and with: machine, versions, commit, and how busy the machine was otherwise."""

from __future__ import annotations

import contextlib
import os
import platform
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
_PACKAGES = ("Django", "psycopg", "aiohttp", "msgspec", "procrastinate", "granian")


def facts() -> dict[str, Any]:
    """The machine and the versions. The same for all parts of one run."""
    return {
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0)),
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "packages": {name: version(name) for name in _PACKAGES},
    }


def moment() -> dict[str, Any]:
    """When, at which commit, and the load average just before: a part measures nothing of its own until then."""
    return {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": commit(),
        "load_before": round(os.getloadavg()[0], 2),
    }


def commit() -> str:
    """The commit that is checked out, with a plus sign when the source differs from it; empty outside a repository."""
    short = _git("rev-parse", "--short", "HEAD")
    return f"{short}+" if short and _git("status", "--porcelain", "--", "src", "benchmarks") else short


def _git(*words: str) -> str:
    try:
        done = subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, check=False, timeout=20)
    except OSError:  # no git on this machine
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")


@contextlib.contextmanager
def pinned(cores: int | None) -> Iterator[None]:
    """Keep this process, and whatever it starts meanwhile, on the first so many cores; `None`: on all there are."""
    allowed = os.sched_getaffinity(0)
    os.sched_setaffinity(0, sorted(allowed)[:cores])
    try:
        yield
    finally:
        os.sched_setaffinity(0, allowed)
