"""The Add-ons page: a card for every integration, with two filters that combine."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.http import HttpResponse
from django.shortcuts import render

from airstair.hub import health
from airstair.hub.contract import Category
from airstair.hub.health import Card, Health
from airstair.web.acting import PageRequest, page
from airstair.web.addons import times
from airstair.web.addons.looks import Look, look_of_health
from airstair.web.addons.notices import open_notices

STATES = (("all", "All"), ("active", "Active"), ("disabled", "Disabled"))


@dataclass(frozen=True)
class Shown:
    """A card with its look. `on`: at least one of its connections is."""

    card: Card
    look: Look
    on: bool
    last_success_ago: str
    waiting: str

    @property
    def environment(self) -> str:
        connection = self.card.connection
        return str(connection.settings.get("environment", "")) if connection else ""


@page(methods=("GET",))
def cards(request: PageRequest) -> HttpResponse:
    """Everybody sees the cards; the way to the configuration only who may use it. Eight statements."""
    now = times.now()
    everything = [_shown(card, now) for card in health.cards(request.operator.id, clock=times.CLOCK)]
    category, state, remarks = _filters(request)
    chosen = [one for one in everything if _fits(one, category, state)]
    shelves: dict[Category, list[Shown]] = {}
    for one in chosen:
        shelves.setdefault(one.card.addon.category, []).append(one)
    context = {
        "shelves": sorted(shelves.items(), key=lambda shelf: list(Category).index(shelf[0])),
        "category": category,
        "state": state,
        "states": [(value, word, sum(_fits(one, category, value) for one in everything)) for value, word in STATES],
        "categories": sorted({one.card.addon.category for one in everything}, key=list(Category).index),
        "remarks": remarks,
        "filtered": bool(category or state != "all"),
        "notices": open_notices(request.operator.id),
        "live": " ".join(f"ledger:{one.card.connection.id}" for one in everything if one.card.connection),
    }
    return render(request, "web/addons/_cards.html" if request.htmx else "web/addons/cards.html", context)


def _shown(card: Card, now: datetime) -> Shown:
    return Shown(
        card=card,
        look=look_of_health(card.health),
        on=card.health is not Health.OFF,
        last_success_ago=times.apart(card.last_success, now),
        waiting=times.apart(card.oldest_waiting, now),
    )


def _filters(request: PageRequest) -> tuple[Category | None, str, list[str]]:
    remarks: list[str] = []
    category, state = request.GET.get("category", ""), request.GET.get("state", "all") or "all"
    if state not in dict(STATES):
        remarks.append(f"“{state[:30]}” is not a state. Choose all, active or disabled.")
        state = "all"
    if category and category not in set(Category):
        remarks.append(f"“{category[:30]}” is not a category. Choose one from the list.")
        category = ""
    return (Category(category) if category else None), state, remarks


def _fits(one: Shown, category: Category | None, state: str) -> bool:
    in_category = category is None or one.card.addon.category is category
    return in_category and (state == "all" or one.on == (state == "active"))
