"""An operator with a small fleet, and files to bring in."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from airstair.kernel.actor import Actor
from airstair.kernel.clock import ManualClock
from airstair.records.fleet.commands import AircraftInput, add_aircraft
from airstair.records.flights.facts import FlightFacts
from airstair.records.flights.imports import import_flights
from airstair.records.flights.models import BlockTimes, Flight, Trip
from airstair.records.flights.queries import flights
from airstair.records.imports.report import ImportReport
from airstair.records.operators.commands import create_operator
from airstair.records.operators.queries import cli_actor

REAL = Path(__file__).resolve().parents[2] / "src/airstair/demo"
FLEET, FLIGHTS = REAL / "fleet_2013-03.csv", REAL / "flights_2013-03.csv"
HEADER = "registration,number,adep,ades,std,sta,off_block,on_block,cancelled"
NOON = datetime(2027, 5, 11, 12, tzinfo=UTC)


@pytest.fixture
def actor(db: None) -> Actor:
    """The command line at a new operator without aircraft."""
    return cli_actor(create_operator(code="TEST", name="Test Air", admin_email="admin@test.example").id)


@pytest.fixture
def with_fleet(actor: Actor) -> Actor:
    """The same with two aircraft."""
    for registration in ("SP-KXA", "N14923"):
        add_aircraft(actor, AircraftInput(registration=registration, home_base="EPWA"))
    return actor


Bring = Callable[..., ImportReport]


@pytest.fixture
def bring(with_fleet: Actor, tmp_path: Path) -> Bring:
    """Import these lines under the header of the plain layout."""

    def run(*lines: str, header: str = HEADER, name: str = "month.csv", **options: object) -> ImportReport:
        path = tmp_path / name
        path.write_text("\n".join([header, *lines]) + "\n", encoding="utf-8")
        options.setdefault("clock", ManualClock(NOON))
        return import_flights(with_fleet, path, **options)  # type: ignore[arg-type]

    return run


FLOWN = "SP-KXA,KX101,WAW,EGLL,2027-05-01T06:00Z,2027-05-01T08:40Z,2027-05-01T06:05Z,2027-05-01T08:31Z,no"
DIVERTED = "SP-KXA,KX102,EGLL,WAW,2027-05-02T10:00Z,2027-05-02T12:30Z,2027-05-02T10:20Z,,no"
CANCELLED = "N14923,KX103,EPWA,EPKK,2027-05-03T10:00Z,2027-05-03T11:00Z,,,yes"


def stored(actor: Actor) -> list[FlightFacts]:
    return flights(actor.operator_id, Flight.objects.values_list("id", flat=True))


def counts(report: ImportReport) -> tuple[int, int, int, int]:
    assert report.rows == report.new + report.updated + report.unchanged + len(report.skipped)
    return report.new, report.updated, report.unchanged, len(report.skipped)


def changed(**cells: str) -> str:
    given = dict(
        zip(("registration", "number", "adep", "ades", "std", "sta", "off", "on", "x"), FLOWN.split(","), strict=True)
    )
    return ",".join({**given, **cells}.values())


def picture(actor: Actor) -> list[dict[str, object]]:
    return [msgspec.structs.asdict(flight) for flight in stored(actor)]


def nothing_was_written() -> bool:
    return not (Flight.objects.exists() or Trip.objects.exists() or BlockTimes.objects.exists())
