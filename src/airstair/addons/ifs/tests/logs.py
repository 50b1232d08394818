"""Logs as IFS posts them, for its tests."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from airstair.records.flights.facts import FlightFacts


def log_of(flight: FlightFacts, **other: Any) -> dict[str, Any]:
    """A whole log of the flight, flown ten minutes late; `other` properties instead of those."""
    off = flight.std + timedelta(minutes=10)
    on = flight.sta + timedelta(minutes=10)
    log = {
        "uniqueId": f"IFS-{flight.id}",
        "flightNumber": flight.number,
        "date": f"{flight.std:%Y-%m-%d}",
        "registration": flight.registration,
        "adep": flight.adep,
        "ades": flight.ades,
        "blockOff": _zulu(off),
        "takeOff": _zulu(off + timedelta(minutes=8)),
        "landing": _zulu(on - timedelta(minutes=5)),
        "blockOn": _zulu(on),
        "pax": 3,
        "uplift": 950,
        "blockFuel": 2400,
        "remainingFuel": 1100.5,
        "delayCode": "93",
        "delayTime": 10,
        "pilotFlying": "ABC",
        "landings": 1,
    }
    return {name: value for name, value in {**log, **other}.items() if value is not None}


def _zulu(when: Any) -> str:
    return f"{when:%Y-%m-%dT%H:%M:%SZ}"
