"""The fatigue pop-up in a real browser: its menu by mouse and by keyboard, the waiting message, the way back."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route, expect
from tests.web.conftest import PASSWORD, House

from airstair.hub.connections.commands import ConnectionInput, configure
from airstair.records.crewing.commands import DutyInput, add_duty
from airstair.records.people.commands import CrewMemberInput, add_crew_member

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
TODAY = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
HOUR = timedelta(hours=1)
expect.set_options(timeout=30_000)  # a busy machine is slow, not wrong


@pytest.fixture
def crew(house: House) -> list[int]:
    """A captain with night flights and a duty, and a first officer; the model is switched on."""
    given = {"first_name": "Ann", "home_base": "KEWR", "positions": ("CPT",)}
    ids = [
        add_crew_member(house.admin, CrewMemberInput(code=code, last_name=name, **given)).id
        for code, name in (("ABC", "Aviator"), ("DEF", "Deputy"))
    ]
    for day in range(4):
        house.flight(std=TODAY + timedelta(days=day, hours=4), number=f"EV38{day}", crew={"CPT": "ABC", "FO": "DEF"})
    duty = DutyInput(crew_member_id=ids[0], kind="SIMULATOR", start=TODAY + 110 * HOUR, end=TODAY + 114 * HOUR)
    add_duty(house.admin, duty)
    configure(house.admin, "saftefast", ConnectionInput(on=True))
    return ids


@pytest.fixture
def page(chromium: Browser, live_server: Any, house: House, crew: list[int]) -> Iterator[Page]:
    """The crew timeline, signed in; it fails on any script error and on a breach of the content security policy."""
    faults: list[str] = []
    context = chromium.new_context(viewport={"width": 1400, "height": 900}, base_url=live_server.url)
    opened = context.new_page()
    opened.on("pageerror", lambda error: faults.append(str(error)))
    opened.on("console", lambda m: faults.append(m.text) if "Content Security Policy" in m.text else None)
    opened.goto("/sign-in")
    opened.get_by_label("Email").fill(house.email("admin"))
    opened.get_by_label("Password").fill(PASSWORD)
    opened.get_by_role("button", name="Sign in").click()
    opened.wait_for_url("**/ops/**")
    opened.goto("/crew/timeline")
    yield opened
    context.close()
    assert faults == []


@pytest.mark.req("CRW-01", "SFT-01")
def test_a_right_click_on_a_code_opens_the_analysis_which_says_first_that_it_is_at_work(page: Page) -> None:
    held: list[Route] = []
    page.route("**/fatigue?*", lambda route: held.append(route))  # held until the waiting message was seen
    page.locator(".tl-reg", has_text="ABC").click(button="right")
    page.get_by_role("menuitem", name="Fatigue analysis").click()
    dialog = page.locator("dialog#fatigue")
    expect(dialog.get_by_role("status")).to_contain_text("Please wait")
    expect(dialog).to_contain_text("Fatigue of ABC")
    expect(dialog.locator("svg.plot")).to_have_count(0)
    held[0].continue_()
    expect(dialog.locator("svg.plot")).to_be_visible()
    expect(dialog.get_by_role("status")).to_have_count(0)
    expect(dialog.locator("a.rowlink")).to_have_text(
        ["EV380 KEWR–KJAX", "EV381 KEWR–KJAX", "EV382 KEWR–KJAX", "EV383 KEWR–KJAX", "Simulator"]
    )
    dialog.get_by_text("The drawing as a table").click()
    expect(dialog.locator(".readings")).to_contain_text("asleep")
    dialog.get_by_role("button", name="Close").click()
    expect(dialog).not_to_be_visible()


@pytest.mark.req("CRW-01")
def test_the_menu_is_there_for_the_keyboard_too(page: Page) -> None:
    code = page.locator(".tl-reg", has_text="DEF")
    code.focus()
    page.keyboard.press("Enter")
    menu = page.locator(".crew-menu:popover-open")
    expect(menu.get_by_role("menuitem").first).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(menu.get_by_role("menuitem", name="Add a duty")).to_be_focused()
    page.keyboard.press("Escape")
    expect(menu).to_have_count(0)
    code.focus()
    page.keyboard.press("Shift+F10")
    expect(menu).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.locator("dialog#fatigue svg.plot")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("dialog#fatigue")).not_to_be_visible()
    expect(code).to_be_focused()


@pytest.mark.req("CRW-01")
def test_a_duty_is_added_from_the_menu_and_stands_in_its_lane(page: Page, crew: list[int]) -> None:
    lane = page.locator(f"#crew-{crew[1]}")
    before = lane.locator("a.bar").count()
    page.locator(".tl-reg", has_text="DEF").click()
    page.get_by_role("menuitem", name="Add a duty").click()
    drawer = page.locator("#drawer")
    expect(drawer.get_by_label("Crew member")).to_have_value(str(crew[1]))
    drawer.get_by_label("Kind").select_option("OFFICE")
    drawer.get_by_label("Title").fill("Manuals")
    drawer.get_by_role("button", name="Add", exact=True).click()
    expect(lane.locator('a.bar[aria-label*="Manuals"]')).to_have_count(1)
    assert lane.locator("a.bar").count() == before + 1
