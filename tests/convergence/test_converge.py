"""Whatever is done to the record, to partners and to processes: when the faults stop, every copy equals the record.

The budget of every test run: ten sequences and one short round with real processes. `airstair converge` goes on
for as long as is asked.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from .playing import examine

_ROOT = Path(__file__).parents[2]


@pytest.mark.req("HUB-20", "HUB-21", "HUB-25", "AVI-28")
@pytest.mark.parametrize("seed", range(1, 11))
def test_partners_converge(transactional_db: None, seed: int) -> None:
    examine(seed)


@pytest.mark.req("HUB-20", "HUB-21", "HUB-28", "AVI-28")
def test_partners_converge_while_processes_are_killed() -> None:
    words = ["--rounds", "--minutes", "0", "--seconds", "8", "--seed", "1", "--json"]
    ended = subprocess.run(
        [sys.executable, "-m", "tests.convergence", *words], cwd=_ROOT, capture_output=True, text=True, check=False
    )
    assert ended.stdout, ended.stderr
    told = json.loads(ended.stdout)
    assert told["held"], told["found"]
    survived = told["survived"]
    assert survived["rounds"] == 1
    for kills in ("worker_kills", "web_kills", "database_kills"):
        assert survived[kills] >= 1
    assert survived["page_edits"] >= 1
    assert survived["slowest_take_over"] > 0
