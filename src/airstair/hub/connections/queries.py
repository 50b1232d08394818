"""Reading connections: for pages (never with secrets) and for the engine (with them)."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import msgspec
from django.db import connection as database

from airstair.hub.connections.secrets import SecretsUnreadable, unseal
from airstair.hub.contract import Addon
from airstair.hub.models import Connection, TickedAircraft
from airstair.hub.registry import addon, addons
from airstair.hub.setting import Settings, read_settings, secret_names
from airstair.kernel.errors import Invalid, NotFound
from airstair.kernel.units import Unit, UnitKind

log = logging.getLogger(__name__)


class ConnectionFacts(msgspec.Struct, frozen=True, kw_only=True):
    """A connection as pages may see it. `filled_secrets` names the secrets that have a value."""

    operator_id: int
    id: int
    addon: str
    name: str
    is_default: bool
    on: bool
    all_aircraft: bool
    settings: dict[str, Any]
    filled_secrets: frozenset[str]
    checked_at: datetime | None
    check_problem: str
    aircraft_ids: tuple[int, ...]  # effective: what would be sent through it
    unusable: str = ""  # why nothing can be sent through it whatever its switch says; empty: it can be used


class LiveConnection(msgspec.Struct, frozen=True, kw_only=True):
    """A connection as the engine works with it. Holds secrets: never logged, never shown."""

    operator_id: int
    id: int
    addon: Addon
    name: str
    settings: Settings
    account: str
    aircraft: dict[int, str]  # id → registration of those ticked and active
    # Those that go through another connection to the same account, which is on. Read only where flights are mirrored.
    elsewhere: frozenset[int] = frozenset()

    def __repr__(self) -> str:
        return f"<connection {self.id} of operator {self.operator_id} to {self.addon.key}>"

    def units(self, kind: UnitKind) -> dict[Unit, str]:
        """The units of a kind that this connection keeps, with their titles. Of flights there is no list."""
        if kind in (UnitKind.AIRCRAFT, UnitKind.COUNTERS):
            return {Unit(kind, id_): title for id_, title in self.aircraft.items()}
        if kind is UnitKind.FLIGHT:
            return {}
        raise NotImplementedError(f"No add-on mirrors {kind.value}s yet.")

    @property
    def secrets(self) -> tuple[str, ...]:
        return tuple(getattr(self.settings, name) for name in secret_names(self.addon.settings))

    @property
    def to_sandbox(self) -> bool:
        return self.settings.environment == "sandbox"


_EFFECTIVE = """
SELECT c.id, a.id, a.registration
  FROM hub_connection c
  JOIN fleet_aircraft a ON a.operator_id = c.operator_id AND a.active
  LEFT JOIN hub_ticked_aircraft t
    ON (t.operator_id, t.addon, t.aircraft_id) = (c.operator_id, c.addon, a.id)
 WHERE c.id = ANY(%s) AND (t.connection_id = c.id OR (c.all_aircraft AND t.connection_id IS NULL))
 ORDER BY a.registration
"""


def _aircraft_of(connection_ids: Sequence[int]) -> dict[int, dict[int, str]]:
    found: dict[int, dict[int, str]] = {id_: {} for id_ in connection_ids}
    if not found:
        return found
    with database.cursor() as cursor:
        cursor.execute(_EFFECTIVE, [list(connection_ids)])
        for connection_id, aircraft_id, registration in cursor.fetchall():
            found[connection_id][aircraft_id] = registration
    return found


def connections(operator_id: int, addon_key: str | None = None) -> list[ConnectionFacts]:
    """The operator's connections, the default one of each add-on first. Two SQL statements."""
    rows = Connection.objects.filter(operator_id=operator_id)
    if addon_key is not None:
        rows = rows.filter(addon=addon_key)
    found = list(rows.order_by("addon", "-is_default", "name"))
    aircraft = _aircraft_of([row.id for row in found])
    return [_facts(row, tuple(aircraft[row.id])) for row in found]


def connection(operator_id: int, connection_id: int) -> ConnectionFacts:
    """One connection. Raises `NotFound`. Two SQL statements."""
    row = Connection.objects.filter(operator_id=operator_id, id=connection_id).first()
    if row is None:
        raise NotFound(f"Connection {connection_id}")
    return _facts(row, tuple(_aircraft_of([row.id])[row.id]))


def default_connection(operator_id: int, addon_key: str) -> ConnectionFacts | None:
    """The operator's default connection of an add-on; `None` while it was never configured. Two SQL statements."""
    addon(addon_key)
    return next((one for one in connections(operator_id, addon_key) if one.is_default), None)


