"""The partner of the world: takes every aircraft's schedule at once, and notes when. A process of its own.

Prints `listening PORT`. On its standard input: `tell FILE` writes what came in to that file as JSON, for each aircraft
the times of its calls in seconds of the machine's clock, and answers `tell COUNT`.
"""

from __future__ import annotations

import asyncio
import os
import re
import sys
import time
from pathlib import Path

import msgspec

_LENGTH = re.compile(rb"\r\nContent-Length: *(\d+)", re.IGNORECASE)
_TAIL = re.compile(rb'"aircraftTail":"([^"]+)"')
_BODY = b'{"data":{},"meta":{"errors":[],"warnings":[],"infos":[]}}'
_ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b" % (len(_BODY), _BODY)

calls: dict[bytes, list[float]] = {}


class Partner(asyncio.Protocol):
    """One connection."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: asyncio.WriteTransport = transport  # type: ignore[assignment]
        self._read = bytearray()

    def data_received(self, data: bytes) -> None:
        self._read += data
        while (head := self._read.find(b"\r\n\r\n")) >= 0:
            found = _LENGTH.search(self._read, 0, head)
            end = head + 4 + (int(found[1]) if found else 0)
            if len(self._read) < end:
                return
            tail = _TAIL.search(self._read, head + 4, head + 200)
            if tail is not None:
                calls.setdefault(bytes(tail[1]), []).append(time.time())
            del self._read[:end]
            self._transport.write(_ANSWER)


def _answer_words() -> None:
    for line in os.read(0, 4096).decode().splitlines():
        word, _, path = line.partition(" ")
        if word == "tell":
            Path(path).write_bytes(msgspec.json.encode({tail.decode(): at for tail, at in calls.items()}))
            print(f"tell {sum(map(len, calls.values()))}", flush=True)


async def _serve() -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Partner, "127.0.0.1", 0)
    loop.add_reader(0, _answer_words)
    print(f"listening {server.sockets[0].getsockname()[1]}", flush=True)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    try:
        asyncio.run(_serve())
    except KeyboardInterrupt:
        sys.exit(0)
