"""What is known of a partner, said in sentences, with where each was learned and how sure it is."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Certainty(StrEnum):
    """How sure a fact about a partner is."""

    DOCUMENTED = "documented"  # the partner's own documentation says so
    OBSERVED = "observed"  # others who integrate with it have seen it
    ASSUMED = "assumed"  # our choice until a real account tells better


@dataclass(frozen=True, slots=True)
class Fact:
    """One fact about a partner. The add-on's page shows the share of each certainty."""

    says: str
    certainty: Certainty
    source: str


def documented(source: str, *says: str) -> tuple[Fact, ...]:
    """What a document of the partner's says."""
    return tuple(Fact(one, Certainty.DOCUMENTED, source) for one in says)


def observed(source: str, *says: str) -> tuple[Fact, ...]:
    """What others who integrate with the partner have seen."""
    return tuple(Fact(one, Certainty.OBSERVED, source) for one in says)


def assumed(source: str, *says: str) -> tuple[Fact, ...]:
    """What we chose, and why it is no more than that."""
    return tuple(Fact(one, Certainty.ASSUMED, source) for one in says)
