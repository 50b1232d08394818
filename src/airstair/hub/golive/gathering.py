"""What a go-live list may ask the hub about: connections, units with what users are shown of them, how all stand.

Reads only; nothing is judged here, and nothing changes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

import msgspec
from django.conf import settings as django_settings

from airstair.hub.calls import CallLine, calls
from airstair.hub.connections.queries import ConnectionFacts, LiveConnection, connections, live_connections
from airstair.hub.contract import Addon
from airstair.hub.engine.reading import read_snapshots
from airstair.hub.flows import Mirror
from airstair.hub.health import LedgerLine, lines_of, stands
from airstair.hub.promises import Stand
from airstair.hub.traffic import Traffic, traffic_of
from airstair.kernel.clock import Clock, SystemClock
from airstair.kernel.errors import Conflict
from airstair.kernel.units import Unit, UnitKind
from airstair.records.flights.pictures import titles_departing

CALLS_LOOKED_AT = 500  # of the log, the newest


class UnitFacts(msgspec.Struct, frozen=True, kw_only=True):
    """One unit of a mirror, as the record has it and as its users are shown it.

    `snapshot`: what its document is made from; `None` when there is none any more. `due`: the partner should hold it
    now. `line`: `None` while the ledger knows nothing of it.
    """

    flow: Mirror
    unit: Unit
    title: str  # the registration, the flight's title
    connection: LiveConnection
    snapshot: Any = None
    due: bool = True
    line: LedgerLine | None = None


class GoLiveSources(msgspec.Struct, frozen=True, kw_only=True):
    """What a list can look at. Mappings are by the connection's id.

    `configured`: the connections that are on; `connections`: those of them that can be used, the default one first.
    `log`: the newest calls of the call log, where users see units by it alone, which is so for flights.
    """

    now: datetime
    addon: Addon
    connections: tuple[LiveConnection, ...]
    default: LiveConnection | None
    units: tuple[UnitFacts, ...] = ()
    configured: tuple[ConnectionFacts, ...] = ()
    stands: Mapping[int, Stand] = {}
    traffic: Mapping[int, Traffic] = {}
    log: tuple[CallLine, ...] = ()
    sandbox_url: str = ""  # empty when no connection uses the sandbox


def gather(operator_id: int, addon: Addon, *, clock: Clock | None = None) -> GoLiveSources:
    """Everything that a list can ask about. Raises `Conflict` when there is nothing to look at."""
    now = (clock or SystemClock()).now()
    configured = [one for one in connections(operator_id, addon.key) if one.on]
    default = next((one.id for one in configured if one.is_default), None)
    live = sorted(live_connections([one.id for one in configured]), key=lambda one: (one.id != default, one.name))
    if not live:
        raise Conflict(_why_none(addon, configured))
    lines = lines_of(operator_id, configured, now=now)
    of_flights = any(flow.unit is UnitKind.FLIGHT for flow in addon.mirrors)
    return GoLiveSources(
        now=now,
        addon=addon,
        connections=tuple(live),
        default=next((one for one in live if one.id == default), None),
        units=tuple(
            unit
            for one in live
            for flow in addon.mirrors
            for unit in _units(operator_id, flow, one, lines[one.id], now)
        ),
        configured=tuple(configured),
        stands=stands(operator_id, configured, lines, now),
        traffic=traffic_of(operator_id, configured),
        log=tuple(calls(operator_id, addon=addon.key, inward=False, limit=CALLS_LOOKED_AT)) if of_flights else (),
        sandbox_url=django_settings.SANDBOX_URL if any(one.to_sandbox for one in live) else "",
    )


def _why_none(addon: Addon, configured: list[ConnectionFacts]) -> str:
    why = next((one.unusable for one in configured if one.unusable), "")
    return why or f"{addon.name} is not switched on. Switch it on and let it run for a while, then check again."


def _units(
    operator_id: int, flow: Mirror, one: LiveConnection, lines: Iterable[LedgerLine], now: datetime
) -> Iterator[UnitFacts]:
    """What should be at the partner, and what else the ledger knows of."""
    known = {line.unit: line for line in lines if line.flow == flow.key}
    planned = _planned(operator_id, flow, one, now)
    titles = {unit: line.title for unit, line in known.items()} | planned
    since = (now - flow.horizon.back).replace(hour=0, minute=0, second=0, microsecond=0)
    snapshots = read_snapshots(operator_id, flow.unit, [unit.id for unit in titles], since)
    for unit, title in titles.items():
        snapshot = snapshots.get(unit.id)
        has_document = snapshot is not None and flow.document(snapshot, one.settings, now) is not None
        yield UnitFacts(
            flow=flow,
            unit=unit,
            title=title,
            connection=one,
            snapshot=snapshot,
            due=unit in planned and has_document,
            line=known.get(unit),
        )


def _planned(operator_id: int, flow: Mirror, one: LiveConnection, now: datetime) -> dict[Unit, str]:
    if flow.unit is not UnitKind.FLIGHT:
        return one.units(flow.unit)
    until = None if flow.horizon.ahead is None else now + flow.horizon.ahead
    titles = titles_departing(operator_id, one.aircraft, now - flow.horizon.back, until)
    return {Unit(flow.unit, id_): title for id_, title in titles.items()}
