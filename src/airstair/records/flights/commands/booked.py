"""What may stand in a flight's books beside its times: looked at value by value, then together. Writes nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from airstair.kernel.errors import Problems
from airstair.records import checks
from airstair.records.flights.books import (
    ESTIMATES,
    LONGEST_DELAY,
    LONGEST_EET,
    MOST_APU_HOURS,
    MOST_DELAYS,
    MOST_FUEL,
    MOST_LANDINGS,
    MOST_PAX,
    Delay,
    Fuel,
    FuelUnit,
    LogValues,
    WatchValues,
    estimate_off_schedule,
    more_than,
)
from airstair.records.flights.rules import TIMES_IN_ORDER

_HUNDREDTH = Decimal("0.01")
_NUMBERS = {"eet_minutes": (1, LONGEST_EET), "pax": (0, MOST_PAX), "landings": (0, MOST_LANDINGS)}
_DELAY = r"[0-9]{2}[A-Z]?"


def tidy_values(problems: Problems, values: Mapping[str, Any]) -> dict[str, Any]:
    """The values that were given, times apart, each in its written form."""
    return {
        name: None if value is None else _TIDY[name](problems, name, value)
        for name, value in values.items()
        if name not in TIMES_IN_ORDER
    }


def refuse_impossible_values(
    problems: Problems, known: WatchValues | LogValues, new: Mapping[str, Any], scheduled: tuple[datetime, datetime]
) -> None:
    """Note what cannot be, of the new values by themselves and together with those known."""
    far = estimate_off_schedule(*scheduled, new)
    if far is not None:
        std = f"{scheduled[0]:%d %b %Y %H%M}Z"
        sentence = f"{far} is more than a day from the schedule (STD {std}). Correct it, or re-time the flight."
        problems.add(far.lower(), sentence)
    # Estimates are compared when they come together: one that is new does not wait for an older one to be corrected.
    eta = new.get("eta")
    for name in ("etd", "ctot"):
        if eta is not None and (when := new.get(name)) is not None and eta < when:
            problems.add("eta", f"ETA is before {ESTIMATES[name][0]}. Correct one of the two.")
    if {"block_fuel", "remaining_fuel"} & new.keys() and isinstance(known, LogValues):
        block, remaining = (new.get(name, getattr(known, name)) for name in ("block_fuel", "remaining_fuel"))
        if more_than(remaining, block):
            problems.add("remaining_fuel", f"{remaining} remain of {block} block fuel. Correct one of the two.")


def _moment(problems: Problems, name: str, value: datetime) -> datetime | None:
    return checks.moment(problems, name, value)


def _whole(problems: Problems, name: str, value: int) -> int:
    return checks.whole(problems, name, value, *_NUMBERS[name])


def _pilot(problems: Problems, name: str, value: str) -> str:
    return checks.text(problems, name, value, longest=60)


def _hours(problems: Problems, name: str, value: Decimal) -> Decimal | None:
    return _amount(problems, name, value, MOST_APU_HOURS, "hours")


def _fuel(problems: Problems, name: str, value: Fuel) -> Fuel | None:
    unit = checks.word(problems, name, value.unit, FuelUnit)
    amount = _amount(problems, name, value.amount, MOST_FUEL, unit.value)
    return None if amount is None else Fuel(amount=amount, unit=unit.value)


def _amount(problems: Problems, name: str, value: Decimal, most: Decimal, unit: str) -> Decimal | None:
    if not value.is_finite() or not 0 <= value <= most:
        problems.add(name, f"{checks.shown(value)} does not fit. Use 0 to {most:,} {unit}.")
        return None
    return value.quantize(_HUNDREDTH, ROUND_HALF_UP)


def _delays(problems: Problems, name: str, value: tuple[Delay, ...]) -> tuple[Delay, ...]:
    if len(value) > MOST_DELAYS:
        problems.add(name, f"There are {len(value)}. Keep at most {MOST_DELAYS} for one flight.")
    remedy = "Use the two digits of the IATA delay code, such as 93; a letter may follow."
    return tuple(
        Delay(
            code=checks.pattern(problems, name, one.code, _DELAY, remedy, blank=False),
            minutes=checks.whole(problems, name, one.minutes, 0, LONGEST_DELAY),
        )
        for one in value[:MOST_DELAYS]
    )


_TIDY: dict[str, Callable[[Problems, str, Any], Any]] = {
    "etd": _moment,
    "eta": _moment,
    "ctot": _moment,
    "eet_minutes": _whole,
    "pax": _whole,
    "landings": _whole,
    "pilot_flying": _pilot,
    "block_fuel": _fuel,
    "uplift": _fuel,
    "remaining_fuel": _fuel,
    "delays": _delays,
    "apu_hours": _hours,
}
