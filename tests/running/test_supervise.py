"""The supervisor, run as a process of its own and treated as people and machines treat it."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from airstair.running.home import Home
from airstair.running.leftovers import serves
from airstair.running.ports import accepts, free_port, is_free

SERVER = """
import http.server, os, sys
class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.end_headers(); self.wfile.write(str(os.getpid()).encode())
print("serving for", os.environ["AIRSTAIR_DATABASE_URL"][:13], flush=True)
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Answer).serve_forever()
"""
STUBBORN = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(60)"
)
PORTS = range(32_000, 32_700)


def web(port: int, **more: object) -> dict[str, object]:
    argv = [sys.executable, "-S", "-c", SERVER, str(port)]
    return {"name": "web", "argv": argv, "port": port, "flag": "--web-port", "ready_path": "/", **more}


class Up:
    """A running supervisor and every line that it has said."""

    def __init__(self, home: Path, children: list[dict[str, object]], *, own_database: bool = False) -> None:
        self.home = Home(home, environ={})
        environ = {name: value for name, value in os.environ.items() if name != "AIRSTAIR_HOME"}
        if own_database:
            del environ["AIRSTAIR_DATABASE_URL"]
        program = [
            sys.executable,
            str(Path(__file__).with_name("drive_supervisor.py")),
            str(home),
            json.dumps(children),
        ]
        self.process = subprocess.Popen(
            program, env=environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True
        )
        self.lines: list[str] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        self.lines.extend(iter(self.process.stdout.readline, ""))

    def until(self, happens: Callable[[], object], seconds: float = 15) -> None:
        deadline = time.monotonic() + seconds
        while not happens():
            assert time.monotonic() < deadline, "it did not happen in time:\n" + self.said
            time.sleep(0.02)

    def until_said(self, pattern: str) -> re.Match[str]:
        self.until(lambda: re.search(pattern, self.said))
        found = re.search(pattern, self.said)
        assert found is not None
        return found

    @property
    def said(self) -> str:
        return "".join(list(self.lines))

    def ends(self) -> int:
        status = self.process.wait(20)
        self._reader.join(5)
        return status

    def child(self, name: str) -> int:
        running = self.home.running()
        assert running is not None
        return running.children[name]


@pytest.fixture
def up(folder: Path) -> Iterator[Callable[..., Up]]:
    started: list[Up] = []

    def start(*children: dict[str, object], own_database: bool = False) -> Up:
        started.append(Up(folder / "home", list(children), own_database=own_database))
        return started[-1]

    yield start
    for each in started:
        if each.process.poll() is None:
            each.process.terminate()
            each.process.wait(20)


def asks(port: int) -> int:
    """The process id of the server that answers on `port`, 0 when none does."""
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=2) as session:
        session.sendall(b"GET / HTTP/1.0\r\n\r\n")
        answer = b"".join(iter(lambda: session.recv(1000), b""))
        return int(answer.rsplit(b"\r\n", 1)[-1] or 0)
    return 0


@pytest.mark.parametrize("word", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_runs_until_asked_to_stop(up: Callable[..., Up], word: signal.Signals) -> None:
    port = free_port(PORTS)
    one = up(web(port))
    one.until_said("READY")
    assert f'READY {{"web": "http://127.0.0.1:{port}"}}' in one.said
    assert "web      | serving for postgresql://" in one.said
    assert one.said.index("PREPARE postgresql://") < one.said.index("serving for")
    running = one.home.running()
    assert running is not None and running.pid == one.process.pid and running.children["web"] == asks(port)
    one.process.send_signal(word)
    assert one.ends() == 0
    assert one.home.running() is None
    assert is_free(port)


def test_children_are_stopped_in_order_and_deaf_ones_killed(up: Callable[..., Up]) -> None:
    polite = (
        "import signal, sys, time\n"
        "def bye(*_): print('bye', time.monotonic(), flush=True); sys.exit()\n"
        "signal.signal(signal.SIGTERM, bye); print('on', flush=True); time.sleep(60)"
    )
    names = ["web", "worker", "sandbox"]
    children = [{"name": name, "argv": [sys.executable, "-c", polite], "ready_line": "on"} for name in names]
    deaf = {"name": "deaf", "argv": [sys.executable, "-c", STUBBORN], "ready_line": "deaf", "grace": 0.3}
    one = up(children[0], deaf, *children[1:])
    one.until_said("READY")
    one.process.send_signal(signal.SIGINT)
    assert one.ends() == 0
    goodbyes = [(float(at), name) for name, at in re.findall(r"(\w+) +\| bye ([\d.]+)", one.said)]
    assert [name for _, name in sorted(goodbyes)] == names
    assert sorted(goodbyes)[1][0] - sorted(goodbyes)[0][0] >= 0.3, "the deaf one had its grace"


def test_second_ctrl_c_stops_waiting(up: Callable[..., Up]) -> None:
    one = up({"name": "deaf", "argv": [sys.executable, "-c", STUBBORN], "ready_line": "deaf", "grace": 60})
    one.until_said("READY")
    one.process.send_signal(signal.SIGINT)
    one.until_said("Stopping")
    one.process.send_signal(signal.SIGINT)
    assert one.ends() == 0


def test_crashed_child_is_started_again(up: Callable[..., Up]) -> None:
    port = free_port(PORTS)
    one = up(web(port))
    one.until_said("READY")
    first = asks(port)
    os.kill(first, signal.SIGKILL)
    one.until(lambda: asks(port) not in (0, first))
    assert "web was ended by SIGKILL; starting it again in 0.05 s." in one.said
    one.process.terminate()
    assert one.ends() == 0


def test_workers_of_a_crashed_server_do_not_keep_its_port(up: Callable[..., Up]) -> None:
    port = free_port(PORTS)
    forking = "import os, time\nif os.fork(): time.sleep(60)\n" + SERVER  # the parent dies, its worker has the port
    one = up({**web(port), "argv": [sys.executable, "-S", "-c", forking, str(port)]})
    one.until_said("READY")
    worker = asks(port)
    os.kill(one.child("web"), signal.SIGKILL)
    one.until(lambda: asks(port) not in (0, worker))


def test_child_that_never_becomes_ready_ends_it(up: Callable[..., Up]) -> None:
    broken = {"name": "worker", "argv": [sys.executable, "-c", "print('no such table'); raise SystemExit(3)"]}
    one = up({**broken, "ready_line": "never"})
    assert one.ends() == 1
    assert one.said.count("worker   | no such table") == 3
    assert "worker ended with status 3; starting it again" in one.said
    assert "worker ended 3 times before it was ready." in one.said


def test_taken_port_names_the_flag_and_starts_nothing(up: Callable[..., Up]) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        one = up(web(port))
        assert one.ends() == 1
    assert f"Port {port} (web) is taken by another program." in one.said
    assert "--web-port N" in one.said
    assert "PREPARE" not in one.said


def test_second_one_of_the_same_home_is_refused(up: Callable[..., Up]) -> None:
    port = free_port(PORTS)
    one = up(web(port))
    one.until_said("READY")
    second = up(web(free_port(PORTS)))
    assert second.ends() == 1
    assert f"already running from {one.home.path} at http://127.0.0.1:{port}" in second.said
    assert asks(port), "the first one is not disturbed"


def test_whole_of_it_with_its_own_database(up: Callable[..., Up]) -> None:
    port = free_port(PORTS)
    one = up(web(port), own_database=True)
    url = one.until_said(r"PREPARE (\S+)").group(1)
    one.until_said("READY")
    cluster = one.home.cluster()
    with one.home.ensure_database() as shared:  # a command in another terminal
        assert shared == url
        with psycopg.connect(shared) as session:
            session.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    server = int((cluster.data / "postmaster.pid").read_text().split()[0])
    os.kill(server, signal.SIGKILL)
    one.until_said("The database ended unexpectedly; starting it again.")
    one.until(cluster.is_ready)
    server = int((cluster.data / "postmaster.pid").read_text().split()[0])
    if sys.platform == "linux":
        one.process.kill()  # nobody is left to stop anything
        one.ends()
        one.until(lambda: not serves(server, cluster.data) and not accepts(port))
    else:
        one.process.terminate()
        assert one.ends() == 0
    again = up(web(port), own_database=True)
    again.until_said("READY")
    with psycopg.connect(one.home.database_url()) as session:
        assert session.execute("SELECT answer FROM kept").fetchone() == (42,)
    again.process.send_signal(signal.SIGINT)
    assert again.ends() == 0
    assert not cluster.is_ready()
