"""(f) Between Airstair and Connect: from pressing a button on one side to seeing it on the other, in real browsers.

Both programs run as `airstair up` runs them. The time ends when the text stands on a page of the other side that is
open and is not loaded anew. It is told twice: from the press of the button, so that saving is in it; and from the
answer to that, when it was saved.
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
from playwright.sync_api import Page, sync_playwright

from airstair.running.home import Home
from airstair.running.ports import free_port
from benchmarks.figures import Goal, Part, percentile
from benchmarks.processes import Failed, Program
from benchmarks.sizes import Sizes
from benchmarks.stage import temporary_folder

_PORTS = range(16_000, 20_000)  # where no outgoing connection is
_OURS = ("AIRSTAIR_DATABASE_URL", "AIRSTAIR_SECRET_KEY", "AIRSTAIR_SANDBOX_URL", "AIRSTAIR_HOME")
_SIGN_IN = re.compile(r"Sign in as +(\S+) +with +(\S+)")
_DESK, _AIRPORT = "desk@blueapron.example", "KEWR"
_BAR = re.compile(r" (\w{4})–\w{4} · .* (\d\d:\d\d)Z–")
_PATIENCE_MS = 20_000
_SEEN = "words => document.querySelector('main').innerText.includes(words)"
MOST_SECONDS = 2.0


class Delays(msgspec.Struct, frozen=True):
    """Seconds to the sight."""

    p50: float
    p99: float
    highest: float
    runs: int


class Times(NamedTuple):
    """Of one change: seconds from the press, and from its answer, to the sight."""

    pressed: float
    saved: float


class Pages(NamedTuple):
    """Of the operator: the flight's form, its checklist, its trip in Connect. Of the handler: the request."""

    form: Page
    checklist: Page
    trip: Page
    request: Page


def measure(sizes: Sizes) -> Part:
    """So many changes in each direction."""
    with _running() as (airstair, connect, email, password), sync_playwright() as play:
        program = os.environ.get("AIRSTAIR_CHROMIUM", "/usr/bin/chromium")
        flags = ["--no-sandbox"] if os.geteuid() == 0 else []
        browser = play.chromium.launch(executable_path=program, args=flags)
        operator, handler = (browser.new_context(locale="en-GB") for _ in range(2))
        pages = _prepare(
            [_signed_in(operator.new_page(), address, email, password) for address in (airstair, connect)],
            _signed_in(handler.new_page(), connect, _DESK, password),
            airstair,
        )
        there = [_airstair_to_connect(pages, nth) for nth in range(sizes.connect_rounds + 1)]
        back = [_connect_to_airstair(pages, nth) for nth in range(sizes.connect_rounds + 1)]
        browser.close()
    return _part(there[1:], back[1:])  # the first round warms up


def _part(there: list[Times], back: list[Times]) -> Part:
    lines: list[str] = []
    figures: dict[str, Any] = {}
    goals: list[Goal] = []
    for way, key, found in (("Airstair to Connect", "airstair_to_connect", there),
                            ("Connect to Airstair", "connect_to_airstair", back)):  # fmt: skip
        pressed, saved = _delays([one.pressed for one in found]), _delays([one.saved for one in found])
        lines.append(f"{way}, from saved: p50 {saved.p50:.2f} s, p99 {saved.p99:.2f} s; from the press: p50 "
                     f"{pressed.p50:.2f} s, p99 {pressed.p99:.2f} s; of {saved.runs}")  # fmt: skip
        figures |= {f"{key}_s": saved, f"{key}_from_press_s": pressed}
        goals.append(Goal(f"{way}, p99 seconds", saved.p99, MOST_SECONDS, at_least=False))
    return Part(lines, figures, goals)


def _delays(found: list[float]) -> Delays:
    ordered = sorted(found)
    p50, p99, highest = (round(one, 3) for one in (percentile(ordered, 50), percentile(ordered, 99), ordered[-1]))
    return Delays(p50, p99, highest, len(ordered))


