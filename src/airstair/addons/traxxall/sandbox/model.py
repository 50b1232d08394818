"""What the imitated TRAXXALL holds, and what it refuses.

TRAXXALL publishes nothing about its interface. Observed (in the description of another scheduling system's add-on): two
credentials, flights and journey logs with hours and cycles, serial numbers that must match. All else is assumed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from itertools import pairwise
from typing import Any

import msgspec

DEMO_KEY = "5a9db0c0-ffee-4000-8000-747261787861"
DEMO_PASSWORD = "YWlyc3RhaXItc2FuZGJveC1vbmx5LXRyYXh4YWxsISE="  # noqa: S105 - public on purpose
STATUSES = ("PLANNED", "ACTUAL", "CANCELLED")
_TIMES = ("plannedOff", "plannedOn", "blockOff", "takeOff", "landing", "blockOn")
_TEXTS = ("registration", "flightNumber", "from", "to", "status")


class Assembly(msgspec.Struct, rename="camel"):
    """An airframe, an engine or an APU with its totals since new."""

    kind: str  # AIRFRAME, ENGINE, APU
    serial_number: str = ""
    position: int = 0
    hours: float | None = None
    cycles: int | None = None


class Plane(msgspec.Struct, rename="camel"):
    """An aircraft that maintenance is tracked of."""

    serial_number: str
    registration: str
    airframe: Assembly
    engines: list[Assembly] = []
    apu: Assembly | None = None
    as_of: str = ""
    heard_at: datetime | None = None


class Flown(msgspec.Struct, rename="camel"):
    """A flight, planned or flown."""

    external_id: str
    serial_number: str
    flight: dict[str, Any]
    heard_at: datetime


class Tracking(msgspec.Struct, rename="camel"):
    """All that TRAXXALL holds."""

    planes: dict[str, Plane]
    flights: dict[str, Flown] = {}
    adopts: bool = True
    calls_an_hour: int = 6000
    lowered: list[str] = []


def first_day() -> Tracking:
    engines = [Assembly("ENGINE", f"PCE-DA{number}", number, 1200.0, 900) for number in (1, 2)]
    known = Plane("TRX-0001", "SP-TRX", Assembly("AIRFRAME", "TRX-0001", hours=1200.0, cycles=900), engines)
    return Tracking({known.serial_number: known})


class Complaint(msgspec.Struct):
    """One thing that is wrong, as an answer says it."""

    code: str
    message: str
    field: str = ""


def wrong_in_flight(flight: Mapping[str, Any]) -> list[Complaint]:
    """What is wrong with a flight (assumed). A cancellation needs nothing but its status."""
    status = flight.get("status")
    if status not in STATUSES:
        return [Complaint("INVALID", f"status must be one of {', '.join(STATUSES)}.", "status")]
    if status == "CANCELLED":
        return []
    wrong = [
        Complaint("INVALID", f"{name} must be text.", name)
        for name in _TEXTS
        if not isinstance(flight.get(name, ""), str)
    ]
    wrong += [
        Complaint("INVALID", f"{name} must be a time in UTC such as 2027-05-11T06:00Z.", name)
        for name in _TIMES
        if flight.get(name) is not None and read_time(flight[name]) is None
    ]
    if read_time(flight.get("plannedOff")) is None:
        wrong.append(Complaint("REQUIRED", "plannedOff is required.", "plannedOff"))
    known = [(name, when) for name in _TIMES[2:] if (when := read_time(flight.get(name)))]
    for (earlier, first), (later, second) in pairwise(known):
        if second < first:
            wrong.append(Complaint("INVALID", f"{later} is before {earlier}.", later))
    if status == "ACTUAL" and not {"takeOff", "landing"} <= {name for name, _ in known}:
        wrong.append(Complaint("REQUIRED", "An actual flight has takeOff and landing.", "takeOff"))
    return wrong


def read_time(written: object) -> datetime | None:
    if not isinstance(written, str) or not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?Z", written):
        return None
    try:
        return datetime.fromisoformat(written)
    except ValueError:
        return None


def wrong_in_totals(totals: Mapping[str, Any], plane: Plane, adopting: bool) -> list[Complaint]:
    """What is wrong with an aircraft's totals: numbers that are none (assumed), engines that are not its own."""
    wrong = _wrong_numbers(totals.get("airframe"), "airframe")
    engines = totals.get("engines", [])
    if not isinstance(engines, list):
        return [*wrong, Complaint("INVALID", "engines must be a list.", "engines")]
    installed = {one.serial_number for one in plane.engines}
    for number, one in enumerate(engines):
        where = f"engines[{number}]"
        wrong += _wrong_numbers(one, where)
        serial = one.get("serialNumber") if isinstance(one, dict) else None
        if not adopting and serial not in installed:  # observed: engine serial numbers must match
            words = f"Engine {serial} is not installed on aircraft {plane.serial_number}."
            wrong.append(Complaint("ENGINE_UNKNOWN", words, f"{where}.serialNumber"))
    return wrong


def _wrong_numbers(one: object, where: str) -> list[Complaint]:
    if not isinstance(one, dict):
        return [Complaint("REQUIRED", f"{where} is required.", where)]
    return [
        Complaint("INVALID", f"{where}.{name} must be a number that is not negative.", f"{where}.{name}")
        for name in ("hours", "cycles")
        if isinstance(one.get(name), bool) or not isinstance(one.get(name), int | float) or one[name] < 0
    ]
