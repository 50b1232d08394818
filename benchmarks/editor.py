"""Somebody who edits flights at a steady rate, in a process of its own, with the product's own command.

Told by one line of JSON on standard input; says `editing` when it begins, and answers with one line of JSON: for each
edit its number, its aircraft, and when (in nanoseconds of the machine's monotonic clock) it began, its COMMIT was
given, and the command was done. Where a peer is measured, each edit puts one task for every partner into the peer's
queue once it is committed.
"""

from __future__ import annotations

import sys
import time
from typing import Any, Literal

import msgspec

from benchmarks.mirrors import MARK

# As a dispatcher edits, through the command; the row and its line in the change log; both in one statement.
Way = Literal["command", "minimal", "statement"]


class Task(msgspec.Struct, kw_only=True):
    """`flights`: (aircraft id, flight id), edited in turn from the first on. `rate` in edits a second; 0: no pause.

    `peer` and `partners`: which queue gets a task for each of so many partners after every edit.
    """

    operator_id: int
    flights: list[tuple[int, int]]
    first: int
    count: int
    rate: float
    way: Way = "command"
    peer: str = ""
    partners: int = 0


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
        self._enqueue = None
        if task.peer:
            from benchmarks.peers.enqueue import enqueuer

            self._enqueue = enqueuer(task.peer, task.partners)
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
        change = {"command": self._change, "minimal": self._write, "statement": self._write_at_once}[self._task.way]
        began = time.monotonic()
        for place in range(self._task.count):
            if self._task.rate:
                time.sleep(max(0.0, began + place / self._task.rate - time.monotonic()))
            aircraft, flight = self._task.flights[place % len(self._task.flights)]
            number = self._task.first + place
            at = time.monotonic_ns()
            change(flight, number)
            if self._enqueue is not None:
                self._enqueue(self._task.operator_id, aircraft, number)
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

    def _write_at_once(self, flight_id: int, number: int) -> None:
        """The same as few statements as can be, so that one editor can make hundreds of edits a second."""
        from django.db import connection, transaction

        actor = self._actor
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(
                _AT_ONCE,
                {
                    "operator": actor.operator_id,
                    "flight": flight_id,
                    "notes": f"{MARK}{number}",
                    "actor_kind": actor.kind.value,
                    "actor_key": actor.key,
                    "actor_label": actor.label,
                },
            )


_AT_ONCE = """
WITH edited AS (
    UPDATE flights_flight SET notes = %(notes)s WHERE operator_id = %(operator)s AND id = %(flight)s
    RETURNING operator_id, id, aircraft_id)
INSERT INTO changes_change (operator_id, actor_kind, actor_key, actor_label, kind, subject_kind, subject_id, title,
                            units, bulk)
SELECT operator_id, %(actor_kind)s, %(actor_key)s, %(actor_label)s, 'flight.changed', 'flight', id, '',
       ARRAY['aircraft:' || aircraft_id, 'flight:' || id], false
  FROM edited
"""


def main() -> None:
    import django

    django.setup()
    from django.db import connection

    from airstair.kernel.scope import operator_scope

    task = msgspec.json.decode(sys.stdin.readline(), type=Task)
    with operator_scope(task.operator_id):
        editor = Editor(task)
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")  # connecting is no part of the first edit
        print("editing", flush=True)
        edits = editor.run()
    print(f"edits {msgspec.json.encode(edits).decode()}", flush=True)


if __name__ == "__main__":
    main()
