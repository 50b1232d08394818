"""Rows of flight watch and journey log as pictures, and pictures as rows. No statement, no rule."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from airstair.records.flights.books import Delay, Fuel, LogValues, WatchValues
from airstair.records.flights.models import FlightWatch, JourneyLog

FUELS = ("block_fuel", "uplift", "remaining_fuel")


def watch_values(row: FlightWatch | None) -> WatchValues:
    """What flight watch expects of a flight; nothing without a row."""
    if row is None:
        return WatchValues()
    plain = {name: getattr(row, name) for name in ("etd", "eet_minutes", "eta", "ctot", "pax")}
    return WatchValues(**plain, delays=_delays(row.delays), sources=dict(row.sources))


def log_values(row: JourneyLog | None) -> LogValues:
    """What the journey log tells of a flight; nothing without a row."""
    if row is None:
        return LogValues()
    plain = {name: getattr(row, name) for name in ("pax", "landings", "pilot_flying", "apu_hours")}
    plain |= {name: _fuel(getattr(row, name), getattr(row, f"{name}_unit")) for name in FUELS}
    return LogValues(**plain, delays=_delays(row.delays), sources=dict(row.sources))


def columns(values: Mapping[str, Any]) -> dict[str, Any]:
    """Values of a picture as columns of its row."""
    found = dict(values)
    for name in FUELS:
        if name in found:
            fuel = found[name]
            found[name] = None if fuel is None else fuel.amount
            found[f"{name}_unit"] = "" if fuel is None else str(fuel.unit)
    if "delays" in found:
        found["delays"] = [{"code": delay.code, "minutes": delay.minutes} for delay in found["delays"]]
    return found


def _delays(stored: Iterable[Mapping[str, Any]]) -> tuple[Delay, ...]:
    return tuple(Delay(code=one["code"], minutes=one["minutes"]) for one in stored)


def _fuel(amount: Decimal | None, unit: str) -> Fuel | None:
    return None if amount is None else Fuel(amount=amount, unit=unit)