def _facts(row: Connection, aircraft_ids: tuple[int, ...]) -> ConnectionFacts:
    return ConnectionFacts(
        operator_id=row.operator_id,
        id=row.id,
        addon=row.addon,
        name=row.name,
        is_default=row.is_default,
        on=row.on,
        all_aircraft=row.all_aircraft,
        settings=row.settings,
        filled_secrets=frozenset(_names_of_secrets(row)),
        checked_at=row.checked_at,
        check_problem=row.check_problem,
        aircraft_ids=aircraft_ids,
        unusable=_why_unusable(row),
    )


def _names_of_secrets(row: Connection) -> Iterable[str]:
    try:
        return [name for name, value in unseal(row.operator_id, row.secrets).items() if value]
    except SecretsUnreadable:
        return []


def _why_unusable(row: Connection) -> str:
    """What keeps the stored settings from being used: another key of the installation, a value that is refused now."""
    if row.addon not in addons():
        return f"The add-on “{row.addon}” is not installed."
    try:
        typed_settings(addon(row.addon), row.operator_id, row.settings, row.secrets)
    except SecretsUnreadable as unreadable:
        return str(unreadable)
    except Invalid as wrong:
        return f"The stored settings cannot be used. {wrong} Correct them under Configuration."
    return ""


def ticked_elsewhere(operator_id: int, addon_key: str) -> dict[int, int]:
    """Aircraft id → connection id, for those ticked one by one. One SQL statement."""
    rows = TickedAircraft.objects.filter(operator_id=operator_id, addon=addon_key)
    return dict(rows.values_list("aircraft_id", "connection_id"))


def _mirrors_flights(one: Addon) -> bool:
    """Or else takes units away: then who else sends a unit matters."""
    return any(flow.unit is UnitKind.FLIGHT or flow.gone is not None for flow in one.mirrors)


_SIBLINGS = """
SELECT me.id, c.id FROM hub_connection me
  JOIN hub_connection c ON (c.operator_id, c.addon, c.account) = (me.operator_id, me.addon, me.account)
 WHERE me.id = ANY(%s) AND c."on" AND c.id <> me.id
"""


def _elsewhere(connection_ids: Sequence[int]) -> dict[int, frozenset[int]]:
    """The aircraft that go through other connections to the same account. Two SQL statements, none for nobody."""
    if not connection_ids:
        return {}
    with database.cursor() as cursor:
        cursor.execute(_SIBLINGS, [list(connection_ids)])
        pairs = cursor.fetchall()
    aircraft = _aircraft_of(sorted({sibling for _, sibling in pairs}))
    found: dict[int, set[int]] = {}
    for id_, sibling in pairs:
        found.setdefault(id_, set()).update(aircraft[sibling])
    return {id_: frozenset(ids) for id_, ids in found.items()}


def live_connections(connection_ids: Sequence[int]) -> list[LiveConnection]:
    """The connections of these ids that are on, with secrets and aircraft. Two SQL statements, four with flights.

    One whose stored settings no longer read is left out: it cannot be called, and its page says why.
    """
    rows = list(Connection.objects.filter(id__in=connection_ids, on=True, addon__in=list(addons())))
    aircraft = _aircraft_of([row.id for row in rows])
    elsewhere = _elsewhere([row.id for row in rows if _mirrors_flights(addon(row.addon))])
    found = []
    for row in rows:
        one = addon(row.addon)
        try:
            typed = typed_settings(one, row.operator_id, row.settings, row.secrets)
        except (Invalid, SecretsUnreadable) as unusable:
            log.warning("Connection %s cannot be served: %s", row.id, unusable)
            continue
        found.append(
            LiveConnection(
                operator_id=row.operator_id,
                id=row.id,
                addon=one,
                name=row.name,
                settings=typed,
                account=row.account,
                aircraft=aircraft[row.id],
                elsewhere=elsewhere.get(row.id, frozenset()),
            )
        )
    return found


def typed_settings(one: Addon, operator_id: int, stored: dict[str, Any], sealed: bytes | memoryview) -> Settings:
    """Stored settings and secrets as the add-on's own type. Raises `Invalid`, `SecretsUnreadable`."""
    return read_settings(one.settings, {**stored, **unseal(operator_id, sealed)})


def account_of(one: Addon, settings: Settings) -> str:
    """What the partner counts calls by, hashed: credentials must not be readable in a table of budgets."""
    by = one.account(settings) if one.account is not None else ""
    return hashlib.sha256(f"{one.key}\n{by}".encode()).hexdigest()
