"""The fatigue analysis of one crew member: by whichever add-on the operator has switched on for it.

The pop-up asks for this as a fragment; the same address is a page of its own. Nothing is stored, and nobody is called.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpResponse
from django.shortcuts import render

from airstair.hub.inside import model_for
from airstair.kernel.errors import NotFound
from airstair.records.crewing.fatigue.analysis import LEAD_IN, Analysis, Judged
from airstair.records.crewing.queries import crew_period
from airstair.records.operators.rules import Right
from airstair.web.acting import PageRequest, page
from airstair.web.crew.timeline_plot import drawing, gist, readings
from airstair.web.crew.timeline_views import CLOCK, FATIGUE, SEE, window_of

_WELL, _LOW = 90.0, 65.0  # per cent; between them the criterion divides


@dataclass(frozen=True)
class Line:
    """A line of the table, with a word for how it is."""

    judged: Judged
    href: str
    tone: str
    word: str


@page(Right.CREW_VIEW, doing=SEE, methods=("GET",))
def fatigue(request: PageRequest, crew_member_id: int) -> HttpResponse:
    """The analysis for the days that the address names."""
    model = model_for(request.operator.id, FATIGUE)
    if model is None:
        raise NotFound("A fatigue model that is switched on")
    window = window_of(request.GET, CLOCK.now())
    period = crew_period(request.operator.id, crew_member_id, window.start, window.end, before=LEAD_IN)
    found: Analysis = model.ask(period)
    context = {
        "member": period.line.member,
        "home_zone": period.home_zone,
        "window": window,
        "model": model,
        "analysis": found,
        "lines": [_line(one, found.criterion) for one in found.judged],
        "gist": gist(found),
        "plot": drawing(found) if found.judged else "",
        "readings": readings(found),
        "inner": "web/crew/_timeline_fatigue.html",
    }
    return render(
        request, "web/crew/_timeline_fatigue.html" if request.htmx else "web/crew/timeline_fatigue.html", context
    )


def _line(one: Judged, criterion: float) -> Line:
    tone, word = tone_of(one.lowest, criterion)
    kind, _, number = one.work.key.partition(":")
    path = "/ops/flights/" if kind == "flight" else "/crew/duties/"
    return Line(judged=one, href=f"{path}{number}", tone=tone, word=word)


def tone_of(lowest: float, criterion: float) -> tuple[str, str]:
    """How the least effective minute of a piece of work is shown: the badge's tone, and its word."""
    if lowest < min(_LOW, criterion):
        return "bad", "Very low"
    if lowest < criterion:
        return "bad", "Below criterion"
    return ("warn", "Reduced") if lowest < _WELL else ("ok", "Well")
