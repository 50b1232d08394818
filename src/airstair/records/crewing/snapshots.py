"""Frozen pictures of what crew members do. No database behind them."""

from __future__ import annotations

from datetime import date, datetime

import msgspec

from airstair.records.crewing.rules import DutyKind, PublishedBy
from airstair.records.flights.rules import Status
from airstair.records.people.snapshots import CrewMemberFacts


class DutyFacts(msgspec.Struct, frozen=True, kw_only=True):
    """One duty. Field meanings as in the table."""

    id: int
    operator_id: int
    crew_member_id: int
    kind: DutyKind
    start: datetime
    end: datetime
    start_airport: str = ""
    end_airport: str = ""
    title: str = ""
    notes: str = ""
    deleted: bool = False

    @property
    def key(self) -> str:
        return f"duty:{self.id}"


class CrewFlight(msgspec.Struct, frozen=True, kw_only=True):
    """A flight as one of its crew sees it. `start` and `end` are block times: actual ones once they are known."""

    id: int
    code: str  # the crew member's
    position: str
    aircraft_id: int
    registration: str
    number: str
    start_airport: str
    end_airport: str
    start: datetime
    end: datetime
    scheduled_start: datetime
    scheduled_end: datetime
    status: Status
    regulation: str = ""

    @property
    def key(self) -> str:
        return f"flight:{self.id}"


class RosterFacts(msgspec.Struct, frozen=True, kw_only=True):
    """How far the roster is published; `None` while it never was."""

    effective_date: date | None = None
    published_by: PublishedBy = PublishedBy.DAY
    publisher: str = ""
    published_at: datetime | None = None

    def covers(self, when: datetime | date) -> bool:
        """Whether that day (UTC) is published."""
        day = when.date() if isinstance(when, datetime) else when
        return self.effective_date is not None and day <= self.effective_date


class CrewLine(msgspec.Struct, frozen=True, kw_only=True):
    """One crew member with what they do in a period, each in order of start."""

    member: CrewMemberFacts
    flights: tuple[CrewFlight, ...] = ()
    duties: tuple[DutyFacts, ...] = ()


class CrewPeriod(msgspec.Struct, frozen=True, kw_only=True):
    """What one crew member does from `start` to `end`, and for as long before as the reader was told.

    `zones`: the time zone of each airport where something ends; `home_zone` is that of their home base, else of
    the operator's.
    """

    line: CrewLine
    start: datetime
    end: datetime
    zones: dict[str, str]
    home_zone: str


class CrewBoard(msgspec.Struct, frozen=True, kw_only=True):
    """What crew members do from `start` to `end`, by code."""

    start: datetime
    end: datetime
    lines: tuple[CrewLine, ...]
    roster: RosterFacts
