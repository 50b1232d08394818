"""Every operation of Connect's pages, found from its own addresses and tables of steps, so that none is forgotten."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.urls import reverse

from connect.pages import desk, external_api, orders, organisation
from connect.pages.urls import urlpatterns

from .conftest import Town

STEPS = {
    "order-do": orders.STEPS, "request-do": desk.STEPS, "organisation-do": organisation.STEPS,
    "external-api-do": external_api.STEPS,
}  # fmt: skip
POSTS = {
    "order-directly": "operator", "change-here": "operator", "catalogue-do": "handler",
    "airport-do": "handler", "user-do": "",
    "order-do": "operator", "request-do": "handler", "external-api-do": "operator", "organisation-do": "",
}  # fmt: skip
PAGES = {
    "orders": "operator", "order": "operator", "trip": "operator", "desk": "handler", "request": "handler",
    "slots": "handler", "catalogue": "handler", "airports": "", "organisation": "", "users": "",
    "external-api": "operator", "external-api-callback": "operator",
}  # fmt: skip
ALSO_POST = ("catalogue", "users")
OPEN = ("home", "sign-in", "sign-out", "hook")  # of nobody's data; tested by themselves


@dataclass(frozen=True)
class Operation:
    """One thing that can be asked of the pages. `kind` is the party whose it is; empty: both."""

    name: str
    method: str
    path: str
    kind: str


def operations(town: Town) -> Iterator[Operation]:
    names = {pattern.name for pattern in urlpatterns}
    assert names == {*PAGES, *POSTS, *OPEN}, "A page is missing here, or no longer there."
    known = {
        "number": town.order.number, "flight_id": town.flight.id, "icao": "EPWA",
        "service_id": town.handler.catalogue.get().id, "user_id": 0, "hook": "x",
    }  # fmt: skip
    for pattern in urlpatterns:
        name = str(pattern.name)
        wanted = {key: known[key] for key in pattern.pattern.converters if key != "step"}
        if name == "user-do":
            wanted["user_id"] = town.people["olga"].id
        for step in STEPS.get(name, ("",)):
            words = {**wanted, **({"step": step} if step else {})}
            if name in POSTS:
                own = "operator" if name == "organisation-do" and step in organisation.OF_OPERATORS else POSTS[name]
                yield Operation(f"{name} {step}".strip(), "POST", reverse(name, kwargs=words), own)
            elif name in PAGES:
                yield Operation(name, "GET", reverse(name, kwargs=words), PAGES[name])
                if name in ALSO_POST:
                    yield Operation(name, "POST", reverse(name, kwargs=words), PAGES[name])
