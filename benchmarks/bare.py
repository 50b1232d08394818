"""The limit that the engine is compared with: ready-made bodies, sent by a bare asyncio loop of the same HTTP library.

It reads nothing, builds nothing, judges nothing and writes nothing down. Told by one line of JSON on standard input;
answers with one.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Iterator
from itertools import chain, repeat
from pathlib import Path

import aiohttp
import msgspec

_WARM_UP = 200


class Task(msgspec.Struct):
    """What to send where. `bodies` is a file: a msgpack array of binaries. Each is sent `times` times."""

    url: str
    headers: dict[str, str]
    bodies: str
    times: int
    at_once: int


class Done(msgspec.Struct):
    """How it went. CPU of this process alone."""

    calls: int
    seconds: float
    cpu_seconds: float


async def run(task: Task, bodies: list[bytes]) -> Done:
    """Send them all, so many at once."""
    async with aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0), cookie_jar=aiohttp.DummyCookieJar()
    ) as session:

        async def send(queue: Iterator[bytes]) -> None:
            for body in queue:
                async with session.put(task.url, data=body, headers=task.headers) as response:
                    await response.read()
                    response.raise_for_status()

        async def send_all(queue: Iterator[bytes]) -> None:
            await asyncio.gather(*(send(queue) for _ in range(task.at_once)))

        await send_all(iter(bodies[:_WARM_UP]))
        began, cpu = time.perf_counter(), time.process_time()
        await send_all(chain.from_iterable(repeat(bodies, task.times)))
        ended = time.perf_counter()
        return Done(len(bodies) * task.times, ended - began, time.process_time() - cpu)


if __name__ == "__main__":
    task = msgspec.json.decode(sys.stdin.readline(), type=Task)
    done = asyncio.run(run(task, msgspec.msgpack.decode(Path(task.bodies).read_bytes(), type=list[bytes])))
    print(f"done {msgspec.json.encode(done).decode()}", flush=True)
