"""Settings of the operator and its subsidiaries."""

from __future__ import annotations

from zoneinfo import available_timezones

from django.http import HttpResponse
from django.shortcuts import redirect, render

from airstair.kernel.errors import Invalid
from airstair.records.operators import commands
from airstair.records.operators import queries as operators
from airstair.records.operators.rules import Right
from airstair.web.acting import PageRequest, page
from airstair.web.forms import CommandForm, LineField, code_field, note_field
from airstair.web.ops.answering import said

_DOING = "change the operator's settings"


class OperatorForm(CommandForm):
    name = LineField(label="Name")
    main_organisation = LineField(label="Main organisation")
    icao_code = code_field("ICAO operator code")
    iata_code = code_field("IATA operator code")
    trip_prefix = code_field("Letters before trip numbers")
    base_time_zone = LineField(label="Base time zone", help_text="For night on the timeline; all times stay in UTC.")
    ops_email = LineField(label="OPS email")
    sales_email = LineField(label="Sales email")
    phone = LineField(label="Phone")
    address = note_field("Address")

    def as_edit(self) -> commands.OperatorEdit:
        return commands.OperatorEdit(**self.cleaned_data)


@page(methods=("GET",))
def settings_home(request: PageRequest) -> HttpResponse:
    """The first tab that the person may open."""
    if request.actor.may(Right.OPERATOR_EDIT):
        return redirect("settings-operator")
    if request.actor.may(Right.USERS_MANAGE):
        return redirect("settings-users")
    return redirect("settings-airports" if request.actor.may(Right.SCHEDULE_VIEW) else "own-password")


@page(Right.OPERATOR_EDIT, doing=_DOING)
def edit_operator(request: PageRequest) -> HttpResponse:
    initial = {name: getattr(request.operator, name) for name in OperatorForm.base_fields}
    form = OperatorForm(request.POST if request.method == "POST" else None, initial=initial)
    if form.is_bound and form.is_valid():
        edit = form.as_edit()
        if form.run(lambda: commands.change_operator(request.actor, edit)) is not None:
            said(request, "Settings saved.")
            return redirect("settings-operator")
    return _page(request, form)


def _page(request: PageRequest, form: OperatorForm, refusals: tuple[str, ...] = ()) -> HttpResponse:
    context = {
        "form": form,
        "subsidiaries": operators.subsidiaries(request.operator.id),
        "zones": sorted(available_timezones()),
        "tab": "operator",
        "refusals": refusals,
    }
    return render(request, "web/settings/operator.html", context, status=422 if refusals else form.http_status)


@page(Right.OPERATOR_EDIT, doing="add a subsidiary", methods=("POST",))
def add_subsidiary(request: PageRequest) -> HttpResponse:
    try:
        facts = commands.add_subsidiary(request.actor, request.POST.get("name", ""))
    except Invalid as refusal:
        return _refused(request, refusal)
    said(request, f"{facts.name} added.")
    return redirect("settings-operator")


@page(Right.OPERATOR_EDIT, doing="change a subsidiary", methods=("POST",))
def change_subsidiary(request: PageRequest, subsidiary_id: int) -> HttpResponse:
    """Rename or, with the button `remove`, remove it."""
    try:
        if "remove" in request.POST:
            commands.remove_subsidiary(request.actor, subsidiary_id)
            said(request, "Removed.")
        else:
            facts = commands.rename_subsidiary(request.actor, subsidiary_id, request.POST.get("name", ""))
            said(request, f"{facts.name} saved.")
    except Invalid as refusal:
        return _refused(request, refusal)
    return redirect("settings-operator")


def _refused(request: PageRequest, refusal: Invalid) -> HttpResponse:
    initial = {name: getattr(request.operator, name) for name in OperatorForm.base_fields}
    return _page(request, OperatorForm(initial=initial), tuple(p.sentence for p in refusal.problems))
