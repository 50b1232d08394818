"""Rate limits, Retry-After, backoff, and giving up where a person can see it."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from airstair.hub.engine.dispatcher import database_address
from airstair.hub.flows import Backoff, Budget, Every, NextTick
from airstair.hub.health import Health, cards
from airstair.hub.limits import Limits
from airstair.kernel.outcome import OutcomeKind
from airstair.records.flights.commands import FlightEdit, change_flight

from .own_partner import Receiver, own_addon
from .stage import Stage

START = datetime(2027, 3, 4, tzinfo=UTC)
budgets = st.builds(
    lambda calls, per, burst: Budget(calls=calls, per=timedelta(seconds=per), burst=min(burst, calls - 1)),
    st.integers(2, 40),
    st.integers(1, 3600),
    st.integers(1, 40),
)


@pytest.mark.req("HUB-25")
@given(
    budget=budgets,
    asks=st.lists(st.tuples(st.integers(0, 2_000_000), st.integers(1, 50)), min_size=1, max_size=25),
    workers=st.integers(1, 2),
)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_window_ever_holds_more_calls_than_the_budget(
    transactional_db: None, budget: Budget, asks: list[tuple[int, int]], workers: int
) -> None:
    """However calls are asked for, by however many workers, and in whichever window one counts."""

    async def ask() -> list[tuple[datetime, int]]:
        limits = [Limits(database_address()) for _ in range(workers)]
        await _forget("account")
        now, made = START, []
        try:
            for at, (wait_ms, wanted) in enumerate(asks):
                now += timedelta(milliseconds=wait_ms)
                granted = await limits[at % workers].take("account", budget, wanted, now)
                assert granted.calls <= wanted
                if not granted.calls:
                    assert granted.again_at is not None and granted.again_at > now
                made.append((now, granted.calls))
        finally:
            for one in limits:
                await one.close()
        return made

    made = asyncio.run(ask())
    for start, _ in made:
        within = sum(calls for at, calls in made if start <= at < start + budget.per)
        assert within <= budget.calls


async def _forget(account: str) -> None:
    async with await psycopg.AsyncConnection.connect(database_address(), autocommit=True) as connection:
        await connection.execute("DELETE FROM hub_account_budget WHERE account = %s", [account])


async def test_the_time_named_is_when_a_call_is_to_be_had(transactional_db: None) -> None:
    limits, budget = Limits(database_address()), Budget(calls=10, per=timedelta(minutes=1), burst=4)
    assert (await limits.take("a", budget, 9, START)).calls == 4
    refused = await limits.take("a", budget, 1, START)
    assert refused.again_at is not None
    assert (await limits.take("a", budget, 1, refused.again_at - timedelta(seconds=1))).calls == 0
    assert (await limits.take("a", budget, 1, refused.again_at + timedelta(milliseconds=1))).calls == 1
    assert (await limits.take("b", budget, 1, START)).calls == 1, "another account has a budget of its own"
    await limits.close()


@pytest.mark.req("HUB-25")
async def test_all_connections_of_an_account_share_its_budget(stage: Stage, receiver: Receiver) -> None:
    own_addon(budget=Budget(calls=30, per=timedelta(hours=1), burst=6))
    aircraft = await stage.aircraft(*(f"N{n:02}AA" for n in range(1, 21)))
    await stage.connect(receiver, aircraft=aircraft[:10])
    await stage.configure("own", aircraft=aircraft[10:], on=True, name="second")
    await stage.start()
    await stage.start()
    assert 1 <= len(receiver.calls) <= 6  # fewer when a connection changes hands between the grant and the call
    await stage.advance(minutes=59)
    assert 20 <= len(receiver.calls) <= 30
    await stage.advance(minutes=10)
    assert len(receiver.held) == 20, "and nothing is lost by waiting"
    times = [call.at for call in receiver.calls]
    for start in times:
        assert sum(start <= at < start + timedelta(hours=1) for at in times) <= 30


@pytest.mark.req("HUB-25")
@pytest.mark.parametrize("status", ["429", "503"])
async def test_retry_after_is_respected_also_by_what_is_queued(stage: Stage, receiver: Receiver, status: str) -> None:
    own_addon(calls_at_once=1, budget=Budget(calls=1000, per=timedelta(hours=1), burst=500))
    await stage.aircraft(*(f"N{n:02}AA" for n in range(1, 21)))
    receiver.mode = f"{status}:600"
    await stage.connect(receiver)
    await stage.start()
    assert len(receiver.calls) == 1, "the nineteen that were queued wait too"
    receiver.mode = "ok"
    await stage.advance(minutes=9)
    assert len(receiver.calls) == 1
    await stage.advance(minutes=3)
    assert len(receiver.held) == 20


@pytest.mark.req("HUB-25")
async def test_retry_after_holds_for_the_account_in_every_worker(stage: Stage, receiver: Receiver) -> None:
    own_addon(calls_at_once=1, budget=Budget(calls=1000, per=timedelta(hours=1), burst=500))
    one, two = await stage.aircraft("N1AA", "N2AA")
    await stage.connect(receiver, aircraft=[one])
    await stage.start()
    receiver.calls.clear()
    receiver.mode = "429:600"
    await stage.flight(one)
    await stage.settle()
    receiver.mode = "ok"
    worker = stage.dispatchers[0]
    await stage.end(worker)
    await stage.configure("own", aircraft=[two], on=True, name="second")
    await stage.start()
    await stage.advance(minutes=9)
    assert receiver.tails() == ["N1AA"]
    await stage.advance(minutes=3)
    assert sorted(receiver.tails()[1:]) == ["N1AA", "N2AA"]


@pytest.mark.req("HUB-25")
async def test_retries_back_off_with_jitter_stop_and_wait_visibly(stage: Stage, receiver: Receiver) -> None:
    rule = Backoff(first=timedelta(seconds=10), longest=timedelta(minutes=5), tries=5)
    own_addon(retry=rule)
    (aircraft,) = await stage.aircraft("N1AA")
    flight = await stage.flight(aircraft)
    connection = await stage.connect(receiver)
    await stage.start()
    receiver.calls.clear()
    receiver.mode = "503"
    await stage.do(change_flight, stage.actor, flight.id, FlightEdit(ades="KJFK"))
    await stage.settle()
    await stage.advance(minutes=40, step=timedelta(seconds=1.0))
    waits = [(later.at - earlier.at).total_seconds() for earlier, later in pairwise(receiver.calls)]
    assert len(waits) == 4, "five tries and no more"
    for wait, usual in zip(waits, (10, 20, 40, 80), strict=True):
        assert usual * 0.75 - 1 <= wait <= usual * 1.25 + 2
    assert any(wait != round(wait, -1) for wait in waits), "with jitter"
    line = (await stage.lines(connection))["N1AA"]
    assert (line.outcome, line.tries, line.next_due) == (OutcomeKind.UNAVAILABLE, 5, None)
    (card,) = [c for c in await stage.do(cards, stage.operator.id, clock=stage.clock) if c.addon.key == "own"]
    assert card.health is Health.FAILING
    assert card.oldest_waiting is not None
    receiver.mode = "ok"
    await stage.do(change_flight, stage.actor, flight.id, FlightEdit(ades="KDCA"))
    await stage.advance(minutes=6)
    assert receiver.held["N1AA"]["legs"][0][2] == "KDCA", "the next change sets it going again"


@pytest.mark.req("HUB-25")
async def test_a_retry_comes_when_it_is_due_and_not_when_somebody_looks(stage: Stage, receiver: Receiver) -> None:
    own_addon(retry=Backoff(first=timedelta(seconds=4), tries=4))
    await stage.aircraft("N1AA")
    receiver.mode = "503"
    await stage.connect(receiver)
    await stage.start()
    receiver.mode = "ok"
    stage.clock.advance(timedelta(seconds=6))  # nobody settles: the worker wakes by its own clock
    await stage.until(lambda: len(receiver.calls) == 2, patience=3)


async def test_a_partner_in_trouble_is_asked_by_one_call_at_a_time(stage: Stage, receiver: Receiver) -> None:
    own_addon(calls_at_once=3)
    await stage.aircraft(*(f"N{n:02}AA" for n in range(1, 31)))
    receiver.mode = "503"
    await stage.connect(receiver)
    await stage.start()
    assert len(receiver.calls) <= 3, "the rest of the queue is not thrown at a partner that is away"
    await stage.advance(minutes=2, step=timedelta(seconds=5))
    assert len(receiver.calls) <= 3 + 4


async def test_a_clock_flow_goes_on_with_every_aircraft_whatever_became_of_others(
    stage: Stage, receiver: Receiver
) -> None:
    own_addon(trigger=Every(minutes=lambda settings: settings.minutes), retry=NextTick(), floor=timedelta(minutes=5))
    await stage.aircraft("N1AA", "N2AA")
    receiver.modes["N1AA"] = "503"
    connection = await stage.connect(receiver)
    await stage.start()
    await stage.advance(minutes=11)
    assert [len(receiver.of(tail)) for tail in ("N1AA", "N2AA")] == [3, 3]
    lines = await stage.lines(connection)
    assert (lines["N1AA"].tries, lines["N2AA"].tries) == (3, 0)
