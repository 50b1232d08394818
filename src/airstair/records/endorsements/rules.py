"""How long endorsements are still good for, and what follows. Pure."""

from __future__ import annotations

from datetime import date
from enum import StrEnum


class WhenExpiring(StrEnum):
    """What is done about an endorsement whose end is near."""

    NOTHING = "nothing"
    WARN = "warn"  # shown in colour from the given number of days before
    GROUND = "ground"  # as `warn`; and whoever lets it expire must not be planned for flights

    @property
    def label(self) -> str:
        return _LABELS[self]


_LABELS = {
    WhenExpiring.NOTHING: "Nothing",
    WhenExpiring.WARN: "Warn",
    WhenExpiring.GROUND: "Warn, and not to be planned once expired",
}


class Standing(StrEnum):
    """How an endorsement stands on a day, the worst first."""

    EXPIRED = "expired"
    EXPIRING = "expiring"
    VALID = "valid"
    UNLIMITED = "unlimited"


def remaining_days(expires: date | None, today: date) -> int | None:
    """Days after today on which it is still good: 0 on the last one, negative afterwards. `None`: without end."""
    return None if expires is None else (expires - today).days


def standing(expires: date | None, today: date, *, when_expiring: WhenExpiring, warn_days: int) -> Standing:
    """How it stands. One that nothing is to be done about is never “expiring”, but expired it can be."""
    left = remaining_days(expires, today)
    if left is None:
        return Standing.UNLIMITED
    if left < 0:
        return Standing.EXPIRED
    if when_expiring is not WhenExpiring.NOTHING and left <= warn_days:
        return Standing.EXPIRING
    return Standing.VALID
