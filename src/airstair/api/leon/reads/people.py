"""Crew and passengers of flights, crew members, and the phonebook's contacts."""

from __future__ import annotations

from typing import Any, NamedTuple

from ariadne import ObjectType, QueryType

from airstair.api.leon import positions
from airstair.api.leon.asking import Asking, Info
from airstair.api.leon.reads.flights import CREW
from airstair.records.flights.facts import FlightFacts
from airstair.records.people.queries import crew_members
from airstair.records.people.snapshots import CrewMemberFacts

query, flight = QueryType(), ObjectType("Flight")
on_flight, passengers, member = ObjectType("CrewOnFlight"), ObjectType("PassengerList"), ObjectType("CrewMember")


class OnFlight(NamedTuple):
    """Somebody's part in one flight."""

    place: str  # the position's name
    code: str
    member: CrewMemberFacts | None  # of no code that the record has


# --- crew of flights ------------------------------------------------------------------------------------------------


def _crew(facts: FlightFacts, info: Info) -> list[OnFlight]:
    asking: Asking = info.context
    asking.require(*CREW)
    aboard = sorted(facts.crew.items(), key=lambda one: positions.rank(one[0]))
    return [OnFlight(place, code, asking.load.crew.get(code.upper())) for place, code in aboard]


for _name in ("crewList", "crewMemberList"):
    flight.set_field(_name, _crew)


def contact_of(one: CrewMemberFacts) -> dict[str, Any]:
    """A crew member as the SDL's `Contact`. `name` is the first name, as clients have it."""
    nationality = {"code": one.nationality, "codeIso": one.nationality} if one.nationality else None
    return {
        "contactNid": one.id, "loginNid": one.id, "personCode": one.code, "code": one.code, "name": one.first_name,
        "surname": one.last_name, "email": one.email or None, "phone": one.phone or None,
        "telephone": one.phone or None, "genderEnum": one.sex.upper() or None, "nationality": nationality,
        "isCompany": False, "isDeleted": not one.active, "passportList": [],
    }  # fmt: skip


@on_flight.field("contact")
def _contact(part: OnFlight, _info: object) -> dict[str, Any]:
    if part.member is not None:
        return contact_of(part.member)
    return {"personCode": part.code, "code": part.code, "passportList": []}


on_flight.set_field("loginNid", lambda part, _info: part.member.id if part.member else None)
on_flight.set_field("posNid", lambda part, _info: positions.position(part.place)["posNid"])
on_flight.set_field("position", lambda part, _info: positions.position(part.place))
on_flight.set_field("isCaptain", lambda part, _info: positions.is_captain(part.place))
on_flight.set_field("isFirstOfficer", lambda part, _info: positions.is_first_officer(part.place))
on_flight.set_field("isFlightAttendant", lambda part, _info: positions.is_flight_attendant(part.place))

# --- passengers of flights ------------------------------------------------------------------------------------------


@flight.field("passengerList")
def _passengers(facts: FlightFacts, info: Info) -> FlightFacts:
    info.context.require("GRAPHQL_PASSENGER")
    return facts


for _name in ("count", "countExcludingAnimals", "realCount"):
    passengers.set_alias(_name, "pax_count")
passengers.set_alias("isFerry", "ferry")


def _category(name: str) -> Any:
    """Nothing while nobody said how many of each there are."""
    return lambda facts, _info: facts.pax_by_category.get(name, 0) if facts.pax_by_category else None


for _name in ("male", "female", "child", "infant"):
    passengers.set_field(f"{_name}Count", _category(_name))


@passengers.field("passengerContactList")
def _names(facts: FlightFacts, info: Info) -> list[dict[str, Any]]:
    return [
        {
            "contact": _passenger(one, info.context),
            "category": one.get("category") or None,
            "passports": [],
            "isLead": None,
        }
        for one in facts.pax_list
    ]


def _passenger(one: dict[str, Any], asking: Asking) -> dict[str, Any]:
    """A flight has whole names. One that a single passenger of the phonebook has is that passenger's; of others the
    last word is taken for the surname."""
    name, sex = str(one.get("name", "")).strip(), str(one.get("category", "")).upper()
    first, _, last = name.rpartition(" ")
    known = asking.load.passengers.get(name.lower())
    return {
        "contactNid": known.id if known else None, "name": (known.first_name if known else first) or None,
        "surname": (known.last_name if known else last) or None,
        "genderEnum": sex if sex in ("MALE", "FEMALE") else None, "isCompany": False, "isDeleted": False,
        "passportList": [],
    }  # fmt: skip


def _as_text(facts: FlightFacts, _info: object) -> str | None:
    return ", ".join(str(one.get("name", "")) for one in facts.pax_list) or None


passengers.set_field("passengerListAsText", _as_text)
passengers.set_field("isDataSourceContact", lambda facts, _info: bool(facts.pax_list))
passengers.set_field("isDataSourceText", lambda facts, _info: False)

# --- crew members ---------------------------------------------------------------------------------------------------


@query.field("crewMemberList")
def _members(_: object, info: Info) -> list[CrewMemberFacts]:
    asking: Asking = info.context
    asking.require("GRAPHQL_CREW_MEMBER")
    return crew_members(asking.operator_id)


for _name in ("loginNid", "contactNid", "crewMemberNid"):
    member.set_alias(_name, "id")
member.set_alias("personCode", "code")
member.set_alias("name", "first_name")
member.set_alias("surname", "last_name")
member.set_alias("isActive", "active")
member.set_field("email", lambda one, _info: one.email or None)
member.set_field("homeBase", lambda one, info: info.context.load.airports.get(one.home_base))
member.set_field("positionList", lambda one, _info: [positions.position(name) for name in one.positions])
member.set_field("contact", lambda one, _info: contact_of(one))


@query.field("loggedUser")
def _logged_user(_: object, info: Info) -> None:
    """A token is a program's, never a person's."""
    info.context.require_identity("user session", "user access token", "personal API key")


BINDABLES = [query, flight, on_flight, passengers, member]
