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
    """One word, what it stands for in the schedule, and the meaning that we recommend for it."""

    word: str
    stands_for: str
    equivalent: Equivalent


PAX_FLIGHT = ActivityType("PAX FLIGHT", "Commercial passenger flight", Equivalent.FLIGHT_OCCUPIED)
PRIVATE_FLIGHT = ActivityType("PRIVATE FLIGHT", "Private or owner's flight", Equivalent.FLIGHT_OCCUPIED)
CARGO_FLIGHT = ActivityType("CARGO FLIGHT", "Cargo flight", Equivalent.FLIGHT_OCCUPIED)
AMBULANCE_FLIGHT = ActivityType("AMBULANCE FLIGHT", "Ambulance flight", Equivalent.FLIGHT_OCCUPIED)
TRAINING_FLIGHT = ActivityType("TRAINING FLIGHT", "Training flight", Equivalent.FLIGHT_OCCUPIED)
TEST_FLIGHT = ActivityType("TEST FLIGHT", "Test flight", Equivalent.FLIGHT_OCCUPIED)
EMPTY_LEG = ActivityType("EMPTY LEG", "Flight offered as an empty leg", Equivalent.EMPTY_LEG)
FERRY = ActivityType("FERRY", "Ferry flight that is not offered", Equivalent.FERRY)
FERRY_CLOSED = ActivityType(
    "FERRY CLOSED", "Ferry flight, with availability from home base only", Equivalent.FLIGHT_OCCUPIED
)
OPTION = ActivityType("OPTION", "Flight with status Option", Equivalent.OPTION)
OPPORTUNITY = ActivityType("OPPORTUNITY", "Flight with status Opportunity", Equivalent.EMPTY_LEG)
RESERVATION = ActivityType("RESERVATION", "Reservation of the aircraft", Equivalent.OCCUPIED)
MAINTENANCE = ActivityType("MAINTENANCE", "Maintenance", Equivalent.OCCUPIED)
AOG = ActivityType("AOG", "Aircraft on ground, unserviceable", Equivalent.OCCUPIED)
ON_GROUND = ActivityType("ON GROUND", "Derived: where an idle aircraft stands", Equivalent.ONGROUND)
REPOSITION = ActivityType("REPOSITION", "Derived: return to home base", Equivalent.FERRY)
REPOSITION_CLOSED = ActivityType(
    "REPOSITION CLOSED", "Derived: return to home base, with availability from there only", Equivalent.FLIGHT_OCCUPIED
)
AWAY = ActivityType(
    "AWAY FROM BASE", "Derived: stay elsewhere, with availability from home base only", Equivalent.OCCUPIED
)

ACTIVITY_TYPES = (
    PAX_FLIGHT,
    PRIVATE_FLIGHT,
    CARGO_FLIGHT,
    AMBULANCE_FLIGHT,
    TRAINING_FLIGHT,
    TEST_FLIGHT,
    EMPTY_LEG,
    FERRY,
    FERRY_CLOSED,
    OPTION,
    OPPORTUNITY,
    RESERVATION,
    MAINTENANCE,
    AOG,
    ON_GROUND,
    REPOSITION,
    REPOSITION_CLOSED,
    AWAY,
)

_OF_EVENT = {
    ActivityKind.RESERVATION: RESERVATION,
    ActivityKind.MAINTENANCE: MAINTENANCE,
    ActivityKind.AOG: AOG,
}
_OF_FLIGHT = {
    FlightType.COMMERCIAL.value: PAX_FLIGHT,
    FlightType.PRIVATE.value: PRIVATE_FLIGHT,
    FlightType.CARGO.value: CARGO_FLIGHT,
    FlightType.AMBULANCE.value: AMBULANCE_FLIGHT,
    FlightType.TRAINING.value: TRAINING_FLIGHT,
    FlightType.TEST.value: TEST_FLIGHT,
}
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
        return _OF_EVENT[activity.kind]
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
    return _OF_FLIGHT.get(activity.flight_type, PAX_FLIGHT)
