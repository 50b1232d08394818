"""What follows a successful command: a sentence, the board that takes notice, and the page to look at next."""

from __future__ import annotations

import json
from collections.abc import Iterable

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect

from airstair.records.fleet.queries import visible_aircraft
from airstair.web.acting import PageRequest


def sight(request: PageRequest) -> frozenset[int] | None:
    """The aircraft that the person may see; `None` is all of them. One statement."""
    return visible_aircraft(request.actor)


def said(request: PageRequest, sentence: str) -> None:
    """Shown on the next page or fragment."""
    messages.success(request, sentence)


def touched(response: HttpResponse, aircraft: Iterable[int]) -> HttpResponse:
    """Tell the page around the fragment which lanes to draw again, without waiting for the stream."""
    response["HX-Trigger"] = json.dumps(
        {"airstair:mine": {"units": [f"aircraft:{one}" for one in sorted(set(aircraft))]}}
    )
    return response


def next_page(address: str) -> HttpResponse:
    """After a form that was sent without htmx."""
    return redirect(address)
