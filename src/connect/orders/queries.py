"""Readers of orders. Each takes who asks first: a handler finds the orders addressed to it, an operator its own."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

import msgspec
from django.db.models import Count, Q, QuerySet, Sum

from connect.errors import NotFound
from connect.flights.models import Flight
from connect.flights.queries import flight as flight_of
from connect.flights.queries import of_operator
from connect.orders.models import Event, Order
from connect.orders.rules import Step, StepRule, step_rule
from connect.orders.words import OrderStatus, Payment, SlotStatus
from connect.parties.models import Organisation
from connect.parties.rights import Act, Actor, Module

# The rights that each step needs.
NEEDS = {Step.CANCEL: Act.DELETE}


_OF_FLIGHT = ("flight_no", "registration", "trip_number", "call_sign")
_SEARCHED = ("number", "airport", "handler__name", *(f"flight__{name}" for name in _OF_FLIGHT))


class OrderFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which orders: by words in number, flight, registration or handler; of a period of departures; live ones."""

    search: str = ""
    statuses: tuple[str, ...] = ()
    side: str = ""
    since: datetime | None = None
    until: datetime | None = None
    live: bool = True


class TripAnswer(msgspec.Struct, frozen=True):
    """What the schedule system is told of one service; `told_at` None while it is on its way."""

    service: str
    designation: str
    note: str
    told_at: datetime | None
    error: str = ""


class TripView(msgspec.Struct, frozen=True):
    """A flight with everything that belongs to it."""

    flight: Flight
    orders: list[Order]
    events: list[Event]
    answers: list[TripAnswer]


def visible(actor: Actor) -> QuerySet[Order]:
    """The orders that exist for the actor."""
    actor.need(Module.ORDERS, Act.VIEW)
    found = Order.objects.select_related("flight__organisation", "flight__operator", "handler", "slot")
    if actor.kind == Organisation.HANDLER:
        return found.filter(handler_id=actor.organisation_id)
    if actor.kind == Organisation.OPERATOR:
        return found.filter(of_operator(actor, "flight__"))
    return found.none()


def orders(actor: Actor, wanted: OrderFilter) -> list[Order]:
    """The orders that match, the next departures first."""
    found = visible(actor).prefetch_related("lines")
    if wanted.live:
        found = found.exclude(status__in=[OrderStatus.CANCELLED.value])
    if wanted.statuses:
        found = found.filter(status__in=wanted.statuses)
    if wanted.side:
        found = found.filter(side=wanted.side)
    if wanted.since:
        found = found.filter(flight__std__gte=wanted.since)
    if wanted.until:
        found = found.filter(flight__std__lt=wanted.until)
    if wanted.search:
        any_of = Q()
        for word in _SEARCHED:
            any_of |= Q(**{f"{word}__icontains": wanted.search})
        found = found.filter(any_of)
    return list(found.order_by("flight__std", "number")[:500])


def order(actor: Actor, number: str) -> Order:
    """One order, with flight, handler, slot and lines."""
    found = visible(actor).prefetch_related("lines").filter(number=number).first()
    if found is None:
        raise NotFound("The order")
    return found


def events(actor: Actor, one: Order) -> list[Event]:
    """What happened to the order and to its flight, the newest first. Nothing of another order of that flight."""
    found = Event.objects.filter(flight_id=one.flight_id, at__gte=one.created_at)
    return list(found.filter(Q(order=one) | Q(order__isnull=True)).order_by("-id")[:200])


def trip(actor: Actor, flight_id: int) -> TripView:
    """What the operator sees of a flight."""
    from connect.sync.queries import answers_told

    actor.need_kind(Organisation.OPERATOR, "The flight")
    flight = flight_of(actor, flight_id)
    found = visible(actor).filter(flight=flight).prefetch_related("lines").order_by("side", "id")
    happened = Event.objects.filter(flight=flight).select_related("order").order_by("-id")[:200]
    return TripView(flight, list(found), list(happened), [TripAnswer(*one) for one in answers_told(flight)])


def allowed(actor: Actor, one: Order) -> frozenset[str]:
    """The names of the steps that rules and rights allow this actor now."""
    held = getattr(one, "slot", None)
    found = set()
    for step in Step:
        rule = rule_for(step, one)
        if rule is None or rule.by not in (actor.kind, "either") or one.flight.state == "not synchronised":
            continue
        if actor.may(Module.ORDERS, NEEDS.get(step, Act.MODIFY)):
            found.add(step.value)
    if held is None or held.status != SlotStatus.PROPOSED:
        found.discard(Step.ACCEPT_SLOT.value)
    return frozenset(found)


def rule_for(step: Step, one: Order) -> StepRule | None:
    """The row that allows the step on this order, or None."""
    acknowledged = one.acknowledged_at is not None
    return step_rule(step, OrderStatus(one.status), Payment(one.payment), acknowledged)


_FORWARD = (Payment.REQUIRES_CONFIRMATION, Payment.REQUIRES_CAPTURE, Payment.SUCCEEDED)


def due_for_payment(one: Order) -> tuple[Payment, ...]:
    """The payment statuses that may be recorded next: only forward."""
    if rule_for(Step.PAY, one) is None:
        return ()
    now = Payment(one.payment)
    return _FORWARD[_FORWARD.index(now) + 1 :] if now in _FORWARD else _FORWARD


def total(one: Order) -> Decimal:
    """The sum of the lines."""
    return sum((line.quantity * line.price for line in one.lines.all()), Decimal(0))


def version(actor: Actor) -> str:
    """A word that is another one after anything changed that the actor may see."""
    flights = Flight.objects.all()
    if actor.kind == Organisation.HANDLER:
        flights = flights.filter(orders__handler_id=actor.organisation_id).distinct()
    else:
        flights = flights.filter(of_operator(actor))
    counted = flights.aggregate(number=Count("id", distinct=True), versions=Sum("version"))
    return f"{counted['number']}-{counted['versions'] or 0}"
