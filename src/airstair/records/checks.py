"""What commands look at in their input: texts that fit, words that exist, numbers in range, times with a zone.

Every function notes what is wrong in `problems`, naming the field and the remedy, and goes on, so that a person
hears of everything at once. What it returns may be used only after `problems.refuse()`. No database here.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from datetime import UTC, datetime
from enum import StrEnum
from typing import TypeVar
from zoneinfo import available_timezones

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from airstair.kernel.errors import Invalid, Problems

Word = TypeVar("Word", bound=StrEnum)
YEARS = (1900, 2200)  # outside of them a time is a typing mistake, and partners cannot hold it
LONGEST_NOTE = 10_000
# PostgreSQL keeps neither NUL nor lone surrogates; the other control characters break partners' documents.
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_ISO_COUNTRY = re.compile(r"[A-Z]{2}")


def text(problems: Problems, field: str, value: str, *, longest: int, needed: bool = False) -> str:
    """The text without blanks around it, of at most `longest` characters."""
    tidy = value.strip()
    if _UNPRINTABLE.search(tidy):
        problems.add(field, "It holds characters that cannot be printed. Type it anew rather than pasting it.")
        return ""
    if needed and not tidy:
        problems.add(field, "It is missing. Fill it in.")
    if len(tidy) > longest:
        problems.add(field, f"It has {len(tidy)} characters. Shorten it to {longest}.")
    return tidy


def pattern(problems: Problems, field: str, value: str, allowed: str, remedy: str, *, blank: bool = True) -> str:
    """The text in capitals, without blanks around it, matching the regular expression as a whole."""
    tidy = value.strip().upper()
    if not (blank and not tidy) and not re.fullmatch(allowed, tidy):
        problems.add(field, f"“{shown(value)}” does not fit. {remedy}")
    return tidy


def word(problems: Problems, field: str, value: str, words: type[Word]) -> Word:
    """The one of the words that the value names, in its exact spelling."""
    try:
        return words(value)
    except ValueError:
        problems.add(field, f"“{shown(value)}” is not one of them. Use {listed(w.value for w in words)}.")
        return next(iter(words))


def whole(problems: Problems, field: str, value: int, lowest: int, highest: int) -> int:
    """A whole number in the range, both ends included."""
    if isinstance(value, bool) or not isinstance(value, int) or not lowest <= value <= highest:
        problems.add(field, f"{shown(value)} does not fit. Use a whole number from {lowest} to {highest}.")
        return lowest
    return value


def degrees(problems: Problems, field: str, value: float, limit: float) -> float:
    """An angle between -limit and limit, in degrees."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value) or abs(value) > limit:
        problems.add(field, f"{shown(value)} is not possible. Use degrees from -{limit:g} to {limit:g}.")
        return 0.0
    return float(value)


def moment(problems: Problems, field: str, value: datetime) -> datetime | None:
    """The time in UTC, cut to the minute that schedules are kept in. `None` when it was refused."""
    if value.tzinfo is None or value.utcoffset() is None:
        problems.add(field, "It has no time zone. Give it in UTC, or with its offset.")
        return None
    try:
        when = value.astimezone(UTC)
    except OverflowError:
        when = None
    if when is None or not YEARS[0] <= when.year < YEARS[1]:
        problems.add(field, f"Year {value.year} is out of range. Use a year from {YEARS[0]} to {YEARS[1] - 1}.")
        return None
    return when.replace(second=0, microsecond=0)


def time_zone(problems: Problems, field: str, value: str) -> str:
    """A zone's name as the IANA list has it."""
    tidy = value.strip()
    if tidy not in available_timezones():
        problems.add(field, f"“{shown(value)}” is not a time zone. Use a name such as Europe/Warsaw or UTC.")
    return tidy


def country(problems: Problems, field: str, value: str) -> str:
    """ISO 3166-1 alpha-2, or nothing."""
    tidy = value.strip().upper()
    if tidy and not _ISO_COUNTRY.fullmatch(tidy):
        problems.add(field, f"“{shown(value)}” is not a country code. Use two letters, such as PL.")
    return tidy


def email(problems: Problems, field: str, value: str, *, needed: bool = False) -> str:
    """An email address in its written form, or nothing."""
    tidy = text(problems, field, value, longest=254, needed=needed)
    if tidy:
        try:
            validate_email(tidy)
        except ValidationError:
            problems.add(field, f"“{shown(value)}” is not an email address. Write it like ops@example.com.")
    return tidy


def take(problems: Problems, invalid: Invalid, prefix: str = "") -> None:
    """Note another check's problems among these, under `prefix`."""
    for problem in invalid.problems:
        problems.add(f"{prefix}{problem.field}", problem.sentence)


def shown(value: object) -> str:
    """A wrong value as a sentence may quote it: short, and printable."""
    return _UNPRINTABLE.sub("?", str(value))[:60]


def listed(words: Iterable[str]) -> str:
    """`OPTION, OPPORTUNITY or CONFIRMED`."""
    *most, last = words
    return f"{', '.join(most)} or {last}" if most else last
