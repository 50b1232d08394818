"""Frozen pictures of endorsements, as pages and planners see them."""

from __future__ import annotations

from datetime import date

import msgspec

from airstair.records.endorsements.rules import Standing, WhenExpiring, remaining_days, standing


class DefinitionFacts(msgspec.Struct, frozen=True, kw_only=True):
    """A kind of endorsement. `partner`: the add-on that it comes from; empty where it is the operator's own."""

    id: int
    operator_id: int
    name: str
    airport: str = ""
    place: int = 0
    when_expiring: WhenExpiring = WhenExpiring.WARN
    warn_days: int = 60
    partner: str = ""
    partner_name: str = ""
    remote_id: str = ""


class EndorsementFacts(msgspec.Struct, frozen=True, kw_only=True):
    """One endorsement of one crew member. Imported ones (`partner`) are read-only here."""

    id: int
    operator_id: int
    crew_member_id: int
    definition: DefinitionFacts
    number: str = ""
    issued: date | None = None
    expires: date | None = None
    notes: str = ""
    document_name: str = ""
    partner: str = ""
    partner_name: str = ""
    remote_id: str = ""

    def remaining(self, today: date) -> int | None:
        """Days left after today; `None`: without end."""
        return remaining_days(self.expires, today)

    def standing(self, today: date) -> Standing:
        return standing(
            self.expires, today, when_expiring=self.definition.when_expiring, warn_days=self.definition.warn_days
        )


class UnmatchedPerson(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody at a partner whose email is no active crew member's."""

    partner: str
    partner_name: str
    name: str
    email: str


class ScanFacts(msgspec.Struct, frozen=True, kw_only=True):
    """The document of an endorsement."""

    name: str
    media_type: str
    content: bytes
