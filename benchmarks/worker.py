"""The product's worker with a clock that can be put forward, so that a full upload can be asked for again and again.

Everything but the clock is the product's own. Each line of standard input is a number of seconds to put it forward by.
"""

from __future__ import annotations

import asyncio
import logging
import sys
import threading
from datetime import UTC, datetime, timedelta

import django

_LOOK = 0.005  # seconds between looks whether the clock was put forward


class LaterClock:
    """The machine's clock, and a while ahead of it."""

    def __init__(self) -> None:
        self._ahead = timedelta()

    def now(self) -> datetime:
        return datetime.now(UTC) + self._ahead

    async def sleep_until(self, when: datetime) -> None:
        while (left := (when - self.now()).total_seconds()) > 0:  # noqa: ASYNC110 - it is put forward in another thread
            await asyncio.sleep(min(left, _LOOK))

    def put_forward(self, seconds: float) -> None:
        self._ahead += timedelta(seconds=seconds)


def main() -> None:
    django.setup()
    logging.getLogger().setLevel(logging.WARNING)
    from airstair.hub.worker import work

    clock = LaterClock()

    def listen() -> None:
        for line in sys.stdin:
            clock.put_forward(float(line))
            print(f"later {clock.now().timestamp()}", flush=True)

    threading.Thread(target=listen, daemon=True).start()
    work(lambda: print("worker is ready", flush=True), clock=clock)


if __name__ == "__main__":
    main()
