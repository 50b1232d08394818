"""TRAXXALL through the whole hub: flights and the journey log here, hours and cycles there."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date, timedelta
from typing import Any

import pytest

from airstair.hub.approvals import send_anyway
from airstair.kernel.outcome import OutcomeKind
from airstair.kernel.units import Unit, UnitKind
from airstair.records.fleet.camcommands import CamInput, EngineInput, add_engine, set_cam
from airstair.records.fleet.commands import AircraftEdit, change_aircraft
from airstair.records.flights.commands import FlightEdit, change_flight, delete_flight
from airstair.testing.counting import fly
from airstair.testing.stage import Stage, staged


@pytest.fixture
async def stage(transactional_db: None, settings: Any) -> AsyncIterator[Stage]:
    async with staged(settings, "traxxall", Stage) as made:
        yield made


async def switch_on(stage: Stage, aircraft: Any = "all") -> int:
    made = await stage.configure("traxxall", values={"environment": "sandbox"}, aircraft=aircraft, on=True)
    assert made.connection.on, made.warnings
    return made.connection.id


async def counted(stage: Stage, aircraft: int, days: int = 120) -> None:
    """1000 h and 900 cycles on the airframe, 500 h and 400 on its engine, so many days ago."""
    day: date = stage.clock.now().date() - timedelta(days=days)
    frame = CamInput(start_date=day, start_minutes=60_000, start_cycles=900)
    await stage.do(set_cam, stage.actor, aircraft, frame)
    engine = EngineInput(position=1, serial="E1", start_date=day, start_minutes=30_000, start_cycles=400)
    await stage.do(add_engine, stage.actor, aircraft, engine)


def plane(stage: Stage, registration: str = "N1AA") -> list[tuple[float | None, int | None]]:
    """Hours and cycles of the airframe and of its engines, as they are there."""
    found = stage.partner.state()["planes"][f"SN-{registration}"]
    return [(one["hours"], one["cycles"]) for one in (found["airframe"], *found["engines"])]


def flights(stage: Stage) -> dict[str, str]:
    """The status of each flight there, by its number."""
    found = stage.partner.state()["flights"].values()
    return {one["flight"]["flightNumber"]: one["flight"]["status"] for one in found}


@pytest.mark.req("TRX-01")
async def test_planned_flown_and_counted(stage: Stage) -> None:
    (aircraft,) = await stage.aircraft("N1AA")
    await counted(stage, aircraft)
    flight = await stage.flight(aircraft, number="TST1")
    await switch_on(stage)
    await stage.start()
    assert flights(stage) == {"TST1": "PLANNED"}
    assert plane(stage) == [(1000.0, 900), (500.0, 400)]
    await fly(stage, flight, 75)
    await stage.settle()
    assert flights(stage) == {"TST1": "ACTUAL"}
    assert plane(stage) == [(1001.2, 901), (501.2, 401)], "75 minutes are 1.2 h"


@pytest.mark.req("TRX-01", "FWJ-03")
async def test_correcting_an_old_entry_changes_the_totals_there(stage: Stage) -> None:
    (aircraft,) = await stage.aircraft("N1AA")
    await counted(stage, aircraft)
    old = await stage.flight(aircraft, stage.clock.now() - timedelta(days=92), number="OLD")
    late = await stage.flight(aircraft, stage.clock.now() - timedelta(days=1), number="LATE")
    await fly(stage, old, 60)
    await fly(stage, late, 30)
    await switch_on(stage)
    await stage.start()
    assert plane(stage)[0] == (1001.5, 902)
    await fly(stage, old, 96)
    await stage.settle()
    assert plane(stage) == [(1002.1, 902), (502.1, 402)]


@pytest.mark.req("TRX-01")
async def test_a_total_never_goes_down_without_a_persons_word(stage: Stage) -> None:
    one, two = await stage.aircraft("N1AA", "N2AA")
    await counted(stage, one)
    flight = await stage.flight(one, number="TST1")
    other = await stage.flight(two, number="TST2")
    await fly(stage, flight, 90)
    connection = await switch_on(stage)
    await stage.start()
    await fly(stage, flight, 60)
    await stage.advance(minutes=30, step=timedelta(minutes=5))
    assert plane(stage)[0] == (1001.5, 901)
    held = next(line for line in (await stage.lines(connection)).values() if line.question)
    assert held.unit == Unit(UnitKind.COUNTERS, one)
    assert "Airframe from 1001.5 h to 1001.0 h" in held.messages[0].text
    await stage.do(change_flight, stage.actor, other.id, FlightEdit(number="TST9"))
    await stage.settle()
    assert "TST9" in flights(stage), "nothing else waits for it"
    await stage.do(send_anyway, stage.actor, connection, "totals", held.unit, held.question, clock=stage.clock)
    await stage.settle()
    await stage.advance(minutes=1)
    assert plane(stage) == [(1001.0, 901), (501.0, 401)]
    assert stage.partner.audit()["rules"][0]["count"] == 2, "airframe and engine, once"


@pytest.mark.req("TRX-01")
async def test_a_total_that_is_put_right_again_asks_nobody(stage: Stage) -> None:
    (aircraft,) = await stage.aircraft("N1AA")
    await counted(stage, aircraft)
    flight = await stage.flight(aircraft, number="TST1")
    await fly(stage, flight, 90)
    connection = await switch_on(stage)
    await stage.start()
    await fly(stage, flight, 60)
    await stage.advance(minutes=5)
    assert [bool(line.question) for line in (await stage.lines(connection)).values()].count(True) == 1
    await fly(stage, flight, 102)
    await stage.advance(minutes=5)
    assert not any(line.question for line in (await stage.lines(connection)).values())
    assert plane(stage)[0] == (1001.7, 901)
    assert stage.partner.audit()["ok"]


@pytest.mark.req("TRX-01")
async def test_serial_numbers_must_match(stage: Stage) -> None:
    (aircraft,) = await stage.aircraft("N1AA")
    await counted(stage, aircraft)
    await stage.flight(aircraft, number="TST1")
    await stage.do(change_aircraft, stage.actor, aircraft, AircraftEdit(serial_number=""))
    connection = await switch_on(stage)
    stage.partner.act("set-adoption", {"on": "off"})
    await stage.start()
    lines = (await stage.lines(connection)).values()
    assert {line.outcome for line in lines} == {OutcomeKind.UNMATCHED}
    assert all("no serial number here" in line.messages[0].text for line in lines)
    assert all(call.method == "GET" for call in stage.partner.calls()), "nothing was sent of it"
    await stage.do(change_aircraft, stage.actor, aircraft, AircraftEdit(serial_number="TRX-0001"))
    await stage.settle()
    await stage.advance(minutes=1)
    line = next(line for line in (await stage.lines(connection)).values() if line.flow == "totals")
    assert line.outcome is OutcomeKind.UNMATCHED and "Engine E1" in line.messages[0].text
    wish = {"serialNumber": "TRX-0001", "position": "1", "engineSerialNumber": "E1"}
    stage.partner.act("change-engine", wish)
    await stage.do(change_aircraft, stage.actor, aircraft, AircraftEdit(registration="N1AB"))
    await stage.advance(minutes=1)
    assert stage.partner.state()["planes"]["TRX-0001"]["airframe"]["hours"] == 1000.0


@pytest.mark.req("TRX-01")
async def test_deleted_moved_and_unticked(stage: Stage) -> None:
    one, two = await stage.aircraft("N1AA", "N2AA")
    first = await stage.flight(one, number="TST1")
    second = await stage.flight(one, stage.clock.now() + timedelta(hours=5), number="TST2")
    flown = await stage.flight(one, stage.clock.now() - timedelta(hours=5), number="FLOWN")
    await fly(stage, flown, 50)
    await switch_on(stage, [one])
    await stage.start()
    assert flights(stage) == {"TST1": "PLANNED", "TST2": "PLANNED", "FLOWN": "ACTUAL"}
    await stage.do(delete_flight, stage.actor, first.id)
    await stage.do(change_flight, stage.actor, second.id, FlightEdit(aircraft_id=two))
    await stage.settle()
    assert flights(stage) == {"TST1": "CANCELLED", "TST2": "CANCELLED", "FLOWN": "ACTUAL"}
    await switch_on(stage, [one, two])
    await stage.settle()
    assert flights(stage)["TST2"] == "PLANNED"
    assert stage.partner.state()["flights"][f"airstair-{second.id}"]["serialNumber"] == "SN-N2AA"
    await switch_on(stage, [two])
    await stage.settle()
    assert flights(stage)["FLOWN"] == "ACTUAL", "what was flown stays flown"


async def test_an_aircraft_whose_start_nobody_entered_has_no_totals_there(stage: Stage) -> None:
    (aircraft,) = await stage.aircraft("N1AA")
    flight = await stage.flight(aircraft, number="TST1")
    connection = await switch_on(stage)
    await stage.start()
    await fly(stage, flight, 50)
    await stage.advance(minutes=5)
    assert not any(call.path.endswith("/actuals") for call in stage.partner.calls())
    await counted(stage, aircraft)
    await stage.advance(minutes=1)
    assert plane(stage)[0] == (1000.8, 901)
    assert all(line.outcome is OutcomeKind.ACCEPTED for line in (await stage.lines(connection)).values())
