"""What a person is shown before sending by hand: what went out before, what forbids it, and what can be chosen.

Reads only. The partner's own lists are asked for here, outside of any transaction.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from airstair.hub.asking import ask_now
from airstair.hub.choosing import Choice
from airstair.hub.connections.queries import ConnectionFacts, LiveConnection, connection, connections, live_connections
from airstair.hub.contract import Addon
from airstair.hub.engine.messages import make_message
from airstair.hub.engine.reading import CannotBeRead, read_snapshots
from airstair.hub.flows import MessageState, Post
from airstair.hub.messages.queries import MessageLine, messages
from airstair.hub.registry import addon, addons
from airstair.kernel.actor import Actor
from airstair.kernel.clock import Clock
from airstair.kernel.errors import Conflict, NotFound
from airstair.kernel.outcome import Outcome
from airstair.kernel.units import Unit, UnitKind
from airstair.records.operators.rules import Right

MOST = 40  # units in one window
_THERE = (MessageState.DELIVERED, MessageState.DOUBTFUL)


@dataclass(frozen=True)
class SendDoor:
    """A send window that can be opened: the messages about flights of one connection."""

    addon: Addon
    facts: ConnectionFacts
    flow: Post

    @property
    def title(self) -> str:
        """The partner, and the connection where it is not the usual one."""
        return self.addon.name if self.facts.is_default else f"{self.addon.name} ({self.facts.name})"


class Offer(msgspec.Struct, frozen=True, kw_only=True):
    """One unit as it can be sent now. `refused`: why it cannot. `latest`: its newest message to this partner."""

    unit: Unit
    title: str
    refused: str = ""
    latest: MessageLine | None = None
    there: MessageLine | None = None  # the newest that the partner has, or may have
    choices: tuple[Choice, ...] = ()


class Offers(msgspec.Struct, frozen=True, kw_only=True):
    """What can be sent; `trouble`: why the partner's lists are not there to choose from."""

    offers: tuple[Offer, ...]
    trouble: str = ""


def send_doors(operator_id: int) -> list[SendDoor]:
    """The operator's send windows for flights, by partner. Two SQL statements."""
    return send_doors_of(connections(operator_id))


def send_doors_of(every: Iterable[ConnectionFacts]) -> list[SendDoor]:
    """The send windows for flights of these connections, by partner."""
    posting = {key: one for key, one in addons().items() if _of_flights(one)}
    facts = [one for one in every if one.addon in posting and one.on]
    doors = [SendDoor(posting[one.addon], one, flow) for one in facts for flow in _of_flights(posting[one.addon])]
    return sorted(doors, key=lambda door: (door.addon.name.lower(), not door.facts.is_default, door.facts.name))


def _of_flights(one: Addon) -> list[Post]:
    return [flow for flow in one.posts if flow.unit is UnitKind.FLIGHT]


def offers(
    actor: Actor, connection_id: int, flow_key: str, units: Sequence[Unit], clock: Clock, *, ask: bool = True
) -> Offers:
    """What each unit would send. `ask`: the partner's lists too. Raises `Forbidden`, `NotFound`, `Conflict`."""
    actor.require(Right.ADDONS_EXPORT, "send to partners")
    live, flow = _live(actor, connection_id, flow_key)
    now = clock.now()
    since = now - flow.horizon.back
    snapshots = read_snapshots(actor.operator_id, flow.unit, [unit.id for unit in units[:MOST]], since)
    known = [unit for unit in units[:MOST] if unit.id in snapshots]
    made = {unit: make_message(flow, live, unit, snapshots[unit.id], now, asked=True, choices={}) for unit in known}
    choosable = [unit for unit in known if made[unit].document is not None]
    trouble = ""
    choices: dict[Unit, tuple[Choice, ...]] = {}
    if ask and flow.choices is not None and choosable:
        trouble, choices = _choices(live, flow, {unit: snapshots[unit.id] for unit in choosable}, clock)
    lines = _lines(actor.operator_id, live, flow, known)
    return Offers(
        offers=tuple(_offer(live, unit, made[unit], lines.get(unit, []), choices.get(unit, ())) for unit in known),
        trouble=trouble,
    )


def _live(actor: Actor, connection_id: int, flow_key: str) -> tuple[LiveConnection, Post]:
    one = addon(connection(actor.operator_id, connection_id).addon)
    flow = next((post for post in one.posts if post.key == flow_key), None)
    if flow is None:
        raise NotFound(f"The flow “{flow_key}” of {one.name}")
    live = live_connections([connection_id])
    if not live:
        raise Conflict(f"{one.name} is switched off, or cannot be used. See its Configuration, then send.")
    return live[0], flow


def _choices(
    live: LiveConnection, flow: Post, snapshots: dict[Unit, Any], clock: Clock
) -> tuple[str, dict[Unit, tuple[Choice, ...]]]:
    """Why there are none, and those of each unit."""
    asked = flow.choices
    assert asked is not None
    readable = {unit: one for unit, one in snapshots.items() if not isinstance(one, CannotBeRead)}
    found = ask_now(live, flow, lambda call: asked(call, list(readable.values())), clock)
    if isinstance(found, Outcome):
        return found.sentence, {}
    return "", {unit: tuple(some) for unit, some in zip(readable, found, strict=True)}


def _lines(operator_id: int, live: LiveConnection, flow: Post, units: Sequence[Unit]) -> dict[Unit, list[MessageLine]]:
    """The newest messages of each unit to this partner first, through whichever connection."""
    to_partner = [one.id for one in connections(operator_id, live.addon.key)]
    found: dict[Unit, list[MessageLine]] = {}
    for unit in units:
        lines = messages(operator_id, to_partner, unit=unit, limit=20)
        found[unit] = [line for line in lines if line.flow == flow.key]
    return found


def _offer(
    live: LiveConnection, unit: Unit, made: Any, lines: Sequence[MessageLine], choices: tuple[Choice, ...]
) -> Offer:
    refused = " ".join(message.text for message in made.refused)
    if not refused and made.document is None:
        refused = f"There is nothing to send of it to {live.addon.name}. Is its aircraft ticked?"
    return Offer(
        unit=unit,
        title=made.title,
        refused=refused,
        latest=lines[0] if lines else None,
        there=next((line for line in lines if line.state in _THERE), None),
        choices=choices,
    )
