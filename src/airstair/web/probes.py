"""Probes and metrics of the pages' process, answered before anything looks at hosts, sessions or the database.

`/healthz`, `/healthz/live` and `/healthz/ready` are for everybody; `/metrics` for those whom `hub.scraping` lets.
"""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseNotAllowed

from airstair.hub import metrics, readiness, scraping
from airstair.web.watching import families

_READINESS = readiness.Readiness()


class Probes:
    """Middleware, the first of all."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.path != "/metrics" and not request.path.startswith("/healthz"):
            return self.get_response(request)
        if request.method not in ("GET", "HEAD"):
            return HttpResponseNotAllowed(("GET", "HEAD"))
        response = _scrape(request) if request.path == "/metrics" else _probe(request)
        if response is None:
            return self.get_response(request)
        response.headers["Cache-Control"] = "no-store"
        response.headers["X-Content-Type-Options"] = "nosniff"
        return response


def _probe(request: HttpRequest) -> HttpResponse | None:
    answer = readiness.answer(request.path, _READINESS.checks)
    if answer is None:
        return None
    return HttpResponse(answer.body, status=answer.status, content_type=answer.content_type)


def _scrape(request: HttpRequest) -> HttpResponse:
    allowed = scraping.may_scrape(
        address=request.META.get("REMOTE_ADDR", ""),
        host=request.META.get("HTTP_HOST", ""),
        authorization=request.META.get("HTTP_AUTHORIZATION", ""),
        forwarded=any(name.lower() in scraping.FORWARDING for name in request.headers),
    )
    if not allowed:
        return HttpResponse(f"{scraping.REFUSED}\n", status=403, content_type="text/plain; charset=utf-8")
    return HttpResponse(metrics.written(families(), process=False), content_type=metrics.CONTENT_TYPE)
