"""Command lines for children that must not outlive us, and for accounts other than ours. See `guard.py`."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

GUARD = Path(__file__).with_name("guard.py")


def guarded(
    program: Sequence[str | Path], death_signal: int, *, uid: int | None = None, gid: int | None = None
) -> list[str]:
    """The command line that becomes `program`, and gets `death_signal` when this process dies (Linux).

    With `uid` and `gid` it first becomes that account (we must be root). The child stays a direct one, with the
    process id that Popen reports. Start it from a thread that lives as long as the child should: Linux counts the
    end of the starting thread as the parent's death.
    """
    ids = ["-" if number is None else str(number) for number in (uid, gid)]
    head = [sys.executable, "-I", "-S", str(GUARD), str(os.getpid()), str(int(death_signal)), *ids]
    return head + [str(part) for part in program]
