"""How figures are put: a median with the range it came from, and a goal with whether it is met."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import msgspec


class Spread(msgspec.Struct, frozen=True):
    """The median of several runs, and the lowest and highest of them."""

    median: float
    lowest: float
    highest: float
    runs: int

    def __str__(self) -> str:
        return f"{self.median:,.4g} ({self.lowest:,.4g} to {self.highest:,.4g})"


def spread(values: Sequence[float]) -> Spread:
    ordered = sorted(values)
    median, lowest, highest = (round(value, 6) for value in (percentile(ordered, 50), ordered[0], ordered[-1]))
    return Spread(median, lowest, highest, runs=len(ordered))


def percentile(ordered: Sequence[float], percent: float) -> float:
    """By linear interpolation between the two nearest ranks. `ordered` ascends and is not empty."""
    at = (len(ordered) - 1) * percent / 100
    low, high = math.floor(at), math.ceil(at)
    return ordered[low] + (ordered[high] - ordered[low]) * (at - low)


class Goal(msgspec.Struct, frozen=True):
    """What was aimed at, and what came out. `limit` is the least or the most that meets it."""

    what: str
    value: float
    limit: float
    at_least: bool

    @property
    def met(self) -> bool:
        return self.value >= self.limit if self.at_least else self.value <= self.limit

    def __str__(self) -> str:
        word = "at least" if self.at_least else "at most"
        return f"{self.what}: {self.value:.3g} (goal: {word} {self.limit:g}; {'met' if self.met else 'NOT met'})"


class Part(msgspec.Struct, frozen=True):
    """What one part found: lines to print, figures to keep, goals."""

    lines: list[str]
    figures: dict[str, Any]
    goals: list[Goal] = []
