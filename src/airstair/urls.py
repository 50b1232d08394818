"""Addresses of the pages, and what is shown when none answers."""

from __future__ import annotations

from django.urls import include, path

from airstair.api.leon import transport as leon
from airstair.api.leon.subscriptions.registering import signing_key
from airstair.api.rest.service import api

urlpatterns = [
    path("api/v1/", api.urls),
    path("api/graphql/", leon.graphql),
    path("api/graphql", leon.without_slash),
    path("api/graphql/schema.graphql", leon.schema_file),
    path("api/graphql/schema.json", leon.schema_json),
    path(".well-known/keys/leon-subscriptions-webhook-1.pub", signing_key),
    path("", include("airstair.api.oauth.urls")),
    path("", include("airstair.web.urls")),
]

handler400 = "airstair.web.errors.bad_request"
handler403 = "airstair.web.errors.not_allowed"
handler404 = "airstair.web.errors.not_found"
handler500 = "airstair.web.errors.our_fault"
