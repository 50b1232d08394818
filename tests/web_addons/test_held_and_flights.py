"""Activity of mirrors of flights, and of what waits for a person's yes."""

from __future__ import annotations

import dataclasses
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from airstair.hub import registry
from airstair.hub.connections.queries import ConnectionFacts
from airstair.hub.flows import Document, Horizon, OnChange, Removal
from airstair.hub.models import LedgerRow
from airstair.kernel.units import UnitKind
from airstair.records.operators.rules import Role

from .conftest import NOW, Desk, Partner, said, skymart

AT = "/addons/skymart/activity"
QUESTION = b"\x0a" * 16


def _held(desk: Desk) -> ConnectionFacts:
    facts = desk.connect()
    desk.ledger(facts, 0, outcome="refused", question=QUESTION, messages=(said("The total would go down."),))
    desk.ledger(facts, 1)
    return facts


def _approve(client: Client, facts: ConnectionFacts, unit: str, question: str = QUESTION.hex()) -> Any:
    address = f"/addons/skymart/connections/{facts.id}/approve/schedule"
    return client.post(address, {"unit": unit, "question": question}, follow=True)


def test_what_is_held_says_why_and_goes_with_a_persons_yes(desk: Desk, admin: Client) -> None:
    facts = _held(desk)
    unit = f"aircraft:{desk.aircraft[0].id}"
    html = admin.get(AT).content.decode()
    assert "Waits for a person" in html and "The total would go down." in html
    assert html.count("Send anyway") == 1
    answer = _approve(admin, facts, unit)
    assert "N14923 is sent." in answer.content.decode()
    row = LedgerRow.objects.get(unit=unit)
    assert bytes(row.approved or b"") == QUESTION and row.asked_at == NOW


def test_a_yes_to_what_is_asked_no_more_is_told(desk: Desk, admin: Client) -> None:
    facts = _held(desk)
    unit = f"aircraft:{desk.aircraft[0].id}"
    assert "changed meanwhile" in _approve(admin, facts, unit, "00").content.decode()
    assert _approve(admin, facts, "nonsense").status_code == 404
    assert _approve(admin, facts, "aircraft:1").status_code == 404
    assert LedgerRow.objects.get(unit=unit).approved is None


def test_nobody_else_says_yes(desk: Desk, other_desk: Desk) -> None:
    facts = _held(desk)
    unit = f"aircraft:{desk.aircraft[0].id}"
    reader = desk.client(Role.READ_ONLY, "Rita Reader")
    assert "Send anyway" not in reader.get(AT).content.decode()
    assert _approve(reader, facts, unit).status_code == 403
    assert _approve(other_desk.client(), facts, unit).status_code == 404
    assert LedgerRow.objects.get(unit=unit).approved is None


@pytest.fixture
def of_flights(partner: Partner) -> None:
    """Skymart, keeping flights."""
    made = skymart(partner)
    (mirror,) = made.mirrors
    flow = dataclasses.replace(
        mirror,
        unit=UnitKind.FLIGHT,
        trigger=OnChange(),
        horizon=Horizon(back=timedelta(days=2)),
        removal=Removal.DELETE,
        gone=lambda snapshot, settings, now: Document(body=b""),
    )
    registry.register(dataclasses.replace(made, flows=(flow,)))


def test_flights_stand_by_their_titles_in_order_of_departure(of_flights: None, desk: Desk, admin: Client) -> None:
    facts = desk.connect()
    assert "Nothing has been sent yet" in admin.get(AT).content.decode()
    late, soon = desk.flight("EV2", std=NOW + timedelta(hours=9)), desk.flight("EV3", at=1)
    past, gone = desk.flight("EV1", std=NOW - timedelta(days=3)), desk.flight("EV4", std=NOW + timedelta(hours=20))
    for flight in (late, soon, past, gone):
        there = b"" if flight is gone else b"\x01" * 16
        desk.ledger(facts, unit=f"flight:{flight.id}", title=flight.title, next_due=None, fingerprint=there)
    html = admin.get(AT).content.decode()
    assert html.index(soon.title) < html.index(late.title) < html.index(gone.title)
    assert past.title not in html, "what is past is no one's concern"
    assert "Taken away" in html and "Every flight is up to date." in html
    assert "<th>Flight</th>" in html
    html = admin.get(f"{AT}?aircraft={desk.aircraft[1].id}").content.decode()
    assert soon.title in html and late.title not in html
    owner = desk.client(Role.AIRCRAFT_OWNER, "Otto Owner", aircraft_ids=[desk.aircraft[1].id])
    html = owner.get(AT).content.decode()
    assert soon.title in html and late.title not in html
