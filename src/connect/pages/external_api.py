"""The page of the connection to the operator's schedule: connect, active or not, how it does, withdraw."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from connect.errors import ConnectError, Forbidden, NotFound
from connect.pages.acting import Acting, done, page, shown
from connect.pages.live import with_region
from connect.pages.reading import text
from connect.parties import queries as parties
from connect.parties.rights import Act, Module
from connect.sync import connecting, queries

VIEW, CHANGE = (Module.ORGANISATION, Act.VIEW), (Module.ORGANISATION, Act.MODIFY)


@page("operator", VIEW)
def external_api(request: Acting) -> HttpResponse:
    """How the connection does, and what is still needed for it to work."""
    actor = request.actor
    connection = queries.connection(actor)
    needs = [
        (parties.contact_may_synchronise(actor.main_id), "The operations contact has all rights on flights and orders.",
         "organisation"),
        (bool(parties.fleet(actor)), "The fleet is entered, under the organisation that owns each aircraft.",
         "organisation"),
        (connection is not None and bool(connection.refresh_token), "An administrator of the schedule has granted it.",
         ""),
        (connection is not None and connection.enabled, "It is ticked as active here.", ""),
    ]  # fmt: skip
    context: dict[str, Any] = {
        "connection": connection, "needs": needs, "may_change": actor.may(*CHANGE),
        "organisation": parties.organisation(actor),
        "address": (connection and connection.base_url) or settings.AIRSTAIR_URL,
        "client_id": connection.client_id if connection else "", "granted": connection and connection.refresh_token,
        "flights": queries.flight_count(actor), "waiting": queries.waiting_count(actor),
    }  # fmt: skip
    return with_region(request, "external_api.html", "_external_api.html", context)


def _connect(request: Acting) -> HttpResponse:
    """On to the schedule's own page, where its administrator grants what Connect may see."""
    base, client = text(request.POST, "address", 200), text(request.POST, "client_id", 200)
    target = connecting.begin(request.actor, base, client, text(request.POST, "client_secret", 300))
    parts = urlsplit(target)
    return shown(request, "leave.html", address=target, origin=f"{parts.scheme}://{parts.netloc}")


def _active(request: Acting) -> HttpResponse:
    enabled = request.POST.get("active") == "1"
    said = "The connection is active." if enabled else "The connection rests: nothing is fetched and nothing told."
    return done(request, lambda: _then(lambda: connecting.set_enabled(request.actor, enabled), said), _here())


def _withdraw(request: Acting) -> HttpResponse:
    said = "The connection is withdrawn. Flights and orders stay; they follow the schedule no more."
    return done(request, lambda: _then(lambda: connecting.disconnect(request.actor), said), _here())


def _then(act: Callable[[], object], said: str) -> str:
    act()
    return said


def _here() -> str:
    return reverse("external-api")


STEPS: dict[str, Callable[[Acting], HttpResponse]] = {"connect": _connect, "active": _active, "withdraw": _withdraw}


@page("operator", CHANGE, "POST")
def external_api_do(request: Acting, step: str) -> HttpResponse:
    """Connect, tick as active, withdraw."""
    if step not in STEPS:
        raise Http404
    try:
        return STEPS[step](request)
    except (NotFound, Forbidden):
        raise
    except ConnectError as refused:
        messages.error(request, str(refused))
        return HttpResponseRedirect(_here())


@page("operator", CHANGE)
def callback(request: Acting) -> HttpResponse:
    """Where the schedule sends its administrator back to, with a code or with a no."""
    code, state = text(request.GET, "code", 500), text(request.GET, "state", 200)

    def act() -> str:
        if text(request.GET, "error", 100) or not code:
            raise ConnectError("The schedule's administrator did not grant it. Begin again when they will.")
        connecting.finish(request.actor, code, state)
        return "Connected. Tick “Active” if it is not, then submit a flight's services on the checklist."

    done(request, act, _here())
    return HttpResponseRedirect(_here())
