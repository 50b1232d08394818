"""The checklist in a real browser: services are ticked and submitted, and answers appear without a reload."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import expect
from tests.checklist.conftest import Support
from tests.web.conftest import House, chromium, house, live_port
from tests.web.test_browser import OpenPage, open_page

from airstair.records.checklist import commands
from airstair.records.checklist.commands import ServiceAnswer

__all__ = ["chromium", "house", "live_port", "open_page"]
pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
TODAY = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


@pytest.mark.req("MFC-10", "MFC-11", "MFC-12", "CHK-04")
def test_services_are_submitted_and_the_answers_appear_by_themselves(
    live_port: int, house: House, open_page: OpenPage
) -> None:
    house.ops = house.admin  # type: ignore[attr-defined]  # who adds the handlers
    support = Support(house)  # type: ignore[arg-type]  # an operator with an admin is all that it needs
    flight = house.flight(std=TODAY + timedelta(days=2, hours=6))
    page = open_page()
    page.goto(f"/ops/flights/{flight.id}/checklist")
    expect(page.locator("#livestate")).to_have_attribute("data-state", "live")

    # From the menu to the module's form, by keyboard and mouse, and what is missing is said there.
    page.keyboard.press("n")
    page.locator(".add-item").get_by_role("button", name="Sky Desk").click()
    page.get_by_role("link", name="Services…").click()
    page.get_by_role("button", name="Submit to Sky Desk").click()
    expect(page.get_by_text("Tick what is needed")).to_be_visible()
    page.get_by_label("Handler at KEWR").select_option(label="Blue Apron Handling (KEWR)")
    page.get_by_role("checkbox", name="Handling").first.check()
    page.get_by_label("Details of Handling KEWR").fill("GPU and stairs")
    page.get_by_role("button", name="Submit to Sky Desk").click()
    handling = page.locator("li", has=page.get_by_role("link", name="Handling", exact=True)).first
    expect(handling).to_contain_text("via Sky Desk")
    expect(handling.locator("summary.status")).to_have_text("PEND")

    # The application answers, and proposes another time. Nobody touches the page.
    note = "Order ORD-1 · Awaiting quote https://desk.example/orders/1"
    answers = [
        ServiceAnswer(service="HANDLING_ADEP", designation="CONFIRMED", note=note),
        ServiceAnswer(service="EDIT", designation="PENDING", note="https://desk.example/trips/1"),
    ]
    commands.answer_services(support.actor, support.id, flight.id, answers)
    expect(handling.locator("summary.status")).to_have_text("CONF", timeout=15_000)
    expect(handling.get_by_role("link", name="https://desk.example/orders/1")).to_have_attribute("target", "_blank")
    commands.propose_times(support.actor, support.id, flight.id, std=flight.std + timedelta(minutes=25))
    expect(page.locator(".proposal")).to_contain_text("06:25Z–08:55Z", timeout=15_000)
    page.get_by_role("button", name="Accept, re-time the flight").click()
    expect(page.locator(".proposal")).to_have_count(0)
    expect(page.locator(".page-head")).to_contain_text("06:25Z")

    # One click on a status; and the list is as usable in the drawer of the board.
    fuel = page.locator("li", has=page.get_by_role("link", name="Fuel", exact=True)).first
    fuel.locator("summary.status").click()
    fuel.get_by_role("button", name="Requested").click()
    expect(fuel.locator("summary.status")).to_have_text("REQ")
    page.goto(f"/ops/?from={flight.std:%Y-%m-%d}&days=1")
    page.locator("a.bar.flt").first.click()
    page.locator("#drawer").get_by_role("link", name="Open the checklist").click()
    expect(page.locator("#drawer .checklist")).to_contain_text("via Sky Desk")
    commands.set_item(house.admin, flight.id, "FUEL_ADEP", commands.ItemEdit(status="YES"))
    fuel = page.locator("#drawer li", has=page.get_by_role("link", name="Fuel", exact=True)).first
    expect(fuel.locator("summary.status")).to_have_text("YES", timeout=15_000)
