"""Links that hand a person over to a partner's page. The address is made when the link is followed, not before."""

from __future__ import annotations

from urllib.parse import urlsplit

from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render

from airstair.hub.contract import Addon
from airstair.hub.doors.handing import NotIntegrated, hand_over
from airstair.hub.doors.handing import handoff as handoff_of
from airstair.hub.visits import Contact, Handoff
from airstair.kernel.errors import Invalid
from airstair.records.fleet.queries import visible_aircraft
from airstair.records.operators.rules import Right
from airstair.web.acting import PageRequest, page
from airstair.web.addons import times
from airstair.web.security import content_security_policy


@page(Right.SCHEDULE_VIEW, methods=("GET",))
def handoff(request: PageRequest, key: str, flow: str, flight_id: int | None = None) -> HttpResponse:
    """On to the partner's page, or that page inside one of ours; or the reason why there is none."""
    one, way = handoff_of(key, flow)
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
    if way.embedded and "own" not in request.GET:
        return _embedded(request, one, way, address)
    response = HttpResponseRedirect(address)
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


def _embedded(request: PageRequest, one: Addon, way: Handoff, address: str) -> HttpResponse:
    """Our page around theirs. A partner that lets nobody frame it can still be opened by itself."""
    response = render(request, "web/addons/embedded.html", {"addon": one, "way": way, "address": address})
    parts = urlsplit(address)
    origin = f"{parts.scheme}://{parts.netloc}"
    response.headers["Content-Security-Policy"] = content_security_policy(request, framed=origin)
    return response
