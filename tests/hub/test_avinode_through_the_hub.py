"""Avinode through the whole hub: edits here, assertions at the partner."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest

from airstair.hub.connections.commands import remove_connection
from airstair.hub.engine.store import Store
from airstair.hub.exports import ExportAsked, export_now, run
from airstair.hub.health import Health, cards
from airstair.kernel.errors import Conflict, Invalid
from airstair.kernel.outcome import OutcomeKind
from airstair.records.fleet.commands import retire_aircraft
from airstair.records.flights.commands import FlightEdit, change_flight
from airstair.records.places.commands import AirportEdit, set_airport_override

from .stage import NOON, Stage

FIVE_MINUTES = timedelta(minutes=5)


def fired(stage: Stage, rule: str) -> int:
    """How often the partner's audit found a rule broken."""
    return sum(found["count"] for found in stage.partner.audit()["rules"] if found["rule"] == rule)


def floor_was_kept(stage: Stage) -> bool:
    return fired(stage, "interval-under-five-minutes") == 0 and fired(stage, "retry-after-failure") == 0


def begun(stage: Stage) -> int:
    """How many calls the partner has seen the beginning of; its journal lists them when they end."""
    return stage.partner._host.journal._seq


async def export(stage: Stage, connection: int, *aircraft: int) -> ExportAsked:
    return await stage.do(export_now, stage.actor, connection, aircraft or None, clock=stage.clock)


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
    assert all(later - earlier == FIVE_MINUTES for earlier, later in pairwise(times))
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
    first, second = stage.partner.calls("N1AA")
    assert ("KJFK" in first.body, "KJFK" in second.body) == (False, True)
    assert "KJFK" in str(stage.partner.state())


@pytest.mark.req("AVI-01")
async def test_nothing_is_sent_before_a_key_is_entered_and_it_is_switched_on(stage: Stage) -> None:
    (aircraft,) = await stage.aircraft("N1AA")
    with pytest.raises(Invalid) as refused:
        await stage.configure("avinode", aircraft=[aircraft], on=True)
    assert {problem.field for problem in refused.value.problems} >= {"authorization_key"}
    await stage.start()
    await stage.configure("avinode", values={"environment": "sandbox"}, aircraft=[aircraft])
    await stage.advance(minutes=6)
    assert not stage.partner.calls()
    made = await stage.configure("avinode", on=True)
    await stage.settle()
    assert made.connection.on
    assert [call.aircraft for call in stage.partner.calls() if call.method == "PUT"] == ["N1AA"]


@pytest.mark.req("AVI-04")
async def test_every_call_carries_the_product_and_the_other_headers(stage: Stage) -> None:
    await stage.aircraft("N1AA")
    await stage.switch_on()
    await stage.start()
    await stage.advance(minutes=5)
    calls = stage.partner.calls()
    assert {call.method for call in calls} == {"GET", "PUT"}
    for call in calls:
        headers = {name.lower() for name in call.headers}
        assert {"x-avinode-product", "x-avinode-apitoken", "x-avinode-senttimestamp", "authorization"} <= headers
        product = next(value for name, value in call.headers.items() if name.lower() == "x-avinode-product")
        assert product.startswith("Airstair/")


@pytest.mark.req("AVI-10")
async def test_four_minutes_are_refused_however_they_are_entered(stage: Stage) -> None:
    await stage.aircraft("N1AA")
    configured = await stage.switch_on()
    for wrong in (4, "4", 0, -5, "1"):
        with pytest.raises(Invalid, match="at least 5") as refused:
            await stage.configure("avinode", values={"interval_minutes": wrong})
        assert refused.value.problems[0].field == "interval_minutes"
    # Written into the table by hand, it is not obeyed: nothing is sent, and the page says why.
    await stage.sql("UPDATE hub_connection SET settings = settings || '{\"interval_minutes\": 1}'")
    await stage.start()
    await stage.advance(minutes=11)
    assert not [call for call in stage.partner.calls() if call.method == "PUT"]
    await stage.configure("avinode", values={"interval_minutes": 5})
    await stage.advance(minutes=11)
    assert floor_was_kept(stage)
    assert len(stage.partner.calls("N1AA")) == 3
    assert configured.connection.on


