"""What is allowed in a schedule, and what is only worth a warning. Pure; no database, no page."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise
from typing import Protocol

import msgspec

# Marketplaces offer an empty leg for at most five days and hide a longer one; so a longer window
# is refused where it is entered rather than lost on the way.
MARKETING_WINDOW_MAX = timedelta(days=5)
LONGEST_FLIGHT = timedelta(hours=24)
LONGEST_EVENT = timedelta(days=2 * 366)
# Further than this from the schedule an actual time is a slip of the keyboard, or the flight wants re-timing; and
# whoever reads a schedule finds every flight of a period by its scheduled times, widened by this much.
FURTHEST_FROM_SCHEDULE = timedelta(days=1)


class Status(StrEnum):
    """How sure a trip or flight is."""

    OPTION = "OPTION"
    OPPORTUNITY = "OPPORTUNITY"
    CONFIRMED = "CONFIRMED"
    CANCELLED = "CANCELLED"


class FlightType(StrEnum):
    """What a flight is flown for. Independent of the ferry flag."""

    COMMERCIAL = "COMMERCIAL"
    PRIVATE = "PRIVATE"
    FERRY = "FERRY"
    TRAINING = "TRAINING"
    TEST = "TEST"
    AMBULANCE = "AMBULANCE"
    CARGO = "CARGO"


class Regulation(StrEnum):
    """Under which rule set a flight is operated. The values that charter marketplaces recommend."""

    PART_135 = "PART_135"
    PART_125 = "PART_125"
    PART_121 = "PART_121"
    PART_91 = "PART_91"
    PART_91K = "PART_91K"
    PART_CAT = "PART_CAT"
    PART_NCO = "PART_NCO"
    PART_NCC = "PART_NCC"
    SUBPART_604 = "SUBPART_604"
    SUBPART_704 = "SUBPART_704"


class FlightRules(StrEnum):
    """ICAO flight plan item 8."""

    IFR = "I"
    VFR = "V"
    IFR_THEN_VFR = "Y"
    VFR_THEN_IFR = "Z"


class SalesType(StrEnum):
    PAX = "PAX"
    OWNER = "OWNER"
    CARGO = "CARGO"
    MEDICAL = "MEDICAL"
    FERRY = "FERRY"
    OTHER = "OTHER"


class EventKind(StrEnum):
    """What occupies an aircraft beside flights."""

    RESERVATION = "RESERVATION"
    MAINTENANCE = "MAINTENANCE"
    AOG = "AOG"


class ServiceKind(StrEnum):
    FBO = "FBO"
    FUEL = "FUEL"
    CATERING = "CATERING"
    LIMO = "LIMO"
    HOTEL = "HOTEL"
    HANDLING = "HANDLING"


class ServedParty(StrEnum):
    ALL = "ALL"
    PAX = "PAX"
    CREW = "CREW"
    AIRCRAFT = "AIRCRAFT"
    OTHER = "OTHER"


class Book(StrEnum):
    """Where actual times are kept. The journey log, signed by the commander, outranks flight watch."""

    FLIGHT_WATCH = "flight_watch"
    JOURNEY_LOG = "journey_log"


class PaxCategory(StrEnum):
    MALE = "male"
    FEMALE = "female"
    CHILD = "child"
    INFANT = "infant"


class Occupying(Protocol):
    """Anything that holds an aircraft for a time between two airports."""

    @property
    def key(self) -> str: ...
    @property
    def start(self) -> datetime: ...
    @property
    def end(self) -> datetime: ...
    @property
    def start_airport(self) -> str: ...
    @property
    def end_airport(self) -> str: ...


class ScheduleWarning(msgspec.Struct, frozen=True, kw_only=True):
    """Two neighbours in one aircraft's schedule that do not fit: shown, never refused."""

    kind: str  # "overlap" or "break"
    first: str  # keys of the two
    second: str
    sentence: str


