"""Changes reach subscribers: signed, in order, again after an outage, and never twice without the same id."""

from __future__ import annotations

import hashlib
import hmac
import threading
import time
from datetime import timedelta
from typing import Any

import psycopg
import pytest

from airstair.changes.cursor import CHANNEL
from airstair.hub.engine.dispatcher import database_address
from airstair.hub.http import PartnerHttp
from airstair.hub.webhooks import commands
from airstair.hub.webhooks.engine import reading, taking
from airstair.hub.webhooks.engine.postman import Postman
from airstair.records.access.commands import revoke_api_key

from .conftest import NOON, Desk, Receiver


@pytest.mark.req("API-09")
async def test_a_change_is_told_signed_and_without_values(desk: Desk, receiver: Receiver) -> None:
    before = await desk.flight()
    made = await desk.subscribe(receiver)
    await desk.start()
    flight = await desk.flight(notes="For Mr. Secret")
    await desk.edit(flight.id, std=NOON + timedelta(hours=2, minutes=30), crew={"CPT": "ABC"}, notes="of Mr. Secret")
    await desk.edit(before.id, sta=NOON + timedelta(hours=4))
    await desk.settle()
    told = sorted(got.said["kind"] for got in receiver.calls)
    assert told == ["flight.changed", "flight.changed", "flight.created", "trip.created"]
    edited = receiver.of(flight.id)[-1]
    said = edited.said
    assert said["flight_ids"] == [flight.id] and said["aircraft_ids"] == [desk.aircraft[0]]
    assert said["before"] == said["after"] == ["crew", "notes", "std"] and said["topics"] == ["flight", "crew"]
    assert not any("Secret" in got.body.decode() or "ABC" in got.body.decode() for got in receiver.calls)
    timestamp = edited.headers["Airstair-Webhook-Timestamp"]
    assert timestamp == str(int(NOON.timestamp())) and str(said["id"]) == edited.id
    wanted = hmac.new(made.secret.encode(), timestamp.encode() + b"." + edited.body, hashlib.sha256).hexdigest()
    assert edited.headers["Airstair-Webhook-Signature"] == f"v1={wanted}"
    log = await desk.log(made.facts.id)
    assert [(one.state, one.tries, one.status, one.said) for one in log] == [("delivered", 1, 200, "says 200")] * 4
    kept = await desk.sql("SELECT secret::text, to_jsonb(s)::text FROM webhook_subscription s")
    assert made.secret not in str(kept)


@pytest.mark.req("API-09")
async def test_an_outage_loses_nothing_and_each_flight_stays_in_order(desk: Desk, receiver: Receiver) -> None:
    made = await desk.subscribe(receiver, "flight")
    one, two = await desk.flight(), await desk.flight(1)
    await desk.start()
    receiver.calls.clear()
    receiver.status = 503
    await desk.edit(one.id, notes="first")
    await desk.settle()
    for note in ("second", "third"):
        await desk.edit(one.id, notes=note)
    await desk.edit(two.id, ades="KJAX")
    await desk.settle()
    assert len(receiver.calls) == 1, "while nobody is there, one is asked"
    await desk.advance(timedelta(minutes=30), timedelta(minutes=1))
    tried = len(receiver.calls)
    assert 6 <= tried <= 10 and len({got.id for got in receiver.calls}) == 2, "pauses grow, and each line has its turn"
    facts = await desk.facts(made.facts.id)
    assert facts.failing_since == NOON and facts.failures == tried
    receiver.status, receiver.calls[:] = 200, []
    await desk.advance(timedelta(hours=1), timedelta(minutes=5))
    ids = [int(got.id) for got in receiver.of(one.id)]
    assert len(ids) == 3 and ids == sorted(ids) and len(receiver.of(two.id)) == 1
    assert all(entry.state == "delivered" for entry in await desk.log(made.facts.id))
    assert (await desk.facts(made.facts.id)).failing_since is None


@pytest.mark.req("API-09")
async def test_what_one_flight_is_refused_holds_up_that_flight_alone_until_a_person_decides(
    desk: Desk, receiver: Receiver
) -> None:
    made = await desk.subscribe(receiver, "flight")
    one, two = await desk.flight(), await desk.flight(1)
    await desk.start()
    receiver.calls.clear()
    receiver.refuses = lambda got: got.said["flight_ids"] == [one.id] and got.said["after"] == ["notes"]
    await desk.edit(one.id, notes="not liked")
    await desk.edit(one.id, ades="KJAX")
    await desk.edit(two.id, notes="liked")
    await desk.settle()
    assert [got.said["flight_ids"] for got in receiver.calls] == [[one.id], [two.id]]
    await desk.advance(timedelta(days=2), timedelta(hours=1))
    tries = [got.said["after"] for got in receiver.of(one.id)]
    assert tries == [["notes"]] * 8 + [["ades"]]
    refused = next(entry for entry in await desk.log(made.facts.id) if entry.state == "given up")
    assert (refused.tries, refused.status, refused.said) == (8, 422, "says 422")
    receiver.refuses = lambda got: False
    await desk.do(commands.deliver_again, desk.actor, refused.id, clock=desk.clock)
    await desk.settle()
    assert receiver.calls[-1].id == str(refused.id)
    assert all(entry.state == "delivered" for entry in await desk.log(made.facts.id))


