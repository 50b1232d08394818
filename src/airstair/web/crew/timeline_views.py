"""The crew timeline's page, and the form of a duty."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse

from airstair.changes.queries import trail
from airstair.hub.inside import model_for
from airstair.kernel.clock import Clock, SystemClock
from airstair.kernel.errors import NotFound
from airstair.kernel.units import Unit, UnitKind
from airstair.records.crewing import commands
from airstair.records.crewing import queries as crewing
from airstair.records.crewing.rules import DutyKind
from airstair.records.crewing.snapshots import DutyFacts
from airstair.records.operators.rules import Right
from airstair.records.people.queries import crew_members
from airstair.web.acting import PageRequest, page
from airstair.web.crew.timeline import LEGEND, crew_lanes, fitting
from airstair.web.crew.timeline_forms import DutyForm
from airstair.web.ops.answering import said
from airstair.web.ops.window import SPANS, Window, read_window
from airstair.web.trails import names_crew, told

CLOCK: Clock = SystemClock()
SEE = "see what crew members do"
FATIGUE = "fatigue"  # what a model is asked for, whoever answers
_USUAL_DAYS = 7


def window_of(query: QueryDict, now: datetime) -> Window:
    """The days that the address asks for; a week, where it does not say."""
    window = read_window(query, now)
    return window if query.get("days") else replace(window, days=_USUAL_DAYS)


def member_of(query: QueryDict) -> int | None:
    typed = query.get("member", "")
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 19 else None


@page(Right.CREW_VIEW, doing=SEE, methods=("GET",))
def crew_timeline(request: PageRequest) -> HttpResponse:
    """The page. For htmx the board alone."""
    now = CLOCK.now()
    window, only = window_of(request.GET, now), member_of(request.GET)
    everybody = crew_members(request.operator.id)
    chosen = [one.id for one in fitting(everybody, window.text) if only in (None, one.id)]
    board = crewing.crew_board(request.operator.id, window.start, window.end, crew_member_ids=chosen)
    context = {
        "window": window,
        "only": only,
        "members": [one for one in everybody if one.active or one.id == only],
        "has_crew": bool(everybody),
        "spans": SPANS,
        "today": now.date(),
        "legend": LEGEND,
        "roster": board.roster,
        "timeline": crew_lanes(board, window, now, request.operator.base_time_zone),
        "model": model_for(request.operator.id, FATIGUE),
        "filtered": bool(window.text or only),
    }
    template = "web/crew/_timeline.html" if request.htmx else "web/crew/timeline.html"
    return render(request, template, context)


@page(Right.ROSTER_EDIT, doing="plan crew duties")
def new_duty(request: PageRequest) -> HttpResponse:
    window = window_of(request.GET, CLOCK.now())
    start = datetime.combine(window.first, time(8), UTC)
    initial = {
        "crew_member_id": member_of(request.GET),
        "kind": DutyKind.POSITIONING.value,
        "start": start,
        "end": start + timedelta(hours=8),
    }
    bound = request.POST if request.method == "POST" else None
    form = DutyForm(bound, members=crew_members(request.operator.id), initial=initial)
    if form.is_bound and form.is_valid():
        wanted = form.as_input()
        facts = form.run(lambda: commands.add_duty(request.actor, wanted))
        if facts is not None:
            said(request, "Added to the roster.")
            return _done(request, facts)
    return _shown(request, form, None)


@page(Right.CREW_VIEW, doing=SEE)
def duty(request: PageRequest, duty_id: int) -> HttpResponse:
    """The duty with its form, for whoever may change it."""
    facts = crewing.duty(request.operator.id, duty_id)
    if facts.deleted and request.method == "POST":
        raise NotFound("This duty")
    bound = request.POST if request.method == "POST" else None
    form = DutyForm(bound, members=crew_members(request.operator.id), initial=_initial(facts))
    if form.is_bound and form.is_valid():
        edit = form.as_edit()
        after = form.run(lambda: commands.change_duty(request.actor, duty_id, edit))
        if after is not None:
            said(request, f"{after.kind.label} saved.")
            return _done(request, after)
    return _shown(request, form, facts)


@page(Right.ROSTER_EDIT, doing="plan crew duties", methods=("POST",))
def delete_duty(request: PageRequest, duty_id: int) -> HttpResponse:
    commands.delete_duty(request.actor, duty_id)
    said(request, "Taken off the roster. The audit trail keeps it.")
    if not request.htmx:
        return redirect("crew-timeline")
    return _changed(render(request, "web/ops/_closed.html"))


def _initial(facts: DutyFacts) -> dict[str, object]:
    return {name: getattr(facts, name) for name in DutyForm.base_fields}


def _shown(request: PageRequest, form: DutyForm, facts: DutyFacts | None) -> HttpResponse:
    may = request.actor.may(Right.ROSTER_EDIT)
    if not may:
        for field in form.fields.values():
            field.disabled = True
    history = None
    if facts is not None and request.actor.may(Right.AUDIT_VIEW):
        lines = trail(request.operator.id, unit=Unit(UnitKind.CREW_MEMBER, facts.crew_member_id), limit=300)
        mine = [one for one in lines if (one.after or one.before or {}).get("duty_id") == facts.id]
        history = told(mine, [], crew_members(request.operator.id) if names_crew(mine) else ())
    inner = "web/crew/_timeline_duty.html"
    context = {"form": form, "duty": facts, "may_edit": may, "history": history, "inner": inner}
    return render(request, inner if request.htmx else "web/ops/form_page.html", context, status=form.http_status)


def _done(request: PageRequest, facts: DutyFacts) -> HttpResponse:
    if not request.htmx:
        return redirect(reverse("crew-duty", args=[facts.id]))
    form = DutyForm(members=crew_members(request.operator.id), initial=_initial(facts))
    return _changed(_shown(request, form, facts))


def _changed(response: HttpResponse) -> HttpResponse:
    """Tell the page around the fragment to draw its lanes again, without waiting for the stream."""
    response["HX-Trigger"] = json.dumps({"airstair:crew": {}})
    return response
