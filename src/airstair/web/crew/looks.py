"""How endorsements look: a word and a symbol that say the same without colour, and what is left of them. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from airstair.records.endorsements.rules import Standing
from airstair.records.endorsements.snapshots import EndorsementFacts
from airstair.web.addons.looks import Look

LOOKS = {
    Standing.EXPIRED: Look("Expired", "×", "bad"),
    Standing.EXPIRING: Look("Expiring", "!", "warn"),
    Standing.VALID: Look("Valid", "✓", "ok"),
    Standing.UNLIMITED: Look("No end", "∞", "quiet"),
}
WORST_FIRST = tuple(Standing)


@dataclass(frozen=True)
class Shown:
    """An endorsement as a page shows it on a day."""

    one: EndorsementFacts
    standing: Standing
    look: Look
    left: str  # “12 days”, “today”, “expired 3 days ago”; empty without end

    @property
    def mark(self) -> str:
        """Two letters of the partner that it comes from."""
        return self.one.partner_name[:2].upper()


def shown(one: EndorsementFacts, today: date) -> Shown:
    found = one.standing(today)
    return Shown(one, found, LOOKS[found], remaining(one.remaining(today)))


def remaining(days: int | None) -> str:
    """Days left, as people say it."""
    if days is None:
        return ""
    if days == 0:
        return "last day today"
    count = abs(days)
    words = f"{count} day{'' if count == 1 else 's'}"
    return f"{words} left" if days > 0 else f"{words} ago"


def latest(found: Iterable[EndorsementFacts]) -> list[EndorsementFacts]:
    """Of each kind the one that lasts longest: what was renewed does not count any more."""
    best: dict[int, EndorsementFacts] = {}
    for one in found:
        other = best.get(one.definition.id)
        if other is None or (other.expires is not None and (one.expires is None or one.expires > other.expires)):
            best[one.definition.id] = one
    return list(best.values())


def counts(found: Iterable[EndorsementFacts], today: date) -> list[tuple[Look, int]]:
    """How many have expired and are about to: what somebody has to look after."""
    standings = [one.standing(today) for one in latest(found)]
    return [
        (LOOKS[kind], number) for kind in (Standing.EXPIRED, Standing.EXPIRING) if (number := standings.count(kind))
    ]