@pytest.mark.req("API-09")
async def test_a_delivery_at_which_the_receiver_falls_over_holds_up_its_own_flight_alone(
    desk: Desk, receiver: Receiver
) -> None:
    made = await desk.subscribe(receiver, "flight")
    one, two = await desk.flight(), await desk.flight(1)
    await desk.start()
    receiver.refuses, receiver.refusal = lambda got: got.said["flight_ids"] == [one.id], 500
    await desk.edit(one.id, notes="it chokes on this")
    await desk.advance(timedelta(hours=4), timedelta(minutes=10))
    receiver.calls.clear()
    for note in ("a", "b", "c"):
        await desk.edit(two.id, notes=note)
        await desk.settle()
    assert len(receiver.of(two.id)) == 3
    receiver.refuses = lambda got: False
    await desk.advance(timedelta(hours=1), timedelta(minutes=30))
    assert all(entry.state == "delivered" for entry in await desk.log(made.facts.id))
    await desk.sql("UPDATE webhook_subscription SET secret = 'sealed with another key'::bytea")
    await desk.edit(two.id, notes="d")
    await desk.settle()
    assert "AIRSTAIR_SECRET_KEY" in (await desk.facts(made.facts.id)).paused_why


@pytest.mark.req("API-09")
async def test_what_a_receiver_asks_for_is_done(desk: Desk, receiver: Receiver) -> None:
    """Wait; no more. And a connection that breaks counts as nobody there."""
    made = await desk.subscribe(receiver, "flight")
    flight = await desk.flight()
    await desk.start()
    receiver.calls.clear()
    receiver.answers, receiver.retry_after = [429, 0], "600"
    await desk.edit(flight.id, notes="a")
    await desk.settle()
    await desk.advance(timedelta(seconds=590), timedelta(seconds=59))
    assert len(receiver.calls) == 1
    await desk.advance(timedelta(seconds=20))
    assert len(receiver.calls) == 2
    await desk.advance(timedelta(minutes=2), timedelta(seconds=10))
    assert len(receiver.calls) == 3 and len({got.id for got in receiver.calls}) == 1
    receiver.status = 410
    await desk.edit(flight.id, notes="b")
    await desk.edit(flight.id, notes="c")
    await desk.advance(timedelta(days=1), timedelta(hours=6))
    assert len(receiver.calls) == 4
    assert "410" in (await desk.facts(made.facts.id)).paused_why
    receiver.status = 200
    await desk.do(commands.pause, desk.actor, made.facts.id, on=False)
    await desk.advance(timedelta(minutes=1))
    assert len(receiver.calls) == 6


@pytest.mark.req("API-09")
async def test_it_hears_only_what_its_owner_may_read_now(desk: Desk, receiver: Receiver) -> None:
    made = await desk.subscribe(receiver)
    flight = await desk.flight()
    await desk.start()
    receiver.calls.clear()
    await desk.sql("UPDATE access_api_key SET reads = '{Flights}'")
    await desk.edit(flight.id, crew={"CPT": "ABC"}, notes="x")
    await desk.edit(flight.id, crew={"CPT": "XYZ"})
    await desk.settle()
    assert [(got.said["topics"], got.said["after"]) for got in receiver.calls] == [(["flight"], ["notes"])]
    receiver.status = 503
    await desk.edit(flight.id, notes="y")
    await desk.settle()
    receiver.calls.clear()
    await desk.do(revoke_api_key, desk.actor, desk.key.facts.id)
    await desk.advance(timedelta(hours=3), timedelta(minutes=30))
    await desk.edit(flight.id, notes="z")
    await desk.advance(timedelta(hours=3), timedelta(minutes=30))
    assert not receiver.calls
    facts = await desk.facts(made.facts.id)
    assert facts.ended_at is not None and "no longer valid" in facts.ended_why and facts.owner == ""
    assert (await desk.log(made.facts.id))[-1].state == "skipped"


