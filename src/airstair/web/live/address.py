"""Where a page's browser finds the live stream.

AIRSTAIR_LIVE_URL names an address of its own; AIRSTAIR_LIVE_PORT another port of the pages' host than the next one.
"""

from __future__ import annotations

import os
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import DisallowedHost
from django.http import HttpRequest


def live_url(request: HttpRequest) -> str:
    """The address of the stream: the one that is set, else the pages' host with its port. Empty when unknown."""
    if settings.LIVE_URL:
        return f"{settings.LIVE_URL.rstrip('/')}/stream"
    try:
        here = urlsplit(f"//{request.get_host()}")
        port = here.port
    except (DisallowedHost, ValueError):
        return ""
    live_port = os.environ.get("AIRSTAIR_LIVE_PORT", "") or (str(port + 1) if port and port < 65535 else "")
    if not live_port.isdecimal():
        return ""  # behind a proxy on the usual ports nobody can guess; the page polls instead
    host = f"[{here.hostname}]" if here.hostname and ":" in here.hostname else here.hostname
    return f"{request.scheme}://{host}:{live_port}/stream"


def live_origin(request: HttpRequest) -> str:
    """Scheme, host and port of the stream, for the content security policy. Empty when unknown."""
    parts = urlsplit(live_url(request))
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else ""
