"""Who may read metrics. They name no operator, but they tell who is busy."""

from __future__ import annotations

import hmac

from django.conf import settings

_LOOPBACK = ("127.0.0.1", "::1")
_OWN_NAMES = ("localhost", "127.0.0.1", "[::1]")

REFUSED = (
    "Metrics are read from this machine, or with the token of AIRSTAIR_METRICS_TOKEN as “Authorization: Bearer …”."
)


def may_scrape(*, address: str, host: str, authorization: str, forwarded: bool) -> bool:
    """Whether somebody may read metrics.

    With a token set: who shows it. Without: who asks from this machine, directly. What came through a proxy may come
    from anywhere, even if the proxy is on this machine.
    """
    token = settings.METRICS_TOKEN
    if token:
        kind, _, shown = authorization.partition(" ")
        return kind.lower() == "bearer" and hmac.compare_digest(shown.strip().encode(), token.encode())
    name = host if host.endswith("]") else host.rpartition(":")[0] or host
    return address in _LOOPBACK and name in _OWN_NAMES and not forwarded and not settings.HTTPS


FORWARDING = frozenset({"forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip"})
