"""The activity types that Airstair sends to Avinode, and what a member should map each to.

Avinode: Schedule upload, “Activity types” (documented): free words of at most 20 characters, which each member
company maps, in its own table at Avinode, to one of six meanings; an unmapped one counts as Occupied. So the words
must never change. The About page lists this very table; a test compares the two.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec

from airstair.records.flights.rules import FlightType, Status
from airstair.records.flights.snapshots import Activity, ActivityKind


class Equivalent(StrEnum):
    """Avinode's six meanings of an activity type (documented)."""

    EMPTY_LEG = "Empty Leg Availability"
    FERRY = "Ferry Availability"
    FLIGHT_OCCUPIED = "Flight Occupied"
    OCCUPIED = "Occupied"
    ONGROUND = "Onground Availability"
    OPTION = "Option Availability"


class ActivityType(msgspec.Struct, frozen=True):
    """One word, what it stands for in the schedule, the meaning that we recommend for it, and what always has it.

    `of`: a kind of event, or what a flight is flown for; empty where more than that decides.
    """

    word: str
    stands_for: str
    equivalent: Equivalent
    of: str = ""


_BUSY, _FLOWN = Equivalent.OCCUPIED, Equivalent.FLIGHT_OCCUPIED

PAX_FLIGHT = ActivityType("PAX FLIGHT", "Commercial passenger flight", _FLOWN, FlightType.COMMERCIAL)
PRIVATE_FLIGHT = ActivityType("PRIVATE FLIGHT", "Private or owner's flight", _FLOWN, FlightType.PRIVATE)
CARGO_FLIGHT = ActivityType("CARGO FLIGHT", "Cargo flight", _FLOWN, FlightType.CARGO)
AMBULANCE_FLIGHT = ActivityType("AMBULANCE FLIGHT", "Ambulance flight", _FLOWN, FlightType.AMBULANCE)
TRAINING_FLIGHT = ActivityType("TRAINING FLIGHT", "Training flight", _FLOWN, FlightType.TRAINING)
TEST_FLIGHT = ActivityType("TEST FLIGHT", "Test flight", _FLOWN, FlightType.TEST)
EMPTY_LEG = ActivityType("EMPTY LEG", "Flight offered as an empty leg", Equivalent.EMPTY_LEG)
FERRY = ActivityType("FERRY", "Ferry flight that is not offered", Equivalent.FERRY)
FERRY_CLOSED = ActivityType("FERRY CLOSED", "Ferry flight, with availability from home base only", _FLOWN)
OPTION = ActivityType("OPTION", "Flight with status Option", Equivalent.OPTION)
OPPORTUNITY = ActivityType("OPPORTUNITY", "Flight with status Opportunity", Equivalent.EMPTY_LEG)
RESERVATION = ActivityType("RESERVATION", "Reservation of the aircraft", _BUSY, ActivityKind.RESERVATION)
MAINTENANCE = ActivityType("MAINTENANCE", "Maintenance", _BUSY, ActivityKind.MAINTENANCE)
AOG = ActivityType("AOG", "Aircraft on ground, unserviceable", _BUSY, ActivityKind.AOG)
ON_GROUND = ActivityType("ON GROUND", "Derived: where an idle aircraft stands", Equivalent.ONGROUND)
REPOSITION = ActivityType("REPOSITION", "Derived: return to home base", Equivalent.FERRY)
REPOSITION_CLOSED = ActivityType(
    "REPOSITION CLOSED", "Derived: return to home base, with availability from there only", _FLOWN
)
AWAY = ActivityType("AWAY FROM BASE", "Derived: stay elsewhere, with availability from home base only", _BUSY)

ACTIVITY_TYPES = (
    PAX_FLIGHT, PRIVATE_FLIGHT, CARGO_FLIGHT, AMBULANCE_FLIGHT, TRAINING_FLIGHT, TEST_FLIGHT, EMPTY_LEG, FERRY,
    FERRY_CLOSED, OPTION, OPPORTUNITY, RESERVATION, MAINTENANCE, AOG, ON_GROUND, REPOSITION, REPOSITION_CLOSED, AWAY,
)  # fmt: skip
_TYPE_OF = {one.of: one for one in ACTIVITY_TYPES if one.of}

# The aircraft is flown for its own sake and cannot be sold meanwhile, ferry flag or not.
_NEVER_FOR_SALE = frozenset({FlightType.TRAINING.value, FlightType.TEST.value})

# Looked up here once: a member of an enumeration costs more than the rest of a comparison.
_FLIGHT, _OPTION, _OPPORTUNITY = ActivityKind.FLIGHT, Status.OPTION, Status.OPPORTUNITY
_IS_FERRY = FlightType.FERRY.value


def activity_type(activity: Activity, *, home_base_only: str = "") -> ActivityType:
    """The type of one activity. `home_base_only`: the home base when nothing is available away from it.

    A flight on offer that carries passengers goes out as the flight it is: marketing it would sell it twice.
    """
    if activity.kind is not _FLIGHT:
        return _TYPE_OF[activity.kind]
    if activity.status is _OPTION:
        return OPTION
    if activity.status is _OPPORTUNITY:
        return OPPORTUNITY
    if activity.pax_count == 0 and activity.flight_type not in _NEVER_FOR_SALE:
        if activity.empty_leg is not None:
            return EMPTY_LEG
        if activity.ferry or activity.flight_type == _IS_FERRY:
            at_home = activity.start_airport == activity.end_airport == home_base_only
            return FERRY if not home_base_only or at_home else FERRY_CLOSED
    return _TYPE_OF.get(activity.flight_type, PAX_FLIGHT)
