"""The same thing of a partner's, sent again: one effect, and the same answer."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.db import connection as database

from airstair.hub.connections.queries import LiveConnection
from airstair.hub.doors.models import KeptReply
from airstair.hub.visits import Reply
from airstair.kernel.outcome import OutcomeKind

LONGEST_IDENTITY = 200  # characters
_KEEP = timedelta(days=400)  # nobody sends a thing again after that


def answered_once(
    connection: LiveConnection, flow: str, identity: str, sent: bytes, work: Callable[[], Reply]
) -> Reply:
    """What `work` answers, or what it answered when the same was sent under this identity. Inside a transaction.

    Something else under the same identity is a correction: it is worked on, and its answer kept instead. Two that come
    at once wait for each other. What `work` raises, or answers as not taken, is not kept, and can be sent again.
    """
    fingerprint = hashlib.blake2b(sent, digest_size=16).digest()
    of: dict[str, Any] = {"operator_id": connection.operator_id, "connection_id": connection.id}
    of |= {"flow": flow, "identity": identity}
    with database.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"{connection.id} {flow} {identity}"])
    kept = KeptReply.objects.filter(**of).first()
    if kept is not None and bytes(kept.fingerprint) == fingerprint:
        return Reply(body=bytes(kept.body), status=kept.status, media=kept.media, outcome=OutcomeKind.UNCHANGED)
    reply = work()
    if reply.outcome.delivered:
        values = {"fingerprint": fingerprint, "status": reply.status, "media": reply.media, "body": reply.body}
        KeptReply.objects.update_or_create(**of, defaults=values)
    return reply


def forget_old_replies(now: datetime) -> int:
    """Remove what was answered long ago; answers how many."""
    return int(KeptReply.objects.filter(at__lt=now - _KEEP).delete()[0])
