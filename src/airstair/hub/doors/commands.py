"""Issuing and revoking what partners come in by, letting in who has it, and counting visits. Only this writes doors.

The key is told once, to the admin who switches the connection on, and kept as a hash. It opens this one connection's
flows and nothing else: programs of the operator's own have API keys (`records/access`).
"""

from __future__ import annotations

import hmac
import math
from datetime import datetime, timedelta
from typing import Any

import msgspec
from django.db import connection as database
from django.db import transaction

from airstair.changes.record import NewChange, record
from airstair.hub.connections.queries import LiveConnection, live_connections
from airstair.hub.doors.models import Door
from airstair.hub.doors.rules import PREFIX, Presented, login_of, read_login
from airstair.hub.flows import Budget
from airstair.hub.models import Connection
from airstair.hub.registry import addon
from airstair.kernel.actor import Actor
from airstair.kernel.clock import Clock, SystemClock
from airstair.kernel.errors import Conflict, NotFound
from airstair.kernel.scope import operator_scope
from airstair.kernel.units import Unit, UnitKind
from airstair.records.access.rules import new_secret, opens, secret_hash
from airstair.records.operators.rules import Right

USUAL = Budget(calls=900, per=timedelta(minutes=15), burst=120)
_NOBODYS = secret_hash(new_secret())  # what a key is compared with where there is no door


class Issued(msgspec.Struct, frozen=True, kw_only=True):
    """Credentials that were just issued. `key` is not kept, and cannot be told again."""

    connection_id: int
    login: str
    key: str
    path: str  # below this installation's own address

    def __repr__(self) -> str:
        return f"<credentials of connection {self.connection_id}>"


# ── Issuing ─────────────────────────────────────────────────────────────────────────────────────────


def follow_switch(actor: Actor, row: Connection, now: datetime) -> Issued | None:
    """Inside the transaction that configures it: issue when it is on and has none, revoke when it is off."""
    if not addon(row.addon).inbound:
        return None
    door = Door.objects.filter(operator_id=row.operator_id, connection_id=row.id)
    open_door = door.filter(revoked_at=None)
    if row.on:
        return None if open_door.exists() else _issue(actor, row, now)
    open_door.update(revoked_at=now)
    return None


def issue_again(actor: Actor, connection_id: int, *, clock: Clock | None = None) -> Issued:
    """New credentials; the old ones open nothing from now on. Right: ADDONS_MANAGE. Raises `NotFound`, `Conflict`."""
    actor.require(Right.ADDONS_MANAGE, "configure add-ons")
    with transaction.atomic():
        rows = Connection.objects.select_for_update(no_key=True)
        row = rows.filter(operator_id=actor.operator_id, id=connection_id).first()
        if row is None or not addon(row.addon).inbound:
            raise NotFound(f"Connection {connection_id}")
        if not row.on:
            raise Conflict("It is switched off. Switch it on, and new credentials are issued.")
        issued = _issue(actor, row, (clock or SystemClock()).now())
        unit = Unit(UnitKind.CONNECTION, row.id)
        change = NewChange(
            kind="connection.changed",
            subject=unit,
            title=f"{addon(row.addon).name} ({row.name})",
            units=(unit,),
            before={"credentials": "(hidden)"},
            after={"credentials": "(issued again)"},
        )
        record(actor, [change])
        return issued


def _issue(actor: Actor, row: Connection, now: datetime) -> Issued:
    key = new_secret()
    values = {
        "secret_hash": secret_hash(key),
        "issued_at": now,
        "issued_by_name": actor.label[:200],
        "revoked_at": None,
        "turned_away_at": None,
    }
    Door.objects.update_or_create(operator_id=row.operator_id, connection_id=row.id, defaults=values)
    login = login_of(row.operator_id, row.id)
    return Issued(connection_id=row.id, login=login, key=key, path=f"{PREFIX}{row.addon}/{login}")


# ── Letting in ──────────────────────────────────────────────────────────────────────────────────────


def let_in(addon_key: str, login: str, shown: Presented) -> LiveConnection | None:
    """The connection whose partner stands at the door `login` of the address; `None`: nobody whom we know.

    The address says whose connection it claims to be, so that the look-up needs to see no other operator's rows. Takes
    as long for a wrong key as for a right one.
    """
    ids = read_login(login)
    if ids is None:
        opens(shown.key, _NOBODYS)
        return None
    with operator_scope(ids[0]):
        door = Door.objects.filter(operator_id=ids[0], connection_id=ids[1], revoked_at=None).first()
        fits = opens(shown.key, door.secret_hash if door is not None else _NOBODYS)
        named = hmac.compare_digest((shown.login or login).encode(), login.encode())
        if door is None or not (fits and named):
            return None
        found = live_connections([ids[1]])
    return found[0] if found and found[0].addon.key == addon_key else None


# Refilled by the time that has passed, then one taken, if there is one: by one statement, so that visits at the same
# instant share the budget. `least` and `greatest` keep a slow clock from minting visits.
_TAKE = """
UPDATE hub_door d
   SET tokens = f.left_now - 1, tokens_at = greatest(d.tokens_at, %(now)s)
  FROM (SELECT least(%(burst)s, coalesce(tokens + %(refill)s
               * greatest(0, extract(epoch FROM %(now)s - tokens_at)), %(burst)s))::float8 AS left_now
          FROM hub_door WHERE (operator_id, connection_id) = (%(operator)s, %(connection)s) FOR UPDATE) f
 WHERE (d.operator_id, d.connection_id) = (%(operator)s, %(connection)s) AND f.left_now >= 1
"""


def take_visit(connection: LiveConnection, now: datetime) -> int:
    """Count one visit against the budget; answers in how many seconds to come again, 0 where it may go on."""
    budget = connection.addon.entrance.budget or USUAL
    values: dict[str, Any] = {
        "operator": connection.operator_id,
        "connection": connection.id,
        "now": now,
        "burst": float(budget.burst),
        "refill": budget.refill_per_second,
    }
    with database.cursor() as cursor:
        cursor.execute(_TAKE, values)
        return 0 if cursor.rowcount else math.ceil(1 / budget.refill_per_second)
