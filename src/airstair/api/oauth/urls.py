"""Addresses of OAuth2, with the trailing slashes that integrations with such interfaces send."""

from __future__ import annotations

from django.urls import path

from airstair.api.oauth import consent, endpoints

urlpatterns = [
    path("oauth2/code/authorize/", consent.authorize, name="oauth-authorize"),
    path("oauth2/code/token/", endpoints.token, name="oauth-token"),
    path("oauth2/code/revoke/", endpoints.revoke, name="oauth-revoke"),
    path("access_token/refresh/", endpoints.refresh, name="token-refresh"),
]
