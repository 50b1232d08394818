"""What an application answers: statuses of services, messages, proposed times. The checklist's commands do it."""

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
from airstair.records.checklist.commands import ServiceAnswer
from airstair.records.checklist.queries import support_flights

integration, support = ObjectType("IntegrationMutation"), ObjectType("FlightSupportMutation")
integration.set_field("flightSupport", further)
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


def _done(asking: Asking) -> bool:
    asking.wrote()
    return True


BINDABLES = [integration, support]
