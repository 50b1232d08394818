"""The imitated Avinode's reading operations, and the whole of what it holds as JSON.

Paths and parameters are documented or observed as noted; the members of the objects in the answers are largely not
public, so beyond the resource header (id, href, type: documented) their names are assumed.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import msgspec

from airstair.addons.avinode.sandbox import airports as published
from airstair.addons.avinode.sandbox.availability import equivalent_of
from airstair.addons.avinode.sandbox.documents import INVALID, MISSING, Message, read_time
from airstair.addons.avinode.sandbox.emptylegs import Offer, Search, matching
from airstair.addons.avinode.sandbox.gate import Gate
from airstair.addons.avinode.sandbox.market import Market, freshness
from airstair.addons.avinode.sandbox.model import Activity, Aircraft, Connection
from airstair.sandbox.partner import Call

LARGEST_PAGE = 500


class Found(msgspec.Struct, frozen=True):
    """What a reading operation found: `content` None means there is no such object."""

    content: Any
    meta: dict[str, Any] = {}


class WrongQuery(ValueError):
    """A parameter that is missing or malformed."""

    def __init__(self, message: Message) -> None:
        super().__init__(message.title)
        self.message = message


def _own(market: Market, connection: Connection) -> list[Aircraft]:
    """Documented: a connection reaches its own company's objects only."""
    return [plane for plane in market.aircraft.values() if plane.company == connection.company]


def activity_json(activity: Activity, equivalent: str) -> dict[str, Any]:
    """A stored activity in the words of the upload, with its interpretation."""
    document: dict[str, Any] = {
        "activityId": activity.activity_id,
        "activityType": activity.activity_type,
        "interpretation": equivalent,
        "startAirport": {"icao": activity.start_airport},
        "endAirport": {"icao": activity.end_airport},
        "startDateTime": _stamp(activity.start),
        "endDateTime": _stamp(activity.end),
        "externalTripId": activity.external_trip_id,
        "tripId": activity.trip_id,
        "flightNumber": activity.flight_number,
        "paxCount": activity.pax_count,
        "note": activity.note,
        "price": activity.price,
        "currency": activity.currency,
        "flightRegulations": activity.flight_regulations,
        "flightRegulationsDescription": activity.flight_regulations_description,
        "marketingStartDateTime": _stamp(activity.marketing_start),
        "marketingEndDateTime": _stamp(activity.marketing_end),
        "marketingVerified": activity.marketing_verified,
        "marketingMessage": activity.marketing_message,
        "services": activity.services,
    }
    kept = ("activityId", "paxCount")
    return {name: value for name, value in document.items() if name in kept or value not in (None, "", [])}


def _stamp(when: datetime | None) -> str | None:
    """Minutes and a literal Z (documented example format); seconds only where there are any."""
    if when is None:
        return None
    return when.strftime("%Y-%m-%dT%H:%MZ" if not (when.second or when.microsecond) else "%Y-%m-%dT%H:%M:%SZ")


def _aircraft_json(market: Market, plane: Aircraft, base_url: str) -> dict[str, Any]:
    company = market.companies[plane.company]
    return {
        "id": f"aircraft-{plane.number}",
        "href": f"{base_url}/api/aircraft/aircraft-{plane.number}",
        "type": "aircraft",
        "tailNumber": plane.tail,
        "homeBase": published.as_json(plane.home_base),
        "status": plane.status,
        "scheduleUpdateType": plane.update_type,
        "marketingCompany": {"id": f"company-{company.number}", "displayName": company.name},
    }


def _schedule_json(
    market: Market, plane: Aircraft, now: datetime, window: tuple[datetime | None, datetime | None]
) -> Any:
    mapping = market.companies[plane.company].mapping
    start, end = window
    activities = [
        activity_json(activity, equivalent_of(mapping, activity.activity_type))
        for activity in plane.activities
        if (start is None or activity.end >= start) and (end is None or activity.start <= end)
    ]
    return {
        "lift": {"aircraftTail": plane.tail},
        "homeBase": {"icao": plane.home_base},
        "updatedAt": _stamp(plane.uploaded_at),
        "freshness": freshness(plane.uploaded_at, now),
        "activities": activities,
        "interpretation": msgspec.to_builtins(market.intervals(plane)),
    }


