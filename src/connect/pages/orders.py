"""An operator's pages: the dashboard, the trip that the checklist links to, one order, and what is pressed there."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

import msgspec
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.urls import reverse

from connect.clock import utc_now
from connect.errors import Invalid, Refused
from connect.flights import queries as flights
from connect.flights.commands import FlightEdit, change_flight
from connect.flights.models import Flight
from connect.orders import commands, queries
from connect.orders.models import Order
from connect.orders.queries import OrderFilter
from connect.orders.words import OrderStatus, Payment
from connect.pages.acting import Acting, done, page
from connect.pages.live import with_list, with_region
from connect.pages.pictures import FlightPicture, flight_picture, next_step, order_picture
from connect.pages.reading import amount, count, day, moment, row_id, text
from connect.parties.queries import handlers
from connect.parties.rights import Act, Module

VIEW = (Module.ORDERS, Act.VIEW)
STATUSES = tuple(str(one) for one in OrderStatus if one != OrderStatus.NONE)
MOST_FLIGHTS = 200


@page("operator", VIEW)
def dashboard(request: Acting) -> HttpResponse:
    """Flights of a period with their orders, by trip, registration, airport and status."""
    names = {"trip": 40, "registration": 20, "airport": 4, "status": 40}
    filters = {name: text(request.GET, name, most) for name, most in names.items()}
    since, until = _period(request)

    def build() -> dict[str, Any]:
        found = [one for one in _flights(request, since, until) if _matches(one, filters)]
        return {
            "filters": {**filters, "from": since or "", "to": until or ""},
            "statuses": STATUSES, "flights": found[:MOST_FLIGHTS], "more": len(found) > MOST_FLIGHTS,
        }  # fmt: skip

    return with_list(request, "orders.html", "_orders.html", build)


def _matches(one: FlightPicture, filters: dict[str, str]) -> bool:
    return (
        _fits(filters["trip"], (one.number, one.trip))
        and _fits(filters["registration"], (one.registration, one.call_sign))
        and _fits(filters["airport"], (one.adep, one.ades))
        and (not filters["status"] or any(order.status == filters["status"] for order in one.orders))
    )


def _period(request: Acting) -> tuple[date | None, date | None]:
    """From today unless a day is named. A day that is none is named to the person, and left out."""
    found: list[date | None] = []
    for name in ("from", "to"):
        try:
            found.append(day(request.GET, name))
        except Invalid as wrong:
            found.append(None)
            if "X-Live" not in request.headers:
                messages.error(request, str(wrong))
    since, until = found
    return (since or utc_now().date()) if "from" not in request.GET or since else None, until


def _flights(request: Acting, since: date | None, until: date | None) -> list[FlightPicture]:
    """Each with its orders, the next departure first."""
    begin = datetime.combine(since, time(), UTC) if since else None
    end = datetime.combine(until + timedelta(days=1), time(), UTC) if until else None
    orders: dict[int, list[Order]] = {}
    for order in queries.orders(request.actor, OrderFilter(since=begin, until=end, live=False)):
        orders.setdefault(order.flight_id, []).append(order)
    pictures = []
    for one in flights.flights(request.actor, begin, end, ""):
        own = tuple(order_picture(request.actor, order) for order in orders.get(one.id, ()))
        pictures.append(msgspec.structs.replace(flight_picture(one), orders=own))
    return pictures


def _fits(wanted: str, among: tuple[str, ...]) -> bool:
    plain = wanted.upper().replace("-", "")
    return not plain or any(plain in word.upper().replace("-", "") for word in among)


@page("operator", VIEW)
def trip(request: Acting, flight_id: int) -> HttpResponse:
    """Where the link in the checklist's note leads: a flight, its orders and slots, and all that happened."""
    found = queries.trip(request.actor, flight_id)
    picture = flight_picture(found.flight)
    orders = [order_picture(request.actor, one) for one in found.orders]
    newest = flights.newest(request.actor, found.flight)
    is_newest = newest.id == found.flight.id
    context: dict[str, Any] = {
        "flight": picture, "orders": orders, "events": found.events,
        "newest": None if is_newest else flight_picture(newest), "answers": found.answers if is_newest else [],
        "providers": [one for one in handlers() if {picture.adep, picture.ades} & {*one.stations}],
        "may_order": _may(request, found.flight, Module.ORDERS, Act.CREATE),
        "may_change": _may(request, found.flight, Module.FLIGHTS, Act.MODIFY) and picture.sta > utc_now(),
    }  # fmt: skip
    return with_region(request, "trip.html", "_trip.html", context)


