"""The journey log as a list, and the entry form of either book of a flight."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from urllib.parse import urlencode

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse

from airstair.kernel.clock import Clock, SystemClock
from airstair.kernel.errors import NotFound
from airstair.records.fleet.queries import visible_to
from airstair.records.flights import commands
from airstair.records.flights import queries as flights
from airstair.records.flights.commands import LogInput
from airstair.records.flights.facts import BookTimes, FlightFacts
from airstair.records.flights.rules import TIME_NAMES, TIMES_IN_ORDER, Book
from airstair.records.operators.rules import Right
from airstair.web.acting import PageRequest, page
from airstair.web.ops.answering import next_page, said, sight, touched
from airstair.web.ops.bookforms import FORMS, LogForm, WatchForm, initial_of, sources_of
from airstair.web.ops.flights import panel
from airstair.web.ops.looks import BOOK_NAMES
from airstair.web.ops.watch import day_asked

CLOCK: Clock = SystemClock()
SPANS = (1, 7, 14, 31, 92)
_USUAL_SPAN = 7
_MOST_ROWS = 1000
_VALUES = ("pax", "landings", "pilot_flying", "block_fuel", "uplift", "remaining_fuel", "apu_hours", "delays")
_INCOMPLETE = ("bad", "warn")
_NOTHING = BookTimes(book=Book.JOURNEY_LOG.value)


@dataclass(frozen=True)
class Entry:
    """One flight's line in the journey log: each value as text, with who said it."""

    flight: FlightFacts
    times: tuple[tuple[str, str], ...]
    values: tuple[tuple[str, str], ...]
    block_minutes: int | None
    air_minutes: int | None
    state: str
    tone: str


@dataclass(frozen=True)
class Chosen:
    """What part of the journey log is looked at: `days` up to and with `last`."""

    last: date
    days: int
    aircraft_id: int | None
    missing: bool
    remark: str = ""

    @property
    def first(self) -> date:
        return self.last - timedelta(days=self.days - 1)

    @property
    def start(self) -> datetime:
        return datetime.combine(self.first, time.min, tzinfo=UTC)

    @property
    def end(self) -> datetime:
        return datetime.combine(self.last + timedelta(days=1), time.min, tzinfo=UTC)

    def query(self, **changed: object) -> str:
        values: dict[str, object] = {"to": self.last.isoformat(), "days": self.days}
        values |= {"aircraft": self.aircraft_id or "", "missing": "1" if self.missing else ""} | changed
        return urlencode({name: value for name, value in values.items() if value != ""})


@page(Right.SCHEDULE_VIEW, doing="see the journey log", methods=("GET",))
def journey_log(request: PageRequest) -> HttpResponse:
    """The flights of some days with what the journey log tells of each; the latest first."""
    chosen = read_chosen(request, CLOCK.now())
    fleet = visible_to(request.actor)
    found = entries(request, chosen)
    context = {
        "chosen": chosen,
        "entries": found[:_MOST_ROWS],
        "more": len(found) > _MOST_ROWS,
        "fleet": [one for one in fleet if one.active or one.id == chosen.aircraft_id],
        "spans": [(span, chosen.query(days=span)) for span in SPANS],
        "earlier": chosen.query(to=(chosen.last - timedelta(days=chosen.days)).isoformat()),
        "later": chosen.query(to=(chosen.last + timedelta(days=chosen.days)).isoformat()),
        "toggle": chosen.query(missing="" if chosen.missing else "1"),
        "incomplete": sum(entry.tone in _INCOMPLETE for entry in found),
        "query": chosen.query(),
    }
    template = "web/ops/_journey_log.html" if request.htmx else "web/ops/journey_log.html"
    return render(request, template, context)


def entries(request: PageRequest, chosen: Chosen) -> list[Entry]:
    """What the chosen part of the journey log shows; one more than a page holds, when there are more."""
    visible = sight(request)
    if chosen.aircraft_id is not None:
        visible = frozenset({chosen.aircraft_id}) if visible is None else visible & {chosen.aircraft_id}
    found = flights.flights_in(
        request.operator.id, chosen.start, chosen.end, aircraft_ids=visible, limit=_MOST_ROWS + 1
    )
    lines = [entry_of(one, CLOCK.now()) for one in reversed(found)]
    return [line for line in lines if not chosen.missing or line.tone in _INCOMPLETE]


