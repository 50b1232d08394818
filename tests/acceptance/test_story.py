"""One story in a real browser against a whole running Airstair: switch Avinode on, watch it, change a flight."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

from .conftest import Greeting, Place

pytestmark = pytest.mark.browser
CHROMIUM = os.environ.get("AIRSTAIR_CHROMIUM", "/usr/bin/chromium")
PATIENCE = 20_000  # ms; a busy machine is slow, not wrong
BAR = re.compile(r"^(\S+) · (\S+) (\w{4})–(\w{4}) · \d+ \w{3} (\d\d:\d\d)Z–(\d\d:\d\d)Z( · trip \S+)?$")


@pytest.fixture(scope="module")
def greeting(place: Place) -> Greeting:
    return place.start()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as play:
        flags = ["--no-sandbox"] if os.geteuid() == 0 else []
        browser = play.chromium.launch(executable_path=CHROMIUM, args=flags)
        yield browser
        browser.close()


@pytest.fixture
def page(chromium: Browser, greeting: Greeting) -> Iterator[Page]:
    """A page of the demo's admin, signed in; it fails the test on any error of a script, or a call that is refused."""
    context = chromium.new_context(viewport={"width": 1400, "height": 900}, base_url=greeting.web, locale="en-GB")
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda said: faults.append(said.text) if "Content Security Policy" in said.text else None)
    page.on("response", lambda one: faults.append(f"{one.status} {one.url}") if one.status >= 400 else None)
    page.goto("/")
    page.get_by_label("Email").fill(greeting.email)
    page.get_by_label("Password").fill(greeting.password)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/ops/**")
    yield page
    context.close()
    assert faults == []


class Leg:
    """A flight as its bar on the timeline tells it: within one day, as scheduled, with room to arrive later."""

    def __init__(self, bar: Locator) -> None:
        told = BAR.match(bar.get_attribute("aria-label") or "")
        assert told is not None
        self.timeline = bar.page.url
        self.key = bar.get_attribute("data-key-of") or ""
        self.registration, self.number, self.adep, self.ades, self.std, self.sta = told.groups()[:6]

    @property
    def new_sta(self) -> str:
        """Twelve minutes later."""
        return f"{datetime.strptime(self.sta, '%H:%M') + timedelta(minutes=12):%H:%M}"  # noqa: DTZ007 - a time of day


@pytest.mark.req("AVI-01", "HUB-09")
def test_avinode_is_switched_on_and_a_flight_is_changed(page: Page, place: Place) -> None:
    expect.set_options(timeout=PATIENCE)
    leg = see_the_timeline(page)
    prepare(page, leg)
    activity = watch(page, leg)
    switch_on(page)
    see_it_accepted(activity, place, leg)
    change_the_arrival(page, leg)
    find_it_in_the_audit_trail(page, leg)


def see_the_timeline(page: Page) -> Leg:
    """Tomorrow's flights of the whole fleet; answers one of them, still to be flown whatever the time is now."""
    expect(page.locator(".top")).to_contain_text("Demo Air Charter")
    tomorrow = datetime.fromisoformat(page.locator("#timeline").get_attribute("data-start") or "") + timedelta(days=1)
    page.goto(f"/ops/?from={tomorrow:%Y-%m-%d}&days=1")
    expect(page.locator(".tl-row")).to_have_count(60)
    bars = page.locator("a.bar.flt")
    labels: list[str] = bars.evaluate_all("bars => bars.map(bar => bar.getAttribute('aria-label'))")
    assert len(labels) > 20
    at = next(at for at, label in enumerate(labels) if (told := BAR.match(label)) and "06:00" < told[6] < "23:30")
    return Leg(bars.nth(at))


def prepare(page: Page, leg: Leg) -> None:
    """As an admin does it for the first time: nothing is typed but the registration. It stays off."""
    page.get_by_role("link", name="Add-ons").first.click()
    card = page.locator("article.addon-card", has_text="Avinode")
    expect(card.locator(".badge").first).to_contain_text("OFF")
    card.get_by_role("link", name="Avinode", exact=True).click()
    page.get_by_role("link", name="Configuration", exact=True).first.click()
    form = page.locator("#configuration")
    form.get_by_label("Sandbox").check()
    form.get_by_label("Only those ticked").check()
    page.get_by_label("Filter the aircraft").fill(leg.registration)
    form.get_by_role("checkbox", name=leg.registration).check()
    expect(page.locator("#tick-count")).to_have_text("1 of 60")
    page.get_by_role("button", name="SAVE").click()
    expect(page.locator("#messages")).to_contain_text("Avinode (default) is off.")


def watch(page: Page, leg: Leg) -> Page:
    """The Activity page in another tab, before anything was sent."""
    tab = page.context.new_page()
    tab.goto("/addons/avinode/activity")
    expect(tab.locator("#livestate")).to_have_attribute("data-state", "live")
    expect(ledger_row(tab, leg)).to_contain_text("Not sent yet")
    tab.evaluate("window.notReloaded = true")
    return tab


def ledger_row(tab: Page, leg: Leg) -> Locator:
    return tab.locator("table.ledger tr", has=tab.get_by_role("rowheader", name=leg.registration))


def switch_on(page: Page) -> None:
    page.locator("#configuration").get_by_role("switch", name="ON", exact=True).check()
    page.get_by_role("button", name="SAVE").click()
    expect(page.locator("#messages")).to_contain_text("Avinode (default) is on.")


def see_it_accepted(tab: Page, place: Place, leg: Leg) -> None:
    """The open Activity page follows by itself; the partner holds that aircraft, and that flight at its time."""
    expect(ledger_row(tab, leg)).to_contain_text("Accepted")
    expect(ledger_row(tab, leg)).to_contain_text("export from")
    assert tab.evaluate("window.notReloaded") is True
    (call,) = [call for call in place.control("calls") if call["method"] == "PUT"]
    assert call["aircraft"] == leg.registration
    held = place.control("state")["aircraft"][leg.registration]["activities"]
    (sent,) = [one for one in held if one["activityId"] == leg.key.replace("flight:", "f-")]
    assert (sent["startAirport"], sent["endAirport"]) == ({"icao": leg.adep}, {"icao": leg.ades})
    assert (sent["flightNumber"], sent["endDateTime"][10:]) == (leg.number, f"T{leg.sta}Z")


def change_the_arrival(page: Page, leg: Leg) -> None:
    """In the flight's panel on the timeline, which then shows it without being loaded again."""
    page.goto(leg.timeline)
    page.evaluate("window.notReloaded = true")
    bar = page.locator(f'a.bar.flt[data-key-of="{leg.key}"]')
    width = bar.locator("svg").get_attribute("width")
    bar.click()
    expect(page.locator("#drawer h1")).to_have_text(leg.number)
    page.get_by_role("link", name="Edit", exact=True).click()
    page.get_by_label("STA: time, UTC").fill(leg.new_sta)
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#drawer .route-big")).to_contain_text(f"{leg.new_sta}Z")
    expect(bar).to_have_attribute("aria-label", re.compile(f"{leg.std}Z–{leg.new_sta}Z"))
    assert bar.locator("svg").get_attribute("width") != width
    assert page.evaluate("window.notReloaded") is True


def find_it_in_the_audit_trail(page: Page, leg: Leg) -> None:
    """Who, what, and from what to what."""
    page.get_by_role("link", name="Settings").first.click()
    page.get_by_role("link", name="Audit trail").first.click()
    line = page.locator("table tbody tr").filter(has_text="flight.changed").first
    expect(line).to_contain_text("Dana Admin")
    expect(line).to_contain_text(f"{leg.number} {leg.adep}–{leg.ades}")
    expect(line.locator("dt")).to_have_text(re.compile("^sta$", re.IGNORECASE))
    expect(line.locator("del")).to_contain_text(f"{leg.sta}Z")
    expect(line.locator("ins")).to_contain_text(f"{leg.new_sta}Z")
