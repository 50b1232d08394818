"""What is shown when no view answers: wrong address, wrong form token, our own fault."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseBase

from airstair.web.acting import problem
from airstair.web.security import with_headers


def _shown(request: HttpRequest, heading: str, sentence: str, status: int) -> HttpResponseBase:
    return with_headers(request, problem(request, heading, sentence, status))


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponseBase:
    return _shown(request, "Not found", "There is no page at this address. It may be mistyped.", 404)


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponseBase:
    return _shown(
        request, "That cannot be read", "The browser sent something that cannot be read. Go back, try again.", 400
    )


def not_allowed(request: HttpRequest, exception: Exception | None = None) -> HttpResponseBase:
    return _shown(request, "Not allowed", "This is not yours to see or to do.", 403)


def stale_form(request: HttpRequest, reason: str = "") -> HttpResponseBase:
    sentence = "This form is too old, or cookies are switched off. Load the page again, then send the form once more."
    return _shown(request, "The form has expired", sentence, 403)


def our_fault(request: HttpRequest) -> HttpResponseBase:
    """Plain, because whatever is broken may break a template too."""
    text = "<!doctype html><title>Airstair</title><h1>Something broke</h1><p>The fault is ours and is in the log. "
    return with_headers(request, HttpResponse(text + "<a href='/'>Back to OPS</a></p>", status=500))
