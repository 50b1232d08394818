"""The way in for partners that come to us: reads the request, hands it to the hub's doors, writes the answer.

No session, no cookie, no form token: nothing of a browser's opens anything here, and nothing of here opens a page.
Holds no rule; `hub/doors` has them.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import parse_qsl

from django.http import HttpRequest, HttpResponse, HttpResponseBase

from airstair.hub.doors.noting import Knock
from airstair.hub.doors.rules import PREFIX
from airstair.hub.doors.visiting import Told, visit
from airstair.kernel.clock import SystemClock
from airstair.kernel.scope import no_operator

_PLACE = re.compile(rf"{PREFIX}([^/]*)(?:/([^/]*))?(.*)", re.DOTALL)
_MOST_QUERY = 50  # names
CLOCK = SystemClock()


class PartnerEntrance:
    """Middleware, before all that knows of sessions. What begins with the prefix goes no further."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        place = _PLACE.fullmatch(request.path_info)
        if place is None:
            return self.get_response(request)
        with no_operator():
            return written(visit(_knock(request, place), _reader(request), clock=CLOCK))


def _knock(request: HttpRequest, place: re.Match[str]) -> Knock:
    query = parse_qsl(request.META.get("QUERY_STRING", ""), keep_blank_values=True, errors="replace")
    return Knock(
        addon=place[1],
        login=place[2] or "",
        method=(request.method or "")[:20],
        path=place[3] or "/",
        query=dict(query[:_MOST_QUERY]),
        address=request.META.get("REMOTE_ADDR", ""),
        headers={name.lower(): value for name, value in request.headers.items()},
        at=CLOCK.now(),
    )


def _reader(request: HttpRequest) -> Callable[[int], bytes]:
    """Reads the body, once. A connection that breaks meanwhile leaves what had come."""

    def read(most: int) -> bytes:
        return request.read(most)

    return read


def written(told: Told) -> HttpResponse:
    """The answer as a response. Nobody may keep it, or take it for something else than it says it is."""
    response = HttpResponse(told.body, status=told.status, content_type=told.media)
    for name, value in told.headers.items():
        response.headers[name] = value
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response
