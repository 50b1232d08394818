"""What the model says of somebody's flights and duties in a period: a table, and a course to draw. Pure.

The run begins a week before the period, on a morning after a good sleep, so that work before the period counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import msgspec
import numpy as np

from airstair.records.crewing.fatigue.model import REVISED, Constants, Run, simulate
from airstair.records.crewing.fatigue.phase import acrophases
from airstair.records.crewing.fatigue.sleep import Habits, Sleep, Work, estimate

LEAD_IN = timedelta(days=7)
LONGEST_PERIOD = timedelta(days=62)
UP_AT = time(7)  # when the run begins, by the clock at home
CRITERION = 77.0  # per cent of effectiveness: the usual criterion, and about that of 0.05 % of alcohol in the blood
MOST_POINTS = 720  # of a course that is drawn
_MINUTE = timedelta(minutes=1)


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """Whose work, and which period of it. `works` reach back `LEAD_IN` before `start`, as far as they are known."""

    works: Sequence[Work]
    start: datetime
    end: datetime
    habits: Habits
    criterion: float = CRITERION


class Judged(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the table. Effectiveness and reservoir in per cent; `below`: per cent of its minutes."""

    work: Work
    effectiveness_start: float
    effectiveness_end: float
    reservoir_start: float
    reservoir_end: float
    lowest: float
    below: float


class Point(msgspec.Struct, frozen=True):
    """One point of the course."""

    at: datetime
    effectiveness: float
    reservoir: float
    asleep: bool


class Analysis(msgspec.Struct, frozen=True, kw_only=True):
    """The answer. `course` covers the period evenly; `sleeps` and `judged` are those that touch it."""

    start: datetime
    end: datetime
    criterion: float
    judged: tuple[Judged, ...]
    sleeps: tuple[Sleep, ...]
    course: tuple[Point, ...]

    @property
    def lowest(self) -> float | None:
        """The least effective minute of any work in the period; `None` without work."""
        return min((one.lowest for one in self.judged), default=None)


def analyse(question: Question, constants: Constants = REVISED) -> Analysis:
    """Estimate the sleep, run the model, read the answers off. Raises ValueError for a period that is too long."""
    if not timedelta(0) < question.end - question.start <= LONGEST_PERIOD:
        raise ValueError(f"The period must be longer than nothing and at most {LONGEST_PERIOD.days} days.")
    first = _morning(question.start - LEAD_IN, question.habits)
    # Work that reaches over the end is judged whole.
    last = max([question.end, *(one.end for one in question.works if one.start < question.end)]) + _MINUTE
    # The end of the run is nobody's alarm clock: the night after it is looked at too, and cut off.
    nights = estimate(question.works, first, last + timedelta(days=1), question.habits)
    sleeps = [msgspec.structs.replace(one, end=min(one.end, last)) for one in nights if one.start < last]
    minutes = _minutes(last, first)
    spans = [(_minutes(one.start, first), _minutes(one.end, first)) for one in sleeps]
    clock_minute = UP_AT.hour * 60 + UP_AT.minute
    peaks = acrophases(spans, [one.night for one in sleeps], minutes, clock_minute)
    run = simulate([spans], minutes=minutes, clock_minute=clock_minute, acrophase=peaks[None, :], constants=constants)
    return Analysis(
        start=question.start,
        end=question.end,
        criterion=question.criterion,
        judged=tuple(_judged(one, run, first, question.criterion) for one in _touching(question)),
        sleeps=tuple(one for one in sleeps if one.end > question.start and one.start < question.end),
        course=tuple(_course(question, run, first, sleeps)),
    )


def _morning(when: datetime, habits: Habits) -> datetime:
    """07:00 by the clock at home, of that day there."""
    local = when.astimezone(ZoneInfo(habits.home_zone))
    return datetime.combine(local.date(), UP_AT, tzinfo=local.tzinfo).astimezone(UTC)


def _minutes(when: datetime, first: datetime) -> int:
    return round((when - first) / _MINUTE)


def _touching(question: Question) -> list[Work]:
    found = [one for one in question.works if one.end > question.start and one.start < question.end]
    return sorted(found, key=lambda one: (one.start, one.key))


def _judged(work: Work, run: Run, first: datetime, criterion: float) -> Judged:
    start = max(0, _minutes(work.start, first))
    end = max(start + 1, _minutes(work.end, first))
    effectiveness, level = run.effectiveness[0], run.reservoir[0]
    during = effectiveness[start:end]
    return Judged(
        work=work,
        effectiveness_start=float(effectiveness[start]),
        effectiveness_end=float(effectiveness[end]),
        reservoir_start=float(level[start]),
        reservoir_end=float(level[end]),
        lowest=float(during.min()),
        below=float(np.mean(during < criterion) * 100),
    )


def _course(question: Question, run: Run, first: datetime, sleeps: Sequence[Sleep]) -> list[Point]:
    begin, end = _minutes(question.start, first), _minutes(question.end, first)
    step = max(1, (end - begin) // MOST_POINTS)
    asleep = np.zeros(run.effectiveness.shape[1], dtype=bool)
    for one in sleeps:
        asleep[_minutes(one.start, first) : _minutes(one.end, first)] = True
    effectiveness, level = run.effectiveness[0], run.reservoir[0]
    return [
        Point(first + at * _MINUTE, float(effectiveness[at]), float(level[at]), bool(asleep[at]))
        for at in range(begin, end + 1, step)
    ]
