"""The import windows of reservation partners: choose days or a file, look at what would happen, then import.

Which windows there are, and what can be chosen in them, the add-ons' descriptions say. Nothing is decided here.
"""

from __future__ import annotations

import contextlib
from datetime import date, datetime, timedelta
from urllib.parse import urlencode

from django import forms
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from airstair.hub.pulls import RunLine
from airstair.hub.staging.commands import ask_for_days, hand_in, take_in
from airstair.hub.staging.queries import Door, import_doors, look, standing
from airstair.kernel.errors import AirstairError, Conflict, Invalid, NotFound
from airstair.kernel.utc import parse_day, parse_utc
from airstair.records.operators.rules import Right
from airstair.web.acting import PageRequest, page
from airstair.web.addons import times
from airstair.web.addons.looks import look_of_outcome
from airstair.web.forms import CommandForm, LineField
from airstair.web.ops.answering import said

_DOING = "import from partners"
_MOST_SHOWN = 300  # lines of one section; the count says how many there are


class DaysForm(CommandForm):
    """First and last day, and a file where the partner's schedule can come as one."""

    first = LineField(label="First day", widget=forms.DateInput(attrs={"type": "date"}))
    last = LineField(label="Last day", widget=forms.DateInput(attrs={"type": "date"}))
    file = forms.FileField(label="File", required=False, allow_empty_file=True)

    def day(self, name: str) -> date | None:
        """The day that was typed; `None` for none. Raises `Invalid`."""
        typed = self.cleaned_data.get(name, "")
        return parse_day(typed[:40], name) if typed else None


@page(Right.IMPORT_RUN, doing=_DOING)
def import_window(request: PageRequest, connection_id: int, flow: str) -> HttpResponse:
    """The window: the days to choose, how far the fetching has come, and what was found."""
    door = _door(request, connection_id, flow)
    if request.method == "POST":
        return _ask(request, door)
    query = request.GET
    today = times.now().date()
    most = door.flow.staged.most_days if door.flow.staged else 1
    initial = {"first": today, "last": today + timedelta(days=most - 1)}
    initial |= {name: day for name in initial if (day := _day_of(query.get(name, ""))) is not None}
    return _window(request, door, DaysForm(initial=initial), _since(query.get("since", "")))


@page(Right.IMPORT_RUN, doing=_DOING, methods=("POST",))
def import_run(request: PageRequest, connection_id: int, flow: str, run_id: int) -> HttpResponse:
    """Import what was looked at."""
    door = _door(request, connection_id, flow)
    try:
        run = take_in(request.actor, connection_id, flow, run_id, clock=times.CLOCK)
    except Conflict as refusal:
        form = DaysForm()
        form.conflict = str(refusal)
        return _window(request, door, form, None, status=409)
    said(request, f"Imported from {door.addon.name}: {run.new} new, {run.updated} updated, {run.skipped} skipped.")
    return _window(request, door, DaysForm(), None, done=run)


def _ask(request: PageRequest, door: Door) -> HttpResponse:
    """Fetch, or read the file; then the window shows what came."""
    form = DaysForm(request.POST, request.FILES)
    form.is_valid()
    where = (request.actor, door.facts.id, door.flow.key)
    try:
        days = form.day("first"), form.day("last")
        file = form.cleaned_data.get("file")
        if "hand_in" in request.POST:
            if file is None:
                raise Invalid.one("file", "No file was chosen. Choose one, or fetch the days instead.")
            run = hand_in(*where, days, (file.name, file.read()), clock=times.CLOCK)
            since = run.started_at
        else:
            since = ask_for_days(*where, *days, clock=times.CLOCK)
    except Invalid as refusal:
        form.take(refusal)
        return _window(request, door, form, None, status=422)
    query = urlencode({"first": days[0], "last": days[1], "since": since.isoformat()})
    if not request.htmx:
        return redirect(f"{reverse('import-window', args=[door.facts.id, door.flow.key])}?{query}")
    return _window(request, door, DaysForm(initial={"first": days[0], "last": days[1]}), since)


def _window(
    request: PageRequest,
    door: Door,
    form: DaysForm,
    since: datetime | None,
    *,
    status: int = 200,
    done: RunLine | None = None,
) -> HttpResponse:
    inner = "web/ops/_import.html"
    context: dict[str, object] = {"door": door, "form": form, "done": done, "inner": inner, "most": _MOST_SHOWN}
    context |= {"slice": f":{_MOST_SHOWN}", "beyond": -_MOST_SHOWN}
    if since is not None:
        context |= _progress(request, door, since)
    return render(request, inner if request.htmx else "web/ops/form_page.html", context, status=status)


def _progress(request: PageRequest, door: Door, since: datetime) -> dict[str, object]:
    """How far it has come; and once it is there, what would become of each flight."""
    where = standing(request.actor, door.facts.id, door.flow.key, since)
    context: dict[str, object] = {"standing": where, "since": since}
    if where.run is not None and where.run.outcome is not None:
        context["outcome"] = look_of_outcome(where.run.outcome)
    if where.looked and where.run is not None:
        with contextlib.suppress(Conflict):  # somebody has taken it in since; the window says that it is gone
            context["found"] = look(request.actor, door.facts.id, door.flow.key, where.run.id, times.now())
    return context


def _door(request: PageRequest, connection_id: int, flow: str) -> Door:
    for door in import_doors(request.operator.id):
        if (door.facts.id, door.flow.key) == (connection_id, flow):
            return door
    raise NotFound("This import window")


def _day_of(text: str) -> date | None:
    """A day in the address; nothing where it is none."""
    try:
        return parse_day(text[:40]) if text else None
    except Invalid:
        return None


def _since(text: str) -> datetime | None:
    try:
        return parse_utc(text[:40]) if text else None
    except AirstairError:
        return None
