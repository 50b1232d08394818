"""Keeps other web sites' pages from working the sandbox through a visitor's browser.

The control API and the inspector have no sign-in because they are for the machine they run on. So they refuse
names that are not this machine's (a foreign name that resolves here) and changes asked for by another origin.
The partners' own APIs are not guarded: they have their own credentials.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

from aiohttp import web

from airstair.sandbox.keys import ALLOWED_HOSTS

GUARDED = ("control", "inspect", "static")
_PAGE_POLICY = "default-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"


@web.middleware
async def guard(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Refuse with 403 what no page of the sandbox's own and no local program would ask."""
    first = request.path.strip("/").partition("/")[0]
    if first and first not in GUARDED:
        return await handler(request)
    refusal = _refusal(request)
    if refusal is not None:
        return web.json_response({"error": refusal}, status=403)
    response = await handler(request)
    response.headers["Content-Security-Policy"] = _PAGE_POLICY
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cache-Control"] = "no-store"
    return response


def _refusal(request: web.Request) -> str | None:
    if not _is_ours(request.host, request.app[ALLOWED_HOSTS]):
        return "This page answers on this machine's own addresses only. Use http://127.0.0.1 or http://localhost."
    if request.method in ("GET", "HEAD", "OPTIONS"):
        return None
    origin = request.headers.get("Origin")
    if origin is not None and urlsplit(origin).netloc.lower() != request.host.lower():
        return "This change was asked for by another web site. Use the sandbox's own page."
    if request.headers.get("Sec-Fetch-Site", "none") not in ("none", "same-origin"):
        return "This change was asked for by another web site. Use the sandbox's own page."
    return None


def _is_ours(host: str, allowed: frozenset[str]) -> bool:
    name = urlsplit(f"//{host}").hostname or ""
    if name == "localhost" or name.endswith(".localhost") or name in allowed:
        return True
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
