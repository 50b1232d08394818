"""The receiver holds answers back, lets calls hang, and tells which documents came when."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import msgspec
import pytest
from benchmarks.processes import Program


@pytest.fixture
def receiver() -> Iterator[tuple[Program, int]]:
    with Program("receiver", ["-m", "benchmarks.receiver"], {}) as program:
        yield program, int(program.line("listening").split()[1])


def _call(port: int, path: str, body: bytes = b"{}") -> socket.socket:
    caller = socket.create_connection(("127.0.0.1", port))
    caller.settimeout(10)
    caller.sendall(b"PUT %s HTTP/1.1\r\nContent-Length: %d\r\n\r\n%b" % (path.encode(), len(body), body))
    return caller


def _paths(program: Program) -> list[tuple[str, int]]:
    told = msgspec.json.decode(program.ask("arrivals"), type=list[tuple[str, int, int]])
    return [(path, stamp) for path, stamp, _ in told]


def test_a_document_and_a_set_are_told_alike(receiver: tuple[Program, int]) -> None:
    program, port = receiver
    for path, body in (("/p/aircraft:5", b'{"stamp":7,"tail":""}'), ("/p/set?aircraft:5=8&aircraft:6=9", b"[]")):
        with _call(port, path, body) as caller:
            assert caller.recv(100).startswith(b"HTTP/1.1 200")
    assert _paths(program) == [("/p/aircraft:5", 7), ("/p/aircraft:5", 8), ("/p/aircraft:6", 9)]


def test_what_is_held_counts_at_the_release_for_callers_still_there(receiver: tuple[Program, int]) -> None:
    program, port = receiver
    program.ask("hold")
    patient, dead = _call(port, "/p/aircraft:1"), _call(port, "/p/aircraft:2")
    while program.ask("held") != "2":
        pass
    assert _paths(program) == []
    dead.close()
    program.ask("release")
    assert patient.recv(100).startswith(b"HTTP/1.1 200")
    patient.close()
    assert _paths(program) == [("/p/aircraft:1", 0)]


def test_a_hanging_partner_answers_nothing_and_the_others_do(receiver: tuple[Program, int]) -> None:
    program, port = receiver
    program.ask("hang:/stuck/")
    with _call(port, "/stuck/aircraft:1") as stuck, _call(port, "/p/aircraft:1") as fine:
        assert fine.recv(100).startswith(b"HTTP/1.1 200")
        stuck.settimeout(0.2)
        with pytest.raises(TimeoutError):
            stuck.recv(100)
