"""What follows from the services that are asked at each airport: lines, slots and new orders. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from connect.orders.rules import Change, LinesResult, OrderResult, Rule, SlotResult, look_up
from connect.orders.words import (
    OrderStatus,
    Payment,
    Side,
    SlotStatus,
    handling,
    slot,
    title_of,
)
from connect.sync.carrying import carry_out
from connect.sync.state import Asked, Heard, Line, Order, Register, Slot, State


def apply_services(state: State, heard: Heard, register: Register, moved: Sequence[Side]) -> State:
    """The state with what is asked now. `moved`: the sides whose airport has just changed, nobody having an order."""
    submitted = heard.submission > state.submission
    for side in Side:
        wanted = _wanted(state, heard, side, submitted, moved)
        state = _side(state, heard, register, side, wanted, submitted)
    return state


def _wanted(state: State, heard: Heard, side: Side, submitted: bool, moved: Sequence[Side]) -> dict[str, str]:
    """The services that count as asked. Without a submission none comes to them, and a new airport ends them: at the
    airport itself, and for another ADEP at the ADES too, unless somebody there has an order.
    """
    asked = heard.side(side).asked
    if submitted:
        return dict(asked)
    ended = side in moved or (Side.ADEP in moved and state.order_at(side) is None)
    before = {} if ended else state.side(side).services
    return {service: details for service, details in asked.items() if service in before}


def _side(state: State, heard: Heard, register: Register, side: Side, wanted: dict[str, str], submitted: bool) -> State:
    before = state.side(side)
    order = state.order_at(side)
    after = replace(
        before,
        services=wanted,
        known=tuple(sorted({*before.known, *wanted})),
        late=tuple(service for service in before.late if service in wanted),
    )
    if wanted:  # where nothing is asked, nobody is: the last one asked is remembered
        after = _of_handler(after, heard, register, side, before.handler_id if order and order.live else None)
    changes = _changes(before.services, wanted, submitted)
    if order is not None and order.live and submitted:
        state, order = _without_warning(state, order)
    for change in changes:
        if order is None or not order.live:
            if submitted:
                return _launched(state, heard, register, side, after, order, change)
            continue
        rule = look_up(change, order.status, order.payment, order.acknowledged)
        amended = carry_out(rule, _amended(rule, change, order, before, after, register), heard.facts, heard.submission)
        if rule.services == "NOT_REQUIRED":
            after = replace(after, late=tuple(sorted({*after.late, *_not_in(amended, wanted, before.services)})))
        state, order = state.with_order(order, amended), amended
    return state.with_side(side, after)


def _of_handler(asked: Asked, heard: Heard, register: Register, side: Side, former: int | None) -> Asked:
    """With the handler that is asked. Renamed in the directory, it stays who has the order (`former`)."""
    handler = heard.side(side).handler
    return replace(
        asked,
        handler_nid=handler.nid if handler else None,
        handler_id=register.handler(side) or former,
        handler_name=handler.name if handler else "",
    )


def _changes(before: dict[str, str], wanted: dict[str, str], submitted: bool) -> list[Change]:
    if not wanted:
        return [Change.SIDE_UNTICKED] if before else []
    changes = []
    if set(wanted) - set(before):
        changes.append(Change.ADDED)
    if set(before) - set(wanted):
        changes.append(Change.UNTICKED)
    if any(before[service] != wanted[service] for service in set(before) & set(wanted)):
        changes.append(Change.DETAILS)
    return changes or ([Change.SUBMITTED] if submitted else [])


def _without_warning(state: State, order: Order) -> tuple[State, Order]:
    """A submission is somebody's answer to a warning."""
    cleared = replace(order, warning="") if order.warning else order
    return (state.with_order(order, cleared), cleared) if cleared is not order else (state, order)


def _not_in(order: Order, wanted: dict[str, str], before: dict[str, str]) -> set[str]:
    """What came too late: neither a line of the order nor asked before."""
    lines = {line.service for line in order.lines}
    return {service for service in wanted if service not in lines and service not in before}


# -- amending -------------------------------------------------------------------------------------------------------


def _amended(rule: Rule, change: Change, order: Order, before: Asked, after: Asked, register: Register) -> Order:
    """The order with lines and slot as the row says; everything else of it is `carry_out`'s."""
    wanted = after.services
    lines = order.lines
    if rule.lines is LinesResult.ADDED:
        have = {line.service for line in lines}
        lines = (*lines, *_lines({s: d for s, d in wanted.items() if s not in have}, order.side))
    elif rule.lines is LinesResult.DELETED:
        lines = tuple(line for line in lines if line.service in wanted or not line.service)
    elif rule.lines is LinesResult.AMENDED:
        lines = tuple(replace(line, details=wanted.get(line.service, line.details)) for line in lines)
    elif rule.lines is LinesResult.MARKED:
        lines = tuple(replace(line, unticked=bool(line.service) and line.service not in wanted) for line in lines)
    else:  # ticked again, a line that stayed is asked again
        lines = tuple(replace(line, unticked=line.unticked and line.service not in wanted) for line in lines)
    changed = replace(order, lines=lines)
    if rule.slot is SlotResult.FOLLOWS:
        changed = replace(changed, slot=_following(order, before, after, register))
    return changed


def _following(order: Order, before: Asked, after: Asked, register: Register) -> Slot | None:
    """The slot follows its service: asked for when it was added, cancelled when it was unticked."""
    service = slot(order.side)
    if service in after.services and service not in before.services:
        return new_slot(order, register)
    if service in before.services and service not in after.services and order.slot is not None:
        return replace(order.slot, status=SlotStatus.CANCELLED)
    return order.slot


def new_slot(order: Order, register: Register) -> Slot:
    """Asked for where the airport needs one."""
    return Slot(SlotStatus.ASKED if register.airports.get(order.airport) else SlotStatus.NOT_REQUIRED)


def _lines(services: dict[str, str], side: Side) -> tuple[Line, ...]:
    """Lines of these services, the handling first; a slot is none."""
    wanted = sorted(services, key=lambda service: (service != handling(side), service))
    return tuple(Line(one, title_of(one), services[one]) for one in wanted if one != slot(side))


# -- launching ------------------------------------------------------------------------------------------------------


def _launched(
    state: State, heard: Heard, register: Register, side: Side, after: Asked, former: Order | None, change: Change
) -> State:
    """With a new order, where handling is asked of a handler that is known. What ended in this very update stays so."""
    after = replace(after, late=())
    rule = look_up(change, former.status if former else OrderStatus.NONE, Payment.NONE, False)
    ended_now = former is not None and former.cancelled_by is not None and former.cancelled_by >= heard.submission
    known = handling(side) in after.services and after.handler_id is not None
    if rule.order is not OrderResult.LAUNCHED or ended_now or not known or after.handler_id is None:
        return state.with_side(side, after)
    order = Order(
        side=side,
        airport=heard.facts.airport(side),
        handler_id=after.handler_id,
        handler_name=after.handler_name,
        generation=former.generation + 1 if former else 1,
        lines=_lines(after.services, side),
    )
    if slot(side) in after.services:
        order = replace(order, slot=new_slot(order, register))
    return state.with_side(side, after).with_order(None, order)
