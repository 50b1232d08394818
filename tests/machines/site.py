"""One PostgreSQL, partners, a clerk, and hosts to run processes on: what the tests of several machines stand on."""

from __future__ import annotations

import contextlib
import functools
import http.server
import json
import os
import queue
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from airstair.running.account import Account
from airstair.running.binaries import Binaries
from airstair.running.cluster import DATABASE, ROLE, SUPERUSER, Cluster

from .hosts import Network
from .partner import HOST

ROOT = Path(__file__).parents[2]
AIRCRAFT, COUNTED = 12, 6
_LEASES = """
SELECT l.objid::bigint, a.application_name FROM pg_locks l JOIN pg_stat_activity a USING (pid)
 WHERE l.locktype = 'advisory' AND l.granted AND l.classid::bigint = %s
"""
_LEDGER = """
SELECT l.title, l.outcome, l.tries, l.last_attempt, l.next_due, l.messages, c.paused_until, c.failures
  FROM hub_ledger l JOIN hub_connection n ON n.id = l.connection_id LEFT JOIN hub_cursor c USING (connection_id)
 WHERE n.addon = %s ORDER BY l.title
"""
_CONNECTIONS = "SELECT addon, array_agg(id) FROM hub_connection GROUP BY addon"
_CONNECTION_CLASS = 0x41530001


class OpenCluster(Cluster):
    """A private PostgreSQL that other hosts reach too, by password."""

    def __init__(self, folder: Path, address: str) -> None:
        super().__init__(folder, durable=False)
        self._address = address

    def _launch(self, build: Binaries, account: Account) -> None:
        with (self.data / "pg_hba.conf").open("a") as rules:
            rules.write("host all all 10.0.0.0/8 scram-sha-256\n")
        super()._launch(build, account)

    def _command(self, build: Binaries, account: Account) -> list[str]:
        listen = f"127.0.0.1,{self._address}" if self._address != "127.0.0.1" else self._address
        return [*super()._command(build, account), "-c", f"listen_addresses={listen}"]

    def address(self, who: str = ROLE) -> str:
        record = self.record
        assert record is not None
        password = record.password if who == ROLE else record.superuser_password
        return f"postgresql://{who}:{password}@{self._address}:{record.port}/{DATABASE}"


@dataclass(frozen=True)
class Got:
    """A call as the partner saw it, when it had come in whole."""

    at: float
    host: str
    partner: str
    tail: str
    number: int