def _window(call: Call) -> tuple[datetime | None, datetime | None]:
    """`startts` and `endts` (observed), both optional."""
    read: list[datetime | None] = []
    for name in ("startts", "endts"):
        written = call.query.get(name, [None])[0]
        if written is None:
            read.append(None)
            continue
        when = read_time(written.replace(" ", "+"))
        if when is None:
            raise WrongQuery(Message(f"{name} is not a time such as 2027-05-11T06:00Z", INVALID, name))
        read.append(when.at)
    return read[0], read[1]


def _tails(call: Call) -> list[str]:
    tails = [tail for tail in call.query.get("tail", []) if tail.strip()]
    if not tails:
        raise WrongQuery(Message("tail is required", MISSING, "tail"))
    return tails


def schedules(market: Market, call: Call, connection: Connection, now: datetime) -> Found:
    """GET /schedules: the whole fleet (observed)."""
    window = _window(call)
    return Found([_schedule_json(market, plane, now, window) for plane in _own(market, connection)])


def schedules_by_tail(market: Market, call: Call, connection: Connection, now: datetime) -> Found:
    """GET /schedules/search: one or more tails (documented; the path is assumed)."""
    window, found = _window(call), _by_tails(market, _tails(call), connection)
    return Found([_schedule_json(market, plane, now, window) for plane in found])


def _by_tails(market: Market, tails: list[str], connection: Connection) -> list[Aircraft]:
    planes = (market.find(tail) for tail in tails)
    return [plane for plane in planes if plane is not None and plane.company == connection.company]


def fleet(market: Market, call: Call, connection: Connection, now: datetime) -> Found:
    """GET /aircraft: all aircraft the caller may access (documented; the path is assumed)."""
    return Found([_aircraft_json(market, plane, call.base_url) for plane in _own(market, connection)])


def aircraft_by_tail(market: Market, call: Call, connection: Connection, now: datetime) -> Found:
    """GET /aircraft/search?tail=..&tail=.. (observed)."""
    found = _by_tails(market, _tails(call), connection)
    return Found([_aircraft_json(market, plane, call.base_url) for plane in found])


def one_aircraft(market: Market, call: Call, connection: Connection, now: datetime) -> Found:
    """GET /aircraft/{id} (observed)."""
    wanted = call.path.rstrip("/").rpartition("/")[2]
    found = [plane for plane in _own(market, connection) if f"aircraft-{plane.number}" == wanted]
    return Found(_aircraft_json(market, found[0], call.base_url) if found else None)


def airports(market: Market, call: Call, connection: Connection, now: datetime) -> Found:
    """GET /airports/search: filter, filterMatchType, page[number] from 0, page[size] (observed)."""
    words = call.query.get("filter", [""])[0]
    if not words.strip():
        raise WrongQuery(Message("filter is required", MISSING, "filter"))
    kind = call.query.get("filterMatchType", ["contains"])[0].lower()
    if kind not in ("contains", "starts_with"):
        raise WrongQuery(Message("filterMatchType must be contains or starts_with", INVALID, "filterMatchType"))
    number, size = _whole(call, "page[number]", 0, 0, 10_000), _whole(call, "page[size]", 20, 1, LARGEST_PAGE)
    codes = published.search(words, kind == "starts_with")
    page = [published.as_json(code) for code in codes[number * size : (number + 1) * size]]
    return Found(page, {"pagination": {"pageNumber": number, "batchSize": size, "totalCount": len(codes)}})


def one_airport(market: Market, call: Call, connection: Connection, now: datetime) -> Found:
    """GET /airports/{id} (observed); a bare code is taken too."""
    wanted = call.path.rstrip("/").rpartition("/")[2].removeprefix("airport-").upper()
    return Found(published.as_json(wanted))


def _whole(call: Call, name: str, usual: int, least: int, most: int) -> int:
    written = call.query.get(name, [str(usual)])[0]
    if not (written.isascii() and written.isdigit() and len(written) < 9 and least <= int(written) <= most):
        raise WrongQuery(Message(f"{name} must be a whole number from {least} to {most}", INVALID, name))
    return int(written)


