"""From where an aircraft's hours and cycles are counted: the start values of airframe and engines. Pure.

The totals themselves are counted from the journey log, in `records/flights/counters.py`.
"""

from __future__ import annotations

from datetime import date
from enum import StrEnum

import msgspec

MOST_MINUTES = 300_000 * 60  # no aircraft has flown as long
MOST_CYCLES = 300_000
MOST_ENGINES = 8


class Counts(StrEnum):
    """Which time an airframe's hours are."""

    AIR = "AIR"  # take-off to landing, as technical logs count
    BLOCK = "BLOCK"  # block-off to block-on


class Cycles(StrEnum):
    """What a cycle is."""

    FLIGHTS = "FLIGHTS"  # one for each flight
    LANDINGS = "LANDINGS"  # one for each landing in the journey log; a flight without a number of landings has one


class EngineFacts(msgspec.Struct, frozen=True, kw_only=True):
    """One engine with its start values. Field meanings as in the table."""

    id: int
    aircraft_id: int
    position: int
    serial: str
    start_date: date
    start_minutes: int
    start_cycles: int
    removed_on: date | None = None


class CamFacts(msgspec.Struct, frozen=True, kw_only=True):
    """An aircraft's start values; the airframe's are None while nobody has entered them."""

    aircraft_id: int
    start_date: date | None = None
    start_minutes: int | None = None
    start_cycles: int | None = None
    counts: Counts = Counts.AIR
    cycles: Cycles = Cycles.FLIGHTS
    engines: tuple[EngineFacts, ...] = ()  # by position; those that came off too
