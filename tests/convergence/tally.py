"""What was survived, in figures."""

from __future__ import annotations

import msgspec


class Tally(msgspec.Struct):
    """Counted by whoever does it; added up over sequences and rounds."""

    sequences: int = 0
    rounds: int = 0  # with real processes
    steps: int = 0
    edits: int = 0  # transactions that were committed
    page_edits: int = 0  # of these, over HTTP
    api_edits: int = 0  # of these, over the REST API, each repeated until it was answered
    refused: int = 0
    interrupted: int = 0  # commands that the end of the database or of the web process cut off
    calls: int = 0
    faults: int = 0
    workers: int = 0
    worker_kills: int = 0
    web_kills: int = 0
    database_kills: int = 0
    restarts: int = 0  # of the database and of the web process
    slow_transactions: int = 0
    rows_imported: int = 0
    changes_followed: int = 0
    slowest_take_over: float = 0.0  # seconds from the death of a worker to the first call of who took over

    def add(self, other: Tally) -> None:
        """Sums, and of what is no count the greater."""
        for name in self.__struct_fields__:
            mine, theirs = getattr(self, name), getattr(other, name)
            setattr(self, name, max(mine, theirs) if name == "slowest_take_over" else mine + theirs)

    def __str__(self) -> str:
        counts = [name for name in self.__struct_fields__ if name != "slowest_take_over"]
        told = ", ".join(f"{getattr(self, name):,} {name.replace('_', ' ')}" for name in counts)
        return f"{told}; slowest take-over {self.slowest_take_over:.2f} s" if self.slowest_take_over else told
