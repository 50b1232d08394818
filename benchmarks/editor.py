"""Somebody who edits flights at a steady rate, in a process of its own, with the product's own command.

Told by one line of JSON on standard input; answers with one: for each edit its number, its aircraft, and when (in
nanoseconds of the machine's monotonic clock) it began, its COMMIT was given, and the command was done.
"""

from __future__ import annotations

import sys
import time
from typing import Any

import msgspec

from benchmarks.mirrors import MARK


class Task(msgspec.Struct):
    """`flights`: (aircraft id, flight id), edited in turn from the first on. Without `command`: by a minimal write."""

    operator_id: int
    flights: list[tuple[int, int]]
    first: int
    count: int
    rate: float
    command: bool


class Edit(msgspec.Struct, array_like=True):
    number: int
    aircraft: int
    began: int
    committing: int
    done: int


class Editor:
    """Makes the edits, and notes when each COMMIT is given."""

    def __init__(self, task: Task) -> None:
        from django.db import connection

        from airstair.records.operators.queries import cli_actor

        self._task = task
        self._actor = cli_actor(task.operator_id)
        database: Any = connection
        self._committing = 0
        commit = database._commit

        def noted() -> None:
            self._committing = time.monotonic_ns()
            commit()

        database._commit = noted

    def run(self) -> list[Edit]:
        """At the stated rate; an edit that is late is made at once, and the next is due as if it had not been."""
        edits = []
        began = time.monotonic()
        for place in range(self._task.count):
            time.sleep(max(0.0, began + place / self._task.rate - time.monotonic()))
            aircraft, flight = self._task.flights[place % len(self._task.flights)]
            number = self._task.first + place
            at = time.monotonic_ns()
            (self._change if self._task.command else self._write)(flight, number)
            edits.append(Edit(number, aircraft, at, self._committing, time.monotonic_ns()))
        return edits

    def _change(self, flight_id: int, number: int) -> None:
        """As a dispatcher does it, through the command."""
        from airstair.records.flights.commands import FlightEdit, change_flight

        change_flight(self._actor, flight_id, FlightEdit(notes=f"{MARK}{number}"))

    def _write(self, flight_id: int, number: int) -> None:
        """The least that reaches partners: the row, and its line in the change log."""
        from django.db import transaction

        from airstair.changes.record import NewChange, record
        from airstair.kernel.units import Unit, UnitKind
        from airstair.records.flights.models import Flight

        with transaction.atomic():
            row = Flight.objects.filter(operator_id=self._actor.operator_id, id=flight_id)
            (aircraft,) = row.values_list("aircraft_id", flat=True)
            row.update(notes=f"{MARK}{number}")
            subject = Unit(UnitKind.FLIGHT, flight_id)
            units = (subject, Unit(UnitKind.AIRCRAFT, aircraft))
            record(self._actor, [NewChange(kind="flight.changed", subject=subject, title="", units=units)])


def main() -> None:
    import django

    django.setup()
    from django.db import connection

    editor = Editor(msgspec.json.decode(sys.stdin.readline(), type=Task))
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")  # connecting is no part of the first edit
    edits = editor.run()
    print(f"edits {msgspec.json.encode(edits).decode()}", flush=True)


if __name__ == "__main__":
    main()
