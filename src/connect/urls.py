"""Where Connect's pages are. They themselves are in `connect.pages`."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, URLResolver, include, path


def ready(request: HttpRequest) -> HttpResponse:
    """The process is there; says nothing about the database."""
    return HttpResponse("ready\n", content_type="text/plain")


urlpatterns: list[URLPattern | URLResolver] = [
    path("healthz/ready", ready, name="ready"),
    path("", include("connect.pages.urls")),
]
