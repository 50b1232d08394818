"""OPS: the chosen days as a timeline or a table, and the fragments that keep them fresh."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.http import HttpResponse
from django.shortcuts import redirect, render

from airstair.kernel.clock import Clock, SystemClock
from airstair.records.fleet.queries import visible_to
from airstair.records.fleet.snapshots import AircraftFacts
from airstair.records.flights import queries as flights
from airstair.records.flights.facts import Board
from airstair.records.flights.rules import ScheduleWarning, Status
from airstair.records.flights.snapshots import Activity, ActivityKind
from airstair.records.operators.rules import Right
from airstair.records.places import queries as places
from airstair.web.acting import PageRequest, page
from airstair.web.ops.actions import actions_for
from airstair.web.ops.looks import LEGEND, Look, book_of_block_times, look_of, sources_of
from airstair.web.ops.timeline import rows, timeline
from airstair.web.ops.window import SPANS, Window, read_window

CLOCK: Clock = SystemClock()
_MOST_ROWS_AT_ONCE = 200
_SEE = "see the schedule"


@dataclass(frozen=True)
class Line:
    """One row of the table."""

    activity: Activity
    registration: str
    look: Look
    book: str
    sources: str
    warnings: tuple[str, ...]


@dataclass(frozen=True)
class DayOfLines:
    day: date
    lines: list[Line]


@page()
def home(request: PageRequest) -> HttpResponse:
    return redirect("ops")


@page(Right.SCHEDULE_VIEW, doing=_SEE, methods=("GET",))
def ops(request: PageRequest) -> HttpResponse:
    """The page. For htmx the board alone."""
    window = read_window(request.GET, CLOCK.now())
    fleet = visible_to(request.actor)
    context = _context(request, window, fleet)
    if request.htmx:
        return render(request, "web/ops/_board.html", context)
    return render(request, "web/ops/ops.html", context | actions_for(request))


@page(Right.SCHEDULE_VIEW, doing=_SEE, methods=("GET",))
def timeline_rows(request: PageRequest) -> HttpResponse:
    """The lanes of the aircraft named in `ids`, each to be put in place of the one that is shown."""
    window = read_window(request.GET, CLOCK.now())
    wanted = {int(text) for text in request.GET.get("ids", "").split(",")[:_MOST_ROWS_AT_ONCE] if _is_id(text)}
    fleet = [one for one in _chosen(window, visible_to(request.actor)) if one.id in wanted]
    board = _board(request, window, fleet)
    return render(request, "web/ops/_rows.html", {"rows": rows(board, window), "window": window, "again": True})


def _is_id(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 19


def _context(request: PageRequest, window: Window, fleet: list[AircraftFacts]) -> dict[str, object]:
    now = CLOCK.now()
    board = _board(request, window, _chosen(window, fleet))
    context: dict[str, object] = {
        "window": window,
        "fleet": [one for one in fleet if one.active or one.id == window.aircraft_id],
        "spans": SPANS,
        "statuses": list(Status),
        "legend": LEGEND,
        "today": window.today(now),
        "is_today": window.first == now.date(),
        "has_fleet": bool(fleet),
        "span_links": [(span, window.spanning(span)) for span in SPANS],
        "flights_shown": sum(a.kind is ActivityKind.FLIGHT for some in board.activities.values() for a in some),
        "warned": sum(len(some) for some in board.warnings.values()),
    }
    if window.view == "table":
        return context | {"days": _table(board, window)}
    return context | {"timeline": timeline(board, window, now, request.operator.base_time_zone)}


def _chosen(window: Window, fleet: Iterable[AircraftFacts]) -> list[AircraftFacts]:
    return [one for one in fleet if window.aircraft_id in (None, one.id)]


def _board(request: PageRequest, window: Window, fleet: list[AircraftFacts]) -> Board:
    """The part of the schedule that the window asks for; an aircraft that is retired and idle is left out."""
    board = flights.board(
        request.operator.id,
        window.start,
        window.end,
        aircraft_ids=[one.id for one in fleet],
        statuses=[window.status] if window.status else None,
        text=window.text,
    )
    activities = board.activities
    if window.airport:
        activities = {i: _touching(some, _codes(request, window.airport)) for i, some in activities.items()}
    found = bool(window.text or window.airport or window.status)
    aircraft = tuple(one for one in board.aircraft if activities.get(one.id) or (one.active and not found))
    return Board(start=board.start, end=board.end, aircraft=aircraft, activities=activities, warnings=board.warnings)


def _codes(request: PageRequest, typed: str) -> set[str]:
    """The airport's codes: people type IATA, the schedule has ICAO."""
    known = places.resolver(request.operator.id).get(typed)
    return {typed, known.code} if known else {typed}


def _touching(activities: tuple[Activity, ...], codes: set[str]) -> tuple[Activity, ...]:
    return tuple(a for a in activities if a.start_airport in codes or a.end_airport in codes)


def _table(board: Board, window: Window) -> list[DayOfLines]:
    """Everything that starts or is under way in the window, by day of departure."""
    registrations = {one.id: one.registration for one in board.aircraft}
    by_day: dict[date, list[Line]] = {}
    for aircraft_id, activities in board.activities.items():
        if aircraft_id not in registrations:
            continue
        said = _by_second(board.warnings.get(aircraft_id, ()))
        for activity in activities:
            day = max(activity.scheduled_start.date(), window.first)
            by_day.setdefault(day, []).append(_line(activity, registrations[aircraft_id], said))
    return [
        DayOfLines(day, sorted(lines, key=lambda one: (one.activity.scheduled_start, one.registration)))
        for day, lines in sorted(by_day.items())
    ]


def _by_second(warnings: Iterable[ScheduleWarning]) -> dict[str, list[str]]:
    said: dict[str, list[str]] = {}
    for warning in warnings:
        said.setdefault(warning.second, []).append(warning.sentence)
    return said


def _line(activity: Activity, registration: str, said: dict[str, list[str]]) -> Line:
    return Line(
        activity=activity,
        registration=registration,
        look=look_of(activity),
        book=book_of_block_times(activity),
        sources="; ".join(sources_of(activity)),
        warnings=tuple(said.get(activity.key, ())),
    )
