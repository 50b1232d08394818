"""Which bodies are in the call log already: an unchanged schedule goes out every few minutes, and is written once."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any

from airstair.hub.engine.results import CallMade
from airstair.hub.engine.rows import body_row, digest

_MOST = 50_000
# Bodies that no call names any more are removed after days; what is remembered for hours is still there.
_LONGEST = 6 * 3600.0  # seconds


class Bodies:
    """Remembers what this worker has written, so that it is not sent to the database again to be found there."""

    def __init__(self) -> None:
        self._kept: set[tuple[int, bytes]] = set()
        self._since = time.monotonic()

    def new(self, calls: Iterable[CallMade]) -> dict[tuple[int, bytes], tuple[Any, ...]]:
        """Rows of the bodies that are not known to be kept, by operator and digest."""
        if len(self._kept) > _MOST or time.monotonic() - self._since > _LONGEST:
            self._kept.clear()
            self._since = time.monotonic()
        rows: dict[tuple[int, bytes], tuple[Any, ...]] = {}
        for call in calls:
            if call.exchange is not None:
                key = (call.results[0].operator_id, digest(call))
                if key not in self._kept and key not in rows:
                    rows[key] = body_row(call)
        return rows

    def kept(self, keys: Iterable[tuple[int, bytes]]) -> None:
        """These are written, and committed."""
        self._kept.update(keys)