def schedule_warnings(activities: Iterable[Occupying]) -> list[ScheduleWarning]:
    """Overlaps and breaks among one aircraft's activities. An activity that starts when another ends is fine.

    Options and opportunities should be left out by the caller: they do not move the aircraft.
    """
    found: list[ScheduleWarning] = []
    latest: Occupying | None = None  # the one that ends last so far: what the aircraft is still doing
    for this in sorted(activities, key=lambda a: (a.start, a.end, a.key)):
        if latest is not None:
            if this.start < latest.end:
                found.append(
                    ScheduleWarning(
                        kind="overlap",
                        first=latest.key,
                        second=this.key,
                        sentence=(
                            f"Starts {this.start:%d %b %H:%M}Z, before the one before it ends"
                            f" ({latest.end:%d %b %H:%M}Z at {latest.end_airport})."
                        ),
                    )
                )
            elif this.start_airport != latest.end_airport:
                found.append(
                    ScheduleWarning(
                        kind="break",
                        first=latest.key,
                        second=this.key,
                        sentence=f"Starts at {this.start_airport}, but the aircraft is left at {latest.end_airport}.",
                    )
                )
        if latest is None or this.end >= latest.end:
            latest = this
    return found


class EmptyLegOffer(Protocol):
    @property
    def key(self) -> str: ...
    @property
    def start_airport(self) -> str: ...
    @property
    def end_airport(self) -> str: ...
    @property
    def window(self) -> tuple[datetime, datetime]: ...


def marketing_warnings(offers: Sequence[EmptyLegOffer]) -> list[ScheduleWarning]:
    """Empty legs of one aircraft that a marketplace would hide or object to.

    Overlapping windows: only one of the two is offered. Consecutive windows on the same route that together
    pass five days: evading the limit is not allowed.
    """
    found: list[ScheduleWarning] = []
    ordered = sorted(offers, key=lambda o: (o.window, o.key))
    for at, first in enumerate(ordered):
        for second in ordered[at + 1 :]:
            if second.window[0] < first.window[1]:
                sentence = (
                    "Its marketing window overlaps another empty leg's; a marketplace offers only one of the two."
                )
                found.append(ScheduleWarning(kind="marketing", first=first.key, second=second.key, sentence=sentence))
            elif _evades_the_limit(first, second):
                sentence = (
                    "Same route as the empty leg before it, and together they are marketed for more than five days;"
                    " marketplaces do not allow that."
                )
                found.append(ScheduleWarning(kind="marketing", first=first.key, second=second.key, sentence=sentence))
    return found


def _evades_the_limit(first: EmptyLegOffer, second: EmptyLegOffer) -> bool:
    same_route = (first.start_airport, first.end_airport) == (second.start_airport, second.end_airport)
    follows_on = second.window[0] - first.window[1] <= timedelta(days=1)
    return same_route and follows_on and second.window[1] - first.window[0] > MARKETING_WINDOW_MAX


# The order in which a flight's actual times must come.
TIMES_IN_ORDER = ("off_block", "take_off", "landing", "on_block")
TIME_NAMES = {"off_block": "BLOFF", "take_off": "T/O", "landing": "LDG", "on_block": "BLON"}


def times_out_of_order(times: dict[str, datetime | None]) -> tuple[str, str] | None:
    """The first pair of known times that is in an impossible order, by their short names; `None` when all fit."""
    known = [(name, when) for name in TIMES_IN_ORDER if (when := times.get(name)) is not None]
    for (one, earlier), (other, later) in pairwise(known):
        if later < earlier:
            return TIME_NAMES[one], TIME_NAMES[other]
    return None


def times_off_schedule(std: datetime, sta: datetime, times: dict[str, datetime | None]) -> str | None:
    """The short name of the first known time that is too far from when it was scheduled; `None` when none is."""
    scheduled = {"off_block": std, "take_off": std, "landing": sta, "on_block": sta}
    for name in TIMES_IN_ORDER:
        when = times.get(name)
        if when is not None and abs(when - scheduled[name]) > FURTHEST_FROM_SCHEDULE:
            return TIME_NAMES[name]
    return None


# What a verification is about: a person looked at a leg on this route, at these times, with this aircraft.
VERIFIED_FIELDS = frozenset({"aircraft_id", "adep", "ades", "std", "sta"})
