"""What the two books know of a flight beside its actual times: frozen pictures, and what is possible. Pure.

Flight watch expects; the journey log, which the commander signs, tells. Each value carries who said it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum

import msgspec

from airstair.records.flights.rules import FURTHEST_FROM_SCHEDULE

MOST_DELAYS = 4
LONGEST_DELAY = 24 * 60  # minutes
LONGEST_EET = 24 * 60
MOST_PAX = 900
MOST_LANDINGS = 99  # circuits flown in one training flight
MOST_FUEL = Decimal(1_000_000)
MOST_APU_HOURS = Decimal(1_000_000)
# ETD, ETA and CTOT by their short names, with what in the schedule each is about.
ESTIMATES = {"etd": ("ETD", "std"), "eta": ("ETA", "sta"), "ctot": ("CTOT", "std")}


class FuelUnit(StrEnum):
    """What fuel is measured in: tanks show mass, bowsers meter volume."""

    KG = "KG"
    LB = "LB"
    LITRE = "L"
    US_GALLON = "USG"


_KG = {FuelUnit.KG: Decimal(1), FuelUnit.LB: Decimal("0.45359237")}
_LITRES = {FuelUnit.LITRE: Decimal(1), FuelUnit.US_GALLON: Decimal("3.785411784")}


class Fuel(msgspec.Struct, frozen=True):
    """An amount of fuel as it was read, in the unit that it was read in. Nothing is converted when it is kept."""

    amount: Decimal
    unit: str = FuelUnit.KG  # FuelUnit

    @property
    def kg(self) -> Decimal | None:
        """The mass in kg; `None` for a volume, whose mass takes a density that nobody has measured."""
        factor = _KG.get(FuelUnit(self.unit))
        return None if factor is None else self.amount * factor

    @property
    def litres(self) -> Decimal | None:
        """The volume in litres; `None` for a mass."""
        factor = _LITRES.get(FuelUnit(self.unit))
        return None if factor is None else self.amount * factor

    def __str__(self) -> str:
        return f"{self.amount.normalize():f} {self.unit}"


class Delay(msgspec.Struct, frozen=True):
    """One reason for a delay: an IATA code of two digits, with a letter of the operator's own if it has one."""

    code: str
    minutes: int

    def __str__(self) -> str:
        return f"{self.code}/{self.minutes // 60:02d}{self.minutes % 60:02d}"


class WatchValues(msgspec.Struct, frozen=True, kw_only=True):
    """What flight watch expects of a flight. `sources` says who said each value, by the field's name."""

    etd: datetime | None = None
    eet_minutes: int | None = None  # estimated elapsed time, take-off to landing
    eta: datetime | None = None
    ctot: datetime | None = None  # the calculated take-off time of a slot
    pax: int | None = None
    delays: tuple[Delay, ...] = ()
    sources: dict[str, str] = {}


class LogValues(msgspec.Struct, frozen=True, kw_only=True):
    """What the journey log tells of a flight. `sources` says who said each value, by the field's name."""

    pax: int | None = None
    landings: int | None = None
    pilot_flying: str = ""
    block_fuel: Fuel | None = None  # in the tanks at block-off
    uplift: Fuel | None = None
    remaining_fuel: Fuel | None = None  # in the tanks at block-on
    delays: tuple[Delay, ...] = ()
    apu_hours: Decimal | None = None  # the APU's own counter as it was read; never derived from flying
    sources: dict[str, str] = {}


def more_than(one: Fuel | None, other: Fuel | None) -> bool:
    """Whether the first is more than the second; False when they cannot be compared (mass with volume)."""
    if one is None or other is None:
        return False
    if one.kg is not None and other.kg is not None:
        return one.kg > other.kg
    if one.litres is not None and other.litres is not None:
        return one.litres > other.litres
    return False


def expected_arrival(watch: WatchValues, take_off: datetime | None) -> datetime | None:
    """ETA as somebody said it, else T/O + EET once the aircraft is in the air."""
    if watch.eta is not None or take_off is None or watch.eet_minutes is None:
        return watch.eta
    return take_off + timedelta(minutes=watch.eet_minutes)


def estimate_off_schedule(std: datetime, sta: datetime, values: Mapping[str, object]) -> str | None:
    """The short name of the first estimate that is more than a day from the schedule; `None` when none is."""
    scheduled = {"std": std, "sta": sta}
    for field, (name, about) in ESTIMATES.items():
        when = values.get(field)
        if isinstance(when, datetime) and abs(when - scheduled[about]) > FURTHEST_FROM_SCHEDULE:
            return name
    return None
