"""Reservations, maintenance and groundings: one form for all three."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from airstair.changes.queries import trail
from airstair.kernel.errors import NotFound
from airstair.kernel.units import Unit, UnitKind
from airstair.records.fleet.queries import visible_to
from airstair.records.flights import commands
from airstair.records.flights import queries as flights
from airstair.records.flights.facts import EventFacts
from airstair.records.flights.rules import EventKind
from airstair.records.operators.rules import Right
from airstair.web.acting import PageRequest, page
from airstair.web.ops.answering import next_page, said, sight, touched
from airstair.web.ops.board import CLOCK
from airstair.web.ops.forms import EventForm
from airstair.web.ops.neighbours import warnings_of
from airstair.web.ops.window import read_window
from airstair.web.templatetags.airstair import words
from airstair.web.trails import told


@page(Right.SCHEDULE_VIEW, doing="see the schedule")
def event(request: PageRequest, event_id: int) -> HttpResponse:
    """The event with its form, for whoever may change it."""
    facts = flights.event(request.operator.id, event_id, aircraft_ids=sight(request))
    if facts.deleted and request.method == "POST":
        raise NotFound("This event")
    initial = {name: getattr(facts, name) for name in EventForm.base_fields}
    form = EventForm(
        request.POST if request.method == "POST" else None, fleet=visible_to(request.actor), initial=initial
    )
    if form.is_bound and form.is_valid():
        edit = form.as_edit()
        after = form.run(lambda: commands.change_event(request.actor, event_id, edit))
        if after is not None:
            said(request, f"{words(after.kind) if after.kind is not EventKind.AOG else 'AOG'} saved.")
            return _done(request, [facts.aircraft_id, after.aircraft_id], reverse("event", args=[event_id]), event_id)
    return _page(request, form, facts)


@page(Right.SCHEDULE_VIEW, doing="see the schedule")
def new_event(request: PageRequest) -> HttpResponse:
    window = read_window(request.GET, CLOCK.now())
    start = datetime(window.first.year, window.first.month, window.first.day, 8, tzinfo=UTC)
    fleet = visible_to(request.actor, active_only=True)
    chosen = next((one for one in fleet if one.id == window.aircraft_id), None)
    initial = {
        "kind": EventKind.MAINTENANCE.value
        if not request.actor.may(Right.SCHEDULE_EDIT)
        else EventKind.RESERVATION.value,
        "aircraft_id": window.aircraft_id,
        "airport": chosen.home_base if chosen else "",
        "start": start,
        "end": start + timedelta(hours=8),
    }
    form = EventForm(request.POST if request.method == "POST" else None, fleet=fleet, initial=initial)
    if form.is_bound and form.is_valid():
        wanted = form.as_input()
        facts = form.run(lambda: commands.add_event(request.actor, wanted))
        if facts is not None:
            said(request, "Added to the schedule.")
            return _done(request, [facts.aircraft_id], reverse("event", args=[facts.id]), facts.id)
    return _page(request, form, None)


@page(Right.SCHEDULE_VIEW, doing="see the schedule", methods=("POST",))
def delete_event(request: PageRequest, event_id: int) -> HttpResponse:
    facts = flights.event(request.operator.id, event_id, aircraft_ids=sight(request))
    commands.delete_event(request.actor, event_id)
    said(request, "Taken off the schedule. The audit trail keeps it.")
    if not request.htmx:
        return redirect("ops")
    return touched(render(request, "web/ops/_closed.html"), [facts.aircraft_id])


def _page(request: PageRequest, form: EventForm, facts: EventFacts | None) -> HttpResponse:
    may = request.actor.may(Right.SCHEDULE_EDIT) or request.actor.may(Right.MAINTENANCE_EDIT)
    if not may:
        for field in form.fields.values():
            field.disabled = True
    warnings, history = [], None
    if facts is not None and not facts.deleted:
        warnings = warnings_of(request.operator.id, facts.aircraft_id, f"event:{facts.id}", facts.start, facts.end)
    if facts is not None and request.actor.may(Right.AUDIT_VIEW):
        mine = [
            line
            for line in trail(request.operator.id, unit=Unit(UnitKind.AIRCRAFT, facts.aircraft_id), limit=300)
            if (line.after or line.before or {}).get("event_id") == facts.id
        ]
        history = told(mine, visible_to(request.actor))
    inner = "web/ops/_event.html"
    context = {"form": form, "event": facts, "warnings": warnings, "may_edit": may, "history": history, "inner": inner}
    return render(request, inner if request.htmx else "web/ops/form_page.html", context, status=form.http_status)


def _done(request: PageRequest, aircraft: list[int], address: str, event_id: int) -> HttpResponse:
    if not request.htmx:
        return next_page(address)
    facts = flights.event(request.operator.id, event_id, aircraft_ids=sight(request))
    initial = {name: getattr(facts, name) for name in EventForm.base_fields}
    return touched(_page(request, EventForm(fleet=visible_to(request.actor), initial=initial), facts), aircraft)
