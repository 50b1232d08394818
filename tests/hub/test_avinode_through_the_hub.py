"""Avinode through the whole hub: edits here, assertions at the partner."""

from __future__ import annotations

from datetime import timedelta

import pytest

from airstair.kernel.outcome import OutcomeKind
from airstair.records.flights.commands import FlightEdit, change_flight

from .conftest import NOON, Stage

FIVE_MINUTES = timedelta(minutes=5)


@pytest.mark.req("AVI-10", "AVI-40")
async def test_a_ticked_aircraft_is_sent_every_five_minutes(stage: Stage) -> None:
    (aircraft,) = await stage.aircraft("N1AA")
    await stage.flight(aircraft, NOON + timedelta(hours=2))
    await stage.switch_on()
    await stage.start()
    await stage.advance(minutes=16)
    calls = stage.partner.calls("N1AA")
    times = [call.at for call in calls]
    assert len(times) == 4
    assert all(later - earlier == FIVE_MINUTES for earlier, later in zip(times, times[1:], strict=False))
    assert all(call.status == 200 for call in calls)


async def test_an_edit_reaches_the_partner_with_the_next_call(stage: Stage) -> None:
    (aircraft,) = await stage.aircraft("N1AA")
    flight = await stage.flight(aircraft, NOON + timedelta(hours=2))
    configured = await stage.switch_on()
    await stage.start()
    await stage.do(change_flight, stage.actor, flight.id, FlightEdit(ades="KJFK"))
    await stage.advance(minutes=5)
    lines = await stage.lines(configured.connection.id)
    assert lines["N1AA"].outcome is OutcomeKind.ACCEPTED
    held = stage.partner.ask("aircraft", {"tail": "N1AA"}) if False else stage.partner.state()
    assert "KJFK" in str(held)
