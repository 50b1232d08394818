"""One flight: its panel, its editor, and what can be done with it at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse

from airstair.changes.queries import trail
from airstair.kernel.actor import Actor
from airstair.kernel.errors import Invalid, NotFound
from airstair.kernel.units import Unit, UnitKind
from airstair.records.fleet.queries import visible_to
from airstair.records.flights import commands
from airstair.records.flights import queries as flights
from airstair.records.flights.facts import FlightFacts
from airstair.records.flights.rules import TIMES_IN_ORDER, Book
from airstair.records.operators.rules import Right
from airstair.records.places import queries as places
from airstair.web.acting import PageRequest, page
from airstair.web.ops.answering import next_page, said, sight, touched
from airstair.web.ops.bookforms import values_of
from airstair.web.ops.checklist import summary
from airstair.web.ops.forms import FlightForm, initial_of
from airstair.web.ops.looks import BOOK_LETTERS, BOOK_NAMES
from airstair.web.ops.neighbours import Draft, warnings_for, warnings_of
from airstair.web.trails import told

_SEE = "see the schedule"
_LINES_OF_HISTORY = 40


@page(Right.SCHEDULE_VIEW, doing=_SEE, methods=("GET",))
def flight(request: PageRequest, flight_id: int) -> HttpResponse:
    """The panel; as a page of its own when it is not asked for by htmx."""
    return panel(request, flight_id)


def panel(request: PageRequest, flight_id: int) -> HttpResponse:
    """The flight with everything around it."""
    facts = flights.flight(request.operator.id, flight_id, aircraft_ids=sight(request))
    may_read = request.actor.may(Right.AUDIT_VIEW)
    unit, fleet = Unit(UnitKind.FLIGHT, flight_id), visible_to(request.actor)
    context = {
        "flight": facts,
        "trip": flights.trip(request.operator.id, facts.trip_id, aircraft_ids=sight(request))
        if not facts.deleted
        else None,
        "warnings": _warnings(request, facts),
        "books": [_book(facts, book) for book in (Book.FLIGHT_WATCH, Book.JOURNEY_LOG)],
        "airports": _airports(request, facts),
        "history": told(trail(request.operator.id, unit=unit, limit=_LINES_OF_HISTORY), fleet) if may_read else None,
        "fleet": [one for one in fleet if one.active and one.id != facts.aircraft_id],
        "block_minutes": round((facts.sta - facts.std).total_seconds() / 60),
        **summary(facts),
    }
    return render(request, "web/ops/_flight.html" if request.htmx else "web/ops/flight.html", context)


def _warnings(request: PageRequest, facts: FlightFacts) -> list[str]:
    if facts.deleted:
        return []
    return warnings_of(request.operator.id, facts.aircraft_id, f"flight:{facts.id}", facts.std, facts.sta)


def _book(facts: FlightFacts, book: Book) -> dict[str, object]:
    times = facts.times.get(book)
    return {
        "key": book.value,
        "name": BOOK_NAMES[book],
        "letter": BOOK_LETTERS[book],
        "times": [
            (getattr(times, name), times.sources.get(name, times.source)) if times else (None, "")
            for name in TIMES_IN_ORDER
        ],
        "values": values_of(facts, book),
    }


def _airports(request: PageRequest, facts: FlightFacts) -> dict[str, object]:
    known = places.resolver(request.operator.id)
    return {field: known.get(getattr(facts, field)) for field in ("adep", "ades", "altn", "altn2")}


@page(Right.SCHEDULE_EDIT, doing="change flights")
def edit_flight(request: PageRequest, flight_id: int) -> HttpResponse:
    """The editor. `as_of` remembers what the person saw, so that nobody's change is lost."""
    before = flights.flight(request.operator.id, flight_id, aircraft_ids=sight(request))
    fleet = visible_to(request.actor)
    if request.method == "POST":
        form = FlightForm(request.POST, fleet=fleet, initial=initial_of(before))
        as_of = _revision(request.POST.get("as_of", ""))
        if form.is_valid():
            edit = form.as_edit()
            after = form.run(lambda: commands.change_flight(request.actor, flight_id, edit, as_of=as_of))
            if after is not None:
                said(request, f"{after.title} saved.")
                return _shown(request, after, [before.aircraft_id, after.aircraft_id])
    else:
        form, as_of = FlightForm(fleet=fleet, initial=initial_of(before)), before.revision
    context = {"form": form, "flight": before, "as_of": as_of, "warnings": _typed_warnings(request, form, flight_id)}
    template = "web/ops/_flight_edit.html" if request.htmx else "web/ops/flight_edit.html"
    return render(request, template, context, status=form.http_status)


