"""What the imitated Avinode holds: companies, API connections, aircraft, activities, mapping tables.

Plain records without rules; the rules are in the other `sandbox_*` modules. All times are aware UTC.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

# Avinode: Schedule upload, "Activity types" (documented): the six interpretations an activity type can be mapped to.
EMPTY_LEG = "Empty Leg Availability"
FERRY = "Ferry Availability"
FLIGHT_OCCUPIED = "Flight Occupied"
OCCUPIED = "Occupied"
ONGROUND = "Onground Availability"
OPTION = "Option Availability"
EQUIVALENTS = (EMPTY_LEG, FERRY, FLIGHT_OCCUPIED, OCCUPIED, ONGROUND, OPTION)
BLOCKING = frozenset({FLIGHT_OCCUPIED, OCCUPIED})

# Conditions for an upload (documented in another vendor's help and in Avinode's member help).
FULLY_ACTIVE = "Fully Active"
STATUSES = (FULLY_ACTIVE, "Partially Active", "Inactive")
INTEGRATED = "Integrated"
UPDATE_TYPES = (INTEGRATED, "Manual")

BLACK = "#000000"

# Permissions of an API connection; their names here are assumed, that they exist is documented (API basics).
UPLOAD_SCHEDULES = "schedules:update"
READ_SCHEDULES = "schedules:read"
READ_AIRCRAFT = "aircraft:read"
SEARCH_EMPTY_LEGS = "emptylegs:search"
ALL_PERMISSIONS = (UPLOAD_SCHEDULES, READ_SCHEDULES, READ_AIRCRAFT, SEARCH_EMPTY_LEGS)


class Activity(msgspec.Struct, frozen=True):
    """One thing in an aircraft's schedule, as stored: airports are resolved codes, invalid ones replaced."""

    activity_id: str
    activity_type: str
    start: datetime
    end: datetime
    start_airport: str | None
    end_airport: str | None
    sent_start_airport: str
    sent_end_airport: str
    external_trip_id: str = ""
    trip_id: str = ""
    flight_number: str = ""
    pax_count: int | None = None
    note: str = ""
    price: float | None = None
    currency: str = ""
    flight_regulations: str = ""
    flight_regulations_description: str = ""
    marketing_start: datetime | None = None
    marketing_end: datetime | None = None
    marketing_verified: bool | None = None
    marketing_message: str = ""
    services: list[dict[str, Any]] = []
    unknown_properties: list[str] = []


class MappingRow(msgspec.Struct, frozen=True):
    """How one company's activity type is interpreted, and the colour it is shown in."""

    equivalent: str = OCCUPIED
    colour: str = BLACK


class Company(msgspec.Struct):
    """A member. `adopts`, a convenience of the sandbox: unknown aircraft become the company's at their first call."""

    key: str
    number: int
    name: str
    adopts: bool = False
    mapping: dict[str, MappingRow] = {}


class Aircraft(msgspec.Struct):
    """An aircraft marketed by one company, and the schedule the marketplace has for it."""

    tail: str
    number: int
    company: str
    home_base: str | None
    status: str = FULLY_ACTIVE
    update_type: str = INTEGRATED
    adopted: bool = False
    activities: list[Activity] = []
    uploaded_at: datetime | None = None
    uploads: int = 0


class Connection(msgspec.Struct):
    """An API connection: belongs to exactly one company, may be inactive, may do what it is permitted to."""

    key: str
    company: str
    token: str
    active: bool = True
    permissions: list[str] = msgspec.field(default_factory=lambda: list(ALL_PERMISSIONS))
    client_id: str = ""
    client_secret: str = ""
    last_used: datetime | None = None


class IssuedToken(msgspec.Struct, frozen=True):
    """An access token from the OAuth endpoint."""

    token: str
    connection: str
    expires_at: datetime
