"""The sandbox inside a test: started on a free port, worked from Python, gone at the end.

In an asynchronous test:

    clock = ManualClock(datetime(2027, 3, 4, 9, 0, tzinfo=UTC))
    async with running(clock=clock) as sandbox:
        partner = sandbox.partner("<key>")
        partner.url                                     # the mount point; partner.credentials() opens it
        partner.faults.add("status", status=503, count=1, aircraft="N1")
        ...                                             # the client under test calls
        partner.calls("N1")[-1].status                  # CallRecord: what came, what was answered, which fault
        partner.state(); partner.audit()                # JSON-like dictionaries
        partner.act("<action>", {...})                  # what the partner's own users do on its pages
        partner.ask("<question>", {...})                # what its API does not tell
        partner.reset()                                 # its weekly rebuild

In a synchronous test, `running_in_thread` gives the same with the server on a thread of its own; every method
may be called from any thread. Give `home` (a directory) to have it all survive a restart.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from airstair.kernel.clock import Clock, SystemClock
from airstair.sandbox.errands import Carrier
from airstair.sandbox.faults import Fault
from airstair.sandbox.host import Host
from airstair.sandbox.journal import CallRecord
from airstair.sandbox.keys import HOSTS
from airstair.sandbox.server import listening, make_app

T = TypeVar("T")


class _OnLoop:
    """Runs functions on the server's loop, wherever they are called from."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._thread = threading.get_ident()

    def __call__(self, work: Callable[[], T]) -> T:
        if threading.get_ident() == self._thread:
            return work()

        async def there() -> T:
            return work()

        return asyncio.run_coroutine_threadsafe(there(), self._loop).result(timeout=30)


class RunningFaults:
    """The fault switches of a running partner."""

    def __init__(self, host: Host, on_loop: _OnLoop) -> None:
        self._host = host
        self._on_loop = on_loop

    def add(self, kind: str, **fields: Any) -> Fault:
        """Switch one on: kinds and fields are those of `airstair.sandbox.faults`. Raises `WrongFault`."""
        return self._on_loop(lambda: self._host.faults.add(kind, **fields))

    def remove(self, fault: Fault) -> bool:
        return self._on_loop(lambda: self._host.faults.remove(fault.id))

    def clear(self) -> None:
        self._on_loop(self._host.faults.clear)

    def all(self) -> list[Fault]:
        return self._on_loop(self._host.faults.all)


class RunningPartner:
    """One partner of a running sandbox."""

    def __init__(self, host: Host, url: str, on_loop: _OnLoop) -> None:
        self._host = host
        self._on_loop = on_loop
        self.url = f"{url}/{host.key}"
        self.faults = RunningFaults(host, on_loop)

    def credentials(self) -> dict[str, str]:
        """Credentials that work, by name."""
        return self._on_loop(self._host.imitation.credentials)

    def calls(
        self,
        aircraft: str | None = None,
        *,
        since: datetime | None = None,
        after_seq: int = 0,
        limit: int | None = None,
    ) -> list[CallRecord]:
        """The calls received, oldest first."""
        return self._on_loop(lambda: self._host.calls(aircraft, since=since, after_seq=after_seq, limit=limit))

    def begun(self) -> int:
        """How many calls have begun to arrive; `calls` lists them when they have ended."""
        return self._on_loop(lambda: self._host.journal.begun)

    def state(self) -> dict[str, Any]:
        return self._on_loop(self._host.state)

    def audit(self) -> dict[str, Any]:
        return self._on_loop(self._host.audit)

    def act(self, name: str, wish: dict[str, Any]) -> None:
        """What the partner's own users and staff do. Raises `Refusal`."""
        self._on_loop(lambda: self._host.act(name, wish))

    async def go(self, name: str, wish: dict[str, Any] | None = None) -> None:
        """As `act`, and the calls that it leads to have been made when this returns. On the server's own loop."""
        self._host.act(name, wish or {})
        await self._host.run_errands()

    def carried_by(self, carrier: Carrier) -> None:
        """Its own calls go that way from now on, where there is no server to be called."""
        self._host.carry = carrier

    def ask(self, name: str, wish: dict[str, str] | None = None) -> dict[str, Any]:
        """What the partner's API does not tell. Raises `Refusal`."""
        return self._on_loop(lambda: self._host.imitation.ask(name, wish or {}))

    def reset(self) -> None:
        self._on_loop(self._host.reset)


class RunningSandbox:
    """A sandbox that is listening. `url` is its address without a trailing slash."""

    def __init__(self, url: str, partners: dict[str, RunningPartner], clock: Clock) -> None:
        self.url = url
        self.clock = clock
        self._partners = partners

    def partner(self, key: str) -> RunningPartner:
        """The partner mounted under `/<key>`. Raises KeyError."""
        return self._partners[key]


@contextlib.asynccontextmanager
async def running(
    *, clock: Clock | None = None, home: Path | None = None, port: int = 0
) -> AsyncIterator[RunningSandbox]:
    """A sandbox on this loop, on a free port of 127.0.0.1 unless `port` is given."""
    clock = clock or SystemClock()
    app = make_app(clock, home=home)
    on_loop = _OnLoop()
    async with listening(app, "127.0.0.1", port) as url:
        partners = {key: RunningPartner(host, url, on_loop) for key, host in app[HOSTS].items()}
        yield RunningSandbox(url, partners, clock)


@contextlib.contextmanager
def running_in_thread(
    *, clock: Clock | None = None, home: Path | None = None, port: int = 0
) -> Iterator[RunningSandbox]:
    """The same for synchronous tests: the server runs on a thread of its own until the block ends."""
    ready: list[RunningSandbox] = []
    failed: list[BaseException] = []
    started = threading.Event()
    ending: list[Callable[[], None]] = []

    async def main() -> None:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()

        def end() -> None:
            loop.call_soon_threadsafe(stop.set)

        ending.append(end)
        async with running(clock=clock, home=home, port=port) as sandbox:
            ready.append(sandbox)
            started.set()
            await stop.wait()

    def work() -> None:
        try:
            asyncio.run(main())
        except BaseException as failure:  # noqa: BLE001 - whatever ended the server belongs to the waiting thread
            failed.append(failure)
        finally:
            started.set()

    thread = threading.Thread(target=work, name="sandbox", daemon=True)
    thread.start()
    started.wait(timeout=30)
    if not ready:
        raise RuntimeError("The sandbox did not start.") from (failed[0] if failed else None)
    try:
        yield ready[0]
    finally:
        ending[0]()
        thread.join(timeout=30)
    if failed:
        raise RuntimeError("The sandbox ended badly.") from failed[0]
