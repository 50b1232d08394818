"""Every request, measured and named: a number of its own for the log, how long it took, by which page it was answered.

Must not look at what was asked for beyond the page's name: addresses and forms hold names of people.
"""

from __future__ import annotations

import logging
import os
import re
import secrets
import time
from collections.abc import Callable, Iterator

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from prometheus_client import CollectorRegistry, Counter, Histogram, disable_created_metrics
from prometheus_client.core import Metric
from prometheus_client.multiprocess import MultiProcessCollector

from airstair.hub.levels import levels
from airstair.kernel.about import about

log = logging.getLogger(__name__)

_GIVEN_ID = re.compile(r"[A-Za-z0-9_.-]{8,64}")
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)

# The processes of one server count in files of one folder, so that a scrape of any of them tells of all.
SHARED_FOLDER = "PROMETHEUS_MULTIPROC_DIR"

disable_created_metrics()  # type: ignore[no-untyped-call]  # a gauge beside each counter that nobody reads
_mine = CollectorRegistry()
_REQUESTS = Counter("airstair_requests", "Requests by page.", ["route", "method", "status"], registry=_mine)
_DURATION = Histogram(
    "airstair_request_duration_seconds", "Time to answer, by page.", ["route"], buckets=_SECONDS, registry=_mine
)


class Watched:
    """Middleware around all others but the probes."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        given = request.META.get("HTTP_X_REQUEST_ID", "")
        number = given if _GIVEN_ID.fullmatch(given) else secrets.token_hex(8)
        began = time.perf_counter()
        with about(request=number):
            response = self.get_response(request)
            seconds, route = time.perf_counter() - began, route_of(request)
            method = request.method if request.method in _METHODS else "other"
            log.debug("%s %s: %s in %.0f ms.", method, route, response.status_code, seconds * 1000)
        _REQUESTS.labels(route, method, str(response.status_code)).inc()
        _DURATION.labels(route).observe(seconds)
        response.headers["X-Request-Id"] = number
        return response


def route_of(request: HttpRequest) -> str:
    """The page's name; never its address, which names flights and people."""
    if request.resolver_match is not None:
        return request.resolver_match.view_name or "unnamed"
    return "static" if request.path.startswith(settings.STATIC_URL) else "none"


def families() -> Iterator[Metric]:
    """What all processes of this server counted, and how it stands by the database."""
    if SHARED_FOLDER in os.environ:
        yield from MultiProcessCollector(CollectorRegistry()).collect()  # type: ignore[no-untyped-call]
    else:
        yield from _mine.collect()
    yield from levels()
