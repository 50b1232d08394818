"""What people do about messages that cannot be taken back: send one by hand, and decide what nobody else can know.

Nothing goes out from here: a message becomes ready, and the engine sends it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.db import IntegrityError, transaction

from airstair.changes.record import NewChange, record
from airstair.hub.connections.queries import LiveConnection, connection, connections, live_connections
from airstair.hub.contract import Addon
from airstair.hub.engine.messages import Made, make_message
from airstair.hub.engine.once import taken_back
from airstair.hub.engine.reading import read_snapshots
from airstair.hub.flows import MessageState, Post
from airstair.hub.messages.queries import MessageLine, line_of
from airstair.hub.models import Message
from airstair.hub.registry import addon
from airstair.kernel.actor import Actor
from airstair.kernel.clock import Clock, SystemClock
from airstair.kernel.errors import Conflict, Invalid, NotFound
from airstair.kernel.units import Unit, UnitKind
from airstair.records.operators.rules import Right

ASKED, ARRIVED, DROPPED = "message.asked", "message.arrived", "message.dropped"

_ON_ITS_WAY = (MessageState.READY.value, MessageState.SENDING.value)
_DOING = "send to partners"


def send_by_hand(
    actor: Actor,
    connection_id: int,
    flow_key: str,
    unit: Unit,
    choices: Mapping[str, str] | None = None,
    *,
    again: bool = False,
    clock: Clock | None = None,
) -> MessageLine:
    """Send the message that the unit asks for now, whether or not it is due. `choices`: what the person chose.

    What went out before, or may have, makes a second one there: it is refused with `Conflict` unless `again` says that
    the person knows. Raises `Invalid` where the add-on's own rules forbid the message, `Forbidden`, `NotFound`.
    """
    actor.require(Right.ADDONS_EXPORT, _DOING)
    now = (clock or SystemClock()).now()
    one, live, flow = _flow(actor, connection_id, flow_key)
    made = _made(actor, live, flow, unit, choices or {}, now)
    try:
        with transaction.atomic():
            row = _ready(actor, live, flow, unit, made, now, again=again)
            row.asked_by, row.asked_at, row.choices = actor.label, now, dict(choices or {})
            row.save(force_insert=row._state.adding)
            _record(actor, row, ASKED, one)
    except IntegrityError:
        raise Conflict("Somebody else has just sent it. Look at what became of that first.") from None
    return line_of(row)


def it_arrived(actor: Actor, message_id: int) -> MessageLine:
    """The person has found it at the partner. Raises `Forbidden`, `NotFound`, `Conflict`."""
    actor.require(Right.ADDONS_EXPORT, _DOING)
    with transaction.atomic():
        row = _locked(actor, message_id)
        if row.state != MessageState.DOUBTFUL.value:
            raise Conflict(f"Nobody doubts that any more: the message is {_word(row)}. Load the page again.")
        row.state, row.decided_by = MessageState.DELIVERED.value, actor.label
        row.save(update_fields=["state", "decided_by"])
        _record(actor, row, ARRIVED)
    return line_of(row)


def send_again(actor: Actor, message_id: int, *, clock: Clock | None = None) -> MessageLine:
    """Let it go out once more, as the record is now. Raises `Forbidden`, `NotFound`, `Conflict`."""
    actor.require(Right.ADDONS_EXPORT, _DOING)
    now = (clock or SystemClock()).now()
    with transaction.atomic():
        row = _locked(actor, message_id)
        _refuse_on_its_way(actor, row)
        if row.wanted_again_at is None:
            _refuse_overtaken(row)
        row.state, row.made_at, row.tries, row.wanted_again_at = MessageState.READY.value, now, 0, None
        row.asked_by, row.asked_at, row.decided_by = actor.label, now, ""
        row.save()
        _record(actor, row, ASKED)
    return line_of(row)


def drop(actor: Actor, message_id: int) -> MessageLine:
    """It shall not go out, now or later. Raises `Forbidden`, `NotFound`, `Conflict`."""
    actor.require(Right.ADDONS_EXPORT, _DOING)
    with transaction.atomic():
        row = _locked(actor, message_id)
        if row.wanted_again_at is not None:  # it was there once, and that stays true
            row.wanted_again_at, row.decided_by = None, actor.label
        elif row.state in (MessageState.SENDING.value, MessageState.DELIVERED.value, MessageState.WITHDRAWN.value):
            raise Conflict(f"It cannot be dropped any more: the message is {_word(row)}. Load the page again.")
        else:
            row.state, row.decided_by = MessageState.WITHDRAWN.value, actor.label
        row.save(update_fields=["state", "decided_by", "wanted_again_at"])
        _record(actor, row, DROPPED)
    return line_of(row)


def _flow(actor: Actor, connection_id: int, flow_key: str) -> tuple[Addon, LiveConnection, Post]:
    facts = connection(actor.operator_id, connection_id)
    one = addon(facts.addon)
    flow = next((post for post in one.posts if post.key == flow_key), None)
    if flow is None:
        raise NotFound(f"The flow “{flow_key}” of {one.name}")
    live = live_connections([connection_id])
    if not live:
        raise Conflict(f"{one.name} is switched off, or cannot be used. See its Configuration, then send.")
    return one, live[0], flow


def _made(
    actor: Actor, live: LiveConnection, flow: Post, unit: Unit, choices: Mapping[str, str], now: datetime
) -> Made:
    if unit.kind is not flow.unit:
        raise Invalid.one("unit", f"{flow.title} are about a {flow.unit.value}. Choose one.")
    since = now - flow.horizon.back
    snapshot = read_snapshots(actor.operator_id, unit.kind, [unit.id], since).get(unit.id)
    if snapshot is None:
        raise NotFound(f"This {unit.kind.value}")
    made = make_message(flow, live, unit, snapshot, now, asked=True, choices=choices)
    if made.refused:
        raise Invalid.one("", made.refused[0].text)
    if made.document is None:
        raise Invalid.one("", f"There is nothing to send of {made.title} to {live.addon.name}. Is its aircraft ticked?")
    return made


def _ready(
    actor: Actor, live: LiveConnection, flow: Post, unit: Unit, made: Made, now: datetime, *, again: bool
) -> Message:
    """The row of the message, ready and not yet saved; the unit's others are out of its way."""
    to_partner = [one.id for one in connections(actor.operator_id, live.addon.key)]
    every = list(
        Message.objects.select_for_update().filter(
            operator_id=actor.operator_id, connection_id__in=to_partner, flow=flow.key, unit=str(unit)
        )
    )
    rows = {row.identity: row for row in every if row.connection_id == live.id}
    if any(row.state == MessageState.SENDING.value for row in every):
        raise Conflict(f"A message about {made.title} is on its way at this moment. Wait for what becomes of it.")
    assert made.identity is not None
    row = rows.get(made.identity)
    before = next((one for one in every if one.identity == made.identity and one.may_be_there), None)
    if before is not None and not again:
        when = f" at {before.sent_at:%H:%MZ on %d %b %Y}" if before.sent_at else ""
        raise Conflict(
            f"{live.addon.name} got this very message{when}, or may have. Sent again, it is there twice."
            " Confirm that you want that."
        )
    for other in rows.values():
        if other is not row and other.state in (MessageState.READY.value, MessageState.REFUSED.value):
            other.state = taken_back(other.may_be_there, other.outcome).value
            other.save(update_fields=["state"])
    row = row or Message(
        operator_id=actor.operator_id, connection_id=live.id, flow=flow.key, unit=str(unit), identity=made.identity
    )
    row.title, row.state, row.made_at = made.title[:160], MessageState.READY.value, now
    row.tries, row.decided_by, row.wanted_again_at = 0, "", None
    return row


