"""One import of flights from beginning to end: read, match, write, report. All of it in one transaction, or none.

Rows that do not fit are left out, each with its reason; nothing else is. What is written is written by
`flights/commands/bulk.py`, which also leaves people's own edits alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from django.db import transaction
from msgspec import UNSET

from airstair.kernel.actor import Actor
from airstair.kernel.clock import Clock, SystemClock
from airstair.kernel.errors import Invalid
from airstair.records.fleet.queries import fleet
from airstair.records.flights.commands.bulk import FlightRow, write_flights
from airstair.records.flights.commands.inputs import FlightInput, TimesInput
from airstair.records.flights.commands.rows import take_trip_numbers
from airstair.records.flights.imports.commands import layouts, rename_keys
from airstair.records.flights.imports.keys import keys_near
from airstair.records.flights.imports.matching import key_of, match, without_repeats
from airstair.records.flights.imports.rows import TIMES, YEARS, FileFlight, Lookups, read_flight, std_of
from airstair.records.imports.columns import Cells, Layout, choose_layout
from airstair.records.imports.reading import Table, open_table
from airstair.records.imports.report import ImportReport, RowNote
from airstair.records.operators.queries import import_actor
from airstair.records.operators.rules import Right
from airstair.records.places.queries import resolver

CHUNK = 2_000  # flights written at once: memory stays the same however long the file
NO_SHIFT = timedelta(0)
T = TypeVar("T")


def import_flights(
    actor: Actor,
    path: Path,
    *,
    mapping: str | None = None,
    centre_on: date | None = None,
    dry_run: bool = False,
    clock: Clock | None = None,
) -> ImportReport:
    """Create and update flights from the file at `path`. Right: IMPORT_RUN.

    `mapping` names how to read the columns; without it the header decides. `centre_on` moves the whole file by whole
    days, so that the day half way between its first and last becomes that day; a flight that so comes to lie today or
    later has not been flown, and its actual times are left out. `dry_run` reports the same and leaves nothing. Raises
    `Invalid` when the file is no such table; then nothing was written.
    """
    with open_table(path) as table:
        return import_flight_table(actor, table, mapping=mapping, centre_on=centre_on, dry_run=dry_run, clock=clock)


def import_flight_table(
    actor: Actor,
    table: Table,
    *,
    mapping: str | None = None,
    centre_on: date | None = None,
    dry_run: bool = False,
    clock: Clock | None = None,
) -> ImportReport:
    """As `import_flights`, from a table that is open already: an uploaded file."""
    actor.require(Right.IMPORT_RUN, "import flights")
    by_file = import_actor(actor.operator_id, table.name, actor.rights)
    with transaction.atomic():
        # Held to the end: two imports at once would not see each other's flights, and make them twice.
        take_trip_numbers(actor.operator_id, 0)
        layout = choose_layout(table.header, layouts(actor.operator_id), mapping)
        reading = _read(actor.operator_id, table, layout)
        shift = _shift(reading, centre_on)
        if shift:
            reading.forget_times_from((clock or SystemClock()).now().date(), shift)
        report = _write(by_file, table.name, reading, shift)
        if dry_run:
            transaction.set_rollback(True)
    return ImportReport(
        **report,
        file=table.name,
        mapping=layout.name,
        dry_run=dry_run,
        shifted_days=shift.days,
        rows=reading.rows,
        not_yet_flown=reading.not_yet_flown,
    )


class _Reading:
    """A file that was read: its flights, the rows left out, and the days that its departures span."""

    def __init__(self) -> None:
        self.rows = 0
        self.flights: list[FileFlight] = []
        self.skipped: list[RowNote] = []
        self.first: datetime | None = None
        self.last: datetime | None = None
        self.not_yet_flown = 0

    def span(self, std: datetime | None) -> None:
        """Rows left out count too: the middle day must not depend on which aircraft are known already."""
        if std is not None:
            self.first = min(self.first or std, std)
            self.last = max(self.last or std, std)

    def forget_times_from(self, today: date, shift: timedelta) -> None:
        """Leave out the actual times of flights that have moved to today or later: they have not been flown.

        The day decides, not the minute, so that importing the same file twice in a row changes nothing.
        """
        for at, flight in enumerate(self.flights):
            said = [when for name in TIMES if (when := getattr(flight, name))]
            if said and (max(said) + shift).date() >= today:
                left = {name: None for name in TIMES if getattr(flight, name) is not UNSET}
                self.flights[at] = msgspec.structs.replace(flight, **left)
                self.not_yet_flown += 1


def _read(operator_id: int, table: Table, layout: Layout) -> _Reading:
    reading, read = _Reading(), []
    lookups = Lookups(fleet(operator_id), resolver(operator_id))
    places, width = layout.places(table.header), len(table.header)
    for row in table.rows():
        reading.rows += 1
        if len(row.cells) != width:
            reason = f"It has {len(row.cells)} cells, and the header has {width}. Look for a missing or surplus comma."
            reading.skipped.append(RowNote(row.number, reason))
            continue
        cells = Cells(places, row.cells)
        reading.span(std_of(cells))
        flight = read_flight(cells, row.number, lookups)
        if flight is None:
            reading.skipped.append(RowNote(row.number, " ".join(cells.problems)))
        else:
            read.append(flight)
    reading.flights = without_repeats(read, reading.skipped)
    return reading


def _shift(reading: _Reading, centre_on: date | None) -> timedelta:
    """By how many whole days the file moves. Raises `Invalid` when it would leave the years that schedules have."""
    if centre_on is None or reading.first is None or reading.last is None:
        return NO_SHIFT
    first, last = reading.first.date(), reading.last.date()
    shift = centre_on - (first + (last - first) // 2)
    for end in (first, last):
        if not YEARS.start + 1 <= _year_after(end, shift) < YEARS.stop - 1:
            raise Invalid.one(
                "centre_on", f"{centre_on} is too far away for this file. Use a day between {YEARS.start} and 2190."
            )
    return shift


def _year_after(day: date, shift: timedelta) -> int:
    try:
        return (day + shift).year
    except OverflowError:
        return 0


def _write(actor: Actor, file: str, reading: _Reading, shift: timedelta) -> dict[str, Any]:
    """Write the flights in chunks; returns the counts and the rows left out, as the report has them."""
    known = keys_near(actor.operator_id, reading.flights)
    matched = match(reading.flights, known)
    skipped = list(reading.skipped)
    wanted = []
    for flight in reading.flights:
        if known.get(matched.get(key_of(flight), key_of(flight)), False):
            reason = f"{flight.title} was deleted here, and stays so. Restore it to have it imported again."
            skipped.append(RowNote(flight.row, reason))
        else:
            wanted.append(flight)
    new = updated = unchanged = 0
    for chunk in _chunks(wanted):
        rows = {str(matched.get(key_of(flight), key_of(flight))): flight for flight in chunk}
        result = write_flights(actor, [_row(key, flight, shift, file) for key, flight in rows.items()])
        new += len(result.created)
        updated += len(result.updated)
        unchanged += len(result.unchanged)
        for key, problems in result.refused.items():
            skipped.append(RowNote(rows[key].row, " ".join(str(problem) for problem in problems)))
    renamed = ((matched.get(key_of(flight)), key_of(flight)) for flight in wanted)
    for some in _chunks([(old, key) for old, key in renamed if old is not None and old != key]):
        rename_keys(actor.operator_id, dict(some))
    skipped.sort(key=lambda note: note.row)
    return {"new": new, "updated": updated, "unchanged": unchanged, "skipped": tuple(skipped)}


def _row(key: str, flight: FileFlight, shift: timedelta, file: str) -> FlightRow:
    """The flight as the record takes it, moved by `shift`."""
    given = {name: value for name in _OPTIONAL if (value := getattr(flight, name)) is not UNSET}
    times = {name: value and value + shift for name in TIMES if (value := getattr(flight, name)) is not UNSET}
    return FlightRow(
        import_key=key,
        flight=FlightInput(
            aircraft_id=flight.aircraft_id,
            number=flight.number,
            adep=flight.adep,
            ades=flight.ades,
            std=flight.std + shift,
            sta=flight.sta + shift,
            **given,
        ),
        times=TimesInput(**times) if times else None,
        source=file,
    )


_OPTIONAL = ("status", "flight_type", "ferry", "pax_count", "notes")


def _chunks(items: Sequence[T]) -> Iterator[Sequence[T]]:
    for start in range(0, len(items), CHUNK):
        yield items[start : start + CHUNK]
