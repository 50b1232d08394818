"""The three that are compared, each as processes that can be started: Airstair's worker, Celery's, pgqueuer's."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from benchmarks import scene
from benchmarks.editor import Task
from benchmarks.peers import place
from benchmarks.peers.work import LEDGER, READY_MADE, URL
from benchmarks.processes import Program, cpu_seconds
from benchmarks.stage import Stage

# The environment variables that the peers' own programs read; their modules cannot be imported without the peers.
BROKER, VISIBILITY, HEARTBEAT = "BENCH_BROKER", "BENCH_VISIBILITY", "BENCH_HEARTBEAT"
_MODULES = {"celery": "benchmarks.peers.celery_app", "pgqueuer": "benchmarks.peers.pgqueuer_worker"}
NAMES = {"": "Airstair", "celery": "Celery", "pgqueuer": "pgqueuer"}


@dataclass
class Contender:
    """One that can deliver edits. `peer` is empty for Airstair."""

    stage: Stage
    partners: int
    peer: str = ""
    interpreter: str | None = None
    environ: dict[str, str] = field(default_factory=dict)
    redis: Program | None = None

    @property
    def name(self) -> str:
        return NAMES[self.peer]

    @contextlib.contextmanager
    def serving(self, *, ready_made: bool = False) -> Iterator[Program]:
        """Its worker, ready for work."""
        with self.worker(ready_made=ready_made) as worker:
            worker.line(self.greeting)
            yield worker

    @property
    def greeting(self) -> str:
        return "peer is ready" if self.peer else "worker is ready"

    def worker(self, *, ready_made: bool = False) -> Program:
        """Its worker, just started."""
        if not self.peer:
            return scene.worker(self.stage, self.partners)
        environ = {**self.stage.environ, **self.environ} | ({READY_MADE: "1"} if ready_made else {})
        return Program(self.name, ["-m", _MODULES[self.peer]], environ, interpreter=self.interpreter)

    def task(self, fleet: scene.Fleet, flights: list[tuple[int, int]], first: int, count: int, rate: float) -> Task:
        """Edits for this contender, by the minimal write, each with what it needs in its queue."""
        return Task(
            operator_id=fleet.actor.operator_id,
            flights=flights,
            first=first,
            count=count,
            rate=rate,
            way="minimal",
            peer=self.peer,
            partners=self.partners,
        )

    def editing(self, task: Task) -> contextlib.AbstractContextManager[scene.Done]:
        return scene.editing(self.stage, task, interpreter=self.interpreter, environ=self.environ)

    def cpu(self, worker: Program) -> dict[str, float]:
        """CPU seconds so far."""
        found = {"worker": cpu_seconds(worker.pid), "postgres": self.stage.postgres_cpu()}
        return found | ({"redis": cpu_seconds(self.redis.pid)} if self.redis else {})


@contextlib.contextmanager
def celery(stage: Stage, partners: int, url: str, *, visibility: int | None = None) -> Iterator[Contender]:
    """`visibility`: seconds after which a dead worker's tasks are given out again; Celery's own is an hour."""
    interpreter = _prepared(stage)
    with place.redis() as (address, server):
        environ = {URL: url, BROKER: address, VISIBILITY: str(visibility or "")}
        yield Contender(stage, partners, "celery", interpreter, environ, server)


@contextlib.contextmanager
def pgqueuer(
    stage: Stage, partners: int, url: str, *, heartbeat: float | None = None, prefix: str = ""
) -> Iterator[Contender]:
    """`heartbeat`: seconds after which a dead worker's jobs are given out again; pgqueuer's own is 30."""
    interpreter = _prepared(stage)
    environ = {URL: url, HEARTBEAT: str(heartbeat or ""), "PGQUEUER_PREFIX": prefix}
    contender = Contender(stage, partners, "pgqueuer", interpreter, environ)
    _install(contender, {**stage.environ, **environ})
    yield contender


def _install(contender: Contender, environ: Mapping[str, str]) -> None:
    words = ["-m", _MODULES["pgqueuer"], "install"]
    with Program("pgqueuer install", words, environ, interpreter=contender.interpreter) as program:
        program.line("installed")


def _prepared(stage: Stage) -> str:
    interpreter = place.interpreter()
    stage.sql(LEDGER)
    return interpreter