def _locked(actor: Actor, message_id: int) -> Message:
    row = Message.objects.select_for_update().filter(operator_id=actor.operator_id, id=message_id).first()
    if row is None:
        raise NotFound(f"Message {message_id}")
    return row


def _refuse_on_its_way(actor: Actor, row: Message) -> None:
    of_unit = Message.objects.filter(
        operator_id=row.operator_id, connection_id=row.connection_id, flow=row.flow, unit=row.unit
    )
    if of_unit.filter(state__in=_ON_ITS_WAY).exists():
        raise Conflict("A message about it is on its way. Wait for what becomes of that, then look again.")


def _refuse_overtaken(row: Message) -> None:
    """An earlier state must not follow a later one."""
    later = Message.objects.filter(
        operator_id=row.operator_id,
        connection_id=row.connection_id,
        flow=row.flow,
        unit=row.unit,
        may_be_there=True,
        sent_order__gt=row.sent_order or 0,
    )
    if later.exclude(id=row.id).exists():
        raise Conflict("A later message about it has gone out since. Say whether this one arrived, or drop it.")


def _word(row: Message) -> str:
    return "being sent" if row.state == MessageState.SENDING.value else row.state


def _record(actor: Actor, row: Message, kind: str, one: Addon | None = None) -> None:
    """In the audit trail; and the engine hears of it, because the unit is named."""
    me = Unit(UnitKind.CONNECTION, row.connection_id)
    name = (one or addon(connection(row.operator_id, row.connection_id).addon)).name
    after = {"state": row.state, **({"choices": row.choices} if row.choices else {})}
    change = NewChange(
        kind=kind, subject=me, title=f"{name}: {row.title}", units=(Unit.read(row.unit), me), after=after
    )
    record(actor, [change])
