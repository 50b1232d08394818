"""Programs of the site that talk in lines: the worker, and the clerk who makes the record and edits it.

`python -m tests.machines.processes worker|clerk`.
"""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime, timedelta
from typing import Any


def worker() -> None:
    """The product's worker, with the partners of these tests."""
    from airstair.hub.worker import work

    work(lambda: print("ready", flush=True))


def clerk() -> None:
    """Makes the record, then carries out what it is told: `[aircraft, number]` writes the number on its flight."""
    from airstair.demo.build import DEMO_PASSWORD, build_demo
    from airstair.kernel.scope import operator_scope
    from airstair.records.flights.commands import FlightEdit, change_flight
    from airstair.records.operators import queries as operators

    task = json.loads(sys.stdin.readline())
    now = datetime.now(UTC)
    demo = build_demo(now.date())
    operator, flights = _furnish(task["url"], task["aircraft"], task["counted"], now)
    users = [user.email for user in demo.users]
    print(json.dumps({"users": users, "password": DEMO_PASSWORD, "demo": demo.operator_id}), flush=True)
    with operator_scope(operator):
        actor = operators.cli_actor(operator)
        for line in sys.stdin:
            place, number = json.loads(line)
            change_flight(actor, flights[place], FlightEdit(notes=str(number)))
            print(json.dumps("done"), flush=True)


def _furnish(url: str, count: int, counted: int, now: datetime) -> tuple[int, list[int]]:
    """An operator with so many aircraft, a flight each, and a connection each; the first `counted` have two."""
    from airstair.kernel.scope import all_operators, operator_scope
    from airstair.records.fleet.commands import AircraftInput, add_aircraft
    from airstair.records.flights.commands import FlightInput, TripInput, create_trip
    from airstair.records.operators import queries as operators
    from airstair.records.operators.commands import create_operator

    with all_operators():
        made = create_operator(code="SITE", name="Site Air", admin_email="a@site.example", admin_name="Ann")
    with operator_scope(made.id):
        actor = operators.cli_actor(made.id)
        aircraft, flights = [], []
        for number in range(count):
            wanted = AircraftInput(registration=f"N{number:02}AA", home_base="KEWR")
            aircraft.append(add_aircraft(actor, wanted).id)
            std = now + timedelta(days=1)
            leg: dict[str, Any] = {"adep": "KEWR", "ades": "KBOS", "std": std, "sta": std + timedelta(hours=1)}
            flight = FlightInput(aircraft_id=aircraft[-1], number="TST1", notes="0", **leg)
            flights.append(create_trip(actor, TripInput(flights=(flight,))).flights[0].id)
        _connect(actor, "plain", url, aircraft)
        _connect(actor, "counted", url, aircraft[:counted])
    return made.id, flights


def _connect(actor: Any, key: str, url: str, aircraft: list[int]) -> None:
    from airstair.hub.connections.commands import ConnectionInput, configure

    values = {"base_url": f"{url}/{key}", "key": "one-account"}
    for number, one in enumerate(aircraft):
        name = "" if number == 0 else f"c{number}"
        configure(actor, key, ConnectionInput(values=values, name=name, aircraft=[one], on=True))


if __name__ == "__main__":
    import django

    django.setup()
    from tests.machines.partner import register_addons

    register_addons()
    {"worker": worker, "clerk": clerk}[sys.argv[1]]()
