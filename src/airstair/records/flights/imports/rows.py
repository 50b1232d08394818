"""One row of a file as one flight, or the reasons why it is none. Pure but for the look-ups it is given."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime

import msgspec
from msgspec import UNSET, UnsetType

from airstair.kernel.errors import Invalid, Problems
from airstair.kernel.utc import parse_utc
from airstair.records import checks
from airstair.records.fleet.snapshots import AircraftFacts
from airstair.records.flights.rules import LONGEST_FLIGHT, FlightType, Status, times_out_of_order
from airstair.records.imports.columns import Cells, nearest, or_nothing
from airstair.records.places.queries import Resolver

YEARS = range(1900, 2200)
MOST_PAX = 900
TIMES = ("off_block", "take_off", "landing", "on_block")
TITLES = {
    "std": "STD",
    "sta": "STA",
    "off_block": "Off-block",
    "take_off": "Take-off",
    "landing": "Landing",
    "on_block": "On-block",
}
_NEEDED = {"registration": "Registration", "adep": "ADEP", "ades": "ADES", "std": "STD", "sta": "STA"}
_NUMBER = re.compile(r"[A-Z0-9-]{1,10}")


class FileFlight(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A flight as one row has it, times as in the file. UNSET: the file has no such column; `None`: an empty cell."""

    row: int
    aircraft_id: int
    registration: str
    number: str
    adep: str  # as the record writes it: ICAO or own code
    ades: str
    std: datetime
    sta: datetime
    status: Status | UnsetType = UNSET
    flight_type: FlightType | UnsetType = UNSET
    ferry: bool | UnsetType = UNSET
    pax_count: int | UnsetType = UNSET
    notes: str | UnsetType = UNSET
    off_block: datetime | UnsetType | None = UNSET
    take_off: datetime | UnsetType | None = UNSET
    landing: datetime | UnsetType | None = UNSET
    on_block: datetime | UnsetType | None = UNSET

    @property
    def title(self) -> str:
        return f"{self.number} {self.adep}–{self.ades} {self.std:%-d %b %Y %H:%M}Z"


class Lookups:
    """The operator's fleet and airports, asked once and remembered. Retired aircraft count: a file may be history."""

    def __init__(self, fleet: Iterable[AircraftFacts], airports: Resolver) -> None:
        self._fleet = {_bare(facts.registration): facts for facts in fleet}
        self._airports = airports
        self._codes: dict[str, str] = {}
        self._refused: dict[str, str] = {}

    def aircraft(self, text: str, field: str) -> AircraftFacts:
        """Raises `Invalid` with the nearest registrations of the fleet."""
        found = self._fleet.get(_bare(text))
        if found is None:
            near = nearest(text[:20], (facts.registration for facts in self._fleet.values()))
            raise Invalid.one(
                field,
                f"“{text[:20]}” is not in the fleet.{or_nothing(near)} Add it under Fleet, or import the fleet first.",
            )
        return found

    def airport(self, text: str, field: str) -> str:
        """The code as the record writes it. Raises `Invalid` with the nearest airports."""
        typed = text.upper()
        if typed not in self._codes and typed not in self._refused:
            try:
                self._codes[typed] = self._airports.resolve(typed, field).code
            except Invalid as wrong:  # looking for the nearest takes long, so it is done once for each code
                self._refused[typed] = wrong.problems[0].sentence
        if typed in self._refused:
            raise Invalid.one(field, self._refused[typed])
        return self._codes[typed]


def _bare(registration: str) -> str:
    return registration.strip().upper().replace("-", "").replace(" ", "")


