"""Flight watch: the flights of a day in one dense table, edited in place, each value with its source."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

from django.http import HttpResponse, QueryDict
from django.shortcuts import render

from airstair.kernel.clock import Clock, SystemClock
from airstair.kernel.errors import Invalid, NotFound, Problems
from airstair.kernel.utc import parse_day
from airstair.records import checks
from airstair.records.flights import commands
from airstair.records.flights import queries as flights
from airstair.records.flights.facts import FlightFacts
from airstair.records.flights.rules import TIME_NAMES
from airstair.records.operators.rules import Right
from airstair.web.acting import PageRequest, page
from airstair.web.ops.answering import sight
from airstair.web.ops.cells import COLUMNS, Row, row_of, typed_value

CLOCK: Clock = SystemClock()
_SEE = "see flight watch"
_FIELDS = {TIME_NAMES.get(field, field): field for field, _, _ in COLUMNS} | {f: f for f, _, _ in COLUMNS}
_LONGEST_TYPED = 200
YEARS = (1950, 2150)


@page(Right.SCHEDULE_VIEW, doing=_SEE, methods=("GET",))
def watch(request: PageRequest) -> HttpResponse:
    """The page; for a script the table's rows alone."""
    first, remark = day_asked(request.GET.get("from", ""), CLOCK.now())
    start = datetime.combine(first, time.min, tzinfo=UTC)
    found = flights.flights_in(request.operator.id, start, start + timedelta(days=1), aircraft_ids=sight(request))
    context = {
        "first": first,
        "earlier": first - timedelta(days=1),
        "later": first + timedelta(days=1),
        "is_today": first == CLOCK.now().date(),
        "remark": remark,
        "columns": COLUMNS,
        "rows": [row_of(one) for one in found],
        "may_edit": request.actor.may(Right.TIMES_EDIT),
    }
    return render(request, "web/ops/_watch_rows.html" if request.htmx else "web/ops/watch.html", context)


@page(Right.SCHEDULE_VIEW, doing=_SEE)
def watch_row(request: PageRequest, flight_id: int) -> HttpResponse:
    """One flight's row. What is posted are the cells that were typed into; a refused one says why, in its place."""
    facts = flights.flight(request.operator.id, flight_id, aircraft_ids=sight(request))
    if facts.deleted:
        raise NotFound("This flight")
    row = row_of(facts)
    if request.method == "POST":
        row = _written(request, facts)
    context = {"rows": [row], "may_edit": request.actor.may(Right.TIMES_EDIT)}
    return render(request, "web/ops/_watch_rows.html", context, status=422 if row.refused else 200)


def _written(request: PageRequest, facts: FlightFacts) -> Row:
    typed = _typed(request.POST)
    problems, values = Problems(), {}
    for field, text in typed.items():
        try:
            values[field] = typed_value(facts, field, text)
        except Invalid as refusal:
            checks.take(problems, refusal)
    try:
        problems.refuse()
        return row_of(commands.watch_flight(request.actor, facts.id, commands.WatchInput(**values)))
    except Invalid as refusal:
        refused: dict[str, str] = {}
        for one in refusal.problems:
            # A pair that does not fit is told where somebody typed, whichever of the two the sentence corrects.
            field = _FIELDS.get(one.field, "")
            refused.setdefault(field if field in typed else next(iter(typed)), one.sentence)
        return row_of(facts, typed, refused)


def _typed(post: QueryDict) -> dict[str, str]:
    found = {field: str(post[field])[:_LONGEST_TYPED] for field, _, _ in COLUMNS if field in post}
    if not found:
        raise Invalid.one("", "Nothing was typed. Type into a cell of flight watch.")
    return found


def day_asked(text: str, now: datetime) -> tuple[date, str]:
    """The day that an address asks for; today, with a remark, when it cannot be shown."""
    if not text:
        return now.date(), ""
    try:
        asked = parse_day(text[:40], "from")
    except Invalid as refusal:
        return now.date(), refusal.problems[0].sentence
    if not YEARS[0] <= asked.year <= YEARS[1]:
        return now.date(), f"Year {asked.year} is out of range. Use a year from {YEARS[0]} to {YEARS[1]}."
    return asked, ""
