"""Settings › Status: what an admin sees of every connection, and who else does not."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from airstair.hub import overview
from airstair.hub.models import AccountBudget, Connection, Notice
from airstair.hub.overview import DatabaseFacts
from airstair.hub.serving import Serving
from airstair.kernel.outcome import OutcomeKind
from airstair.records.operators.rules import Role
from airstair.web.settings import status as status_page

from .conftest import NOW, Desk, said

PAGE = "/settings/status"


def looked_at(client: Client, **headers: str) -> str:
    answer = client.get(PAGE, headers=headers)
    assert answer.status_code == 200, answer.content.decode()
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


@pytest.fixture
def nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """No worker is alive."""
    for module in ("health", "overview"):
        monkeypatch.setattr(f"airstair.hub.{module}.serving", lambda: Serving(workers={}, by={}))


@pytest.fixture(autouse=True)
def one_worker(worker: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(overview, "serving", lambda: Serving(workers={7: 12}, by={}))


def test_every_connection_with_its_clocks_who_can_act_and_who_serves(desk: Desk, admin: Client) -> None:
    first, other = desk.connect(0), desk.connect(1, name="Oslo", on=False)
    desk.ledger(first, 0, outcome=OutcomeKind.UNAUTHORISED.value, tries=1, messages=(said("The key is <old>."),))
    Notice(
        operator_id=desk.id, connection_id=first.id, kind="failing", sentence="Skymart (default): no.", opened_at=NOW
    ).save(force_insert=True)
    seen = looked_at(admin)
    for text in (
        "Skymart default",
        "× Failing",
        "Unauthorised for every aircraft. The key is &lt;old&gt;.",
        "Last attempt",
        "4 Mar 11:58:00Z",
        "2 min ago",
        "1200 of 1200",
        "Admin: the configuration",
        "00000007",
        "Open notices 1",
        "Connections switched on 1 of 2",
        "Skymart Oslo",
        "It is switched off: nothing is sent.",
        "Size",
        "Oldest open transaction",
    ):
        assert text in seen, text
    page = admin.get(PAGE).content.decode()
    assert f'data-live="ledger:{first.id} ledger:{other.id}"' in page and 'hx-trigger="live' in page
    assert f'href="/addons/skymart/activity?connection={first.id}"' in page
    fragment = admin.get(PAGE, headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in fragment and "Skymart" in fragment


def test_without_a_worker_it_says_that_nothing_is_sent(desk: Desk, admin: Client, nobody: None) -> None:
    desk.ledger(desk.connect(0), 0)
    seen = looked_at(admin)
    for text in ("Workers alive 0", "Nothing is sent", "No worker is alive", "◌ No worker", "Whoever runs Airstair"):
        assert text in seen, text
    assert "Well" not in seen


def test_a_budget_fills_up_and_a_partner_that_wants_no_call_is_named(desk: Desk, admin: Client) -> None:
    facts = desk.connect(0)
    account = Connection.objects.get(operator_id=desk.id, id=facts.id).account
    assert account
    row = AccountBudget(account=account, tokens=100.0, at=NOW - timedelta(minutes=1))
    row.save(force_insert=True)
    assert "140 of 1200" in looked_at(admin), "2400 an hour are refilled"
    row.blocked_until = NOW + timedelta(minutes=3)
    row.save(update_fields=["blocked_until"])
    assert "none until 4 Mar 12:03:00Z" in looked_at(admin)


def test_a_transaction_that_is_open_for_long_stands_out(
    desk: Desk, admin: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    facts = DatabaseFacts(size_bytes=3 * 1024**3, oldest_open=NOW - timedelta(days=9000), sessions=9)
    monkeypatch.setattr(status_page, "database_facts", lambda: facts)
    seen = looked_at(admin)
    assert "3.0" in seen and "Long" in seen and "days" in seen


@pytest.mark.parametrize("role", [Role.OPS, Role.SALES, Role.READ_ONLY, Role.AIRCRAFT_OWNER])
def test_it_is_for_admins(desk: Desk, role: Role) -> None:
    terms: dict[str, Any] = {"aircraft_ids": (desk.aircraft[0].id,)} if role is Role.AIRCRAFT_OWNER else {}
    client = desk.client(role, **terms)
    assert client.get(PAGE).status_code == 403
    assert PAGE not in client.get("/settings/password").content.decode()


def test_who_manages_add_ons_sees_connections_and_not_the_database(desk: Desk) -> None:
    desk.connect(0)
    client = desk.client(Role.OPS, granted=("addons.manage",))
    seen = looked_at(client)
    assert "Skymart" in seen and "Oldest open transaction" not in seen


def test_another_operators_connections_are_not_there(desk: Desk, other_desk: Desk, admin: Client) -> None:
    other_desk.connect(0, name="Theirs")
    assert "Theirs" not in looked_at(admin) and "No connection is set up" in looked_at(admin)


def test_the_number_of_statements_does_not_grow(desk: Desk, admin: Client) -> None:
    desk.ledger(desk.connect(0), 0)
    with CaptureQueriesContext(connection) as few:
        looked_at(admin)
    for name in ("Oslo", "Bergen", "Tromsø"):
        desk.ledger(desk.connect(1, name=name), 1)
    with CaptureQueriesContext(connection) as many:
        looked_at(admin)
    assert len(many) == len(few)