def read_flight(cells: Cells, row: int, lookups: Lookups) -> FileFlight | None:
    """The flight in the row; `None` when something is wrong with it, which `cells.problems` then says."""
    for field, title in _NEEDED.items():
        cells.needed(field, title)
    aircraft = cells.read("registration", "Registration", lookups.aircraft)
    number = cells.read("number", "Flight number", flight_number)
    if number is None and aircraft is not None and not cells.text("number"):
        number = aircraft.registration.replace("-", "")  # it flies under its registration
    adep = cells.read("adep", "ADEP", lookups.airport)
    ades = cells.read("ades", "ADES", lookups.airport)
    std = cells.read("std", "STD", moment)
    sta = cells.read("sta", "STA", moment)
    if std and sta:
        cells.problems.extend(_wrong_schedule(std, sta))
    more = {name: value for name, value in _more(cells).items() if cells.has(name) or name == "status"}
    if cells.problems or aircraft is None or number is None or adep is None or ades is None or not (std and sta):
        return None
    return FileFlight(
        row=row,
        aircraft_id=aircraft.id,
        registration=aircraft.registration,
        number=number,
        adep=adep,
        ades=ades,
        std=std,
        sta=sta,
        **more,  # type: ignore[arg-type]
    )


def std_of(cells: Cells) -> datetime | None:
    """The scheduled off-block time of a row that may be wrong in other ways; `None` when it cannot be read."""
    try:
        return moment(cells.text("std"), "STD")
    except Invalid:
        return None


def _more(cells: Cells) -> dict[str, object]:
    times = {field: cells.read(field, TITLES[field], moment) for field in TIMES}
    if pair := times_out_of_order(times):
        cells.problems.append(f"{pair[1]} is before {pair[0]}. Correct the actual times.")
    ferry = cells.yes("ferry", "Ferry") or False
    pax_count = cells.whole("pax_count", "Passengers", MOST_PAX) or 0
    if ferry and pax_count:
        cells.problems.append("A ferry flight carries no passengers. Correct one of the two.")
    return {
        **times,
        "status": _status(cells),
        "flight_type": cells.read("flight_type", "Flight type", _flight_type) or FlightType.COMMERCIAL,
        "ferry": ferry,
        "pax_count": pax_count,
        "notes": cells.read("notes", "Notes", _notes) or "",
    }


def _status(cells: Cells) -> Status | UnsetType:
    cancelled = cells.yes("cancelled", "Cancelled")
    status = cells.read("status", "Status", _status_word)
    if cancelled:
        return Status.CANCELLED
    return (status or Status.CONFIRMED) if cells.has("cancelled") or cells.has("status") else UNSET


def _status_word(text: str, field: str) -> Status:
    try:
        return Status(text.upper())
    except ValueError:
        raise Invalid.one(field, f"“{text[:40]}” is no status. Use {', '.join(s.value for s in Status)}.") from None


def _flight_type(text: str, field: str) -> FlightType:
    try:
        return FlightType(text.upper())
    except ValueError:
        words = ", ".join(kind.value for kind in FlightType)
        raise Invalid.one(field, f"“{text[:40]}” is no flight type. Use {words}.") from None


def _notes(text: str, field: str) -> str:
    problems = Problems()
    tidy = checks.text(problems, field, text, longest=checks.LONGEST_NOTE)
    problems.refuse()
    return tidy


def flight_number(text: str, field: str) -> str:
    """The number in capitals without blanks. Raises `Invalid`."""
    written = text.upper().replace(" ", "")
    if not _NUMBER.fullmatch(written):
        raise Invalid.one(field, f"“{text[:40]}” is not a flight number. Use up to ten letters and digits.")
    return written


def moment(text: str, field: str) -> datetime:
    """A time in UTC, cut to the minute that schedules are kept in. Raises `Invalid`."""
    when = parse_utc(text[:60], field)
    if when.year not in YEARS:
        raise Invalid.one(field, f"The year {when.year} is out of range. Use {YEARS.start} to {YEARS.stop - 1}.")
    return when.replace(second=0, microsecond=0)


def _wrong_schedule(std: datetime, sta: datetime) -> list[str]:
    if sta <= std:
        return [f"STA ({sta:%Y-%m-%dT%H:%MZ}) is not after STD ({std:%Y-%m-%dT%H:%MZ}). Correct one of the two."]
    if sta - std > LONGEST_FLIGHT:
        return ["STA is more than 24 hours after STD. Correct one of the two, or split the flight."]
    return []
