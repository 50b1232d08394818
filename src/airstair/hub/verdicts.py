"""How the conditions of a go-live list stand: the words in which a go-live check answers."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

import msgspec

_MOST_SHOWN = 10


class Verdict(StrEnum):
    """How one condition stands."""

    PASS = "pass"  # noqa: S105 - not a password
    FAIL = "fail"
    PERSON = "for a person to confirm"


class GoLiveItem(msgspec.Struct, frozen=True, kw_only=True):
    """One condition of the list: how it stands, and what shows it."""

    number: int  # its place in the list
    title: str
    verdict: Verdict
    evidence: tuple[str, ...]


Judgement = tuple[Verdict, tuple[str, ...]]  # how a condition stands, and the sentences that show it


def judged(wrong: Iterable[str], well: str) -> Judgement:
    """Failed with what is wrong, at most ten of it, else passed with what shows it."""
    found = list(wrong)
    return (Verdict.FAIL, first_of(found)) if found else (Verdict.PASS, (well,))


def first_of(sentences: list[str]) -> tuple[str, ...]:
    """The first ten, and how many more there are."""
    more = len(sentences) - _MOST_SHOWN
    return (*sentences[:_MOST_SHOWN], *([f"… and {more} more."] if more > 0 else []))
