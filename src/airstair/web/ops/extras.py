"""What hangs on a flight: its empty-leg offer, its services. Each a small form of its own."""

from __future__ import annotations

from django.http import HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse

from airstair.records.flights import commands
from airstair.records.flights import queries as flights
from airstair.records.flights.facts import FlightFacts
from airstair.records.flights.rules import ServedParty, ServiceKind
from airstair.records.operators.rules import Right
from airstair.web.acting import PageRequest, page
from airstair.web.forms import CommandForm
from airstair.web.ops.answering import next_page, said, sight, touched
from airstair.web.ops.flights import panel
from airstair.web.ops.forms import EmptyLegForm

_SERVICE_FIELDS = commands.ServiceInput.__struct_fields__
_MOST_SERVICES = 60
_EMPTY_ROWS = 2


@page(Right.SCHEDULE_EDIT, doing="offer empty legs")
def edit_empty_leg(request: PageRequest, flight_id: int) -> HttpResponse:
    """Offer a flight as an empty leg, or change the offer."""
    facts = flights.flight(request.operator.id, flight_id, aircraft_ids=sight(request))
    offer = facts.empty_leg
    form = EmptyLegForm(request.POST or None, initial=_offer(facts))
    if request.method == "POST":
        form = EmptyLegForm(request.POST, initial=_offer(facts))
        if form.is_valid() and form.run(lambda: _save_offer(request, facts, form)) is not None:
            said(request, f"The offer of {facts.title} is saved.")
            return _back(request, facts)
    context = {"form": form, "flight": facts, "offer": offer}
    return _form(request, "empty_leg", context, form)


def _offer(facts: FlightFacts) -> dict[str, object]:
    if facts.empty_leg is None:
        return {"currency": "EUR"}
    return {name: getattr(facts.empty_leg, name) for name in EmptyLegForm.base_fields}


def _save_offer(request: PageRequest, facts: FlightFacts, form: EmptyLegForm) -> FlightFacts:
    if facts.empty_leg is None:
        return commands.mark_empty_leg(request.actor, facts.id, form.as_input())
    return commands.change_empty_leg(request.actor, facts.id, form.as_edit())


@page(Right.SCHEDULE_EDIT, doing="change a flight's services")
def edit_services(request: PageRequest, flight_id: int) -> HttpResponse:
    """The whole list of services, a row each; a row without a kind is left out."""
    facts = flights.flight(request.operator.id, flight_id, aircraft_ids=sight(request))
    form = CommandForm(request.POST if request.method == "POST" else None)
    if form.is_bound:
        lines = _typed_services(request.POST)
        wanted = tuple(commands.ServiceInput(**line) for line in lines)
        if form.is_valid() and form.run(lambda: commands.set_services(request.actor, flight_id, wanted)) is not None:
            said(request, f"Services of {facts.title} saved.")
            return _back(request, facts)
    else:
        lines = [{field: str(getattr(s, field)) for field in _SERVICE_FIELDS} for s in facts.services]
    blank = dict.fromkeys(_SERVICE_FIELDS, "") | {"source": "PROPRIETARY", "served": ServedParty.ALL.value}
    context = {
        "form": form,
        "flight": facts,
        "lines": [*lines, *([blank] * _EMPTY_ROWS)],
        "kinds": list(ServiceKind),
        "parties": list(ServedParty),
    }
    return _form(request, "services", context, form)


def _typed_services(post: QueryDict) -> list[dict[str, str]]:
    """The rows that were filled in. Missing columns are empty, which the command refuses where it matters."""
    columns = {field: post.getlist(field)[: _MOST_SERVICES + _EMPTY_ROWS] for field in _SERVICE_FIELDS}
    longest = max(map(len, columns.values()), default=0)
    rows = [
        {field: values[at].strip() if at < len(values) else "" for field, values in columns.items()}
        for at in range(longest)
    ]
    return [row for row in rows if row["kind"] or row["provider_id"] or row["provider_name"]]


def _form(request: PageRequest, name: str, context: dict[str, object], form: CommandForm) -> HttpResponse:
    inner = f"web/ops/_{name}.html"
    template = inner if request.htmx else "web/ops/form_page.html"
    return render(request, template, context | {"inner": inner}, status=form.http_status)


def _back(request: PageRequest, facts: FlightFacts) -> HttpResponse:
    if not request.htmx:
        return next_page(reverse("flight", args=[facts.id]))
    return touched(panel(request, facts.id), [facts.aircraft_id])
