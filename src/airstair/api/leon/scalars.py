"""Scalars: ids that are JSON numbers and are taken as text too, and date-times written in all the ways seen."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

from ariadne import ScalarType

_NUMBER = re.compile(r"[0-9]{1,18}")
_MOMENT = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)"
    r"(?:(?:T|UTC|\s)(\d{1,2}):(\d\d)(?::(\d\d)(?:[.,]\d{1,9})?)?)?"
    r"\s*(Z|UTC|[+-]\d\d:?\d\d)?",
    re.IGNORECASE | re.ASCII,
)
_FULL = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z", re.ASCII)
_YEARS = range(1900, 2200)  # so that what is reckoned from it is a date-time too
_EPOCH = re.compile(r"[0-9]{9,11}")


def nid(value: Any) -> int:
    """An id, as a number or as digits."""
    if isinstance(value, bool) or not isinstance(value, int | str | float):
        raise ValueError(f"{value!r} is not an id. Send a whole number.")
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    text = str(value).strip()
    if not _NUMBER.fullmatch(text):
        raise ValueError(f"{value!r} is not an id. Send a whole number.")
    return int(text)


def moment(value: Any) -> datetime:
    """A date-time in UTC: a day, with or without time, seconds and zone; or seconds since 1970."""
    try:
        found = value.astimezone(UTC) if isinstance(value, datetime) else _moment(str(value).strip(), value)
        if found.year not in _YEARS:
            raise ValueError
        return found
    except (ValueError, OverflowError, OSError):
        raise ValueError(f"{value!r} is not a date-time of these times. Write it as 2031-04-07T08:15:00Z.") from None


def _moment(text: str, value: Any) -> datetime:
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise ValueError
    if _EPOCH.fullmatch(text):
        return datetime.fromtimestamp(int(text), UTC)
    parts = _MOMENT.fullmatch(text)
    if parts is None:
        raise ValueError
    *numbers, zone = parts.groups()
    year, month, day, hour, minute, second = (int(one or 0) for one in numbers)
    shift = zone if zone and zone[0] in "+-" else "+00:00"
    return datetime.fromisoformat(f"{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}{shift}").astimezone(
        UTC
    )


def full_moment(value: Any) -> datetime:
    """A date-time with its seconds and a Z, and nothing else."""
    if not isinstance(value, str) or not _FULL.fullmatch(value.strip()):
        raise ValueError(f"{value!r} is no full date-time in UTC. Write it as 2031-04-07T08:15:00Z.")
    return moment(value)


def iso(when: Any) -> str:
    """As answers have it: `2031-04-07T08:15:00Z`."""
    if not isinstance(when, datetime):
        return str(when)
    return when.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _words(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise ValueError(f"{value!r} is not a text.")
    return str(value).strip()


def _ids(*names: str) -> list[ScalarType]:
    return [ScalarType(name, serializer=int, value_parser=nid) for name in names]


def _texts(*names: str) -> list[ScalarType]:
    return [ScalarType(name, serializer=str, value_parser=_words) for name in names]


BINDABLES = [
    *_ids(
        "FlightNid", "TripNid", "AircraftNid", "AircraftVirtualNid", "ChecklistDefinitionNid", "ContactNid",
        "ApiKeyNid", "ClientNid", "LoginNid", "LocationNid", "OperatorId", "PositionNid",
    ),
    *_texts("AirportCodeScalar", "FlightNo", "Arcid", "TripNumber", "Json"),
    ScalarType("DateTime", serializer=iso, value_parser=moment),
    ScalarType("DateTimeWithTimezone", serializer=iso, value_parser=moment),
    ScalarType("DateTimeFull", serializer=iso, value_parser=full_moment),
    ScalarType("TimeLong", serializer=str, value_parser=_words),
]  # fmt: skip
