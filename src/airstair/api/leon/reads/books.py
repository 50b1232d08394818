"""Flight watch and journey log of a flight."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from ariadne import ObjectType

from airstair.api.leon.asking import Info
from airstair.api.leon.reads.flights import distance, epoch
from airstair.records.flights.books import Fuel, LogValues, expected_arrival
from airstair.records.flights.facts import BookTimes, FlightFacts
from airstair.records.flights.rules import Book

flight, watch, log = ObjectType("Flight"), ObjectType("FlightWatch"), ObjectType("JourneyLog")
_NONE = BookTimes(book="")


@flight.field("flightWatch")
def _watch(facts: FlightFacts, info: Info) -> FlightFacts:
    info.context.require("GRAPHQL_FLIGHT_WATCH")
    return facts


@flight.field("journeyLog")
def _log(facts: FlightFacts, info: Info) -> FlightFacts | None:
    info.context.require("GRAPHQL_JOURNEY_LOG")
    return facts if Book.JOURNEY_LOG in facts.times or facts.log != LogValues() else None


# --- flight watch ---------------------------------------------------------------------------------------------------


def _watched(facts: FlightFacts) -> BookTimes:
    return facts.times.get(Book.FLIGHT_WATCH, _NONE)


def _eta(facts: FlightFacts) -> datetime | None:
    return expected_arrival(facts.watch, _watched(facts).take_off)


def status_id(facts: FlightFacts) -> str | None:
    """As the OPS table marks a flight; nothing while it is on schedule."""
    times, watched = _watched(facts), facts.watch
    if times.landing or times.on_block:
        return "+"
    if times.take_off or times.off_block:
        return "A"
    if watched.etd is not None and watched.etd > facts.std:
        return "D"
    return "S" if watched.ctot is not None else None


def _both(seconds: str, text: str, read: Any) -> None:
    """One time under two names."""
    watch.set_field(seconds, lambda facts, _info: epoch(read(facts)))
    watch.set_field(text, lambda facts, _info: read(facts))


_both("atd", "toIso", lambda one: _watched(one).take_off)
_both("ata", "ldgIso", lambda one: _watched(one).landing)
_both("offBlock", "bloffIso", lambda one: _watched(one).off_block)
_both("onBlock", "blonIso", lambda one: _watched(one).on_block)
_both("etd", "etdIso", lambda one: one.watch.etd)
_both("eta", "etaIso", _eta)
_both("ctot", "ctotIso", lambda one: one.watch.ctot)


def _field(of: ObjectType, name: str, read: Any) -> None:
    of.set_field(name, lambda facts, _info: read(facts))


_field(watch, "eet", lambda one: one.watch.eet_minutes)
_field(watch, "paxCount", lambda one: one.watch.pax)
_field(watch, "statusId", status_id)
_field(watch, "delayList", lambda one: one.watch.delays)
for _name in ("tobt", "tsat", "notes"):
    _field(watch, _name, lambda one: None)  # the flight's own are something else

# --- journey log ----------------------------------------------------------------------------------------------------


def _logged(facts: FlightFacts) -> BookTimes:
    return facts.times.get(Book.JOURNEY_LOG, _NONE)


def _minutes(start: datetime | None, end: datetime | None) -> int | None:
    return None if start is None or end is None else round((end - start).total_seconds() / 60)


def fuel_unit(values: LogValues) -> str | None:
    """The unit of the answer: that of the first amount there is."""
    read = (values.block_fuel, values.remaining_fuel, values.uplift)
    return next((one.unit for one in read if one is not None), None)


def _amount(fuel: Fuel | None, values: LogValues) -> float | None:
    return float(fuel.amount) if fuel is not None and fuel.unit == fuel_unit(values) else None


def _less(values: LogValues, subtracted: Fuel | None) -> float | None:
    """Block fuel less another amount; nothing where the units differ."""
    one, other = _amount(values.block_fuel, values), _amount(subtracted, values)
    return None if one is None or other is None else round(one - other, 2)


_TIMES = {
    "bloffUTC": "off_block", "atd": "take_off", "toTimeUTC": "take_off", "ata": "landing", "ldgTimeUTC": "landing",
    "blonUTC": "on_block",
}  # fmt: skip
for _name, _time in _TIMES.items():
    _field(log, _name, lambda one, time=_time: getattr(_logged(one), time))
_field(log, "startTime", lambda one: epoch(_logged(one).off_block))
_field(log, "endTime", lambda one: epoch(_logged(one).on_block))
_field(log, "duration", lambda one: _minutes(_logged(one).off_block, _logged(one).on_block))
_field(log, "flightTime", lambda one: _minutes(_logged(one).take_off, _logged(one).landing))
_field(log, "blockFuel", lambda one: _amount(one.log.block_fuel, one.log))
_field(log, "refuel", lambda one: _amount(one.log.uplift, one.log))
_field(log, "remainingFuel", lambda one: _amount(one.log.remaining_fuel, one.log))
_field(log, "usedFuel", lambda one: _less(one.log, one.log.remaining_fuel))
_field(log, "fuelBeforeUplift", lambda one: _less(one.log, one.log.uplift))
_field(log, "fuelUnit", lambda one: fuel_unit(one.log))
_field(log, "cargo", lambda one: one.cargo_kg or None)
_field(log, "paxCount", lambda one: one.log.pax)
_field(log, "landingCount", lambda one: one.log.landings)
_field(log, "apuHoursTotal", lambda one: float(one.log.apu_hours) if one.log.apu_hours is not None else None)
_field(log, "delayList", lambda one: one.log.delays)
for _name in ("takeoffCrewLogin", "landingCrewLogin"):
    _field(log, _name, lambda one: {"code": one.log.pilot_flying} if one.log.pilot_flying else None)
for _name in ("approachList", "approachTypeList"):
    _field(log, _name, lambda one: [])
log.set_field("distance", lambda facts, info: distance(facts, info.context))
log.set_field("startAirport", lambda facts, info: info.context.load.airports.get(facts.adep))
log.set_field("endAirport", lambda facts, info: info.context.load.airports.get(facts.ades))


@log.field("acft")
def _acft(facts: FlightFacts, info: Info) -> Any:
    info.context.require("GRAPHQL_ACFT")
    return info.context.load.fleet.get(facts.aircraft_id)


BINDABLES = [flight, watch, log]
