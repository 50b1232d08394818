"""One partner's slowness, failure or oddity, and one add-on's fault, are nobody else's."""

from __future__ import annotations

import asyncio
import time
from datetime import datetime, timedelta
from typing import Any

import pytest

from airstair.hub.calls import calls
from airstair.hub.connections.commands import remove_connection
from airstair.hub.engine import reading
from airstair.hub.flows import Call, Document
from airstair.kernel.outcome import Outcome, OutcomeKind, PartnerMessage
from airstair.records.flights.commands import FlightEdit, change_flight

from .own_partner import KEY, Receiver, legs_document, own_addon, put
from .stage import Stage


@pytest.mark.req("HUB-24")
async def test_a_hanging_partner_delays_no_other_and_no_user(
    stage: Stage, receiver: Receiver, other_receiver: Receiver
) -> None:
    own_addon("stuck", calls_at_once=2, deadline=timedelta(seconds=60))
    own_addon("quick")
    aircraft = await stage.aircraft(*(f"N{n:02}AA" for n in range(1, 21)))
    flight = await stage.flight(aircraft[0])
    receiver.hold()
    await stage.connect(receiver, "stuck")
    await stage.connect(other_receiver, "quick")
    await stage.start(settle=False)
    await stage.until(lambda: len(receiver.calls) == 2 and len(other_receiver.calls) == 20)
    for route in ("KJFK", "KDCA", "KORD"):
        other_receiver.calls.clear()
        began = time.monotonic()
        await stage.do(change_flight, stage.actor, flight.id, FlightEdit(ades=route))
        saved = time.monotonic()
        await stage.until(lambda: other_receiver.calls)
        assert saved - began < 1.0, "the user waits for no partner"
        assert time.monotonic() - saved < 1.0, "nor does the other partner"
        assert other_receiver.calls[0].body["legs"][0][2] == route
    assert len(receiver.calls) == 2, "calls at once are limited, for each connection"
    assert receiver.most_at_once == 2


@pytest.mark.req("HUB-24")
async def test_a_new_connection_begins_while_another_one_that_hangs_is_being_switched_off(
    stage: Stage, receiver: Receiver, other_receiver: Receiver
) -> None:
    own_addon("stuck", deadline=timedelta(seconds=60))
    own_addon("quick")
    await stage.aircraft("N1AA")
    receiver.hold()
    await stage.connect(receiver, "stuck")
    await stage.start(settle=False)
    await stage.until(lambda: receiver.calls)
    await stage.switch_off("stuck")
    await stage.connect(other_receiver, "quick")
    await stage.until(lambda: other_receiver.calls, "It waited for the call that hangs.", patience=5)


@pytest.mark.req("HUB-07")
async def test_switching_off_stops_the_queue_behind_a_slow_partner_at_once(stage: Stage, receiver: Receiver) -> None:
    own_addon(calls_at_once=2)
    await stage.aircraft(*(f"N{n:02}AA" for n in range(1, 31)))
    receiver.hold()
    connection = await stage.connect(receiver)
    await stage.start(settle=False)
    await stage.until(lambda: len(receiver.calls) == 2)
    await stage.switch_off("own")
    await stage.until(lambda: not any(d.leased for d in stage.dispatchers))
    receiver.release()
    await stage.settle()
    await stage.advance(minutes=30, step=timedelta(minutes=10))
    assert len(receiver.calls) == 2, "the two under way; none of the twenty-eight that waited"
    assert sum(line.last_attempt is not None for line in (await stage.lines(connection)).values()) == 2
    await stage.configure("own", on=True)
    await stage.settle()
    assert len(receiver.held) == 30, "switched on again, it goes on"


async def test_an_add_on_that_answers_for_too_few_is_shown_and_goes_on(stage: Stage, receiver: Receiver) -> None:
    faulty = True

    async def send(call: Call) -> list[Outcome]:
        outcomes = await put(call)
        return outcomes[1:] if faulty else outcomes

    own_addon(send=send)
    (aircraft,) = await stage.aircraft("N1AA")
    connection = await stage.connect(receiver)
    await stage.start()
    assert (await stage.lines(connection))["N1AA"].outcome is OutcomeKind.UNREADABLE
    faulty = False
    await stage.flight(aircraft)
    await stage.advance(minutes=1)
    assert (await stage.lines(connection))["N1AA"].outcome is OutcomeKind.ACCEPTED


async def test_a_mapping_that_fails_over_one_aircraft_holds_up_no_other(stage: Stage, receiver: Receiver) -> None:
    def document(snapshot: Any, settings: Any, now: datetime) -> Document:
        if snapshot.aircraft.registration == "N2AA":
            raise KeyError("A fault of the add-on.")
        return legs_document(snapshot, settings, now)

    own_addon(document=document)
    aircraft = await stage.aircraft("N1AA", "N2AA", "N3AA")
    connection = await stage.connect(receiver)
    await stage.start()
    for one in aircraft:
        await stage.flight(one)
    await stage.settle()  # at once: nobody pauses for it
    lines = await stage.lines(connection)
    assert sorted(receiver.held) == ["N1AA", "N3AA"]
    assert all(receiver.held[tail]["legs"] for tail in ("N1AA", "N3AA"))
    assert lines["N2AA"].outcome is OutcomeKind.UNREADABLE
    assert "fault of the add-on" in lines["N2AA"].messages[0].text


