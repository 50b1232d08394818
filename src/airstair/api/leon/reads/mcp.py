"""`mcp`: flights page by page, the last one at an airport, and who changed flights."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import msgspec
from ariadne import ObjectType, QueryType

from airstair.api.leon.asking import Asking, Info
from airstair.api.leon.errors import Refused
from airstair.api.leon.nids import location_code
from airstair.api.leon.reads.flights import CREW, FLIGHT, flights_of, hand_out, wanted_of
from airstair.api.leon.roots import further
from airstair.changes.queries import ChangeRow
from airstair.records.flights.facts import FlightFacts
from airstair.records.flights.finding import flights_wanted
from airstair.records.flights.queries import flight_history, last_flight_id

HISTORY = "GRAPHQL_ACTIVITY_HISTORY"
LONGEST = timedelta(days=186)
LOOKED_BACK = timedelta(days=366)  # for the last flight at an airport
MOST_ASKED, MOST_CHANGES = 200, 500

query, mcp = QueryType(), ObjectType("McpQuery")
query.set_field("mcp", further)


@mcp.field("flightList")
def _flight_list(_: object, info: Info, filter: dict[str, Any]) -> list[FlightFacts]:
    """A page of ids where the record can count them; else all are read, and counted here."""
    asking: Asking = info.context
    asking.require(FLIGHT)
    first, last = _page(filter)
    said = "The interval is at most 6 months. Ask in several requests."
    wanted = wanted_of(asking, {**filter, "limit": None}, LONGEST, said)
    if wanted is None:
        return []
    fits = _fitting(asking, filter)
    if not fits:
        ids = flights_wanted(asking.operator_id, msgspec.structs.replace(wanted, limit=last))
        return flights_of(asking, ids[first:])
    ids = flights_wanted(asking.operator_id, wanted)
    asking.hand_out(len(ids))  # what is read counts, whatever is told of it
    asking.load.flights.expect(ids)
    every = (one for id_ in ids if (one := asking.load.flights.get(id_)) is not None)
    return hand_out(asking, [one for one in every if all(fit(one) for fit in fits)][first:last])


def _page(given: dict[str, Any]) -> tuple[int, int | None]:
    """The places of the first flight and behind the last; `None`: to the end. Raises `Refused`."""
    first, most = given.get("offset") or 0, given.get("limit")
    for name, number in (("offset", first), ("limit", most or 0)):
        if number < 0:
            raise Refused(f"{name}: it is less than nothing. Send 0 or more, or leave it out.")
    return first, None if most is None else first + most


def _fitting(asking: Asking, given: dict[str, Any]) -> list[Callable[[FlightFacts], bool]]:
    """What a flight must be that the record is not asked for."""
    found: list[Callable[[FlightFacts], bool]] = []
    if given.get("crewNidList"):
        asking.require(*CREW)
        codes = {one.code for nid in given["crewNidList"] if (one := asking.load.members.get(nid)) is not None}
        found.append(lambda one: any(code.upper() in codes for code in one.crew.values()))
    if given.get("departureCountry"):
        found.append(lambda one: _country(asking, one.adep) == given["departureCountry"].strip().upper())
    if given.get("destinationCountry"):
        found.append(lambda one: _country(asking, one.ades) == given["destinationCountry"].strip().upper())
    return found


def _country(asking: Asking, airport: str) -> str | None:
    known = asking.load.airports.get(airport)
    return known.country.upper() if known else None


# --- the last flight at an airport ----------------------------------------------------------------------------------


@mcp.field("lastFlightFromAirport")
def _last_from(_: object, info: Info, **given: Any) -> FlightFacts | None:
    return _last(info.context, "adep", **given)


@mcp.field("lastFlightToAirport")
def _last_to(_: object, info: Info, **given: Any) -> FlightFacts | None:
    return _last(info.context, "ades", **given)


def _last(
    asking: Asking,
    at: str,
    airportCode: str | None = None,
    locationNid: int | None = None,
    aircraftNid: int | None = None,
    dateTime: datetime | None = None,
) -> FlightFacts | None:
    asking.require(FLIGHT)
    if (airportCode is None) == (locationNid is None):
        raise Refused("Say which airport: send either airportCode or locationNid.")
    code = airportCode if locationNid is None else location_code(locationNid)
    known = asking.load.airports.get(code or "")
    if known is None:
        return None
    some = asking.caller.aircraft
    if aircraftNid is not None:
        some = frozenset({aircraftNid} if asking.sees(aircraftNid) else ())
    adep, ades = (known.code, "") if at == "adep" else ("", known.code)
    end = dateTime or asking.now()
    found = last_flight_id(asking.operator_id, end - LOOKED_BACK, end, adep=adep, ades=ades, aircraft_ids=some)
    return None if found is None else next(iter(flights_of(asking, [found])), None)


# --- who changed flights --------------------------------------------------------------------------------------------


@mcp.field("tripHistoryListByFlightNidList")
def _histories(_: object, info: Info, flightNidList: list[int]) -> list[dict[str, Any]]:
    """Flights that the token does not reach have no history for it."""
    asking: Asking = info.context
    asking.require(FLIGHT)
    asking.require(HISTORY)
    if len(flightNidList) > MOST_ASKED:
        raise Refused(f"flightNidList: it names {len(flightNidList)} flights, and {MOST_ASKED} is the most.")
    flights = {one.id: one for one in flights_of(asking, dict.fromkeys(flightNidList))}
    trips: dict[int, dict[str, Any]] = {}
    for one in flights.values():
        trips.setdefault(
            one.trip_id, {"tripNid": one.trip_id, "tripNumber": one.trip_number, "changeList": []}
        )  # fmt: skip
    for change in flight_history(asking.operator_id, flights, MOST_CHANGES):
        trips[flights[change.subject_id].trip_id]["changeList"].append(_told(change))
    return list(trips.values())


def _told(change: ChangeRow) -> dict[str, Any]:
    return {
        "flightNid": change.subject_id,
        "dateTime": change.at,
        "kind": change.kind,
        "changedBy": change.actor_label,
        "fieldList": sorted({*(change.before or {}), *(change.after or {})}),
    }


BINDABLES = [query, mcp]
