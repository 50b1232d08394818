"""Hosts for processes: network namespaces with two cables each, to the database and to the partners.

Where namespaces may not be made, hosts are groups of processes on the one network there is, and no cable can be cut:
`reason` says why. Everything is gone when the `with` ends, and what a killed run left behind when the next begins.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

_PREFIX = "asm"  # of all names, with the process id of the run behind


class NotPermitted(Exception):
    """No namespaces here; says why."""


class Network:
    """Three hosts, `a`, `b` and `c`; the machine itself is where the database and the partners are."""

    def __init__(self) -> None:
        self._run = f"{_PREFIX}{os.getpid()}"
        self._net = 64 + os.getpid() % 150
        self.reason = ""  # why there are no namespaces; empty: there are
        self.database, self.partners = "127.0.0.1", "127.0.0.1"
        self.names = ("a", "b", "c")

    def __enter__(self) -> Self:
        try:
            self._build()
        except NotPermitted as why:
            self.reason = str(why)
            print(f"Hosts are groups of processes on one network: {why}")
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        if not self.reason:
            _remove(self._run)

    def command(self, host: str, words: Sequence[str]) -> list[str]:
        """The command line that runs there. Its process id is that of the program itself."""
        return [*words] if self.reason else ["ip", "netns", "exec", f"{self._run}{host}", *words]

    def address(self, host: str) -> str:
        """Where the host is reached, on the database's network."""
        return self.database if self.reason else f"10.{self._net}.1.{11 + self.names.index(host)}"

    def cut(self, host: str) -> None:
        """Cut the cable to the database: no packet passes, and nobody is told."""
        _ip("link", "set", f"{self._run}{host}d", "down")

    def mend(self, host: str) -> None:
        _ip("link", "set", f"{self._run}{host}d", "up")

    def _build(self) -> None:
        if os.geteuid() != 0:
            raise NotPermitted("this is not root.")
        if shutil.which("ip") is None:
            raise NotPermitted("there is no program “ip”.")
        for left in _left_behind():
            _remove(left)
        try:
            self._wire()
        except subprocess.CalledProcessError as refused:
            _remove(self._run)
            raise NotPermitted(f"{' '.join(refused.cmd)}: {refused.stderr.decode().strip()}") from None
        self.database, self.partners = (f"10.{self._net}.{net}.1" for net in (1, 2))

    def _wire(self) -> None:
        for net, kind in ((1, "D"), (2, "P")):
            _ip("link", "add", f"{self._run}{kind}", "type", "bridge")
            _ip("address", "add", f"10.{self._net}.{net}.1/24", "dev", f"{self._run}{kind}")
            _ip("link", "set", f"{self._run}{kind}", "up")
        for number, host in enumerate(self.names, 11):
            space = f"{self._run}{host}"
            _ip("netns", "add", space)
            _ip("-n", space, "link", "set", "lo", "up")
            for net, kind in ((1, "d"), (2, "p")):
                _ip("link", "add", f"{space}{kind}", "type", "veth", "peer", "name", f"eth{net}", "netns", space)
                _ip("link", "set", f"{space}{kind}", "master", f"{self._run}{kind.upper()}", "up")
                _ip("-n", space, "address", "add", f"10.{self._net}.{net}.{number}/24", "dev", f"eth{net}")
                _ip("-n", space, "link", "set", f"eth{net}", "up")


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True)


def _remove(run: str) -> None:
    for host in "abc":
        subprocess.run(["ip", "netns", "delete", f"{run}{host}"], check=False, capture_output=True)
        for kind in "dp":  # gone with their namespace, unless it was never made
            subprocess.run(["ip", "link", "delete", f"{run}{host}{kind}"], check=False, capture_output=True)
    for kind in "DP":
        subprocess.run(["ip", "link", "delete", f"{run}{kind}"], check=False, capture_output=True)


def _left_behind() -> set[str]:
    """The names of runs whose process has gone."""
    found = {path.name.rstrip("DP") for path in Path("/sys/class/net").glob(f"{_PREFIX}[0-9]*[DP]")}
    return {run for run in found if not Path(f"/proc/{run.removeprefix(_PREFIX)}").exists()}
