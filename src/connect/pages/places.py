"""The pages that somebody's menu offers: those of their party whose module they may view. Decides no access."""

from __future__ import annotations

import msgspec
from django.urls import reverse

from connect.parties.rights import Act, Actor, Module


class Place(msgspec.Struct, frozen=True):
    """One entry of the menu."""

    words: str
    address: str
    here: bool


MENUS: dict[str, tuple[tuple[str, str, Module], ...]] = {
    "operator": (
        ("Orders", "orders", Module.ORDERS),
        ("Airports", "airports", Module.ORGANISATION),
        ("Organisation", "organisation", Module.ORGANISATION),
        ("Users", "users", Module.ORGANISATION),
        ("External API", "external-api", Module.ORGANISATION),
    ),
    "handler": (
        ("Desk", "desk", Module.ORDERS),
        ("Slots", "slots", Module.ORDERS),
        ("Catalogue", "catalogue", Module.CATALOGUE),
        ("Airports", "airports", Module.ORGANISATION),
        ("Organisation", "organisation", Module.ORGANISATION),
        ("Users", "users", Module.ORGANISATION),
    ),
}


def places_for(actor: Actor, path: str) -> tuple[Place, ...]:
    """What the menu of this person shows, and where they are."""
    found = []
    for words, name, module in MENUS[actor.kind]:
        if actor.may(module, Act.VIEW):
            address = reverse(name)
            found.append(Place(words, address, path.startswith(address)))
    return tuple(found)
