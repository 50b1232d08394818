"""The roster: how far it is published, and publishing it by day or by whole month."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from django import forms
from django.http import HttpResponse
from django.shortcuts import redirect, render

from airstair.changes.queries import ChangeRow, trail
from airstair.kernel.units import Unit, UnitKind
from airstair.records.crewing import commands
from airstair.records.crewing import queries as crewing
from airstair.records.crewing.rules import PublishedBy, last_published
from airstair.records.crewing.snapshots import CrewBoard, RosterFacts
from airstair.records.operators.rules import Right
from airstair.web.acting import PageRequest, page
from airstair.web.crew.timeline import duty_bar, flight_bar
from airstair.web.crew.timeline_views import CLOCK, SEE
from airstair.web.forms import CommandForm
from airstair.web.ops.answering import said
from airstair.web.ops.window import YEARS

_LAST_PUBLISHINGS = 10


class PublishForm(CommandForm):
    """Up to which day, and whether the whole of its month."""

    up_to = forms.DateField(
        label="Publish up to",
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages={"invalid": "That is not a day. Choose one from the calendar."},
    )
    by = forms.ChoiceField(
        label="How far",
        choices=[(PublishedBy.DAY.value, "To this day"), (PublishedBy.MONTH.value, "To the end of its month")],
        widget=forms.RadioSelect,
    )


@dataclass(frozen=True)
class Cell:
    """What one crew member does on one day: short words, and whether it is published."""

    words: tuple[tuple[str, str, str], ...]  # css, word, sentence
    published: bool


@page(Right.CREW_VIEW, doing=SEE)
def roster(request: PageRequest) -> HttpResponse:
    """A month of everybody's days, with the effective date; publishing, for whoever may."""
    now = CLOCK.now()
    facts = crewing.roster(request.operator.id)
    month = _month(request.GET.get("month", ""), now.date())
    form = PublishForm(
        request.POST if request.method == "POST" else None,
        initial={"up_to": facts.effective_date or now.date(), "by": facts.published_by.value},
    )
    if form.is_bound and form.is_valid():
        up_to, by = form.cleaned_data["up_to"], form.cleaned_data["by"]
        after = form.run(lambda: commands.publish_roster(request.actor, up_to, by, clock=CLOCK))
        if after is not None:
            said(request, f"The roster is published up to {after.effective_date:%-d %B %Y}.")
            return redirect(request.get_full_path())
    days = [month + timedelta(days=n) for n in range((last_published(month, PublishedBy.MONTH) - month).days + 1)]
    start = datetime.combine(month, time(), UTC)
    board = crewing.crew_board(request.operator.id, start, start + timedelta(days=len(days)))
    context = {
        "form": form,
        "roster": facts,
        "month": month,
        "earlier": (month - timedelta(days=1)).replace(day=1),
        "later": days[-1] + timedelta(days=1),
        "this_month": now.date().replace(day=1),
        "days": [(day, facts.covers(day), day == now.date()) for day in days],
        "rows": [(line.member, cells) for line, cells in zip(board.lines, _cells(board, days, facts), strict=True)],
        "publishings": _publishings(request),
    }
    return render(request, "web/crew/roster.html", context, status=form.http_status)


def _month(typed: str, today: date) -> date:
    """The first day of the month in the address; of this one, where that does not fit."""
    try:
        month = date.fromisoformat(f"{typed[:7]}-01")
    except ValueError:
        return today.replace(day=1)
    return month if YEARS[0] <= month.year <= YEARS[1] else today.replace(day=1)


def _cells(board: CrewBoard, days: list[date], facts: RosterFacts) -> list[list[Cell]]:
    found = []
    for line in board.lines:
        bars = sorted([*map(flight_bar, line.flights), *map(duty_bar, line.duties)], key=lambda one: one.start)
        row = []
        for day in days:
            begin = datetime.combine(day, time(), UTC)
            mine = [bar for bar in bars if bar.start < begin + timedelta(days=1) and bar.end > begin]
            words = tuple((bar.look.css, bar.first, bar.sentence) for bar in mine)
            row.append(Cell(words, facts.covers(day)))
        found.append(row)
    return found


def _publishings(request: PageRequest) -> list[ChangeRow]:
    """The latest moves of the effective date, for whoever may read the trail."""
    if not request.actor.may(Right.AUDIT_VIEW):
        return []
    lines = trail(request.operator.id, subject=Unit(UnitKind.OPERATOR, request.operator.id), limit=300)
    return [one for one in lines if one.kind == "roster.published"][:_LAST_PUBLISHINGS]
