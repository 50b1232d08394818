"""What the demo operator has flown: whole journey logs of yesterday and today, start values of hours and cycles, IATA
types. Figures are invented, but such as these aircraft have.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal

from airstair.kernel.actor import Actor
from airstair.records.fleet.camcommands import CamInput, EngineInput, add_engine, set_cam
from airstair.records.fleet.commands import AircraftEdit, change_aircraft
from airstair.records.fleet.queries import fleet
from airstair.records.flights.books import Fuel, FuelUnit
from airstair.records.flights.commands import LogInput, log_flight
from airstair.records.flights.queries import aircraft_schedules
from airstair.records.flights.rules import Book
from airstair.records.flights.snapshots import Activity

IATA_TYPES = {"E145": "ER4", "E45X": "ER4", "CRJ2": "CR2", "CRJ7": "CR7", "CRJ9": "CR9", "GLF2": "GJ2", "C172": "CN1"}
_TAXI_OUT, _TAXI_IN = timedelta(minutes=9), timedelta(minutes=5)
_KG_A_MINUTE = 21  # of a regional jet, roughly
_RESERVE_KG = 1_400
_CAM_AIRCRAFT = 6  # have start values; the others show what to do


def add_flown(actor: Actor, today: date, now: datetime) -> dict[str, int]:
    """Add it; returns how many journey logs are whole, and how many aircraft count their hours."""
    return {"journey_logs": _logs(actor, now), "cam": _cam(actor, today)}


def _logs(actor: Actor, now: datetime) -> int:
    """Of the flights of the last day and a half that are over and came in with their block times."""
    ids = [aircraft.id for aircraft in fleet(actor.operator_id)]
    schedules = aircraft_schedules(actor.operator_id, ids, since=now - timedelta(hours=36))
    over = [
        (flight, (blocks.off_block, blocks.on_block))
        for schedule in schedules.values()
        for flight in schedule.activities
        for blocks in flight.actual
        if blocks.book == Book.JOURNEY_LOG and blocks.off_block and blocks.on_block and blocks.on_block <= now
    ]
    for flight, blocks in over:
        log_flight(actor, flight.id, _log(flight, *blocks))
    return len(over)


def _log(flight: Activity, off_block: datetime, on_block: datetime) -> LogInput:
    burnt = round((on_block - off_block).total_seconds() / 60) * _KG_A_MINUTE
    take_off = min(off_block + _TAXI_OUT, on_block)
    return LogInput(
        take_off=take_off,
        landing=max(on_block - _TAXI_IN, take_off),
        landings=1,
        pax=flight.pax_count,
        block_fuel=_fuel(burnt + _RESERVE_KG),
        uplift=_fuel(burnt),
        remaining_fuel=_fuel(_RESERVE_KG),
    )


def _fuel(kg: int) -> Fuel:
    return Fuel(amount=Decimal(kg), unit=FuelUnit.KG)


def _cam(actor: Actor, today: date) -> int:
    aircraft = fleet(actor.operator_id)
    for one in aircraft:
        if iata := IATA_TYPES.get(one.icao_type):
            change_aircraft(actor, one.id, AircraftEdit(iata_type=iata))
    start = today - timedelta(days=30)
    jets = [one for one in aircraft if one.icao_type not in ("", "C172")][:_CAM_AIRCRAFT]
    for number, one in enumerate(jets):
        minutes, cycles = (21_480 + 977 * number) * 60, 17_930 + 611 * number
        set_cam(actor, one.id, CamInput(start_date=start, start_minutes=minutes, start_cycles=cycles))
        for position in (1, 2):
            engine = EngineInput(
                position=position,
                serial=f"ESN-{3_110 + 2 * number + position}",
                start_date=start,
                start_minutes=(9_300 + 411 * number + 65 * position) * 60,
                start_cycles=7_240 + 203 * number + 40 * position,
            )
            add_engine(actor, one.id, engine)
    return len(jets)
