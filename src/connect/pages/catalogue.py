"""A handler's catalogue: what it offers and for how much."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.urls import reverse

from connect.pages.acting import Acting, done, page, shown
from connect.pages.reading import amount, text
from connect.parties import commands, queries
from connect.parties.rights import Act, Module

VIEW = (Module.CATALOGUE, Act.VIEW)
# As the facts of the trade name them: the first three are ground handling, the others hangar and parking.
CATEGORIES = ("Services", "Mandatory Ground Handling", "Package", "Hangar", "Outside ramp", "Parking")


@page("handler", VIEW, "GET POST")
def catalogue(request: Acting) -> HttpResponse:
    """All services; a POST adds one."""
    actor = request.actor
    if request.method == "POST":
        actor.need(Module.CATALOGUE, Act.CREATE)
        return done(request, lambda: f"{commands.save_service(actor, _edit(request)).title} is added.", _here())
    rights = {f"may_{act.value.lower()}": actor.may(Module.CATALOGUE, act) for act in Act}
    context: dict[str, Any] = {
        "services": queries.catalogue(actor), "categories": CATEGORIES, "new": {"id": "new", "shown": True},
        "currency": queries.organisation(actor).currency, **rights,
    }  # fmt: skip
    return shown(request, "catalogue.html", **context)


def _edit(request: Acting) -> commands.ServiceEdit:
    category = text(request.POST, "category", 40)
    return commands.ServiceEdit(
        title=text(request.POST, "title", 120), category=category if category in CATEGORIES else CATEGORIES[0],
        reference=text(request.POST, "reference", 40), price=amount(request.POST, "price", "The price"),
        service=text(request.POST, "service", 60).upper().replace(" ", "_"), shown=request.POST.get("shown") == "1",
    )  # fmt: skip


def _here() -> str:
    return reverse("catalogue")


@page("handler", VIEW, "POST")
def catalogue_do(request: Acting, service_id: int) -> HttpResponse:
    """Change a service, or take it out."""

    def act() -> str:
        if "delete" in request.POST:
            commands.remove_service(request.actor, service_id)
            return "Taken out of the catalogue."
        return f"{commands.save_service(request.actor, _edit(request), service_id).title} is saved."

    return done(request, act, _here())
