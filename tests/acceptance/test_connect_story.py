"""A handling order from the checklist to the refund, as an operator and its handler live it: two browsers at once.

Against a whole running Airstair and Connect. What the other side did is looked for on pages that stay open and are
never loaded anew. Its pictures are kept with AIRSTAIR_KEEP_PICTURES=1.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from airstair.running.home import Home

from .conftest import Place
from .connect_parties import PATIENCE, Handler, Operator, Town, picture

pytestmark = pytest.mark.browser
CHROMIUM = os.environ.get("AIRSTAIR_CHROMIUM", "/usr/bin/chromium")
ASKED = {"HANDLING_ADEP": "", "PAX_TRANSPORT_ADEP": "Two cars at gate 3", "SLOT_ADEP": ""}
AWAITING, IN_PROGRESS = "Awaiting quote", "Order in progress"


class Pair(NamedTuple):
    """Both, at once."""

    operator: Operator
    handler: Handler


@pytest.fixture(scope="module")
def town(place: Place) -> Town:
    greeting = place.start()
    running = Home(place.home, environ={}).running()
    assert running is not None
    return Town(greeting.web, running.addresses["connect"], greeting.email, greeting.password)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"] if os.geteuid() == 0 else [])
        yield browser
        browser.close()


@pytest.fixture
def pair(chromium: Browser, town: Town) -> Iterator[Pair]:
    expect.set_options(timeout=PATIENCE)
    operator, handler = Operator(chromium, town), Handler(chromium, town)
    yield Pair(operator, handler)
    for one in (operator, handler):
        one.context.close()
        assert one.faults == [], one.name


@pytest.mark.req(
    "MFC-10", "MFC-11", "MFC-12", "MFC-14", "MFC-21", "MFC-22", "MFC-27", "MFC-28", "MFC-30", "MFC-42", "MFC-43",
    "MFC-63", "MFC-64", "MFC-70", "MFC-72",
)  # fmt: skip
def test_a_handling_order_from_the_checklist_to_the_refund(pair: Pair) -> None:
    operator, handler = pair
    the_connection_works(operator)
    handler.require_slot()
    operator.choose_flight()
    for tab in (operator.board, handler.desk):
        tab.evaluate("window.notReloaded = true")

    number = services_are_submitted(pair)
    the_request_is_acknowledged(pair, number)
    a_quote_is_sent_and_confirmed(pair, number)
    a_slot_is_proposed_and_accepted(pair, number)
    another_date_cancels_what_was_committed(pair, number)
    after_it_was_submitted_again_another_aircraft_cancels_everything(pair)
    unticking_everything_cancels_the_flight(pair)
    what_was_delivered_and_paid_is_not_cancelled_but_claimed(pair)

    for tab in (operator.board, handler.desk):
        assert tab.evaluate("window.notReloaded") is True, "it followed by itself"


def the_connection_works(operator: Operator) -> None:
    operator.connect.goto(f"{operator.town.connect}/external-api/")
    expect(operator.connect.locator(".panel").first).to_contain_text("Active")
    picture(operator.connect, "external-api")


def services_are_submitted(pair: Pair) -> str:
    """The request is on the desk, and its number on the checklist."""
    operator, handler = pair
    operator.add_connect()
    operator.submit(ASKED)
    number = handler.new_request(operator.number)
    picture(handler.desk, "desk")
    for service in ("HANDLING_ADEP", "PAX_TRANSPORT_ADEP"):
        operator.sees(service, "REQ", "via Connect", number, AWAITING)
    operator.sees("SLOT_ADEP", "REQ", "via Connect")
    expect(operator.module).to_contain_text("Updated")
    picture(operator.board, "checklist-requested")
    return number


def the_request_is_acknowledged(pair: Pair, number: str) -> None:
    operator, handler = pair
    handler.desk.bring_to_front()
    for key in ("j", "a"):  # to the first line, and acknowledge it
        handler.desk.keyboard.press(key)
    expect(handler.desk.locator(".say.success")).to_contain_text(number)
    handler.desk.evaluate("window.notReloaded = true")  # the press itself was answered with the desk anew
    operator.sees("HANDLING_ADEP", "CONF", number)
    operator.sees("PAX_TRANSPORT_ADEP", "CONF", number)
    operator.connect.goto(operator.trip_link())
    expect(operator.connect.locator("main")).to_contain_text("Acknowledged")


def a_quote_is_sent_and_confirmed(pair: Pair, number: str) -> None:
    """What the operator confirms is the total that the handler sent; the trip was open all the time."""
    operator, handler = pair
    what_is_typed_is_kept(pair, number)
    handler.quote(number, "120.50")
    accept = operator.connect.get_by_role("button", name=re.compile(r"Accept 241\.00"))
    expect(accept).to_be_visible()
    operator.sees("HANDLING_ADEP", "CONF", "Awaiting customer confirmation")
    picture(operator.connect, "trip")
    accept.click()
    expect(handler.line(number)).to_contain_text(IN_PROGRESS)
    operator.sees("HANDLING_ADEP", "CONF", IN_PROGRESS)


def what_is_typed_is_kept(pair: Pair, number: str) -> None:
    """While the other side changes something, which is said."""
    operator, handler = pair
    handler.open(number)
    price = handler.work.locator("input[data-price]").first
    price.fill("77")
    operator.edit(pax_count="3")
    expect(handler.work.locator("[data-news]")).to_contain_text("What you typed is kept")
    expect(price).to_have_value("77")
    expect(operator.connect.locator(".strip")).to_contain_text("3 pax")


def a_slot_is_proposed_and_accepted(pair: Pair, number: str) -> None:
    """Connect moves nothing: the flight is moved in Airstair, by the operator."""
    operator, handler = pair
    std, sta = operator.typed("std_time"), operator.typed("sta_time")
    begins, window = handler.propose_slot(number, 25)
    operator.sees("SLOT_ADEP", "REQ", "EWR-4471", window, "Proposal")
    operator.connect.get_by_role("button", name="Accept: move the departure").click()
    proposal = operator.module.locator(".proposal")
    expect(proposal).to_contain_text(f"{begins:%H:%M}Z")
    picture(operator.board, "proposal")
    assert (operator.typed("std_time"), operator.typed("sta_time")) == (std, sta)
    proposal.get_by_role("button", name="Accept, re-time the flight").click()
    operator.sees("SLOT_ADEP", "CONF", "EWR-4471", "Approved")
    assert operator.typed("std_time") == f"{begins:%H:%M}"
    expect(handler.line(number)).to_contain_text("Approved")
    operator.sees("HANDLING_ADEP", "CONF", IN_PROGRESS)


def another_date_cancels_what_was_committed(pair: Pair, number: str) -> None:
    operator, handler = pair
    days = {f"{name}_date": next_day(operator.typed(f"{name}_date")) for name in ("std", "sta")}
    operator.edit(**days)
    operator.sees("HANDLING_ADEP", "REJ", number, "Cancelled")
    expect(handler.line(number)).to_have_count(0)
    operator.connect.goto(operator.trip_link())
    expect(operator.connect.locator("main")).to_contain_text(f"{datetime.fromisoformat(days['std_date']):%d %b}")
    picture(operator.board, "checklist-rejected")


def next_day(written: str) -> str:
    return f"{datetime.fromisoformat(written) + timedelta(days=1):%Y-%m-%d}"


def after_it_was_submitted_again_another_aircraft_cancels_everything(pair: Pair) -> None:
    operator, handler = pair
    operator.submit(ASKED)
    number = handler.new_request(operator.number)
    operator.sees("HANDLING_ADEP", "REQ", number)
    trip = operator.trip_link()
    operator.desk.goto(f"{operator.town.airstair}/ops/flights/{operator.flight}/edit")
    choice = operator.desk.locator("#flight-form [name=aircraft_id]")
    values: list[str] = choice.locator("option").evaluate_all("found => found.map(one => one.value).filter(Boolean)")
    operator.edit(aircraft_id=next(one for one in values if one != choice.input_value()))
    for service in ASKED:
        operator.sees(service, "REJ")
    expect(operator.module).to_contain_text("aircraft", ignore_case=True)
    expect(handler.line(number)).to_have_count(0)
    operator.submit(ASKED)
    again = handler.new_request(operator.number)
    assert again != number
    operator.sees("HANDLING_ADEP", "REQ", again)
    assert operator.trip_link() != trip, "a new flight in Connect"


def unticking_everything_cancels_the_flight(pair: Pair) -> None:
    operator, handler = pair
    operator.submit({})
    for service in ASKED:
        operator.sees(service, "REJ")
    expect(handler.desk.locator("tr[data-key]", has_text=operator.number)).to_have_count(0)
    expect(operator.module.locator(".status")).to_have_text("REJ")


def what_was_delivered_and_paid_is_not_cancelled_but_claimed(pair: Pair) -> None:
    operator, handler = pair
    operator.submit(ASKED)
    number = handler.new_request(operator.number)
    handler.quote(number, "99", "Start without confirmation", "Bank transfer or contract")
    expect(handler.work.locator("main")).to_contain_text(IN_PROGRESS)
    handler.work.get_by_role("button", name="Plan all").click()
    picture(handler.work, "in-progress")
    handler.work.get_by_role("button", name="Deliver the order").click()
    handler.work.get_by_label("Record").select_option("Succeeded")
    handler.work.get_by_role("button", name="Record").click()
    operator.sees("HANDLING_ADEP", "CONF", number, "Delivered")
    operator.submit({})
    operator.sees("HANDLING_ADEP", "REJ", number, "Delivered")
    operator.connect.goto(f"{operator.town.connect}/orders/{number}/")
    expect(operator.connect.get_by_text("Cancel the order…")).to_have_count(0)
    operator.connect.get_by_text("Claim a refund…").click()
    operator.connect.get_by_role("button", name="Claim the refund").click()
    expect(operator.connect.locator("main")).to_contain_text("Claimed")
    picture(operator.connect, "refund")
    expect(handler.work.locator("main")).to_contain_text("Claimed")
