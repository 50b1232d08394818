"""How long work lies still after a worker is killed in the middle of it: Airstair's, and the peers'.

The partners are made to hold their answers back, so that calls are under way for certain; edits are made; the worker
gets SIGKILL, and at that moment the partners answer again. What the killed worker had in hand must now be done by
another: one that was there already, or one that is started at once.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

from benchmarks import scene
from benchmarks.figures import Goal, Part
from benchmarks.peers import contenders, place
from benchmarks.peers.contenders import Contender
from benchmarks.processes import Failed
from benchmarks.scene import Arrivals, Fleet, Receiver
from benchmarks.sizes import Sizes
from benchmarks.stage import Stage

_LONGEST = 5.0  # seconds
_MOST_EDITS = 20  # each to another aircraft
_PATIENCE_WITH_US = 45.0
_STANDING_STILL = 1.0  # seconds without a new call: all that can be in hand is


class _Case(NamedTuple):
    """One kill. `second`: another worker is there already; otherwise one is started at the kill."""

    name: str
    title: str
    second: bool
    patience: float


class Recovered(NamedTuple):
    """Seconds from the kill; `None`: not within the patience."""

    in_hand: int  # calls under way when the worker was killed
    first_call: float | None
    all_done: float | None
    missing: int  # deliveries, when patience ended


def measure(stage: Stage, sizes: Sizes) -> Part:
    """Airstair in both ways; then the peers side by side, because what they do is wait."""
    count = min(_MOST_EDITS, sizes.edited_aircraft)
    figures: dict[str, Any] = {"connections": sizes.connections, "edits": count}
    told: list[tuple[str, Recovered, float]] = []
    ours = [
        _Case("airstair_second", "Airstair, a second worker there", True, _PATIENCE_WITH_US),
        _Case("airstair_restarted", "Airstair, a worker started at the kill", False, _PATIENCE_WITH_US),
    ]
    with Receiver(stage) as receiver:
        fleet = scene.fleet(stage, "KILLS", sizes.edited_aircraft, each=sizes.activities)
        connections = scene.connect(stage, fleet, sizes.connections, receiver.url)
        for turn, case in enumerate(ours):
            with scene.serving(stage, sizes.connections):
                scene.wait_for_ledger(stage, connections, sizes.edited_aircraft)
            contender = Contender(stage, sizes.connections)
            told.append(
                (
                    case.title,
                    _kill(contender, case, receiver, fleet, range(1 + turn * count, 1 + (turn + 1) * count)),
                    case.patience,
                )
            )
            figures[case.name] = told[-1][1]._asdict()
    problems = _peers(stage, sizes, figures, told) if sizes.recovery_peers else []
    goals = [
        Goal(f"{title}: all done, in s", one.all_done if one.all_done is not None else patience, _LONGEST, False)
        for title, one, patience in told[: len(ours)]
    ]
    return Part([*(_line(*one) for one in told), *problems], figures, goals)


def _peers(stage: Stage, sizes: Sizes, figures: dict[str, Any], told: list[tuple[str, Recovered, float]]) -> list[str]:
    """With the peers' own settings, and with shorter ones; what could not be measured."""
    longer, shorter = sizes.recovery_patience, sizes.recovery_patience_short
    made: list[tuple[_Case, Callable[[str], contextlib.AbstractContextManager[Contender]]]] = [
        (
            _Case("pgqueuer", "pgqueuer, its own heartbeat of 30 s", True, longer),
            lambda url: contenders.pgqueuer(stage, sizes.connections, url, prefix="own_"),
        ),
        (
            _Case("pgqueuer_5s", "pgqueuer, heartbeat of 5 s", True, longer),
            lambda url: contenders.pgqueuer(stage, sizes.connections, url, heartbeat=5, prefix="short_"),
        ),
        (
            _Case("celery", "Celery, its own visibility of an hour", True, shorter),
            lambda url: contenders.celery(stage, sizes.connections, url),
        ),
        (
            _Case("celery_30s", "Celery, visibility of 30 s, the longest that a call may take", True, longer),
            lambda url: contenders.celery(stage, sizes.connections, url, visibility=30),
        ),
    ]
    try:
        place.interpreter()
    except Failed as problem:
        return [str(problem)]
    fleet = scene.fleet(stage, "PEERS", sizes.edited_aircraft, each=sizes.activities)
    with ThreadPoolExecutor(len(made)) as threads:
        runs = [(case, threads.submit(_peer, stage, case, maker, fleet)) for case, maker in made]
    problems = []
    for case, run in runs:
        problem = run.exception()
        if isinstance(problem, Failed):
            problems.append(f"{case.title}: {problem}")
        else:
            told.append((case.title, run.result(), case.patience))
            figures[case.name] = told[-1][1]._asdict()
    return problems


def _peer(
    stage: Stage, case: _Case, maker: Callable[[str], contextlib.AbstractContextManager[Contender]], fleet: Fleet
) -> Recovered:
    with Receiver(stage) as receiver, maker(receiver.url) as contender:
        return _kill(contender, case, receiver, fleet, range(1, 1 + min(_MOST_EDITS, len(fleet.aircraft))))


def _kill(contender: Contender, case: _Case, receiver: Receiver, fleet: Fleet, numbers: range) -> Recovered:
    with contextlib.ExitStack() as running:
        worker = running.enter_context(contender.serving())
        if case.second:
            running.enter_context(contender.serving())
            time.sleep(2)  # until each has its share
        receiver.ask("reset")
        receiver.ask("hold")
        with contender.editing(contender.task(fleet, fleet.flights, numbers[0], len(numbers), 0)) as done:
            edits = done()
            in_hand = _stand_still(receiver)
        worker.kill()
        killed = time.monotonic_ns()
        receiver.ask("release")
        if not case.second:
            running.enter_context(contender.worker())
        partners = range(contender.partners)
        arrivals, times = _wait(receiver, lambda there: there.pairs(edits, partners), case.patience)
    missing = times.count(None)
    there = [at for at in times if at is not None]
    after = [at for at in arrivals.times if at > killed + _AT_ONCE]
    return Recovered(
        in_hand=in_hand,
        first_call=round((min(after) - killed) / 1e9, 2) if after else None,
        all_done=round((max(there) - killed) / 1e9, 2) if there and not missing else None,
        missing=missing,
    )


_AT_ONCE = 50_000_000  # ns: what the partners had from the other worker, and answered at the release


def _stand_still(receiver: Receiver) -> int:
    """Until no call comes in any more; how many wait for their answers."""
    held, since = -1, time.monotonic()
    while held <= 0 or time.monotonic() - since < _STANDING_STILL:
        now = int(receiver.ask("held"))
        if now != held:
            held, since = now, time.monotonic()
        if time.monotonic() - since > 30:
            raise Failed("No call is under way: there is nothing to kill.")
        time.sleep(0.05)
    return held


def _wait(
    receiver: Receiver, times_of: Callable[[Arrivals], list[int | None]], patience: float
) -> tuple[Arrivals, list[int | None]]:
    deadline = time.monotonic() + patience
    while True:
        arrivals = receiver.arrivals()
        times = times_of(arrivals)
        if None not in times or time.monotonic() > deadline:
            return arrivals, times
        time.sleep(0.5)


def _line(title: str, one: Recovered, patience: float) -> str:
    done = (
        f"all done after {one.all_done:g} s"
        if one.all_done is not None
        else f"{one.missing} deliveries still missing after {patience:g} s"
    )
    return f"{title}: {one.in_hand} calls under way at the kill; {done}"
