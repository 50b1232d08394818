"""Bringing a fleet in from a file, through the fleet's own commands. Saves nothing itself.

An aircraft is known by its registration, hyphens and case apart. A cell that is empty says nothing: it never clears
what is known. What the record has and the file has not stays as it is; an import never retires an aircraft.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.db import transaction

from airstair.kernel.actor import Actor
from airstair.kernel.codes import registration
from airstair.kernel.errors import Invalid
from airstair.records.fleet.commands import AircraftEdit, AircraftInput, add_aircraft, change_aircraft
from airstair.records.fleet.designators import designator
from airstair.records.fleet.queries import fleet
from airstair.records.imports.columns import Cells, Field, Layout, choose_layout
from airstair.records.imports.reading import Table, open_table
from airstair.records.imports.report import ImportReport, RowNote
from airstair.records.operators.queries import import_actor
from airstair.records.operators.rules import Right
from airstair.records.places.queries import Resolver, resolver

FIELDS = (
    Field("registration", "The registration", needed=True),
    Field("icao_type", "The ICAO type"),
    Field("iata_type", "The IATA type"),
    Field("manufacturer", "The manufacturer"),
    Field("model", "The model"),
    Field("serial_number", "The serial number"),
    Field("call_sign", "The call sign"),
    Field("home_base", "The home base"),
    Field("seats", "The seats"),
    Field("owner", "The owner"),
    Field("cruise_speed_kt", "The cruise speed in knots"),
    Field("taxi_minutes", "The taxi time in minutes"),
    Field("climb_minutes", "The allowance for climb and approach in minutes"),
    Field("range_nm", "The range in nautical miles"),
)
LAYOUTS = (
    Layout(
        name="airstair",
        columns={"registration": "registration", "home_base": "home_base"},
        optional={field.name: field.name for field in FIELDS if field.name not in ("registration", "home_base")},
    ),
    # The US registry's list; it knows no home bases.
    Layout(
        name="us-registry",
        columns={"registration": "registration", "manufacturer": "manufacturer", "model": "model", "seats": "seats"},
    ),
)
_TEXTS = ("icao_type", "iata_type", "serial_number", "call_sign", "owner")
_NUMBERS = {"seats": 900, "cruise_speed_kt": 1500, "taxi_minutes": 180, "climb_minutes": 180, "range_nm": 20_000}


def import_fleet(
    actor: Actor, path: Path, *, home_base: str | None = None, mapping: str | None = None, dry_run: bool = False
) -> ImportReport:
    """Add and change aircraft from the file at `path`, all in one transaction. Rights: IMPORT_RUN, FLEET_EDIT.

    `home_base` (ICAO, IATA or own code) is for new aircraft whose row names none. Raises `Invalid` when the file is
    no such table; single rows that do not fit are left out and named in the report.
    """
    with open_table(path) as table:
        return import_fleet_table(actor, table, home_base=home_base, mapping=mapping, dry_run=dry_run)


def import_fleet_table(
    actor: Actor, table: Table, *, home_base: str | None = None, mapping: str | None = None, dry_run: bool = False
) -> ImportReport:
    """As `import_fleet`, from a table that is open already: an uploaded file."""
    actor.require(Right.IMPORT_RUN, "import a fleet")
    actor.require(Right.FLEET_EDIT, "add and change aircraft")
    layout = choose_layout(table.header, LAYOUTS, mapping)
    with transaction.atomic():
        places = resolver(actor.operator_id)
        base = places.resolve(home_base, "home_base").code if home_base else ""
        run = _Run(import_actor(actor.operator_id, table.name, actor.rights), places, base)
        cells_at = layout.places(table.header)
        for row in table.rows():
            run.take(row.number, row.cells, cells_at, len(table.header))
        if dry_run:
            transaction.set_rollback(True)
    return run.report(table.name, layout.name, dry_run)


class _Run:
    """One import under way: the fleet as it is becoming, and the counts."""

    def __init__(self, actor: Actor, places: Resolver, home_base: str) -> None:
        self._actor = actor
        self._places = places
        self._base = home_base
        self._known = {_bare(facts.registration): facts for facts in fleet(actor.operator_id)}
        self._rows: dict[str, int] = {}
        self._counts = {"new": 0, "updated": 0, "unchanged": 0}
        self._skipped: list[RowNote] = []
        self._notes: list[RowNote] = []

    def take(self, row: int, given: list[str], cells_at: Mapping[str, int], width: int) -> None:
        """One row: added, changed, found equal, or left out with the reason."""
        if len(given) != width:
            reason = f"It has {len(given)} cells, and the header has {width}. Look for a missing or surplus comma."
            self._skipped.append(RowNote(row, reason))
            return
        cells = Cells(cells_at, given)
        written = _registration(cells)
        values = _values(cells, self._places)
        if written and (earlier := self._rows.setdefault(_bare(written), row)) != row:
            cells.problems.append(f"{written} is in row {earlier} already. Remove one of the two.")
        if cells.problems:
            self._skipped.append(RowNote(row, " ".join(cells.problems)))
            return
        try:
            self._counts[self._write(row, written, values)] += 1
        except Invalid as wrong:
            self._skipped.append(RowNote(row, " ".join(str(problem) for problem in wrong.problems)))

    def _write(self, row: int, written: str, values: dict[str, Any]) -> str:
        before = self._known.get(_bare(written))
        if before is None:
            values.setdefault("icao_type", designator(values.get("model", "")))
            values.setdefault("home_base", self._base)
            add_aircraft(self._actor, AircraftInput(registration=written, **values))
            if not values["home_base"]:
                self._notes.append(RowNote(row, f"{written} has no home base yet. Enter it under Fleet."))
            return "new"
        changed = {name: value for name, value in values.items() if getattr(before, name) != value}
        if not before.icao_type and "icao_type" not in values and (known := designator(values.get("model", ""))):
            changed["icao_type"] = known
        if not changed:
            return "unchanged"
        change_aircraft(self._actor, before.id, AircraftEdit(**changed), bulk=True)
        return "updated"

    def report(self, file: str, mapping: str, dry_run: bool) -> ImportReport:
        return ImportReport(
            file=file,
            mapping=mapping,
            rows=sum(self._counts.values()) + len(self._skipped),
            **self._counts,
            skipped=tuple(self._skipped),
            notes=tuple(self._notes),
            dry_run=dry_run,
        )


def _registration(cells: Cells) -> str:
    cells.needed("registration", "Registration")
    return cells.read("registration", "Registration", registration) or ""


def _values(cells: Cells, places: Resolver) -> dict[str, Any]:
    """What the row says, in written form; empty cells are left out."""
    values: dict[str, Any] = {field: text for field in _TEXTS if (text := cells.text(field))}
    for field in {"icao_type", "iata_type", "call_sign"} & values.keys():
        values[field] = values[field].upper()
    model = " ".join(part for part in (cells.text("manufacturer"), cells.text("model")) if part)
    if model:
        values["model"] = model
    for field, highest in _NUMBERS.items():
        if (number := cells.whole(field, field.replace("_", " ").capitalize(), highest)) is not None:
            values[field] = number
    base = cells.read("home_base", "Home base", places.resolve)
    if base is not None:
        values["home_base"] = base.code
    return values


def _bare(written: str) -> str:
    return written.upper().replace("-", "")
