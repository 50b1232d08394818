"""A flight's checklist: how far everything has come at either end, and what can be done with one item at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse

from airstair.kernel.errors import Conflict, Invalid, NotFound
from airstair.records.checklist import applications, commands, queries
from airstair.records.checklist.rules import ADEP, ADES, SECTIONS, STATUSES
from airstair.records.checklist.snapshots import ChecklistFacts, ItemFacts
from airstair.records.flights import queries as flights
from airstair.records.flights.facts import FlightFacts
from airstair.records.operators.rules import Right
from airstair.web.acting import PageRequest, page
from airstair.web.ops.answering import next_page, sight
from airstair.web.ops.checklistforms import ItemForm, handler_choices

_SEE = "see the checklist"
_CHANGE = "change the checklist"
_LINES_OF_HISTORY = 30


@page(Right.SCHEDULE_VIEW, doing=_SEE, methods=("GET",))
def checklist(request: PageRequest, flight_id: int) -> HttpResponse:
    """The whole list; as a page of its own when it is not asked for by htmx."""
    return shown(request, _flight(request, flight_id))


def shown(request: PageRequest, flight: FlightFacts) -> HttpResponse:
    """The list as it is now."""
    facts = queries.checklist(request.operator.id, flight.id)
    may_read = request.actor.may(Right.AUDIT_VIEW)
    own_page = reverse("checklist", args=[flight.id])
    context = {
        "flight": flight,
        # What refreshes itself on a page of its own stays one: its links lead to pages.
        "drawer": bool(request.htmx) and (request.htmx.current_url_abs_path or "").partition("?")[0] != own_page,
        "checklist": facts,
        "sides": sides_of(flight, facts),
        "modules": [one for one in facts.modules if not one.removed],
        "statuses": STATUSES.values(),
        "may_edit": request.actor.may(Right.CHECKLIST_EDIT) and not flight.deleted,
        "history": queries.history(request.operator.id, flight.id, limit=_LINES_OF_HISTORY) if may_read else None,
        **_to_add(request, facts),
    }
    return render(request, "web/ops/_checklist.html" if request.htmx else "web/ops/checklist.html", context)


def summary(flight: FlightFacts) -> dict[str, Any]:
    """What the flight's panel shows of its list."""
    facts = queries.checklist(flight.operator_id, flight.id)
    modules = [one for one in facts.modules if not one.removed]
    return {"checklist": facts, "sides": sides_of(flight, facts), "modules": modules}


def sides_of(flight: FlightFacts, facts: ChecklistFacts) -> list[dict[str, Any]]:
    """Departure, arrival and the flight as a whole, each with its colour and sections; a side without items is out."""
    named = ((ADEP, flight.adep, "Departure"), (ADES, flight.ades, "Arrival"), ("", "", "Flight"))
    return [
        {"side": side, "airport": airport, "name": name, "colour": facts.side_colour(side), "groups": groups}
        for side, airport, name in named
        if (groups := facts.groups(side))
    ]


def _to_add(request: PageRequest, facts: ChecklistFacts) -> dict[str, Any]:
    """What the menu offers: modules of applications, then items by section, that are not on the list."""
    there = {one.definition.key for one in facts.items}
    listed = {one.application_id for one in facts.modules if not one.removed}
    kinds = [one for one in queries.definitions(request.operator.id) if one.enabled and one.key not in there]
    sections = [(label, [one for one in kinds if one.section == section]) for section, label in SECTIONS.items()]
    return {
        "addable": [(label, found) for label, found in sections if found],
        "addable_modules": [one for one in applications.offered(request.operator.id) if one.id not in listed],
    }


def _flight(request: PageRequest, flight_id: int) -> FlightFacts:
    return flights.flight(request.operator.id, flight_id, aircraft_ids=sight(request))


def done(request: PageRequest, flight: FlightFacts) -> HttpResponse:
    """The list again, after something was done."""
    return shown(request, flight) if request.htmx else next_page(reverse("checklist", args=[flight.id]))


def attempt(request: PageRequest, flight: FlightFacts, command: Callable[[], object]) -> HttpResponse:
    """Run a command that one button stands for, and show the list; what it refuses is said beside it."""
    try:
        command()
    except Invalid as refusal:
        messages.error(request, " ".join(problem.sentence for problem in refusal.problems))
    except Conflict as refusal:
        messages.error(request, str(refusal))
    return done(request, flight)


# --- items -----------------------------------------------------------------------------------------------------------


