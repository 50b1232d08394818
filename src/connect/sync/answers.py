"""What the schedule system is to be told of a flight: a pure function of how it stands here."""

from __future__ import annotations

from datetime import datetime

import msgspec

from connect.clock import clock_time, short
from connect.orders.rules import Change, look_up
from connect.orders.words import EDIT, Designation, OrderStatus, Payment, Side, SlotStatus, slot
from connect.sync.state import CANCELLED, NOT_SYNCHRONISED, Order, Slot, State

UNKNOWN_HANDLER = "No order: no handler in Connect has this name, airport and email address"
NO_HANDLING = "No order: handling is not asked at this airport"
NO_ORDER_YET = "No order: submit again"
BETWEEN = " · "
_COMMITTED = {OrderStatus.IN_PROGRESS, OrderStatus.DELIVERED}


class Answer(msgspec.Struct, frozen=True):
    """How one service stands."""

    designation: Designation
    note: str = ""


def answers_of(state: State, applied_at: datetime, url: str) -> dict[str, Answer]:
    """By service, EDIT among them. `url` leads to the flight's page."""
    answers = {EDIT: _of_flight(state, applied_at, url)}
    for side in Side:
        for service in state.side(side).known:
            answers[service] = _of_service(state, side, service)
    return answers


def _of_flight(state: State, applied_at: datetime, url: str) -> Answer:
    if state.state in (CANCELLED, NOT_SYNCHRONISED):
        kept = [f"{_head(one)}{BETWEEN}{one.warning}" for one in state.orders if one.live and one.warning]
        return Answer(Designation.CANCELLED, "\n".join([state.reason, *kept]))
    warnings = [f"{one.number}: {one.warning}" for one in state.orders if one.warning]
    lines = [f"Updated {short(applied_at)}", url, *([state.reason] if state.reason else []), *warnings]
    blocked = state.reason.startswith("Not synchronised")
    return Answer(Designation.CANCELLED if blocked else Designation.PENDING, "\n".join(lines))


def _head(order: Order) -> str:
    return f"Order {order.number}{BETWEEN}{order.status.value}"


def _of_service(state: State, side: Side, service: str) -> Answer:
    order, asked = state.order_at(side), state.side(side)
    if state.state == NOT_SYNCHRONISED:
        return Answer(Designation.CANCELLED, state.reason)
    if state.state == CANCELLED:
        note = f"{_head(order)}{BETWEEN}{order.warning}".removesuffix(BETWEEN) if order else state.reason
        return Answer(Designation.CANCELLED, note)
    if service not in asked.services:
        return Answer(Designation.CANCELLED, _unticked_note(order, service))
    if order is None or _submitted_since(state, order):
        return Answer(Designation.NOT_REQUIRED, _why_none(asked.handler_id, asked.services))
    if service == slot(side) and order.live and order.slot is not None:
        return _of_slot(order, order.slot)
    if not order.live:
        return Answer(Designation.CANCELLED, f"{_head(order)}{BETWEEN}{order.warning}".removesuffix(BETWEEN))
    if service in asked.late or service == slot(side):
        late = look_up(Change.ADDED, OrderStatus.IN_PROGRESS, Payment.NONE, False).note
        return Answer(Designation.NOT_REQUIRED, f"{_head(order)}{BETWEEN}{late}")
    confirmed = order.acknowledged or order.status in _COMMITTED
    note = f"{_head(order)}{BETWEEN}{order.warning}".removesuffix(BETWEEN)
    return Answer(Designation.CONFIRMED if confirmed else Designation.PENDING, note)


def _submitted_since(state: State, order: Order) -> bool:
    """Whether the order had ended when this was submitted, and no new one came of it."""
    return order.cancelled_by is not None and order.cancelled_by < state.submission


def _unticked_note(order: Order | None, service: str) -> str:
    if order is None:
        return ""
    if order.live and any(line.service == service for line in order.lines):
        stays = look_up(Change.UNTICKED, OrderStatus.IN_PROGRESS, Payment.NONE, False).note
        return f"{_head(order)}{BETWEEN}{order.warning or stays}"
    return _head(order)


def _why_none(handler_id: int | None, services: dict[str, str]) -> str:
    if not any(one.startswith("HANDLING_") for one in services):
        return NO_HANDLING
    return UNKNOWN_HANDLER if handler_id is None else NO_ORDER_YET


_SLOT_DESIGNATIONS = {
    SlotStatus.NOT_REQUIRED: Designation.NOT_REQUIRED,
    SlotStatus.ASKED: Designation.PENDING,
    SlotStatus.PROPOSED: Designation.PENDING,
    SlotStatus.APPROVED: Designation.CONFIRMED,
    SlotStatus.CANCELLED: Designation.CANCELLED,
}


def _of_slot(order: Order, held: Slot) -> Answer:
    """The note stays empty until the handler has said something."""
    designation = _SLOT_DESIGNATIONS[held.status]
    if held.status is SlotStatus.NOT_REQUIRED:
        return Answer(designation, f"Slot not required at {order.airport}")
    if held.starts is None or held.ends is None:
        return Answer(designation, "" if held.status is SlotStatus.ASKED else f"Slot{BETWEEN}{held.status.value}")
    window = f"{clock_time(held.starts)}–{clock_time(held.ends)}"
    parts = (f"Slot {held.number}".strip(), order.handler_name, window, held.status.value)
    return Answer(designation, BETWEEN.join(part for part in parts if part))
