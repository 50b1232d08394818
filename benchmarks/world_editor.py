"""Dispatchers of all operators, who edit at a steady rate with the product's own command, in a process of their own.

Told by one line of JSON on standard input; answers `edits` and a line of JSON: how long each edit took and how far
behind the rate it began, in seconds.
"""

from __future__ import annotations

import random
import sys
import time

import msgspec


class Task(msgspec.Struct):
    """`flights`: (operator, flight), chosen from by chance."""

    flights: list[tuple[int, int]]
    rate: float
    seconds: float


class Edits(msgspec.Struct):
    took: list[float]
    behind: list[float]


def edit(task: Task) -> Edits:
    """One edit after the other; one that is late is made at once, and the next is due as if it had not been."""
    from airstair.kernel.scope import operator_scope
    from airstair.records.flights.commands import FlightEdit, change_flight
    from airstair.records.operators.queries import cli_actor

    chance, took, behind = random.Random(1), [], []
    began = time.monotonic()
    for place in range(int(task.rate * task.seconds)):
        due = began + place / task.rate
        time.sleep(max(0.0, due - time.monotonic()))
        operator, flight = chance.choice(task.flights)
        at = time.monotonic()
        with operator_scope(operator):
            change_flight(cli_actor(operator), flight, FlightEdit(notes=f"edit {place}"))
        took.append(round(time.monotonic() - at, 5))
        behind.append(round(at - due, 5))
    return Edits(took, behind)


def main() -> None:
    import django

    django.setup()
    from django.db import connection

    task = msgspec.json.decode(sys.stdin.readline(), type=Task)
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")  # connecting is no part of the first edit
    print(f"edits {msgspec.json.encode(edit(task)).decode()}", flush=True)


if __name__ == "__main__":
    main()
