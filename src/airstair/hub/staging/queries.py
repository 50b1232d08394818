"""Reading what waits to be looked at: the doors that a person may open, how far one has come, and what is in it.

A look at what would be taken in calls the very function that takes it in, in a transaction that is rolled back.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
from django.db import transaction

from airstair.hub.choosing import Days
from airstair.hub.connections.queries import ConnectionFacts, LiveConnection, connections, live_connections
from airstair.hub.contract import Addon
from airstair.hub.engine.absorbing import absorb_items
from airstair.hub.flows import Absorbed, AbsorbedAs, Pull
from airstair.hub.models import PullRun, PullState
from airstair.hub.pulls import RunLine, run_line
from airstair.hub.registry import addon, addons
from airstair.hub.staging.models import PullStage
from airstair.kernel.actor import Actor
from airstair.kernel.errors import Conflict, NotFound
from airstair.records.operators.rules import Right

DOING = "import from partners"


@dataclass(frozen=True)
class Door:
    """An import window that can be opened: one staged pull of one connection."""

    addon: Addon
    facts: ConnectionFacts
    flow: Pull

    @property
    def title(self) -> str:
        """The partner, and the connection where it is not the usual one."""
        return self.addon.name if self.facts.is_default else f"{self.addon.name} ({self.facts.name})"


class Looked(msgspec.Struct, frozen=True, kw_only=True):
    """What would become of each item, were it taken in now."""

    run_id: int
    days: Days
    file: str
    new: tuple[Absorbed, ...]
    updated: tuple[Absorbed, ...]
    unchanged: tuple[Absorbed, ...]
    skipped: tuple[Absorbed, ...]

    @property
    def items(self) -> int:
        return len(self.new) + len(self.updated) + len(self.unchanged) + len(self.skipped)


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """How far a person's wish has come. `run`: theirs; `None` while it has not begun. `waits`: it is still to begin."""

    run: RunLine | None
    waits: bool
    looked: bool  # there is something to look at


def import_doors(operator_id: int) -> list[Door]:
    """The operator's import windows, by partner. Two SQL statements."""
    return import_doors_of(connections(operator_id))


def import_doors_of(every: Iterable[ConnectionFacts]) -> list[Door]:
    """The import windows of these connections, by partner."""
    staged = {key: one for key, one in addons().items() if any(pull.staged for pull in one.pulls)}
    facts = [one for one in every if one.addon in staged and one.on]
    found = [Door(staged[one.addon], one, pull) for one in facts for pull in staged[one.addon].pulls if pull.staged]
    return sorted(found, key=lambda door: (door.addon.name.lower(), not door.facts.is_default, door.facts.name))


def staged_flow(operator_id: int, connection_id: int, flow_key: str) -> tuple[Addon, LiveConnection, Pull]:
    """The add-on, the connection and the flow. Raises `NotFound`, `Conflict` (it is off, or cannot be used)."""
    facts = [one for one in connections(operator_id) if one.id == connection_id]
    if not facts:
        raise NotFound(f"Connection {connection_id}")
    one = addon(facts[0].addon)
    flow = next((pull for pull in one.pulls if pull.key == flow_key and pull.staged is not None), None)
    if flow is None:
        raise NotFound(f"The import “{flow_key}” of {one.name}")
    live = live_connections([connection_id])
    if not live:
        raise Conflict(f"{one.name} is switched off, or cannot be used. See its Configuration, then import.")
    return one, live[0], flow


def standing(actor: Actor, connection_id: int, flow_key: str, since: datetime) -> Standing:
    """How far the actor's wish of that time has come. Three SQL statements."""
    actor.require(Right.IMPORT_RUN, DOING)
    of: dict[str, Any] = {"operator_id": actor.operator_id, "connection_id": connection_id, "flow": flow_key}
    row = PullRun.objects.filter(**of, asked_by=actor.label, started_at__gte=since).order_by("-started_at").first()
    state = PullState.objects.filter(**of).first()
    asked = state is not None and state.asked_at is not None and state.asked_by == actor.label
    goes_on = state is not None and state.next_due is not None
    ready = row is not None and PullStage.objects.filter(
        operator_id=actor.operator_id, run_id=row.id, complete=True
    ).exists()  # fmt: skip
    waits = asked or (row is not None and (row.ended_at is None or (goes_on and not ready)))
    return Standing(run=run_line(row) if row else None, waits=waits, looked=ready)


def look(actor: Actor, connection_id: int, flow_key: str, run_id: int, now: datetime) -> Looked:
    """What would become of each item. Writes nothing. Raises `Forbidden`, `NotFound`, `Conflict`."""
    actor.require(Right.IMPORT_RUN, DOING)
    _, live, flow = staged_flow(actor.operator_id, connection_id, flow_key)
    stage = PullStage.objects.filter(operator_id=actor.operator_id, run_id=run_id, complete=True).first()
    if stage is None or not _is_of(live, flow, run_id):
        raise Conflict("It is not there to be looked at any more: it was imported, or replaced. Fetch it anew.")
    with transaction.atomic():
        absorbed = absorb_items(flow, live, items_of(stage), now)
        transaction.set_rollback(True)
    return _looked(stage, absorbed)


def items_of(stage: PullStage) -> list[bytes]:
    """The items in the order in which they came."""
    return msgspec.msgpack.decode(stage.items, type=list[bytes]) if stage.items else []


def _is_of(live: LiveConnection, flow: Pull, run_id: int) -> bool:
    runs = PullRun.objects.filter(operator_id=live.operator_id, id=run_id, connection_id=live.id, flow=flow.key)
    return runs.exists()


def _looked(stage: PullStage, absorbed: Sequence[Absorbed]) -> Looked:
    by_kind = {kind.value: tuple(one for one in absorbed if one.kind is kind) for kind in AbsorbedAs}
    return Looked(run_id=stage.run_id, days=Days(stage.first_day, stage.last_day), file=stage.file, **by_kind)
