"""The lines of an SSIM file as types, and the columns that each field stands in.

Columns are counted from 1, as the manual does. What is blank in a file is the empty string, `None` or the empty set
here. Serial numbers and trailers are not kept: who writes a file numbers its lines anew.
"""

from __future__ import annotations

from datetime import date, timedelta
from enum import StrEnum
from typing import NamedTuple

import msgspec

WIDTH = 200
DATA_SET = "AIRLINE STANDARD SCHEDULE DATA SET"


class Kind(StrEnum):
    """How a field is written."""

    TEXT = "text"  # from the left
    RIGHT = "right"  # from the right
    DAY = "day"  # 29MAR26; 00XXX00 is open
    WEEKDAYS = "weekdays"  # 1 3 5, each in its own column
    CLOCK = "clock"  # hours and minutes
    OFFSET = "offset"  # +0200: local time less UTC
    SHIFT = "shift"  # of days: 0, 1, 2 …, J for the day before; blank: it is not said


class Column(NamedTuple):
    """Where a field stands: from the first column to the last, both included."""

    field: str
    first: int
    last: int
    kind: Kind = Kind.TEXT


class Segment(msgspec.Struct, frozen=True, kw_only=True):
    """Type 4: something about a leg, or about several together. `code` is the data element identifier, such as 050."""

    overflow: str = ""
    board_point: str = ""
    off_point: str = ""
    code: str = ""
    board: str = ""
    off: str = ""
    text: str = ""


class Leg(msgspec.Struct, frozen=True, kw_only=True):
    """Type 3: one leg of a flight, on its days of the week in a period.

    Period and days are those on which the flight leaves its first station. `std` and `sta` are the aircraft's times as
    the file has them, minutes after midnight: in local time, or in UTC where the carrier line says so.
    """

    suffix: str = ""
    airline: str
    number: str
    variation: str = ""  # itinerary variation identifier
    sequence: str = ""  # of the leg
    service: str = ""  # J scheduled passengers, C charter, F cargo, P positioning …
    period_from: date
    period_to: date | None = None
    weekdays: frozenset[int]  # 1 Monday … 7 Sunday
    fortnightly: str = ""  # "2"
    adep: str
    pax_std: int | None = None
    std: int
    adep_offset: timedelta | None = None
    adep_terminal: str = ""
    ades: str
    sta: int
    pax_sta: int | None = None
    ades_offset: timedelta | None = None
    ades_terminal: str = ""
    equipment: str = ""  # IATA aircraft type
    booking: str = ""
    booking_modifier: str = ""
    meals: str = ""
    joint: str = ""
    connecting: str = ""
    secure: str = ""
    variation_overflow: str = ""
    owner: str = ""
    cockpit_employer: str = ""
    cabin_employer: str = ""
    onward_airline: str = ""
    onward_number: str = ""
    rotation_layover: str = ""
    onward_suffix: str = ""
    transit_layover: str = ""
    disclosure: str = ""
    restriction: str = ""
    restriction_overflow: str = ""
    configuration: str = ""
    std_shift: int | None = None  # days after the day on which the flight leaves its first station
    sta_shift: int | None = None
    segments: tuple[Segment, ...] = ()

    @property
    def designator(self) -> str:
        """`XX401`."""
        return f"{self.airline}{self.number}{self.suffix}"

    @property
    def title(self) -> str:
        """What a person calls it."""
        return f"{self.designator} {self.adep}–{self.ades}"


class Carrier(msgspec.Struct, frozen=True, kw_only=True):
    """Type 2: whose flights follow, and in which time they are written."""

    time_mode: str = "L"  # "U" UTC, "L" local
    airline: str
    season: str = ""  # S26
    valid_from: date | None = None
    valid_to: date | None = None
    created: date | None = None
    title: str = ""
    released: date | None = None
    status: str = ""  # P proposed, C complete
    creator: str = ""
    duplicate: str = ""
    general: str = ""
    secure: str = ""
    in_flight_service: str = ""
    electronic_tickets: str = ""
    created_at: int | None = None


