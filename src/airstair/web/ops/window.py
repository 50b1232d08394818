"""What part of the schedule a person looks at: days, aircraft, and filters, as the address has them.

An address can be typed, kept or mangled; so whatever does not fit falls back to the usual, and is named in `remarks`.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from urllib.parse import urlencode

from django.http import QueryDict

from airstair.kernel.errors import Invalid
from airstair.kernel.utc import parse_day
from airstair.records.flights.rules import Status

SPANS = (1, 2, 3, 7, 14, 31)
USUAL_SPAN = 3
VIEWS = ("timeline", "table")
YEARS = (1950, 2150)
LONGEST_TEXT = 60


@dataclass(frozen=True)
class Window:
    """The chosen days and filters. `start` and `end` are UTC midnights."""

    view: str
    first: date
    days: int
    aircraft_id: int | None = None
    status: Status | None = None
    text: str = ""
    airport: str = ""
    remarks: tuple[str, ...] = field(default=(), compare=False)

    @property
    def start(self) -> datetime:
        return datetime(self.first.year, self.first.month, self.first.day, tzinfo=UTC)

    @property
    def end(self) -> datetime:
        return self.start + timedelta(days=self.days)

    @property
    def last(self) -> date:
        return self.first + timedelta(days=self.days - 1)

    @property
    def all_days(self) -> list[date]:
        return [self.first + timedelta(days=n) for n in range(self.days)]

    @property
    def filtered(self) -> bool:
        return bool(self.aircraft_id or self.status or self.text or self.airport)

    @property
    def earlier(self) -> Window:
        return replace(self, first=self.first - timedelta(days=self.days))

    @property
    def later(self) -> Window:
        return replace(self, first=self.first + timedelta(days=self.days))

    def today(self, now: datetime) -> Window:
        return replace(self, first=now.date())

    def spanning(self, days: int) -> Window:
        return replace(self, days=days)

    def seen_as(self, view: str) -> Window:
        return replace(self, view=view)

    @property
    def unfiltered(self) -> Window:
        return replace(self, aircraft_id=None, status=None, text="", airport="")

    @property
    def query(self) -> str:
        """The address' part after `?`."""
        chosen: dict[str, object] = {"view": self.view, "from": self.first.isoformat(), "days": self.days}
        if self.aircraft_id:
            chosen["aircraft"] = self.aircraft_id
        if self.status:
            chosen["status"] = self.status.value
        if self.text:
            chosen["q"] = self.text
        if self.airport:
            chosen["airport"] = self.airport
        return urlencode(chosen)


def read_window(query: QueryDict, now: datetime) -> Window:
    """The window that an address asks for. Never raises."""
    remarks: list[str] = []
    days = query.get("days", "")
    if days and days not in {str(span) for span in SPANS}:
        remarks.append(f"“{days[:20]}” days cannot be shown. Choose {', '.join(map(str, SPANS))}.")
        days = ""
    status = query.get("status", "")
    if status and status not in set(Status):
        remarks.append(f"“{status[:20]}” is not a status. Choose one from the list.")
        status = ""
    aircraft = query.get("aircraft", "")
    if aircraft and not (aircraft.isascii() and aircraft.isdigit() and len(aircraft) < 19):
        remarks.append("The aircraft in the address is not one of the fleet. Choose one from the list.")
        aircraft = ""
    view = query.get("view", "")
    return Window(
        view=view if view in VIEWS else VIEWS[0],
        first=_first_day(query.get("from", ""), now, remarks),
        days=int(days) if days else USUAL_SPAN,
        aircraft_id=int(aircraft) if aircraft else None,
        status=Status(status) if status else None,
        text=query.get("q", "").strip()[:LONGEST_TEXT],
        airport=query.get("airport", "").strip().upper()[:4],
        remarks=tuple(remarks),
    )


def _first_day(text: str, now: datetime, remarks: list[str]) -> date:
    if not text:
        return now.date()
    try:
        first = parse_day(text[:40], "from")
    except Invalid as refusal:
        remarks.append(refusal.problems[0].sentence)
        return now.date()
    if not YEARS[0] <= first.year <= YEARS[1]:
        remarks.append(f"Year {first.year} is out of range. Use a year from {YEARS[0]} to {YEARS[1]}.")
        return now.date()
    return first
