"""What changes here reaches the partner: in order, once, as the last state, and after every kind of outage."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from airstair.hub.exports import export_now, run
from airstair.hub.flows import Backoff, NextTick
from airstair.kernel.outcome import OutcomeKind
from airstair.records.flights.commands import FlightEdit, change_flight, delete_flight

from .own_partner import Receiver, own_addon
from .stage import NOON, Stage


def shown(receiver: Receiver, tail: str) -> list[str]:
    """The destinations that the partner shows for an aircraft."""
    return [leg[2] for leg in receiver.held[tail]["legs"]]


async def test_an_edit_makes_one_call(stage: Stage, receiver: Receiver) -> None:
    own_addon()
    one, two = await stage.aircraft("N1AA", "N2AA")
    flight = await stage.flight(one)
    await stage.connect(receiver)
    await stage.start()
    assert sorted(receiver.tails()) == ["N1AA", "N2AA"]
    await stage.do(change_flight, stage.actor, flight.id, FlightEdit(ades="KJFK"))
    await stage.settle()
    assert receiver.tails()[2:] == ["N1AA"]
    assert shown(receiver, "N1AA") == ["KJFK"]
    await stage.do(change_flight, stage.actor, flight.id, FlightEdit(aircraft_id=two))
    await stage.settle()
    assert sorted(receiver.tails()[3:]) == ["N1AA", "N2AA"], "a swap touches two aircraft"
    assert (shown(receiver, "N1AA"), shown(receiver, "N2AA")) == ([], ["KJFK"])


@pytest.mark.req("HUB-23")
async def test_saving_what_the_partner_does_not_see_makes_no_call(stage: Stage, receiver: Receiver) -> None:
    own_addon()
    (aircraft,) = await stage.aircraft("N1AA")
    flight = await stage.flight(aircraft)
    connection = await stage.connect(receiver)
    worker = await stage.start()
    before = len(receiver.calls)
    for edit in (FlightEdit(notes="Bring the dog."), FlightEdit(ades=flight.ades), FlightEdit(catering_kg=7)):
        await stage.do(change_flight, stage.actor, flight.id, edit)
        await stage.settle()
    # There and back again before anybody looks: also no difference.
    await stage.end(worker)
    await stage.do(change_flight, stage.actor, flight.id, FlightEdit(ades="KJFK"))
    await stage.do(change_flight, stage.actor, flight.id, FlightEdit(ades="KBOS"))
    await stage.start()
    await stage.advance(minutes=30, step=timedelta(minutes=5))
    assert len(receiver.calls) == before
    assert (await stage.lines(connection))["N1AA"].outcome is OutcomeKind.ACCEPTED


@pytest.mark.req("HUB-22")
async def test_edits_while_a_call_is_under_way_become_one_call(stage: Stage, receiver: Receiver) -> None:
    own_addon()
    (aircraft,) = await stage.aircraft("N1AA")
    flight = await stage.flight(aircraft)
    await stage.connect(receiver)
    await stage.start()
    receiver.calls.clear()
    receiver.hold()
    for route in ("KJFK", "KDCA", "KIAD", "KORD", "KMDW"):
        await stage.do(change_flight, stage.actor, flight.id, FlightEdit(ades=route))
        await stage.until(lambda: receiver.calls)
    receiver.release()
    await stage.settle()
    assert [call.body["legs"][0][2] for call in receiver.calls] == ["KJFK", "KMDW"]


@pytest.mark.req("HUB-22")
async def test_edits_while_a_unit_waits_for_its_turn_go_out_with_it(stage: Stage, receiver: Receiver) -> None:
    """The documents of aircraft that queue behind a slow call are not older than the call that carries them."""
    own_addon(calls_at_once=1)
    aircraft = await stage.aircraft(*(f"N{n}AA" for n in range(1, 9)))
    flights = [await stage.flight(one) for one in aircraft]
    receiver.hold()
    await stage.connect(receiver)
    await stage.start(settle=False)
    await stage.until(lambda: receiver.calls)
    for flight in flights:
        await stage.do(change_flight, stage.actor, flight.id, FlightEdit(ades="KJFK"))
    await asyncio.sleep(0.1)  # the worker of this test has read of the changes by now
    receiver.release()
    await stage.settle()
    first = receiver.tails()[0]
    for number in range(1, 9):
        calls = receiver.of(f"N{number}AA")
        assert len(calls) == (2 if calls[0].tails == [first] else 1), calls
        assert calls[-1].body["legs"][0][2] == "KJFK"


@pytest.mark.req("HUB-21")
async def test_later_states_are_never_overwritten_by_earlier_ones(stage: Stage, receiver: Receiver) -> None:
    own_addon(calls_at_once=4)
    aircraft = await stage.aircraft("N1AA", "N2AA", "N3AA")
    flights = [await stage.flight(one) for one in aircraft]
    await stage.connect(receiver)
    await stage.start()
    receiver.calls.clear()

    async def edit(flight: int, tail: str) -> None:
        for minute in range(1, 13):
            start = NOON + timedelta(hours=2, minutes=minute)
            edit = FlightEdit(std=start, sta=start + timedelta(hours=1))
            await stage.do(change_flight, stage.actor, flight, edit)
            if minute % 4 == 0:
                receiver.modes[tail] = "503" if minute % 8 else "ok"
                await asyncio.sleep(0.01)
        receiver.modes[tail] = "ok"

    await asyncio.gather(*(edit(f.id, f"N{n}AA") for n, f in enumerate(flights, start=1)))
    await stage.advance(minutes=30)
    for number in (1, 2, 3):
        starts = [call.body["legs"][0][3] for call in receiver.of(f"N{number}AA")]
        assert starts == sorted(starts)
        assert starts[-1].startswith("2027-03-04T14:12")


@pytest.mark.req("HUB-20")
async def test_an_outage_of_airstair_loses_nothing_and_sends_only_the_last_state(
    stage: Stage, receiver: Receiver
) -> None:
    own_addon()
    one, two = await stage.aircraft("N1AA", "N2AA")
    first, second = await stage.flight(one), await stage.flight(two)
    await stage.connect(receiver)
    worker = await stage.start()
    receiver.calls.clear()
    await stage.end(worker)
    for route in ("KJFK", "KDCA", "KORD"):
        await stage.do(change_flight, stage.actor, first.id, FlightEdit(ades=route))
    await stage.do(delete_flight, stage.actor, second.id)
    assert not receiver.calls
    await stage.start()
    assert sorted(receiver.tails()) == ["N1AA", "N2AA"]
    assert (shown(receiver, "N1AA"), shown(receiver, "N2AA")) == (["KORD"], [])


@pytest.mark.req("HUB-20", "HUB-25")
async def test_an_outage_of_the_partner_is_made_good_by_itself(stage: Stage, receiver: Receiver) -> None:
    own_addon(retry=Backoff(first=timedelta(seconds=5), longest=timedelta(minutes=15), tries=3))
    aircraft = await stage.aircraft("N1AA", "N2AA", "N3AA")
    flights = [await stage.flight(one) for one in aircraft]
    await stage.connect(receiver)
    await stage.start()
    receiver.mode = "503"
    for route in ("KJFK", "KDCA"):
        for flight in flights:
            await stage.do(change_flight, stage.actor, flight.id, FlightEdit(ades=route))
            await stage.settle()
    await stage.advance(hours=5, step=timedelta(minutes=3))
    receiver.calls.clear()
    receiver.mode = "ok"
    await stage.advance(hours=2, step=timedelta(minutes=5))
    assert sorted(receiver.tails()) == ["N1AA", "N2AA", "N3AA"], "each missed state once"
    assert [shown(receiver, f"N{n}AA") for n in (1, 2, 3)] == [["KDCA"]] * 3


@pytest.mark.req("HUB-20")
async def test_a_partner_that_comes_back_gets_at_once_what_it_missed(stage: Stage, receiver: Receiver) -> None:
    own_addon(retry=Backoff(first=timedelta(seconds=5), longest=timedelta(minutes=15), tries=1))
    one, two = await stage.aircraft("N1AA", "N2AA")
    first, second = await stage.flight(one), await stage.flight(two)
    connection = await stage.connect(receiver)
    await stage.start()
    receiver.mode = "503"
    await stage.do(change_flight, stage.actor, first.id, FlightEdit(ades="KJFK"))
    await stage.advance(minutes=10)
    assert (await stage.lines(connection))["N1AA"].tries == 1, "no more tries are allowed"
    receiver.mode = "ok"
    await stage.do(change_flight, stage.actor, second.id, FlightEdit(ades="KDCA"))
    await stage.settle()
    assert shown(receiver, "N2AA") == ["KDCA"]
    assert shown(receiver, "N1AA") == ["KJFK"], "the call that got through shows that the partner is back"


async def test_a_refused_document_does_not_hold_up_the_others(stage: Stage, receiver: Receiver) -> None:
    own_addon()
    one, two = await stage.aircraft("N1AA", "N2AA")
    first, second = await stage.flight(one), await stage.flight(two)
    receiver.modes["N1AA"] = "400"
    connection = await stage.connect(receiver)
    await stage.start()
    for _ in range(3):
        await stage.do(change_flight, stage.actor, second.id, FlightEdit(ades="KJFK"))
        await stage.advance(minutes=5)
    assert len(receiver.of("N1AA")) == 1, "what a partner refuses waits for a person or the next change"
    assert (await stage.lines(connection))["N1AA"].outcome is OutcomeKind.REFUSED
    receiver.modes.clear()
    await stage.do(change_flight, stage.actor, first.id, FlightEdit(ades="KDCA"))
    await stage.settle()
    assert shown(receiver, "N1AA") == ["KDCA"]


async def test_sets_travel_in_one_call_and_are_told_apart(stage: Stage, receiver: Receiver) -> None:
    own_addon(units_per_call=5)
    aircraft = await stage.aircraft(*(f"N{n}AA" for n in range(1, 13)))
    connection = await stage.connect(receiver)
    await stage.start()
    assert sorted(len(call.tails) for call in receiver.calls) == [2, 5, 5]
    assert len(receiver.held) == 12
    flight = await stage.flight(aircraft[3])
    await stage.settle()
    assert receiver.calls[-1].tails == ["N4AA"]
    lines = await stage.lines(connection)
    assert {line.outcome for line in lines.values()} == {OutcomeKind.ACCEPTED}
    assert flight.id


async def test_people_go_ahead_of_imports(stage: Stage, receiver: Receiver) -> None:
    own_addon(calls_at_once=1)
    aircraft = await stage.aircraft(*(f"N{n:02}AA" for n in range(1, 31)))
    receiver.hold()
    await stage.connect(receiver)
    await stage.start(settle=False)  # compares all thirty, which is bulk
    await stage.until(lambda: receiver.calls)
    await stage.flight(aircraft[-1])
    await asyncio.sleep(0.05)
    receiver.release()
    await stage.settle()
    assert "N30AA" in receiver.tails()[:12], "behind those that were prepared already, at most"


@pytest.mark.req("HUB-27")
@pytest.mark.parametrize("fault", ["drop_after", "half", "drop_before"])
async def test_a_lost_answer_is_unknown_and_repeated_where_that_is_safe(
    stage: Stage, receiver: Receiver, fault: str
) -> None:
    own_addon(retry=Backoff(first=timedelta(seconds=5), tries=4))
    (aircraft,) = await stage.aircraft("N1AA")
    flight = await stage.flight(aircraft)
    connection = await stage.connect(receiver)
    await stage.start()
    receiver.calls.clear()
    receiver.mode = fault
    await stage.do(change_flight, stage.actor, flight.id, FlightEdit(ades="KJFK"))
    await stage.settle()
    assert len(receiver.calls) == 1, "the client repeats nothing behind the engine's back"
    assert (await stage.lines(connection))["N1AA"].outcome is OutcomeKind.UNKNOWN
    receiver.mode = "ok"
    await stage.advance(minutes=1)
    assert len(receiver.calls) == 2
    assert shown(receiver, "N1AA") == ["KJFK"]
    assert (await stage.lines(connection))["N1AA"].outcome is OutcomeKind.ACCEPTED


@pytest.mark.req("HUB-27")
async def test_a_lost_answer_waits_for_a_person_where_repeating_is_not_safe(stage: Stage, receiver: Receiver) -> None:
    own_addon(retry=NextTick())
    (aircraft,) = await stage.aircraft("N1AA")
    flight = await stage.flight(aircraft)
    connection = await stage.connect(receiver)
    await stage.start()
    receiver.calls.clear()
    receiver.mode = "drop_after"
    await stage.do(change_flight, stage.actor, flight.id, FlightEdit(ades="KJFK"))
    await stage.advance(minutes=50, step=timedelta(minutes=10))
    line = (await stage.lines(connection))["N1AA"]
    assert (len(receiver.calls), line.outcome, line.tries) == (1, OutcomeKind.UNKNOWN, 1)
    # Back to what was accepted before: what the partner holds is not known, so this goes out all the same.
    receiver.mode = "ok"
    await stage.do(change_flight, stage.actor, flight.id, FlightEdit(ades="KBOS"))
    await stage.settle()
    assert shown(receiver, "N1AA") == ["KBOS"]


async def test_an_aircraft_that_comes_back_to_a_connection_is_sent_again(
    stage: Stage, receiver: Receiver, other_receiver: Receiver
) -> None:
    """What a connection sent before the aircraft left it says nothing of what the partner got through the other."""
    own_addon()
    one, two = await stage.aircraft("N1AA", "N2AA")
    flight = await stage.flight(one)
    await stage.connect(receiver, aircraft=[one, two])
    await stage.start()
    await stage.configure("own", name="b", values={"base_url": other_receiver.url}, aircraft=[one], on=True)
    await stage.do(change_flight, stage.actor, flight.id, FlightEdit(ades="KJFK"))
    await stage.settle()
    assert shown(other_receiver, "N1AA") == ["KJFK"]
    await stage.do(change_flight, stage.actor, flight.id, FlightEdit(ades="KBOS"))
    await stage.settle()
    receiver.calls.clear()
    await stage.configure("own", aircraft=[one, two])
    await stage.settle()
    assert receiver.tails() == ["N1AA"]


async def test_an_export_that_is_asked_for_compares_and_ends_where_nothing_differs(
    stage: Stage, receiver: Receiver
) -> None:
    own_addon()
    await stage.aircraft("N1AA", "N2AA")
    connection = await stage.connect(receiver)
    worker = await stage.start()
    receiver.calls.clear()
    for restarted in (False, True):
        if restarted:
            await stage.end(worker)
        asked = await stage.do(export_now, stage.actor, connection, clock=stage.clock)
        if restarted:
            await stage.start()
        await stage.settle()
        assert asked.run_id is not None
        progress = await stage.do(run, stage.operator.id, asked.run_id)
        assert (progress.done, progress.by_outcome) == (2, {OutcomeKind.UNCHANGED: 2})
    assert not receiver.calls


async def test_a_floor_holds_for_flows_that_send_on_change_also_through_a_restart(
    stage: Stage, receiver: Receiver
) -> None:
    own_addon(floor=timedelta(minutes=10))
    (aircraft,) = await stage.aircraft("N1AA")
    flight = await stage.flight(aircraft)
    await stage.connect(receiver)
    worker = await stage.start()
    for route, restart in (("KJFK", False), ("KDCA", True), ("KORD", True)):
        await stage.do(change_flight, stage.actor, flight.id, FlightEdit(ades=route))
        if restart:
            await stage.kill(worker)
            worker = await stage.start()
        await stage.advance(minutes=2)
    assert len(receiver.calls) == 1
    await stage.advance(minutes=4)
    assert [call.at - NOON for call in receiver.calls] == [timedelta(0), timedelta(minutes=10)]
    assert shown(receiver, "N1AA") == ["KORD"]


@pytest.mark.req("HUB-27", "HUB-28")
async def test_what_a_killed_worker_may_have_sent_is_not_taken_for_unsent(stage: Stage, receiver: Receiver) -> None:
    """The partner took the call of a worker that was killed; then the edit is taken back. The ledger shows no
    difference, but the partner shows the wrong thing."""
    own_addon()
    (aircraft,) = await stage.aircraft("N1AA")
    flight = await stage.flight(aircraft)
    await stage.connect(receiver)
    await stage.advance(seconds=1)
    worker = await stage.start()
    await stage.end(worker)
    worker = await stage.start()
    receiver.hold()
    await stage.do(change_flight, stage.actor, flight.id, FlightEdit(ades="KJFK"))
    await stage.until(lambda: receiver.at_once)
    await stage.kill(worker)
    receiver.release()
    await stage.until(lambda: shown(receiver, "N1AA") == ["KJFK"])
    await stage.do(change_flight, stage.actor, flight.id, FlightEdit(ades="KBOS"))
    await stage.start()
    assert shown(receiver, "N1AA") == ["KBOS"]


@pytest.mark.req("HUB-20")
async def test_an_error_after_which_the_partner_shows_it_all_the_same_is_made_good(
    stage: Stage, receiver: Receiver
) -> None:
    own_addon(retry=NextTick())
    (aircraft,) = await stage.aircraft("N1AA")
    flight = await stage.flight(aircraft)
    await stage.connect(receiver)
    await stage.start()
    receiver.mode = "502"
    await stage.do(change_flight, stage.actor, flight.id, FlightEdit(ades="KJFK"))
    await stage.settle()
    receiver.held["N1AA"] = receiver.calls[-1].body  # the gateway gave up; the server behind it did not
    receiver.mode = "ok"
    await stage.do(change_flight, stage.actor, flight.id, FlightEdit(ades="KBOS"))
    await stage.settle()
    assert shown(receiver, "N1AA") == ["KBOS"]
