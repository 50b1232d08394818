"""The actions menu of OPS in a real browser: an import looked at and taken in, and marked flights sent."""

from __future__ import annotations

import asyncio
import contextvars
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection as database
from playwright.sync_api import Browser, Page, expect
from tests.web.conftest import PASSWORD, House

from airstair.hub.connections.commands import ALL_AIRCRAFT, ConnectionInput, configure
from airstair.hub.engine.dispatcher import Dispatcher, database_address
from airstair.kernel.clock import SystemClock
from airstair.kernel.scope import all_operators
from airstair.records.fleet.commands import AircraftEdit, change_aircraft
from airstair.records.flights.models import Flight
from airstair.sandbox.running import RunningSandbox, running_in_thread

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
TODAY = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
expect.set_options(timeout=30_000)  # a busy machine is slow, not wrong


@pytest.fixture
def sandbox(settings: Any) -> Iterator[RunningSandbox]:
    with running_in_thread(clock=SystemClock()) as made:
        settings.SANDBOX_URL = made.url
        yield made


@pytest.fixture
def worker(sandbox: RunningSandbox) -> Iterator[None]:
    """A worker on a thread of its own."""
    loop, ready = asyncio.new_event_loop(), threading.Event()

    async def work() -> None:
        dispatcher = Dispatcher(database_address(), clock=SystemClock())
        task = asyncio.create_task(dispatcher.run())
        await dispatcher.ready()
        ready.set()
        await asyncio.gather(task, return_exceptions=True)

    thread = threading.Thread(target=lambda: _quietly(loop, work()))
    thread.start()
    assert ready.wait(60)
    yield
    # All at once: after the first of them the loop may have ended.
    loop.call_soon_threadsafe(lambda: [task.cancel() for task in asyncio.all_tasks(loop)])
    thread.join(30)


def _quietly(loop: asyncio.AbstractEventLoop, work: Any) -> None:
    try:
        with all_operators():  # as a worker's own process does
            loop.run_until_complete(work)
    except asyncio.CancelledError:
        pass
    finally:
        loop.close()


@pytest.fixture
def page(chromium: Browser, live_server: Any, house: House) -> Iterator[Page]:
    context = chromium.new_context(viewport={"width": 1400, "height": 900}, base_url=live_server.url)
    faults: list[str] = []
    page = context.new_page()
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.goto("/")
    page.get_by_label("Email").fill(house.email("admin"))
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/ops/**")
    yield page
    context.close()
    assert faults == []


def switch_on(house: House, key: str, **values: Any) -> None:
    wanted = ConnectionInput(values={"environment": "sandbox", **values}, aircraft=ALL_AIRCRAFT, on=True)

    def act() -> bool:
        try:
            return configure(house.admin, key, wanted).connection.on
        finally:
            database.close()

    with ThreadPoolExecutor(1) as thread:  # the browser's own loop runs on this one
        assert thread.submit(contextvars.copy_context().run, act).result()  # for the operator that works here


@pytest.mark.req("OPS-19")
@pytest.mark.req("ACR-01")
@pytest.mark.req("ACR-02")
def test_a_schedule_is_looked_at_and_imported(house: House, sandbox: RunningSandbox, worker: None, page: Page) -> None:
    change_aircraft(house.admin, house.aircraft[0].id, AircraftEdit(iata_type="ER4"))
    switch_on(house, "aerocrs")
    page.goto("/ops/")
    page.keyboard.press("a")
    page.get_by_role("link", name="Import from AeroCRS…").press("Enter")
    drawer = page.locator("#drawer")
    expect(drawer.locator("h1")).to_have_text("Import from AeroCRS")
    expect(drawer).to_contain_text("overwrites what was changed here")

    drawer.get_by_label("Last day").fill((TODAY + timedelta(days=9)).strftime("%Y-%m-%d"))
    drawer.get_by_role("button", name="Look at AeroCRS").click()
    expect(drawer).to_contain_text("At most 7 are imported at once")
    drawer.get_by_label("Last day").fill((TODAY + timedelta(days=6)).strftime("%Y-%m-%d"))
    drawer.get_by_role("button", name="Look at AeroCRS").click()
    expect(drawer.locator("#found-new")).to_contain_text("XY401 EWR–BOS")
    expect(drawer.locator("#found-skipped")).to_contain_text("“QQQ” is not known here")
    expect(drawer.locator("#found-skipped")).to_contain_text("No aircraft of type 73H")
    assert not Flight.objects.filter(operator_id=house.id).exists()

    drawer.locator("#import-now").click()
    expect(drawer).to_contain_text("Imported:")
    assert Flight.objects.filter(operator_id=house.id, number="XY401").exists()


@pytest.mark.req("OPS-18")
@pytest.mark.req("RKT-02")
@pytest.mark.req("RKT-05")
def test_marked_flights_are_sent_and_a_second_time_only_on_a_persons_word(
    house: House, sandbox: RunningSandbox, worker: None, page: Page
) -> None:
    switch_on(house, "rocketroute")
    good = house.flight(std=TODAY + timedelta(hours=6))
    house.flight(std=TODAY + timedelta(hours=10), number="TOO-LONG9")
    page.goto("/ops/?view=table")
    rows = page.locator("#board tr[data-key-of^='flight:']")
    rows.nth(0).locator("a.rowlink").focus()
    page.keyboard.press("x")
    rows.nth(1).get_by_role("checkbox").check()
    expect(page.locator("#marked-count")).to_have_text("2 flights marked")
    rows.nth(1).locator("td.route").click(button="right")
    expect(page.locator("#actions-menu")).to_contain_text("2 flights")
    expect(page.get_by_role("button", name="Send to RocketRoute…")).to_be_focused()
    page.keyboard.press("Enter")

    drawer = page.locator("#drawer")
    expect(drawer.get_by_label("Aircraft").first).to_have_value("102")
    expect(drawer).to_contain_text("N14923 · suggested")
    expect(drawer).to_contain_text("it takes 2 to 7 of A–Z and 0–9")
    drawer.get_by_label("Pilot in command").first.select_option(label="Maria Rossi")
    drawer.get_by_role("button", name="Send to RocketRoute").click()
    expect(drawer).to_contain_text("Delivered")
    plans = sandbox.partner("rocketroute").state()["plans"]
    assert [(one["flight_no"], one["aircraft_id"], one["crew"]["pic_id"]) for one in plans] == [(good.number, 102, 7)]

    page.keyboard.press("Escape")
    page.locator("#unmark").click()
    rows.nth(0).locator("a.rowlink").focus()
    page.keyboard.press("x")
    page.keyboard.press("a")
    page.get_by_role("button", name="Send to RocketRoute…").press("Enter")
    expect(drawer).to_contain_text("Sent again, it is there twice")
    drawer.get_by_role("checkbox", name=good.title).check()
    drawer.get_by_role("button", name="Send to RocketRoute").click()
    expect(drawer).to_contain_text("Say that it shall be there twice")
    assert len(sandbox.partner("rocketroute").state()["plans"]) == 1
    drawer.get_by_label("Send it again all the same").check()
    drawer.get_by_role("checkbox", name=good.title).check()
    drawer.get_by_role("button", name="Send to RocketRoute").click()
    expect(drawer.locator("h1")).to_contain_text("Sent to")  # until then, “Delivered” is said of the first
    expect(drawer).to_contain_text("Delivered")
    assert len(sandbox.partner("rocketroute").state()["plans"]) == 2
