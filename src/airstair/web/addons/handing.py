"""Links that hand a person over to a partner's page. The address is made when the link is followed, not before."""

from __future__ import annotations

from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render

from airstair.hub.doors.handing import NotIntegrated, hand_over
from airstair.hub.registry import addon
from airstair.hub.visits import Contact
from airstair.kernel.errors import Invalid
from airstair.records.fleet.queries import visible_aircraft
from airstair.records.operators.rules import Right
from airstair.web.acting import PageRequest, page
from airstair.web.addons import times


@page(Right.SCHEDULE_VIEW, methods=("GET",))
def handoff(request: PageRequest, key: str, flow: str, flight_id: int | None = None) -> HttpResponse:
    """On to the partner's page; or the reason why there is none."""
    one = addon(key)
    contact = Contact(name=request.user.name, email=request.user.email)
    try:
        address = hand_over(
            request.actor,
            key,
            flow,
            flight_id,
            contact,
            aircraft_ids=visible_aircraft(request.actor),
            clock=times.CLOCK,
        )
    except (NotIntegrated, Invalid) as reason:
        context = {"addon": one, "reason": str(reason), "flight_id": flight_id}
        return render(request, "web/addons/not_handed.html", context, status=409)
    response = HttpResponseRedirect(address)
    response.headers["Referrer-Policy"] = "no-referrer"
    return response
