"""Invented flights and totals for the tests of this add-on."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

from airstair.addons.traxxall.addon import ADDON
from airstair.addons.traxxall.settings import TraxxallSettings
from airstair.hub.flows import Document
from airstair.records.fleet.snapshots import AircraftFacts
from airstair.records.flights.books import LogValues
from airstair.records.flights.counters import AircraftCounters, EngineTotals, Totals
from airstair.records.flights.facts import BookTimes, FlightFacts
from airstair.records.flights.rules import Status

NOW = datetime(2027, 3, 15, 9, 12, 30, tzinfo=UTC)
FLIGHTS, TOTALS = ADDON.mirror("flights"), ADDON.mirror("totals")
SETTINGS = TraxxallSettings()


def flight(id: int = 88, **fields: Any) -> FlightFacts:
    """A commercial flight that is planned, unless the fields say otherwise."""
    std = fields.pop("std", NOW + timedelta(hours=2))
    given: dict[str, Any] = {
        "operator_id": 7,
        "trip_id": 1,
        "trip_number": "T-1",
        "aircraft_id": 81,
        "registration": "SP-KXA",
        "aircraft_serial": "4711",
        "number": "KXA88",
        "adep": "EPWA",
        "ades": "LFMN",
        "altn": "",
        "altn2": "",
        "std": std,
        "sta": std + timedelta(hours=2),
        "status": Status.CONFIRMED,
        "flight_type": "COMMERCIAL",
        "regulation": "",
        "flight_rules": "I",
        "sales_type": "PAX",
        "ferry": False,
        "pax_count": 3,
        "pax_by_category": {},
        "pax_list": ({"name": "Jane Doe"},),
        "crew": {"CPT": "ABC"},
        "cargo_kg": 0,
        "catering_kg": 0,
        "notes": "Nobody's business",
        "deleted": False,
        "import_key": None,
        "revision": 5,
        "times": {},
        "empty_leg": None,
        "services": (),
    }
    return FlightFacts(id=id, **(given | fields))


def flown(**fields: Any) -> FlightFacts:
    """One whose journey log is whole: 2 h 04 in the air."""
    off = NOW - timedelta(hours=5)
    times = BookTimes(
        book="journey_log",
        off_block=off,
        take_off=off + timedelta(minutes=10),
        landing=off + timedelta(minutes=134),
        on_block=off + timedelta(minutes=140),
        source="Ann Lee",
    )
    log = LogValues(landings=fields.pop("landings", None))
    return flight(std=off, times={"journey_log": times}, log=log, **fields)


def engine(serial: str, minutes: int = 60_000, cycles: int = 900, position: int = 1) -> EngineTotals:
    return EngineTotals(engine_id=position, position=position, serial=serial, minutes=minutes, cycles=cycles)


def counters(minutes: int = 60_000, cycles: int = 900, **fields: Any) -> AircraftCounters:
    """SP-KXA with 1000.0 h, one engine with as much, and no APU, unless the fields say otherwise."""
    given: dict[str, Any] = {
        "aircraft": AircraftFacts(id=81, operator_id=7, registration="SP-KXA", serial_number="4711"),
        "start_date": date(2027, 1, 1),
        "airframe": Totals(minutes=minutes, cycles=cycles),
        "engines": (engine("E1"),),
        "as_of": NOW,
    }
    return AircraftCounters(**(given | fields))


def totals(picture: AircraftCounters) -> Document:
    document = TOTALS.document(picture, SETTINGS, NOW)
    assert document is not None
    return document
