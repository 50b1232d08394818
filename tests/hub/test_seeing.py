"""What people see of calls: ledger, call log, notices and mail."""

from __future__ import annotations

import smtplib
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail

from airstair.hub.calls import call, calls, forget_old_calls
from airstair.hub.health import Health, cards, clocks, notices
from airstair.hub.watchman import mail_notices, tell_recipients, watch
from airstair.kernel.errors import NotFound
from airstair.kernel.outcome import OutcomeKind
from airstair.kernel.units import Unit, UnitKind
from airstair.records.flights.commands import FlightEdit, change_flight

from .own_partner import Receiver, own_addon
from .stage import NOON, Stage


async def look(stage: Stage) -> list[str]:
    """The watchman's round; answers what was mailed, as "address: subject"."""
    mail.outbox.clear()
    for step in (watch, mail_notices, tell_recipients):
        await stage.do(step, clock=stage.clock)
    return [f"{message.to[0]}: {message.subject}" for message in mail.outbox]


@pytest.mark.req("HUB-12")
async def test_one_mail_when_it_starts_failing_and_one_when_it_recovers(stage: Stage) -> None:
    await stage.aircraft("N1AA", "N2AA")
    configured = await stage.switch_on()
    await stage.start()
    assert await look(stage) == []
    stage.partner.faults.add("status", status=503)
    mailed: list[str] = []
    for _ in range(30):
        await stage.advance(minutes=1)
        mailed += await look(stage)
    assert mailed == ["admin@test.example: Avinode (default) is failing"]
    (notice,) = await stage.do(notices, stage.operator.id)
    assert (notice.kind, notice.connection_id, notice.closed_at) == ("failing", configured.connection.id, None)
    (card,) = [c for c in await stage.do(cards, stage.operator.id, clock=stage.clock) if c.addon.key == "avinode"]
    assert card.health is Health.FAILING and "every aircraft" in card.sentence
    stage.partner.faults.clear()
    mailed.clear()
    for _ in range(12):
        await stage.advance(minutes=1)
        mailed += await look(stage)
    assert mailed == ["admin@test.example: Avinode (default) is well again"]
    assert await stage.do(notices, stage.operator.id) == []


@pytest.mark.req("HUB-12")
async def test_one_lost_call_is_no_news_and_a_wrong_key_is_at_once(stage: Stage) -> None:
    await stage.aircraft("N1AA")
    await stage.switch_on()
    await stage.start()
    stage.partner.faults.add("status", status=503, count=1)
    await stage.advance(minutes=5)
    assert await look(stage) == []
    await stage.advance(minutes=5)
    stage.partner.faults.add("expired_credentials")
    await stage.advance(minutes=5)
    assert await look(stage) == ["admin@test.example: Avinode (default) is failing"]
    await stage.switch_off("avinode")
    await stage.settle()
    assert await look(stage) == [], "who switches it off is not told that it is well"
    assert await stage.do(notices, stage.operator.id) == []


async def test_a_connection_that_falls_silent_is_late(stage: Stage) -> None:
    """All workers are dead: pages are served and the watchman may run elsewhere."""
    await stage.aircraft("N1AA")
    await stage.switch_on()
    stage.partner.faults.add("hang")
    worker = await stage.start(settle=False)
    await stage.until(lambda: stage.partner._host.journal._seq >= 2)
    await stage.kill(worker)
    stage.partner.faults.clear()
    worker = await stage.start()
    await stage.advance(minutes=6)
    stage.partner.faults.add("hang")
    stage.clock.advance(timedelta(minutes=5))
    await stage.until(lambda: stage.partner._host.journal._seq >= 4)
    await stage.kill(worker)  # in the middle of a call, which stays marked as under way
    stage.clock.advance(timedelta(minutes=7))
    assert await look(stage) == ["admin@test.example: Avinode (default) is late"]
    stage.partner.faults.clear()
    await stage.start()
    await stage.advance(minutes=6)
    assert await look(stage) == ["admin@test.example: Avinode (default) is well again"]


