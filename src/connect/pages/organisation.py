"""The organisation's own page: who it is, its subsidiaries and fleet, its contacts; and airports with slots."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import Http404, HttpResponse
from django.urls import reverse

from connect.pages.acting import Acting, done, page, shown
from connect.pages.reading import row_id, text
from connect.parties import commands, queries
from connect.parties.rights import Act, Module

VIEW, CHANGE = (Module.ORGANISATION, Act.VIEW), (Module.ORGANISATION, Act.MODIFY)


@page("", VIEW)
def organisation(request: Acting) -> HttpResponse:
    """Operators see subsidiaries and fleet too, handlers their airports."""
    actor = request.actor
    own, below = queries.organisation(actor), queries.subsidiaries(actor)
    fleet: dict[int, list[Any]] = {}
    for one in queries.fleet(actor):
        fleet.setdefault(one.organisation_id, []).append(one)
    every = [own, *(one for one in below if one.id != own.id)]
    context: dict[str, Any] = {
        "own": own, "parts": [(one, fleet.get(one.id, [])) for one in every], "people": queries.people(actor),
        "operator": actor.kind == "operator", "may_change": actor.may(*CHANGE), "is_main": actor.main_id == own.id,
        "may_add": actor.may(Module.ORGANISATION, Act.CREATE), "may_delete": actor.may(Module.ORGANISATION, Act.DELETE),
    }  # fmt: skip
    return shown(request, "organisation.html", **context)


def _edit(request: Acting) -> commands.OrganisationEdit:
    return commands.OrganisationEdit(
        name=text(request.POST, "name", 120), email=text(request.POST, "email", 254),
        phone=text(request.POST, "phone", 40), currency=text(request.POST, "currency", 3).upper() or "EUR",
        stations=tuple(text(request.POST, "stations", 500).replace(",", " ").split()),
        emergency_email=text(request.POST, "emergency_email", 254),
        accounting_email=text(request.POST, "accounting_email", 254),
    )  # fmt: skip


def _change(request: Acting) -> str:
    commands.change_organisation(request.actor, _edit(request), row_id(request.POST, "organisation") or None)
    return "Saved."


def _contact(request: Acting) -> str:
    commands.set_operations_contact(request.actor, row_id(request.POST, "person"))
    return "The operations contact is set."


def _subsidiary(request: Acting) -> str:
    made = commands.create_organisation(request.actor, "operator", _edit(request), request.actor.main_id)
    return f"{made.name} is added. Its aircraft can be entered now."


def _aircraft(request: Acting) -> str:
    where = row_id(request.POST, "organisation")
    words = [text(request.POST, name, 20) for name in ("registration", "icao_type", "call_sign")]
    return f"{commands.add_aircraft(request.actor, where, *words).registration} is in the fleet."


def _no_aircraft(request: Acting) -> str:
    commands.remove_aircraft(request.actor, row_id(request.POST, "aircraft"))
    return "Taken out of the fleet."


STEPS: dict[str, Callable[[Acting], str]] = {
    "change": _change, "contact": _contact, "subsidiary": _subsidiary, "aircraft": _aircraft,
    "no-aircraft": _no_aircraft,
}  # fmt: skip
OF_OPERATORS = {"subsidiary", "aircraft", "no-aircraft"}


@page("", VIEW, "POST")
def organisation_do(request: Acting, step: str) -> HttpResponse:
    """Whatever is pressed on the organisation's page."""
    if step not in STEPS:
        raise Http404
    if step in OF_OPERATORS:
        request.actor.need_kind("operator", "This page")
    return done(request, lambda: STEPS[step](request), reverse("organisation"))


@page("", VIEW)
def airports(request: Acting) -> HttpResponse:
    """Which airports need a slot: those, or what is looked for."""
    actor, search = request.actor, text(request.GET, "q", 40)
    found = queries.airports(search)
    stations = set(queries.organisation(actor).stations) if actor.may(*CHANGE) else set()
    rows = [(one, one.icao in stations) for one in found if search or one.slot_required or one.icao in stations]
    return shown(request, "airports.html", airports=rows, q=search)


@page("handler", CHANGE, "POST")
def airport_do(request: Acting, icao: str) -> HttpResponse:
    """Slot required there, or not: said by a handler who serves it."""
    required = request.POST.get("required") == "1"

    def act() -> str:
        commands.set_slot_required(request.actor, icao, required)
        return f"{icao.upper()}: slot {'required' if required else 'not required'}."

    return done(request, act, reverse("airports"))
