"""An application on a flight's checklist: choosing services and handlers, submitting, and its proposals."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import render

from airstair.kernel.errors import NotFound
from airstair.records.checklist import applications, commands, queries
from airstair.records.checklist.commands import Submission
from airstair.records.checklist.rules import ADEP, ADES, SERVICES, is_available
from airstair.records.checklist.snapshots import ChecklistFacts, ModuleFacts
from airstair.records.flights import queries as flights
from airstair.records.flights.facts import FlightFacts
from airstair.records.operators.rules import Right
from airstair.web.acting import PageRequest, page
from airstair.web.forms import CommandForm
from airstair.web.ops.answering import said, sight, touched
from airstair.web.ops.checklist import attempt, done
from airstair.web.ops.checklistforms import handler_choices, typed_submission

_ASK = "ask for services"


@page(Right.CHECKLIST_EDIT, doing=_ASK)
def module(request: PageRequest, flight_id: int, application_id: int) -> HttpResponse:
    """Handlers and services of both sides, ticked as they are asked for now; submitting asks for exactly these."""
    flight = _flight(request, flight_id)
    facts = queries.checklist(request.operator.id, flight_id)
    known = _known(request, facts, application_id)
    form = CommandForm(request.POST if request.method == "POST" else None)
    wanted = typed_submission(request.POST) if form.is_bound else _as_it_is(facts, known)
    if form.is_bound and form.is_valid():
        after = form.run(lambda: commands.submit(request.actor, flight_id, application_id, wanted))
        if after is not None:
            said(request, f"Submitted to {after.application_name}. Its answers appear here by themselves.")
            return done(request, flight)
    context = {
        "form": form,
        "flight": flight,
        "module": known,
        "active": applications.active(request.operator.id, application_id),
        "sides": [
            _side(request, facts, known, wanted, side, airport)
            for side, airport in ((ADEP, flight.adep), (ADES, flight.ades))
        ],
    }
    inner = "web/ops/_checklist_module.html"
    template = inner if request.htmx else "web/ops/form_page.html"
    return render(request, template, context | {"inner": inner}, status=form.http_status)


def _flight(request: PageRequest, flight_id: int) -> FlightFacts:
    return flights.flight(request.operator.id, flight_id, aircraft_ids=sight(request))


def _known(request: PageRequest, facts: ChecklistFacts, application_id: int) -> ModuleFacts:
    for one in facts.modules:
        if one.application_id == application_id:
            return one
    for offered in applications.offered(request.operator.id):
        if offered.id == application_id:
            return ModuleFacts(
                id=0, flight_id=facts.flight_id, application_id=offered.id, application_name=offered.name
            )
    raise NotFound("This application")


def _as_it_is(facts: ChecklistFacts, known: ModuleFacts) -> Submission:
    """What it is asked for now; of a first request nothing, but who is the provider of handling already."""
    mine = {one.definition.key: one for one in facts.items if one.application_id == known.application_id}
    provider = {one.definition.key: one.handler.id for one in facts.items if one.handler}
    chosen = [known.adep_handler, known.ades_handler]
    first = known.submission == 0
    return Submission(
        adep_handler_id=chosen[0].id if chosen[0] else provider.get("HANDLING_ADEP") if first else None,
        ades_handler_id=chosen[1].id if chosen[1] else provider.get("HANDLING_ADES") if first else None,
        services={key: one.details for key, one in mine.items() if one.ticked},
    )


def _side(
    request: PageRequest, facts: ChecklistFacts, known: ModuleFacts, wanted: Submission, side: str, airport: str
) -> dict[str, Any]:
    items = {one.definition.key: one for one in facts.items}
    kinds = [one for one in queries.definitions(request.operator.id) if one.enabled and one.key in SERVICES]
    lists = queries.available_services(request.operator.id, known.application_id)
    services = [
        {
            "definition": one,
            "ticked": one.key in wanted.services,
            "details": wanted.services.get(one.key, items[one.key].details if one.key in items else ""),
            "item": items.get(one.key),
        }
        for one in kinds
        if one.side == side and (one.key in wanted.services or is_available(lists, airport, one.key))
    ]
    chosen = wanted.adep_handler_id if side == ADEP else wanted.ades_handler_id
    current = known.adep_handler if side == ADEP else known.ades_handler
    return {
        "field": f"{side.lower()}_handler_id",
        "airport": airport,
        "name": "Departure" if side == ADEP else "Arrival",
        "handlers": handler_choices(request.operator.id, airport, current),
        "chosen": str(chosen or ""),
        "services": services,
    }


@page(Right.CHECKLIST_EDIT, doing="change the checklist", methods=("POST",))
def remove_module(request: PageRequest, flight_id: int, application_id: int) -> HttpResponse:
    """Off the list. What was submitted goes on."""
    flight = _flight(request, flight_id)
    return attempt(request, flight, lambda: commands.remove_module(request.actor, flight_id, application_id))


@page(Right.SCHEDULE_EDIT, doing="re-time flights", methods=("POST",))
def accept(request: PageRequest, flight_id: int, application_id: int) -> HttpResponse:
    """Re-time the flight as proposed."""
    flight = _flight(request, flight_id)

    def take() -> None:
        commands.accept_proposal(request.actor, flight_id, application_id)
        after = _flight(request, flight_id)
        messages.success(request, f"{flight.number} is re-timed: {after.std:%H%M}Z to {after.sta:%H%M}Z.")

    return touched(attempt(request, flight, take), [flight.aircraft_id])


@page(Right.CHECKLIST_EDIT, doing="dismiss proposals", methods=("POST",))
def dismiss(request: PageRequest, flight_id: int, application_id: int) -> HttpResponse:
    flight = _flight(request, flight_id)
    return attempt(request, flight, lambda: commands.dismiss_proposal(request.actor, flight_id, application_id))
