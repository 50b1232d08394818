"""Activity of add-ons that post and fetch: what waits for a person with its buttons, runs with their counts."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.test import Client

from airstair.cli.traffic import message_facts
from airstair.hub import registry
from airstair.hub.connections.commands import ConnectionInput, configure
from airstair.hub.connections.queries import ConnectionFacts, connection
from airstair.hub.contract import Addon, Category
from airstair.hub.flows import ByHand, Every, Horizon, OnChange, Post, Pull
from airstair.hub.messages.queries import message, messages_waiting
from airstair.hub.models import Connection, Message, Notice, PullRun, PullState
from airstair.hub.watchman import mail_notices, watch
from airstair.kernel.clock import ManualClock
from airstair.kernel.units import UnitKind
from airstair.records.operators.rules import Right, Role

from .conftest import NOW, Desk, SkymartSettings, said, written

AT = "/addons/planbox/activity"


async def _never(*_: Any) -> Any:
    raise AssertionError("No page makes a call.")


@pytest.fixture(autouse=True)
def planbox(partner: Any) -> Iterator[Addon]:
    """An add-on that posts and fetches, and keeps no mirror."""
    post = Post(
        key="plan",
        title="Flight plans",
        unit=UnitKind.FLIGHT,
        trigger=OnChange(),
        horizon=Horizon(back=timedelta(0)),
        message=lambda *_: None,
        send=_never,
    )
    pull = Pull(
        key="flights",
        title="Flights",
        trigger=Every(minutes=lambda settings: settings.interval),
        fetch=_never,
        absorb=lambda *_: None,  # type: ignore[arg-type, return-value]
        rights=frozenset({Right.IMPORT_RUN}),
        floor=timedelta(minutes=5),
    )
    made = Addon(
        key="planbox",
        name="Planbox",
        category=Category.FLIGHT_PLANNING,
        purpose="Plans for the tests.",
        settings=SkymartSettings,
        flows=(post, pull),
        facts=(),
    )
    registry.register(made)
    yield made


@pytest.fixture
def facts(desk: Desk) -> ConnectionFacts:
    wanted = ConnectionInput(values={"api_key": "right"}, aircraft=[desk.aircraft[0].id], on=False)
    made = configure(desk.admin, "planbox", wanted).connection
    Connection.objects.filter(operator_id=desk.id, id=made.id).update(on=True)
    return connection(desk.id, made.id)


def put_message(desk: Desk, facts: ConnectionFacts, **given: Any) -> Message:
    """A message whose answer was lost ten minutes ago, unless said otherwise."""
    flight = desk.flight()
    values: dict[str, Any] = {
        "flow": "plan",
        "unit": f"flight:{flight.id}",
        "identity": "one",
        "title": flight.title,
        "state": "doubtful",
        "may_be_there": True,
        "made_at": NOW - timedelta(minutes=11),
        "sent_at": NOW - timedelta(minutes=10),
        "sent_order": 1,
        "tries": 1,
        "outcome": "unknown",
        "messages": (said("The connection was lost."),),
    }
    row = Message(
        operator_id=desk.id,
        connection_id=facts.id,
        **{name: written(value) for name, value in {**values, **given}.items()},
    )
    row.save(force_insert=True)
    return row


def _get(client: Client, at: str = AT) -> str:
    answer = client.get(at)
    assert answer.status_code == 200, answer.content.decode()
    return answer.content.decode()


def _state(desk: Desk, row: Message) -> str:
    return message(desk.id, row.id).state.value


@pytest.mark.req("HUB-27")
def test_a_lost_answer_stands_with_three_buttons_and_a_person_decides(
    desk: Desk, admin: Client, facts: ConnectionFacts
) -> None:
    row = put_message(desk, facts)
    html = _get(admin)
    for words in ("Waiting for a person", "In doubt", "The connection was lost.", "It arrived", "Send again", "Drop"):
        assert words in html, words
    assert f"/addons/planbox/messages/{row.id}/arrived" in html
    answer = admin.post(f"/addons/planbox/messages/{row.id}/arrived", follow=True)
    assert "noted that it arrived" in answer.content.decode()
    assert _state(desk, row) == "delivered"
    answer = admin.post(f"/addons/planbox/messages/{row.id}/arrived", follow=True)
    assert "Nobody doubts that any more" in answer.content.decode()
    other = put_message(desk, facts)
    admin.post(f"/addons/planbox/messages/{other.id}/again")
    assert _state(desk, other) == "ready"
    last = put_message(desk, facts)
    admin.post(f"/addons/planbox/messages/{last.id}/drop")
    assert _state(desk, last) == "withdrawn"
    assert not messages_waiting(desk.id)
    assert admin.post(f"/addons/planbox/messages/{last.id}/burn").status_code == 404


def test_who_may_not_export_sees_no_buttons_and_another_operator_nothing(
    desk: Desk, other_desk: Desk, facts: ConnectionFacts
) -> None:
    row = put_message(desk, facts)
    sales, stranger = desk.client(Role.SALES), other_desk.client()
    html = _get(sales)
    assert "In doubt" in html and "It arrived" not in html
    for decision in ("arrived", "again", "drop"):
        address = f"/addons/planbox/messages/{row.id}/{decision}"
        assert (sales.post(address).status_code, stranger.post(address).status_code) == (403, 404)
    assert _state(desk, row) == "doubtful"
    owner = desk.client(Role.AIRCRAFT_OWNER, aircraft_ids=[desk.aircraft[0].id])
    assert "In doubt" not in _get(owner)


def test_runs_stand_with_their_counts_and_what_was_skipped(desk: Desk, admin: Client, facts: ConnectionFacts) -> None:
    run = PullRun(
        operator_id=desk.id,
        connection_id=facts.id,
        flow="flights",
        started_at=NOW - timedelta(minutes=3),
        ended_at=NOW - timedelta(minutes=2),
        pages=1,
        fetched=71,
        new=41,
        updated=13,
        unchanged=15,
        skipped=2,
        reasons=[["XY1", "Airport QQQ is not known."], ["XY2", "No aircraft."]],
        outcome="accepted",
    )
    run.save(force_insert=True)
    PullState.objects.create(
        operator_id=desk.id,
        connection_id=facts.id,
        flow="flights",
        begun_at=NOW - timedelta(minutes=3),
        next_due=NOW + timedelta(minutes=2),
        last_success=NOW - timedelta(minutes=2),
    )
    html = _get(admin)
    for words in (">71<", ">41<", ">13<", ">15<", "2 skipped", "Airport QQQ is not known.", "the clock", "12:02"):
        assert words in html, words
    answer = admin.post(f"/addons/planbox/connections/{facts.id}/fetch/flights", follow=True)
    assert "It is fetched from 12:02:00Z on." in answer.content.decode()
    assert PullState.objects.get(operator_id=desk.id).asked_at == NOW
    assert admin.post(f"/addons/planbox/connections/{facts.id}/fetch/other").status_code == 404


@pytest.mark.req("HUB-12")
def test_ops_are_told_once_what_waits_for_them_and_admins_when_a_fetch_is_late(
    desk: Desk, facts: ConnectionFacts, clock: ManualClock
) -> None:
    desk.invite(Role.OPS, "Olga Ops")
    row = put_message(desk, facts)
    assert [notice.kind for notice in watch(clock=clock)] == ["waiting"]
    assert not watch(clock=clock)
    mail_notices(clock=clock)
    (sent,) = mail.outbox
    assert set(sent.to) == {desk.email("admin"), desk.email("olga")}
    assert "Look there" in sent.body and "waits for you" in sent.subject
    Message.objects.filter(operator_id=desk.id, id=row.id).update(state="delivered")
    PullState.objects.create(
        operator_id=desk.id, connection_id=facts.id, flow="flights", next_due=NOW - timedelta(minutes=9)
    )
    assert {(notice.kind, notice.closed_at is None) for notice in watch(clock=clock)} == {
        ("waiting", False),
        ("late", True),
    }
    late = Notice.objects.get(operator_id=desk.id, kind="late")
    assert "Flights were due at 04 Mar 11:51Z" in late.sentence


def test_the_other_pages_know_the_new_kinds(desk: Desk, admin: Client, facts: ConnectionFacts) -> None:
    row = put_message(desk, facts)
    about = _get(admin, "/addons/planbox")
    for words in ("Flight plans", "Never without a person", "May do here", "import.run"):
        assert words in about, words
    assert "Planbox" in _get(admin, "/addons/")
    answer = admin.post(f"/addons/planbox/connections/{facts.id}/export", follow=True)
    assert "keeps no copy that could be exported" in answer.content.decode()
    assert message_facts(message(desk.id, row.id))["waits"] is True
    assert ByHand() == ByHand()
