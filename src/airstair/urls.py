"""Addresses of the pages, and what is shown when none answers."""

from __future__ import annotations

from django.urls import include, path

from airstair.api.rest.service import api

urlpatterns = [path("api/v1/", api.urls), path("", include("airstair.web.urls"))]

handler400 = "airstair.web.errors.bad_request"
handler403 = "airstair.web.errors.not_allowed"
handler404 = "airstair.web.errors.not_found"
handler500 = "airstair.web.errors.our_fault"
