"""What the imitated ForeFlight holds, and what it refuses of a flight.

Each rule says how it is known: documented (release notes of the Dispatch API), observed (public code of others who call
it, or the description of another scheduling system's add-on) or assumed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

DEMO_API_KEY = "YWlyc3RhaXItc2FuZGJveC1vbmx5LWZvcmVmbGlnaHQ="
OTHER_API_KEY = "YWlyc3RhaXItc2FuZGJveC1vdGhlci1mb3JlZmxpZ2g="
ORGANISATIONS = {DEMO_API_KEY: "demo", OTHER_API_KEY: "other"}

LONGEST_CALLSIGN = 7  # observed
LONGEST_TRIP_ID = 64  # documented
LONGEST_NOTES = 5000  # documented
POSITIONS = ("PIC", "SIC", "CA", "Other")  # observed; the spelling of the last is assumed
_KEPT = (
    "departure",
    "destination",
    "scheduledTimeOfDeparture",
    "scheduledTimeOfArrival",
    "aircraftRegistration",
    "callsign",
    "flightRule",
    "atcTypeOfFlight",
    "alternate",
    "routeToDestination",
    "load",
    "crew",
    "tripId",
    "tags",
    "dispatcherNotes",
)


class Plane(msgspec.Struct):
    """An aircraft that is set up in Dispatch."""

    registration: str
    model: str = ""
    organisation: str = "demo"


class Person(msgspec.Struct, rename="camel"):
    """A user of ForeFlight who flies."""

    username: str
    fullname: str
    crew_code: str


class Held(msgspec.Struct, rename="camel"):
    """One flight. A deleted one is kept here, and shown on the page, and to nobody who calls."""

    flight_id: str
    organisation: str
    flight: dict[str, Any]
    created_at: datetime
    updated_at: datetime
    deleted: bool = False
    released: bool = False
    made_by_hand: dict[str, Any] = {}


class Dispatch(msgspec.Struct, rename="camel"):
    """All that ForeFlight holds."""

    planes: dict[str, Plane]
    people: list[Person]
    flights: dict[str, Held] = {}
    adopts: bool = True
    calls_an_hour: int = 6000
    next_number: int = 1
    objections: dict[str, list[str]] = {}

    def objected(self, rule: str, evidence: str) -> None:
        self.objections.setdefault(rule, []).append(evidence)


def first_day() -> Dispatch:
    planes = [Plane("N100FF", "C680"), Plane("N200FF", "E55P"), Plane("N900ZZ", "GLF6", "other")]
    people = [
        Person("abe@demo.example", "Abe Adler", "ABE"),
        Person("kim@demo.example", "Kim Novak", "KIM"),
        Person("lea@demo.example", "Lea Berg", ""),
    ]
    return Dispatch({one.registration: one for one in planes}, people)


def kept_fields(flight: Mapping[str, Any]) -> dict[str, Any]:
    """What ForeFlight knows of a flight; what it does not know is passed over, as ASP.NET does (assumed)."""
    return {name: flight[name] for name in _KEPT if name in flight}


def read_time(written: object) -> datetime | None:
    """An ISO 8601 time with a zone (observed: Z)."""
    if not isinstance(written, str):
        return None
    try:
        when = datetime.fromisoformat(written)
    except ValueError:
        return None
    return when.astimezone(UTC) if when.tzinfo else None


def complaints(flight: Mapping[str, Any], dispatch: Dispatch, organisation: str) -> dict[str, list[str]]:
    """What is wrong with a flight, by field: as the validation of an ASP.NET service names it (assumed)."""
    wrong: dict[str, list[str]] = {}

    def say(field: str, words: str) -> None:
        wrong.setdefault(field, []).append(words)

    for field in ("departure", "destination"):  # observed: ICAO, required
        if not re.fullmatch(r"[A-Z0-9]{3,4}", str(flight.get(field, ""))):
            say(field, f"The {field} must be an ICAO code.")
    departs, arrives = (
        read_time(flight.get("scheduledTimeOfDeparture")),
        read_time(flight.get("scheduledTimeOfArrival")),
    )
    if departs is None:  # observed: required, ISO 8601 with Z
        say("scheduledTimeOfDeparture", "The scheduledTimeOfDeparture field is required, in UTC.")
    if flight.get("scheduledTimeOfArrival") is not None and arrives is None:
        say("scheduledTimeOfArrival", "The scheduledTimeOfArrival is not a time.")
    if departs and arrives and arrives <= departs:  # assumed
        say("scheduledTimeOfArrival", "A flight must arrive after it departs.")
    _check_texts(flight, say)
    _check_aircraft(flight, dispatch, organisation, say)
    _check_people(flight, dispatch, say)
    return wrong


def _check_texts(flight: Mapping[str, Any], say: Any) -> None:
    limits = {"callsign": LONGEST_CALLSIGN, "tripId": LONGEST_TRIP_ID, "dispatcherNotes": LONGEST_NOTES}
    for field, most in limits.items():
        if len(str(flight.get(field) or "")) > most:
            say(field, f"The {field} must be a string with a maximum length of {most}.")
    tags = flight.get("tags", [])
    if not isinstance(tags, list) or not all(isinstance(tag, str) for tag in tags):  # documented: strings
        say("tags", "The tags must be strings.")


def _check_aircraft(flight: Mapping[str, Any], dispatch: Dispatch, organisation: str, say: Any) -> None:
    """Observed: required. That it must be set up, without hyphens, follows from what others do (assumed)."""
    registration = str(flight.get("aircraftRegistration") or "")
    if not registration:
        say("aircraftRegistration", "The aircraftRegistration field is required.")
    elif not re.fullmatch(r"[A-Z0-9]+", registration):
        say("aircraftRegistration", f"The aircraft {registration} was not found: registrations have no hyphens.")
    else:
        plane = dispatch.planes.get(registration)
        if plane is None and dispatch.adopts and organisation == "demo":
            dispatch.planes[registration] = Plane(registration)
        elif plane is None or plane.organisation != organisation:
            say("aircraftRegistration", f"The aircraft {registration} was not found.")


def _check_people(flight: Mapping[str, Any], dispatch: Dispatch, say: Any) -> None:
    load = flight.get("load", {})
    counts = load.values() if isinstance(load, dict) else [-1]
    if not all(isinstance(one, int | float) and one >= 0 for one in counts):
        say("load", "The load must hold numbers that are not negative.")
    crew = flight.get("crew", [])
    if not isinstance(crew, list) or not all(isinstance(one, dict) for one in crew):
        say("crew", "The crew must be a list of members.")
        return
    known = {one.crew_code.upper() for one in dispatch.people if one.crew_code}
    known |= {one.username.upper() for one in dispatch.people}
    for member in crew:
        if member.get("position") not in POSITIONS:
            say("crew", f"The position {member.get('position')} is unknown.")
        if str(member.get("crewId") or "").upper() not in known:  # assumed: strangers are refused
            say("crew", f"The crew member {member.get('crewId')} was not found.")
