"""What the sandbox's application carries, by typed key."""

from __future__ import annotations

from aiohttp import web

from airstair.sandbox.host import Host

HOSTS: web.AppKey[dict[str, Host]] = web.AppKey("hosts", dict)
ALLOWED_HOSTS: web.AppKey[frozenset[str]] = web.AppKey("allowed_hosts", frozenset)


def host_named(request: web.Request) -> Host | None:
    """The partner named in the address, or None."""
    return request.app[HOSTS].get(request.match_info.get("key", ""))
