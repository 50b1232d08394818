"""The whole of Connect's tests, as one test of the suite."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent


def test_connect() -> None:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "DJANGO_"))}
    command = [sys.executable, "-m", "pytest", str(HERE), "--ds=connect.settings", "-q", "-n", "0"]
    ended = subprocess.run(
        [*command, "-p", "no:cacheprovider"], cwd=HERE.parents[1], env=kept, capture_output=True, text=True
    )
    assert ended.returncode == 0, ended.stdout[-12_000:] + ended.stderr[-2_000:]
