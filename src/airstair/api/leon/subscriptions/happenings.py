"""What can be subscribed to, by its place in the schema: which changes it is, and which scopes it needs. A table."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from airstair.hub.webhooks.rules import Event

_FLIGHT = ("GRAPHQL_FLIGHT",)
_CREW = ("GRAPHQL_FLIGHT_CREW_SEE", "GRAPHQL_CREW_MEMBER")
_CHECKLIST = ("GRAPHQL_CHECKLIST_OPS_SEE", "GRAPHQL_CHECKLIST_EDIT")
_SCHEDULE = frozenset({"std", "sta", "adep", "ades"})
_PAX = frozenset({"pax_list", "pax_count", "pax_by_category"})
_FUEL = frozenset({"FUEL_ADEP"})

Test = Callable[[Event, Mapping[str, Any]], bool]


class Happening(msgspec.Struct, frozen=True):
    """One. `scopes`: of each group the token needs one. `thing`: the kind of unit that is told of."""

    thing: str
    scopes: tuple[tuple[str, ...], ...]
    test: Test


def _kind(*kinds: str) -> Test:
    return lambda event, _more: event.kind in kinds


def _edit(properties: frozenset[str], *, new_too: bool = False) -> Test:
    """An edit of a flight in which one of these differs."""

    def test(event: Event, _more: Mapping[str, Any]) -> bool:
        edited = event.kind.startswith("flight.") and (new_too or event.kind != "flight.created")
        return edited and not properties.isdisjoint(event.properties)

    return test


def _trip_status(event: Event, _more: Mapping[str, Any]) -> bool:
    return event.kind == "trip.changed" and "status" in event.properties


def _item(event: Event, more: Mapping[str, Any]) -> bool:
    """An item of the checklist; of the kinds that the subscription names, if it names any."""
    keys = more.get("items")
    return event.kind.startswith("checklist.") and (keys is None or _names(event, frozenset(keys)))


def _fuel(event: Event, _more: Mapping[str, Any]) -> bool:
    return event.kind.startswith("checklist.") and _names(event, _FUEL)


def _names(event: Event, keys: frozenset[str]) -> bool:
    """Whether one of the properties, such as `FUEL_ADEP.status`, is of one of the items."""
    return any(one.partition(".")[0] in keys for one in event.properties)


def _never(_event: Event, _more: Mapping[str, Any]) -> bool:
    """There is no such thing here, so it does not happen."""
    return False


HAPPENINGS: dict[str, Happening] = {
    "echo": Happening("operator", (), _kind("webhook.created")),
    "flight.flightCreate": Happening("flight", (_FLIGHT,), _kind("flight.created")),
    "flight.flightScheduleChange": Happening("flight", (_FLIGHT,), _edit(_SCHEDULE)),
    "flight.flightCancellation": Happening("flight", (_FLIGHT,), _kind("flight.cancelled", "flight.deleted")),
    "flight.flightCrewChanges": Happening("flight", (_FLIGHT, _CREW), _edit(frozenset({"crew"}))),
    "flight.flightWatch.flightWatchCreated": Happening(
        "flight", (_FLIGHT, ("GRAPHQL_FLIGHT_WATCH",)), _kind("flight.watch")
    ),
    "flight.flightWatch.flightWatchChanged": Happening(
        "flight", (_FLIGHT, ("GRAPHQL_FLIGHT_WATCH",)), _kind("flight.watch")
    ),
    "flight.journeyLog.journeyLogChanged": Happening(
        "flight", (_FLIGHT, ("GRAPHQL_JOURNEY_LOG",)), _kind("flight.log")
    ),
    "flight.passengerList.passengerListChanged": Happening("flight", (_FLIGHT, ("GRAPHQL_PASSENGER",)), _edit(_PAX)),
    "flight.checklist.flightChecklistChanged": Happening("flight", (_FLIGHT, _CHECKLIST), _item),
    "flight.checklist.flightOpsChecklistItemChanged": Happening("flight", (_FLIGHT, _CHECKLIST), _item),
    "flight.checklist.flightSalesChecklistItemChanged": Happening(
        "flight", (_FLIGHT, ("GRAPHQL_CHECKLIST_SALES_SEE",)), _never
    ),
    "flight.checklist.flightFuelChanged": Happening("flight", (_FLIGHT, _CHECKLIST), _fuel),
    "trip.tripStatusChanged": Happening("trip", (_FLIGHT,), _trip_status),
    "duty.create": Happening("crew", (("GRAPHQL_DUTY_SEE",),), _kind("duty.created")),
    "duty.update": Happening("crew", (("GRAPHQL_DUTY_SEE",),), _kind("duty.changed")),
    "duty.delete": Happening("crew", (("GRAPHQL_DUTY_SEE",),), _kind("duty.deleted")),
}
