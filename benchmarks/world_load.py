"""What a run costs: CPU of each process, PostgreSQL's write-ahead log, the disk, memory; and which is used most."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import msgspec

from benchmarks.processes import cpu_seconds, memory_mib
from benchmarks.world_fleet import Session

_EVERY = 10.0  # seconds between looks at memory
_WAL = """
SELECT pg_current_wal_insert_lsn() - '0/0', xact_commit FROM pg_stat_database WHERE datname = current_database()
"""


class Load(msgspec.Struct, frozen=True):
    """Over the whole run. Cores: seconds of CPU in a second."""

    seconds: float
    cores: dict[str, float]
    memory_mib: dict[str, list[float]]  # first look, largest
    wal_mb_per_s: float
    transactions_per_s: float
    disk_busy: float  # share of the time that the disk had something to do
    machine_busy: float  # share of all cores

    @property
    def shares(self) -> dict[str, float]:
        """How much of each resource was used, of what there is of it."""
        workers = {f"CPU of {n} (of one core)": used for n, used in self.cores.items() if n.startswith("worker")}
        every = os.cpu_count() or 1
        return {
            **workers,
            f"PostgreSQL's CPU (of {every} cores)": self.cores["postgres"] / every,
            f"the machine's {every} cores": self.machine_busy,
            "disk": self.disk_busy,
            "memory": sum(largest for _, largest in self.memory_mib.values()) / _memory_of_the_machine(),
        }

    def told(self) -> dict[str, Any]:
        shares = self.shares
        busiest = max(shares, key=shares.__getitem__)
        return {
            "cores": self.cores,
            "memory_mib": self.memory_mib,
            "wal_mb_per_s": self.wal_mb_per_s,
            "transactions_per_s": self.transactions_per_s,
            "shares": {name: round(share, 3) for name, share in shares.items()},
            "busiest": f"{busiest}: {shares[busiest]:.0%}",
        }


class Watch:
    """Looks from `with` on until `load`."""

    def __init__(self, session: Session, pids: dict[str, int]) -> None:
        self._session = session
        self._pids = dict(pids)
        self._memory: dict[str, list[float]] = {}
        self._over = threading.Event()

    def of(self, pids: dict[str, int]) -> Self:
        """These processes too."""
        self._pids |= pids
        return self

    def __enter__(self) -> Self:
        self._before = self._now()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._over.set()
        self._thread.join()

    def _now(self) -> tuple[float, dict[str, float], int, int, float, float]:
        row = self._session.execute(_WAL).fetchone()
        assert row is not None
        cpu = {name: cpu_seconds(pid) for name, pid in self._pids.items()}
        return time.monotonic(), cpu, int(row[0]), int(row[1]), _disk_seconds(), _busy_seconds()

    def _look(self) -> None:
        while True:
            for name, pid in self._pids.items():
                now = memory_mib(pid)
                first, largest = self._memory.get(name, [now, now])
                self._memory[name] = [first, max(largest, now)]
            if self._over.wait(_EVERY):
                return

    def load(self) -> Load:
        """What was used since the beginning."""
        before, after = self._before, self._now()
        seconds = after[0] - before[0]
        return Load(
            seconds=seconds,
            cores={name: round((used - before[1][name]) / seconds, 3) for name, used in after[1].items()},
            memory_mib=dict(self._memory),
            wal_mb_per_s=round((after[2] - before[2]) / seconds / 1e6, 2),
            transactions_per_s=round((after[3] - before[3]) / seconds, 1),
            disk_busy=round((after[4] - before[4]) / seconds, 3),
            machine_busy=round((after[5] - before[5]) / seconds / (os.cpu_count() or 1), 3),
        )


def _disk_seconds() -> float:
    """How long the busiest disk has had something to do, since the machine was started."""
    rows = [line.split() for line in Path("/proc/diskstats").read_text().splitlines()]
    return max((int(row[12]) / 1000 for row in rows if not row[2].startswith(("loop", "ram"))), default=0.0)


def _busy_seconds() -> float:
    """CPU time of the whole machine that was not idle."""
    user, nice, system, _, _, irq, soft, *_ = map(int, Path("/proc/stat").read_text().splitlines()[0].split()[1:])
    return (user + nice + system + irq + soft) / os.sysconf("SC_CLK_TCK")


def _memory_of_the_machine() -> float:
    line = Path("/proc/meminfo").read_text().splitlines()[0]
    return int(line.split()[1]) / 1024
