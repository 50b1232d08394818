"""The journey log as a file: the flights that the page shows, a value to a column, and who said what in a last one."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from django.http import HttpResponse

from airstair.kernel.errors import NotFound
from airstair.records.flights.books import Fuel
from airstair.records.flights.facts import BookTimes, FlightFacts
from airstair.records.flights.rules import Book
from airstair.records.operators.rules import Right
from airstair.web.acting import PageRequest, page
from airstair.web.ops import books
from airstair.web.ops.tables import Format, table_file

_FUELS = ("block_fuel", "uplift", "remaining_fuel")
HEADER = (
    "Flight", "Trip", "Registration", "ADEP", "ADES", "STD", "STA", "BLOFF", "T/O", "LDG", "BLON",
    "Block time", "Air time", "PAX", "Landings", "Pilot flying", "Block fuel", "Unit", "Uplift", "Unit",
    "Remaining fuel", "Unit", "APU hours", "Delays", "Sources",
)  # fmt: skip


@page(Right.SCHEDULE_VIEW, doing="see the journey log", methods=("GET",))
def export_log(request: PageRequest, kind: str) -> HttpResponse:
    """The file. Takes the page's own address, so that what is downloaded is what was looked at."""
    if kind not in set(Format):
        raise NotFound("This kind of file")
    chosen = books.read_chosen(request, books.CLOCK.now())
    rows = (_row(entry.flight) for entry in books.entries(request, chosen))
    name = f"journey-log-{chosen.first:%Y%m%d}-{chosen.last:%Y%m%d}"
    return table_file(Format(kind), name, HEADER, rows)


def _row(facts: FlightFacts) -> list[Any]:
    times = facts.times.get(Book.JOURNEY_LOG.value) or BookTimes(book=Book.JOURNEY_LOG.value)
    log = facts.log
    said = {**times.sources, **log.sources}
    return [
        facts.number, facts.trip_number, facts.registration, facts.adep, facts.ades, facts.std, facts.sta,
        times.off_block, times.take_off, times.landing, times.on_block,
        _between(times.off_block, times.on_block), _between(times.take_off, times.landing),
        log.pax, log.landings, log.pilot_flying,
        *(part for name in _FUELS for part in _fuel(getattr(log, name))),
        log.apu_hours, " ".join(map(str, log.delays)),
        "; ".join(f"{name.replace('_', ' ')}: {who}" for name, who in said.items()),
    ]  # fmt: skip


def _between(start: datetime | None, end: datetime | None) -> timedelta | None:
    return None if start is None or end is None else end - start


def _fuel(fuel: Fuel | None) -> Iterator[Any]:
    yield None if fuel is None else fuel.amount
    yield None if fuel is None else fuel.unit
