"""The three lists of flights that were submitted to an application, each flight in its whole present state."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
from ariadne import ObjectType

from airstair.api.leon import kinds
from airstair.api.leon.asking import Asking, Info
from airstair.api.leon.roots import further
from airstair.api.leon.support.cursors import News, news_since
from airstair.records.access.scopes import FLIGHT_SUPPORT
from airstair.records.checklist.queries import support_flights
from airstair.records.checklist.snapshots import SupportFlight
from airstair.records.flights.rules import Status

_SUBMITTED = ("checklist.submitted",)
_SERVICES = ("checklist.submitted", "checklist.item", "checklist.module", "handler.")
_SCHEDULE = ("flight.", "trip.", "aircraft.")

integration, support = ObjectType("IntegrationQuery"), ObjectType("FlightSupportQuery")
flight, service = ObjectType("FlightSupportFlight"), ObjectType("FlightSupportService")
handler, neighbour = ObjectType("FlightSupportHandler"), ObjectType("FlightSupportNeighbour")
integration.set_field("flightSupport", further)


def let_in(asking: Asking) -> int:
    """The application that asks; raises `Refused` for others."""
    asking.require_oauth()
    asking.require(FLIGHT_SUPPORT)
    application_id = asking.caller.application_id
    assert application_id is not None  # whoever comes by OAuth is one
    return application_id


# --- lists ----------------------------------------------------------------------------------------------------------


def _list(change_kinds: tuple[str, ...], *, aircraft_too: bool = False, first_only: bool = False) -> Callable[..., Any]:
    def resolve(_: object, info: Info, cursor: str | None = None) -> dict[str, Any]:
        asking: Asking = info.context
        application_id = let_in(asking)
        news = news_since(asking, cursor, change_kinds, aircraft_too=aircraft_too)
        found = flights_in(asking, application_id, news)
        if first_only and not news.everything:
            found = [one for one in found if one.submission == 1]
        return {"flightList": found, "cursor": news.cursor, "more": news.more}

    return resolve


def flights_in(asking: Asking, application_id: int, news: News) -> list[SupportFlight]:
    """The flights that the news are about, by departure; those of aircraft that it may no longer see are gone."""
    if not news.everything and not news.flight_ids and not news.aircraft_ids:
        return []
    found: dict[int, SupportFlight] = {}
    if news.everything or news.aircraft_ids:
        in_sight = support_flights(asking.operator_id, application_id, None, now=asking.now())
        found = {one.flight_id: one for one in in_sight if news.everything or _touched(one, news)}
    older = news.flight_ids - found.keys()
    if older:
        more = support_flights(asking.operator_id, application_id, None, older, now=asking.now())
        found |= {one.flight_id: one for one in more}
    seen = [
        one if asking.sees(one.aircraft_id) else _gone(one)
        for one in found.values()
        if asking.sees(one.aircraft_id) or news.again or one.flight_id in news.left
    ]
    asking.hand_out(len(seen))
    return sorted(seen, key=lambda one: (one.std, one.flight_id))


def _touched(one: SupportFlight, news: News) -> bool:
    return one.aircraft_id in news.aircraft_ids or one.flight_id in news.flight_ids


def _gone(one: SupportFlight) -> SupportFlight:
    """Cancelled, as far as this application is concerned; without what it may no longer know."""
    return msgspec.structs.replace(
        one, cancelled=True, registration="", call_sign="", aircraft_icao_type="", pax_count=0, crew_count=0,
        previous=None, next=None,
    )  # fmt: skip


support.set_field("getCreatedFlightServiceList", _list(_SUBMITTED, first_only=True))
support.set_field("getModifiedFlightServiceList", _list(_SERVICES))
support.set_field("getModifiedFlightScheduleList", _list(_SCHEDULE, aircraft_too=True))

# --- fields ---------------------------------------------------------------------------------------------------------


def _names(of: ObjectType, **fields: str) -> None:
    """Texts and values under other names; what is empty is null where the schema allows it."""
    for name, field in fields.items():
        of.set_field(name, lambda one, _info, field=field: getattr(one, field))


def _texts(of: ObjectType, **fields: str) -> None:
    for name, field in fields.items():
        of.set_field(name, lambda one, _info, field=field: getattr(one, field) or None)


for _one in (flight, neighbour):
    _names(_one, flightNid="flight_id", flightNo="number", startTimeUTC="std", endTimeUTC="sta")
    _one.set_field("status", lambda one, _info: kinds.status(Status(one.status)))
_names(
    flight, tripNid="trip_id", tripNumber="trip_number", paxCount="pax_count", crewCount="crew_count",
    isCnl="cancelled", modifiedAt="modified_at", adepHandler="adep_handler", adesHandler="ades_handler",
    previousFlight="previous", nextFlight="next", submittedAt="submitted_at", serviceList="services",
)  # fmt: skip
_texts(
    flight, registration="registration", callSign="call_sign", aircraftIcaoType="aircraft_icao_type",
    mission="sales_type", editStatus="edit_status", editNote="edit_note",
)  # fmt: skip
flight.set_field("flightType", lambda one, _info: kinds.flight_type(kinds.Kind(one.flight_type, one.sales_type, False)))
_names(handler, handlerNid="id")
_texts(handler, email="email", telephone="phone", airport="airport")
_names(service, isRequested="is_requested")
_texts(service, details="details", note="note", status="designation", checklistStatusId="status")


BINDABLES = [integration, support, flight, service, handler, neighbour]
