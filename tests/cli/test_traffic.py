"""`airstair addon messages` and `airstair addon fetch`: what waits for a person, decided from the command line."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from airstair.hub import registry
from airstair.hub.connections.commands import ConnectionInput, configure
from airstair.hub.contract import Addon, Category
from airstair.hub.flows import ByHand, Horizon, OnChange, Post, Pull
from airstair.hub.models import Connection, Message, PullState
from airstair.hub.setting import Settings
from airstair.kernel.units import UnitKind
from airstair.records.operators.commands import create_operator
from airstair.records.operators.queries import cli_actor

from .conftest import Airstair

NOW = datetime(2027, 3, 4, 12, tzinfo=UTC)


async def _never(*_: Any) -> Any:
    raise AssertionError("No command makes a call.")


@pytest.fixture
def planbox() -> Iterator[None]:
    before = dict(registry._extra)
    post = Post(
        key="plan",
        title="Plans",
        unit=UnitKind.FLIGHT,
        trigger=OnChange(),
        horizon=Horizon(back=timedelta(0)),
        message=lambda *_: None,
        send=_never,
    )
    pull = Pull(
        key="flights",
        title="Flights",
        trigger=ByHand(),
        fetch=_never,
        absorb=lambda *_: None,  # type: ignore[arg-type, return-value]
        rights=frozenset(),
    )
    registry.register(
        Addon(
            key="planbox",
            name="Planbox",
            category=Category.FLIGHT_PLANNING,
            purpose="For tests.",
            settings=Settings,
            flows=(post, pull),
            facts=(),
        )
    )
    yield
    registry._extra.clear()
    registry._extra.update(before)


@pytest.fixture
def doubtful(db: None, planbox: None) -> list[Message]:
    """Three messages whose answers were lost."""
    operator = create_operator(code="TEST", name="Test", admin_email="a@test.example", admin_name="Ann")
    facts = configure(cli_actor(operator.id), "planbox", ConnectionInput(on=False)).connection
    Connection.objects.filter(operator_id=operator.id).update(on=True)
    made = []
    for number in range(3):
        row = Message(
            operator_id=operator.id,
            connection_id=facts.id,
            flow="plan",
            unit=f"flight:{number + 900}",
            identity="one",
            title=f"EV{number} KEWR–KJAX",
            state="doubtful",
            may_be_there=True,
            made_at=NOW,
            sent_at=NOW,
            sent_order=number,
            outcome="unknown",
        )
        row.save(force_insert=True)
        made.append(row)
    return [Message.objects.get(operator_id=operator.id, title=row.title) for row in made]


@pytest.mark.req("HUB-27")
def test_messages_in_doubt_are_listed_and_decided(airstair: Airstair, doubtful: list[Message]) -> None:
    on = ("--operator", "TEST", "--json")
    listed = airstair("addon", "messages", "planbox", "--waiting", *on)
    assert (listed.status, listed.err) == (0, "")
    assert [one["id"] for one in listed.json["messages"]] == [row.id for row in doubtful]
    assert all("Look there" in one["sentence"] for one in listed.json["messages"])
    (told,) = airstair("addon", "status", "planbox", *on).json["connections"]
    assert len(told["messages_waiting"]) == 3 and told["fetches"][0]["flow"] == "flights"
    for option, row, state in zip(
        ("--arrived", "--send-again", "--drop"), doubtful, ("delivered", "ready", "withdrawn"), strict=True
    ):
        assert airstair("addon", "messages", "planbox", option, str(row.id), *on).status == 0
        assert Message.objects.get(operator_id=row.operator_id, id=row.id).state == state
    again = airstair("addon", "messages", "planbox", "--arrived", str(doubtful[0].id), "--operator", "TEST")
    assert again.status == 1 and "Nobody doubts" in again.err
    none = airstair("addon", "messages", "planbox", "--waiting", "--operator", "TEST")
    assert "No message of Planbox waits" in none.out
    both = airstair("addon", "messages", "planbox", "--drop", "1", "--arrived", "2", "--operator", "TEST")
    assert both.status == 2


def test_a_fetch_is_asked_for(airstair: Airstair, doubtful: list[Message]) -> None:
    told = airstair("addon", "fetch", "planbox", "--operator", "TEST", "--json")
    assert [(one["connection"], one["flow"]) for one in told.json["runs"]] == [("default", "flights")]
    assert PullState.objects.get(operator_id=doubtful[0].operator_id).asked_by
