"""What an application answers: statuses, messages, proposed times, permits, and where it offers what.

The checklist's commands do it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from ariadne import ObjectType

from airstair.api.leon.asking import Asking, Info
from airstair.api.leon.roots import further
from airstair.api.leon.support.reading import let_in
from airstair.kernel.errors import NotFound
from airstair.records.checklist import commands
from airstair.records.checklist.commands import AirportServices, PermitInput, ServiceAnswer
from airstair.records.checklist.queries import support_flights

integration, support = ObjectType("IntegrationMutation"), ObjectType("FlightSupportMutation")
permits_root = ObjectType("FlightPermitsMutation")
integration.set_field("flightSupport", further)
support.set_field("flightPermits", further)
_ENDED = frozenset({"CANCELLED", "NOT_REQUIRED"})


def _allowed(asking: Asking, flight_nid: int, *, ending: bool = False) -> int:
    """The application, if it was asked about the flight. Of a flight on an aircraft that it may no longer see, it can
    only say that it has ended its part."""
    application_id = let_in(asking)
    for one in support_flights(asking.operator_id, application_id, None, [flight_nid], now=asking.now()):
        if ending or asking.sees(one.aircraft_id):
            return application_id
    raise NotFound("This flight")


@support.field("setServiceStatus")
def _status(_: object, info: Info, flightNid: int, services: list[dict[str, Any]]) -> bool:
    asking: Asking = info.context
    application_id = _allowed(asking, flightNid, ending=all(one["status"] in _ENDED for one in services))
    answers = [
        ServiceAnswer(service=one["service"], designation=one["status"], note=one.get("note")) for one in services
    ]
    commands.answer_services(asking.caller.support_actor(), application_id, flightNid, answers)
    return _done(asking)


@support.field("sendFlightSupportMessage")
def _message(
    _: object, info: Info, flightNid: int, content: str, createdBy: str | None = None
) -> bool:  # fmt: skip
    asking: Asking = info.context
    application_id = _allowed(asking, flightNid)
    commands.message(asking.caller.support_actor(), application_id, flightNid, content, createdBy or "")
    return _done(asking)


def _proposing(which: str) -> Callable[..., bool]:
    def resolve(_: object, info: Info, flightNid: int, time: datetime) -> bool:
        asking: Asking = info.context
        application_id = _allowed(asking, flightNid)
        actor = asking.caller.support_actor()
        commands.propose_times(actor, application_id, flightNid, **{which: time})
        return _done(asking)

    return resolve


support.set_field("setSlotAdepTime", _proposing("std"))
support.set_field("setSlotAdesTime", _proposing("sta"))


@support.field("setFlightSupportAvailableAirportServiceList")
def _available(_: object, info: Info, airportServiceList: list[dict[str, Any]]) -> bool:
    asking: Asking = info.context
    application_id = let_in(asking)
    lists = [AirportServices(airport=one["airportCode"], services=tuple(one["services"])) for one in airportServiceList]
    commands.set_available_services(asking.caller.support_actor(), application_id, lists)
    return _done(asking)


@permits_root.field("setPermits")
def _permits(_: object, info: Info, flightNid: int, permits: list[dict[str, Any]]) -> bool:
    asking: Asking = info.context
    application_id = _allowed(asking, flightNid, ending=not permits)
    wanted = [
        PermitInput(
            kind=one["kind"], designation=one["status"], valid_until=one.get("validUntil"),
            **{name: one.get(name) or "" for name in ("country", "airport", "number", "note")},
        )
        for one in permits
    ]  # fmt: skip
    commands.set_permits(asking.caller.support_actor(), application_id, flightNid, wanted)
    return _done(asking)


def _done(asking: Asking) -> bool:
    asking.wrote()
    return True


BINDABLES = [integration, support, permits_root]
