"""Headers that every page carries: nothing is loaded from, framed by, or sent to another host.

Scripts and styles come from our own files only: no inline script and no inline style runs, so a text that somehow
reached a page as markup can do nothing. Must hold no other logic.
"""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase

from airstair.web.live.address import live_origin


def content_security_policy(request: HttpRequest, *, framed: str = "") -> str:
    """The policy of one response. The live stream is the one other origin that pages may talk to; `framed` is the
    one whose page this one shows inside itself, if any.
    """
    talk_to = " ".join(filter(None, ("'self'", live_origin(request))))
    frame = f"frame-src {framed}; " if framed else ""
    return (
        f"{frame}default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
        f"connect-src {talk_to}; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )


class PageHeaders:
    """Middleware that adds the headers. A response that has a policy of its own keeps it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return with_headers(request, self.get_response(request))


def with_headers(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    """The response with the headers set, unless they are."""
    response.headers.setdefault("Content-Security-Policy", content_security_policy(request))
    response.headers.setdefault("Permissions-Policy", "camera=(), microphone=(), geolocation=()")
    response.headers.setdefault("Referrer-Policy", "same-origin")
    return response