@page(Right.CHECKLIST_EDIT, doing=_CHANGE, methods=("POST",))
def add(request: PageRequest, flight_id: int) -> HttpResponse:
    """What was chosen in the menu: an item by its key, or an application's module by `module:17`."""
    flight, chosen = _flight(request, flight_id), request.POST.get("what", "")
    kind, _, number = chosen.partition(":")
    if kind == "module" and number.isascii() and number.isdigit() and len(number) < 19:
        return attempt(request, flight, lambda: commands.add_module(request.actor, flight_id, int(number)))
    return attempt(request, flight, lambda: commands.add_item(request.actor, flight_id, chosen))


@page(Right.CHECKLIST_EDIT, doing=_CHANGE, methods=("POST",))
def set_status(request: PageRequest, flight_id: int, definition_key: str) -> HttpResponse:
    """One click on a status."""
    flight, edit = _flight(request, flight_id), commands.ItemEdit(status=request.POST.get("status", ""))
    return attempt(request, flight, lambda: commands.set_item(request.actor, flight_id, definition_key, edit))


@page(Right.SCHEDULE_VIEW, doing=_SEE)
def item(request: PageRequest, flight_id: int, definition_key: str) -> HttpResponse:
    """Everything about one item, with the form for whoever may change it."""
    flight = _flight(request, flight_id)
    facts = queries.item(request.operator.id, flight_id, definition_key)
    airport = {ADEP: flight.adep, ADES: flight.ades}.get(facts.definition.side, "")
    handlers = handler_choices(request.operator.id, airport, facts.handler)
    form = ItemForm(request.POST if request.method == "POST" else None, initial=_initial(facts))
    form.offer(facts, handlers)
    if form.is_bound and form.is_valid():
        edit = form.as_edit()
        if form.run(lambda: commands.set_item(request.actor, flight_id, definition_key, edit)) is not None:
            return done(request, flight)
    may_edit = request.actor.may(Right.CHECKLIST_EDIT) and not flight.deleted
    context = {"form": form, "flight": flight, "item": facts, "airport": airport, "may_edit": may_edit}
    inner = "web/ops/_checklist_item.html"
    template = inner if request.htmx else "web/ops/form_page.html"
    return render(request, template, context | {"inner": inner}, status=form.http_status)


def _initial(facts: ItemFacts) -> dict[str, Any]:
    return {
        "status": facts.status, "note": facts.note, "details": facts.details, "confirmation": facts.confirmation,
        "handler_id": facts.handler.id if facts.handler else "",
    }  # fmt: skip


@page(Right.CHECKLIST_EDIT, doing=_CHANGE, methods=("POST",))
def remove(request: PageRequest, flight_id: int, definition_key: str) -> HttpResponse:
    flight = _flight(request, flight_id)
    return attempt(request, flight, lambda: commands.remove_item(request.actor, flight_id, definition_key))


@page(Right.CHECKLIST_EDIT, doing=_CHANGE, methods=("POST",))
def request_handling(request: PageRequest, flight_id: int, side: str) -> HttpResponse:
    """Mail the handler of one side."""
    flight = _flight(request, flight_id)

    def send() -> None:
        sent = commands.send_handling_request(request.actor, flight_id, side)
        messages.success(request, f"{sent.note}.")

    return attempt(request, flight, send)


# --- documents -------------------------------------------------------------------------------------------------------


@page(Right.CHECKLIST_EDIT, doing=_CHANGE, methods=("POST",))
def add_file(request: PageRequest, flight_id: int, definition_key: str) -> HttpResponse:
    flight = _flight(request, flight_id)
    document = request.FILES.get("file")

    def keep() -> None:
        if document is None:
            raise Invalid.one("file", "No file was chosen. Choose one, then add it.")
        if (document.size or 0) > commands.LARGEST_FILE:
            raise Invalid.one("file", "It is larger than 5 MB. Choose a smaller one.")
        media = (document.content_type or "").lower()
        commands.add_file(request.actor, flight_id, definition_key, document.name or "", media, document.read())

    return attempt(request, flight, keep)


@page(Right.SCHEDULE_VIEW, doing=_SEE, methods=("GET",))
def file(request: PageRequest, flight_id: int, file_id: int) -> HttpResponse:
    """A document. A browser shows it, but runs nothing that may be in it."""
    found = queries.file(request.operator.id, _flight(request, flight_id).id, file_id)
    if found.media_type not in commands.MEDIA_TYPES:
        raise NotFound("This file")
    answer = HttpResponse(found.content, content_type=found.media_type)
    name = found.name.encode("ascii", "replace").decode().replace('"', "").replace("\\", "").replace("\n", " ")
    answer["Content-Disposition"] = f'inline; filename="{name}"'
    answer["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return answer


@page(Right.CHECKLIST_EDIT, doing=_CHANGE, methods=("POST",))
def remove_file(request: PageRequest, flight_id: int, file_id: int) -> HttpResponse:
    flight = _flight(request, flight_id)
    return attempt(request, flight, lambda: commands.remove_file(request.actor, flight_id, file_id))
