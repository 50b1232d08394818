"""Suggestions for airport codes while somebody types."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render

from airstair.records.operators.rules import Right
from airstair.records.places import queries as places
from airstair.web.acting import PageRequest, page

_LONGEST = 40


@page(Right.SCHEDULE_VIEW, doing="look up airports", methods=("GET",))
def suggest(request: PageRequest) -> HttpResponse:
    """Options for a datalist: code, name and city of the airports that fit best."""
    found = places.find(request.operator.id, request.GET.get("q", "")[:_LONGEST], limit=10)
    return render(request, "web/ops/_airports.html", {"airports": found})
