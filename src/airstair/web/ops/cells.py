"""The cells of flight watch: what each shows, who said it, and what a text typed into one means. Pure.

A clock is typed without its day: it is the moment nearest to the flight's schedule.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from airstair.kernel.errors import Invalid
from airstair.records.flights.books import Delay, expected_arrival
from airstair.records.flights.facts import FlightFacts
from airstair.records.flights.rules import TIME_NAMES, TIMES_IN_ORDER, Book

_CLOCK = re.compile(r"([0-9]{1,2}):?([0-9]{2})\s*[Zz]?")
_DURATION = re.compile(r"([0-9]{1,2})[:h]?([0-9]{2})")
_DELAY = re.compile(r"([0-9A-Za-z]{2,3})/([0-9]{1,2}):?([0-9]{2})")
_MOST_TYPED = 60
# Each column: field, heading, and the scheduled time that a typed clock is near to; or how else it is read.
COLUMNS = (
    ("etd", "ETD", "std"),
    ("ctot", "CTOT", "std"),
    ("off_block", "BLOFF", "std"),
    ("take_off", "T/O", "std"),
    ("eet_minutes", "EET", "duration"),
    ("eta", "ETA", "sta"),
    ("landing", "LDG", "sta"),
    ("on_block", "BLON", "sta"),
    ("pax", "PAX", "whole"),
    ("delays", "Delay", "delays"),
)


@dataclass(frozen=True)
class Cell:
    """One value of flight watch. `said` is the sentence on hover and focus; `hint` is shown while it is empty."""

    field: str
    heading: str
    text: str = ""
    said: str = ""
    hint: str = ""
    bad: str = ""  # why what was typed is not kept
    wide: bool = False


@dataclass(frozen=True)
class Row:
    """One flight in flight watch."""

    flight: FlightFacts
    cells: tuple[Cell, ...]
    state: str
    tone: str

    @property
    def refused(self) -> list[str]:
        return [f"{cell.heading}: {cell.bad}" for cell in self.cells if cell.bad]


def row_of(flight: FlightFacts, typed: dict[str, str] | None = None, refused: dict[str, str] | None = None) -> Row:
    """The row; what was refused stands in its cell as it was typed."""
    cells = []
    for field, heading, _ in COLUMNS:
        cell = _cell(flight, field, heading)
        if refused and field in refused:
            cell = Cell(field=field, heading=heading, text=(typed or {}).get(field, ""), bad=refused[field])
        cells.append(cell)
    return Row(flight, tuple(cells), *state_of(flight))


def state_of(flight: FlightFacts) -> tuple[str, str]:
    """How far the flight is, in a word and the tone of its badge."""
    known = {name for name in TIMES_IN_ORDER for book in flight.times.values() if getattr(book, name)}
    for name, word, tone in (
        ("on_block", "On blocks", "ok"),
        ("landing", "Landed", "ok"),
        ("take_off", "Airborne", "info"),
        ("off_block", "Off blocks", "info"),
    ):
        if name in known:
            return word, tone
    if flight.watch.etd is not None or flight.watch.delays:
        return "Delayed", "warn"
    return ("Slot", "warn") if flight.watch.ctot is not None else ("Scheduled", "quiet")


def _cell(flight: FlightFacts, field: str, heading: str) -> Cell:
    watch, log = flight.times.get(Book.FLIGHT_WATCH.value), flight.times.get(Book.JOURNEY_LOG.value)
    if field in TIME_NAMES:
        value = getattr(watch, field) if watch else None
        source = (watch.sources.get(field) or watch.source) if watch else ""
        logged = getattr(log, field) if log else None
        by = (log.sources.get(field) or log.source) if log else ""
    else:
        value, source = getattr(flight.watch, field), flight.watch.sources.get(field, "")
        logged = getattr(flight.log, field, None) if field in ("pax", "delays") else None
        by = flight.log.sources.get(field, "")
    if field == "eet_minutes" and isinstance(value, int):
        value = f"{value // 60}:{value % 60:02d}"
    lines = [f"{heading} {_full(value)}: {source}"] if value not in (None, ()) else []
    hint = ""
    if logged not in (None, ()):
        lines.append(f"Journey log {_full(logged)}: {by}")
        hint = written(logged, flight)
    if field == "eta" and value is None and (expected := _expected(flight)) is not None:
        hint = written(expected, flight)
        lines.append(f"ETA {_full(expected)}: T/O + EET")
    return Cell(
        field=field,
        heading=heading,
        text=written(value, flight),
        said=". ".join(lines),
        hint=hint,
        wide=field == "delays",
    )


def _expected(flight: FlightFacts) -> datetime | None:
    times = [flight.times.get(book.value) for book in (Book.JOURNEY_LOG, Book.FLIGHT_WATCH)]
    took_off = next((one.take_off for one in times if one is not None and one.take_off is not None), None)
    return expected_arrival(flight.watch, took_off)


def written(value: Any, flight: FlightFacts) -> str:
    """A value as its cell shows it: `06:05`, `06:05+1` on the day after STD, `2:10`, `93/0012`."""
    if isinstance(value, datetime):
        days = (value.date() - flight.std.date()).days
        return f"{value.astimezone(UTC):%H:%M}{days:+d}" if days else f"{value.astimezone(UTC):%H:%M}"
    if isinstance(value, tuple):
        return " ".join(map(str, value))
    return "" if value is None else str(value)


def _full(value: Any) -> str:
    if isinstance(value, datetime):
        return f"{value.astimezone(UTC):%-d %b %H:%MZ}"
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)


def typed_value(flight: FlightFacts, field: str, text: str) -> Any:
    """What a text typed into the cell means; an empty one clears it. Raises `Invalid`."""
    tidy = text.strip()
    reading = next(how for name, _, how in COLUMNS if name == field)
    if reading == "delays":
        return read_delays(tidy, field)
    if not tidy:
        return None
    if reading == "duration":
        return read_duration(tidy, field)
    if reading == "whole":
        if not (tidy.isascii() and tidy.isdigit() and len(tidy) < 6):
            raise Invalid.one(field, f"“{tidy[:20]}” is not a number. Type it like 4.")
        return int(tidy)
    return _nearest(tidy, flight.std if reading == "std" else flight.sta, flight, field)


def _nearest(text: str, scheduled: datetime, flight: FlightFacts, field: str) -> datetime:
    clock, sign, days = text, "", ""
    for mark in "+-":
        if mark in text:
            clock, sign, days = text.partition(mark)
    found = _CLOCK.fullmatch(clock.strip())
    if not found or int(found[1]) > 23 or int(found[2]) > 59 or (sign and days not in ("1", "2")):
        raise Invalid.one(field, f"“{text[:20]}” is not a time of day. Type it like 0930, or 0030+1 for the day after.")
    base = flight.std if sign else scheduled
    at = base.replace(hour=int(found[1]), minute=int(found[2]), second=0, microsecond=0)
    if sign:
        return at + timedelta(days=int(sign + days))
    return nearest(at, scheduled)


def nearest(clock: datetime, scheduled: datetime) -> datetime:
    """That time of day on the day that brings it nearest to the schedule."""
    at = scheduled.replace(hour=clock.hour, minute=clock.minute, second=0, microsecond=0)
    return min((at + timedelta(days=n) for n in (-1, 0, 1)), key=lambda when: abs(when - scheduled))


def read_duration(text: str, field: str) -> int:
    """`2:10` or `0210` in minutes. Raises `Invalid`."""
    found = _DURATION.fullmatch(text.strip())
    if not found or int(found[2]) > 59:
        raise Invalid.one(field, f"“{text[:20]}” is not a duration. Type it like 0210 or 2:10.")
    return int(found[1]) * 60 + int(found[2])


def read_delays(text: str, field: str = "delays") -> tuple[Delay, ...]:
    """`93/0012 41/0005`: each code with hours and minutes. Raises `Invalid`."""
    found = []
    for part in re.split(r"[\s,;]+", text.strip()[: 4 * _MOST_TYPED]):
        if not part:
            continue
        fits = _DELAY.fullmatch(part)
        if not fits or int(fits[3]) > 59:
            raise Invalid.one(field, f"“{part[:20]}” is not a delay. Type the code and the time, like 93/0012.")
        found.append(Delay(code=fits[1].upper(), minutes=int(fits[2]) * 60 + int(fits[3])))
    return tuple(found)
