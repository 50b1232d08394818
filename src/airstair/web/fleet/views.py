"""The fleet: a list, one aircraft's page with its form, and retiring."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import redirect, render

from airstair.changes.queries import trail
from airstair.kernel.errors import NotFound
from airstair.kernel.units import Unit, UnitKind
from airstair.records.fleet import commands
from airstair.records.fleet.queries import visible_to
from airstair.records.fleet.snapshots import AircraftFacts
from airstair.records.operators.queries import subsidiaries
from airstair.records.operators.rules import Right
from airstair.web.acting import PageRequest, page
from airstair.web.fleet.forms import AircraftForm, initial_of
from airstair.web.ops.answering import said
from airstair.web.trails import told

_SEE = "see the fleet"


@page(Right.SCHEDULE_VIEW, doing=_SEE, methods=("GET",))
def fleet(request: PageRequest) -> HttpResponse:
    """All aircraft that the person may see; retired ones at the end."""
    typed = request.GET.get("q", "").strip().lower()[:60]
    everything = visible_to(request.actor)
    shown = [one for one in everything if typed in _words(one)]
    names = {one.id: one.name for one in subsidiaries(request.operator.id)}
    rows = [(one, names.get(one.subsidiary_id or 0, "")) for one in sorted(shown, key=lambda a: not a.active)]
    context = {"rows": rows, "typed": typed, "total": len(everything)}
    return render(request, "web/fleet/fleet.html", context)


def _words(one: AircraftFacts) -> str:
    return " ".join(
        (one.registration, one.registration.replace("-", ""), one.icao_type, one.model, one.home_base, one.owner)
    ).lower()


@page(Right.SCHEDULE_VIEW, doing=_SEE)
def aircraft(request: PageRequest, aircraft_id: int) -> HttpResponse:
    """One aircraft: its form for whoever may change it, its history for whoever may read that."""
    facts = next((one for one in visible_to(request.actor) if one.id == aircraft_id), None)
    if facts is None:
        raise NotFound("This aircraft")
    bound = request.POST if request.method == "POST" else None
    form = AircraftForm(bound, subsidiaries=subsidiaries(request.operator.id), initial=initial_of(facts))
    if form.is_bound and form.is_valid():
        edit = form.as_edit()
        after = form.run(lambda: commands.change_aircraft(request.actor, aircraft_id, edit))
        if after is not None:
            said(request, f"{after.registration} saved.")
            return redirect("aircraft", aircraft_id)
    may_edit = request.actor.may(Right.FLEET_EDIT)
    if not may_edit:
        for field in form.fields.values():
            field.disabled = True
    history = None
    if request.actor.may(Right.AUDIT_VIEW):
        history = told(trail(request.operator.id, subject=Unit(UnitKind.AIRCRAFT, aircraft_id), limit=30), [facts])
    context = {"form": form, "aircraft": facts, "history": history, "may_edit": may_edit}
    return render(request, "web/fleet/aircraft.html", context, status=form.http_status)


@page(Right.FLEET_EDIT, doing="add aircraft")
def new_aircraft(request: PageRequest) -> HttpResponse:
    form = AircraftForm(
        request.POST if request.method == "POST" else None, subsidiaries=subsidiaries(request.operator.id)
    )
    if form.is_bound and form.is_valid():
        wanted = form.as_input()
        facts = form.run(lambda: commands.add_aircraft(request.actor, wanted))
        if facts is not None:
            said(request, f"{facts.registration} is in the fleet.")
            return redirect("aircraft", facts.id)
    context = {"form": form, "aircraft": None, "history": None, "may_edit": True}
    return render(request, "web/fleet/aircraft.html", context, status=form.http_status)


@page(Right.FLEET_EDIT, doing="retire aircraft", methods=("POST",))
def retire(request: PageRequest, aircraft_id: int) -> HttpResponse:
    facts = commands.retire_aircraft(request.actor, aircraft_id)
    said(request, f"{facts.registration} is retired: it takes no new flights, and partners no longer hear of it.")
    return redirect("aircraft", aircraft_id)


@page(Right.FLEET_EDIT, doing="reinstate aircraft", methods=("POST",))
def reinstate(request: PageRequest, aircraft_id: int) -> HttpResponse:
    facts = commands.reinstate_aircraft(request.actor, aircraft_id)
    said(request, f"{facts.registration} is back in the fleet.")
    return redirect("aircraft", aircraft_id)
