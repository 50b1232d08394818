"""What callers write in a flight's two books, flight watch and the journey log. Their rules are the commands'."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, StrictInt, StrictStr

from airstair.api.rest.schemas import LEFT_OUT, Amount, DelayDocument, FuelDocument, Moment, TimesIn
from airstair.records.flights.books import Delay, Fuel
from airstair.records.flights.commands import LogInput, WatchInput


class WatchIn(TimesIn):
    """Flight watch; what is left out stays, null (or no delays) clears."""

    etd: Moment | None = None
    eet_minutes: StrictInt | None = None
    eta: Moment | None = None
    ctot: Moment | None = None
    pax: StrictInt | None = None
    delays: Annotated[list[DelayDocument], Field(max_length=20)] = LEFT_OUT


class LogIn(TimesIn):
    """The journey log; what is left out stays, null (or empty) clears."""

    pax: StrictInt | None = None
    landings: StrictInt | None = None
    pilot_flying: Annotated[StrictStr, Field(max_length=200)] = LEFT_OUT
    block_fuel: FuelDocument | None = None
    uplift: FuelDocument | None = None
    remaining_fuel: FuelDocument | None = None
    delays: Annotated[list[DelayDocument], Field(max_length=20)] = LEFT_OUT
    apu_hours: Amount | None = None


def watch_input(body: WatchIn) -> WatchInput:
    return WatchInput(**_sent(body))


def log_input(body: LogIn) -> LogInput:
    return LogInput(**_sent(body))


def _sent(body: TimesIn) -> dict[str, Any]:
    return {name: _plain(getattr(body, name)) for name in body.model_fields_set}


def _plain(value: Any) -> Any:
    if isinstance(value, FuelDocument):
        return Fuel(amount=value.amount, unit=value.unit.value)
    if isinstance(value, list):
        return tuple(Delay(code=one.code, minutes=one.minutes) for one in value)
    return value
