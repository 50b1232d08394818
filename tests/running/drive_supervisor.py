"""Runs a supervisor for the tests: `drive_supervisor.py HOME CHILDREN`, the second a JSON list of `Child` arguments.

A process of its own, because a supervisor takes over the signals and needs the main thread.
"""

from __future__ import annotations

import json
import sys

from airstair.running import children
from airstair.running.children import Child
from airstair.running.home import Home, Running
from airstair.running.supervise import Supervisor

children.BACKOFF_SECONDS = (0.05,)


def ready(running: Running) -> None:
    print(f"READY {json.dumps(running.addresses)}", flush=True)  # whole: others print between pieces


def prepare(url: str) -> None:
    print("PREPARE", url, flush=True)


if __name__ == "__main__":
    wanted = [Child(**arguments) for arguments in json.loads(sys.argv[2])]
    sys.exit(Supervisor(Home(sys.argv[1]), wanted, prepare=prepare, on_ready=ready).run())
