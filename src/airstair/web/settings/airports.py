"""The operator's own airports: corrections of published ones, and strips that no list has."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpResponse
from django.shortcuts import redirect, render
from msgspec import UNSET

from airstair.kernel.errors import Invalid
from airstair.records.operators.rules import Right
from airstair.records.places import commands
from airstair.records.places import queries as places
from airstair.web.acting import PageRequest, page
from airstair.web.forms import CommandForm, LineField, code_field
from airstair.web.ops.answering import said


class AirportForm(CommandForm):
    """An empty field leaves what is published."""

    code = code_field("Code", help_text="ICAO code, or four letters of your own.")
    iata = code_field("IATA code")
    name = LineField(label="Name")
    city = LineField(label="City")
    country = code_field("Country", help_text="Two letters, such as PL.")
    latitude = forms.FloatField(label="Latitude, degrees", required=False, help_text="North is positive: 52.1657")
    longitude = forms.FloatField(label="Longitude, degrees", required=False, help_text="East is positive: 20.9671")
    time_zone = LineField(label="Time zone", help_text="Such as Europe/Warsaw.")

    def as_edit(self) -> commands.AirportEdit:
        clean: dict[str, Any] = dict(self.cleaned_data)
        typed = {name: value if value not in (None, "") else UNSET for name, value in clean.items()}
        return commands.AirportEdit(**{**typed, "code": clean["code"]})


@page(Right.SCHEDULE_VIEW, doing="see airports", methods=("GET",))
def airports(request: PageRequest) -> HttpResponse:
    """The operator's own, and a search in all."""
    typed = request.GET.get("q", "")[:60]
    context = {
        "own": places.overrides(request.operator.id),
        "typed": typed,
        "found": places.find(request.operator.id, typed, limit=20),
        "tab": "airports",
    }
    return render(request, "web/settings/airports.html", context)


@page(Right.PLACES_EDIT, doing="change airports")
def edit_airport(request: PageRequest) -> HttpResponse:
    """The form, filled with what is known of `?code=`."""
    if request.method == "POST":
        form = AirportForm(request.POST)
        if form.is_valid():
            edit = form.as_edit()
            facts = form.run(lambda: commands.set_airport_override(request.actor, edit))
            if facts is not None:
                said(request, f"{facts.label} saved as your own.")
                return redirect("settings-airports")
    else:
        known = places.resolver(request.operator.id).get(request.GET.get("code", "")[:8])
        form = AirportForm(initial={name: getattr(known, name) for name in AirportForm.base_fields} if known else None)
    return render(request, "web/settings/airport.html", {"form": form, "tab": "airports"}, status=form.http_status)


@page(Right.PLACES_EDIT, doing="change airports", methods=("POST",))
def remove_airport(request: PageRequest) -> HttpResponse:
    typed = request.POST.get("code", "")[:8]
    try:
        commands.remove_airport_override(request.actor, typed)
    except Invalid as refusal:
        context = {
            "own": places.overrides(request.operator.id),
            "refusals": [p.sentence for p in refusal.problems],
            "tab": "airports",
        }
        return render(request, "web/settings/airports.html", context, status=422)
    said(request, f"Back to what is published for {typed.upper()}.")
    return redirect("settings-airports")
