"""Which TCP ports of this machine are free."""

from __future__ import annotations

import random
import socket
from collections.abc import Sequence

from airstair.running.problems import CannotRun

LOOPBACK = "127.0.0.1"


def is_free(port: int, host: str = LOOPBACK) -> bool:
    """Whether a server could listen on `port` now."""
    with socket.socket() as probe:
        # As servers do: a port that merely has old connections closing counts as free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def accepts(port: int, host: str = LOOPBACK) -> bool:
    """Whether somebody listens on `port` now."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((host, port)) == 0


def free_port(among: Sequence[int]) -> int:
    """A free one of `among`, by chance. Raises `CannotRun` when none is found."""
    for port in random.sample(among, min(200, len(among))):
        if is_free(port):
            return port
    raise CannotRun(f"No free port between {among[0]} and {among[-1]} was found for the database. Stop some programs.")
