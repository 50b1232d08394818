"""The crew list, and one crew member's page: what is known of them, their documents, their endorsements."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render

from airstair.changes.queries import trail
from airstair.kernel.units import Unit, UnitKind
from airstair.records.endorsements.queries import endorsements
from airstair.records.endorsements.snapshots import EndorsementFacts
from airstair.records.operators.rules import Right
from airstair.records.people import commands
from airstair.records.people.queries import crew_member, crew_member_sensitive, crew_members, documents_of
from airstair.records.people.snapshots import CrewMemberFacts, Sensitive
from airstair.web.acting import PageRequest, page
from airstair.web.addons import times
from airstair.web.crew.forms import CrewMemberForm, born_of
from airstair.web.crew.looks import counts, shown
from airstair.web.ops.answering import said
from airstair.web.trails import told

_SEE = "see the crew"


@page(Right.CREW_VIEW, doing=_SEE, methods=("GET",))
def crew(request: PageRequest) -> HttpResponse:
    """All crew members, with what of theirs expires; those who have left only when asked for."""
    typed, position = request.GET.get("q", "").strip()[:60], request.GET.get("position", "")[:6].upper()
    left = request.GET.get("left", "") == "1"
    everybody = crew_members(request.operator.id)
    of: dict[int, list[EndorsementFacts]] = defaultdict(list)
    for one in endorsements(request.operator.id):
        of[one.crew_member_id].append(one)
    today = times.now().date()
    rows = [
        (one, counts(of[one.id], today))
        for one in everybody
        if (left or one.active) and typed.lower() in _words(one) and (not position or position in one.positions)
    ]
    positions = sorted({name for one in everybody for name in one.positions})
    gone = sum(not one.active for one in everybody)
    context = {
        "rows": rows, "typed": typed, "position": position, "positions": positions, "left": left, "gone": gone,
        "total": len(everybody), "tab": "crew",
    }  # fmt: skip
    return render(request, "web/crew/list.html", context)


def _words(one: CrewMemberFacts) -> str:
    return f"{one.code} {one.name} {one.email} {one.home_base} {' '.join(one.positions)}".lower()


@page(Right.CREW_VIEW, doing=_SEE)
def member(request: PageRequest, crew_member_id: int) -> HttpResponse:
    """One crew member: the form for whoever may change them, licences and documents, endorsements, history."""
    facts = crew_member(request.operator.id, crew_member_id)
    may_edit = request.actor.may(Right.CREW_EDIT)
    sensitive = crew_member_sensitive(request.operator.id, crew_member_id) if may_edit else Sensitive()
    form = CrewMemberForm(request.POST if request.method == "POST" else None, initial=_initial(facts, sensitive))
    if not may_edit:
        del form.fields["born"]
        for field in form.fields.values():
            field.disabled = True
    if may_edit and form.is_bound and form.is_valid():
        edit = form.as_edit(with_born=sensitive.readable)
        after = form.run(lambda: commands.change_crew_member(request.actor, crew_member_id, edit, clock=times.CLOCK))
        if after is not None:
            said(request, f"{after.code} {after.name} saved.")
            return redirect("crew-member", crew_member_id)
    elif form.is_bound:
        request.actor.require(Right.CREW_EDIT, "change crew members")
    context = {"form": form, "member": facts, "may_edit": may_edit, "unreadable": not sensitive.readable, "tab": "crew"}
    return render(request, "web/crew/member.html", context | _around(request, facts), status=form.http_status)


def _around(request: PageRequest, facts: CrewMemberFacts) -> dict[str, Any]:
    """What stands beside the form."""
    today = times.now().date()
    history = None
    if request.actor.may(Right.AUDIT_VIEW):
        history = told(trail(request.operator.id, subject=Unit(UnitKind.CREW_MEMBER, facts.id), limit=30), (), [facts])
    return {
        "endorsements": [shown(one, today) for one in endorsements(request.operator.id, [facts.id])],
        "documents": documents_of(request.operator.id, facts.id),
        "today": today,
        "history": history,
    }


def _initial(facts: CrewMemberFacts, sensitive: Sensitive) -> dict[str, Any]:
    values = {name: getattr(facts, name) for name in CrewMemberForm.base_fields if name not in ("born", "positions")}
    return {**values, "positions": " ".join(facts.positions), "born": born_of(sensitive.born)}


@page(Right.CREW_EDIT, doing="add crew members")
def new_member(request: PageRequest) -> HttpResponse:
    form = CrewMemberForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        wanted = form.as_new()
        facts = form.run(lambda: commands.add_crew_member(request.actor, wanted))
        if facts is not None:
            said(request, f"{facts.code} {facts.name} is in the crew list.")
            return redirect("crew-member", facts.id)
    context = {"form": form, "member": None, "may_edit": True, "history": None, "tab": "crew"}
    return render(request, "web/crew/member.html", context, status=form.http_status)


@page(Right.CREW_EDIT, doing="retire crew members", methods=("POST",))
def retire(request: PageRequest, crew_member_id: int) -> HttpResponse:
    facts = commands.retire_crew_member(request.actor, crew_member_id)
    said(request, f"{facts.name} has left: they are planned and matched no more. What they flew stays.")
    return redirect("crew-member", crew_member_id)


@page(Right.CREW_EDIT, doing="reinstate crew members", methods=("POST",))
def reinstate(request: PageRequest, crew_member_id: int) -> HttpResponse:
    facts = commands.reinstate_crew_member(request.actor, crew_member_id)
    said(request, f"{facts.name} is back in the crew.")
    return redirect("crew-member", crew_member_id)
