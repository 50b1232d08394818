"""How connections are doing, read from the ledger, the log and the locks: nothing here is stored but the notices.

What that means is judged in `promises.py`; the watchman (`watchman.py`) opens and closes the notices.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import msgspec

from airstair.hub.connections.queries import ConnectionFacts, connection, connections
from airstair.hub.contract import Addon
from airstair.hub.flows import OnChange
from airstair.hub.lines import lines_of
from airstair.hub.models import Connection, Notice
from airstair.hub.promises import Clocks, Health, LedgerLine, Service, Stand, clocks_of, stand_of
from airstair.hub.registry import addon, addons
from airstair.hub.serving import NOBODY, serving, unread_since
from airstair.hub.traffic import traffic_of
from airstair.kernel.clock import Clock, SystemClock
from airstair.kernel.units import Unit, UnitKind

__all__ = [
    "Card",
    "Clocks",
    "Health",
    "LedgerLine",
    "NoticeLine",
    "cards",
    "clocks",
    "ledger",
    "lines_of",
    "notices",
    "stands",
]


class Card(msgspec.Struct, frozen=True, kw_only=True):
    """An add-on as the Add-ons page shows it."""

    addon: Addon
    connection: ConnectionFacts | None
    health: Health
    sentence: str
    last_success: datetime | None
    oldest_waiting: datetime | None


class NoticeLine(msgspec.Struct, frozen=True, kw_only=True):
    """Something that a person should know about a connection."""

    id: int
    connection_id: int
    addon: str
    kind: str
    sentence: str
    opened_at: datetime
    closed_at: datetime | None


def ledger(operator_id: int, connection_id: int) -> list[LedgerLine]:
    """Every unit of a connection, as in `lines.py`. Raises `NotFound`. Four SQL statements, five with flights."""
    return lines_of(operator_id, [connection(operator_id, connection_id)])[connection_id]


def clocks(operator_id: int, connection_id: int) -> Clocks:
    """The clocks of one connection by its ledger. Raises `NotFound`."""
    return clocks_of(ledger(operator_id, connection_id), Service(worker=None), SystemClock().now())


def stands(
    operator_id: int, configured: Iterable[ConnectionFacts], lines: dict[int, list[LedgerLine]], now: datetime
) -> dict[int, Stand]:
    """How connections of one operator stand, by connection. Two SQL statements, more where messages or fetches are."""
    configured = list(configured)
    traffic = traffic_of(operator_id, configured)
    served = serving() if configured else NOBODY
    # Whatever is mirrored, a change that it shows names the aircraft too.
    on_change = {
        facts.id: [str(Unit(UnitKind.AIRCRAFT, id_)) for id_ in facts.aircraft_ids]
        for facts in configured
        if facts.on and _sends_on_change(addon(facts.addon))
    }
    unread = unread_since(operator_id, {id_: units for id_, units in on_change.items() if units})
    return {
        facts.id: stand_of(
            facts,
            addon(facts.addon),
            lines[facts.id],
            Service(worker=served.worker_of(facts.id), unread_since=unread.get(facts.id)),
            now,
            traffic.get(facts.id),
        )
        for facts in configured
    }


def _sends_on_change(one: Addon) -> bool:
    return any(isinstance(flow.trigger, OnChange) for flow in one.mirrors)


def cards(operator_id: int, *, clock: Clock | None = None) -> list[Card]:
    """Every add-on with how its connections are doing, worst first among them. Six SQL statements."""
    now = (clock or SystemClock()).now()
    configured = [one for one in connections(operator_id) if one.addon in addons()]
    standing = stands(operator_id, configured, lines_of(operator_id, configured, now=now), now)
    return [
        _card(one, [facts for facts in configured if facts.addon == one.key], standing) for one in addons().values()
    ]


def _card(one: Addon, mine: list[ConnectionFacts], standing: dict[int, Stand]) -> Card:
    worst = max((facts for facts in mine if facts.on), key=lambda f: _SEVERITY[standing[f.id].health], default=None)
    health, sentence = Health.OFF, "Not switched on."
    if worst is not None:
        health, sentence = standing[worst.id].health, standing[worst.id].sentence
    else:
        worst = next((facts for facts in mine if facts.is_default), None)
        sentence = (worst.check_problem if worst else "") or sentence
    clocks = [standing[facts.id].clocks for facts in mine]
    return Card(
        addon=one,
        connection=worst,
        health=health,
        sentence=sentence,
        last_success=max((one.last_success for one in clocks if one.last_success), default=None),
        oldest_waiting=min((one.oldest_waiting for one in clocks if one.oldest_waiting), default=None),
    )


_SEVERITY = {health: at for at, health in enumerate(Health)}


def notice_line(notice: Notice, addon_key: str) -> NoticeLine:
    """A notice as pages show it."""
    return NoticeLine(
        id=notice.id,
        connection_id=notice.connection_id,
        addon=addon_key,
        kind=notice.kind,
        sentence=notice.sentence,
        opened_at=notice.opened_at,
        closed_at=notice.closed_at,
    )


def notices(operator_id: int, *, open_only: bool = True) -> list[NoticeLine]:
    """The operator's notices, the newest first. Two SQL statements."""
    rows = Notice.objects.filter(operator_id=operator_id)
    if open_only:
        rows = rows.filter(closed_at=None)
    keys = dict(Connection.objects.filter(operator_id=operator_id).values_list("id", "addon"))
    return [notice_line(row, keys.get(row.connection_id, "")) for row in rows.order_by("-opened_at")[:200]]
