"""How the conditions of a partner's own list stand: the words in which a go-live check answers."""

from __future__ import annotations

from enum import StrEnum

import msgspec


class Verdict(StrEnum):
    """How one condition stands."""

    PASS = "pass"  # noqa: S105 - not a password
    FAIL = "fail"
    PERSON = "for a person to confirm"


class GoLiveItem(msgspec.Struct, frozen=True, kw_only=True):
    """One condition of the partner's list: how it stands, and what shows it."""

    number: int  # its place in the partner's list
    title: str
    verdict: Verdict
    evidence: tuple[str, ...]