async def test_two_workers_and_one_that_dies_tell_each_change_once_or_again_under_its_id(
    desk: Desk, receiver: Receiver
) -> None:
    await desk.subscribe(receiver, "flight")
    flights = [await desk.flight(at % 2) for at in range(3)]
    first, _ = await desk.start(), await desk.start()
    await desk.settle()
    assert len(receiver.calls) == len({got.id for got in receiver.calls}) == 6
    receiver.calls.clear()
    receiver.gate.clear()
    for flight in flights:
        await desk.edit(flight.id, notes="held")
    await desk.until(lambda: len(receiver.calls) == 3)
    holders = [p for p in desk.postmen if p._serving]
    assert len(holders) == 1, "one worker at a time tells one subscription"
    del first
    # What a killed process leaves: locks gone, calls unanswered, nothing written down.
    await desk.sql("SELECT pg_terminate_backend(%s, 5000)", holders[0]._holder.info.backend_pid)
    for task in holders[0]._serving.values():
        task.cancel()
    receiver.gate.set()
    await desk.end(holders[0])
    await desk.advance(timedelta(seconds=10), timedelta(seconds=5))
    told = [got.id for got in receiver.calls]
    assert len(set(told)) == 3 and all(told.count(one) <= 2 for one in told)
    states = await desk.sql("SELECT DISTINCT state FROM webhook_delivery")
    assert states == [("delivered",)]


async def test_what_one_address_does_ends_no_postman(
    desk: Desk, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = await desk.subscribe(receiver, "flight")
    other = await desk.subscribe(receiver, "flight", label="Other")
    # A name that no resolver takes: labels have 63 characters at the most.
    address = receiver.url.replace("127.0.0.1", "a" * 64 + ".example")
    await desk.sql("UPDATE webhook_subscription SET url = %s WHERE id = %s", address, made.facts.id)
    await desk.start()
    await desk.flight()
    await desk.settle()
    assert {one.state for one in await desk.log(other.facts.id)} == {"delivered"}
    assert "could not be reached" in (await desk.log(made.facts.id))[0].said
    request = PartnerHttp.request

    async def falls(self: PartnerHttp, method: str, url: str, **given: Any) -> Any:
        if url == address:
            raise RuntimeError("A fault of ours")
        return await request(self, method, url, **given)

    monkeypatch.setattr(PartnerHttp, "request", falls)
    await desk.flight()
    await desk.advance(timedelta(minutes=1))
    assert {one.state for one in await desk.log(other.facts.id)} == {"delivered"}
    assert any("fault is ours" in one.said for one in await desk.log(made.facts.id))


async def test_however_many_wait_it_is_found_out_quickly_which_come_first(desk: Desk, receiver: Receiver) -> None:
    """As after an import, before the database has counted the rows: nothing is compared each with each."""
    made = await desk.subscribe(receiver, "flight")
    insert = """
        INSERT INTO webhook_delivery (operator_id, id, subscription_id, seq, line, event, title, at, units, needs,
                                      heard, body, state, tries, refusals, next_at, said)
        SELECT %s, 9000000000 + n, %s, n, 'flight:' || n %% 1500, 'flight.changed', '', %s, '{flight:1}', '{Flights}',
               '{flight}', '{}', 'waiting', 0, 0, %s, '' FROM generate_series(1, 3000) n"""
    await desk.sql(insert, desk.operator.id, made.facts.id, NOON, NOON)
    began = time.monotonic()
    calls = await desk.do(taking.take, desk.operator.id, made.facts.id, 0, NOON)
    assert time.monotonic() - began < 2
    assert [call.delivery_id - 9_000_000_000 for call in calls] == [1, 2, 3, 4, 5, 6, 7, 8]
    again = await desk.do(taking.take, desk.operator.id, made.facts.id, 7, NOON)
    assert [call.delivery_id - 9_000_000_000 for call in again] == [9]


async def test_a_storm_of_commits_is_looked_at_a_few_times(
    desk: Desk, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And in threads of the postman's own: those that the deliveries to partners need stay theirs."""
    looks, threads, anybody = [], set(), reading.anybody

    def counted() -> bool:
        looks.append(time.monotonic())
        threads.add(threading.current_thread().name.rpartition("_")[0])
        return anybody()

    monkeypatch.setattr(reading, "anybody", counted)
    await desk.start()
    looks.clear()
    async with await psycopg.AsyncConnection.connect(database_address(), autocommit=True) as one:
        for _ in range(400):
            await one.execute("SELECT pg_notify(%s, '')", [CHANNEL])
    await desk.until(lambda: looks)
    assert threads == {"webhooks"}
    assert len(looks) <= 2 + (looks[-1] - looks[0]) * 10


async def test_a_postman_without_a_database_leaves_nothing_open() -> None:
    postman = Postman("postgresql://127.0.0.1:1/none")
    with pytest.raises(psycopg.OperationalError):
        await postman.run()
    assert postman._pool._public.closed and postman._pool._private.closed
