"""Many flights at once, as an import brings them: one transaction, few statements, one change a flight.

What people changed by hand stands: of a flight imported before, only those fields are written whose value in the
file is not the one that the file had last time. Nothing here touches a verification but to end it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from django.db import transaction

from airstair.changes.keys import next_ids
from airstair.changes.record import NewChange, plain, record
from airstair.changes.sets import insert_rows, update_rows
from airstair.kernel.actor import Actor
from airstair.kernel.errors import Invalid, Problem, Problems
from airstair.records import checks
from airstair.records.flights.commands.drafts import (
    DRAFT_FIELDS,
    FlightDraft,
    Surroundings,
    draft_of,
    tidy_flight,
    values_of,
)
from airstair.records.flights.commands.inputs import FlightInput, TimesInput
from airstair.records.flights.commands.rows import (
    UNVERIFIED,
    flight_changed,
    flight_created,
    lapsed,
    take_trip_numbers,
    verification_lapses,
)
from airstair.records.flights.commands.times import new_sources, refuse_impossible, tidy_times, times_of
from airstair.records.flights.models import BlockTimes, EmptyLeg, Flight, Trip
from airstair.records.flights.rules import TIMES_IN_ORDER, Book, Status
from airstair.records.operators.rules import Right

_BOOK = Book.JOURNEY_LOG
_DELETED = "It was deleted here, and stays so. Restore it to have it imported again."


class FlightRow(msgspec.Struct, frozen=True, kw_only=True):
    """One flight of an import. `import_key` is what the source knows it by, always the same for the same flight.

    `times` go to the journey log, with `source` as who said them (the actor's label when empty).
    """

    import_key: str
    flight: FlightInput
    times: TimesInput | None = None
    source: str = ""


class BulkResult(msgspec.Struct, frozen=True, kw_only=True):
    """What became of the rows, by import key; `refused` says why a row was left out."""

    created: list[str]
    updated: list[str]
    unchanged: list[str]
    refused: dict[str, tuple[Problem, ...]] = {}


class _Row(msgspec.Struct, frozen=True, kw_only=True):
    """A row that was looked at: what the file says, in stored form."""

    key: str
    draft: FlightDraft
    times: dict[str, datetime | None]
    source: str

    @property
    def imported(self) -> dict[str, Any]:
        """What the file said, as it is kept to tell next time what is new in it."""
        return {
            **{field: plain(getattr(self.draft, field)) for field in DRAFT_FIELDS},
            **{f"{_BOOK.value}.{name}": plain(value) for name, value in self.times.items()},
        }


def write_flights(
    actor: Actor,
    rows: Sequence[FlightRow],
    *,
    bulk: bool = True,
    dry_run: bool = False,
    overwrite: Collection[str] = frozenset(),
) -> BulkResult:
    """Create or update flights by their import keys, all in one transaction. Right: IMPORT_RUN.

    A new key makes a flight with a trip of its own; a known one keeps its flight's id, whatever changed. A flight
    that was deleted here stays deleted, and a verification is never set: new route, times or aircraft end it. A row
    that cannot be written is refused alone, with its reasons, and the others are written. `bulk` lets people's own
    edits be delivered ahead. `dry_run` says what would happen and writes nothing. `overwrite` names fields of which
    the source is the master: what people changed in them is overwritten, and a flight deleted here is refused, so that
    it is told. Raises `Invalid` for a key that comes twice.
    """
    actor.require(Right.IMPORT_RUN, "import flights")
    _refuse_doubles(rows)
    with transaction.atomic():
        # Held until the end: two imports of one file must not both create its flights.
        take_trip_numbers(actor.operator_id, 0)
        looked_at, refused = _look_at(actor, rows)
        known = {row.import_key: row for row in _locked(actor, [row.key for row in looked_at])}
        new = [row for row in looked_at if row.key not in known]
        old = [row for row in looked_at if row.key in known]
        updates, unchanged = _updates(actor, old, known, refused, frozenset(overwrite))
        if not dry_run:
            changes = _create(actor, new) + _write(actor, updates)
            record(actor, changes, bulk=bulk)
    return BulkResult(
        created=[row.key for row in new],
        updated=[update.row.key for update in updates if update.change is not None],
        unchanged=unchanged + [update.row.key for update in updates if update.change is None],
        refused=refused,
    )


def _refuse_doubles(rows: Sequence[FlightRow]) -> None:
    seen: set[str] = set()
    for row in rows:
        if row.import_key in seen:
            raise Invalid.one("import_key", f"“{checks.shown(row.import_key)}” comes twice. Give each flight its own.")
        seen.add(row.import_key)


def _look_at(actor: Actor, rows: Sequence[FlightRow]) -> tuple[list[_Row], dict[str, tuple[Problem, ...]]]:
    """The rows in stored form; and those that cannot be, with the reasons."""
    around = Surroundings.of(actor.operator_id, retired_too=True)
    good: list[_Row] = []
    refused: dict[str, tuple[Problem, ...]] = {}
    for row in rows:
        problems = Problems()
        key = checks.text(problems, "import_key", row.import_key, longest=120, needed=True)
        draft = tidy_flight(problems, values_of(row.flight, Status.CONFIRMED.value), around)
        times = tidy_times(problems, row.times) if row.times else {}
        if draft is not None:
            refuse_impossible(problems, times, (draft.std, draft.sta))
        if problems.found or draft is None:
            refused[row.import_key] = tuple(problems.found)
        else:
            good.append(_Row(key=key, draft=draft, times=times, source=row.source.strip()[:200] or actor.label))
    return good, refused


def _locked(actor: Actor, keys: list[str]) -> list[Flight]:
    rows = Flight.objects.select_for_update(no_key=True).filter(operator_id=actor.operator_id, import_key__in=keys)
    return list(rows.order_by("id"))


# --- new flights -----------------------------------------------------------------------------------------------


def _create(actor: Actor, rows: Sequence[_Row]) -> list[NewChange]:
    """Write new flights, each with a trip and its actual times; returns their changes."""
    numbers = take_trip_numbers(actor.operator_id, len(rows))
    trip_ids, flight_ids = next_ids(len(rows)), next_ids(len(rows))
    placed = list(zip(rows, trip_ids, flight_ids, numbers, strict=True))
    operator = {"operator_id": actor.operator_id}
    insert_rows(
        Trip,
        [
            operator | {"id": trip_id, "number": number, "status": row.draft.status}
            for row, trip_id, _, number in placed
        ],
    )
    insert_rows(
        Flight,
        [
            operator
            | {"id": flight_id, "trip_id": trip_id, "import_key": row.key, "imported": row.imported}
            | msgspec.structs.asdict(row.draft)
            for row, trip_id, flight_id, _ in placed
        ],
    )
    timed = [(row, flight_id) for row, _, flight_id, _ in placed if any(row.times.values())]
    insert_rows(
        BlockTimes,
        [
            _new_times(actor, flight_id, times_of(None) | row.times, row.source, times_id)
            for (row, flight_id), times_id in zip(timed, next_ids(len(timed)), strict=True)
        ],
    )
    changes = []
    for row, trip_id, flight_id, _ in placed:
        change = flight_created(flight_id, trip_id, row.draft)
        times = {f"{_BOOK.value}.{name}": plain(value) for name, value in row.times.items() if value is not None}
        changes.append(msgspec.structs.replace(change, after={**(change.after or {}), **times}))
    return changes


def _new_times(
    actor: Actor, flight_id: int, times: Mapping[str, datetime | None], source: str, times_id: int
) -> dict[str, Any]:
    known = [name for name in TIMES_IN_ORDER if times[name] is not None]
    return {
        "operator_id": actor.operator_id,
        "id": times_id,
        "flight_id": flight_id,
        "book": _BOOK.value,
        "source": source,
        "sources": dict.fromkeys(known, source),
        **times,
    }


# --- flights imported before -----------------------------------------------------------------------------------


class _Update(msgspec.Struct, kw_only=True):
    """A flight that the file says something new about. `change` is `None` when the record says so already."""

    row: _Row
    flight: Flight
    draft: FlightDraft
    page: BlockTimes | None
    times: dict[str, datetime | None]
    change: NewChange | None
    lapses: bool


def _updates(
    actor: Actor,
    rows: Sequence[_Row],
    known: Mapping[str | None, Flight],
    refused: dict[str, tuple[Problem, ...]],
    overwrite: frozenset[str],
) -> tuple[list[_Update], list[str]]:
    """The updates to write, and the keys about which the file says nothing new. Adds to `refused`."""
    ids = [known[row.key].id for row in rows]
    pages = {(page.flight_id, page.book): page for page in _pages(actor, ids)}
    legs = {leg.id: leg for leg in EmptyLeg.objects.filter(operator_id=actor.operator_id, id__in=ids)}
    around = Surroundings.of(actor.operator_id, retired_too=True)
    updates, unchanged = [], []
    for row in rows:
        flight = known[row.key]
        before = flight.imported or {}
        news = {field for field, value in row.imported.items() if field not in before or before[field] != value}
        news |= {field for field in overwrite if plain(getattr(flight, field)) != row.imported[field]}
        if overwrite and flight.deleted:
            refused[row.key] = (Problem("", _DELETED),)
            continue
        if not news:
            unchanged.append(row.key)
            continue
        problems = Problems()
        page, watched = (pages.get((flight.id, book.value)) for book in (_BOOK, Book.FLIGHT_WATCH))
        update = _update(problems, row, flight, page, legs.get(flight.id), news, around)
        if update is not None:
            refuse_impossible(problems, times_of(watched), (update.draft.std, update.draft.sta))
        if problems.found or update is None:
            refused[row.key] = tuple(problems.found)
        else:
            updates.append(update)
    return updates, unchanged


def _pages(actor: Actor, flight_ids: Sequence[int]) -> Iterable[BlockTimes]:
    return BlockTimes.objects.filter(operator_id=actor.operator_id, flight_id__in=flight_ids)


def _update(
    problems: Problems,
    row: _Row,
    flight: Flight,
    page: BlockTimes | None,
    leg: EmptyLeg | None,
    news: set[str],
    around: Surroundings,
) -> _Update | None:
    before = draft_of(flight)
    wanted = {field: getattr(row.draft, field) for field in DRAFT_FIELDS if field in news}
    if flight.deleted:
        wanted.pop("status", None)  # somebody took it out of sight: a file does not bring it back
    draft = tidy_flight(problems, {**msgspec.structs.asdict(before), **wanted}, around, frozenset())
    was_times = times_of(page)
    times = was_times | {name: value for name, value in row.times.items() if f"{_BOOK.value}.{name}" in news}
    if draft is None:
        return None
    refuse_impossible(problems, times, (draft.std, draft.sta))
    if problems.found:
        return None
    moved = {field for field in DRAFT_FIELDS if plain(getattr(before, field)) != plain(getattr(draft, field))}
    timed = [name for name in TIMES_IN_ORDER if was_times[name] != times[name]]
    was = {f"{_BOOK.value}.{name}": plain(was_times[name]) for name in timed}
    now = {f"{_BOOK.value}.{name}": plain(times[name]) for name in timed}
    lapses = verification_lapses(leg, moved)
    if leg is not None and lapses:
        was, now = was | lapsed(leg)[0], now | lapsed(leg)[1]
    cancels = "status" in moved and draft.status == Status.CANCELLED
    kind = "flight.cancelled" if cancels else "flight.changed"
    change = flight_changed(kind, flight.id, flight.trip_id, before, draft, (was, now))
    return _Update(row=row, flight=flight, draft=draft, page=page, times=times, change=change, lapses=lapses)


def _write(actor: Actor, updates: Sequence[_Update]) -> list[NewChange]:
    """Write what the file says anew; returns the changes."""
    for update in updates:
        for field in DRAFT_FIELDS:
            setattr(update.flight, field, getattr(update.draft, field))
        update.flight.imported = {**(update.flight.imported or {}), **update.row.imported}
    if not updates:
        return []
    columns = ("operator_id", "id", *DRAFT_FIELDS, "imported")
    update_rows(Flight, [{name: getattr(update.flight, name) for name in columns} for update in updates])
    unverified = [update.flight.id for update in updates if update.lapses]
    EmptyLeg.objects.filter(operator_id=actor.operator_id, id__in=unverified).update(**UNVERIFIED)
    timed = [update for update in updates if times_of(update.page) != update.times]
    BlockTimes.objects.filter(
        operator_id=actor.operator_id, flight_id__in=[update.flight.id for update in timed], book=_BOOK.value
    ).delete()
    kept = [update for update in timed if any(update.times.values())]
    ids = next_ids(len(kept))
    insert_rows(BlockTimes, [_renewed_times(actor, one, id_) for one, id_ in zip(kept, ids, strict=True)])
    return [update.change for update in updates if update.change is not None]


def _renewed_times(actor: Actor, update: _Update, times_id: int) -> dict[str, Any]:
    before = times_of(update.page)
    changed = [name for name in TIMES_IN_ORDER if before[name] != update.times[name]]
    page = _new_times(actor, update.flight.id, update.times, update.row.source, times_id)
    return page | {"sources": new_sources(update.page, update.times, changed, update.row.source)}
