"""Sequences of steps from a seed, and the shortest part of a sequence that still fails.

Not hypothesis's state machines: their rules are synchronous and they take each example to be deterministic, while here
workers, writers and partners run beside each other and two runs of one sequence differ in their timing. A failure
would be called flaky instead of being made shorter. So a step is only a name and a number of its own, from which it
draws what it needs out of what is there when its turn comes: any step may be left out and the rest still means
something, and a shorter sequence is tried several times before it is given up.
"""

from __future__ import annotations

import random
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .world import World

Doing = Callable[["World", random.Random], Awaitable[str]]

WEIGHTS: dict[str, int] = {}
DOING: dict[str, Doing] = {}


def step(weight: int) -> Callable[[Doing], Doing]:
    """Makes a function a step, drawn that often. It answers in words what it did; nothing when it could not."""

    def known(doing: Doing) -> Doing:
        WEIGHTS[doing.__name__] = weight
        DOING[doing.__name__] = doing
        return doing

    return known


@dataclass(frozen=True)
class Step:
    """One step: what, and the number that its choices are drawn by."""

    name: str
    salt: int

    def __str__(self) -> str:
        return f"{self.name}#{self.salt}"

    @classmethod
    def read(cls, text: str) -> Step:
        name, _, salt = text.partition("#")
        return cls(name, int(salt))


def sequence(seed: int, length: int) -> list[Step]:
    """The steps of a seed."""
    chance = random.Random(seed)
    names = sorted(WEIGHTS)
    drawn = chance.choices(names, [WEIGHTS[name] for name in names], k=length)
    return [Step(name, chance.randrange(1_000_000)) for name in drawn]


def shortest(steps: Sequence[Step], fails: Callable[[Sequence[Step]], bool], *, seconds: float) -> list[Step]:
    """The shortest failing part found in the time: ever smaller pieces are left out while it fails without them."""
    until = time.monotonic() + seconds
    left = list(steps)
    size = max(1, len(left) // 2)
    while left and time.monotonic() < until:
        at, smaller = 0, False
        while at < len(left) and time.monotonic() < until:
            without = left[:at] + left[at + size :]
            if fails(without):
                left, smaller = without, True
            else:
                at += size
        if size == 1 and not smaller:
            break
        size = size if smaller and size == 1 else max(1, size // 2)
    return left
