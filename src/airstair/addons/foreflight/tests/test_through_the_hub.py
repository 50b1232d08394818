"""ForeFlight through the whole hub: edits here, the flight there."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from airstair.hub.http import Answer, CallFailed, PartnerHttp
from airstair.kernel.outcome import OutcomeKind
from airstair.records.fleet.commands import AircraftEdit, change_aircraft
from airstair.records.flights.commands import (
    FlightEdit,
    cancel_flight,
    change_flight,
    delete_flight,
    restore_flight,
)
from airstair.records.people.commands import CrewMemberEdit, CrewMemberInput, add_crew_member, change_crew_member
from airstair.testing.stage import Stage, staged

FIVE = timedelta(minutes=5)


@pytest.fixture
async def stage(transactional_db: None, settings: Any) -> AsyncIterator[Stage]:
    async with staged(settings, "foreflight", Stage) as made:
        yield made


async def switch_on(stage: Stage, auto_send: bool = True, **wanted: Any) -> int:
    values = {"environment": "sandbox", "auto_send": auto_send}
    made = await stage.configure("foreflight", values=values, on=True, **{"aircraft": "all", **wanted})
    assert made.connection.on, made.warnings
    return made.connection.id


async def change(stage: Stage, flight: Any, **edit: Any) -> None:
    await stage.do(change_flight, stage.actor, flight.id, FlightEdit(**edit))
    await stage.settle()


def held(stage: Stage) -> dict[str, dict[str, Any]]:
    """The living flights there, by callsign; each once."""
    living = [one["flight"] for one in stage.partner.state()["flights"].values() if not one["deleted"]]
    found = {one["callsign"]: one for one in living}
    assert len(found) == len(living)
    return found


def writes(stage: Stage) -> list[str]:
    """`POST` and `DELETE`, in order, without what was only read."""
    return [call.method for call in stage.partner.calls() if call.method != "GET"]


@pytest.mark.req("FFL-01")
async def test_without_auto_send_a_flight_is_sent_when_it_is_saved(stage: Stage) -> None:
    (aircraft,) = await stage.aircraft("N1-AA")
    await switch_on(stage, auto_send=False)
    await stage.start()
    flight = await stage.flight(aircraft, number="TST1")
    await stage.settle()
    assert held(stage)["TST1"]["aircraftRegistration"] == "N1AA"
    await change(stage, flight, ades="KJFK")
    assert held(stage)["TST1"]["destination"] == "KJFK"


@pytest.mark.req("FFL-01")
async def test_nothing_goes_out_before_a_key_is_entered_and_it_is_on(stage: Stage) -> None:
    (aircraft,) = await stage.aircraft("N1AA")
    await stage.flight(aircraft)
    await stage.configure("foreflight", values={"environment": "sandbox"}, aircraft="all")
    await stage.start()
    await stage.advance(minutes=11)
    assert not stage.partner.calls()
    wrong = await stage.configure("foreflight", values={"api_key": "wrong-wrong-wrong"}, on=True)
    assert not wrong.connection.on
    assert [one.field for one in wrong.warnings if one.field] == ["api_key"]
    await stage.advance(minutes=11)
    assert not writes(stage)


@pytest.mark.req("FFL-02")
async def test_with_auto_send_changes_are_gathered_for_five_minutes_and_only_they_travel(stage: Stage) -> None:
    (aircraft,) = await stage.aircraft("N1AA")
    one = await stage.flight(aircraft, number="TST1")
    await stage.flight(aircraft, stage.clock.now() + timedelta(hours=5), number="TST2")
    await switch_on(stage)
    await stage.start()
    await stage.advance(minutes=5)
    before = len(writes(stage))
    assert sorted(held(stage)) == ["TST1", "TST2"] and before == 2
    await change(stage, one, ades="KJFK")
    await change(stage, one, ades="KPHL")
    await change(stage, one, notes="Not for ForeFlight")
    await stage.advance(minutes=2, step=timedelta(seconds=30))
    assert len(writes(stage)) == before
    await stage.advance(minutes=3, step=timedelta(seconds=30))
    assert len(writes(stage)) == before + 1, "three edits of one flight, one call; the other flight stays silent"
    assert held(stage)["TST1"]["destination"] == "KPHL"
    await stage.advance(minutes=30, step=FIVE)
    assert len(writes(stage)) == before + 1


@pytest.mark.req("FFL-02")
async def test_flights_come_into_the_month_ahead_by_themselves(stage: Stage) -> None:
    (aircraft,) = await stage.aircraft("N1AA")
    edge = stage.clock.now() + timedelta(days=31)
    await stage.flight(aircraft, edge - timedelta(minutes=30), number="NEAR")
    await stage.flight(aircraft, edge + timedelta(minutes=30), number="FAR")
    await switch_on(stage)
    await stage.start()
    await stage.advance(minutes=20, step=FIVE)
    assert sorted(held(stage)) == ["NEAR"]
    await stage.advance(minutes=25, step=FIVE)
    assert sorted(held(stage)) == ["FAR", "NEAR"]


@pytest.mark.req("FFL-05", "FFL-03")
async def test_delete_restore_cancel_and_swap(stage: Stage) -> None:
    one, two = await stage.aircraft("N1AA", "N2AA")
    flight = await stage.flight(one, number="TST1")
    await switch_on(stage, auto_send=False, aircraft=[one])
    await stage.start()
    await stage.do(delete_flight, stage.actor, flight.id)
    await stage.settle()
    assert held(stage) == {}
    assert [kept["deleted"] for kept in stage.partner.state()["flights"].values()] == [True]
    await stage.do(restore_flight, stage.actor, flight.id)
    await stage.settle()
    assert held(stage)["TST1"]["tags"][1] == "Planned"
    await stage.do(cancel_flight, stage.actor, flight.id)
    await stage.settle()
    assert held(stage)["TST1"]["tags"][1] == "Cancelled"
    await change(stage, flight, status="CONFIRMED")
    await change(stage, flight, aircraft_id=two)
    assert held(stage) == {}, "its aircraft is not ticked"
    await change(stage, flight, aircraft_id=one)
    assert held(stage)["TST1"]["aircraftRegistration"] == "N1AA"
    assert stage.partner.audit()["ok"]


@pytest.mark.req("FFL-05")
async def test_one_way_what_is_changed_there_changes_nothing_here(stage: Stage) -> None:
    (aircraft,) = await stage.aircraft("N1AA")
    flight = await stage.flight(aircraft, number="TST1")
    await switch_on(stage, auto_send=False)
    await stage.start()
    (flight_id,) = stage.partner.state()["flights"]
    stage.partner.act("delete-flight", {"flightId": flight_id})
    await stage.advance(minutes=30, step=FIVE)
    assert held(stage) == {}
    await change(stage, flight, ades="KJFK")
    assert held(stage)["TST1"]["destination"] == "KJFK", "the next change makes it anew"


@pytest.mark.req("FFL-04")
async def test_crew_is_matched_by_code_then_by_work_email(stage: Stage) -> None:
    (aircraft,) = await stage.aircraft("N1AA")
    for code, email in (("ABE", ""), ("LBE", "lea@demo.example"), ("ZED", "")):
        wanted = CrewMemberInput(code=code, first_name="Test", last_name=code.title(), email=email)
        await stage.do(add_crew_member, stage.actor, wanted)
    await stage.flight(aircraft, number="TST1", crew={"CPT": "ABE", "FO": "LBE", "FA2": "ZED"})
    connection = await switch_on(stage, auto_send=False)
    await stage.start()
    assert held(stage)["TST1"]["crew"] == [
        {"position": "PIC", "crewId": "ABE"},
        {"position": "SIC", "crewId": "lea@demo.example"},
    ]
    (line,) = (await stage.lines(connection)).values()
    assert line.outcome is OutcomeKind.ACCEPTED_WITH_ERRORS
    assert [("ZED" in said.text, said.field) for said in line.messages] == [(True, "crew")]


@pytest.mark.req("FFL-01", "FFL-04")
async def test_what_a_flight_shows_of_aircraft_and_crew_is_there_at_once(stage: Stage) -> None:
    (aircraft,) = await stage.aircraft("N1AA")
    lea = CrewMemberInput(code="LBE", first_name="Lea", last_name="Berg", email="lea.berg@elsewhere.example")
    member = await stage.do(add_crew_member, stage.actor, lea)
    await stage.flight(aircraft, number="TST1", crew={"CPT": "ABE", "FO": "LBE"})
    await switch_on(stage, auto_send=False)
    await stage.start()
    began = stage.clock.now()
    assert [one["crewId"] for one in held(stage)["TST1"]["crew"]] == ["ABE"]
    edit = CrewMemberEdit(email="lea@demo.example")
    await stage.do(change_crew_member, stage.actor, member.id, edit, clock=stage.clock)
    await stage.settle()
    assert [one["crewId"] for one in held(stage)["TST1"]["crew"]] == ["ABE", "lea@demo.example"]
    await stage.do(change_aircraft, stage.actor, aircraft, AircraftEdit(registration="N-2BB"), clock=stage.clock)
    await stage.settle()
    assert held(stage)["TST1"]["aircraftRegistration"] == "N2BB"
    assert stage.clock.now() == began


async def test_limits_and_outages_pass_and_lose_nothing(stage: Stage) -> None:
    (aircraft,) = await stage.aircraft("N1AA")
    flight = await stage.flight(aircraft, number="TST1")
    connection = await switch_on(stage, auto_send=False)
    await stage.start()
    stage.partner.faults.add("rate_limit", retry_after=600, count=1)
    await change(stage, flight, ades="KJFK")
    assert (await stage.lines(connection)).popitem()[1].outcome is OutcomeKind.THROTTLED
    await stage.advance(minutes=9)
    assert held(stage)["TST1"]["destination"] == "KBOS"
    await stage.advance(minutes=2)
    assert held(stage)["TST1"]["destination"] == "KJFK"
    stage.partner.faults.add("status", status=503)
    await change(stage, flight, ades="KPHL")
    await stage.advance(minutes=3)
    stage.partner.faults.clear()
    await stage.advance(minutes=10)
    assert held(stage)["TST1"]["destination"] == "KPHL"


async def test_a_lost_answer_makes_no_second_flight(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    (aircraft,) = await stage.aircraft("N1AA")
    await switch_on(stage, auto_send=False)
    await stage.start()
    real, lost = PartnerHttp.request, []

    async def request(http: PartnerHttp, method: str, url: str, **more: Any) -> Answer:
        answer = await real(http, method, url, **more)
        if method == "POST" and not lost:
            lost.append(url)
            raise CallFailed(OutcomeKind.UNKNOWN, "The connection was lost before the answer was whole.")
        return answer

    monkeypatch.setattr(PartnerHttp, "request", request)
    await stage.flight(aircraft, number="TST1")
    await stage.advance(minutes=10)
    assert lost and sorted(held(stage)) == ["TST1"]
    assert len(stage.partner.state()["flights"]) == 1 and stage.partner.audit()["ok"]


async def test_a_flight_that_was_deleted_while_its_create_was_in_doubt_is_deleted_there_too(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    (aircraft,) = await stage.aircraft("N1AA")
    await switch_on(stage, auto_send=False)
    await stage.start()
    stage.partner.faults.add("status", status=503)
    real = PartnerHttp.request

    async def request(http: PartnerHttp, method: str, url: str, **more: Any) -> Answer:
        if method == "POST":
            stage.partner.faults.clear()
            await real(http, method, url, **more)
            stage.partner.faults.add("status", status=503)
            raise CallFailed(OutcomeKind.UNKNOWN, "The connection was lost before the answer was whole.")
        return await real(http, method, url, **more)

    monkeypatch.setattr(PartnerHttp, "request", request)
    stage.partner.faults.clear()
    flight = await stage.flight(aircraft, number="TST1")
    await stage.settle()
    monkeypatch.undo()
    assert sorted(held(stage)) == ["TST1"]
    await stage.do(delete_flight, stage.actor, flight.id)
    stage.partner.faults.clear()
    await stage.advance(minutes=20)
    assert held(stage) == {}, "it is found by its tag, though nobody ever heard its id"
