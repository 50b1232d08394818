"""An operator with a small fleet, and files to bring in."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from airstair.kernel.actor import Actor
from airstair.kernel.clock import ManualClock
from airstair.records.fleet.commands import AircraftInput, add_aircraft
from airstair.records.flights.imports import import_flights
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