class Partners:
    """Take every document, on the partners' network."""

    def __init__(self, address: str) -> None:
        self.calls: list[Got] = []
        self.held_host = ""  # whose calls are not answered
        self.broken_off: list[float] = []  # when callers have given those up
        partners = self

        class Taking(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_PUT(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                host = self.headers["X-Host"]
                partners.calls.append(Got(time.monotonic(), host, self.path.strip("/"), body["tail"], body["number"]))
                if partners.held_host and partners.held_host == host:
                    self.connection.settimeout(None)
                    with contextlib.suppress(OSError):
                        self.connection.recv(1)  # nothing comes but the end
                    partners.broken_off.append(time.monotonic())
                    self.close_connection = True
                    return
                answer = b'{"says": "thanks"}'
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_: Any) -> None:
                pass

        self._server = http.server.ThreadingHTTPServer((address, 0), Taking)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self.url = f"http://{address}:{self._server.server_address[1]}"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def holds(self, partner: str) -> dict[str, int]:
        """What it shows now, by tail."""
        return {got.tail: got.number for got in list(self.calls) if got.partner == partner}

    def out_of_order(self) -> list[Got]:
        """Calls that brought an earlier state after a later one."""
        latest: dict[tuple[str, str], int] = {}
        found = []
        for got in list(self.calls):
            if got.number < latest.get((got.partner, got.tail), 0):
                found.append(got)
            latest[got.partner, got.tail] = got.number
        return found


class Program:
    """A process on a host that talks in lines. It is ended with the site."""

    def __init__(self, words: Sequence[str], environ: dict[str, str]) -> None:
        self._lines: queue.Queue[str] = queue.Queue()
        self.process = subprocess.Popen(
            words, cwd=ROOT, env=environ, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            start_new_session=True,
        )  # fmt: skip
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._lines.put(line)
        self._lines.put("")

    def line(self, seconds: float = 60) -> str:
        """The next line; fails when the process ends instead."""
        line = self._lines.get(timeout=seconds)
        assert line, f"It ended: {self.process.args!r}"
        return line.strip()

    def say(self, what: Any) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(what) + "\n")
        self.process.stdin.flush()

    def end(self) -> None:
        """As a supervisor of services stops it: SIGTERM to all of it."""
        os.killpg(self.process.pid, signal.SIGTERM)
        self.process.wait(30)

    def kill(self) -> None:
        """SIGKILL to it and all that it has started."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


class Site:
    """Everything together."""

    def __init__(self, network: Network, cluster: OpenCluster, partners: Partners, home: Path) -> None:
        self.network, self.cluster, self.partners = network, cluster, partners
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("AIRSTAIR_", "DJANGO_"))}
        self.environ = kept | {
            "AIRSTAIR_DATABASE_URL": cluster.address(),
            "AIRSTAIR_SECRET_KEY": secrets.token_urlsafe(48),
            "AIRSTAIR_HOME": str(home),
            "AIRSTAIR_ALLOW_PRIVATE_ADDRESSES": "1",
            "AIRSTAIR_LOG": "ERROR",
            "DJANGO_SETTINGS_MODULE": "airstair.settings",
            "PYTHONWARNINGS": "ignore",
        }
        self._programs: list[Program] = []
        self._sql = psycopg.connect(cluster.address(SUPERUSER), autocommit=True)
        self.number = 0

    def begin(self) -> None:
        """The tables, the record, and the clerk at his desk."""
        self.run("", ["-m", "airstair.cli", "migrate"]).process.wait(120)
        self.clerk = self.run("", ["-m", "tests.machines.processes", "clerk"])
        self.clerk.say({"url": self.partners.url, "aircraft": AIRCRAFT, "counted": COUNTED})
        self.demo = json.loads(self.clerk.line(120))

    def run(self, host: str, words: Sequence[str], **more: str) -> Program:
        """Start a program of ours on a host; `""`: where the database is."""
        words = [sys.executable, *words]
        environ = self.environ | {"PGAPPNAME": f"host {host}", HOST: host} | more
        started = Program(self.network.command(host, words) if host else words, environ)
        self._programs.append(started)
        return started

    def workers(self, *hosts: str) -> dict[str, Program]:
        """A worker on each host, each of which holds what falls to it.

        What falls to a worker hangs on the number of its process: one hand in thirty leaves a host without any
        connection of the first partner, or gives all of the second's to one. Such a hand is dealt again.
        """
        while True:
            started = {host: self.run(host, ["-m", "tests.machines.processes", "worker"]) for host in hosts}
            for one in started.values():
                assert one.line() == "ready"
            with contextlib.suppress(AssertionError):
                self.until(lambda: self._well_dealt(set(hosts)), 5, "One has what all should have.")
                return started
            for one in started.values():
                one.end()

    def _well_dealt(self, hosts: set[str]) -> bool:
        held = self.leases()
        plain, counted = ({held.get(id_, "") for id_ in self._connections[addon]} for addon in ("plain", "counted"))
        return plain == hosts and "" not in counted and len(counted) > 1

    @functools.cached_property
    def _connections(self) -> dict[str, list[int]]:
        """The connections of each partner."""
        return {str(addon): ids for addon, ids in self.sql(_CONNECTIONS)}

    def edit(self, *places: int) -> int:
        """Write the next number on the flights of these aircraft; answers it."""
        self.number += 1
        for place in places or range(AIRCRAFT):
            self.clerk.say([place, self.number])
        for _ in places or range(AIRCRAFT):
            self.clerk.line()
        return self.number

    def sql(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        """As a superuser: every operator's rows."""
        return self._sql.execute(statement, values or None).fetchall()

    def leases(self) -> dict[int, str]:
        """Which host holds each connection's lease. The database lets nobody else have it meanwhile."""
        return {row[0]: row[1].removeprefix("host ") for row in self.sql(_LEASES, _CONNECTION_CLASS)}

    def shares(self) -> dict[str, int]:
        """How many leases each host holds."""
        held = list(self.leases().values())
        return {host: held.count(host) for host in sorted(set(held))}

    def until(self, happens: Callable[[], Any], seconds: float, why: str) -> float:
        """Return when it is so: the seconds that it took."""
        began = time.monotonic()
        while not happens():
            assert time.monotonic() - began < seconds, f"{why} (not within {seconds:g} s; {self.shares()})"
            time.sleep(0.02)
        return time.monotonic() - began

    def until_held(self, *hosts: str, seconds: float = 20) -> float:
        """Return when all leases are held by these hosts, by each of them some."""
        wanted = AIRCRAFT + COUNTED

        def so() -> bool:
            shares = self.shares()
            return set(shares) == set(hosts) and sum(shares.values()) == wanted

        return self.until(so, seconds, f"The leases were not shared by {', '.join(hosts)}.")

    def until_delivered(self, number: int, seconds: float = 20, partner: str = "plain") -> float:
        """Return when the partner has that number, or a later one, of every aircraft."""
        count = AIRCRAFT if partner == "plain" else COUNTED

        def so() -> bool:
            held = self.partners.holds(partner)
            return len(held) == count and min(held.values()) >= number

        try:
            return self.until(so, seconds, f"{partner} does not have {number} of every aircraft.")
        except AssertionError as missing:
            lines = self.sql(_LEDGER, partner)
            raise AssertionError(f"{missing}\nIt has {self.partners.holds(partner)}.\nThe ledger: {lines}") from None

    def clear(self) -> None:
        """End the programs on the hosts, and wait until nothing is held."""
        for program in self._programs:
            if program is not self.clerk:
                program.kill()
        self._programs = [self.clerk]
        for host in self.network.names if not self.network.reason else ():
            self.network.mend(host)
        self.until(lambda: not self.leases(), 20, "Leases of killed workers are still held.")

    def close(self) -> None:
        for program in self._programs:
            program.kill()
        self._sql.close()


@contextlib.contextmanager
def standing() -> Iterator[Site]:
    """A site; gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="airstair-machines-"))
    folder.chmod(0o711)  # as root, the database's account must pass through
    try:
        with Network() as network, OpenCluster(folder / "cluster", network.database) as cluster:
            partners = Partners(network.partners)
            site = Site(network, cluster, partners, folder / "home")
            try:
                site.begin()
                yield site
            finally:
                site.close()
                partners.close()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
