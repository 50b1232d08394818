"""The hub's own kind of webhook: a small document of ids and names, signed with a secret that the receiver knows."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime

import msgspec

from airstair.hub.webhooks.kinds import Heeding, Kind, Told
from airstair.hub.webhooks.rules import Event, Heard, Topic, heard, ids_of
from airstair.records.access.snapshots import Caller

KEY = "signed"


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """HMAC-SHA256 over `timestamp.body`, in hexadecimal digits."""
    return hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()


def _hear(to: Heeding, event: Event, caller: Caller) -> Heard | None:
    return heard(event, to.hears, caller)


def _written(to: Heeding, event: Event, told: Heard, caller: Caller, delivery_id: int) -> bytes:
    """Ids, kind, time and the names of what changed. Whoever wants the values asks for them, with their key."""
    if told.topics == (Topic.SUPPORT.value,):
        event = _of_support(event, caller)
    aircraft = ids_of("aircraft", event.units)
    document = {
        "id": delivery_id,
        "kind": event.kind,
        "topics": told.topics,
        "at": event.at,
        "by": event.actor_kind,
        "thing": event.subject_kind,
        "thing_id": event.subject_id,
        "flight_ids": ids_of("flight", event.units),
        "trip_ids": ids_of("trip", event.units),
        "aircraft_ids": [one for one in aircraft if caller.sees(one)],
        "before": [name for name in event.before if name in told.properties],
        "after": [name for name in event.after if name in told.properties],
    }
    return msgspec.json.encode(document)


def _of_support(event: Event, caller: Caller) -> Event:
    """No more than which of the flights that were submitted to it: the others do not exist for this application."""
    flights = sorted(event.submitted[caller.application_id or 0])
    return msgspec.structs.replace(
        event, subject_kind="flight", subject_id=flights[0], units=tuple(f"flight:{one}" for one in flights)
    )


def _headers(to: Heeding, told: Told, body: bytes, now: datetime) -> Mapping[str, str]:
    timestamp = str(int(now.timestamp()))
    return {
        "Content-Type": "application/json",
        "Airstair-Webhook-Id": str(told.id),
        "Airstair-Webhook-Event": told.event,
        "Airstair-Webhook-Timestamp": timestamp,
        "Airstair-Webhook-Signature": f"v1={signature(to.secret, timestamp, body)}",
    }


OWN = Kind(key=KEY, label="Signed webhook", hear=_hear, headers=_headers, written=_written)