class Block(msgspec.Struct, frozen=True, kw_only=True):
    """One carrier with its legs."""

    carrier: Carrier
    legs: tuple[Leg, ...] = ()


class Note(msgspec.Struct, frozen=True):
    """A line that could not be read, by its number in the file, with what it begins with and the reason."""

    line: int
    title: str
    reason: str


class SsimFile(msgspec.Struct, frozen=True, kw_only=True):
    """A whole file. `notes`: lines that were left out, each with its reason."""

    blocks: tuple[Block, ...] = ()
    seasons: str = ""
    serial: str = "001"  # of the data set
    notes: tuple[Note, ...] = ()


K = Kind
KEY = (
    Column("suffix", 2, 2),
    Column("airline", 3, 5),
    Column("number", 6, 9, K.RIGHT),
    Column("variation", 10, 11),
    Column("sequence", 12, 13),
    Column("service", 14, 14),
)
HEADER = (Column("seasons", 41, 41), Column("serial", 192, 194))
CARRIER = (
    Column("time_mode", 2, 2),
    Column("airline", 3, 5),
    Column("season", 11, 13),
    Column("valid_from", 15, 21, K.DAY),
    Column("valid_to", 22, 28, K.DAY),
    Column("created", 29, 35, K.DAY),
    Column("title", 36, 64),
    Column("released", 65, 71, K.DAY),
    Column("status", 72, 72),
    Column("creator", 73, 107),
    Column("duplicate", 108, 108),
    Column("general", 109, 168),
    Column("secure", 169, 169),
    Column("in_flight_service", 170, 188),
    Column("electronic_tickets", 189, 190),
    Column("created_at", 191, 194, K.CLOCK),
)
LEG = (
    *KEY,
    Column("period_from", 15, 21, K.DAY),
    Column("period_to", 22, 28, K.DAY),
    Column("weekdays", 29, 35, K.WEEKDAYS),
    Column("fortnightly", 36, 36),
    Column("adep", 37, 39),
    Column("pax_std", 40, 43, K.CLOCK),
    Column("std", 44, 47, K.CLOCK),
    Column("adep_offset", 48, 52, K.OFFSET),
    Column("adep_terminal", 53, 54),
    Column("ades", 55, 57),
    Column("sta", 58, 61, K.CLOCK),
    Column("pax_sta", 62, 65, K.CLOCK),
    Column("ades_offset", 66, 70, K.OFFSET),
    Column("ades_terminal", 71, 72),
    Column("equipment", 73, 75),
    Column("booking", 76, 95),
    Column("booking_modifier", 96, 100),
    Column("meals", 101, 110),
    Column("joint", 111, 119),
    Column("connecting", 120, 121),
    Column("secure", 122, 122),
    Column("variation_overflow", 128, 128),
    Column("owner", 129, 131),
    Column("cockpit_employer", 132, 134),
    Column("cabin_employer", 135, 137),
    Column("onward_airline", 138, 140),
    Column("onward_number", 141, 144, K.RIGHT),
    Column("rotation_layover", 145, 145),
    Column("onward_suffix", 146, 146),
    Column("transit_layover", 148, 148),
    Column("disclosure", 149, 149),
    Column("restriction", 150, 160),
    Column("restriction_overflow", 161, 161),
    Column("configuration", 173, 192),
    Column("std_shift", 193, 193, K.SHIFT),
    Column("sta_shift", 194, 194, K.SHIFT),
)
SEGMENT = (
    Column("overflow", 28, 28),
    Column("board_point", 29, 29),
    Column("off_point", 30, 30),
    Column("code", 31, 33),
    Column("board", 34, 36),
    Column("off", 37, 39),
    Column("text", 40, 194),
)
SERIAL = Column("serial", 195, 200)