@pytest.mark.req("AVI-10", "AVI-46")
async def test_export_now_keeps_the_floor_and_says_when(stage: Stage) -> None:
    one, two = await stage.aircraft("N1AA", "N2AA")
    configured = await stage.switch_on(aircraft=[one], interval_minutes=60)
    connection = configured.connection.id
    await stage.start()
    await stage.advance(minutes=2)
    refused = await export(stage, connection)
    assert refused.run_id is None
    assert refused.later == (("N1AA", NOON + FIVE_MINUTES),)
    await stage.configure("avinode", aircraft=[one, two])
    await stage.advance(minutes=2)
    mixed = await export(stage, connection)
    assert (mixed.now, [title for title, _ in mixed.later]) == ((), ["N1AA", "N2AA"])
    await stage.advance(minutes=1)
    asked = await export(stage, connection)
    assert asked.now == ("N1AA",)
    for _ in range(3):  # and nobody gets around it by asking again and again
        await export(stage, connection)
        await stage.settle()
    assert asked.run_id is not None
    progress = await stage.do(run, stage.operator.id, asked.run_id)
    assert (progress.done, progress.total, progress.finished_at) == (1, 1, NOON + FIVE_MINUTES)
    await stage.advance(minutes=10)
    assert [call.at - NOON for call in stage.partner.calls("N1AA")] == [timedelta(0), FIVE_MINUTES]
    assert floor_was_kept(stage)
    with pytest.raises(Invalid, match="not ticked"):
        await export(stage, connection, 12345)
    await stage.switch_off("avinode")
    with pytest.raises(Conflict, match="switched off"):
        await export(stage, connection)


async def test_export_now_while_its_call_is_under_way_says_when_the_next_may_be(stage: Stage) -> None:
    (aircraft,) = await stage.aircraft("N1AA")
    configured = await stage.switch_on()
    fault = stage.partner.faults.add("hang_after", aircraft="N1AA")
    await stage.start(settle=False)
    await stage.until(lambda: begun(stage) == 1 + 1)  # the check of the key, and the upload
    asked = await export(stage, configured.connection.id, aircraft)
    assert (asked.now, asked.later) == ((), (("N1AA", NOON + FIVE_MINUTES),))
    stage.partner.faults.remove(fault)
    await stage.settle()
    await stage.advance(minutes=5)
    assert floor_was_kept(stage)
    assert len(stage.partner.calls("N1AA")) == 2


