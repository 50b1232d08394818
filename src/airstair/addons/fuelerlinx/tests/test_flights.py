"""What is special about FuelerLinx: which flights it reads, and in which words."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from airstair.addons.fuelerlinx.addon import ADDON
from airstair.hub.connections.commands import ALL_AIRCRAFT
from airstair.records.flights.commands import FlightEdit, cancel_flight, change_flight, delete_flight
from airstair.testing.stage import Stage, staged
from airstair.testing.visits import ENTRANCE, HERE, Visitor, carry


class Desk:
    """FuelerLinx and the operator, with one aircraft."""

    def __init__(self, stage: Stage, aircraft: int, visitor: Visitor) -> None:
        self.stage, self.aircraft, self.visitor = stage, aircraft, visitor

    async def read(self, path: str = "/flights") -> tuple[int, dict[str, Any]]:
        answer = await self.stage.do(self.visitor.come, "GET", path)
        return answer.status_code, json.loads(answer.content)

    async def trips(self) -> list[dict[str, Any]]:
        status, said = await self.read()
        assert (status, said["success"]) == (200, True)
        return list(said["scheduledTrips"])


@pytest.fixture
async def desk(transactional_db: None, settings: Any, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Desk]:
    async with staged(settings, ADDON.key, Stage) as stage:
        monkeypatch.setattr(ENTRANCE, stage.clock)
        (aircraft,) = await stage.aircraft("N1AA")
        made = await stage.configure(ADDON.key, aircraft=ALL_AIRCRAFT, on=True)
        yield Desk(stage, aircraft, Visitor(made.issued))


@pytest.mark.req("FLX-01")
async def test_switching_on_issues_credentials_with_which_the_partner_pulls(desk: Desk) -> None:
    flight = await desk.stage.flight(desk.aircraft, number="TST101", pax_count=5)
    desk.stage.partner.carried_by(carry)
    issued = desk.visitor.issued
    await desk.stage.partner.go("connect", {"address": HERE + issued.path, "login": issued.login, "key": issued.key})
    await desk.stage.partner.go("pull")
    (trip,) = desk.stage.partner.state()["held"]["trips"].values()
    assert trip == {
        "flightId": str(flight.id), "tripId": flight.trip_number, "flightNumber": "TST101", "tailNumber": "N1AA",
        "departureIcao": "KEWR", "arrivalIcao": "KBOS", "departureDateTimeZulu": "2027-03-04T14:00:00Z",
        "arrivalDateTimeZulu": "2027-03-04T15:00:00Z", "paxCount": 5, "cancelled": False,
    }  # fmt: skip


@pytest.mark.req("FLX-01")
@pytest.mark.parametrize("end", [cancel_flight, delete_flight])
async def test_what_is_cancelled_or_deleted_says_so(desk: Desk, end: Any) -> None:
    flight = await desk.stage.flight(desk.aircraft)
    await desk.stage.do(end, desk.stage.actor, flight.id)
    assert [trip["cancelled"] for trip in await desk.trips()] == [True]


async def test_it_reads_the_schedule_of_the_moment_under_ids_that_stay(desk: Desk) -> None:
    flight = await desk.stage.flight(desk.aircraft)
    await desk.stage.do(change_flight, desk.stage.actor, flight.id, FlightEdit(ades="KTEB", number="NEW1"))
    (trip,) = await desk.trips()
    assert (trip["flightId"], trip["arrivalIcao"], trip["flightNumber"]) == (str(flight.id), "KTEB", "NEW1")


async def test_options_are_left_out_unless_wanted(desk: Desk) -> None:
    flight = await desk.stage.flight(desk.aircraft, status="OPTION")
    assert await desk.trips() == []
    assert (await desk.read(f"/flights/{flight.id}"))[0] == 404
    await desk.stage.configure(ADDON.key, values={"include_options": True})
    assert len(await desk.trips()) == 1


@pytest.mark.parametrize(("days", "there"), [(-2, False), (-0.9, True), (59, True), (61, False)])
async def test_it_reads_from_yesterday_to_sixty_days_ahead(desk: Desk, days: float, there: bool) -> None:
    await desk.stage.flight(desk.aircraft, desk.stage.clock.now() + timedelta(days=days))
    assert bool(await desk.trips()) is there


async def test_one_flight_and_one_that_is_not_there(desk: Desk) -> None:
    flight = await desk.stage.flight(desk.aircraft)
    status, said = await desk.read(f"/flights/{flight.id}")
    assert (status, len(said["scheduledTrips"])) == (200, 1)
    for wrong in ("0", "x", str(flight.id + 1)):
        status, said = await desk.read(f"/flights/{wrong}")
        assert (status, said["success"], bool(said["message"])) == (404, False, True)
