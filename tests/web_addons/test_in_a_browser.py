"""The add-ons' pages as a person works with them, in a real browser, by keyboard and on a phone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from airstair.hub.connections.queries import default_connection
from airstair.hub.models import LedgerRow
from airstair.kernel.outcome import Outcome, OutcomeKind, PartnerMessage
from airstair.records.operators.rules import Role

from .conftest import NOW, PASSWORD, Desk, Partner, said

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def screen(chromium: Browser, live_server: Any, transactional_db: None, desk: Desk) -> Iterator[Page]:
    """A page of the signed-in admin. Fails the test when a script of ours does."""
    context = chromium.new_context(viewport={"width": 1280, "height": 860}, base_url=live_server.url)
    page = context.new_page()
    page.set_default_timeout(10_000)
    broken: list[str] = []
    page.on("pageerror", lambda error: broken.append(str(error)))
    page.goto("/sign-in")
    page.fill("[name=email]", desk.email("admin"))
    page.fill("[name=password]", PASSWORD)
    page.press("[name=password]", "Enter")
    page.wait_for_url("**/ops/**")
    yield page
    context.close()
    assert broken == []


@pytest.mark.req("HUB-03", "HUB-05", "HUB-06", "HUB-09")
def test_an_admin_sets_a_partner_up(screen: Page, desk: Desk, partner: Partner) -> None:
    desk.invite(Role.OPS, "Maria Rossi", "MRO")
    partner.answer = Outcome(
        kind=OutcomeKind.UNAUTHORISED, messages=(PartnerMessage(level="error", text="No such key.", field="api_key"),)
    )
    screen.goto("/addons/")
    screen.click("article:has-text('Skymart') >> text=Set up")
    screen.check("[name=on]")
    screen.fill("#s-api_key", "wrong-key")
    screen.fill("#tick-filter", "n2113")
    expect(screen.locator("#tick-list label:visible")).to_have_count(1)
    screen.click("text=Tick shown")
    expect(screen.locator("#tick-count")).to_have_text("1 of 3")
    screen.fill("#s-recipients", "mar")
    expect(screen.locator(".people-list li")).to_have_text(["Maria Rossi (MRO)"])
    screen.keyboard.press("Enter")
    expect(screen.locator(".person")).to_contain_text("Maria Rossi (MRO)")
    screen.click("text=SAVE")

    expect(screen.locator("[role=alert]")).to_contain_text("Skymart is NOT switched on")
    expect(screen.locator(".field.secret .warning")).to_contain_text("No such key.")
    assert "wrong-key" not in screen.content()
    facts = default_connection(desk.id, "skymart")
    assert facts is not None and not facts.on and facts.settings["recipients"] == ["MRO"]
    assert facts.aircraft_ids == (desk.aircraft[2].id,)

    partner.answer = Outcome(kind=OutcomeKind.ACCEPTED)
    screen.focus("details.secret summary")
    screen.keyboard.press("Enter")
    expect(screen.locator("#s-api_key")).to_be_focused()
    expect(screen.locator("#s-api_key")).to_have_value("")
    screen.keyboard.type("right-key")
    screen.check("[name=on]")
    screen.keyboard.press("Enter")
    expect(screen.locator("#messages")).to_contain_text("Skymart (default) is on.")
    assert partner.asked[-1].api_key == "right-key"


@pytest.mark.req("HUB-10", "HUB-15")
def test_an_export_is_watched_until_its_end_without_reloading(screen: Page, desk: Desk) -> None:
    facts = desk.connect(0, 1)
    desk.ledger(facts, 0, last_attempt=NOW - timedelta(minutes=9), last_success=NOW - timedelta(minutes=9))
    screen.goto("/addons/skymart/activity")
    expect(screen.locator("table.ledger")).to_contain_text("Not sent yet")
    screen.evaluate("window.stayed = true")
    screen.click("#export-all")
    expect(screen.locator("#run")).to_contain_text("0 of 2")
    screen.evaluate("window.stayed = true")
    error = (said("Airport KXXX is unknown.", about="event:7", field="endAirport"),)
    rows = LedgerRow.objects.filter(operator_id=desk.id)
    rows.filter(title="N14923").update(
        asked_at=None, last_attempt=NOW, outcome="accepted_with_errors",
        messages=[{"level": m.level, "text": m.text, "about": m.about, "field": m.field} for m in error],
    )  # fmt: skip
    rows.filter(title="N16561").update(asked_at=None, last_attempt=NOW, outcome="accepted")
    expect(screen.locator("#run")).to_contain_text("2 of 2")
    expect(screen.locator("#h-run")).to_have_text("Export finished")
    # A delivery: what the live stream would say, said by the test.
    screen.evaluate(f"""import("/static/web/live.js").then((live) => live.touch(["ledger:{facts.id}"], {{}}))""")
    expect(screen.locator("table.ledger")).to_contain_text("Airport KXXX is unknown.")
    expect(screen.locator("table.ledger a", has_text="Event 7")).to_have_attribute("href", "/ops/events/7")
    assert screen.evaluate("window.stayed") is True


@pytest.mark.parametrize("path", ["/addons/", "/addons/skymart", "/addons/skymart/configuration",
                                  "/addons/skymart/activity", "/addons/calls", "/settings/status", "call"])  # fmt: skip
def test_the_pages_fit_a_phone(screen: Page, desk: Desk, path: str) -> None:
    facts = desk.connect()
    call = desk.call(facts, 0, body=b'{"activities":[{"id":"f-1"}]}', messages=(said("Hm. " * 30),))
    desk.ledger(facts, 0, outcome="accepted_with_errors", call_id=call.id, messages=(said("Hm. " * 30),))
    screen.set_viewport_size({"width": 375, "height": 740})
    screen.goto(f"/addons/calls/{call.id}" if path == "call" else path)
    expect(screen.locator("main h1")).to_be_visible()
    assert screen.evaluate("document.documentElement.scrollWidth") <= 375
