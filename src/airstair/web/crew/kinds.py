"""Kinds of endorsement: their order, and what is done when one expires."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render

from airstair.kernel.errors import Conflict, Invalid
from airstair.records.endorsements import commands
from airstair.records.endorsements.queries import definition, definitions
from airstair.records.operators.rules import Right
from airstair.web.acting import PageRequest, page
from airstair.web.crew.forms import DefinitionForm
from airstair.web.ops.answering import said


@page(Right.CREW_VIEW, doing="see kinds of endorsement", methods=("GET",))
def kinds(request: PageRequest) -> HttpResponse:
    """All of them in their order."""
    found = definitions(request.operator.id)
    return render(request, "web/crew/kinds.html", {"kinds": found, "tab": "kinds", "last": len(found)})


@page(Right.ENDORSEMENTS_EDIT, doing="add kinds of endorsement")
def new_kind(request: PageRequest) -> HttpResponse:
    initial = {"when_expiring": "warn", "warn_days": 60}
    form = DefinitionForm(request.POST if request.method == "POST" else None, initial=initial)
    if form.is_bound and form.is_valid():
        wanted = form.as_definition()
        facts = form.run(lambda: commands.add_definition(request.actor, wanted))
        if facts is not None:
            said(request, f"{facts.name} is added.")
            return redirect("endorsement-kinds")
    return render(request, "web/crew/kind.html", {"form": form, "kind": None, "tab": "kinds"}, status=form.http_status)


@page(Right.ENDORSEMENTS_EDIT, doing="change kinds of endorsement")
def kind(request: PageRequest, definition_id: int) -> HttpResponse:
    """One kind. Of an imported one only what is done about it can be changed."""
    facts = definition(request.operator.id, definition_id)
    initial = {name: getattr(facts, name) for name in DefinitionForm.base_fields}
    form = DefinitionForm(request.POST if request.method == "POST" else None, initial=initial)
    if facts.partner:
        form.fields["name"].disabled = form.fields["airport"].disabled = True
    if form.is_bound and form.is_valid():
        wanted = form.as_definition()
        after = form.run(lambda: commands.change_definition(request.actor, definition_id, wanted))
        if after is not None:
            said(request, f"{after.name} saved.")
            return redirect("endorsement-kinds")
    context = {"form": form, "kind": facts, "tab": "kinds"}
    return render(request, "web/crew/kind.html", context, status=form.http_status)


@page(Right.ENDORSEMENTS_EDIT, doing="order kinds of endorsement", methods=("POST",))
def move_kind(request: PageRequest, definition_id: int) -> HttpResponse:
    typed = request.POST.get("place", "")
    place = int(typed) if typed.isdecimal() and len(typed) < 6 else 0
    try:
        commands.move_definition(request.actor, definition_id, place)
    except Invalid as refusal:
        messages.error(request, refusal.problems[0].sentence)
    return redirect("endorsement-kinds")


@page(Right.ENDORSEMENTS_EDIT, doing="remove kinds of endorsement", methods=("POST",))
def remove_kind(request: PageRequest, definition_id: int) -> HttpResponse:
    try:
        name = definition(request.operator.id, definition_id).name
        commands.remove_definition(request.actor, definition_id)
        said(request, f"{name} is removed.")
    except Conflict as refusal:
        messages.error(request, str(refusal))
    return redirect("endorsement-kinds")
