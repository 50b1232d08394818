"""What people do with orders. Each takes who acts; the rules' table says where a step is allowed and what follows.

The only writers of orders beside `connect.sync`. Everybody locks the flight first, so that a change that comes from
the schedule system and a person's step never cross.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from decimal import Decimal

import msgspec
from django.db import transaction

from connect.clock import Clock, utc_now
from connect.errors import Invalid, NotFound, Refused
from connect.flights.models import Flight
from connect.flights.queries import of_operator
from connect.orders import queries
from connect.orders.models import Event, Line, Order
from connect.orders.models import Slot as SlotRow
from connect.orders.rules import Step, StepRule
from connect.orders.words import Kind, OrderStatus, Payment, Progress, Side, SlotStatus
from connect.parties.models import Organisation
from connect.parties.rights import Act, Actor, Module
from connect.sync.carrying import cancelled, judged
from connect.sync.mailing import contact_email, mail, tell_handlers
from connect.sync.state import Slot
from connect.sync.store import load, next_number, save

BANK = "Bank transfer or contract"
TERMS = (BANK, "Card", "SEPA direct debit")
HIGHEST = Decimal(10) ** 8


class LinePrice(msgspec.Struct, frozen=True):
    """What a handler writes into a line; details None leaves them."""

    quantity: Decimal
    price: Decimal
    details: str | None = None


class NewLine(msgspec.Struct, frozen=True):
    """A line that an operator orders directly."""

    title: str
    details: str = ""
    quantity: Decimal = Decimal(1)


def _begin(actor: Actor, number: str, step: Step) -> tuple[Order, StepRule]:
    """The order, its flight locked, and the rule that allows the step. Raises `NotFound`, `Forbidden`, `Refused`."""
    found = queries.order(actor, number)
    Flight.objects.select_for_update().get(id=found.flight_id)
    one = queries.order(actor, number)
    actor.need(Module.ORDERS, queries.NEEDS.get(step, Act.MODIFY))
    rule = queries.rule_for(step, one)
    if rule is None:
        raise Refused(_why_not(step, one))
    if rule.by not in (actor.kind, "either"):
        raise NotFound("The page")
    return one, rule


def _why_not(step: Step, one: Order) -> str:
    if step is Step.CANCEL and one.payment in (Payment.SUCCEEDED, Payment.CLAIMED):
        return f"Order {one.number} is paid, so it cannot be cancelled. Claim a refund."
    if step is Step.CANCEL and one.status == OrderStatus.DELIVERED:
        return f"Order {one.number} is delivered, so it cannot be cancelled."
    if step is Step.ACKNOWLEDGE and one.acknowledged_at:
        return f"Order {one.number} is acknowledged already; that cannot be taken back."
    if step is Step.CLAIM:
        return f"Only a payment that succeeded can be claimed back; this one is: {one.payment}."
    payment = "" if one.payment == Payment.NONE else f", payment: {one.payment}"
    return f"This cannot be done with order {one.number} now ({one.status}{payment})."


def _finish(actor: Actor, one: Order, rule: StepRule | None, words: str, now: datetime) -> Order:
    """Write the order as the rule says, what happened, and that the schedule system is to be told."""
    if rule is not None and rule.becomes:
        one.status = rule.becomes.value
    if rule is not None and rule.payment_becomes:
        one.payment = rule.payment_becomes.value
    if rule is not None and rule.acknowledged_becomes:
        one.acknowledged_at = now
    one.save()
    Event.objects.create(
        flight_id=one.flight_id, order=one, at=now, who=actor.name, user_id=actor.user_id, words=words[:400]
    )
    _changed(one.flight_id)
    return one


def _changed(flight_id: int) -> None:
    flight = Flight.objects.get(id=flight_id)
    flight.version += 1
    flight.answers_due, flight.answers_after = True, None
    flight.save(update_fields=["version", "answers_due", "answers_after", "changed_at"])


def _tell_operator(one: Order, said: str) -> None:
    owner = one.flight.organisation or one.flight.operator
    mail(contact_email(owner), f"{one.number}: {said}", f"{one.handler.name}: {said}.\n\nOrder {one.number}.")


# -- the handler ----------------------------------------------------------------------------------------------------


@transaction.atomic
def acknowledge(actor: Actor, number: str, now: Clock = utc_now) -> Order:
    """The handler has seen the request. It cannot be taken back; only a change of the request recalls it."""
    one, rule = _begin(actor, number, Step.ACKNOWLEDGE)
    _tell_operator(one, "the request is acknowledged")
    return _finish(actor, one, rule, "Acknowledged.", now())


@transaction.atomic
def price(
    actor: Actor,
    number: str,
    prices: Mapping[int, LinePrice],
    terms: str | None = None,
    note: str | None = None,
    now: Clock = utc_now,
) -> Order:
    """Save prices, terms and note as a draft. The order stays where it is."""
    one, rule = _begin(actor, number, Step.PRICE)
    lines = {line.id: line for line in one.lines.all()}
    problems = [("terms", f"Choose one of: {', '.join(TERMS)}.")] if terms and terms not in TERMS else []
    for line_id, wanted in prices.items():
        if line_id not in lines:
            raise NotFound("The line")
        problems += _bad_price(wanted.quantity, wanted.price, lines[line_id].title)
    if problems:
        raise Invalid(*problems)
    for line_id, wanted in prices.items():
        line = lines[line_id]
        line.quantity, line.price = wanted.quantity, wanted.price
        line.details = line.details if wanted.details is None else wanted.details
        line.save()
    one.terms = one.terms if terms is None else terms
    one.note = one.note if note is None else note
    return _finish(actor, one, rule, "The quote was edited.", now())


def _bad_price(quantity: Decimal, price: Decimal, title: str) -> list[tuple[str, str]]:
    wrong = []
    if not quantity.is_finite() or not 0 < quantity < HIGHEST:
        wrong.append(("quantity", f"{title}: a quantity is above nought."))
    if not price.is_finite() or not 0 <= price < HIGHEST:
        wrong.append(("price", f"{title}: a price is nought or more, and below a hundred million."))
    return wrong


@transaction.atomic
def add_line(actor: Actor, number: str, title: str, quantity: Decimal, price: Decimal, now: Clock = utc_now) -> Order:
    """Something that the handler adds to the quote, as its mandatory fee."""
    one, rule = _begin(actor, number, Step.PRICE)
    problems = [] if title.strip() else [("title", "Say what it is.")]
    problems += _bad_price(quantity, price, title)
    if problems:
        raise Invalid(*problems)
    place = max((line.position for line in one.lines.all()), default=0) + 1
    Line.objects.create(order=one, title=title.strip()[:120], quantity=quantity, price=price, position=place)
    return _finish(actor, one, rule, f"{title.strip()} was added to the quote.", now())


@transaction.atomic
def remove_line(actor: Actor, number: str, line_id: int, now: Clock = utc_now) -> Order:
    """Something that the handler had added; what the operator asks for stays."""
    one, rule = _begin(actor, number, Step.PRICE)
    line = one.lines.filter(id=line_id).first()
    if line is None:
        raise NotFound("The line")
    if line.service:
        raise Refused("The operator asks for this service. Give it the price nought, or cancel the order.")
    line.delete()
    return _finish(actor, one, rule, f"{line.title} was taken out of the quote.", now())


@transaction.atomic
def send(actor: Actor, number: str, now: Clock = utc_now) -> Order:
    """Send the quote, or an edited one again: the operator answers."""
    one, rule = _begin(actor, number, Step.SEND)
    _check_quote(one)
    _tell_operator(one, "a quote awaits your confirmation")
    return _finish(actor, one, rule, f"The quote was sent: {queries.total(one):.2f} {one.handler.currency}.", now())


@transaction.atomic
def convert(actor: Actor, number: str, now: Clock = utc_now) -> Order:
    """Into an order without the operator’s confirmation: for terms that were agreed otherwise."""
    one, rule = _begin(actor, number, Step.CONVERT)
    _check_quote(one)
    if one.terms != BANK:
        raise Refused(f"Only an order on the terms “{BANK}” can be converted without the operator. Send the quote.")
    _tell_operator(one, "the order is in progress")
    return _finish(actor, one, rule, "Converted into an order.", now())


def _check_quote(one: Order) -> None:
    problems = [] if one.terms else [("terms", "Choose the payment terms first.")]
    if queries.total(one) <= 0:
        problems.append(("price", "The total is nought. Give at least one line a price."))
    if problems:
        raise Invalid(*problems)


@transaction.atomic
def plan(actor: Actor, number: str, line_ids: Iterable[int], now: Clock = utc_now) -> Order:
    """These services are planned."""
    one, rule = _begin(actor, number, Step.PLAN)
    _track(one, line_ids, Progress.PLANNED)
    return _finish(actor, one, rule, "Services are planned.", now())


@transaction.atomic
def deliver(actor: Actor, number: str, line_ids: Iterable[int] | None = None, now: Clock = utc_now) -> Order:
    """These services are delivered; without naming any, all of them, and the order with them."""
    if line_ids is not None:
        one, rule = _begin(actor, number, Step.DELIVER)
        _track(one, line_ids, Progress.DELIVERED)
        return _finish(actor, one, rule, "Services are delivered.", now())
    one, rule = _begin(actor, number, Step.CLOSE)
    if one.lines.filter(progress=Progress.NOT_PLANNED, unticked=False).exists():
        raise Refused("Plan every service before you deliver the order.")
    one.lines.filter(progress=Progress.PLANNED).update(progress=Progress.DELIVERED)
    _tell_operator(one, "the order is delivered")
    return _finish(actor, one, rule, "The order is delivered.", now())


def _track(one: Order, line_ids: Iterable[int], progress: Progress) -> None:
    wanted = set(line_ids)
    lines = {line.id: line for line in one.lines.all()}
    if not wanted or not wanted <= set(lines):
        raise NotFound("The line")
    for line_id in wanted:
        if progress is Progress.DELIVERED and lines[line_id].progress == Progress.NOT_PLANNED:
            raise Refused(f"{lines[line_id].title} is not planned yet.")
    one.lines.filter(id__in=wanted).exclude(progress=Progress.DELIVERED).update(progress=progress.value)


@transaction.atomic
def record_payment(actor: Actor, number: str, payment: Payment, now: Clock = utc_now) -> Order:
    """How far the payment is, as it stands elsewhere: no card is seen here. Only forward."""
    one, rule = _begin(actor, number, Step.PAY)
    if payment not in queries.due_for_payment(one):
        raise Refused(f"The payment is {one.payment}; it cannot become {payment.value}.")
    one.payment = payment.value
    return _finish(actor, one, rule, f"Payment: {payment.value}.", now())


# -- the slot -------------------------------------------------------------------------------------------------------


@transaction.atomic
def answer_slot(
    actor: Actor, number: str, slot_number: str, starts: datetime, ends: datetime, now: Clock = utc_now
) -> Order:
    """The slot that was got. The movement within it: approved; else it is a proposal to move the flight."""
    one, rule = _begin(actor, number, Step.SLOT)
    if starts.tzinfo is None or ends.tzinfo is None or starts > ends:
        raise Invalid(("ends", "A slot ends after it starts; both in UTC."))
    found = judged(Slot(SlotStatus.ASKED, slot_number.strip()[:40], starts, ends), _movement(one))
    values = {"status": found.status.value, "number": found.number, "starts": starts, "ends": ends}
    SlotRow.objects.update_or_create(order=one, defaults={**values, "accepted_time": None, "accepted_told": False})
    window = f"{starts.astimezone(UTC):%H:%M}Z–{ends.astimezone(UTC):%H:%M}Z"
    _tell_operator(one, f"slot {found.status.value.lower()}, {window}")
    return _finish(actor, one, rule, f"Slot {slot_number} {window}: {found.status.value}.", now())


def _movement(one: Order) -> datetime:
    return one.flight.std if one.side == Side.ADEP else one.flight.sta


@transaction.atomic
def cancel_slot(actor: Actor, number: str, now: Clock = utc_now) -> Order:
    """There is no slot, or no longer."""
    one, rule = _begin(actor, number, Step.SLOT)
    if SlotRow.objects.filter(order=one).update(status=SlotStatus.CANCELLED.value) == 0:
        raise NotFound("The slot")
    _tell_operator(one, "the slot is cancelled")
    return _finish(actor, one, rule, "The slot is cancelled.", now())


@transaction.atomic
def accept_slot(actor: Actor, number: str, now: Clock = utc_now) -> Order:
    """The operator takes the proposal: the schedule system is asked to move the flight into it. Nothing moves here
    before it has.
    """
    one, rule = _begin(actor, number, Step.ACCEPT_SLOT)
    held = SlotRow.objects.filter(order=one, status=SlotStatus.PROPOSED.value).first()
    if held is None or held.starts is None or held.ends is None:
        raise Refused("There is no proposal to accept.")
    held.accepted_time = min(max(_movement(one), held.starts), held.ends)
    held.accepted_told = False
    held.save()
    return _finish(actor, one, rule, f"The proposal was accepted: {held.accepted_time:%H:%M}Z.", now())


# -- the operator, or either ----------------------------------------------------------------------------------------


@transaction.atomic
def confirm(actor: Actor, number: str, payment: Payment | None = None, now: Clock = utc_now) -> Order:
    """The operator accepts the quote; with it, how its payment stands."""
    one, rule = _begin(actor, number, Step.CONFIRM)
    if payment is not None and payment not in (Payment.NONE, *queries.due_for_payment(one)):
        raise Refused(f"The payment is {one.payment}; it cannot become {payment.value}.")
    one.payment = payment.value if payment else one.payment
    mail(one.handler.email, f"{one.number}: the quote is confirmed", f"Order {one.number} is in progress.")
    return _finish(actor, one, rule, "The quote was confirmed.", now())


@transaction.atomic
def claim_refund(actor: Actor, number: str, now: Clock = utc_now) -> Order:
    """The operator wants back what was paid."""
    one, rule = _begin(actor, number, Step.CLAIM)
    mail(one.handler.email, f"{one.number}: a refund is claimed", f"The operator claims a refund of {one.number}.")
    return _finish(actor, one, rule, "A refund was claimed.", now())


@transaction.atomic
def cancel(actor: Actor, number: str, why: str = "", now: Clock = utc_now) -> Order:
    """Either party ends the order, its slot with it; money that was only reserved is released."""
    one, _ = _begin(actor, number, Step.CANCEL)
    flight = one.flight
    before = load(flight)
    (was,) = (each for each in before.orders if each.id == one.id)
    ended = cancelled(msgspec.structs.replace(was, warning=why.strip()[:300] or was.warning), flight.submission)
    after = before.with_order(was, ended)
    saved = save(flight, before, after, actor.name, now())
    tell_handlers(saved, before, after)
    if actor.kind == Organisation.HANDLER:
        _tell_operator(one, "the order is cancelled")
    return queries.order(actor, number)


@transaction.atomic
def direct_order(
    actor: Actor, flight_id: int, side: str, handler_id: int, lines: Iterable[NewLine], now: Clock = utc_now
) -> Order:
    """An order for other services, made here under a synchronised flight; changes of the flight apply to it too."""
    actor.need_kind(Organisation.OPERATOR, "The flight")
    actor.need(Module.ORDERS, Act.CREATE)
    flight = Flight.objects.select_for_update().filter(of_operator(actor), id=flight_id).first()
    if flight is None:
        raise NotFound("The flight")
    if flight.state != Flight.SYNCHRONISED:
        raise Refused("The flight is not synchronised. Submit it from the checklist first.")
    wanted = [line for line in lines if line.title.strip()]
    problems = [] if wanted else [("title", "Say what you order.")]
    if side not in set(Side):
        problems.append(("side", "Choose the airport of departure or of arrival."))
    for line in wanted:
        problems += _bad_price(line.quantity, Decimal(0), line.title)
    if problems:
        raise Invalid(*problems)
    airport = flight.adep if side == Side.ADEP else flight.ades
    handler = Organisation.objects.filter(id=handler_id, kind=Organisation.HANDLER).first()
    if handler is None or airport not in handler.stations:
        raise Invalid(("handler", f"Choose a provider that serves {airport}."))
    made = Order.objects.create(
        number=next_number(now()),
        flight=flight,
        side=side,
        airport=airport,
        handler=handler,
        kind=Kind.DIRECT.value,
        created_at=now(),
    )
    Line.objects.bulk_create(
        Line(order=made, title=line.title[:120], details=line.details, quantity=line.quantity, position=place)
        for place, line in enumerate(wanted)
    )
    mail(handler.email, f"{made.number}: you have a new request", f"Order {made.number} at {airport}.")
    return _finish(actor, made, None, f"Order {made.number} was made for {handler.name}.", now())
