"""The two who work together in the story of a handling order, each in a browser of their own."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from playwright.sync_api import Browser, Locator, Page, expect

PICTURES = Path(__file__).parents[2] / "docs" / "screenshots"
KEEP = os.environ.get("AIRSTAIR_KEEP_PICTURES") == "1"
PATIENCE = 20_000  # ms; a busy machine is slow, not wrong
AIRPORT, HANDLER, DESK = "KEWR", "Blue Apron Handling", "desk@blueapron.example"
BAR = re.compile(r"^(?P<registration>\S+) · (?P<number>\S+) (?P<adep>\w{4})–(?P<ades>\w{4}) · .* (?P<std>\d\d:\d\d)Z–")


@dataclass(frozen=True)
class Town:
    """Where both programs are, and how people sign in."""

    airstair: str
    connect: str
    email: str
    password: str


class Person:
    """A browser. The story fails on any error of a script, anything that policy refuses, and any answer above 399."""

    def __init__(self, chromium: Browser, town: Town, name: str) -> None:
        self.town, self.name = town, name
        self.context = chromium.new_context(viewport={"width": 1400, "height": 900}, locale="en-GB")
        self.faults: list[str] = []

    def tab(self) -> Page:
        page = self.context.new_page()
        page.set_default_timeout(PATIENCE)
        page.on("pageerror", lambda error: self.faults.append(str(error)))
        page.on(
            "console",
            lambda said: self.faults.append(said.text) if "Content Security Policy" in said.text else None,
        )
        page.on("response", lambda one: self.faults.append(f"{one.status} {one.url}") if one.status >= 400 else None)
        page.on("dialog", lambda asked: asked.accept())
        return page

    def sign_in(self, page: Page, address: str, email: str) -> None:
        page.goto(address)
        page.get_by_label("Email").fill(email)
        page.get_by_label("Password").fill(self.town.password)
        page.get_by_role("button", name="Sign in").click()
        page.locator("input[type=password]").wait_for(state="detached")


def picture(page: Page, name: str) -> None:
    """Kept when asked for: AIRSTAIR_KEEP_PICTURES=1."""
    if KEEP:
        page.wait_for_timeout(400)  # whatever fades
        page.screenshot(path=PICTURES / f"connect-{name}.png")


class Operator(Person):
    """Works on the schedule in one tab, watches the flight's checklist in another, and has Connect in a third."""

    def __init__(self, chromium: Browser, town: Town) -> None:
        super().__init__(chromium, town, "operator")
        self.desk, self.board, self.connect = self.tab(), self.tab(), self.tab()
        self.sign_in(self.desk, f"{town.airstair}/ops/", town.email)
        self.sign_in(self.connect, f"{town.connect}/orders/", town.email)
        self.flight = 0

    def choose_flight(self, nth: int = 0) -> None:
        """A departure from the handler's airport, the day after tomorrow, with room to be moved by half an hour."""
        today = datetime.fromisoformat(self.desk.locator("#timeline").get_attribute("data-start") or "")
        self.desk.goto(f"{self.town.airstair}/ops/?from={today + timedelta(days=2):%Y-%m-%d}&days=1")
        bars = self.desk.locator("a.bar.flt")
        labels: list[tuple[str, str]] = bars.evaluate_all(
            "bars => bars.map(bar => [bar.getAttribute('aria-label'), bar.dataset.keyOf])"
        )
        found = [
            (told, key)
            for label, key in labels
            if (told := BAR.match(label)) and told["adep"] == AIRPORT and "06:00" < told["std"] < "20:00"
        ]
        told, key = found[nth]
        self.flight, self.number, self.registration = int(key.split(":")[1]), told["number"], told["registration"]
        self.board.goto(self.address)
        expect(self.board.locator("#livestate")).to_have_attribute("data-state", "live")

    @property
    def address(self) -> str:
        return f"{self.town.airstair}/ops/flights/{self.flight}/checklist"

    def add_connect(self) -> None:
        """From the +ADD ITEM menu."""
        self.desk.goto(self.address)
        self.desk.locator("#add-item").click()
        picture(self.desk, "add-item")
        self.desk.locator(".add-item button", has_text="Connect").first.click()
        expect(self.desk.locator(".module h2").first).to_have_text("Connect")

    def submit(self, services: dict[str, str], handler: str = HANDLER) -> None:
        """Tick exactly these, with their details."""
        self.desk.goto(self.address)
        href = self.desk.get_by_role("link", name="Services…").get_attribute("href") or ""
        self.desk.goto(self.town.airstair + href)
        side = self.desk.locator("select[name*=adep]")
        side.select_option(side.locator("option", has_text=handler).first.get_attribute("value"))
        boxes = self.desk.locator("input[name=service]")
        ticked: list[str] = boxes.evaluate_all("found => found.filter(one => one.checked).map(one => one.value)")
        for service in {*ticked} - {*services}:
            self.tick(service)
        for service, details in services.items():
            if service not in ticked:
                self.tick(service)
            self.desk.locator(f"input[name=details-{service}]").fill(details)
        if services:
            picture(self.desk, "submit")
        self.desk.get_by_role("button", name="Submit to Connect").click()
        self.desk.wait_for_url(self.address)

    def tick(self, service: str) -> None:
        """By the keyboard, on or off."""
        self.desk.locator(f"input[name=service][value={service}]").press("Space")

    def edit(self, **fields: str) -> None:
        """The flight's form."""
        self.desk.goto(f"{self.town.airstair}/ops/flights/{self.flight}/edit")
        self.desk.locator("#flight-form details").evaluate_all("groups => groups.forEach(one => { one.open = true; })")
        for name, value in fields.items():
            field = self.desk.locator(f"#flight-form [name={name}]")
            field.select_option(value) if name == "aircraft_id" else field.fill(value)
        self.desk.get_by_role("button", name="Save").click()
        self.desk.wait_for_url(f"**/ops/flights/{self.flight}")

    def typed(self, name: str) -> str:
        """What the flight's form has now."""
        self.desk.goto(f"{self.town.airstair}/ops/flights/{self.flight}/edit")
        return self.desk.locator(f"#flight-form [name={name}]").input_value()

    def item(self, service: str) -> Locator:
        """A line of the checklist that is open, and is never loaded anew."""
        return self.board.locator(".item-row", has=self.board.locator(f"#st-{service}"))

    def sees(self, service: str, status: str, *note: str) -> None:
        expect(self.board.locator(f"#st-{service}")).to_have_text(status)
        for words in note:
            expect(self.item(service)).to_contain_text(words)

    @property
    def module(self) -> Locator:
        return self.board.locator(".module").first

    def trip_link(self) -> str:
        """Of the module's note."""
        link = self.module.get_by_role("link", name="/trips/")
        return link.get_attribute("href") or ""


