"""(k) The fatigue model: a thousand crew members' months at once, and one crew member's, against one by one."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from benchmarks.figures import Goal, Part, Spread, spread
from benchmarks.sizes import Sizes

DAY = 1440
_MANY_SECONDS, _ONE_MS, _AT_LEAST_FASTER = 2.0, 30.0, 3.0
_LOOPED = 50  # of the crew, one by one, for the ratio


def measure(sizes: Sizes) -> Part:
    """The first run warms caches and does not count."""
    from airstair.records.crewing.fatigue.analysis import Question, analyse
    from airstair.records.crewing.fatigue.model import simulate
    from airstair.records.crewing.fatigue.sleep import Habits

    minutes, crew = sizes.fatigue_days * DAY, _crew(sizes.fatigue_crew, sizes.fatigue_days)
    looped = crew[: min(_LOOPED, len(crew))]
    many = _timed(lambda: simulate(crew, minutes=minutes, clock_minute=7 * 60), sizes.fatigue_rounds)
    single = _timed(lambda: simulate(crew[:1], minutes=minutes, clock_minute=7 * 60), sizes.fatigue_rounds)
    loop = _timed(
        lambda: [simulate([one], minutes=minutes, clock_minute=7 * 60) for one in looped], sizes.fatigue_rounds
    )
    start = datetime(2027, 3, 1, tzinfo=UTC)
    question = Question(
        works=_works(start, sizes.fatigue_days),
        start=start,
        end=start + timedelta(days=sizes.fatigue_days),
        habits=Habits(home_base="KEWR", home_zone="America/New_York"),
    )
    whole = _timed(lambda: analyse(question), sizes.fatigue_rounds)
    ratio = loop.median / len(looped) * len(crew) / many.median
    return _told(sizes, many, _in_ms(single), _in_ms(whole), ratio)


def _crew(count: int, days: int) -> list[list[tuple[int, int]]]:
    """A sleep a night for each, a little different for everybody."""
    dice = random.Random(2027)
    return [
        [
            (day * DAY + 16 * 60 + dice.randrange(-60, 60), (day + 1) * DAY - dice.randrange(0, 90))
            for day in range(days - 1)
        ]
        for _ in range(count)
    ]


def _works(start: datetime, days: int) -> list[Any]:
    """Two flights on each day of the period, and of the week before."""
    from airstair.records.crewing.fatigue.sleep import Work

    return [
        Work(
            key=f"flight:{day}", title="", start=begin, end=begin + timedelta(hours=3), start_airport="KEWR",
            end_airport="KEWR", end_zone="America/New_York", report_minutes=60, release_minutes=30,
        )
        for day in range(-7, days)
        for begin in (start + timedelta(days=day, hours=13), start + timedelta(days=day, hours=17))
    ]  # fmt: skip


def _timed(work: Callable[[], Any], rounds: int) -> Spread:
    """Seconds."""
    times: list[float] = []
    for _ in range(rounds + 1):
        began = time.perf_counter()
        work()
        times.append(time.perf_counter() - began)
    return spread(times[1:])


def _in_ms(seconds: Spread) -> Spread:
    return Spread(*(round(value * 1000, 3) for value in _three(seconds)), runs=seconds.runs)


def _three(found: Spread) -> Sequence[float]:
    return found.median, found.lowest, found.highest


def _told(sizes: Sizes, many: Spread, single: Spread, whole: Spread, ratio: float) -> Part:
    lines = [
        f"{sizes.fatigue_crew:,} crew × {sizes.fatigue_days} days: {many} s, {ratio:.1f} times as fast as singly",
        f"one crew member × {sizes.fatigue_days} days: {single} ms; with sleep, body clock and table: {whole} ms",
    ]
    figures = {
        "crew": sizes.fatigue_crew,
        "days": sizes.fatigue_days,
        "together_s": many,
        "one_ms": single,
        "analysis_ms": whole,
        "times_as_fast_as_one_by_one": round(ratio, 2),
    }
    goals = [
        Goal("all crew members' month, seconds", many.median, _MANY_SECONDS, False),
        Goal("one crew member's month, ms", single.median, _ONE_MS, False),
        Goal("one crew member's whole analysis, ms", whole.median, _ONE_MS, False),
        Goal("together to one by one", ratio, _AT_LEAST_FASTER, True),
    ]
    return Part(lines, figures, goals)
