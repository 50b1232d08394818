"""Flight watch and the journey log in a real browser: typing in place, who said it, and colleagues' changes live."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import expect
from tests.web.conftest import House
from tests.web.test_browser import OpenPage, open_page

from airstair.kernel.actor import Actor, ActorKind
from airstair.records.flights import commands, queries
from airstair.records.flights.commands import WatchInput
from airstair.records.operators.rules import Role

__all__ = ["open_page"]
pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
TODAY = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


@pytest.mark.req("FWJ-01", "FWJ-04")
def test_flight_watch_is_typed_in_place_and_follows_others(live_port: int, house: House, open_page: OpenPage) -> None:
    first = house.flight(std=TODAY + timedelta(hours=6))
    second = house.flight(std=TODAY + timedelta(hours=10), number="EV22")
    house.invite(Role.OPS, "Olga")
    mine, olgas = open_page(), open_page(house.email("Olga"))
    for page in (mine, olgas):
        page.goto("/ops/watch/")
        expect(page.locator("#livestate")).to_have_attribute("data-state", "live")
    cell = mine.get_by_label("BLOFF of EV3810")
    cell.fill("0605")
    cell.press("Enter")
    expect(mine.get_by_label("BLOFF of EV22")).to_be_focused()
    expect(cell).to_have_value("06:05")
    expect(olgas.get_by_label("BLOFF of EV3810")).to_have_value("06:05")

    # What is impossible is said where it was typed, and can be put right there.
    take_off = mine.get_by_label("T/O of EV3810")
    take_off.fill("0600")
    take_off.press("Tab")
    expect(mine.locator(f"#watch-{first.id} .refused")).to_contain_text("T/O is before BLOFF")
    take_off.fill("0614")
    take_off.press("Tab")
    expect(take_off).to_have_value("06:14")
    expect(mine.locator(f"#watch-{first.id} .refused")).to_be_hidden()

    # Olga types while a partner says something else of the same flight: hers stays, theirs appears with its source.
    hers = olgas.get_by_label("PAX of EV22")
    hers.press_sequentially("1")
    partner = Actor(
        operator_id=house.id, kind=ActorKind.PARTNER, key="9", label="Tower feed", rights=house.admin.rights
    )
    slot = WatchInput(ctot=second.std + timedelta(minutes=20))
    commands.watch_flight(partner, second.id, slot)
    ctot = olgas.get_by_label("CTOT of EV22")
    expect(ctot).to_have_value("10:20")
    expect(hers).to_be_focused()
    hers.press_sequentially("2")
    hers.press("Tab")
    expect(mine.get_by_label("PAX of EV22")).to_have_value("12")
    ctot.focus()
    expect(olgas.locator("#tip")).to_have_text(f"CTOT {second.std + timedelta(minutes=20):%-d %b %H:%MZ}: Tower feed")
    assert queries.flight(house.id, second.id).watch.pax == 12


@pytest.mark.req("FWJ-02")
def test_the_journey_log_is_filled_on_a_phone(live_port: int, house: House, open_page: OpenPage) -> None:
    flight = house.flight(std=TODAY + timedelta(hours=6))
    page = open_page(width=390, height=844)
    page.goto("/ops/journey-log/")
    page.get_by_role("link", name="EV3810").click()
    page.get_by_label("BLOFF: time, UTC").fill("0601")
    page.get_by_label("BLON: time, UTC").fill("0840")
    page.get_by_label("Block fuel", exact=True).fill("5000")
    page.get_by_label("Block fuel: unit").select_option("LB")
    page.get_by_role("button", name="Save the journey log").click()
    expect(page.locator("#drawer")).to_contain_text("5000 LB")
    assert queries.flight(house.id, flight.id).times["journey_log"].off_block == TODAY + timedelta(hours=6, minutes=1)
