"""What is kept of a visit: a line of the call log with direction “in”, and on the door how the partner last came."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime, timedelta

import msgspec
from django.db import connection as database
from django.db.models import Q

from airstair.changes.keys import next_ids
from airstair.hub.connections.queries import LiveConnection
from airstair.hub.doors.models import Door
from airstair.hub.doors.rules import login_of
from airstair.hub.engine.store import LEDGER_CHANNEL
from airstair.hub.http import HIDDEN, shown_of
from airstair.hub.models import CallBody, CallRow
from airstair.hub.visits import Reply

# Anybody can knock at an address: who is not let in is written down no oftener than this.
TURNED_AWAY_EVERY = timedelta(minutes=1)
_KEPT_OF_ANSWER = 64 * 1024  # bytes: a partner that reads everything every minute must not fill the log
_MOST_UNITS = 20


class Knock(msgspec.Struct, frozen=True, kw_only=True):
    """A request as it arrived: what is known of it before its body is read. Header names are lower case."""

    addon: str
    login: str  # as the address has it
    method: str
    path: str  # after the connection's own address
    query: Mapping[str, str]
    address: str  # whence
    headers: Mapping[str, str]
    at: datetime


class Visited(msgspec.Struct, frozen=True, kw_only=True):
    """A visit that was let in, as it is written down."""

    knock: Knock
    flow: str
    body: bytes
    secret: str  # what was shown at the door, so that it is kept nowhere
    duration_ms: float


def note_visit(connection: LiveConnection, visited: Visited, reply: Reply, now: datetime) -> int:
    """Write it down; answers the call's id. Part of the transaction under way, if there is one."""
    call_id = next_ids(1)[0]
    knock, outcome = visited.knock, reply.outcome
    body = _hidden(visited.body, visited.secret)
    digest = hashlib.blake2b(body, digest_size=16).digest()
    CallBody.objects.bulk_create(
        [CallBody(operator_id=connection.operator_id, digest=digest, body=body)], ignore_conflicts=True
    )
    title = reply.title or f"{knock.method} {knock.path}"
    CallRow.objects.create(
        operator_id=connection.operator_id, id=call_id, connection_id=connection.id, addon=connection.addon.key,
        flow=visited.flow, units=[str(unit) for unit in reply.units[:_MOST_UNITS]], title=_plain(title, 120),
        at=knock.at, duration_ms=visited.duration_ms, method=_plain(knock.method, 8),
        url=_plain(_address(connection, knock, visited.secret), 500), http_status=reply.status,
        outcome=outcome.value, sent=reply.count, direction="in",
        messages=[{name: _plain(getattr(one, name), 2_000) for name in one.__struct_fields__}
                  for one in reply.messages[:50]],
        request_headers={_plain(k, 200): _plain(v, 2_000)
                         for k, v in shown_of(knock.headers, connection.addon.shown_headers).items()},
        request_digest=digest, response_headers={"content-type": reply.media},
        response_body=_hidden(reply.body, visited.secret)[:_KEPT_OF_ANSWER],
    )  # fmt: skip
    values: dict[str, object] = {
        "last_visit": now,
        "last_visit_from": knock.address[:45],
        "last_outcome": outcome.value,
        "last_words": "" if outcome.delivered or not reply.messages else _plain(reply.messages[0].text, 500),
    }
    if outcome.delivered:
        values["last_success"] = now
    Door.objects.filter(operator_id=connection.operator_id, connection_id=connection.id).update(**values)
    _tell(connection.operator_id, connection.id)
    return call_id


def note_turned_away(operator_id: int, connection_id: int, knock: Knock, reply: Reply) -> None:
    """Write down that somebody came whom the door did not let in, or not so soon: once a minute at most."""
    door = Door.objects.filter(operator_id=operator_id, connection_id=connection_id, revoked_at=None)
    lately = Q(turned_away_at__gt=knock.at - TURNED_AWAY_EVERY)
    if not door.exclude(lately).update(turned_away_at=knock.at):
        return
    CallRow.objects.create(
        operator_id=operator_id, connection_id=connection_id, addon=knock.addon[:40], flow="", units=[],
        title=_plain(f"{knock.method} {knock.path}", 120), at=knock.at, duration_ms=0,
        method=_plain(knock.method, 8), url=_plain(f"/partners/{knock.addon}/{knock.login}{knock.path}", 500),
        http_status=reply.status, outcome=reply.outcome.value, direction="in",
        messages=[msgspec.to_builtins(one) for one in reply.messages],
        request_headers=shown_of(knock.headers), response_headers={"content-type": reply.media},
    )  # fmt: skip
    _tell(operator_id, connection_id)


def _address(connection: LiveConnection, knock: Knock, secret: str) -> str:
    query = "&".join(f"{name}={value}" for name, value in knock.query.items())
    login = login_of(connection.operator_id, connection.id)
    address = f"/partners/{connection.addon.key}/{login}{knock.path}{f'?{query}' if query else ''}"
    return address.replace(secret, HIDDEN) if secret else address


def _hidden(body: bytes, secret: str) -> bytes:
    return body.replace(secret.encode(), HIDDEN.encode()) if secret else body


def _plain(text: str, longest: int) -> str:
    """As PostgreSQL takes it."""
    return text.replace("\x00", "�").encode("utf-8", "replace").decode()[:longest]


def _tell(operator_id: int, connection_id: int) -> None:
    """Pages that are open show it at once."""
    with database.cursor() as cursor:
        cursor.execute("SELECT pg_notify(%s, %s)", [LEDGER_CHANNEL, f"{operator_id}:{connection_id}"])
