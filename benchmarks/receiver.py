"""A partner that answers everything at once, in a process of its own: HTTP/1.1 on a plain socket, no framework.

So cheap that the machine's cores are left to what is measured. Prints `listening PORT`, then answers words on its
standard input: `reset` forgets what came in, `arrivals` tells it as one line of JSON: [path, stamp, monotonic ns]
for each request. The stamp is the number that a body begins with, as in `{"stamp":123,`; 0 without one.
"""

from __future__ import annotations

import asyncio
import os
import re
import sys
import time

import msgspec

_LENGTH = re.compile(rb"\r\nContent-Length: *(\d+)", re.IGNORECASE)
_STAMP = re.compile(rb'\{"stamp":(\d+)')
_BODY = b'{"data":{},"meta":{"errors":[],"warnings":[],"infos":[]}}'
_ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b" % (len(_BODY), _BODY)

# What came in: the request's first line, the first bytes of its body, and when it was here whole.
came_in: list[tuple[bytes, bytes, int]] = []


class Partner(asyncio.Protocol):
    """One connection."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: asyncio.WriteTransport = transport  # type: ignore[assignment]
        self._read = b""

    def data_received(self, data: bytes) -> None:
        self._read = self._read + data if self._read else data
        while (head := self._read.find(b"\r\n\r\n")) >= 0:
            found = _LENGTH.search(self._read, 0, head)
            end = head + 4 + (int(found[1]) if found else 0)
            if len(self._read) < end:
                return
            came_in.append(
                (self._read[: self._read.find(b"\r\n")], self._read[head + 4 : head + 36], time.monotonic_ns())
            )
            self._read = self._read[end:]
            self._transport.write(_ANSWER)


def _answer_words() -> None:
    for word in os.read(0, 4096).decode().split():
        if word == "reset":
            came_in.clear()
            print("reset done", flush=True)
        elif word == "arrivals":
            print(f"arrivals {msgspec.json.encode([_told(*one) for one in came_in]).decode()}", flush=True)


def _told(line: bytes, beginning: bytes, at: int) -> tuple[str, int, int]:
    stamp = _STAMP.match(beginning)
    return line.split()[1].decode(), int(stamp[1]) if stamp else 0, at


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