class Handler(Person):
    """Has the desk open in one tab, and works on one request in another."""

    def __init__(self, chromium: Browser, town: Town) -> None:
        super().__init__(chromium, town, "handler")
        self.desk, self.work = self.tab(), self.tab()
        self.sign_in(self.desk, f"{town.connect}/desk/", DESK)
        self.work.goto(f"{town.connect}/airports/?q={AIRPORT}")

    def require_slot(self) -> None:
        """At the airport where it serves."""
        if (button := self.work.get_by_role("button", name="Slot required")).count():
            button.click()
        expect(self.work.locator("table")).to_contain_text("Slot required")

    def line(self, number: str) -> Locator:
        return self.desk.locator(f'tr[data-key="{number}"]')

    def new_request(self, flight: str) -> str:
        """The number of the request that has come for the flight; the desk was not loaded anew."""
        row = self.desk.locator("tr.fresh", has_text=flight).first
        expect(row).to_be_visible()
        return row.get_attribute("data-key") or ""

    def open(self, number: str) -> None:
        self.work.goto(f"{self.town.connect}/desk/{number}/")

    def quote(self, number: str, price: str, press: str = "Save and send quote", terms: str = "Card") -> None:
        self.open(number)
        for field in self.work.locator("input[data-price]").all():
            field.fill(price)
        self.work.get_by_label("Payment terms").select_option(terms)
        picture(self.work, "quote")
        self.work.get_by_role("button", name=press).last.click()

    def propose_slot(self, number: str, minutes: int) -> tuple[datetime, str]:
        """A window that begins so many minutes after the departure; when it begins."""
        self.open(number)
        day = self.work.get_by_label("Day", exact=True)
        starts = datetime.fromisoformat(f"{day.input_value()}T{self.work.locator('#slot-from').input_value()}+00:00")
        begins, ends = starts + timedelta(minutes=minutes), starts + timedelta(minutes=minutes + 15)
        self.work.get_by_label("Slot number").fill("EWR-4471")
        day.fill(f"{begins:%Y-%m-%d}")
        self.work.locator("#slot-from").fill(f"{begins:%H:%M}")
        self.work.locator("#slot-to").fill(f"{ends:%H:%M}")
        picture(self.work, "slot")
        self.work.get_by_role("button", name="Approve or propose").click()
        return begins, f"{begins:%H:%M}Z–{ends:%H:%M}Z"
