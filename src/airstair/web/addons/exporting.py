"""EXPORT NOW and the progress of an export, which can be left and come back to by its address."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from airstair.hub.approvals import send_anyway
from airstair.hub.connections.queries import ConnectionFacts, connection
from airstair.hub.contract import Addon
from airstair.hub.exports import RunProgress, export_now
from airstair.hub.exports import run as progress_of
from airstair.hub.health import LedgerLine
from airstair.hub.registry import addon
from airstair.kernel.errors import Conflict, Invalid, NotFound
from airstair.kernel.units import Unit
from airstair.kernel.utc import parse_utc
from airstair.records.fleet.queries import visible_aircraft
from airstair.records.operators.rules import Right
from airstair.web.acting import PageRequest, page
from airstair.web.addons import times
from airstair.web.addons.looks import Look, look_of_outcome

_ASKED = "addon-export"  # in the session: what the last EXPORT NOW answered, told once
_RUNS = "addon-runs"  # in the session: this person's last run of each connection
_MOST_NAMED = 40


@dataclass(frozen=True)
class Progress:
    """A run as it is shown."""

    run: RunProgress
    on: bool
    outcomes: list[tuple[Look, int]]
    waiting: list[str]
    waiting_more: int

    @property
    def finished(self) -> bool:
        return self.run.done >= self.run.total


@page(Right.ADDONS_EXPORT, doing="export to partners", methods=("POST",))
def export(request: PageRequest, key: str, connection_id: int) -> HttpResponse:
    """Ask for an export of the aircraft named in `aircraft`, or of all; then show its progress."""
    facts = _connection(request, key, connection_id)
    back = {"connection": facts.id}
    try:
        asked = export_now(request.actor, facts.id, _aircraft(request, facts), clock=times.CLOCK)
    except (Invalid, Conflict) as refusal:
        messages.error(request, str(refusal))
        return redirect(f"{reverse('addon-activity', args=[key])}?{urlencode(back)}")
    request.session[_ASKED] = {
        "connection": facts.id,
        "now": len(asked.now),
        "later": [[title, when.isoformat()] for title, when in asked.later],
    }
    if asked.run_id is not None:
        runs = {str(name): run for name, run in request.session.get(_RUNS, {}).items()}
        request.session[_RUNS] = runs | {str(facts.id): asked.run_id}
        back["run"] = asked.run_id
    return redirect(f"{reverse('addon-activity', args=[key])}?{urlencode(back)}")


@page(Right.ADDONS_EXPORT, doing="send to partners", methods=("POST",))
def approve(request: PageRequest, key: str, connection_id: int, flow: str) -> HttpResponse:
    """A person's yes to the document named in `question`, of the unit named in `unit`."""
    facts = _connection(request, key, connection_id)
    try:
        unit = Unit.read(request.POST.get("unit", ""))
    except ValueError:
        raise NotFound("This unit") from None
    try:
        title = send_anyway(request.actor, facts.id, flow, unit, request.POST.get("question", ""), clock=times.CLOCK)
        messages.success(request, f"{title} is sent.")
    except Conflict as refusal:
        messages.error(request, str(refusal))
    return redirect(f"{reverse('addon-activity', args=[key])}?{urlencode({'connection': facts.id})}")


@page(Right.SCHEDULE_VIEW, methods=("GET",))
def run(request: PageRequest, key: str, run_id: int) -> HttpResponse:
    """How far an export has come. For htmx the panel alone, else the Activity page that holds it."""
    found = progress_of(request.operator.id, run_id)
    facts = _connection(request, key, found.connection_id)
    if not request.htmx:
        query = urlencode({"connection": facts.id, "run": run_id})
        return redirect(f"{reverse('addon-activity', args=[key])}?{query}")
    if visible_aircraft(request.actor) is not None:
        raise NotFound(f"Export {run_id}")
    return render(request, "web/addons/_run.html", {"addon": addon(key), "progress": _progress(found, facts)})


def panel(request: PageRequest, facts: ConnectionFacts, visible: Collection[int] | None) -> dict[str, object]:
    """For the Activity page: the run in the address, what EXPORT NOW has just answered, and the last run's address."""
    context: dict[str, object] = {}
    which = request.GET.get("run", "")
    if which and not request.htmx:
        if not (which.isascii() and which.isdigit() and len(which) < 19) or visible is not None:
            raise NotFound("This export")
        found = progress_of(request.operator.id, int(which))
        if found.connection_id != facts.id:
            raise NotFound(f"Export {which}")
        context["progress"] = _progress(found, facts)
    if request.htmx:
        return context
    asked = request.session.get(_ASKED)
    if isinstance(asked, dict) and asked.get("connection") == facts.id:
        del request.session[_ASKED]
        later = [(title, parse_utc(when)) for title, when in asked["later"]]
        context["asked"] = {
            "now": asked["now"],
            "later": sorted(later),
            "first": min((when for _, when in later), default=None),
            "last": max((when for _, when in later), default=None),
        }
    if not which:
        context["last_run"] = request.session.get(_RUNS, {}).get(str(facts.id))
    return context


def possible_from(line: LedgerLine, one: Addon, now: datetime) -> datetime | None:
    """When the unit's next export is possible; `None` when it is possible now."""
    floor = next((flow.floor for flow in one.mirrors if flow.key == line.flow), None)
    if floor is None or line.last_attempt is None or line.last_attempt + floor <= now:
        return None
    return line.last_attempt + floor


def _connection(request: PageRequest, key: str, connection_id: int) -> ConnectionFacts:
    facts = connection(request.operator.id, connection_id)
    if facts.addon != addon(key).key:
        raise NotFound(f"Connection {connection_id}")
    return facts


def _aircraft(request: PageRequest, facts: ConnectionFacts) -> list[int] | None:
    """Those named in the form; `None` for all. Somebody who sees only some aircraft exports only those."""
    texts = request.POST.getlist("aircraft")
    if not all(text.isascii() and text.isdigit() and len(text) < 19 for text in texts):
        raise Invalid.one("aircraft", "One of them is no aircraft. Load the page again and choose once more.")
    named = [int(text) for text in texts] or None
    visible = visible_aircraft(request.actor)
    if visible is None:
        return named
    return [one for one in (named or facts.aircraft_ids) if one in visible]


def _progress(found: RunProgress, facts: ConnectionFacts) -> Progress:
    waiting = [title for title, outcome in found.units if outcome is None]
    return Progress(
        run=found,
        on=facts.on,
        outcomes=[(look_of_outcome(kind), count) for kind, count in found.by_outcome.items()],
        waiting=waiting[:_MOST_NAMED],
        waiting_more=max(0, len(waiting) - _MOST_NAMED),
    )