@contextlib.contextmanager
def _running() -> Iterator[tuple[str, str, str, str]]:
    """Both addresses, and how to sign in."""
    with temporary_folder() as folder:
        home, ports = Path(folder) / "home", [free_port(_PORTS)]
        while len(set(ports)) < 4:
            ports.append(free_port(_PORTS))
        flags = ("--web-port", "--live-port", "--sandbox-port", "--connect-port")
        words = [word for flag, port in zip(flags, dict.fromkeys(ports), strict=False) for word in (flag, str(port))]
        up = ["-m", "airstair.cli", "up", "--home", str(home), *words]
        with Program("airstair up", up, dict.fromkeys(_OURS, ""), stop=signal.SIGINT) as program:
            greeting = _SIGN_IN.search(program.line("Sign in as", seconds=180))
            program.line("Ctrl-C stops everything", seconds=30)
            running = Home(home, environ={}).running()
            if running is None or greeting is None or "connect" not in running.addresses:
                raise Failed("“airstair up” is there, but has not said where Connect is.")
            yield running.addresses["web"], running.addresses["connect"], greeting[1], greeting[2]


def _signed_in(page: Page, address: str, email: str, password: str) -> Page:
    page.set_default_timeout(_PATIENCE_MS)
    page.on("dialog", lambda asked: asked.accept())
    page.goto(address)
    page.get_by_label("Email").fill(email)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()
    page.locator("input[type=password]").wait_for(state="detached")
    return page


def _prepare(operators: list[Page], handler: Page, airstair: str) -> Pages:
    """Submit a flight's handling and slot, and open everything that shows it."""
    form, trip = operators
    flight, checklist = _a_flight(form, airstair), form.context.new_page()
    checklist.set_default_timeout(_PATIENCE_MS)
    form.goto(f"{airstair}/ops/flights/{flight}/checklist")
    form.locator("#add-item").click()
    form.locator(".add-item button", has_text="Connect").first.click()
    href = form.get_by_role("link", name="Services…").first.get_attribute("href") or ""
    form.goto(airstair + href)
    side = form.locator("select[name*=adep]")
    side.select_option(side.locator("option", has_text="Blue Apron").first.get_attribute("value"))
    for service in ("HANDLING_ADEP", "SLOT_ADEP"):
        form.locator(f"input[name=service][value={service}]").press("Space")
    form.get_by_role("button", name="Submit to Connect").click()
    checklist.goto(f"{airstair}/ops/flights/{flight}/checklist")
    link = checklist.get_by_role("link", name="/trips/").first
    trip.goto(link.get_attribute("href") or "")
    handler.locator("tr.fresh a").first.click()
    form.goto(f"{airstair}/ops/flights/{flight}/edit")
    return Pages(form, checklist, trip, handler)


def _a_flight(page: Page, airstair: str) -> int:
    """The day after tomorrow from the handler's airport."""
    page.goto(f"{airstair}/ops/")
    today = datetime.fromisoformat(page.locator("#timeline").get_attribute("data-start") or "")
    page.goto(f"{airstair}/ops/?from={today + timedelta(days=2):%Y-%m-%d}&days=1")
    bars: list[list[str]] = page.locator("a.bar.flt").evaluate_all(
        "bars => bars.map(bar => [bar.getAttribute('aria-label'), bar.dataset.keyOf])"
    )
    for label, key in bars:
        if (told := _BAR.search(label)) and told[1] == _AIRPORT and "06:00" < told[2] < "20:00":
            return int(key.split(":")[1])
    raise Failed(f"The demo has no flight from {_AIRPORT} the day after tomorrow.")


def _airstair_to_connect(pages: Pages, nth: int) -> Times:
    """Another number of passengers."""
    form = pages.form
    address = form.url
    form.locator("details", has=form.locator("[name=pax_count]")).evaluate("group => { group.open = true; }")
    form.locator("[name=pax_count]").fill(str(100 + nth))
    times = _timed(form, "Save", pages.trip, f"{100 + nth} pax")
    form.wait_for_url(lambda url: url != address)  # the other side may show it before this one has come back
    form.goto(address)
    return times


def _connect_to_airstair(pages: Pages, nth: int) -> Times:
    """Another number of the slot."""
    number = pages.request.get_by_label("Slot number")
    number.fill(f"EWR-{1000 + nth}")
    return _timed(pages.request, "Approve or propose", pages.checklist, f"EWR-{1000 + nth}")


def _timed(page: Page, button: str, other: Page, words: str) -> Times:
    began = time.monotonic()
    with page.expect_response(lambda answer: answer.request.method == "POST"):
        page.get_by_role("button", name=button).press("Enter", no_wait_after=True)
    saved = time.monotonic()
    other.wait_for_function(_SEEN, arg=words, polling=20)
    seen = time.monotonic()
    return Times(seen - began, seen - saved)
