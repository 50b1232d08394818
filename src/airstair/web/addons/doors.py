"""What partners come in by, as pages show it: credentials once, how to pass them on, and the visits.

A key stands in the one answer that issued it, and is kept nowhere: not in the session, not in a message.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from django.http import HttpResponse
from django.shortcuts import render

from airstair.hub.calls import CallLine, calls
from airstair.hub.connections.queries import ConnectionFacts, connection
from airstair.hub.contract import Addon
from airstair.hub.doors.commands import Issued, issue_again
from airstair.hub.doors.queries import DoorFacts, doors
from airstair.hub.doors.rules import PREFIX, login_of
from airstair.hub.registry import addon
from airstair.kernel.errors import NotFound
from airstair.records.operators.rules import Right
from airstair.web.acting import PageRequest, page
from airstair.web.addons import times
from airstair.web.addons.looks import Look, look_of_outcome

_MOST_VISITS = 20


@dataclass(frozen=True)
class ShownVisit:
    """A visit with its look."""

    call: CallLine
    look: Look
    duration: str


@page(Right.ADDONS_MANAGE, doing="configure add-ons", methods=("POST",))
def issue(request: PageRequest, key: str, connection_id: int) -> HttpResponse:
    """New credentials in place of the old ones, shown in this answer."""
    one = addon(key)
    if connection(request.operator.id, connection_id).addon != one.key:
        raise NotFound(f"Connection {connection_id}")
    return issued_page(request, one, issue_again(request.actor, connection_id, clock=times.CLOCK))


def issued_page(request: PageRequest, one: Addon, issued: Issued) -> HttpResponse:
    """The only page that ever shows the key."""
    context = {
        "addon": one,
        "tab": "configuration",
        "issued": issued,
        "address": request.build_absolute_uri(issued.path),
        "connection": connection(request.operator.id, issued.connection_id),
    }
    return render(request, "web/addons/issued.html", context)


def address_of(request: PageRequest, facts: ConnectionFacts) -> str:
    """Where the connection's partner comes to."""
    return request.build_absolute_uri(f"{PREFIX}{facts.addon}/{login_of(facts.operator_id, facts.id)}")


def door_of(one: Addon, facts: ConnectionFacts | None) -> DoorFacts | None:
    """What was issued for the connection. At most one statement."""
    if facts is None or not one.inbound:
        return None
    return doors(facts.operator_id, [facts.id]).get(facts.id)


def panel(
    request: PageRequest, one: Addon, facts: ConnectionFacts, visible: Collection[int] | None
) -> dict[str, object]:
    """For the Activity page: the door and the latest visits. Three statements, none where nobody comes or goes.

    Who sees some aircraft only sees no visit: what it was about may be on another one.
    """
    if visible is not None or not (one.inbound or one.handoffs):
        return {}
    return {
        "door": door_of(one, facts),
        "door_address": address_of(request, facts),
        "visits": [
            ShownVisit(line, look_of_outcome(line.outcome), times.milliseconds(line.duration_ms))
            for line in calls(facts.operator_id, connection_id=facts.id, limit=_MOST_VISITS, inward=True)
        ],
    }
