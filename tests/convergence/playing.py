"""Plays a sequence from beginning to end and says what went wrong, with the shortest part of it that still does."""

from __future__ import annotations

import asyncio
import random
import traceback
from collections.abc import Sequence
from dataclasses import dataclass, field
from unittest import mock

from airstair.hub.engine import readings

from . import conditions, dealing, fleet, many, people
from .steps import DOING, Step, sequence, shortest
from .tally import Tally
from .verdict import judge
from .world import world

assert people and many and fleet and conditions and dealing  # imported for the steps that they make known

LENGTH = 30
_AGAIN = 3  # times that a shorter sequence is played before it counts as one that does not fail


@dataclass
class Played:
    """What came of one sequence. `wrong` is empty when everything held."""

    wrong: list[str] = field(default_factory=list)
    story: list[str] = field(default_factory=list)
    tally: Tally = field(default_factory=Tally)


def play(steps: Sequence[Step]) -> Played:
    """Play the steps in a fresh world, stop the faults, and judge."""
    played = Played()
    asyncio.run(_play(steps, played))
    return played


async def _play(steps: Sequence[Step], played: Played) -> None:
    try:
        # Small, so that every import is one that readings leave out.
        portions = mock.patch.multiple(readings, _READ_ALONG=4, _PORTION=7, _TOLD=3)
        with portions:
            async with world() as made:
                played.tally = made.tally
                await made.begin()
                for one in steps:
                    said = await DOING[one.name](made, random.Random(one.salt))
                    if said:
                        made.tally.steps += 1
                        played.story.append(f"{one}: {said}")
                    await made.follower.read()
                played.wrong = await judge(made)
                made.tally.sequences = 1
                made.count()
    except Exception as fault:  # noqa: BLE001 - whatever stopped the sequence is its finding
        played.wrong.append(f"It broke off: {''.join(traceback.format_exception(fault)[-12:])}")


def examine(seed: int, *, length: int = LENGTH, patience: float = 60.0) -> Tally:
    """Play the sequence of a seed. Raises AssertionError with the shortest failing sequence found in `patience` s."""
    steps = sequence(seed, length)
    played = play(steps)
    if not played.wrong:
        return played.tally
    found = played

    def fails(some: Sequence[Step]) -> bool:
        nonlocal found
        for _ in range(_AGAIN):
            again = play(some)
            if again.wrong:
                found = again
                return True
        return False

    least = shortest(steps, fails, seconds=patience)
    raise AssertionError(report(seed, length, least, found))


def report(seed: int, length: int, steps: Sequence[Step], played: Played) -> str:
    """What a person needs to find the fault."""
    told = "\n".join(f"  {line}" for line in played.story)
    wrong = "\n".join(f"  {line}" for line in played.wrong[:12])
    return (
        f"Seed {seed}, {length} steps. The shortest sequence found has {len(steps)} steps:\n{told}\n"
        f"What was wrong after it:\n{wrong}\n"
        f"Play it again: airstair converge --steps '{' '.join(map(str, steps))}'"
    )