def search_empty_legs(market: Market, call: Call, connection: Connection, now: datetime) -> Found:
    """POST /emptylegs/search: date, optional airports, numberOfDaysFlexibility, passengers (path documented)."""
    search = _search(call.body)
    return Found([_offer_json(market, leg, call.base_url) for leg in matching(market.offers(now), search)])


def _search(body: bytes) -> Search:
    try:
        sent = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise WrongQuery(Message("The request body is not valid JSON", INVALID)) from None
    if not isinstance(sent, dict) or not sent.get("date"):
        raise WrongQuery(Message("date is required", MISSING, "date"))
    try:
        day = date.fromisoformat(str(sent["date"])[:10])
    except ValueError:
        raise WrongQuery(Message("date is not a date such as 2027-05-11", INVALID, "date")) from None
    flexible = str(sent.get("numberOfDaysFlexibility") or "0")
    if not (flexible.isascii() and flexible.isdigit() and len(flexible) <= 3) or not 1970 <= day.year <= 9000:
        raise WrongQuery(Message("numberOfDaysFlexibility must be a whole number", INVALID, "numberOfDaysFlexibility"))
    places: dict[str, str | None] = {}
    for name in ("startAirport", "endAirport"):
        code, _ = published.resolve(sent.get(name))
        if sent.get(name) and code is None:
            raise WrongQuery(Message(f"{name} is not an airport", INVALID, name))
        places[name] = code
    return Search(day, int(flexible), places["startAirport"], places["endAirport"])


def _offer_json(market: Market, leg: Offer, base_url: str) -> dict[str, Any]:
    company, activity = market.companies[leg.company], leg.activity
    return {
        "id": leg.id,
        "href": f"{base_url}/api/emptylegs/{leg.id}",
        "type": "emptylegs",
        "lift": {"aircraftTail": leg.tail},
        "sellerCompany": {"id": f"company-{company.number}", "displayName": company.name},
        "startAirport": published.as_json(activity.start_airport),
        "endAirport": published.as_json(activity.end_airport),
        "startDate": _stamp(leg.start),
        "endDate": _stamp(leg.end),
        "departure": _stamp(activity.start),
        "sellerVerified": leg.verified,
        "sellerMessage": activity.marketing_message,
        "sellerPrice": {"price": activity.price, "currency": activity.currency or None},
    }


def one_empty_leg(market: Market, call: Call, connection: Connection, now: datetime) -> Found:
    """GET /emptylegs/{id} (documented)."""
    wanted = call.path.rstrip("/").rpartition("/")[2]
    found = [leg for leg in market.offers(now) if leg.id == wanted and leg.withheld is None]
    return Found(_offer_json(market, found[0], call.base_url) if found else None)


def state(market: Market, gate: Gate, now: datetime) -> dict[str, Any]:
    """All that is held: companies with mapping tables, aircraft by tail, empty legs, connections without secrets."""
    planes = {}
    for plane in market.aircraft.values():
        schedule = _schedule_json(market, plane, now, (None, None))
        age = (now - plane.uploaded_at).total_seconds() if plane.uploaded_at is not None else None
        planes[plane.tail] = {
            "company": plane.company,
            "status": plane.status,
            "updateType": plane.update_type,
            "adopted": plane.adopted,
            "homeBase": plane.home_base,
            "uploads": plane.uploads,
            "updatedAt": schedule["updatedAt"],
            "ageSeconds": age,
            "freshness": schedule["freshness"],
            "activities": schedule["activities"],
            "interpretation": schedule["interpretation"],
        }
    offered = market.offers(now)
    return {
        "now": now.isoformat(),
        "companies": msgspec.to_builtins(market.companies),
        "aircraft": planes,
        "emptyLegs": [_state_offer(market, leg) for leg in offered if leg.withheld is None],
        "withheldEmptyLegs": [
            {**_state_offer(market, leg), "reason": leg.withheld} for leg in offered if leg.withheld is not None
        ],
        "connections": {
            connection.key: {
                "company": connection.company,
                "active": connection.active,
                "permissions": connection.permissions,
            }
            for connection in gate.connections.values()
        },
    }


def _state_offer(market: Market, leg: Offer) -> dict[str, Any]:
    return {**_offer_json(market, leg, ""), "activityId": leg.activity.activity_id}
