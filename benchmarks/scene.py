"""What the parts about edits share: partners behind one receiver, a fleet that is edited, and who had what when.

Nothing here measures; it sets up, makes edits, and answers when an edit had reached a partner.
"""

from __future__ import annotations

import bisect
import contextlib
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta

import msgspec

from airstair.kernel.actor import Actor
from benchmarks import mirrors
from benchmarks.editor import Edit, Task
from benchmarks.figures import percentile
from benchmarks.processes import Failed, Program
from benchmarks.stage import Stage, add_aircraft, add_flights, new_operator
from benchmarks.upload import point_at

PATIENCE = 60.0
_MS = 1e6  # nanoseconds
Done = Callable[[], list[Edit]]  # waits for an editor, and tells its edits


class Receiver(Program):
    """The partners: every call of whatever contender ends here."""

    def __init__(self, stage: Stage) -> None:
        super().__init__("receiver", ["-m", "benchmarks.receiver"], stage.environ)
        self.url = f"http://127.0.0.1:{self.line('listening').split()[1]}"

    def arrivals(self) -> Arrivals:
        return Arrivals(msgspec.json.decode(self.ask("arrivals"), type=list[tuple[str, int, int]]))


class Arrivals:
    """What the partners got, and when: by partner and aircraft, in the order of arrival."""

    def __init__(self, told: Sequence[tuple[str, int, int]]) -> None:
        """`told`: path, stamp and time of each document, a call of several documents giving several."""
        self.documents = len(told)
        self.times = [at for _, _, at in told]
        self.calls = len({(path.split("/")[1], at) for path, _, at in told})
        self._stamps: dict[tuple[str, int], list[int]] = {}
        self._times: dict[tuple[str, int], list[int]] = {}
        for path, stamp, at in told:
            _, partner, unit = path.split("/")
            key = partner, int(unit.partition(":")[2])
            stamps = self._stamps.setdefault(key, [])
            # The newest that the partner has seen by then, so that the list ascends.
            stamps.append(max(stamp, stamps[-1]) if stamps else stamp)
            self._times.setdefault(key, []).append(at)

    def had(self, edit: Edit, partner: int) -> int | None:
        """When the partner first held a state at least as new as the edit; `None`: it does not."""
        key = mirrors.key(partner), edit.aircraft
        stamps = self._stamps.get(key, [])
        place = bisect.bisect_left(stamps, edit.number)
        return self._times[key][place] if place < len(stamps) else None

    def times_of(self, aircraft: Iterable[int]) -> list[int]:
        """When anything of these aircraft came to any partner."""
        them = set(aircraft)
        return [at for (_, one), times in self._times.items() if one in them for at in times]

    def pairs(self, edits: Iterable[Edit], partners: Iterable[int]) -> list[int | None]:
        """For every edit and partner, when the partner had it."""
        them = list(partners)
        return [self.had(edit, partner) for edit in edits for partner in them]

    def last(self, edit: Edit, partners: Iterable[int]) -> int:
        """When the last of these partners had the edit. Raises `Failed` when one has not."""
        times = {partner: self.had(edit, partner) for partner in partners}
        missing = [partner for partner, at in times.items() if at is None]
        if missing:
            raise Failed(f"Partner {missing[0]} has not got edit {edit.number}.")
        return max(at for at in times.values() if at is not None)


class Fleet:
    """An operator, its aircraft, and the flights to edit, aircraft by aircraft in turn: (aircraft id, flight id)."""

    def __init__(self, actor: Actor, aircraft: list[int], flights: list[tuple[int, int]]) -> None:
        self.actor = actor
        self.aircraft = aircraft
        self.flights = flights


def fleet(stage: Stage, code: str, aircraft: int, *, each: int, edited: int | None = None) -> Fleet:
    """A new operator with so many aircraft, `each` flights to come on every one. `edited`: only the first so many."""
    actor = new_operator(code)
    ids = add_aircraft(stage, actor.operator_id, aircraft)
    tomorrow = datetime.now(UTC).replace(hour=6, minute=0, second=0, microsecond=0) + timedelta(days=1)
    add_flights(stage, actor.operator_id, ids, each=each, first=tomorrow, step=24)
    stage.settle()
    rows = stage.sql(
        "SELECT aircraft_id, id FROM flights_flight WHERE operator_id = %s AND aircraft_id = ANY(%s)"
        " ORDER BY std::date, aircraft_id",
        actor.operator_id,
        ids[:edited],
    )
    return Fleet(actor, ids, [(aircraft_id, flight_id) for aircraft_id, flight_id in rows])


