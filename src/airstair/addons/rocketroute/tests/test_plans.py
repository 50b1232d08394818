"""What is special about RocketRoute: its number rule, who is matched by what, and that a flight is there once."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from airstair.addons.rocketroute import mapping, sandbox, settings, wire
from airstair.hub.connections.commands import ALL_AIRCRAFT
from airstair.hub.flows import MessageState
from airstair.hub.messages.commands import send_by_hand
from airstair.hub.messages.offering import offers
from airstair.hub.messages.queries import messages
from airstair.kernel.errors import Conflict, Invalid
from airstair.kernel.outcome import OutcomeKind
from airstair.kernel.units import Unit, UnitKind
from airstair.records.flights.commands import FlightEdit, change_flight
from airstair.records.flights.queries import flight as read
from airstair.testing.stage import Stage, staged


@pytest.fixture
async def stage(transactional_db: None, settings: Any) -> AsyncIterator[Stage]:
    async with staged(settings, "rocketroute", Stage) as made:
        yield made


async def connect(stage: Stage, **values: Any) -> int:
    wanted = {"environment": "sandbox", **values}
    made = await stage.configure("rocketroute", values=wanted, aircraft=ALL_AIRCRAFT, on=True)
    assert made.connection.on, made.warnings
    return made.connection.id


def plans(stage: Stage) -> list[dict[str, Any]]:
    return stage.partner.state()["plans"]  # type: ignore[no-any-return]


@pytest.mark.req("RKT-03")
@pytest.mark.parametrize("number", ["A", "ABCD1234", "AB-12", "AB 12", "abc12", "ÄB12"])
async def test_a_number_that_its_rule_forbids_is_refused_before_any_call(stage: Stage, number: str) -> None:
    (aircraft,) = await stage.aircraft("N14923")
    flight = await stage.flight(aircraft)
    await stage.sql("UPDATE flights_flight SET number = %s", number)
    connection = await connect(stage)
    before = stage.partner.begun()
    unit = Unit(UnitKind.FLIGHT, flight.id)
    with pytest.raises(Invalid, match="2 to 7 of A–Z and 0–9"):
        await stage.do(send_by_hand, stage.actor, connection, "plan", unit, clock=stage.clock)
    shown = await stage.do(offers, stage.actor, connection, "plan", [unit], stage.clock)
    assert "2 to 7" in shown.offers[0].refused
    assert stage.partner.begun() == before


@pytest.mark.req("RKT-01")
@pytest.mark.req("RKT-05")
async def test_autosend_looks_every_five_minutes_and_never_sends_a_flight_twice_unchanged(stage: Stage) -> None:
    (aircraft,) = await stage.aircraft("N14923")
    near = await stage.flight(aircraft, number="NEAR1", start=stage.clock.now() + timedelta(hours=20))
    await stage.flight(aircraft, number="FAR1", start=stage.clock.now() + timedelta(hours=30))
    await connect(stage, autosend=True)
    await stage.start()
    assert [one["flight_no"] for one in plans(stage)] == ["NEAR1"]
    await stage.advance(minutes=20, step=timedelta(minutes=5))
    assert len(plans(stage)) == 1
    await stage.do(change_flight, stage.actor, near.id, FlightEdit(notes="Says nothing new to RocketRoute"))
    await stage.advance(minutes=10, step=timedelta(minutes=5))
    assert len(plans(stage)) == 1
    await stage.do(change_flight, stage.actor, near.id, FlightEdit(ades="KJFK"))
    await stage.do(change_flight, stage.actor, near.id, FlightEdit(ades="KDCA"))
    await stage.settle()
    assert len(plans(stage)) == 1, "it waits for the next look"
    await stage.advance(minutes=5, step=timedelta(minutes=5))
    assert [one["ades"] for one in plans(stage)] == ["KBOS", "KDCA"]


@pytest.mark.req("RKT-05")
async def test_what_was_sent_by_hand_goes_again_only_on_a_persons_word(stage: Stage) -> None:
    (aircraft,) = await stage.aircraft("N14923")
    flight = await stage.flight(aircraft, number="HAND1")
    connection = await connect(stage, autosend=True, autosend_hours=1)
    await stage.start()
    unit = Unit(UnitKind.FLIGHT, flight.id)
    chosen = {"aircraft": "101", "pic_id": "7"}
    await stage.do(send_by_hand, stage.actor, connection, "plan", unit, chosen, clock=stage.clock)
    await stage.settle()
    (plan,) = plans(stage)
    assert (plan["aircraft_id"], plan["crew"]["pic_id"]) == (101, 7)
    await stage.advance(minutes=90, step=timedelta(minutes=5))  # Autosend comes by, and would have matched otherwise
    assert len(plans(stage)) == 1
    shown = await stage.do(offers, stage.actor, connection, "plan", [unit], stage.clock)
    assert shown.offers[0].there is not None
    with pytest.raises(Conflict, match="there twice"):
        await stage.do(send_by_hand, stage.actor, connection, "plan", unit, clock=stage.clock)
    await stage.do(send_by_hand, stage.actor, connection, "plan", unit, again=True, clock=stage.clock)
    await stage.settle()
    assert len(plans(stage)) == 2


@pytest.mark.req("RKT-02")
@pytest.mark.req("RKT-04")
async def test_its_own_lists_are_offered_suggestions_first(stage: Stage) -> None:
    (aircraft,) = await stage.aircraft("N14-923")
    flight = await stage.flight(aircraft)
    connection = await connect(stage)
    shown = await stage.do(offers, stage.actor, connection, "plan", [Unit(UnitKind.FLIGHT, flight.id)], stage.clock)
    assert not shown.trouble
    aircraft_choice, pic, fo = shown.offers[0].choices
    assert (aircraft_choice.options[0].label, aircraft_choice.options[0].suggested) == ("N14923", True)
    assert aircraft_choice.proposed == "102"
    assert {option.label for option in pic.options} == {"Maria Rossi", "Jon Kovac", "Ann Lee"}
    assert (pic.proposed, fo.proposed, pic.none) == ("", "", "Nobody")

    stage.partner.faults.add("status", status=503)
    shown = await stage.do(offers, stage.actor, connection, "plan", [Unit(UnitKind.FLIGHT, flight.id)], stage.clock)
    assert shown.trouble
    assert shown.offers[0].choices == ()


@pytest.mark.req("RKT-01")
async def test_credentials_that_stop_working_ask_to_be_updated(stage: Stage) -> None:
    made = await stage.configure(
        "rocketroute", values={"environment": "sandbox", "password": "not-this-one"}, aircraft=ALL_AIRCRAFT, on=True
    )
    assert not made.connection.on
    assert "Access denied" in made.warnings[0].sentence
    (aircraft,) = await stage.aircraft("N14923")
    await stage.flight(aircraft)
    connection = await connect(stage, autosend=True, password=settings.SANDBOX_PASSWORD)
    stage.partner.faults.add("expired_credentials")
    await stage.start()
    (line,) = await stage.do(messages, stage.operator.id, [connection])
    assert line.outcome is OutcomeKind.UNAUTHORISED
    assert "Update the dispatcher's email and password under Configuration" in line.messages[0].text
    assert line.state is not MessageState.DOUBTFUL
    assert plans(stage) == []


async def test_an_aircraft_that_it_does_not_have_is_told(stage: Stage) -> None:
    (aircraft,) = await stage.aircraft("SP-XYZ")
    await stage.flight(aircraft)
    connection = await connect(stage, autosend=True)
    await stage.start()
    (line,) = await stage.do(messages, stage.operator.id, [connection])
    assert (line.state, line.outcome) == (MessageState.REFUSED, OutcomeKind.UNMATCHED)
    assert "no aircraft SPXYZ" in line.messages[0].text


# ── The mapping ─────────────────────────────────────────────────────────────────────────────────────

NOW = datetime(2027, 3, 4, 12, tzinfo=UTC)


@pytest.mark.req("RKT-04")
async def test_crew_goes_by_work_email_and_is_blank_when_unmatched(stage: Stage) -> None:
    (aircraft,) = await stage.aircraft("SP-ABC")
    made = await stage.flight(aircraft, crew={"CPT": "MAR", "FO": "XYZ"})
    snapshot = await stage.do(read, stage.operator.id, made.id)
    snapshot = msgspec.structs.replace(snapshot, crew_emails={"MAR": "Maria.R@operator.example"})
    document = mapping.message(snapshot, settings.RocketrouteSettings(), NOW)
    assert document is not None
    wanted = wire.read_wanted(document.body)
    assert (wanted.registration, wanted.emails) == ("SPABC", {"pic_id": "maria.r@operator.example"})
    people = [wire.CrewMember(id=7, crew_code="M", email="MARIA.R@operator.example"), wire.CrewMember(id=8)]
    _, pic, fo = mapping.choices(snapshot, [wire.Aircraft(id=1, registration="SPABC")], people)
    assert (pic.proposed, fo.proposed) == ("7", "")
    assert "stays blank" in fo.help


def test_the_sandbox_opens_with_what_the_settings_say() -> None:
    assert settings.SANDBOX_APP_KEY == sandbox.APP_KEY
    assert (settings.SANDBOX_EMAIL, settings.SANDBOX_PASSWORD) == (sandbox.EMAIL, sandbox.PASSWORD)


@pytest.mark.parametrize("data", [None, 3, "x", {}, {"dataset": []}, [{"id": "a"}, 4, {"registration": "X"}]])
def test_an_odd_list_is_an_empty_one(data: object) -> None:
    assert wire.read_list(json.loads(json.dumps(data)), wire.Aircraft) == []
