"""MX, Fleet, CAM: from where an aircraft's hours and cycles are counted, its engines, and the totals as they stand."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render

from airstair.changes.queries import trail
from airstair.kernel.clock import Clock, SystemClock
from airstair.kernel.errors import NotFound
from airstair.kernel.units import Unit, UnitKind
from airstair.records.fleet import commands
from airstair.records.fleet.cam import CamFacts
from airstair.records.fleet.queries import cam as cam_facts
from airstair.records.fleet.queries import visible_to
from airstair.records.fleet.snapshots import AircraftFacts
from airstair.records.flights.counters import airframe_counters, totals_by_month
from airstair.records.operators.rules import Right
from airstair.web.acting import PageRequest, page
from airstair.web.fleet.camforms import CamForm, EngineForm
from airstair.web.ops.answering import said
from airstair.web.trails import told

CLOCK: Clock = SystemClock()
_SEE = "see hours and cycles"
_CHANGE = "change the start values of hours and cycles"


@page(Right.SCHEDULE_VIEW, doing=_SEE, methods=("GET",))
def cam_fleet(request: PageRequest) -> HttpResponse:
    """The totals of every aircraft in the fleet."""
    fleet = visible_to(request.actor, active_only=True)
    found = airframe_counters(request.operator.id, [one.id for one in fleet], since=CLOCK.now())
    return render(request, "web/fleet/cam_fleet.html", {"rows": [found[one.id] for one in fleet]})


@page(Right.SCHEDULE_VIEW, doing=_SEE)
def cam(request: PageRequest, aircraft_id: int) -> HttpResponse:
    """One aircraft: totals now and by month, start values, engines."""
    facts, known = _found(request, aircraft_id), cam_facts(request.operator.id, aircraft_id)
    form = CamForm(request.POST if request.method == "POST" else None, initial=_initial(known))
    if form.is_bound:
        request.actor.require(Right.MAINTENANCE_EDIT, _CHANGE)
        if form.is_valid():
            wanted = form.as_input()
            if form.run(lambda: commands.set_cam(request.actor, aircraft_id, wanted)) is not None:
                said(request, f"Start values of {facts.registration} saved.")
                return redirect("aircraft-cam", aircraft_id)
    return _shown(request, facts, known, form)


def _shown(request: PageRequest, facts: AircraftFacts, known: CamFacts, form: CamForm) -> HttpResponse:
    counters = airframe_counters(request.operator.id, [facts.id], since=CLOCK.now())[facts.id]
    may_edit = request.actor.may(Right.MAINTENANCE_EDIT)
    history = None
    if request.actor.may(Right.AUDIT_VIEW):
        lines = trail(request.operator.id, subject=Unit(UnitKind.AIRCRAFT, facts.id), limit=100)
        history = told([one for one in lines if one.kind.startswith(("cam.", "engine."))][:20], [facts])
    if not may_edit:
        for field in form.fields.values():
            field.disabled = True
    context = {
        "aircraft": facts,
        "cam": known,
        "counters": counters,
        "months": totals_by_month(request.operator.id, facts.id)[::-1],
        "form": form,
        "may_edit": may_edit,
        "history": history,
    }
    return render(request, "web/fleet/cam.html", context, status=form.http_status)


@page(Right.MAINTENANCE_EDIT, doing=_CHANGE)
def new_engine(request: PageRequest, aircraft_id: int) -> HttpResponse:
    """Put an engine on the aircraft."""
    facts, known = _found(request, aircraft_id), cam_facts(request.operator.id, aircraft_id)
    free = next((n for n in range(1, 9) if all(e.position != n or e.removed_on for e in known.engines)), 1)
    form = EngineForm(
        request.POST if request.method == "POST" else None, initial={"position": free, "start_date": known.start_date}
    )
    if form.is_bound and form.is_valid():
        wanted = form.as_input()
        if form.run(lambda: commands.add_engine(request.actor, aircraft_id, wanted)) is not None:
            said(request, f"Engine {wanted.serial} is on {facts.registration}.")
            return redirect("aircraft-cam", aircraft_id)
    return render(request, "web/fleet/engine.html", {"aircraft": facts, "form": form}, status=form.http_status)


@page(Right.MAINTENANCE_EDIT, doing=_CHANGE)
def engine(request: PageRequest, aircraft_id: int, engine_id: int) -> HttpResponse:
    """Correct an engine's values, take it off the wing, or take back its entry."""
    facts, known = _found(request, aircraft_id), cam_facts(request.operator.id, aircraft_id)
    found = next((one for one in known.engines if one.id == engine_id), None)
    if found is None:
        raise NotFound("This engine")
    if request.method == "POST" and "drop" in request.POST:
        commands.drop_engine(request.actor, engine_id)
        said(request, f"The entry of engine {found.serial} is taken back.")
        return redirect("aircraft-cam", aircraft_id)
    initial = {name: getattr(found, name) for name in EngineForm.base_fields}
    form = EngineForm(request.POST if request.method == "POST" else None, initial=initial)
    if form.is_bound and form.is_valid():
        edit = form.as_edit()
        if form.run(lambda: commands.change_engine(request.actor, engine_id, edit)) is not None:
            said(request, f"Engine {edit.serial} saved.")
            return redirect("aircraft-cam", aircraft_id)
    context = {"aircraft": facts, "form": form, "engine": found}
    return render(request, "web/fleet/engine.html", context, status=form.http_status)


def _found(request: PageRequest, aircraft_id: int) -> AircraftFacts:
    facts = next((one for one in visible_to(request.actor) if one.id == aircraft_id), None)
    if facts is None:
        raise NotFound("This aircraft")
    return facts


def _initial(known: CamFacts) -> dict[str, Any]:
    found: dict[str, Any] = {name: getattr(known, name) for name in CamForm.base_fields}
    return found | {"start_date": known.start_date or date(CLOCK.now().year, 1, 1)}
