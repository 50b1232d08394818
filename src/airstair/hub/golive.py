"""Going live: a partner's own list of conditions, checked against what really went out.

The hub gathers what any partner's checklist may ask about; the add-on judges it, because only it knows the
list. Nothing here changes anything.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec
from django.conf import settings as django_settings

from airstair.hub.connections.queries import LiveConnection, connections, live_connections
from airstair.hub.contract import Addon
from airstair.hub.engine.reading import read_snapshots
from airstair.hub.health import LedgerLine, lines_of
from airstair.hub.verdicts import GoLiveItem
from airstair.kernel.clock import Clock, SystemClock
from airstair.kernel.errors import Conflict
from airstair.kernel.units import UnitKind


class GoLiveSources(msgspec.Struct, frozen=True, kw_only=True):
    """What a checklist can look at. Mappings are by the unit's title: the registration."""

    now: datetime
    addon: Addon
    connections: tuple[LiveConnection, ...]  # those that are on, the default one first
    default: LiveConnection | None
    lines: Mapping[str, LedgerLine]
    snapshots: Mapping[str, Any]
    connection_of: Mapping[str, LiveConnection]
    sandbox_url: str  # empty when no connection uses the sandbox


def gather(operator_id: int, addon: Addon, *, clock: Clock | None = None) -> GoLiveSources:
    """Everything that the add-on's checklist can ask about. Raises `Conflict` when there is nothing to look at."""
    now = (clock or SystemClock()).now()
    facts = {one.id: one for one in connections(operator_id, addon.key) if one.on}
    live = sorted(live_connections(list(facts)), key=lambda one: (not facts[one.id].is_default, one.name))
    if not live:
        raise Conflict(f"{addon.name} is not switched on. Switch it on and let it run for a while, then check again.")
    flow = addon.mirrors[0]
    since = (now - flow.horizon.back).replace(hour=0, minute=0, second=0, microsecond=0)
    lines = lines_of(operator_id, [facts[one.id] for one in live])
    units = {unit: title for one in live for unit, title in one.units(flow.unit).items()}
    snapshots = read_snapshots(operator_id, UnitKind.AIRCRAFT, [unit.id for unit in units], since)
    return GoLiveSources(
        now=now,
        addon=addon,
        connections=tuple(live),
        default=next((one for one in live if facts[one.id].is_default), None),
        lines={line.title: line for one in live for line in lines[one.id]},
        snapshots={title: snapshots[unit.id] for unit, title in units.items() if unit.id in snapshots},
        connection_of={title: one for one in live for title in one.units(flow.unit).values()},
        sandbox_url=django_settings.SANDBOX_URL if any(one.to_sandbox for one in live) else "",
    )


def examine(operator_id: int, addon: Addon, *, clock: Clock | None = None) -> list[GoLiveItem]:
    """The partner's list, judged. Raises `Conflict` when the partner has none, or there is nothing to look at."""
    if addon.golive is None:
        raise Conflict(f"{addon.name} has no go-live checklist.")
    return asyncio.run(addon.golive(gather(operator_id, addon, clock=clock)))
