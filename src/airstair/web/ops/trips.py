"""One trip: its page, the form of a new one, and flights added to it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from django.http import HttpResponse
from django.shortcuts import redirect, render

from airstair.kernel.errors import Invalid
from airstair.records.fleet.queries import visible_to
from airstair.records.fleet.snapshots import AircraftFacts
from airstair.records.flights import commands
from airstair.records.flights import queries as flights
from airstair.records.flights.rules import FlightRules, FlightType, SalesType
from airstair.records.operators.rules import Right
from airstair.web.acting import PageRequest, page
from airstair.web.ops.answering import said, sight
from airstair.web.ops.board import CLOCK
from airstair.web.ops.forms import STATUSES, FlightForm, NewTripForm, TripForm
from airstair.web.ops.neighbours import warnings_of_trip
from airstair.web.ops.window import read_window

MOST_FLIGHTS = 12


@page(Right.SCHEDULE_VIEW, doing="see the schedule", methods=("GET",))
def trip(request: PageRequest, trip_id: int) -> HttpResponse:
    facts = flights.trip(request.operator.id, trip_id, aircraft_ids=sight(request))
    said_of = warnings_of_trip(facts)
    context = {"trip": facts, "statuses": STATUSES, "rows": [(f, said_of.get(f.id, [])) for f in facts.flights]}
    return render(request, "web/ops/trip.html", context)


@page(Right.SCHEDULE_EDIT, doing="change trips")
def edit_trip(request: PageRequest, trip_id: int) -> HttpResponse:
    """Client, origin and notes. The status has a button of its own on the trip's page."""
    facts = flights.trip(request.operator.id, trip_id, aircraft_ids=sight(request))
    initial = {"client": facts.client, "notes": facts.notes, "booked_from": " ".join(facts.booked_from)}
    form = TripForm(request.POST if request.method == "POST" else None, initial=initial)
    if form.is_bound and form.is_valid():
        clean = form.cleaned_data
        edit = commands.TripEdit(client=clean["client"], notes=clean["notes"], booked_from=form.requests)
        if form.run(lambda: commands.change_trip(request.actor, trip_id, edit)) is not None:
            said(request, f"Trip {facts.number} saved.")
            return redirect("trip", trip_id)
    return render(request, "web/ops/trip_edit.html", {"form": form, "trip": facts}, status=form.http_status)


@page(Right.SCHEDULE_EDIT, doing="change a trip's status", methods=("POST",))
def trip_status(request: PageRequest, trip_id: int) -> HttpResponse:
    flights.trip(request.operator.id, trip_id, aircraft_ids=sight(request))
    facts = commands.set_trip_status(request.actor, trip_id, request.POST.get("status", "")[:40])
    said(request, f"Trip {facts.number} is now {facts.status.lower()}.")
    return redirect("trip", trip_id)


@page(Right.SCHEDULE_EDIT, doing="create trips")
def new_trip(request: PageRequest) -> HttpResponse:
    """A trip with its flights, all in one form; a flight whose fields are all empty is left out."""
    fleet = visible_to(request.actor, active_only=True)
    if request.method == "POST":
        form = NewTripForm(request.POST)
        legs = [_leg(request, fleet, at) for at in range(_count(request))]
        if _saved := _save(request, form, legs):
            return _saved
        status = 409 if form.conflict else 422
    else:
        form, status = NewTripForm(initial={"status": "CONFIRMED"}), 200
        legs = [_blank_leg(request, fleet, 0)]
    context = {"form": form, "legs": list(enumerate(legs)), "count": len(legs)}
    return render(request, "web/ops/trip_new.html", context, status=status)


@page(Right.SCHEDULE_EDIT, doing="create trips", methods=("GET",))
def new_leg(request: PageRequest) -> HttpResponse:
    """One more flight's fields for the form of a new trip."""
    text = request.GET.get("n", "")
    at = int(text) if text.isascii() and text.isdigit() and len(text) < 3 else 0
    leg = _blank_leg(request, visible_to(request.actor, active_only=True), min(at, MOST_FLIGHTS - 1))
    return render(request, "web/ops/_leg.html", {"leg": leg, "at": at, "again": True, "count": at + 1})


