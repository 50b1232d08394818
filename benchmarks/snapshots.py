"""(c) Statements and time to load what mirrors are made from, and whether that grows with history."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Any

from benchmarks.figures import Goal, Part, Spread, spread
from benchmarks.processes import Failed
from benchmarks.sizes import Sizes
from benchmarks.stage import Stage, add_aircraft, add_block_times, add_flights, new_operator

_BACK = timedelta(days=28)  # as far as Avinode's schedules reach
_GROWTH_ALLOWED = 1.5  # flat, with room for the noise of a busy machine


def measure(stage: Stage, sizes: Sizes) -> Part:
    """Load all aircraft; then the same window of fewer aircraft, before and after a long history is added."""
    actor = new_operator("LOADS")
    operator_id = actor.operator_id
    today = datetime.now(UTC).replace(hour=6, minute=0, second=0, microsecond=0)
    since = (today - _BACK).replace(hour=0)
    first = today - timedelta(days=min(20, sizes.activities // 3))
    aircraft = add_aircraft(stage, operator_id, sizes.aircraft)
    add_flights(stage, operator_id, aircraft, each=sizes.activities, first=first, step=24)
    add_block_times(stage, operator_id, aircraft)
    stage.settle()
    statements, all_of_them = _load(operator_id, aircraft, since, sizes, per_aircraft=sizes.activities)

    deep = aircraft[: sizes.deep_aircraft]
    few, shallow = _load(operator_id, deep, since, sizes, per_aircraft=sizes.activities)
    older = sizes.deep_flights - sizes.activities
    step = 4  # hours; six flights a day
    begin = since - timedelta(days=3, hours=step * older)
    add_flights(stage, operator_id, deep, each=older, first=begin, step=step)
    add_block_times(stage, operator_id, deep)
    stage.settle()
    many, grown = _load(operator_id, deep, since, sizes, per_aircraft=sizes.activities)
    if not statements == few == many:
        raise Failed(f"The number of statements is not fixed: {statements}, {few}, {many}.")
    return _told(sizes, statements, all_of_them, shallow, grown)


def _load(
    operator_id: int, aircraft: list[int], since: datetime, sizes: Sizes, *, per_aircraft: int
) -> tuple[int, Spread]:
    """Statements of one load, and the time of several, in ms; the first, which warms caches, does not count."""
    from airstair.records.flights.queries import aircraft_schedules

    with _Counted() as counted:
        found = aircraft_schedules(operator_id, aircraft, since=since)
    if sum(len(one.activities) for one in found.values()) != len(aircraft) * per_aircraft:
        raise Failed("The snapshots do not hold the flights that they should.")
    times = []
    for _ in range(sizes.loads):
        began = time.perf_counter()
        aircraft_schedules(operator_id, aircraft, since=since)
        times.append((time.perf_counter() - began) * 1000)
    return counted.statements, spread(times)


class _Counted:
    """Counts what any cursor of this process executes, Django's or a plain one."""

    statements = 0

    def __enter__(self) -> _Counted:
        import psycopg

        self._cursor, self._execute = psycopg.Cursor, psycopg.Cursor.execute
        execute: Any = psycopg.Cursor.execute

        def counted(cursor: Any, *words: Any, **more: Any) -> Any:
            self.statements += 1
            return execute(cursor, *words, **more)

        self._cursor.execute = counted  # type: ignore[assignment, method-assign]
        return self

    def __exit__(self, *error: object) -> None:
        self._cursor.execute = self._execute  # type: ignore[method-assign]


def _told(sizes: Sizes, statements: int, whole: Spread, shallow: Spread, grown: Spread) -> Part:
    ratio = grown.median / shallow.median
    per_activity = whole.median / sizes.aircraft / sizes.activities * 1000
    lines = [
        f"{sizes.aircraft} aircraft × {sizes.activities} flights: {statements} statements, {whole} ms"
        f" ({per_activity:.1f} µs an activity)",
        f"{sizes.deep_aircraft} aircraft: {shallow} ms with {sizes.activities} flights each in all,"
        f" {grown} ms with {sizes.deep_flights}; ratio {ratio:.2f}",
    ]
    figures = {
        "aircraft": sizes.aircraft,
        "activities": sizes.activities,
        "statements": statements,
        "load_ms": whole,
        "deep_aircraft": sizes.deep_aircraft,
        "deep_flights": sizes.deep_flights,
        "load_ms_before_history": shallow,
        "load_ms_after_history": grown,
        "growth": round(ratio, 3),
    }
    return Part(lines, figures, [Goal("load time with long history to without", ratio, _GROWTH_ALLOWED, False)])
