"""The SAFTE model: how effective somebody is, minute by minute, from when they slept. Pure; no clock, no database.

Source of the equations, which are numbered as there: Hursh SR, Redmond DP, Johnson ML, Thorne DR, Belenky G, Balkin
TJ, Storm WF, Miller JC, Eddy DR, “Fatigue models for applied research in warfighting”, Aviation, Space, and
Environmental Medicine 2004; 75(3, Suppl.): A44–A53. The revised constants and the division by 96.7 are those of the
model's owner in his public R package (SAFTEr, Institutes for Behavior Resources); its code is not used here.

One minute is one step. At minute m everything is worked out from the reservoir at m; then the reservoir goes to m+1
by what is done in [m, m+1). Minutes are counted from the start of a run, and a minute of the clock is a minute of the
day by the clock that the body keeps. What is asleep when is not guessed here: `sleep.py` does that.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import msgspec
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Amount = TypeVar("Amount", float, Any)  # of one crew member, or an array over many: the step is written once

CAPACITY = 2880.0  # units of the reservoir, Rc in eq. 1: 8 h of sleep for 16 h awake keep it full
MINUTES_OF_DAY = 1440


class Constants(msgspec.Struct, frozen=True, kw_only=True):
    """The model's constants, by the paper's symbols. Those that differ between the sets have no default.

    `feedback`, `most_intense`, `k1` … `k3` are the paper's first and its revised values. Units: of the reservoir, a
    minute, unless said otherwise.
    """

    feedback: float  # f: sleep debt drives sleep (eq. 2)
    most_intense: float  # SImax: the cap on sleep intensity (eq. 4)
    k1: float = 0.0  # capacity's regulation (eq. 10); nought: capacity stays as it is
    k2: float = 0.5
    k3: float = 0.0
    depletion: float = 0.5  # K: awake, four days empty a full reservoir (eq. 1)
    propensity: float = 0.55  # as: how much the circadian wave drives sleep (eq. 3)
    harmonic: float = 0.5  # β: the 12-hour wave's share (eq. 6)
    harmonic_hours: float = 3.0  # p′: how much later the 12-hour wave peaks than the 24-hour one, hours
    rhythm: float = 7.0  # a1: circadian amplitude on effectiveness, per cent (eq. 8)
    rhythm_tired: float = 5.0  # a2: and what an empty reservoir adds, per cent
    inertia: float = 5.0  # Imax: per cent lost just after waking (eq. 5)
    inertia_rate: float = 0.04  # i
    inertia_minutes: int = 120  # for so long after waking
    settling_minutes: int = 5  # the first minutes of each sleep restore nothing
    norm: float = 0.967  # raw effectiveness that counts as 100 per cent


ORIGINAL = Constants(feedback=0.0026564, most_intense=4.4)
REVISED = Constants(feedback=0.00312, most_intense=3.4, k1=0.22, k2=0.5, k3=0.0015)
ACROPHASE = 18.0  # p: when the 24-hour wave peaks, hour of the clock, for who sleeps at night


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """What came out, a row for each crew member and a column for each minute.

    `effectiveness` in per cent of a well-rested person; in the evening after a good night it passes 100, and is not
    cut. `level` is the reservoir in its units, 0 to `CAPACITY`.
    """

    effectiveness: NDArray[np.float32]
    level: NDArray[np.float32]

    @property
    def reservoir(self) -> NDArray[np.float32]:
        """In per cent of a full one."""
        return self.level * np.float32(100 / CAPACITY)


def circadian(hours: Floats | float, acrophase: Floats | float = ACROPHASE, constants: Constants = REVISED) -> Floats:
    """Eq. 6: the daily wave and its harmonic at an hour of the clock, between about -1.3 (04:00) and 1.3 (20:00)."""
    day = 2 * np.pi / 24 * (np.asarray(hours) - acrophase)
    wave = np.cos(day) + constants.harmonic * np.cos(2 * (day - 2 * np.pi / 24 * constants.harmonic_hours))
    return np.asarray(wave, dtype=np.float64)


def simulate(
    sleeps: Sequence[Sequence[tuple[int, int]]],
    *,
    minutes: int,
    clock_minute: int = 0,
    acrophase: Floats | float = ACROPHASE,
    reservoir: float = CAPACITY,
    constants: Constants = REVISED,
) -> Run:
    """Run the model for each crew member of `sleeps`, who is awake at the start with a `reservoir` of that many units.

    Each has their sleeps as [from, until) in minutes of the run, in order and apart. `clock_minute` is the minute of
    the day at the start. `acrophase` is one for all, or an array (crew or 1, minutes). Raises ValueError for sleeps
    that are not in order, or reach out of the run.
    """
    for rows in sleeps:
        _refuse_disorder(rows, minutes)
    hours = (clock_minute + np.arange(minutes)) % MINUTES_OF_DAY / 60
    wave = np.atleast_2d(circadian(hours, acrophase, constants))
    levels = np.empty((len(sleeps), minutes), dtype=np.float32)
    wakings = (_one if len(sleeps) == 1 else _many)(sleeps, levels, wave, reservoir, constants)
    return Run(effectiveness=_effectiveness(levels, wave, wakings, constants), level=levels)


def _refuse_disorder(sleeps: Sequence[tuple[int, int]], minutes: int) -> None:
    before = 0
    for start, end in sleeps:
        if not before <= start < end <= minutes:
            raise ValueError(f"The sleep [{start}, {end}) does not come after {before} within {minutes} minutes.")
        before = end


Asleep = Callable[[Amount, Amount, Amount], tuple[Amount, Amount, Amount]]


def _asleep(constants: Constants, least: Callable[..., Amount], most: Callable[..., Amount]) -> Asleep[Amount]:
    """One minute asleep, eq. 2 to 4 and 10: of level, capacity and what the body clock adds (SP = -as·c(T)).

    It answers level and capacity after the minute, and its sleep intensity, which can fall a little below nought at
    the circadian peak of somebody who has slept enough. Capacity moves by k1·(1 - SD/k2) + k3·(2880 - Rc).
    """
    feedback, most_intense, regulated = constants.feedback, constants.most_intense, bool(constants.k1)
    kept, steady, per_debt = 1 - constants.k3, constants.k1 + constants.k3 * CAPACITY, constants.k1 / constants.k2

    def minute(level: Amount, capacity: Amount, drive: Amount) -> tuple[Amount, Amount, Amount]:
        debt = feedback * (capacity - level)
        intensity = least(drive + debt, most_intense)
        level = most(least(level + intensity, capacity), 0.0)
        if regulated:
            capacity = least(capacity * kept + steady - debt * per_debt, CAPACITY)
        return level, capacity, intensity

    return minute


class _Waking(msgspec.Struct, frozen=True):
    """When somebody woke, from how intense a sleep, and until when they then were awake."""

    row: int
    start: int
    end: int
    intensity: float


def _one(
    sleeps: Sequence[Sequence[tuple[int, int]]],
    levels: NDArray[np.float32],
    wave: Floats,
    reservoir: float,
    constants: Constants,
) -> list[_Waking]:
    """Fill the levels of a single crew member. Plain numbers: for one, arrays cost more than they save."""
    awake_from, level, capacity, intensity = 0, reservoir, CAPACITY, 0.0
    drive = (wave[0] * -constants.propensity).tolist()
    spent = constants.depletion * np.arange(levels.shape[1] + 1)
    wakings: list[_Waking] = []
    step = _asleep(constants, min, max)
    for start, end in (*sleeps[0], (levels.shape[1], levels.shape[1])):
        level = _drain(levels[0], awake_from, start, level, spent)
        wakings.append(_Waking(0, awake_from, start, intensity))
        settled, course = start + constants.settling_minutes, []
        for minute in range(start, end):
            course.append(level)
            filled, capacity, intensity = step(level, capacity, drive[minute])
            level = filled if minute >= settled else level
        levels[0, start:end] = course
        awake_from = end
    return wakings[1:]


def _many(
    sleeps: Sequence[Sequence[tuple[int, int]]],
    levels: NDArray[np.float32],
    wave: Floats,
    reservoir: float,
    constants: Constants,
) -> list[_Waking]:
    """Fill the levels of many at once: everybody's first sleep minute by minute together, then everybody's second."""
    crew, minutes = levels.shape
    level, capacity = np.full(crew, reservoir), np.full(crew, CAPACITY)
    awake_from, intensity = np.zeros(crew, dtype=np.int64), np.zeros(crew)
    rows, wakings = range(crew), []
    step = _asleep(constants, np.minimum, np.maximum)
    spent = constants.depletion * np.arange(minutes + 1)
    for turn in range(max(map(len, sleeps), default=0) + 1):
        spans = np.array([s[turn] if turn < len(s) else (minutes, minutes) for s in sleeps], dtype=np.int64)
        starts, lengths = spans[:, 0], spans[:, 1] - spans[:, 0]
        for row in rows:
            level[row] = _drain(levels[row], awake_from[row], starts[row], level[row], spent)
            if awake_from[row]:
                wakings.append(_Waking(row, awake_from[row], starts[row], intensity[row]))
        longest = int(lengths.max(initial=0))
        if not longest:
            break
        at = np.minimum(starts + np.arange(longest)[:, None], minutes - 1)
        drive = wave[np.arange(crew) if len(wave) > 1 else 0, at] * -constants.propensity
        course = np.empty((3, longest + 1, crew))  # level, capacity and intensity, after so many minutes of this sleep
        course[:, 0] = level, capacity, intensity
        for minute in range(longest):
            filled, capacity, intensity = step(level, capacity, drive[minute])
            level = filled if minute >= constants.settling_minutes else level
            course[0, minute + 1], course[1, minute + 1], course[2, minute + 1] = level, capacity, intensity
        filled = course[0].T.astype(np.float32)
        for row in rows:  # some have slept on in here; what counts is how they were at the end of their own sleep
            levels[row, starts[row] : spans[row, 1]] = filled[row, : lengths[row]]
        level, capacity, intensity = course[:, lengths, np.arange(crew)]
        awake_from = spans[:, 1]
    return wakings


def _drain(levels: NDArray[np.float32], start: int, end: int, level: float, spent: Floats) -> float:
    """Eq. 1: fill [start, end) awake from `level` on; answers the level at `end`. `spent`: after so many minutes."""
    np.subtract(level, spent[: end - start], out=levels[start:end], casting="same_kind")
    if level < spent[end - start]:
        np.maximum(levels[start:end], 0, out=levels[start:end])
    return max(0.0, float(level - spent[end - start]))


_ROWS_AT_ONCE = 16  # so that what is worked on stays in the processor's cache


def _effectiveness(
    levels: NDArray[np.float32], wave: Floats, wakings: Sequence[_Waking], constants: Constants
) -> NDArray[np.float32]:
    """Eq. 7 and 8, as displayed: E = (100·R/2880 + c(T)·(a1 + a2·(2880-R)/2880) + I) / 0.967."""
    answer = np.empty_like(levels)
    rhythm = wave.astype(np.float32)
    full, tired = constants.rhythm + constants.rhythm_tired, constants.rhythm_tired / CAPACITY
    for first in range(0, len(levels), _ROWS_AT_ONCE):
        rows = slice(first, first + _ROWS_AT_ONCE)
        amplitude = np.float32(full) - levels[rows] * np.float32(tired)
        amplitude *= rhythm[rows] if len(rhythm) > 1 else rhythm
        amplitude += levels[rows] * np.float32(100 / CAPACITY)
        np.multiply(amplitude, np.float32(1 / constants.norm), out=answer[rows])
    for waking in wakings:
        answer[waking.row, waking.start : waking.end][: constants.inertia_minutes + 1] += _inertia(waking, constants)
    return answer


def _inertia(waking: _Waking, constants: Constants) -> Floats:
    """Eq. 5: what is lost in each of the first minutes awake. A sleep that restored nothing leaves none."""
    length = min(constants.inertia_minutes + 1, waking.end - waking.start)
    if waking.intensity <= 0.01:
        return np.zeros(length)
    lost = constants.inertia * np.exp(-constants.inertia_rate / waking.intensity * np.arange(length))
    return np.asarray(-lost / constants.norm, dtype=np.float64)
