"""What IFS posts, as commands: the flight that is meant, then flight watch and the journey log."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from msgspec import UNSET

from airstair.addons.ifs import wire
from airstair.addons.ifs.settings import IfsSettings
from airstair.hub.doors.matching import Sought, flight_meant
from airstair.hub.visits import Reply, Visit
from airstair.kernel.errors import Invalid, Problem
from airstair.kernel.units import Unit, UnitKind
from airstair.records.flights.books import Delay, Fuel
from airstair.records.flights.commands import LogInput, WatchInput, log_flight, watch_flight

# What the record calls a field or time, in the partner's words.
_CALLED = {
    "BLOFF": "blockOff", "T/O": "takeOff", "LDG": "landing", "BLON": "blockOn", "block_fuel": "blockFuel",
    "remaining_fuel": "remainingFuel", "pilot_flying": "pilotFlying", "delays": "delayCode",
}  # fmt: skip


def identity(visit: Visit) -> str:
    """The partner's own name of the log."""
    return visit.read(wire.Posted).unique_id


def take_log(visit: Visit) -> Reply:
    """One log into both books, whole or not at all. Raises `Unmatched`, `Invalid` in the partner's words."""
    posted = visit.read(wire.Posted)
    flight = flight_meant(visit, sought(posted))
    log, watch = inputs(posted, visit.settings)
    try:
        watch_flight(visit.actor, flight.id, watch)
        log_flight(visit.actor, flight.id, log)
    except Invalid as wrong:
        raise Invalid(Problem(_CALLED.get(one.field, one.field), one.sentence) for one in wrong.problems) from None
    answer = wire.Taken(unique_id=posted.unique_id, flight_id=str(flight.id), trip_number=flight.trip_number)
    return Reply.json(answer, count=1, units=(Unit(UnitKind.FLIGHT, flight.id),), title=flight.title)


def sought(posted: wire.Posted) -> Sought:
    """The flight that the log is of."""
    return Sought(
        registration=posted.registration,
        day=posted.date,
        number=posted.flight_number,
        adep=posted.adep,
        ades=posted.ades,
        about=posted.block_off or posted.take_off or posted.landing or posted.block_on,
        called={"number": "flightNumber"},
    )


def inputs(posted: wire.Posted, settings: IfsSettings) -> tuple[LogInput, WatchInput]:
    """What goes into the journey log, and what into flight watch."""
    both: dict[str, Any] = {
        "off_block": _given(posted.block_off),
        "take_off": _given(posted.take_off),
        "landing": _given(posted.landing),
        "on_block": _given(posted.block_on),
        "pax": _given(posted.pax),
    }
    if posted.delay_code is not None:
        both["delays"] = (Delay(posted.delay_code, posted.delay_time or 0),)
    log = LogInput(
        **both,
        landings=_given(posted.landings),
        pilot_flying=_given(posted.pilot_flying),
        block_fuel=_fuel(posted.block_fuel, settings.fuel_unit),
        uplift=_fuel(posted.uplift, settings.uplift_unit),
        remaining_fuel=_fuel(posted.remaining_fuel, settings.fuel_unit),
    )
    return log, WatchInput(**both)


def _given(value: Any) -> Any:
    return UNSET if value is None else value


def _fuel(amount: Decimal | None, unit: str) -> Any:
    return UNSET if amount is None else Fuel(amount, unit)
