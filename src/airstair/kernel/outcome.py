"""How a call to a partner ended: one vocabulary for all partners, always with counts.

An outcome is never `None`, never a bare boolean. Each kind says who can act on it.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import msgspec


class WhoActs(StrEnum):
    """Who can mend it."""

    NOBODY = "nobody"  # it will pass, or there is nothing to mend
    OPS = "ops"
    ADMIN = "admin"
    DEVELOPERS = "developers"


class OutcomeKind(StrEnum):
    """The ways in which a call can end."""

    ACCEPTED = "accepted"
    ACCEPTED_WITH_ERRORS = "accepted_with_errors"
    UNCHANGED = "unchanged"
    REFUSED = "refused"
    UNMATCHED = "unmatched"
    UNAUTHORISED = "unauthorised"
    MISCONFIGURED = "misconfigured"
    THROTTLED = "throttled"
    UNAVAILABLE = "unavailable"
    UNKNOWN = "unknown"
    UNREADABLE = "unreadable"

    @property
    def delivered(self) -> bool:
        """Whether the partner now holds what we sent."""
        return self in _DELIVERED

    @property
    def who_acts(self) -> WhoActs:
        return _WHO_ACTS[self]

    @property
    def label(self) -> str:
        """As shown on pages: `accepted with errors`."""
        return self.value.replace("_", " ")


_DELIVERED = frozenset({OutcomeKind.ACCEPTED, OutcomeKind.ACCEPTED_WITH_ERRORS, OutcomeKind.UNCHANGED})
_WHO_ACTS = {
    OutcomeKind.ACCEPTED: WhoActs.NOBODY,
    OutcomeKind.ACCEPTED_WITH_ERRORS: WhoActs.OPS,
    OutcomeKind.UNCHANGED: WhoActs.NOBODY,
    OutcomeKind.REFUSED: WhoActs.OPS,
    OutcomeKind.UNMATCHED: WhoActs.OPS,
    OutcomeKind.UNAUTHORISED: WhoActs.ADMIN,
    OutcomeKind.MISCONFIGURED: WhoActs.ADMIN,
    OutcomeKind.THROTTLED: WhoActs.NOBODY,
    OutcomeKind.UNAVAILABLE: WhoActs.NOBODY,
    OutcomeKind.UNKNOWN: WhoActs.OPS,
    OutcomeKind.UNREADABLE: WhoActs.DEVELOPERS,
}


class PartnerMessage(msgspec.Struct, frozen=True, kw_only=True):
    """One thing the partner said, in its own words, tied to what it is about where that is known."""

    level: str  # "error", "warning" or "info"
    text: str
    code: str = ""
    path: str = ""  # where in the sent document, in the partner's notation
    about: str = ""  # our own name of the thing: an activity id, a unit
    field: str = ""  # the field of that thing, as the partner calls it


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """How one call ended. `sent` counts the parts (activities, flights) that the document held."""

    kind: OutcomeKind
    sent: int = 0
    messages: tuple[PartnerMessage, ...] = ()
    http_status: int | None = None
    retry_after: datetime | None = None
    remote_id: str = ""

    @property
    def sentence(self) -> str:
        """What is shown first: the partner's first words, else the kind."""
        return self.messages[0].text if self.messages else self.kind.label.capitalize() + "."

    @classmethod
    def failed(cls, kind: OutcomeKind, sentence: str, *, sent: int = 0) -> Outcome:
        """An outcome in our own words, where the partner said nothing."""
        return cls(kind=kind, sent=sent, messages=(PartnerMessage(level="error", text=sentence),))