def _revision(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None


@page(Right.SCHEDULE_EDIT, doing="change flights", methods=("POST",))
def check_flight(request: PageRequest) -> HttpResponse:
    """The warnings that the typed values would cause, while somebody types. Saves nothing."""
    form = FlightForm(request.POST, fleet=visible_to(request.actor))
    flight_id = _revision(request.POST.get("flight", "")) or 0
    return render(request, "web/ops/_warnings.html", {"warnings": _typed_warnings(request, form, flight_id)})


def _typed_warnings(request: PageRequest, form: FlightForm, flight_id: int) -> list[str]:
    """Nothing while the form does not make a flight yet: the fields say what is missing when it is saved."""
    if form.is_bound:
        form.is_valid()
    typed: Mapping[str, Any] = form.cleaned_data if form.is_bound else form.initial
    aircraft_id, start = typed.get("aircraft_id"), typed.get("std")
    known = places.resolver(request.operator.id)
    adep, ades = (known.get(str(typed.get(field, ""))) for field in ("adep", "ades"))
    end = typed.get("sta")
    if not (aircraft_id and start and end and adep and ades):
        return []
    key = f"flight:{flight_id}" if flight_id else ""
    draft = Draft(key=key, start_airport=adep.code, end_airport=ades.code, start=start, end=end)
    try:
        return warnings_for(request.operator.id, aircraft_id, draft, str(typed.get("status")))
    except (Invalid, OverflowError):  # a year that no schedule has; the command will say so
        return []


_ACTIONS: dict[str, tuple[Callable[[Actor, int], object], str]] = {
    "cancel": (commands.cancel_flight, "cancelled"),
    "restore": (commands.restore_flight, "restored"),
    "delete": (commands.delete_flight, "deleted. The audit trail keeps it"),
    "verify": (commands.verify_empty_leg, "verified for sale, in your name"),
    "unverify": (commands.unverify_empty_leg, "no longer verified"),
    "unmark": (commands.unmark_empty_leg, "no longer offered as an empty leg"),
}


@page(Right.SCHEDULE_VIEW, doing=_SEE, methods=("POST",))
def act_on_flight(request: PageRequest, flight_id: int, action: str) -> HttpResponse:
    """Cancel, restore, delete, verify … by one button. The commands check the rights."""
    if action not in _ACTIONS:
        raise NotFound("This action")
    before = flights.flight(request.operator.id, flight_id, aircraft_ids=sight(request))
    command, done = _ACTIONS[action]
    command(request.actor, flight_id)
    said(request, f"{before.title} {done}.")
    return _shown(request, before, [before.aircraft_id])


@page(Right.SCHEDULE_EDIT, doing="swap aircraft", methods=("POST",))
def swap_aircraft(request: PageRequest, flight_id: int) -> HttpResponse:
    """Put the flight on another aircraft."""
    before = flights.flight(request.operator.id, flight_id, aircraft_ids=sight(request))
    other = _revision(request.POST.get("aircraft_id", "")) or 0
    visible = sight(request)
    if visible is not None and other not in visible:
        raise NotFound("This aircraft")
    after = commands.change_flight(request.actor, flight_id, commands.FlightEdit(aircraft_id=other))
    said(request, f"{after.title} now flies on {after.registration}.")
    return _shown(request, after, [before.aircraft_id, after.aircraft_id])


def _shown(request: PageRequest, facts: FlightFacts, aircraft: list[int]) -> HttpResponse:
    if not request.htmx:
        return next_page(reverse("flight", args=[facts.id]))
    return touched(panel(request, facts.id), aircraft)
