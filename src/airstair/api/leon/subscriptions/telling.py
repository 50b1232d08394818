"""The kind of webhook that posts a selection: what it hears, the selection's result, and the token beside it.

The result is read with the rights of the one who subscribed, as they stand when it is sent.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import jwt
import msgspec
from graphql import ExecutionResult, execute_sync, parse

from airstair.api.leon.asking import Asking
from airstair.api.leon.building import schema
from airstair.api.leon.generous import put_right
from airstair.api.leon.subscriptions.happenings import HAPPENINGS
from airstair.hub.webhooks.kinds import Heeding, Kind, Told
from airstair.hub.webhooks.rules import Event, Heard, covers, ids_of
from airstair.hub.webhooks.signing import private_key
from airstair.kernel.clock import SystemClock
from airstair.records.access.snapshots import Caller

KEY = "selection"
SIGNING_KEY = "leon-subscriptions-webhook-1"
# Receivers that were written for Leon compare it.
ISSUER = "Leon Software"
_TOKEN_LIVES = timedelta(minutes=5)


def _hear(to: Heeding, event: Event, caller: Caller) -> Heard | None:
    (path,) = to.hears
    happening = HAPPENINGS[path]
    if not happening.test(event, to.more) or (path == "echo" and event.subject_id != to.operator_id):
        return None
    if path == "echo" and event.title != to.more["label"]:
        return None
    needs = needed(path, _narrowed(caller, to))
    if needs is None or not covers(caller, event.units, needs):
        return None
    return Heard(topics=to.hears, needs=needs)


def needed(path: str, caller: Caller) -> frozenset[str] | None:
    """The scopes by which the caller may hear of it: one of each group; `None` where it lacks one."""
    found = [next((one for one in group if one in caller.scopes), None) for group in HAPPENINGS[path].scopes]
    return None if None in found else frozenset(one for one in found if one is not None)


def _narrowed(caller: Caller, to: Heeding) -> Caller:
    """No more than the token had with which it was subscribed."""
    return msgspec.structs.replace(caller, scopes=caller.scopes & frozenset(to.more["scopes"]))


def _body(to: Heeding, told: Told, caller: Caller) -> bytes | None:
    """The result of the selection; `None` where what it is about is out of the caller's reach by now."""
    (path,) = to.hears
    asking = Asking(_narrowed(caller, to), SystemClock())
    found = _thing(asking, HAPPENINGS[path].thing, told)
    if found is None:
        return None
    root: Any = found
    for name in reversed(path.split(".")):
        root = {name: root}
    result = execute_sync(
        schema(),
        put_right(schema(), parse(to.more["query"])),
        root_value=root,
        context_value=asking,
        variable_values=to.more["variables"],
    )
    assert isinstance(result, ExecutionResult)  # nothing here is asynchronous
    return None if result.data is None else json.dumps(result.data).encode()


def _thing(asking: Asking, thing: str, told: Told) -> Any:
    (id_,) = ids_of(thing, [told.line])
    match thing:
        case "flight":
            return asking.load.flights.get(id_)
        case "trip":
            return asking.load.trips.get(id_)
        case "crew":
            return {"loginNid": id_}
        case _:
            return {}


def _headers(to: Heeding, told: Told, body: bytes, now: datetime) -> Mapping[str, str]:
    headers = {"Content-Type": "application/json", "X-Webhook-Id": str(told.id)}
    if to.more["authorization"]:
        claims = {
            "iat": int(now.timestamp()), "exp": int((now + _TOKEN_LIVES).timestamp()), "iss": ISSUER, "aud": to.url,
            "jti": str(uuid.uuid4()),
        }  # fmt: skip
        token = jwt.encode(claims, private_key(SIGNING_KEY), algorithm="RS512", headers={"kid": SIGNING_KEY})
        headers["Authorization"] = f"Bearer {token}"
    return headers


KIND = Kind(key=KEY, label="Subscription", hear=_hear, headers=_headers, body=_body)
