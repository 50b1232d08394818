"""Messages that cannot be taken back: each at most once, whatever dies; and what is in doubt waits for a person."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from airstair.hub.connections.commands import remove_connection
from airstair.hub.engine.outbox import Outbox
from airstair.hub.engine.saver import Saver
from airstair.hub.flows import ByHand, Every, MessageState, NextTick
from airstair.hub.messages.commands import drop, it_arrived, send_again, send_by_hand
from airstair.hub.messages.queries import MessageLine, messages, messages_waiting
from airstair.kernel.errors import Conflict, Invalid
from airstair.kernel.units import Unit, UnitKind
from airstair.records.flights.commands import FlightEdit, cancel_flight, change_flight, delete_flight

from .own_traffic import Desk, desk_is_open, plans
from .stage import Stage

DOUBTFUL, DELIVERED, REFUSED = MessageState.DOUBTFUL, MessageState.DELIVERED, MessageState.REFUSED


@pytest.fixture
async def desk(settings: Any) -> AsyncIterator[Desk]:
    settings.ALLOW_PRIVATE_ADDRESSES = True
    async with desk_is_open() as made:
        yield made


async def all_messages(stage: Stage) -> list[MessageLine]:
    """The oldest first."""
    return (await stage.do(messages, stage.operator.id))[::-1]


async def states(stage: Stage) -> list[MessageState]:
    return [one.state for one in await all_messages(stage)]


async def waiting(stage: Stage) -> list[MessageLine]:
    return await stage.do(messages_waiting, stage.operator.id)


def routes(desk: Desk, number: str = "TST1") -> list[str]:
    return [body["route"] for body in desk.of(number)]


async def one_flight(stage: Stage, desk: Desk, **facts: Any) -> Any:
    """An aircraft with a flight, and a connection; nothing is served yet."""
    plans(**facts)
    (aircraft,) = await stage.aircraft("N1AA")
    flight = await stage.flight(aircraft)
    stage.connection = await stage.connect(desk, "plans")  # type: ignore[attr-defined]
    return flight


def unit(flight: Any) -> Unit:
    return Unit(UnitKind.FLIGHT, flight.id)


async def change(stage: Stage, flight: Any, **edit: Any) -> None:
    await stage.do(change_flight, stage.actor, flight.id, FlightEdit(**edit))


# ── By itself ───────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.req("HUB-28", "HUB-23")
async def test_a_message_goes_out_once_and_a_later_one_when_what_it_says_has_changed(stage: Stage, desk: Desk) -> None:
    flight = await one_flight(stage, desk)
    worker = await stage.start()
    assert routes(desk) == ["KEWR-KBOS"]
    await change(stage, flight, notes="Bring the dog.")
    await stage.settle()
    await stage.end(worker)
    worker = await stage.start()
    await stage.kill(worker)
    await stage.start()
    await stage.advance(hours=1, step=timedelta(minutes=20))
    assert routes(desk) == ["KEWR-KBOS"], "neither restart nor the slow comparison sends it twice"
    await change(stage, flight, ades="KJFK")
    await stage.settle()
    assert routes(desk) == ["KEWR-KBOS", "KEWR-KJFK"]
    assert await states(stage) == [DELIVERED, DELIVERED]
    (latest, _) = await stage.do(messages, stage.operator.id)
    assert latest.call_id is not None and latest.http_status == 200


async def test_the_duplicate_rule_is_the_flows(stage: Stage, desk: Desk) -> None:
    flight = await one_flight(stage, desk, identity=lambda snapshot, document: "the plan")
    await stage.start()
    await change(stage, flight, ades="KJFK")
    await stage.settle()
    assert routes(desk) == ["KEWR-KBOS"]


async def test_only_what_is_due_goes_out_and_a_clock_finds_it(stage: Stage, desk: Desk) -> None:
    plans(trigger=Every(minutes=lambda settings: settings.minutes))
    (aircraft,) = await stage.aircraft("N1AA")
    await stage.flight(aircraft, stage.clock.now() + timedelta(hours=25))
    await stage.connect(desk, "plans", minutes=5)
    await stage.start()
    await stage.advance(minutes=55, step=timedelta(minutes=5))
    assert not desk.seen
    await stage.advance(minutes=10, step=timedelta(minutes=5))
    assert routes(desk) == ["KEWR-KBOS"]
    await stage.advance(minutes=30, step=timedelta(minutes=5))
    assert len(desk.seen) == 1


@pytest.mark.req("HUB-22")
async def test_what_has_not_gone_out_is_replaced_by_the_last_state(stage: Stage, desk: Desk) -> None:
    flight = await one_flight(stage, desk)
    desk.mode = "429:600"
    await stage.start()
    for ades in ("KJFK", "KDCA", "KORD"):
        await change(stage, flight, ades=ades)
        await stage.settle()
    desk.mode = "ok"
    await stage.advance(minutes=11)
    assert routes(desk) == ["KEWR-KORD"]
    assert len(desk.seen) == 2, "the partner asked to be left alone"
    assert await states(stage) == [DELIVERED]


@pytest.mark.req("HUB-22", "HUB-21")
async def test_an_edit_during_a_call_goes_out_after_it(stage: Stage, desk: Desk) -> None:
    flight = await one_flight(stage, desk)
    desk.hold()
    await stage.start(settle=False)
    await stage.until(lambda: desk.at_once)
    for ades in ("KJFK", "KDCA"):
        await change(stage, flight, ades=ades)
    await asyncio.sleep(0.1)
    desk.release()
    await stage.settle()
    assert routes(desk) == ["KEWR-KBOS", "KEWR-KDCA"]
    assert desk.most_at_once == 1


async def test_what_is_no_longer_wanted_before_it_went_out_does_not(stage: Stage, desk: Desk) -> None:
    plans()
    one, two = await stage.aircraft("N1AA", "N2AA")
    gone, moved = await stage.flight(one, number="GONE"), await stage.flight(one, number="MOVED")
    await stage.connect(desk, "plans", aircraft=[one])
    desk.mode = "429:600"
    await stage.start()
    await stage.do(delete_flight, stage.actor, gone.id)
    await change(stage, moved, aircraft_id=two)
    desk.mode = "ok"
    await stage.advance(minutes=20)
    assert not desk.taken
    assert set(await states(stage)) == {MessageState.WITHDRAWN}


async def test_our_own_rule_refuses_before_any_call(stage: Stage, desk: Desk) -> None:
    flight = await one_flight(stage, desk)
    await stage.start()
    desk.seen.clear()
    await change(stage, flight, number="TOOLONG1")
    await stage.settle()
    (line,) = await waiting(stage)
    assert (line.state, len(desk.seen)) == (REFUSED, 0)
    assert "too long" in line.messages[0].text
    await change(stage, flight, number="SHORT")
    await stage.settle()
    assert routes(desk, "SHORT") == ["KEWR-KBOS"]
    assert not await waiting(stage), "what replaced it makes it void"


# ── Trouble ─────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.req("HUB-27")
@pytest.mark.parametrize("mode", ["drop_before", "drop_after", "503", "502"])
async def test_a_lost_answer_waits_for_a_person(stage: Stage, desk: Desk, mode: str) -> None:
    await one_flight(stage, desk)
    desk.mode = mode
    worker = await stage.start()
    desk.mode = "ok"
    await stage.advance(hours=1, step=timedelta(minutes=15))
    await stage.end(worker)
    await stage.start()
    assert len(desk.seen) == 1, "what may have arrived is not sent again by itself"
    (line,) = await waiting(stage)
    assert line.state is DOUBTFUL
    assert "Look there" in line.sentence


@pytest.mark.req("HUB-25", "HUB-27")
@pytest.mark.parametrize("mode", ["429", "503"])
async def test_what_was_certainly_not_seen_is_tried_again_up_to_a_limit(stage: Stage, desk: Desk, mode: str) -> None:
    flight = await one_flight(stage, desk, unseen=frozenset({503}))
    desk.mode = mode
    await stage.start()
    await stage.advance(hours=2, step=timedelta(minutes=10))
    assert len(desk.seen) == 3
    (line,) = await waiting(stage)
    assert line.state is REFUSED
    desk.mode = "ok"
    await change(stage, flight, ades="KJFK")
    await stage.settle()
    assert routes(desk) == ["KEWR-KJFK"], "the next change replaces it"
    assert not await waiting(stage)


async def test_a_partner_that_cannot_be_reached_gets_it_when_it_can(stage: Stage, desk: Desk) -> None:
    await one_flight(stage, desk)
    address = desk.url
    await stage.configure("plans", values={"base_url": "http://127.0.0.1:9/api"})
    await stage.start()
    assert await states(stage) == [MessageState.READY]
    await stage.advance(hours=1, step=timedelta(minutes=10))
    assert await states(stage) == [REFUSED], "no more tries"
    await stage.configure("plans", values={"base_url": address})
    await stage.advance(minutes=30, step=timedelta(minutes=10))
    assert routes(desk) == ["KEWR-KBOS"], "it never arrived, so nobody needs to be asked"


async def test_one_doubtful_call_at_a_time_while_the_partner_is_in_trouble(stage: Stage, desk: Desk) -> None:
    """An outage must not leave a hundred messages in doubt."""
    plans(calls_at_once=1)
    aircraft = await stage.aircraft(*(f"N{n}AA" for n in range(8)))
    for one in aircraft:
        await stage.flight(one)
    desk.mode = "drop_before"
    await stage.connect(desk, "plans")
    await stage.start()
    assert len(await waiting(stage)) == 1
    desk.mode = "ok"
    await stage.advance(minutes=1)
    assert len(desk.taken) == 7


async def test_a_refused_message_waits_and_stops_nobody(stage: Stage, desk: Desk) -> None:
    plans(retry=NextTick())
    one, two = await stage.aircraft("N1AA", "N2AA")
    bad, good = await stage.flight(one, number="BAD"), await stage.flight(two, number="GOOD")
    desk.modes["BAD"] = "400"
    await stage.connect(desk, "plans")
    await stage.start()
    (line,) = await waiting(stage)
    assert (line.unit, line.state, line.messages[0].text) == (unit(bad), REFUSED, "no (400)")
    assert routes(desk, "GOOD") == ["KEWR-KBOS"]
    assert good.id


# ── Death ───────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.req("HUB-27", "HUB-28")
@pytest.mark.parametrize(
    "step", ["before it is ready", "before the claim", "after the claim", "in the call", "unsaved"]
)
async def test_a_worker_killed_at_any_step_sends_nothing_twice_and_loses_nothing(
    stage: Stage, desk: Desk, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await one_flight(stage, desk)
    reached = asyncio.Event()
    _stop_at(monkeypatch, step, reached, desk)
    worker = await stage.start(settle=False)
    await asyncio.wait_for(reached.wait(), 20)
    await stage.kill(worker)
    monkeypatch.undo()
    desk.release()
    await stage.start()
    lines = await all_messages(stage)
    if step in ("before it is ready", "before the claim"):
        assert ([line.state for line in lines], len(desk.seen)) == ([DELIVERED], 1)
        return
    assert len(desk.seen) == (0 if step == "after the claim" else 1)
    assert [line.state for line in lines] == [DOUBTFUL]
    assert "stopped" in lines[0].messages[0].text
    await stage.advance(hours=7, step=timedelta(hours=1))
    assert len(desk.seen) == (0 if step == "after the claim" else 1)


def _stop_at(monkeypatch: pytest.MonkeyPatch, step: str, reached: asyncio.Event, desk: Desk) -> None:
    """Hang the worker for ever at that step."""

    async def hang(*_: Any) -> None:
        reached.set()
        await asyncio.Event().wait()

    async def claim(self: Outbox, *args: Any) -> None:
        await real_claim(self, *args)
        await hang()

    async def message(request: Any) -> Any:
        reached.set()
        return await real_message(request)

    real_claim, real_message = Outbox.claim, desk._message
    if step == "in the call":
        desk.hold()
        desk._message = message  # type: ignore[method-assign]
        return
    places = {"before it is ready": (Outbox, "reconcile", hang), "before the claim": (Outbox, "claim", hang)}
    places |= {"after the claim": (Outbox, "claim", claim), "unsaved": (Saver, "flush", hang)}
    monkeypatch.setattr(*places[step])


# ── A person ────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.req("HUB-28")
async def test_an_aircraft_that_changes_its_connection_takes_along_what_has_gone_out(stage: Stage, desk: Desk) -> None:
    plans()
    (aircraft,) = await stage.aircraft("N1AA")
    flight = await stage.flight(aircraft, stage.clock.now() + timedelta(hours=20))
    await stage.connect(desk, "plans")
    await stage.start()
    made = await stage.configure("plans", name="own", aircraft=[aircraft], on=True)
    await stage.settle()
    assert routes(desk) == ["KEWR-KBOS"]
    await change(stage, flight, ades="KJFK")
    await stage.settle()
    await stage.do(remove_connection, stage.actor, made.connection.id)
    await stage.advance(hours=7, step=timedelta(hours=1))
    assert routes(desk) == ["KEWR-KBOS", "KEWR-KJFK"]
    await change(stage, flight, ades="KDCA")
    await stage.settle()
    assert routes(desk)[2:] == ["KEWR-KDCA"]
    with pytest.raises(Conflict, match="twice"):
        connection = (await all_messages(stage))[0].connection_id
        await stage.do(send_by_hand, stage.actor, connection, "plan", unit(flight), clock=stage.clock)


@pytest.mark.req("HUB-27")
async def test_a_person_says_that_it_arrived(stage: Stage, desk: Desk) -> None:
    flight = await one_flight(stage, desk)
    desk.mode = "drop_after"
    await stage.start()
    desk.mode = "ok"
    (line,) = await waiting(stage)
    done = await stage.do(it_arrived, stage.actor, line.id)
    assert (done.state, done.decided_by) == (DELIVERED, stage.actor.label)
    with pytest.raises(Conflict, match="Nobody doubts"):
        await stage.do(it_arrived, stage.actor, line.id)
    await stage.advance(hours=7, step=timedelta(hours=1))
    assert not await waiting(stage) and len(desk.seen) == 1
    assert flight.id


@pytest.mark.req("HUB-27")
async def test_a_person_has_it_sent_again_or_drops_it(stage: Stage, desk: Desk) -> None:
    await one_flight(stage, desk)
    desk.mode = "drop_before"
    await stage.start()
    (line,) = await waiting(stage)
    await stage.do(send_again, stage.actor, line.id, clock=stage.clock)
    await stage.advance(minutes=1)
    assert len(desk.seen) == 2
    (line,) = await waiting(stage)
    assert (line.state, line.asked_by) == (DOUBTFUL, stage.actor.label)
    await stage.do(drop, stage.actor, line.id)
    desk.mode = "ok"
    await stage.advance(hours=7, step=timedelta(hours=1))
    assert len(desk.seen) == 2 and not await waiting(stage), "what a person dropped stays dropped"


async def test_an_earlier_message_cannot_follow_a_later_one(stage: Stage, desk: Desk) -> None:
    flight = await one_flight(stage, desk)
    desk.mode = "drop_before"
    await stage.start()
    desk.mode = "ok"
    await change(stage, flight, ades="KJFK")
    await stage.advance(minutes=1)
    assert routes(desk) == ["KEWR-KJFK"]
    (line,) = await waiting(stage)
    with pytest.raises(Conflict, match="later message"):
        await stage.do(send_again, stage.actor, line.id, clock=stage.clock)


async def test_what_is_sent_again_says_what_the_record_says_by_now(stage: Stage, desk: Desk) -> None:
    flight = await one_flight(stage, desk)
    desk.mode = "drop_after"
    worker = await stage.start()
    desk.mode = "ok"
    await stage.end(worker)
    (line,) = await waiting(stage)
    await stage.do(send_again, stage.actor, line.id, clock=stage.clock)
    await change(stage, flight, ades="KJFK")
    await stage.advance(minutes=1)
    await stage.start()
    await change(stage, flight, ades="KBOS")
    await stage.advance(hours=7, step=timedelta(hours=1))
    assert routes(desk) == ["KEWR-KBOS", "KEWR-KJFK"], "the first may be there: a person is asked before it is repeated"


async def test_a_record_that_is_back_at_what_it_was_asks_a_person(stage: Stage, desk: Desk) -> None:
    flight = await one_flight(stage, desk)
    await stage.start()
    for ades in ("KJFK", "KBOS"):
        await change(stage, flight, ades=ades)
        await stage.settle()
    assert routes(desk) == ["KEWR-KBOS", "KEWR-KJFK"]
    (line,) = await waiting(stage)
    assert "back at it" in line.sentence
    await stage.do(send_again, stage.actor, line.id, clock=stage.clock)
    await stage.settle()
    assert routes(desk) == ["KEWR-KBOS", "KEWR-KJFK", "KEWR-KBOS"]
    assert not await waiting(stage)


async def test_a_person_sends_by_hand_what_nobody_sends_by_itself(stage: Stage, desk: Desk) -> None:
    flight = await one_flight(stage, desk, trigger=ByHand())
    connection = stage.connection  # type: ignore[attr-defined]
    await stage.start()
    await change(stage, flight, ades="KJFK")
    await stage.settle()
    assert not desk.seen
    asked = {"clock": stage.clock, "choices": {"pic": "ABC"}}
    await stage.do(send_by_hand, stage.actor, connection, "plan", unit(flight), **asked)
    await stage.settle()
    (body,) = desk.taken
    assert (body["pic"], body["route"]) == ("ABC", "KEWR-KJFK")
    with pytest.raises(Conflict, match="twice"):
        await stage.do(send_by_hand, stage.actor, connection, "plan", unit(flight), **asked)
    await stage.do(send_by_hand, stage.actor, connection, "plan", unit(flight), again=True, **asked)
    await stage.settle()
    assert len(desk.taken) == 2
    await change(stage, flight, number="TOOLONG1")
    with pytest.raises(Invalid, match="too long"):
        await stage.do(send_by_hand, stage.actor, connection, "plan", unit(flight), **asked)
    who = await stage.sql("SELECT actor_label, title FROM changes_change WHERE kind = 'message.asked'")
    assert len(who) == 2 and "Plans: TST1" in who[0][1]


async def test_cancelling_is_a_change_like_any_other(stage: Stage, desk: Desk) -> None:
    flight = await one_flight(stage, desk)
    await stage.start()
    await stage.do(cancel_flight, stage.actor, flight.id)
    await stage.settle()
    assert len(desk.taken) == 1, "what it says has not changed"
