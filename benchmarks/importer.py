"""An operator that imports many flights at once, in a process of its own, by the product's own command.

Told by one line of JSON on standard input. Says `prepared`, waits for a line, and says `imported` with the seconds that
the command took.
"""

from __future__ import annotations

import sys
import time
from datetime import UTC, datetime, timedelta

import msgspec


class Import(msgspec.Struct):
    """So many new flights, dealt out to these aircraft."""

    operator_id: int
    aircraft: list[int]
    count: int


def main() -> None:
    import django

    django.setup()
    from airstair.kernel.scope import operator_scope
    from airstair.records.flights.commands import FlightInput, FlightRow, write_flights
    from airstair.records.operators.queries import cli_actor

    wanted = msgspec.json.decode(sys.stdin.readline(), type=Import)
    first = datetime.now(UTC).replace(hour=6, minute=0, second=0, microsecond=0) + timedelta(days=400)
    rows = []
    for place in range(wanted.count):
        turn, aircraft = divmod(place, len(wanted.aircraft))
        std = first + timedelta(hours=4 * turn)
        ends = ("EGGW", "LFPB") if turn % 2 == 0 else ("LFPB", "EGGW")
        flight = FlightInput(
            aircraft_id=wanted.aircraft[aircraft],
            number=f"IM{place % 9000 + 1000}",
            adep=ends[0],
            ades=ends[1],
            std=std,
            sta=std + timedelta(minutes=70),
        )
        rows.append(FlightRow(import_key=f"bench {place}", flight=flight))
    with operator_scope(wanted.operator_id):
        actor = cli_actor(wanted.operator_id)
        print("prepared", flush=True)
        sys.stdin.readline()
        began = time.monotonic()
        result = write_flights(actor, rows)
    if result.refused:
        raise SystemExit(f"{len(result.refused)} rows were refused: {next(iter(result.refused.values()))}")
    print(f"imported {time.monotonic() - began:.1f}", flush=True)


if __name__ == "__main__":
    main()
