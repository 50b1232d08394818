"""Carrying out one row of the table on one order. Pure; decides nothing that the row does not say."""

from __future__ import annotations

from datetime import datetime

from msgspec.structs import replace

from connect.orders.rules import Change, OrderResult, Rule, SlotResult
from connect.orders.words import OrderStatus, Payment, SlotStatus
from connect.sync.state import Facts, Order, Slot

_ABOUT_SERVICES = {Change.ADDED, Change.UNTICKED}  # their notes stand with the service, not with the order
_RELEASED = {Payment.REQUIRES_CONFIRMATION, Payment.REQUIRES_CAPTURE}


def carry_out(rule: Rule, order: Order, facts: Facts, submission: int) -> Order:
    """The order after it. `facts` are the flight's new ones; lines are the work of `services`."""
    order = replace(order, slot=_slot(rule.slot, order, facts))
    if rule.note and not _ABOUT_SERVICES & set(rule.changes):
        order = replace(order, warning=rule.note)
    if rule.order is OrderResult.RECALLED:
        return replace(order, acknowledged=False)
    if rule.order is OrderResult.CANCELLED:
        return cancelled(order, submission)
    return order


def cancelled(order: Order, submission: int) -> Order:
    """An order that ends; money that was reserved and not taken is released."""
    payment = Payment.CANCELLED if order.payment in _RELEASED else order.payment
    return replace(
        order,
        status=OrderStatus.CANCELLED,
        payment=payment,
        cancelled_by=submission,
        slot=_cancelled(order.slot),
    )


def _slot(result: SlotResult, order: Order, facts: Facts) -> Slot | None:
    slot = order.slot
    if slot is None:
        return None
    if result is SlotResult.CANCELLED:
        return _cancelled(slot)
    if result is SlotResult.ASKED and slot.status in (SlotStatus.PROPOSED, SlotStatus.APPROVED):
        return Slot(SlotStatus.ASKED)
    if result is SlotResult.JUDGED and slot.status in (SlotStatus.PROPOSED, SlotStatus.APPROVED):
        return judged(slot, facts.moment(order.side))
    return slot


def _cancelled(slot: Slot | None) -> Slot | None:
    if slot is None or slot.status is SlotStatus.NOT_REQUIRED:
        return slot
    return replace(slot, status=SlotStatus.CANCELLED)


def judged(slot: Slot, moment: datetime) -> Slot:
    """Approved when the movement is within it; a proposal when it is not."""
    within = slot.starts is not None and slot.ends is not None and slot.starts <= moment <= slot.ends
    return replace(slot, status=SlotStatus.APPROVED if within else SlotStatus.PROPOSED)
