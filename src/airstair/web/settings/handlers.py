"""The handlers' directory: who looks after aircraft, where, and how they are reached. A list of the phonebook."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpResponse
from django.shortcuts import redirect, render

from airstair.changes.queries import trail
from airstair.kernel.units import Unit, UnitKind
from airstair.records.checklist import commands, queries
from airstair.records.checklist.commands import HandlerInput
from airstair.records.checklist.rules import SERVICE_KINDS
from airstair.records.checklist.snapshots import HandlerFacts
from airstair.records.operators.rules import Right
from airstair.web.acting import PageRequest, page
from airstair.web.crew.phonebook import SHELVES
from airstair.web.forms import CommandForm, LineField, note_field
from airstair.web.ops.answering import said
from airstair.web.trails import told

_SEE = "see the handlers' directory"
_CHANGE = "change the handlers' directory"


class HandlerForm(CommandForm):
    """A handler as a whole."""

    name = LineField(label="Name")
    airports = LineField(
        label="Airports", help_text="Codes with blanks between, such as KTEB KEWR. Empty: any airport."
    )
    email = LineField(label="E-mail", widget=forms.EmailInput(attrs={"autocomplete": "off"}))
    phone = LineField(label="Phone")
    phone_after_hours = LineField(label="Phone after hours")
    frequency = LineField(label="Frequency, MHz")
    services = forms.MultipleChoiceField(
        label="Services", required=False, choices=list(SERVICE_KINDS.items()), widget=forms.CheckboxSelectMultiple
    )
    notes = note_field("Notes")

    def as_input(self) -> HandlerInput:
        clean: dict[str, Any] = dict(self.cleaned_data)
        airports = tuple(clean["airports"].replace(",", " ").split())
        return HandlerInput(**{**clean, "airports": airports, "services": tuple(clean["services"])})


@page(Right.PHONEBOOK_VIEW, doing=_SEE, methods=("GET",))
def handlers(request: PageRequest) -> HttpResponse:
    """Those that fit the words typed: name, e-mail, phone or airport."""
    typed, retired_too = request.GET.get("q", "").strip()[:60], request.GET.get("retired") == "1"
    context = {
        **_shelves(),
        "rows": [
            (one, ", ".join(SERVICE_KINDS[kind] for kind in one.services))
            for one in queries.handlers(request.operator.id, typed, retired_too=retired_too)
        ],
        "typed": typed,
        "retired_too": retired_too,
    }
    return render(request, "web/settings/handlers.html", context)


def _shelves() -> dict[str, Any]:
    return {"shelves": SHELVES.values(), "shelf": {"key": "handlers"}}


@page(Right.PHONEBOOK_EDIT, doing=_CHANGE)
def new_handler(request: PageRequest) -> HttpResponse:
    form = HandlerForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        wanted = form.as_input()
        facts = form.run(lambda: commands.add_handler(request.actor, wanted))
        if facts is not None:
            said(request, f"{facts.name} is in the directory.")
            return redirect("handlers")
    context = {"form": form, "handler": None, "may_edit": True, **_shelves()}
    return render(request, "web/settings/handler.html", context, status=form.http_status)


@page(Right.PHONEBOOK_VIEW, doing=_SEE)
def handler(request: PageRequest, handler_id: int) -> HttpResponse:
    """One handler, with the form for whoever may change it."""
    facts, may_edit = queries.handler(request.operator.id, handler_id), request.actor.may(Right.PHONEBOOK_EDIT)
    form = HandlerForm(request.POST if request.method == "POST" else None, initial=_initial(facts))
    if not may_edit:
        for one in form.fields.values():
            one.disabled = True
    if form.is_bound:
        request.actor.require(Right.PHONEBOOK_EDIT, _CHANGE)
        if form.is_valid():
            wanted = form.as_input()
            after = form.run(lambda: commands.change_handler(request.actor, handler_id, wanted))
            if after is not None:
                said(request, f"{after.name} saved.")
                return redirect("handlers")
    history = None
    if request.actor.may(Right.AUDIT_VIEW):
        history = told(trail(request.operator.id, subject=Unit(UnitKind.HANDLER, handler_id), limit=30), ())
    context = {"form": form, "handler": facts, "may_edit": may_edit, "history": history, **_shelves()}
    return render(request, "web/settings/handler.html", context, status=form.http_status)


def _initial(facts: HandlerFacts) -> dict[str, Any]:
    values = {name: getattr(facts, name) for name in HandlerForm.base_fields}
    return values | {"airports": " ".join(facts.airports), "services": list(facts.services)}


@page(Right.PHONEBOOK_EDIT, doing=_CHANGE, methods=("POST",))
def retire(request: PageRequest, handler_id: int) -> HttpResponse:
    facts = commands.retire_handler(request.actor, handler_id)
    said(request, f"{facts.name} is retired: offered for no flight any more.")
    return redirect("handlers")


@page(Right.PHONEBOOK_EDIT, doing=_CHANGE, methods=("POST",))
def reinstate(request: PageRequest, handler_id: int) -> HttpResponse:
    facts = commands.reinstate_handler(request.actor, handler_id)
    said(request, f"{facts.name} is offered again.")
    return redirect("handlers")
