"""Writing in the two books of a flight: flight watch and the journey log. Who said each value is kept beside it.

People and partners come the same way: what is impossible is refused to all of them alike, with the field named.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction

from airstair.changes.keys import next_ids
from airstair.changes.record import plain, record
from airstair.kernel.actor import Actor
from airstair.kernel.errors import Problems
from airstair.records import checks
from airstair.records.flights.bookrows import columns, log_values, watch_values
from airstair.records.flights.books import Fuel, LogValues, WatchValues
from airstair.records.flights.commands.booked import refuse_impossible_values, tidy_values
from airstair.records.flights.commands.inputs import LogInput, TimesInput, WatchInput, given
from airstair.records.flights.commands.rows import about_flight, locked_flight
from airstair.records.flights.commands.times import new_sources, refuse_impossible, tidy_times, times_of
from airstair.records.flights.facts import FlightFacts
from airstair.records.flights.models import BlockTimes, Flight, FlightWatch, JourneyLog
from airstair.records.flights.queries import flight
from airstair.records.flights.rules import TIMES_IN_ORDER, Book
from airstair.records.operators.rules import Right

_KINDS = {Book.FLIGHT_WATCH: "flight.watch", Book.JOURNEY_LOG: "flight.log"}
_DOING = {Book.FLIGHT_WATCH: "write in flight watch", Book.JOURNEY_LOG: "write in the journey log"}
_NOTHING = (None, "", ())


def watch_flight(actor: Actor, flight_id: int, wanted: WatchInput) -> FlightFacts:
    """Enter, correct or clear what flight watch knows of a flight. Right: TIMES_EDIT. Raises `NotFound`, `Invalid`.

    The actor's label becomes the source of each value that changes: a partner says the same again, and nothing is
    written. Actual times together with those known must be in a possible order, whoever enters them.
    """
    return _enter(actor, flight_id, Book.FLIGHT_WATCH, wanted)


def log_flight(actor: Actor, flight_id: int, wanted: LogInput) -> FlightFacts:
    """Enter, correct or clear what the journey log tells of a flight. Right: TIMES_EDIT. As `watch_flight`.

    Hours and cycles are counted from here: a correction is in every later total of the aircraft.
    """
    return _enter(actor, flight_id, Book.JOURNEY_LOG, wanted)


def set_times(actor: Actor, flight_id: int, book: str, wanted: TimesInput) -> FlightFacts:
    """Actual times alone, in either book. Right: TIMES_EDIT. As `watch_flight` and `log_flight`."""
    actor.require(Right.TIMES_EDIT, "enter actual times")
    problems = Problems()
    page = checks.word(problems, "book", book, Book)
    problems.refuse()
    return _enter(actor, flight_id, page, wanted)


def _enter(actor: Actor, flight_id: int, book: Book, wanted: TimesInput) -> FlightFacts:
    actor.require(Right.TIMES_EDIT, _DOING[book])
    problems = Problems()
    new_times, new_values = tidy_times(problems, wanted), tidy_values(problems, given(wanted))
    problems.refuse()
    with transaction.atomic():
        flight_row = locked_flight(actor, flight_id)
        scheduled = (flight_row.std, flight_row.sta)
        times = BlockTimes.objects.filter(operator_id=actor.operator_id, flight_id=flight_id, book=book.value).first()
        times_before = times_of(times)
        times_after = times_before | new_times
        refuse_impossible(problems, times_after, scheduled)
        values_before = _values(actor, flight_id, book) if new_values else WatchValues()
        refuse_impossible_values(problems, values_before, new_values, scheduled)
        problems.refuse()
        was = {name: times_before[name] for name in TIMES_IN_ORDER if times_before[name] != times_after[name]}
        was |= {name: old for name, new in new_values.items() if (old := getattr(values_before, name)) != new}
        now = {name: value for name, value in (times_after | new_values).items() if name in was}
        if now:
            _store_times(actor, flight_row, book, times, times_after, [name for name in TIMES_IN_ORDER if name in now])
            _store_values(actor, flight_row, book, values_before, {n: v for n, v in now.items() if n in new_values})
            record(actor, [about_flight(_KINDS[book], flight_row, _told(book, was), _told(book, now))])
    return flight(actor.operator_id, flight_id)


def _values(actor: Actor, flight_id: int, book: Book) -> WatchValues | LogValues:
    if book is Book.FLIGHT_WATCH:
        return watch_values(FlightWatch.objects.filter(operator_id=actor.operator_id, id=flight_id).first())
    return log_values(JourneyLog.objects.filter(operator_id=actor.operator_id, id=flight_id).first())


def _store_times(
    actor: Actor, flight_row: Flight, book: Book, row: BlockTimes | None, after: Mapping[str, Any], changed: list[str]
) -> None:
    if not changed:
        return
    page = BlockTimes.objects.filter(operator_id=actor.operator_id, flight_id=flight_row.id, book=book.value)
    if not any(after.values()):
        page.delete()
        return
    values = {**after, "sources": new_sources(row, after, changed, actor.label), "source": actor.label[:200]}
    if row is None:
        page.create(
            operator_id=actor.operator_id, id=next_ids(1)[0], flight_id=flight_row.id, book=book.value, **values
        )
    else:
        page.update(**values)


def _store_values(
    actor: Actor, flight_row: Flight, book: Book, before: WatchValues | LogValues, changed: Mapping[str, Any]
) -> None:
    if not changed:
        return
    said = before.sources | dict.fromkeys(changed, actor.label[:200])
    sources = {name: who for name, who in said.items() if changed.get(name, "kept") not in _NOTHING}
    table = FlightWatch if book is Book.FLIGHT_WATCH else JourneyLog
    rows = table.objects.filter(operator_id=actor.operator_id, id=flight_row.id)
    if not sources:
        rows.delete()
    elif not rows.update(**columns(changed), sources=sources):
        rows.create(operator_id=actor.operator_id, id=flight_row.id, **columns(changed), sources=sources)


def _told(book: Book, values: Mapping[str, Any]) -> dict[str, Any]:
    """The values as the audit trail keeps them, each under its book."""
    return {f"{book.value}.{name}": _written(value) for name, value in values.items()}


def _written(value: Any) -> Any:
    if isinstance(value, tuple):
        return ", ".join(map(str, value))
    return str(value) if isinstance(value, Fuel) else plain(value)
