"""A handler's pages of requests: the desk, one request, and everything that is pressed there."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import msgspec
from django.http import Http404, HttpResponse
from django.urls import reverse

from connect.errors import Invalid
from connect.orders import commands, queries
from connect.orders.queries import OrderFilter
from connect.orders.words import OrderStatus, Payment, SlotStatus
from connect.pages.acting import Acting, done, page
from connect.pages.live import with_list, with_region
from connect.pages.pictures import OrderPicture, next_step, order_picture
from connect.pages.reading import amount, moment, row_id, text
from connect.parties.queries import catalogue
from connect.parties.rights import Act, Module

VIEW = (Module.ORDERS, Act.VIEW)


class Group(msgspec.Struct, frozen=True):
    """Requests on the desk that wait for the same thing."""

    key: str
    title: str
    hint: str
    orders: tuple[OrderPicture, ...]


@page("handler", VIEW)
def desk(request: Acting) -> HttpResponse:
    """What comes in and what is open, the most urgent first."""
    search, closed = text(request.GET, "q", 60), "closed" in request.GET

    def build() -> dict[str, Any]:
        found = queries.orders(request.actor, OrderFilter(search=search, live=not closed))
        groups = grouped([order_picture(request.actor, one) for one in found])
        waiting = sum(len(group.orders) for group in groups if group.key == "new")
        return {"groups": groups, "waiting": waiting, "q": search, "closed": closed}

    return with_list(request, "desk.html", "_desk.html", build)


def grouped(orders: list[OrderPicture]) -> list[Group]:
    """By what is to be done; the new ones first, in each the soonest movement first."""
    groups: dict[str, list[OrderPicture]] = {}
    for one in sorted(orders, key=lambda one: (one.at, one.requested_at)):
        groups.setdefault(_group_of(one), []).append(one)
    titles = (
        ("new", "New requests", "not acknowledged yet, the soonest movement first"),
        ("slots", "Slots to answer", "approve, or propose another time"),
        ("quote", "To price", "acknowledged; the operator waits for your quote"),
        ("waiting", "With the operator", "quotes sent, not confirmed yet"),
        ("progress", "In progress", "confirmed: plan and deliver"),
        ("closed", "Closed", "delivered or cancelled"),
    )
    return [Group(key, title, hint, tuple(groups.get(key, ()))) for key, title, hint in titles]


def _group_of(one: OrderPicture) -> str:
    if one.status in (OrderStatus.DELIVERED, OrderStatus.CANCELLED):
        return "closed"
    if one.status == OrderStatus.AWAITING_QUOTE and not one.acknowledged_at:
        return "new"
    if one.slot and one.slot.status == SlotStatus.ASKED:
        return "slots"
    later = {OrderStatus.AWAITING_QUOTE: "quote", OrderStatus.AWAITING_CUSTOMER: "waiting"}
    return later.get(OrderStatus(one.status), "progress")


@page("handler", VIEW)
def slots(request: Acting) -> HttpResponse:
    """All slots of open requests, those that wait for an answer first."""

    def build() -> dict[str, Any]:
        found = [order_picture(request.actor, one) for one in queries.orders(request.actor, OrderFilter())]
        asked = (one for one in found if one.slot and one.slot.status != SlotStatus.NOT_REQUIRED)
        return {"orders": sorted(asked, key=lambda one: (_group_of(one) not in ("new", "slots"), one.at))}

    return with_list(request, "slots.html", "_slots.html", build)


@page("handler", VIEW)
def request_page(request: Acting, number: str) -> HttpResponse:
    """One request with its prices, slot, payment and history."""
    order = queries.order(request.actor, number)
    offered = catalogue(request.actor)
    prices = {one.service: one.price for one in offered if one.service and one.price and one.shown}
    picture = order_picture(request.actor, order, prices)
    context: dict[str, Any] = {
        "order": picture, "next": next_step(request.actor, picture), "events": queries.events(request.actor, order),
        "planned": all(line.unticked or line.tracking != "Not planned" for line in picture.lines),
        "terms": commands.TERMS, "offered": offered,
        "slot_open": picture.slot is not None and picture.slot.status in _SLOT_OPEN,
    }  # fmt: skip
    return with_region(request, "request.html", "_request.html", context)


_SLOT_OPEN = (SlotStatus.ASKED, SlotStatus.PROPOSED, SlotStatus.APPROVED)


def _acknowledge(request: Acting, number: str) -> str:
    commands.acknowledge(request.actor, number)
    return f"{number} is acknowledged; the operator's checklist shows it as confirmed."


def _lines(request: Acting, number: str) -> str:
    """Save what was typed, then what was pressed: a draft, send, start, add or take away a line."""
    order = queries.order(request.actor, number)
    typed = {
        line.id: commands.LinePrice(
            quantity=amount(request.POST, f"q{line.id}", line.title),
            price=amount(request.POST, f"p{line.id}", line.title),
        )
        for line in order.lines.all()
        if f"p{line.id}" in request.POST
    }
    terms = text(request.POST, "terms", 60)
    commands.price(request.actor, number, typed, terms=terms)
    then, _, rest = text(request.POST, "then", 40).partition("-")
    if then == "send":
        commands.send(request.actor, number)
        return "The quote is sent; the operator confirms it."
    if then == "convert":
        commands.convert(request.actor, number)
        return "The order is in progress."
    if then == "add":
        title, quantity = text(request.POST, "new-title", 120), amount(request.POST, "new-quantity", "The new line")
        price = amount(request.POST, "new-price", "The new line")
        commands.add_line(request.actor, number, title, quantity or Decimal(1), price)
        return f"{title} is added."
    if then == "remove":
        commands.remove_line(request.actor, number, row_id({"line": rest}, "line"))
        return "The line is taken away."
    return "The draft is saved. The operator does not see it before you send it."


def _plan(request: Acting, number: str) -> str:
    commands.plan(request.actor, number, _chosen(request, number))
    return "Planned."


def _line_done(request: Acting, number: str) -> str:
    commands.deliver(request.actor, number, _chosen(request, number))
    return "Marked as done."


def _chosen(request: Acting, number: str) -> list[int]:
    """The line that was pressed, or all of them."""
    if "line" in request.POST:
        return [row_id(request.POST, "line")]
    return [line.id for line in queries.order(request.actor, number).lines.all()]


def _deliver(request: Acting, number: str) -> str:
    commands.deliver(request.actor, number)
    return f"{number} is delivered."


def _cancel(request: Acting, number: str) -> str:
    commands.cancel(request.actor, number, why=text(request.POST, "reason", 500))
    return f"{number} is cancelled; the operator is told."


def _payment(request: Acting, number: str) -> str:
    wanted = text(request.POST, "payment", 40)
    if wanted not in set(Payment):
        raise Invalid(("payment", "Choose one of the payment statuses."))
    commands.record_payment(request.actor, number, Payment(wanted))
    return f"Payment recorded: {wanted}."


def _slot(request: Acting, number: str) -> str:
    starts, ends = moment(request.POST, "day", "start"), moment(request.POST, "day", "end")
    commands.answer_slot(request.actor, number, text(request.POST, "number", 40), starts, ends)
    slot = queries.order(request.actor, number).slot
    if slot.status == SlotStatus.APPROVED:
        return "The slot is approved."
    return "Proposed to the operator, who accepts by moving the flight."


def _cancel_slot(request: Acting, number: str) -> str:
    commands.cancel_slot(request.actor, number)
    return "The slot is cancelled."


STEPS: dict[str, Callable[[Acting, str], str]] = {
    "acknowledge": _acknowledge, "lines": _lines, "plan": _plan, "done": _line_done, "deliver": _deliver,
    "cancel": _cancel, "payment": _payment, "slot": _slot, "cancel-slot": _cancel_slot,
}  # fmt: skip


@page("handler", VIEW, "POST")
def request_do(request: Acting, number: str, step: str) -> HttpResponse:
    """Whatever is pressed on the desk or on a request."""
    if step not in STEPS:
        raise Http404
    queries.order(request.actor, number)  # another party's is not found, before anything typed is looked at
    back = reverse("desk") if request.POST.get("back") == "desk" else reverse("request", args=[number])
    return done(request, lambda: STEPS[step](request, number), back)