def connect(stage: Stage, fleet: Fleet, count: int, url: str, *, only: Sequence[int] = ()) -> list[int]:
    """A connection to each partner, with every aircraft, or `only` these; their ids, in the order of the partners."""
    from airstair.hub.connections.commands import ALL_AIRCRAFT, ConnectionInput, configure

    point_at(stage, url)
    mirrors.register_all(count)
    return [
        configure(
            fleet.actor,
            mirrors.key(number),
            ConnectionInput(
                values={"base_url": f"{url}/{mirrors.key(number)}"}, aircraft=tuple(only) or ALL_AIRCRAFT, on=True
            ),
        ).connection.id
        for number in range(count)
    ]


def worker(stage: Stage, count: int, *, units_per_call: int = 1) -> Program:
    """The product's worker with so many of the partners in it. Say `worker.line("worker is ready")` to wait for it."""
    environ = {**stage.environ, "AIRSTAIR_ALLOW_PRIVATE_ADDRESSES": "1"}
    return Program("worker", ["-m", "benchmarks.mirrors", str(count), str(units_per_call)], environ)


@contextlib.contextmanager
def serving(stage: Stage, count: int, *, units_per_call: int = 1) -> Iterator[Program]:
    """The worker, ready."""
    with worker(stage, count, units_per_call=units_per_call) as program:
        program.line("worker is ready")
        yield program


def wait_for_ledger(stage: Stage, connections: list[int], aircraft: int, *, seconds: float = PATIENCE) -> None:
    """Until every partner has everything for the first time, and nothing is on its way."""
    wanted = len(connections) * aircraft
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        rows = stage.sql(
            "SELECT count(*) FROM hub_ledger WHERE outcome = 'accepted' AND connection_id = ANY(%s)", connections
        )
        if rows[0][0] == wanted:
            return
        time.sleep(0.2)
    raise Failed(f"After {seconds:g} s the partners do not hold all {wanted} schedules yet ({rows[0][0]}).")


def edit(stage: Stage, task: Task) -> list[Edit]:
    """One editor's work, in a process of its own; returns when it is done."""
    with editing(stage, task) as done:
        return done()


@contextlib.contextmanager
def editing(
    stage: Stage, task: Task, *, interpreter: str | None = None, environ: Mapping[str, str] | None = None
) -> Iterator[Done]:
    """An editor that has begun; call what it gives to wait for its end. A peer's needs the peers' `interpreter`."""
    environ = {**stage.environ, **(environ or {})}
    with Program("editor", ["-m", "benchmarks.editor"], environ, interpreter=interpreter) as editor:
        editor.say(msgspec.json.encode(task).decode())
        editor.line("editing")

        def done() -> list[Edit]:
            longest = 2 * PATIENCE + (task.count / task.rate if task.rate else 0)
            return msgspec.json.decode(editor.line("edits", seconds=longest).removeprefix("edits "), type=list[Edit])

        yield done


def until_all_have(
    receiver: Receiver, edits: Sequence[Edit], partners: Iterable[int], *, seconds: float = PATIENCE
) -> Arrivals:
    """Wait for what is still to come. Raises `Failed` when somebody has not got an edit by then."""
    them = list(partners)
    deadline = time.monotonic() + seconds
    while True:
        time.sleep(1)
        arrivals = receiver.arrivals()
        try:
            for one in reversed(edits):
                arrivals.last(one, them)
            return arrivals
        except Failed:
            if time.monotonic() > deadline:
                raise


def percentiles(nanoseconds: Iterable[int]) -> dict[str, float]:
    """In milliseconds."""
    ordered = sorted(nanoseconds)
    named = {"p50": 50.0, "p90": 90.0, "p99": 99.0, "max": 100.0}
    return {name: round(percentile(ordered, percent) / _MS, 2) for name, percent in named.items()}


def commit_to_last(edits: Sequence[Edit], arrivals: Arrivals, partners: Iterable[int]) -> dict[str, float]:
    """From each COMMIT to the last of these partners, in milliseconds."""
    them = list(partners)
    return percentiles(arrivals.last(one, them) - one.committing for one in edits)
