"""Promises of a description: one notice when one is broken, one when it is kept again; and who serves at all."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.core import mail

from airstair.hub.connections.queries import connections
from airstair.hub.flows import Every
from airstair.hub.health import Health, cards, lines_of, notices, stands
from airstair.hub.models import Notice
from airstair.hub.promises import Stand
from airstair.hub.serving import serving
from airstair.hub.watchman import mail_notices, watch
from airstair.kernel.clock import ManualClock
from airstair.records.flights.commands import FlightEdit, change_flight

from ..hub.own_partner import Receiver, own_addon
from ..hub.stage import Stage


@pytest.fixture
async def today(stage: Stage) -> Stage:
    """The stage at the present: changes carry the database's time."""
    stage.clock = ManualClock(datetime.now(UTC))
    return stage


async def look(stage: Stage) -> list[str]:
    """One round of the watchman; the subjects of what was mailed."""
    mail.outbox.clear()
    for step in (watch, mail_notices):
        await stage.do(step, clock=stage.clock)
    return [message.subject for message in mail.outbox]


async def stand(stage: Stage, connection: int) -> Stand:
    def read() -> Stand:
        configured = connections(stage.operator.id)
        lines = lines_of(stage.operator.id, configured)
        return stands(stage.operator.id, configured, lines, stage.clock.now())[connection]

    return await stage.do(read)


@pytest.mark.req("HUB-12")
async def test_a_change_that_nobody_sends_is_told_of_once_and_once_when_it_has_been(
    today: Stage, receiver: Receiver
) -> None:
    own_addon()
    (aircraft,) = await today.aircraft("N1AA")
    flight = await today.flight(aircraft)
    connection = await today.connect(receiver)
    worker = await today.start()
    assert (await stand(today, connection)).health is Health.WELL
    await today.kill(worker)
    assert await look(today) == [], "nothing waits, so no promise is broken"
    changed = datetime.now(UTC)
    await today.do(change_flight, today.actor, flight.id, FlightEdit(ades="KJFK"))
    mailed: list[str] = []
    for _ in range(15):
        today.clock.advance(timedelta(minutes=1))
        mailed += await look(today)
    assert mailed == ["Own (default) is late"]
    (notice,) = await today.do(notices, today.operator.id)
    assert f"A change made at {changed:%d %b %H:%M}Z has not been delivered." in notice.sentence
    seen = await stand(today, connection)
    assert seen.health is Health.UNSERVED and seen.late
    assert seen.clocks.oldest_waiting is not None and abs(seen.clocks.oldest_waiting - changed) < timedelta(seconds=9)
    await today.start()
    assert receiver.held["N1AA"]["legs"][0][2] == "KJFK"
    await today.advance(minutes=1)
    assert await look(today) == ["Own (default) is well again"]
    assert today.clock.now().strftime("It was over at %Y-%m-%d %H:%MZ") in mail.outbox[0].body
    (row,) = await today.do(lambda: list(Notice.objects.all()))
    assert (row.kind, row.closed_at, row.closed_mailed_at) == ("late", today.clock.now(), today.clock.now())
    assert await look(today) == []


async def test_a_connection_that_nobody_serves_is_never_shown_as_well(today: Stage, receiver: Receiver) -> None:
    own_addon()
    await today.aircraft("N1AA")
    connection = await today.connect(receiver)
    first = await stand(today, connection)
    assert (first.health, first.sentence) == (Health.STARTING, "Waiting for a worker to take it on.")
    worker = await today.start()
    served = await stand(today, connection)
    assert (served.health, served.worker) == (Health.WELL, worker.worker)
    await today.end(worker)
    left = await stand(today, connection)
    assert (left.health, left.worker) == (Health.UNSERVED, None)
    assert left.sentence == "No worker serves it: nothing is sent until one runs."
    (card,) = [c for c in await today.do(cards, today.operator.id, clock=today.clock) if c.addon.key == "own"]
    assert card.health is Health.UNSERVED


async def test_the_locks_say_who_serves_what(today: Stage, receiver: Receiver) -> None:
    own_addon()
    aircraft = await today.aircraft(*(f"N{n}AA" for n in range(1, 7)))
    for number, one in enumerate(aircraft):
        await today.configure("own", name=f"c{number}", aircraft=[one], on=True)
    one, two = await today.start(), await today.start()
    await today.settle()
    found = await today.do(serving)
    assert found.workers == {w.worker: len(w.leased) for w in sorted((one, two), key=lambda w: w.worker)}
    assert all(found.worker_of(id_) == w.worker for w in (one, two) for id_ in w.leased)
    assert len(found.by) == 6
    await today.kill(one)
    await today.until(lambda: len(two.leased) == 6)
    assert (await today.do(serving)).workers == {two.worker: 6}


async def test_what_is_late_and_then_fails_is_called_well_once_and_only_then(today: Stage, receiver: Receiver) -> None:
    own_addon("clocked", trigger=Every(minutes=lambda s: s.minutes))
    await today.aircraft("N1AA")
    await today.connect(receiver, "clocked")
    worker = await today.start()
    await today.kill(worker)
    today.clock.advance(timedelta(minutes=11))
    assert await look(today) == ["Clocked (default) is late"]
    receiver.mode = "401"
    await today.start()
    assert await look(today) == ["Clocked (default) is failing"]
    kinds = {one.kind for one in await today.do(notices, today.operator.id)}
    assert kinds == {"failing", "late"}
    receiver.mode = "ok"
    await today.advance(minutes=6)
    assert await look(today) == ["Clocked (default) is well again"]
    assert await today.do(notices, today.operator.id) == []
