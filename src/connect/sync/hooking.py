"""Being told by a schedule system that something is new, so that it is asked at once: its webhook, kept registered.

What it sends is believed to be from there, and nothing in it is believed: news are fetched as ever. A system without
webhooks is asked by the clock alone.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Mapping

from django.conf import settings

from connect.clock import Clock, utc_now
from connect.sealing import seal, unseal
from connect.sync.models import Connection
from connect.wire import webhooks
from connect.wire.graphql import Api

PATH = "/hooks/"
LONGEST_BODY = 64 * 1024
"""Bytes. It holds some ids."""
OLDEST_SECONDS = 300
_LABEL = "Connect"


def address_of(hook: str) -> str:
    """Where the schedule system is to call."""
    return f"{settings.URL}{PATH}{hook}"


def keep(connection_id: int, api: Api) -> bool:
    """Register the webhook where it is missing. Whether it is there, and not paused.

    Raises what the API raises: `NotTaken` where webhooks are refused or unknown.
    """
    connection = Connection.objects.get(id=connection_id)
    there = webhooks.webhooks(api)
    if connection.hook and unseal(connection.hook_secret):
        mine, address = connection.hook_remote, address_of(connection.hook)
        for one in there:
            if one.id == mine and one.url == address:
                return not one.paused
    for one in there:
        if one.url.startswith(address_of("")):  # of a registration whose answer was lost, or under another key
            webhooks.unsubscribe(api, one.id)
    hook = secrets.token_urlsafe(24)
    made = webhooks.subscribe(api, f"{_LABEL} {hook[:8]}", address_of(hook))
    Connection.objects.filter(id=connection_id).update(hook=hook, hook_secret=seal(made.secret), hook_remote=made.id)
    return True


def called(hook: str, headers: Mapping[str, str], body: bytes, now: Clock = utc_now) -> int | None:
    """The connection whose schedule system has something new; None unless the call is from there, and of now."""
    connection = Connection.objects.filter(hook=hook).first() if hook else None
    secret = unseal(connection.hook_secret) if connection else ""
    if connection is None or not secret:
        return None
    return connection.id if genuine(secret, headers, body, int(now().timestamp())) else None


def genuine(secret: str, headers: Mapping[str, str], body: bytes, now: int) -> bool:
    """Whether the signature is of these very bytes and the time, and the time is not long ago, nor far ahead."""
    timestamp = headers.get("Airstair-Webhook-Timestamp", "")
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 12):
        return False
    if abs(now - int(timestamp)) > OLDEST_SECONDS:
        return False
    mine = hmac.new(secret.encode(), timestamp.encode() + b"." + body, "sha256").hexdigest()
    given = headers.get("Airstair-Webhook-Signature", "")
    return hmac.compare_digest(f"v1={mine}".encode(), given.encode("utf-8", "replace"))