def _count(request: PageRequest) -> int:
    text = request.POST.get("legs", "")
    return min(int(text), MOST_FLIGHTS) if text.isascii() and text.isdigit() and len(text) < 4 else 1


def _leg(request: PageRequest, fleet: list[AircraftFacts], at: int) -> FlightForm:
    return FlightForm(request.POST, prefix=f"f{at}", fleet=fleet)


def _blank_leg(request: PageRequest, fleet: list[AircraftFacts], at: int) -> FlightForm:
    """With the usual words chosen, on the day and aircraft that the person came from."""
    window = read_window(request.GET, CLOCK.now())
    initial: dict[str, Any] = {
        "aircraft_id": window.aircraft_id or (fleet[0].id if len(fleet) == 1 else None),
        "status": "CONFIRMED",
        "flight_type": FlightType.COMMERCIAL.value,
        "flight_rules": FlightRules.IFR.value,
        "sales_type": SalesType.PAX.value,
        "std": _morning_of(window.first),
    }
    return FlightForm(prefix=f"f{at}", fleet=fleet, initial=initial)


def _morning_of(day: Any) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(hours=8)


def _save(request: PageRequest, form: NewTripForm, legs: list[FlightForm]) -> HttpResponse | None:
    valid = [form.is_valid(), *(leg.is_valid() for leg in legs)]
    if not all(valid):
        return None
    inputs = tuple(_with_trips_status(leg, form) for leg in legs)
    clean = form.cleaned_data
    wanted = commands.TripInput(
        status=clean["status"], client=clean["client"], notes=clean["notes"], booked_from=form.requests,
        number=clean["number"], flights=inputs,
    )  # fmt: skip
    try:
        facts = commands.create_trip(request.actor, wanted)
    except Invalid as refusal:
        _spread(refusal, form, legs)
        return None
    said(
        request,
        f"Trip {facts.number} created with {len(facts.flights)} flight{'s' if len(facts.flights) != 1 else ''}.",
    )
    return redirect("trip", facts.id)


def _with_trips_status(leg: FlightForm, form: NewTripForm) -> commands.FlightInput:
    """A leg of a new trip has the trip's status: the form asks for it once."""
    return msgspec.structs.replace(leg.as_input(), status=form.cleaned_data["status"])


def _spread(refusal: Invalid, form: NewTripForm, legs: list[FlightForm]) -> None:
    """Each problem to the form that it is about: `flights.1.adep` is the second leg's."""
    for problem in refusal.problems:
        start, _, rest = problem.field.partition(".")
        number, _, field = rest.partition(".")
        if start == "flights" and number.isdigit() and int(number) < len(legs):
            legs[int(number)].take(Invalid.one(field, problem.sentence))
        else:
            form.take(Invalid([problem]))


@page(Right.SCHEDULE_EDIT, doing="add flights")
def add_flight(request: PageRequest, trip_id: int) -> HttpResponse:
    """One more flight for a trip that there is."""
    facts = flights.trip(request.operator.id, trip_id, aircraft_ids=sight(request))
    fleet = visible_to(request.actor, active_only=True)
    if request.method == "POST":
        form = FlightForm(request.POST, fleet=fleet)
        if form.is_valid():
            wanted = form.as_input()
            added = form.run(lambda: commands.add_flight(request.actor, trip_id, wanted))
            if added is not None:
                said(request, f"{added.title} added to trip {facts.number}.")
                return redirect("trip", trip_id)
    else:
        form = FlightForm(fleet=fleet, initial=_after(request, facts.flights, fleet) | {"status": facts.status.value})
    return render(request, "web/ops/flight_edit.html", {"form": form, "trip": facts}, status=form.http_status)


def _after(request: PageRequest, before: tuple[Any, ...], fleet: list[AircraftFacts]) -> dict[str, Any]:
    """What the next flight most likely starts with: where, with what and when the one before ends."""
    initial = dict(_blank_leg(request, fleet, 0).initial)
    if before:
        last = before[-1]
        initial |= {"aircraft_id": last.aircraft_id, "adep": last.ades, "std": last.sta + timedelta(hours=1)}
        initial |= {name: getattr(last, name) for name in ("flight_type", "regulation", "flight_rules", "sales_type")}
    return initial