async def test_an_aircraft_that_cannot_be_read_holds_up_no_other(
    stage: Stage, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    own_addon()
    broken, *_ = await stage.aircraft("N1AA", "N2AA", "N3AA")
    real = reading.read_snapshots

    def failing(operator_id: int, kind: Any, ids: Any, since: Any) -> Any:
        if broken in ids:
            raise ValueError("A row that should not be.")
        return real(operator_id, kind, ids, since)

    monkeypatch.setattr(reading, "read_snapshots", failing)
    connection = await stage.connect(receiver)
    await stage.start()
    assert sorted(receiver.held) == ["N2AA", "N3AA"]
    assert (await stage.lines(connection))["N1AA"].outcome is OutcomeKind.UNREADABLE


async def test_words_that_the_database_cannot_keep_stop_nobody(stage: Stage, receiver: Receiver) -> None:
    async def send(call: Call) -> list[Outcome]:
        outcomes = await put(call)
        odd = PartnerMessage(level="error", text="nul \x00, half a pair \ud800, long " + "x" * 10_000, field="\x00")
        return [
            Outcome(kind=o.kind, http_status=o.http_status, remote_id="r\x00" * 200, messages=(odd,)) for o in outcomes
        ]

    own_addon(send=send)
    await stage.aircraft("N1AA")
    connection = await stage.connect(receiver)
    await stage.start()
    line = (await stage.lines(connection))["N1AA"]
    assert line.outcome is OutcomeKind.ACCEPTED
    assert line.messages[0].text.startswith("nul �, half a pair ?, long xxx")
    assert len(await stage.do(calls, stage.operator.id)) == 1


async def test_what_the_database_refuses_to_keep_is_left_out_alone(stage: Stage, receiver: Receiver) -> None:
    async def send(call: Call) -> list[Outcome]:
        outcomes = await put(call)
        wrong = -1 if call.documents[0].title == "N1AA" else 0  # no count is negative, says the table
        return [Outcome(kind=o.kind, http_status=o.http_status, sent=wrong) for o in outcomes]

    own_addon(send=send)
    await stage.aircraft("N1AA", "N2AA")
    connection = await stage.connect(receiver)
    await stage.start()
    lines = await stage.lines(connection)
    assert (lines["N1AA"].outcome, lines["N2AA"].outcome) == (None, OutcomeKind.ACCEPTED)
    assert not stage.died()


async def test_a_connection_removed_during_its_call_takes_no_other_result_with_it(
    stage: Stage, receiver: Receiver, other_receiver: Receiver
) -> None:
    own_addon("first")
    own_addon("second")
    one, two = await stage.aircraft("N1AA", "N2AA")
    await stage.connect(receiver, "first", aircraft=[one])
    await stage.configure(
        "first", values={"base_url": other_receiver.url, "key": KEY}, aircraft=[two], on=True, name="b"
    )
    staying = await stage.connect(receiver, "second")
    other_receiver.hold()
    await stage.start(settle=False)
    await stage.until(lambda: other_receiver.calls)
    (own,) = await stage.sql("SELECT id FROM hub_connection WHERE name = 'b'")
    await stage.do(remove_connection, stage.actor, own[0])
    other_receiver.release()
    await stage.settle()
    assert (await stage.lines(staying))["N1AA"].outcome is OutcomeKind.ACCEPTED
    await stage.advance(minutes=1)
    assert receiver.of("N2AA"), "its aircraft fell back to the default connection"


async def test_changes_of_kinds_that_nobody_mirrors_are_passed_over(stage: Stage, receiver: Receiver) -> None:
    own_addon()
    (aircraft,) = await stage.aircraft("N1AA")
    await stage.connect(receiver)
    await stage.start()
    await stage.sql(
        "INSERT INTO changes_change (operator_id, seq, xid, at, actor_kind, actor_key, actor_label, kind, subject_kind,"
        " subject_id, title, units, bulk) VALUES (%s, nextval('airstair_change_seq'), pg_current_xact_id(), now(),"
        " 'system', '', '', 'balloon.risen', 'balloon', 1, '', ARRAY['balloon:1', 'trip:5', 'crew:7'], false)",
        stage.operator.id,
    )
    await stage.settle()
    await stage.flight(aircraft)
    await stage.settle()
    assert receiver.held["N1AA"]["legs"]


async def test_a_long_open_transaction_delays_no_delivery(stage: Stage, receiver: Receiver) -> None:
    own_addon()
    (aircraft,) = await stage.aircraft("N1AA")
    await stage.connect(receiver)
    await stage.start()
    release, begun = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()

    def writer() -> None:
        from django.db import connection, transaction

        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("INSERT INTO hub_account_budget (account, tokens, at) VALUES ('open', 0, now())")
            loop.call_soon_threadsafe(begun.set)
            asyncio.run_coroutine_threadsafe(release.wait(), loop).result(timeout=20)
        connection.close()

    slow = asyncio.create_task(asyncio.to_thread(writer))
    await begun.wait()
    await stage.flight(aircraft)
    await stage.settle()
    assert receiver.held["N1AA"]["legs"]
    release.set()
    await slow
