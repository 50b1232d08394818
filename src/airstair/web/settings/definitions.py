"""What an operator's checklists are made of: kinds of items, modules kept on the deck, and where requests go."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render

from airstair.kernel.errors import Invalid
from airstair.records.checklist import applications, commands, queries
from airstair.records.checklist.commands import DefinitionInput
from airstair.records.checklist.rules import SECTIONS, SERVICES, STATUSES, AutoAdd
from airstair.records.checklist.snapshots import DefinitionFacts
from airstair.records.operators.rules import Right
from airstair.web.acting import PageRequest, page
from airstair.web.forms import CommandForm, LineField, choice_field
from airstair.web.ops.answering import said

_CHANGE = "change what checklists are made of"
_SIDES = (("ADEP", "Departure"), ("ADES", "Arrival"), ("", "The flight as a whole"))


class DefinitionForm(CommandForm):
    """A kind of item as a whole."""

    label = LineField(label="Label")
    section = choice_field("Section", list(SECTIONS.items()))
    side = choice_field("Airport", _SIDES)
    auto_add = choice_field("Stands on", [(one.value, one.label) for one in AutoAdd])
    default_status = choice_field("Begins as", [(one.id, one.caption) for one in STATUSES.values()])
    statuses = forms.MultipleChoiceField(
        label="Statuses that it may have",
        required=False,
        choices=[(one.id, one.caption) for one in STATUSES.values()],
        widget=forms.CheckboxSelectMultiple,
    )
    enabled = forms.BooleanField(label="Switched on", required=False)

    def as_input(self) -> DefinitionInput:
        clean: dict[str, Any] = dict(self.cleaned_data)
        return DefinitionInput(**{**clean, "statuses": tuple(clean["statuses"])})


@page(Right.SCHEDULE_VIEW, doing="see what checklists are made of", methods=("GET",))
def definitions(request: PageRequest) -> HttpResponse:
    """All kinds in their order; modules; and where requests by e-mail go."""
    found = queries.definitions(request.operator.id)
    kept = queries.kept_modules(request.operator.id)
    rows = [(one, AutoAdd(one.auto_add).label, STATUSES[one.default_status], one.key in SERVICES) for one in found]
    context = {
        "rows": rows,
        "last": len(found),
        "sections": SECTIONS,
        "modules": [(one, one.id in kept) for one in applications.offered(request.operator.id)],
        "test_address": queries.test_address(request.operator.id),
        "tab": "checklist",
    }
    return render(request, "web/settings/checklist.html", context)


@page(Right.OPERATOR_EDIT, doing=_CHANGE)
def new_definition(request: PageRequest) -> HttpResponse:
    initial = {"section": "OTHER", "default_status": "UNT", "statuses": list(STATUSES), "enabled": True}
    form = DefinitionForm(request.POST if request.method == "POST" else None, initial=initial)
    if form.is_bound and form.is_valid():
        wanted = form.as_input()
        facts = form.run(lambda: commands.add_checklist_definition(request.actor, wanted))
        if facts is not None:
            said(request, f"{facts.label} is added.")
            return redirect("settings-checklist")
    context = {"form": form, "kind": None, "tab": "checklist"}
    return render(request, "web/settings/checklist_item.html", context, status=form.http_status)


@page(Right.OPERATOR_EDIT, doing=_CHANGE)
def definition(request: PageRequest, definition_key: str) -> HttpResponse:
    facts = queries.definition_by_key(request.operator.id, definition_key)
    form = DefinitionForm(request.POST if request.method == "POST" else None, initial=_initial(facts))
    if facts.key in SERVICES:
        form.fields["side"].disabled = True
    if form.is_bound and form.is_valid():
        wanted = form.as_input()
        after = form.run(lambda: commands.change_checklist_definition(request.actor, definition_key, wanted))
        if after is not None:
            said(request, f"{after.label} saved.")
            return redirect("settings-checklist")
    context = {"form": form, "kind": facts, "tab": "checklist"}
    return render(request, "web/settings/checklist_item.html", context, status=form.http_status)


def _initial(facts: DefinitionFacts) -> dict[str, Any]:
    values = {name: getattr(facts, name) for name in DefinitionForm.base_fields}
    return values | {"statuses": list(facts.statuses)}


@page(Right.OPERATOR_EDIT, doing=_CHANGE, methods=("POST",))
def move(request: PageRequest, definition_key: str) -> HttpResponse:
    typed = request.POST.get("place", "")
    place = int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 6 else 0
    try:
        commands.move_checklist_definition(request.actor, definition_key, place)
    except Invalid as refusal:
        messages.error(request, refusal.problems[0].sentence)
    return redirect("settings-checklist")


@page(Right.OPERATOR_EDIT, doing=_CHANGE, methods=("POST",))
def deck(request: PageRequest, application_id: int) -> HttpResponse:
    """Keep an application's module on every list, or no more."""
    commands.keep_module(request.actor, application_id, request.POST.get("kept") == "1")
    return redirect("settings-checklist")


@page(Right.OPERATOR_EDIT, doing=_CHANGE, methods=("POST",))
def mail_setting(request: PageRequest) -> HttpResponse:
    """The one address that all requests go to while somebody tries things out."""
    try:
        address = commands.set_test_address(request.actor, request.POST.get("test_address", ""))
    except Invalid as refusal:
        messages.error(request, refusal.problems[0].sentence)
    else:
        said(request, f"Requests go to {address} now." if address else "Requests go to the handlers now.")
    return redirect("settings-checklist")