def entry_of(facts: FlightFacts, now: datetime) -> Entry:
    """The line of one flight."""
    times, log = facts.times.get(Book.JOURNEY_LOG.value, _NOTHING), facts.log
    values = [(_text(getattr(log, name)), log.sources.get(name, "")) for name in _VALUES]
    state, tone = _state(facts, times, now)
    return Entry(
        flight=facts,
        times=tuple(
            (_clock(getattr(times, name), facts), times.sources.get(name, times.source)) for name in TIMES_IN_ORDER
        ),
        values=tuple(values),
        block_minutes=_minutes(times.off_block, times.on_block),
        air_minutes=_minutes(times.take_off, times.landing),
        state=state,
        tone=tone,
    )


def _state(facts: FlightFacts, times: BookTimes, now: datetime) -> tuple[str, str]:
    """How whole the entry is, in a word and the tone of its badge. A flight that is yet to depart lacks nothing."""
    lacking = [TIME_NAMES[name] for name in TIMES_IN_ORDER if getattr(times, name) is None]
    if not lacking:
        return "Complete", "ok"
    if len(lacking) < len(TIMES_IN_ORDER) or facts.log.sources:
        return f"No {', '.join(lacking)}", "warn"
    return ("Missing", "bad") if facts.std <= now else ("To come", "quiet")


def _text(value: object) -> str:
    if isinstance(value, tuple):
        return " ".join(map(str, value))
    return "" if value is None else str(value)


def _clock(when: datetime | None, facts: FlightFacts) -> str:
    if when is None:
        return ""
    days = (when.date() - facts.std.date()).days
    return f"{when:%H:%M}{days:+d}" if days else f"{when:%H:%M}"


def _minutes(start: datetime | None, end: datetime | None) -> int | None:
    return None if start is None or end is None else (end - start) // timedelta(minutes=1)


def read_chosen(request: PageRequest, now: datetime) -> Chosen:
    """The part that the address asks for. Never raises; what cannot be shown is named in the remark."""
    query = request.GET
    last, remark = day_asked(query.get("to", ""), now)
    days, aircraft = query.get("days", ""), query.get("aircraft", "")
    known = aircraft.isascii() and aircraft.isdigit() and len(aircraft) < 19
    return Chosen(
        last=last,
        days=int(days) if days in {str(span) for span in SPANS} else _USUAL_SPAN,
        aircraft_id=int(aircraft) if known else None,
        missing=bool(query.get("missing")),
        remark=remark,
    )


@page(Right.TIMES_EDIT, doing="write in a flight's books")
def edit_book(request: PageRequest, flight_id: int, book: str) -> HttpResponse:
    """The entry form of one book of a flight."""
    if book not in set(Book):
        raise NotFound("This book")
    which = Book(book)
    facts = flights.flight(request.operator.id, flight_id, aircraft_ids=sight(request))
    bound = request.POST if request.method == "POST" else None
    form = FORMS[which](bound, flight=facts, initial=initial_of(facts, which))
    if form.is_bound and form.is_valid():
        after = form.run(lambda: _write(request, flight_id, form))
        if after is not None:
            said(request, f"{BOOK_NAMES[which]} of {facts.title} saved.")
            if not request.htmx:
                return next_page(reverse("flight", args=[facts.id]))
            return touched(panel(request, facts.id), [facts.aircraft_id])
    context = {
        "form": form,
        "flight": facts,
        "book": book,
        "book_name": BOOK_NAMES[which],
        "sources": sources_of(facts, which),
        "inner": "web/ops/_book.html",
    }
    template = "web/ops/_book.html" if request.htmx else "web/ops/form_page.html"
    return render(request, template, context, status=form.http_status)


def _write(request: PageRequest, flight_id: int, form: WatchForm | LogForm) -> FlightFacts:
    wanted = form.as_input()
    if isinstance(wanted, LogInput):
        return commands.log_flight(request.actor, flight_id, wanted)
    return commands.watch_flight(request.actor, flight_id, wanted)
