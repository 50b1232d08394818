"""One address before several: each connection goes to the next process that takes it, as a plain load balancer does."""

from __future__ import annotations

import contextlib
import itertools
import socket
import socketserver
import threading
from collections.abc import Sequence
from types import TracebackType
from typing import Self

_PATIENCE = 2.0  # seconds that a process gets to take a connection, before the next is asked


class FrontDoor:
    """Listens on the loopback. `went_to`: where each connection went, in order."""

    def __init__(self, behind: Sequence[tuple[str, int]]) -> None:
        self.went_to: list[tuple[str, int]] = []
        turns = itertools.cycle(range(len(behind)))
        went_to = self.went_to

        class Passing(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                first = next(turns)
                for place in range(len(behind)):
                    to = behind[(first + place) % len(behind)]
                    with contextlib.suppress(OSError), socket.create_connection(to, _PATIENCE) as inner:
                        went_to.append(to)
                        inner.settimeout(None)
                        threading.Thread(target=_pump, args=(self.request, inner), daemon=True).start()
                        _pump(inner, self.request)
                        return

        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Passing)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()


def _pump(source: socket.socket, to: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while read := source.recv(65536):
            to.sendall(read)
        to.shutdown(socket.SHUT_WR)