def _may(request: Acting, flight: Flight, module: Module, act: Act) -> bool:
    return flight.state == Flight.SYNCHRONISED and request.actor.may(module, act)


@page("operator", VIEW)
def order_page(request: Acting, number: str) -> HttpResponse:
    """One order, as its customer sees it."""
    order = queries.order(request.actor, number)
    picture = order_picture(request.actor, order)
    context: dict[str, Any] = {
        "order": picture, "next": next_step(request.actor, picture), "events": queries.events(request.actor, order),
    }  # fmt: skip
    return with_region(request, "order.html", "_order.html", context)


def _accept(request: Acting, number: str) -> str:
    """What is accepted is the total that the person saw, and no other."""
    order = order_picture(request.actor, queries.order(request.actor, number))
    try:
        seen = Decimal(text(request.POST, "total", 20))
    except InvalidOperation:
        seen = Decimal(-1)
    if seen != order.total:
        raise Refused("The handler has changed the quote meanwhile. Look at the new total, then accept it.")
    commands.confirm(request.actor, number)
    return f"{number} is confirmed; the handler is told."


def _cancel(request: Acting, number: str) -> str:
    commands.cancel(request.actor, number, why=text(request.POST, "reason", 500))
    return f"{number} is cancelled; the handler is told."


def _claim(request: Acting, number: str) -> str:
    commands.claim_refund(request.actor, number)
    return "The refund is claimed; the handler is told."


def _move(request: Acting, number: str) -> str:
    commands.accept_slot(request.actor, number)
    return "The time of the slot goes to your schedule as a proposed change. Accept it there, and the flight moves."


def _payment(request: Acting, number: str) -> str:
    wanted = text(request.POST, "payment", 40)
    if wanted not in set(Payment):
        raise Invalid(("payment", "Choose one of the payment statuses."))
    commands.record_payment(request.actor, number, Payment(wanted))
    return f"Payment recorded: {wanted}."


STEPS: dict[str, Callable[[Acting, str], str]] = {
    "accept": _accept, "cancel": _cancel, "refund": _claim, "adjust": _move, "payment": _payment,
}  # fmt: skip


@page("operator", VIEW, "POST")
def order_do(request: Acting, number: str, step: str) -> HttpResponse:
    """Whatever is pressed on an order."""
    if step not in STEPS:
        raise Http404
    flight = queries.order(request.actor, number).flight_id
    to_trip = request.POST.get("back") == "trip"
    back = reverse("trip", args=[flight]) if to_trip else reverse("order", args=[number])
    return done(request, lambda: STEPS[step](request, number), back)


@page("operator", (Module.ORDERS, Act.CREATE), "POST")
def order_directly(request: Acting, flight_id: int) -> HttpResponse:
    """An order of a service that the checklist does not ask for, from whichever provider."""
    flights.flight(request.actor, flight_id)

    def act() -> str:
        wanted = commands.NewLine(
            title=text(request.POST, "service", 120), details=text(request.POST, "details", 500),
            quantity=amount(request.POST, "quantity", "The quantity") or Decimal(1),
        )  # fmt: skip
        side, handler = text(request.POST, "side", 4), row_id(request.POST, "handler")
        made = commands.direct_order(request.actor, flight_id, side, handler, [wanted])
        return f"{made.number} is with {made.handler.name}."

    return done(request, act, reverse("trip", args=[flight_id]))


@page("operator", (Module.FLIGHTS, Act.MODIFY), "POST")
def change_here(request: Acting, flight_id: int) -> HttpResponse:
    """Another time or load, here only: the next update from the schedule replaces it."""
    flights.flight(request.actor, flight_id)

    def act() -> str:
        edit = FlightEdit(
            std=moment(request.POST, "std_day", "std_time"), sta=moment(request.POST, "sta_day", "sta_time"),
            pax=count(request.POST, "pax"), crew=count(request.POST, "crew"),
            flight_type=text(request.POST, "flight_type", 60), mission=text(request.POST, "mission", 120),
        )  # fmt: skip
        change_flight(request.actor, flight_id, edit)
        return "Changed here. The schedule is as it was, and its next update replaces this."

    return done(request, act, reverse("trip", args=[flight_id]))
