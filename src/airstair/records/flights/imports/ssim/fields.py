"""One field of a line as a value, and a value as the field's text. Each way of writing is here with its way back."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from airstair.kernel.errors import AirstairError
from airstair.records.flights.imports.ssim.records import Column, Kind

MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
OPEN = "00XXX00"
_CENTURY = 2000  # the file has two figures of the year; this kind of file is younger than that
_DAY = re.compile(r"([0-9]{2})([A-Z]{3})([0-9]{2})")
_CLOCK = re.compile(r"([0-9]{2})([0-9]{2})")
_OFFSET = re.compile(r"([+-])([0-9]{2})([0-9]{2})")


class Unfit(AirstairError):
    """A field that cannot be read, or a value that has no place in its field."""


def read_field(column: Column, line: str) -> Any:
    """The value. Raises `Unfit` with a sentence that names the columns."""
    text = line[column.first - 1 : column.last]
    try:
        return _READERS[column.kind](text)
    except ValueError as why:
        name = column.field.replace("_", " ")
        raise Unfit(f"{name} (columns {column.first} to {column.last}) is “{text.strip()}”: {why}") from None


def write_field(column: Column, value: Any) -> str:
    """The text, as wide as the field. Raises `Unfit` where the value has no place in it."""
    width = column.last - column.first + 1
    text = _WRITERS[column.kind](value)
    blank_ends = column.kind is not Kind.WEEKDAYS and text != text.strip()
    if len(text) > width or not (text.isascii() and text.isprintable()) or blank_ends:
        raise Unfit(f"{column.field.replace('_', ' ')} “{text}” has no place in {width} columns of plain letters.")
    return text.rjust(width) if column.kind is Kind.RIGHT else text.ljust(width)


# ── Reading ─────────────────────────────────────────────────────────────────────────────────────────


def _day(text: str) -> date | None:
    text = text.strip().upper()
    if text in ("", OPEN, "0000000"):
        return None
    found = _DAY.fullmatch(text)
    if found is None or found[2] not in MONTHS:
        raise ValueError("a day is written like 29MAR26.")
    try:
        return date(_CENTURY + int(found[3]), MONTHS.index(found[2]) + 1, int(found[1]))
    except ValueError:
        raise ValueError("there is no such day.") from None


def _weekdays(text: str) -> frozenset[int]:
    days = set()
    for at, sign in enumerate(text, start=1):
        if sign == str(at):
            days.add(at)
        elif sign not in " 0":
            raise ValueError("each day of the week stands in its own column, Monday in the first.")
    return frozenset(days)


def _clock(text: str) -> int | None:
    if not text.strip():
        return None
    found = _CLOCK.fullmatch(text)
    minutes = int(found[1]) * 60 + int(found[2]) if found and int(found[2]) < 60 else 24 * 60 + 1
    if minutes > 24 * 60:
        raise ValueError("a time of day is written like 0710.")
    return minutes


def _offset(text: str) -> timedelta | None:
    if not text.strip():
        return None
    found = _OFFSET.fullmatch(text)
    if found is None or int(found[2]) > 15 or int(found[3]) > 59:
        raise ValueError("a difference from UTC is written like +0200.")
    apart = timedelta(hours=int(found[2]), minutes=int(found[3]))
    return -apart if found[1] == "-" else apart


def _shift(text: str) -> int | None:
    if text in ("", " "):
        return None
    if text == "J":
        return -1
    if not (text.isascii() and text.isdigit()):
        raise ValueError("a change of day is a figure, or J for the day before.")
    return int(text)


# ── Writing ─────────────────────────────────────────────────────────────────────────────────────────


def _day_text(value: date | None) -> str:
    if value is None:
        return OPEN
    if not _CENTURY <= value.year < _CENTURY + 100:
        raise Unfit(f"The year {value.year} cannot be written in two figures. Use one from 2000 to 2099.")
    return f"{value.day:02}{MONTHS[value.month - 1]}{value.year % 100:02}"


def _weekdays_text(value: frozenset[int]) -> str:
    return "".join(str(day) if day in value else " " for day in range(1, 8))


def _clock_text(value: int | None) -> str:
    return "" if value is None else f"{value // 60:02}{value % 60:02}"


def _offset_text(value: timedelta | None) -> str:
    if value is None:
        return ""
    minutes = round(abs(value).total_seconds() / 60)
    return f"{'-' if value < timedelta(0) else '+'}{minutes // 60:02}{minutes % 60:02}"


def _shift_text(value: int | None) -> str:
    return "" if value is None else "J" if value == -1 else str(value)


_READERS: dict[Kind, Callable[[str], Any]] = {
    Kind.TEXT: str.strip,
    Kind.RIGHT: str.strip,
    Kind.DAY: _day,
    Kind.WEEKDAYS: _weekdays,
    Kind.CLOCK: _clock,
    Kind.OFFSET: _offset,
    Kind.SHIFT: _shift,
}
_WRITERS: dict[Kind, Callable[[Any], str]] = {
    Kind.TEXT: str,
    Kind.RIGHT: str,
    Kind.DAY: _day_text,
    Kind.WEEKDAYS: _weekdays_text,
    Kind.CLOCK: _clock_text,
    Kind.OFFSET: _offset_text,
    Kind.SHIFT: _shift_text,
}