@pytest.mark.req("AVI-28", "HUB-26", "AVI-46")
async def test_configuring_while_a_result_is_not_yet_saved_sends_nothing_twice(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The ledger is read anew when a connection is configured, and lags behind the calls by some milliseconds."""
    one, two = await stage.aircraft("N1AA", "N2AA")
    await stage.switch_on(aircraft=[one])
    release = asyncio.Event()
    real = Store.save

    async def slow(self: Store, calls: Any, unchanged: Any, cursors: Any) -> None:
        await release.wait()
        await real(self, calls, unchanged, cursors)

    monkeypatch.setattr(Store, "save", slow)
    await stage.start(settle=False)
    await stage.until(lambda: [call for call in stage.partner.calls("N1AA") if call.status])
    await asyncio.sleep(0.05)  # the answer has arrived; its result waits to be saved
    await stage.configure("avinode", aircraft=[one, two])
    await stage.until(lambda: stage.partner.calls("N2AA"))
    await asyncio.sleep(0.05)
    release.set()
    await stage.settle()
    assert len(stage.partner.calls("N1AA")) == 1
    assert floor_was_kept(stage)


@pytest.mark.req("HUB-11", "AVI-24", "AVI-26")
async def test_accepted_with_errors_is_shown_with_activity_and_field_until_a_clean_answer(stage: Stage) -> None:
    (aircraft,) = await stage.aircraft("N1AA")
    field = AirportEdit(code="ZZXX", name="Own field", latitude=40.0, longitude=-74.0, country="US")
    await stage.do(set_airport_override, stage.actor, field)
    await stage.flight(aircraft, NOON + timedelta(hours=2))
    odd = await stage.flight(aircraft, NOON + timedelta(hours=6), route="KBOS-ZZXX")
    configured = await stage.switch_on()
    await stage.start()
    line = (await stage.lines(configured.connection.id))["N1AA"]
    assert (line.outcome, line.http_status, line.tries) == (OutcomeKind.ACCEPTED_WITH_ERRORS, 200, 0)
    (said,) = [message for message in line.messages if message.level == "error"]
    assert said.about == f"flight:{odd.id}"
    assert said.field.startswith("endAirport")
    assert "ZZXX" in said.text
    (card,) = [c for c in await stage.do(cards, stage.operator.id, clock=stage.clock) if c.addon.key == "avinode"]
    assert card.health is Health.WITH_ERRORS
    await stage.advance(minutes=10)
    assert (await stage.lines(configured.connection.id))["N1AA"].messages == line.messages, "flagged until it is clean"
    await stage.do(change_flight, stage.actor, odd.id, FlightEdit(ades="KJFK"))
    await stage.advance(minutes=5)
    line = (await stage.lines(configured.connection.id))["N1AA"]
    assert (line.outcome, line.messages) == (OutcomeKind.ACCEPTED, ())
    (card,) = [c for c in await stage.do(cards, stage.operator.id, clock=stage.clock) if c.addon.key == "avinode"]
    assert card.health is Health.WELL


@pytest.mark.req("AVI-27", "HUB-09")
async def test_unticked_and_sold_aircraft_stop_at_once_and_added_ones_start_within_an_interval(stage: Stage) -> None:
    one, two, three = await stage.aircraft("N1AA", "N2AA", "N3AA")
    configured = await stage.switch_on(aircraft=[one, two])
    await stage.start()
    await stage.advance(minutes=1)
    await stage.configure("avinode", aircraft=[two, three])
    await stage.settle()
    assert len(stage.partner.calls("N3AA")) == 1, "the new one did not wait for the next round"
    await stage.do(retire_aircraft, stage.actor, two)
    await stage.advance(minutes=20)
    assert [len(stage.partner.calls(tail)) for tail in ("N1AA", "N2AA", "N3AA")] == [1, 1, 5]
    await stage.configure("avinode", aircraft=[one])
    await stage.settle()
    await stage.advance(minutes=5)
    assert len(stage.partner.calls("N1AA")) == 3
    assert floor_was_kept(stage)
    assert list(await stage.lines(configured.connection.id)) == ["N1AA"]


@pytest.mark.req("HUB-09")
async def test_an_unticked_aircraft_never_leaves(stage: Stage) -> None:
    one, two = await stage.aircraft("N1AA", "N2AA")
    flight = await stage.flight(two, number="SECRET1")
    configured = await stage.switch_on(aircraft=[one])
    await stage.start()
    await stage.do(change_flight, stage.actor, flight.id, FlightEdit(notes="Nobody's business."))
    await stage.advance(minutes=15)
    with pytest.raises(Invalid):
        await export(stage, configured.connection.id, two)
    sent = "".join(call.body + call.path for call in stage.partner.calls())
    assert "N1AA" in sent
    assert "N2AA" not in sent and "SECRET1" not in sent


@pytest.mark.req("HUB-08", "AVI-03", "AVI-27")
async def test_an_aircrafts_own_connection_overrides_the_default_and_the_floor_goes_with_it(stage: Stage) -> None:
    one, two = await stage.aircraft("N1AA", "N2AA")
    default = await stage.switch_on()
    await stage.start()
    await stage.advance(minutes=2)
    key = stage.partner.credentials()["authorization_key"]
    own = await stage.configure(
        "avinode",
        name="Managed aircraft",
        values={"environment": "sandbox", "authorization_key": key, "interval_minutes": 10},
        aircraft=[two],
        on=True,
    )
    await stage.settle()
    assert own.connection.id != default.connection.id
    assert len(stage.partner.calls("N2AA")) == 1, "moved, it is still the aircraft that was sent two minutes ago"
    await stage.advance(minutes=13)
    assert [call.at - NOON for call in stage.partner.calls("N2AA")] == [timedelta(minutes=m) for m in (0, 5, 15)]
    assert list(await stage.lines(default.connection.id)) == ["N1AA"]
    assert list(await stage.lines(own.connection.id)) == ["N2AA"]
    await stage.do(remove_connection, stage.actor, own.connection.id)
    await stage.advance(minutes=5)
    assert stage.partner.calls("N2AA")[-1].at - NOON == timedelta(minutes=20)
    assert floor_was_kept(stage)
    assert one


@pytest.mark.req("AVI-28", "AVI-46")
async def test_restarts_make_no_bursts(stage: Stage) -> None:
    await stage.aircraft(*(f"N{n}AA" for n in range(1, 9)))
    await stage.switch_on()
    for pause in (1, 0, 3, 7, 0, 2):
        worker = await stage.start()
        await (stage.kill if pause % 2 else stage.end)(worker)
        stage.clock.advance(timedelta(minutes=pause))
    await stage.start()
    await stage.advance(minutes=5)
    for number in range(1, 9):
        times = [call.at for call in stage.partner.calls(f"N{number}AA")]
        assert len(times) >= 3
        assert all(later - earlier >= FIVE_MINUTES for earlier, later in pairwise(times))
    assert floor_was_kept(stage)


@pytest.mark.req("AVI-28", "HUB-27", "HUB-28", "AVI-46")
async def test_a_worker_killed_in_the_middle_of_calls_makes_no_second_ones(stage: Stage) -> None:
    await stage.aircraft(*(f"N{n}AA" for n in range(1, 5)))
    configured = await stage.switch_on()
    stage.partner.faults.add("hang_after")
    worker = await stage.start(settle=False)
    await stage.until(lambda: begun(stage) == 1 + 4)  # the check of the key, and the four
    await stage.kill(worker)
    stage.partner.faults.clear()
    await stage.start()
    lines = await stage.lines(configured.connection.id)
    assert {line.outcome for line in lines.values()} == {OutcomeKind.UNKNOWN}
    assert "not known" in lines["N1AA"].messages[0].text
    await stage.advance(minutes=4)
    assert all(len(stage.partner.calls(f"N{n}AA")) == 1 for n in range(1, 5))
    await stage.advance(minutes=1)
    assert {line.outcome for line in (await stage.lines(configured.connection.id)).values()} == {OutcomeKind.ACCEPTED}
    assert floor_was_kept(stage)
