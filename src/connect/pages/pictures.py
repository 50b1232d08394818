"""Orders and flights as templates want them: made of what queries answered. Reads and decides nothing."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import msgspec
from django.urls import reverse

from connect.flights.models import Flight
from connect.orders.models import Line, Order, Slot
from connect.orders.queries import allowed, due_for_payment, total
from connect.orders.words import Payment, Side, side_of
from connect.parties.rights import Actor

_WINDOW = timedelta(minutes=15)  # what a slot's form proposes


class FlightPicture(msgspec.Struct, frozen=True, kw_only=True):
    """A flight on a page. `neighbours` are pairs of a caption and what is known of that flight, or nothing."""

    id: int
    number: str
    trip: str
    registration: str
    aircraft_type: str
    call_sign: str
    adep: str
    ades: str
    std: datetime
    sta: datetime
    pax: int | None
    crew: int | None
    flight_type: str
    mission: str
    cancelled: bool
    reason: str
    changed_here: bool
    applied_at: datetime
    neighbours: tuple[tuple[str, dict[str, Any] | None], ...]
    address: str
    orders: tuple[OrderPicture, ...] = ()


class LinePicture(msgspec.Struct, frozen=True, kw_only=True):
    """A line of an order, with its sum."""

    id: int
    title: str
    details: str
    quantity: Decimal
    price: Decimal
    sum: Decimal
    tracking: str
    unticked: bool
    proposed: Decimal | None
    """What the catalogue says, where no price has been given yet."""
    own: bool
    """Added by the handler, who may take it away again."""


class OrderPicture(msgspec.Struct, frozen=True, kw_only=True):
    """An order on a page, and the names of what may be done with it now."""

    number: str
    status: str
    payment: str
    acknowledged_at: datetime | None
    direct: bool
    airport: str
    movement: str
    at: datetime
    handler_name: str
    handler_email: str
    handler_phone: str
    operator_name: str
    operator_email: str
    operator_phone: str
    currency: str
    total: Decimal
    terms: str
    note: str
    warning: str
    requested_at: datetime
    lines: tuple[LinePicture, ...]
    slot: Slot | None
    slot_start: datetime
    slot_end: datetime
    flight: FlightPicture
    may: frozenset[str]
    payments_next: tuple[str, ...]


def flight_picture(one: Flight) -> FlightPicture:
    return FlightPicture(
        id=one.id, number=one.flight_no, trip=one.trip_number, registration=one.registration,
        aircraft_type=one.icao_type, call_sign=one.call_sign, adep=one.adep, ades=one.ades, std=one.std, sta=one.sta,
        pax=one.pax, crew=one.crew, flight_type=one.flight_type, mission=one.mission,
        cancelled=one.state == Flight.CANCELLED, reason=one.reason, changed_here=one.changed_here,
        applied_at=one.applied_at, address=reverse("trip", args=[one.id]),
        neighbours=(("Before", _neighbour(one.previous)), ("After", _neighbour(one.next))),
    )  # fmt: skip


def _neighbour(told: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if not told:
        return None
    return {**told, "std": datetime.fromisoformat(told["std"]), "sta": datetime.fromisoformat(told["sta"])}


def order_picture(actor: Actor, one: Order, prices: Mapping[str, Decimal] | None = None) -> OrderPicture:
    """`prices`: of the handler's catalogue, by the checklist's service without its airport."""
    lines = tuple(line_picture(line, prices or {}) for line in one.lines.all())
    departs = one.side == Side.ADEP
    slot = getattr(one, "slot", None)
    may = allowed(actor, one)
    operator = one.flight.organisation or one.flight.operator
    at = one.flight.std if departs else one.flight.sta
    starts = (slot and slot.starts) or at
    return OrderPicture(
        number=one.number, status=one.status, payment="" if one.payment == Payment.NONE else one.payment,
        acknowledged_at=one.acknowledged_at, direct=one.kind == "direct", airport=one.airport,
        movement="departure" if departs else "arrival", at=at,
        handler_name=one.handler.name, handler_email=one.handler.email, handler_phone=one.handler.phone,
        operator_name=operator.name, operator_email=operator.email, operator_phone=operator.phone,
        currency=one.handler.currency, total=total(one),
        terms=one.terms, note=one.note, warning=one.warning, requested_at=one.created_at, lines=lines, slot=slot,
        slot_start=starts, slot_end=(slot and slot.ends) or starts + _WINDOW, flight=flight_picture(one.flight),
        may=may, payments_next=tuple(str(step) for step in due_for_payment(one)) if "pay" in may else (),
    )  # fmt: skip


def line_picture(one: Line, prices: Mapping[str, Decimal]) -> LinePicture:
    side = side_of(one.service)
    known = prices.get(one.service.removesuffix(f"_{side}")) if side else None
    return LinePicture(
        id=one.id, title=one.title, details=one.details, quantity=one.quantity, price=one.price,
        sum=one.quantity * one.price, tracking=one.progress, unticked=one.unticked,
        own=not one.service, proposed=None if one.price else known,
    )  # fmt: skip


# What comes next, in words, by status: for the handler, and for the operator.
_HANDLER = {
    "Awaiting quote": ("Next: price and send.", "Acknowledge first, so that the operator knows that you have seen it."),
    "Awaiting customer confirmation": ("The operator answers now.", "You can still change prices and send again."),
    "Order in progress": ("Next: plan and deliver.", "Plan each service, mark it done, then deliver the order."),
    "Delivered": ("Delivered.", "Record the payment when it arrives. It can no longer be cancelled."),
    "Cancelled": ("Cancelled.", "Nothing to do. If the operator submits anew, a new request comes to your desk."),
}
_OPERATOR = {
    "Awaiting quote": ("The handler answers now.", "You can still change services and notes on the checklist."),
    "Awaiting customer confirmation": ("Next: your answer to the quote.", "Accept it, or cancel the order."),
    "Order in progress": ("The handler delivers.", "Services can no longer be changed from the checklist."),
    "Delivered": ("Delivered.", "It can no longer be cancelled; a payment can be claimed back."),
    "Cancelled": ("Cancelled.", "Submit the services on the checklist once more to order anew."),
}


def next_step(actor: Actor, order: OrderPicture) -> tuple[str, str]:
    """What this party does next, or waits for."""
    if actor.kind == "handler" and order.status == "Awaiting quote" and order.acknowledged_at:
        return "Next: price and send.", "A quote needs payment terms and a total above nought."
    return (_HANDLER if actor.kind == "handler" else _OPERATOR)[order.status]
