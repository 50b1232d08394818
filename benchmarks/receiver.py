"""A partner that answers everything at once, in a process of its own: HTTP/1.1 on a plain socket, no framework.

So cheap that the machine's cores are left to what is measured. Prints `listening PORT`, then answers words on its
standard input: `reset` forgets what came in, `arrivals` tells it as one line of JSON: [path, stamp, monotonic ns]
for each request. The stamp is the number that a body begins with, as in `{"stamp":123,`; 0 without one. A call of
several documents names them in its address, as in `/partner/set?aircraft:5=123&aircraft:6=124`, and gives a line for
each. `hang:/partner/` leaves every call below that path without an answer from then on. `hold` leaves all calls
without one until `release`, when those are answered, and count as arrived, whose callers are still there; `held`
tells how many wait.
"""

from __future__ import annotations

import asyncio
import os
import re
import sys
import time
from collections.abc import Iterator

import msgspec

_LENGTH = re.compile(rb"\r\nContent-Length: *(\d+)", re.IGNORECASE)
_STAMP = re.compile(rb'\{"stamp":(\d+)')
_BODY = b'{"data":{},"meta":{"errors":[],"warnings":[],"infos":[]}}'
_ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b" % (len(_BODY), _BODY)

_CLOSING = 0.03  # seconds

# What came in: the request's first line, the first bytes of its body, and when it was here whole.
came_in: list[tuple[bytes, bytes, int]] = []
hanging: set[bytes] = set()
held: list[tuple[asyncio.WriteTransport, bytes, bytes]] = []
holding = False


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
            line, beginning = self._read[: self._read.find(b"\r\n")], self._read[head + 4 : head + 36]
            self._read = self._read[end:]
            if holding:
                held.append((self._transport, line, beginning))
                continue
            came_in.append((line, beginning, time.monotonic_ns()))
            if not hanging or not any(path in line for path in hanging):
                self._transport.write(_ANSWER)


def _release() -> None:
    """Answer what was held, where somebody still waits for it."""
    global holding
    holding = False
    for transport, line, beginning in held:
        if not transport.is_closing():
            came_in.append((line, beginning, time.monotonic_ns()))
            transport.write(_ANSWER)
    held.clear()
    print("release done", flush=True)


def _answer_words() -> None:
    global holding
    for word in os.read(0, 4096).decode().split():
        if word == "reset":
            came_in.clear()
            print("reset done", flush=True)
        elif word == "arrivals":
            told = [one for arrival in came_in for one in _told(*arrival)]
            print(f"arrivals {msgspec.json.encode(told).decode()}", flush=True)
        elif word == "hold":
            holding = True
            print("hold done", flush=True)
        elif word == "held":
            print(f"held {len(held)}", flush=True)
        elif word == "release":
            # Not at once: those whose callers have just died are closed first.
            asyncio.get_running_loop().call_later(_CLOSING, _release)
        elif word.startswith("hang:"):
            hanging.add(word.removeprefix("hang:").encode())
            print(f"{word} done", flush=True)


def _told(line: bytes, beginning: bytes, at: int) -> Iterator[tuple[str, int, int]]:
    path, _, query = line.split()[1].decode().partition("?")
    if query:
        partner = path.removesuffix("set")
        for one in query.split("&"):
            unit, _, number = one.partition("=")
            yield f"{partner}{unit}", int(number), at
    else:
        stamp = _STAMP.match(beginning)
        yield path, int(stamp[1]) if stamp else 0, at


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
