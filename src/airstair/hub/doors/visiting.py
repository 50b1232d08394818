"""One visit of a partner's, from the door to the answer: who it is, what it is for, what became of it, what is kept.

Knows nothing of HTTP's machinery: `api/partners` reads the request and writes the answer.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import msgspec
from django.db import connection as database
from django.db import transaction

from airstair.changes.lately import settled
from airstair.hub.connections.queries import LiveConnection
from airstair.hub.doors.commands import let_in, take_visit
from airstair.hub.doors.lately import asked_since, lately, read_from
from airstair.hub.doors.noting import Knock, Visited, note_turned_away, note_visit
from airstair.hub.doors.once import LONGEST_IDENTITY, answered_once
from airstair.hub.doors.refusing import AGAIN_LATER, of_error, refused
from airstair.hub.doors.rules import Found, found_at, presented, read_login
from airstair.hub.engine.reading import read_snapshots
from airstair.hub.registry import addons
from airstair.hub.visits import Entrance, Operation, Receive, Refusal, Reply, Resource, Serve, Visit
from airstair.kernel.about import also_about
from airstair.kernel.actor import Actor, ActorKind
from airstair.kernel.clock import Clock, SystemClock
from airstair.kernel.errors import AirstairError, Invalid
from airstair.kernel.outcome import OutcomeKind
from airstair.kernel.scope import operator_scope
from airstair.kernel.units import UnitKind
from airstair.records.flights.pictures import flights_departing

log = logging.getLogger(__name__)


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """The answer as it goes out."""

    status: int
    body: bytes
    media: str
    headers: dict[str, str] = {}


_NOTHING = "There is nothing at this address. Check it against what you were given."

# Reads at most so many bytes of the body; more than that are not read.
ReadBody = Callable[[int], bytes]


def visit(knock: Knock, read_body: ReadBody, *, clock: Clock | None = None) -> Told:
    """Answer one visit. Never raises."""
    one = addons().get(knock.addon)
    if one is None or not one.inbound:
        return _told(refused(Entrance(), Refusal(status=404, sentence=_NOTHING), OutcomeKind.UNMATCHED))
    shown = presented(knock.headers)
    try:
        connection = let_in(knock.addon, knock.login, shown)
        if connection is None:
            return _turned_away(one.entrance, knock)
        also_about(operator=connection.operator_id, connection=connection.id)
        with operator_scope(connection.operator_id):
            wait = take_visit(connection, knock.at)
            if wait:
                return _too_soon(connection, knock, wait)
            return _let_in(connection, knock, shown.key, read_body, clock or SystemClock())
    except Exception as fault:  # a partner is never answered by a fault of ours; it is in the log, and mended there
        log.exception("A visit to the add-on %s failed.", knock.addon)
        return _told(of_error(one.entrance, fault))


def _turned_away(entrance: Entrance, knock: Knock) -> Told:
    sentence = f"Not known here. Send the {entrance.login} and {entrance.key} that you were given for this address."
    reply = refused(entrance, Refusal(status=401, sentence=sentence), OutcomeKind.UNAUTHORISED)
    ids = read_login(knock.login)
    if ids is not None:
        with operator_scope(ids[0]):
            note_turned_away(*ids, knock, reply)
    return _told(reply)


def _too_soon(connection: LiveConnection, knock: Knock, wait: int) -> Told:
    sentence = f"Too many visits. Come again in {wait} s."
    reply = refused(connection.addon.entrance, Refusal(status=429, sentence=sentence), OutcomeKind.THROTTLED)
    note_turned_away(connection.operator_id, connection.id, knock, reply)
    return _told(reply, {"Retry-After": str(wait)})


def _let_in(connection: LiveConnection, knock: Knock, secret: str, read_body: ReadBody, clock: Clock) -> Told:
    entrance, began = connection.addon.entrance, time.perf_counter()
    here = found_at(connection.addon.inbound, knock.path)
    found, body = here.get(knock.method), b""

    def noted(reply: Reply) -> Reply:
        visited = Visited(
            knock=knock,
            flow=found.flow.key if found else "",
            body=body,
            secret=secret,
            duration_ms=(time.perf_counter() - began) * 1000,
        )
        note_visit(connection, visited, reply, clock.now())
        return reply

    if found is None:
        return _told(noted(_nothing_there(entrance, knock, list(here))), {"Allow": ", ".join(here)} if here else {})
    body = read_body(entrance.largest + 1)
    if len(body) > entrance.largest:
        body = b""
        return _told(noted(_too_large(entrance)))
    try:
        with transaction.atomic():
            _limit(found.flow.deadline)
            return _told(noted(_worked_on(connection, knock, found, body, clock)))
    except Exception as refusal:
        if not isinstance(refusal, AirstairError):
            log.exception("The add-on %s could not answer a visit.", knock.addon)
        return _told(noted(of_error(entrance, refusal)))


def _limit(deadline: timedelta) -> None:
    """No statement of this visit takes longer than that."""
    with database.cursor() as cursor:
        cursor.execute("SELECT set_config('statement_timeout', %s, true)", [str(int(deadline.total_seconds() * 1000))])


def _nothing_there(entrance: Entrance, knock: Knock, methods: list[str]) -> Reply:
    if methods:
        sentence = f"This address takes {' and '.join(methods)}."
        return refused(entrance, Refusal(status=405, sentence=sentence), OutcomeKind.REFUSED)
    return refused(entrance, Refusal(status=404, sentence=_NOTHING), OutcomeKind.UNMATCHED)


def _too_large(entrance: Entrance) -> Reply:
    sentence = f"The body is larger than {entrance.largest} bytes. Send less at once."
    return refused(entrance, Refusal(status=413, sentence=sentence), OutcomeKind.REFUSED)


def _worked_on(connection: LiveConnection, knock: Knock, found: Found, body: bytes, clock: Clock) -> Reply:
    visit_ = Visit(
        method=knock.method,
        path=knock.path,
        places=found.places,
        query=knock.query,
        body=body,
        settings=connection.settings,
        now=clock.now(),
        aircraft=connection.aircraft,
        actor=visitor(connection, found.flow),
    )
    if isinstance(found.operation, Resource):
        assert isinstance(found.flow, Serve)
        return _shown(connection, found.flow, found.operation, visit_)
    return _taken(connection, found.flow.key, found.operation, visit_)


def _shown(connection: LiveConnection, flow: Serve, resource: Resource, visit_: Visit) -> Reply:
    since = asked_since(resource, visit_)
    if since is None:
        return resource.show(snapshots(connection, flow, visit_), visit_)
    until = settled()
    found = snapshots(connection, flow, visit_, since)
    known = lately(connection, flow, visit_, since, until)
    return resource.show(found, msgspec.structs.replace(visit_, lately=known))


def _taken(connection: LiveConnection, flow: str, operation: Operation, visit_: Visit) -> Reply:
    identity = operation.identity(visit_) if operation.identity is not None else None
    if identity is None:
        return operation.take(visit_)
    if not identity or len(identity) > LONGEST_IDENTITY or "\x00" in identity:
        raise Invalid.one("", f"Its own id has 1 to {LONGEST_IDENTITY} characters. Send another.")
    sent = b"\n".join([visit_.method.encode(), visit_.path.encode("utf-8", "replace"), visit_.body])
    return answered_once(connection, flow, identity, sent, lambda: operation.take(visit_))


def visitor(connection: LiveConnection, flow: Serve | Receive) -> Actor:
    """The partner, as commands and the audit trail know it, with what the flow says that it may do."""
    rights = flow.rights if isinstance(flow, Receive) else frozenset()
    return Actor(
        operator_id=connection.operator_id,
        kind=ActorKind.PARTNER,
        key=connection.addon.key,
        label=connection.addon.name,
        rights=frozenset(right.value for right in rights),
    )


def snapshots(connection: LiveConnection, flow: Serve, visit_: Visit, since: datetime | None = None) -> list[Any]:
    """All that may be shown to this visitor: of ticked aircraft only, within the horizon. Seven or so statements."""
    start = read_from(flow, visit_, since)
    if flow.unit is UnitKind.FLIGHT:
        end = None if flow.horizon.ahead is None else visit_.now + flow.horizon.ahead
        ids = flights_departing(connection.operator_id, connection.aircraft, start, end)
    else:
        ids = list(connection.aircraft)
    found = read_snapshots(connection.operator_id, flow.unit, ids, start)
    return [found[id_] for id_ in ids if id_ in found]


def _told(reply: Reply, headers: dict[str, str] | None = None) -> Told:
    more = dict(headers or {})
    if reply.status == 401:
        more["WWW-Authenticate"] = 'Basic realm="airstair", charset="UTF-8"'
    if reply.status == 503:
        more["Retry-After"] = str(AGAIN_LATER)
    return Told(status=reply.status, body=reply.body, media=reply.media, headers=more)