async def test_mail_that_cannot_be_sent_keeps_nobody_elses_and_is_tried_again(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    await stage.aircraft("N1AA")
    await stage.switch_on()
    first = stage.actor.operator_id
    await stage.found("OTHER")
    await stage.aircraft("N2AA")
    await stage.switch_on()
    assert first != stage.operator.id
    stage.partner.faults.add("expired_credentials")
    await stage.start()
    refused = True
    real = mail.get_connection

    class Fussy:
        def send_messages(self, messages: Any) -> int:
            if refused and messages[0].to[0].startswith("admin@test"):
                raise smtplib.SMTPRecipientsRefused({})
            return int(real().send_messages(messages))

    monkeypatch.setattr("django.core.mail.get_connection", lambda *args, **kwargs: Fussy())
    assert await look(stage) == ["admin@other.example: Avinode (default) is failing"]
    refused = False
    assert await look(stage) == ["admin@test.example: Avinode (default) is failing"]


@pytest.mark.req("HUB-13", "AVI-05")
async def test_recipients_are_told_after_each_export(stage: Stage) -> None:
    await stage.aircraft("N1AA", "N2AA")
    await stage.switch_on(recipients="ann", interval_minutes=10)
    stage.partner.faults.add("status", status=503, aircraft="N2AA", count=1)
    await stage.start()
    assert await look(stage) == ["admin@test.example: Avinode: exported 1 of 2 aircraft"]
    assert "N1AA: accepted" in mail.outbox[0].body and "N2AA: unavailable" in mail.outbox[0].body
    told = []
    for _ in range(20):
        await stage.advance(minutes=1)
        told += await look(stage)
    assert told == ["admin@test.example: Avinode: exported 2 of 2 aircraft"] * 2
    await stage.configure("avinode", values={"recipients": ""})
    await stage.advance(minutes=11)
    assert await look(stage) == []


@pytest.mark.req("HUB-10", "AVI-26")
async def test_the_latest_call_of_each_unit_is_seen_with_all_that_was_said(stage: Stage) -> None:
    one, two = await stage.aircraft("N1AA", "N2AA")
    flight = await stage.flight(one)
    configured = await stage.switch_on()
    connection = configured.connection.id
    lines = await stage.lines(connection)
    assert [(line.outcome, line.call_id) for line in lines.values()] == [(None, None)] * 2, "before the first call"
    stage.partner.faults.add("status", status=404, aircraft="N2AA")
    await stage.start()
    lines = await stage.lines(connection)
    good, bad = lines["N1AA"], lines["N2AA"]
    assert (good.outcome, good.http_status, good.last_success, good.messages) == (OutcomeKind.ACCEPTED, 200, NOON, ())
    assert good.sent >= 1 and good.next_due == NOON + timedelta(minutes=5)
    assert (bad.http_status, bad.last_attempt, bad.last_success) == (404, NOON, None) and bad.messages
    detail = await stage.do(call, stage.operator.id, good.call_id)
    assert (detail.method, detail.http_status, detail.at) == ("PUT", 200, NOON)
    assert detail.url.endswith("/schedules") and 0 < detail.duration_ms < 10_000
    assert f"flight:{flight.id}" in dict(detail.parts)
    assert b"N1AA" in detail.request_body and b"meta" in detail.response_body
    assert (await stage.do(clocks, stage.operator.id, connection)).last_success == NOON
    with pytest.raises(NotFound):
        await stage.do(call, stage.operator.id + 1, good.call_id)
    assert two


@pytest.mark.req("HUB-14")
async def test_calls_are_found_by_add_on_aircraft_flight_outcome_and_time(stage: Stage, receiver: Receiver) -> None:
    own_addon()
    one, two = await stage.aircraft("N1AA", "N2AA")
    flight = await stage.flight(one)
    await stage.switch_on(aircraft=[one])
    other = await stage.connect(receiver)
    await stage.start()
    stage.partner.faults.add("status", status=503, count=1)
    await stage.advance(minutes=5)
    await stage.do(change_flight, stage.actor, flight.id, FlightEdit(aircraft_id=two))
    await stage.advance(minutes=5)

    async def found(**by: Any) -> list[tuple[str, str]]:
        return [(line.addon, line.title) for line in await stage.do(calls, stage.operator.id, **by)]

    everything = await found()
    assert len(everything) == 3 + 4
    assert await found(addon="avinode") == [("avinode", "N1AA")] * 3
    assert await found(connection_id=other) == [("own", tail) for tail in _titles(everything, "own")]
    assert {title for _, title in await found(unit=Unit(UnitKind.AIRCRAFT, two))} == {"N2AA"}
    assert await found(outcome=OutcomeKind.UNAVAILABLE) == [("avinode", "N1AA")]
    with_flight = await found(part=f"flight:{flight.id}")
    assert sorted(with_flight) == [("avinode", "N1AA"), ("avinode", "N1AA"), ("own", "N1AA"), ("own", "N2AA")]
    later = await found(since=NOON + timedelta(minutes=1))
    assert len(later) == 4 and len(await found(until=NOON + timedelta(minutes=1))) == 3
    first, *_ = await stage.do(calls, stage.operator.id, limit=1)
    assert await found(before=(first.at, first.id)) == everything[1:], "the next page begins where this one ended"
    assert await stage.do(calls, stage.operator.id + 1) == []


def _titles(lines: list[tuple[str, str]], addon: str) -> list[str]:
    return [title for key, title in lines if key == addon]


async def test_old_calls_go_but_the_latest_of_each_unit_stays(stage: Stage, receiver: Receiver) -> None:
    own_addon()
    one, _ = await stage.aircraft("N1AA", "N2AA")
    connection = await stage.connect(receiver)
    await stage.start()
    flight = await stage.flight(one)
    await stage.settle()
    await stage.do(change_flight, stage.actor, flight.id, FlightEdit(ades="KJFK"))
    await stage.settle()
    await stage.sql("UPDATE hub_call_body SET at = '2020-01-01'")
    assert await stage.do(forget_old_calls, NOON + timedelta(days=1)) == 2
    left = await stage.do(calls, stage.operator.id)
    assert {line.id for line in left} == {line.call_id for line in (await stage.lines(connection)).values()}
    for line in left:
        assert (await stage.do(call, stage.operator.id, line.id)).request_body
    assert len(await stage.sql("SELECT 1 FROM hub_call_body")) == 2
