"""Which empty legs the imitated marketplace has on offer, in which order, and which it withholds, with the reason.

Avinode: Schedule upload, "Empty leg marketing times" and "Marketing verified" (documented).
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta

import msgspec

from airstair.addons.avinode.sandbox.airports import passes_near
from airstair.addons.avinode.sandbox.availability import equivalent_of
from airstair.addons.avinode.sandbox.model import EMPTY_LEG, FULLY_ACTIVE, Activity, Aircraft, Company

LONGEST_WINDOW = timedelta(days=5)  # documented
# Assumed: windows of the same route that follow each other this closely count as consecutive.
CONSECUTIVE_WITHIN = timedelta(days=1)
# Assumed: how far from a leg's line a wanted airport may be; that the search is fuzzy is documented.
NEAR_NM = 100.0


class Offer(msgspec.Struct, frozen=True):
    """An empty leg as the marketplace sees it; `withheld` says why it is not shown, None when it is."""

    id: str
    tail: str
    company: str
    activity: Activity
    start: datetime
    end: datetime
    withheld: str | None = None

    @property
    def verified(self) -> bool:
        return self.activity.marketing_verified is True


def offers(aircraft: Iterable[Aircraft], companies: dict[str, Company], now: datetime) -> list[Offer]:
    """All empty legs, best first: those on offer (verified ones before others, then by window), then the withheld."""
    found: list[Offer] = []
    for plane in aircraft:
        mapping = companies[plane.company].mapping
        legs = [
            _offer(plane, activity)
            for activity in plane.activities
            if equivalent_of(mapping, activity.activity_type) == EMPTY_LEG
        ]
        if plane.status != FULLY_ACTIVE:
            found += [_withhold(leg, f"The aircraft is {plane.status}, not {FULLY_ACTIVE}.") for leg in legs]
        else:
            found += _sift(legs, now)
    return sorted(found, key=lambda leg: (leg.withheld is not None, *_rank(leg)))


def _rank(leg: Offer) -> tuple[bool, datetime, str, str]:
    """Documented: verified empty legs are treated with a higher priority. Then the earlier one (assumed)."""
    return (not leg.verified, leg.start, leg.tail, leg.activity.activity_id)


def _offer(plane: Aircraft, activity: Activity) -> Offer:
    number = zlib.crc32(f"{plane.tail}/{activity.activity_id}/{activity.start.isoformat()}".encode())
    # Assumed: without a marketing window the activity's own times are the window.
    start, end = activity.marketing_start or activity.start, activity.marketing_end or activity.end
    return Offer(f"el-{number}", plane.tail, plane.company, activity, start, end)


def _withhold(leg: Offer, reason: str) -> Offer:
    return msgspec.structs.replace(leg, withheld=reason)


def _sift(legs: list[Offer], now: datetime) -> list[Offer]:
    """The legs of one aircraft, each with its reason to be withheld, if there is one."""
    decided: list[Offer] = []
    candidates: list[Offer] = []
    for leg in legs:
        if leg.end - leg.start > LONGEST_WINDOW:
            decided.append(_withhold(leg, "The marketing window is longer than five days."))
        elif leg.end < leg.start:
            decided.append(_withhold(leg, "The marketing window ends before it starts."))
        elif leg.end <= now or leg.activity.end <= now:
            decided.append(_withhold(leg, "It is over."))
        else:
            candidates.append(leg)
    candidates, evading = _without_evasion(candidates)
    shown: list[Offer] = []
    for leg in sorted(candidates, key=_rank):
        rival = next((other for other in shown if leg.start < other.end and other.start < leg.end), None)
        if rival is None:
            shown.append(leg)
        else:
            # Documented: of two with overlapping windows only one is available. Assumed: it is the better ranked.
            decided.append(_withhold(leg, f"Its window overlaps that of {rival.activity.activity_id or rival.id}."))
    return shown + evading + decided


def _without_evasion(legs: list[Offer]) -> tuple[list[Offer], list[Offer]]:
    """Documented: consecutive empty legs from and to the same airports to circumvent the limit are not allowed.

    The first five days of such a chain are kept, the rest is withheld (assumed). Overlaps are another rule's.
    """
    kept: list[Offer] = []
    evading: list[Offer] = []
    by_route: dict[tuple[str | None, str | None], list[Offer]] = {}
    for leg in sorted(legs, key=lambda leg: leg.start):
        chain = by_route.setdefault((leg.activity.start_airport, leg.activity.end_airport), [])
        if chain and leg.start - max(other.end for other in chain) > CONSECUTIVE_WITHIN:
            chain.clear()
        chain.append(leg)
        follows = len(chain) > 1 and leg.start >= chain[-2].end
        if follows and leg.end - chain[0].start > LONGEST_WINDOW:
            evading.append(_withhold(leg, "It continues an earlier empty leg of the same route beyond five days."))
        else:
            kept.append(leg)
    return kept, evading


class Search(msgspec.Struct, frozen=True):
    """A broker's search for empty legs."""

    day: date
    flexible_days: int = 0
    start_airport: str | None = None
    end_airport: str | None = None


def matching(shown: list[Offer], search: Search) -> list[Offer]:
    """The offers a search finds, in the order of `shown`."""
    midnight = datetime.combine(search.day, time(), UTC)
    flexible = timedelta(days=search.flexible_days)
    begin, end = midnight - flexible, midnight + flexible + timedelta(days=1)
    return [
        leg
        for leg in shown
        if leg.withheld is None and leg.start < end and leg.end > begin and _fits_route(leg.activity, search)
    ]


def _fits_route(activity: Activity, search: Search) -> bool:
    """Documented: a leg whose line passes near the wanted start or end also matches."""
    return all(
        wanted is None or passes_near(activity.start_airport, activity.end_airport, wanted, NEAR_NM)
        for wanted in (search.start_airport, search.end_airport)
    )
