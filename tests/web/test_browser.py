"""The pages in a real browser: signing in, live changes, keyboard, phone, dark."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect
from tests.web.conftest import PASSWORD, House

from airstair.records.flights import commands, queries
from airstair.records.operators.rules import Role

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
TODAY = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
OpenPage = Callable[..., Page]
expect.set_options(timeout=15_000)  # a busy machine is slow, not wrong


@pytest.fixture
def open_page(chromium: Browser, live_server: Any, house: House) -> Iterator[OpenPage]:
    """`open_page("ops@…", width=390)`: a page of its own browser session, signed in; it fails on any script error."""
    contexts, faults = [], []

    def act(email: str = "", *, width: int = 1400, height: int = 900, dark: bool = False) -> Page:
        context = chromium.new_context(
            viewport={"width": width, "height": height},
            color_scheme="dark" if dark else "light",
            base_url=live_server.url,
        )
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("console", lambda m: faults.append(m.text) if "Content Security Policy" in m.text else None)
        page.goto("/")
        page.get_by_label("Email").fill(email or house.email("admin"))
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url("**/ops/**")
        return page

    yield act
    for context in contexts:
        context.close()
    assert faults == []


@pytest.mark.req("OPS-08")
def test_signing_in_and_out(open_page: OpenPage) -> None:
    page = open_page()
    expect(page.locator(".top")).to_contain_text("KXA Aviation")
    page.locator(".top details.menu > summary").click()
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/sign-in**")
    page.goto("/ops/")
    expect(page.get_by_label("Password")).to_be_visible()


@pytest.mark.req("OPS-17")
def test_a_colleague_sees_an_edit_without_reload(live_port: int, house: House, open_page: OpenPage) -> None:
    flight = house.flight(std=TODAY + timedelta(hours=6))
    house.invite(Role.OPS, "Olga")
    editor, watcher = open_page(), open_page(house.email("Olga"))
    watcher.evaluate("window.notReloaded = true")
    expect(watcher.locator("#livestate")).to_have_attribute("data-state", "live")
    bar = watcher.locator(f'a.bar[data-key-of="flight:{flight.id}"]')
    before = bar.locator("svg").get_attribute("x")

    editor.locator(f'a.bar[data-key-of="flight:{flight.id}"]').click()
    editor.get_by_role("link", name="Edit", exact=True).click()
    editor.get_by_label("STD: time, UTC").fill("0915")
    editor.get_by_label("STA: time, UTC").fill("1130")
    editor.get_by_role("button", name="Save").click()
    expect(editor.locator("#drawer .route-big")).to_contain_text("09:15Z")

    expect(bar).to_have_attribute("aria-label", re.compile("09:15Z–11:30Z"))
    assert bar.locator("svg").get_attribute("x") != before
    expect(watcher.locator("#messages")).to_contain_text("Changed by Ada Admin")
    own = editor.locator(f'a.bar[data-key-of="flight:{flight.id}"]')
    expect(own).to_have_attribute("aria-label", re.compile("09:15Z–11:30Z"))
    assert watcher.evaluate("window.notReloaded") is True
    assert queries.flight(house.id, flight.id).std == TODAY + timedelta(hours=9, minutes=15)


@pytest.mark.req("OPS-17")
def test_the_table_and_an_open_panel_follow_and_a_form_in_use_is_left_alone(
    live_port: int, house: House, open_page: OpenPage
) -> None:
    flight = house.flight(std=TODAY + timedelta(hours=6))
    house.invite(Role.OPS, "Olga")
    page = open_page(house.email("Olga"))
    page.goto("/ops/?view=table")
    expect(page.locator("#livestate")).to_have_attribute("data-state", "live")
    page.get_by_role("link", name="EV3810").click()
    expect(page.locator("#drawer h1")).to_have_text("EV3810")
    commands.change_flight(house.admin, flight.id, commands.FlightEdit(number="KXA77"))
    expect(page.locator("#board")).to_contain_text("KXA77")
    expect(page.locator("#drawer h1")).to_have_text("KXA77")

    page.get_by_role("link", name="Edit", exact=True).click()
    page.get_by_label("Notes").evaluate("e => e.closest('details').open = true")
    page.get_by_label("Notes").fill("Half a sentence")
    commands.change_flight(house.admin, flight.id, commands.FlightEdit(altn="KSAV"))
    expect(page.locator("#drawer [data-stale]")).to_contain_text("Ada Admin changed this meanwhile")
    expect(page.get_by_label("Notes")).to_have_value("Half a sentence")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#drawer .route-big")).to_be_visible()
    after = queries.flight(house.id, flight.id)
    assert (after.notes, after.altn) == ("Half a sentence", "KSAV")


@pytest.mark.req("OPS-17")
def test_without_the_stream_the_page_asks_by_itself(settings: Any, house: House, open_page: OpenPage) -> None:
    settings.LIVE_URL = "http://localhost:9"  # nobody is there
    flight = house.flight(std=TODAY + timedelta(hours=6))
    page = open_page()
    page.clock.install()
    page.reload()
    expect(page.locator("#livestate")).to_have_attribute("data-state", "poll")
    commands.change_flight(house.admin, flight.id, commands.FlightEdit(number="KXA78"))
    page.clock.run_for(11_000)
    expect(page.locator("a.bar")).to_have_attribute("aria-label", re.compile("KXA78"))


@pytest.mark.req("OPS-16")
def test_a_warning_appears_while_somebody_types(house: House, open_page: OpenPage) -> None:
    house.flight(number="ONE", std=TODAY + timedelta(hours=4))
    second = house.flight(number="TWO", std=TODAY + timedelta(hours=12), adep="KJAX", ades="KEWR")
    page = open_page()
    page.locator(f'a.bar[data-key-of="flight:{second.id}"]').click()
    page.get_by_role("link", name="Edit", exact=True).click()
    expect(page.locator("#typed-warnings")).to_be_empty()
    page.get_by_label("STD: time, UTC").fill("0500")
    expect(page.locator("#typed-warnings")).to_contain_text("before the one before it ends")
    assert queries.flight(house.id, second.id).std == TODAY + timedelta(hours=12), "nothing is saved by typing"


@pytest.mark.req("OPS-07")
def test_airports_are_suggested(house: House, open_page: OpenPage) -> None:
    page = open_page()
    page.goto("/ops/trips/new")
    page.get_by_label("ADES").press_sequentially("teter")
    expect(page.locator("#airport-list option[value=KTEB]")).to_have_count(1)


def test_everything_works_from_the_keyboard(house: House, open_page: OpenPage) -> None:
    house.flight(number="ONE1", std=TODAY + timedelta(hours=4))
    house.flight(number="TWO1", std=TODAY + timedelta(hours=9), adep="KJAX", ades="KEWR")
    other = house.flight(number="OTH1", std=TODAY + timedelta(hours=9), aircraft_id=house.aircraft[1].id)
    page = open_page()
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    for keys, address in (("ga", "**/addons/**"), ("gf", "**/fleet/"), ("go", "**/ops/")):
        if page.locator(".top nav a", has_text="ADD-ONS").count() == 0 and keys == "ga":
            continue
        page.keyboard.type(keys)
        page.wait_for_url(address)
    page.keyboard.press("/")
    expect(page.locator("#f-q")).to_be_focused()
    page.keyboard.press("?")
    expect(page.locator("#f-q")).to_have_value("?")
    page.locator("#f-q").fill("")
    page.locator("#main").focus()
    page.keyboard.press("?")
    expect(page.locator("#keys")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#keys")).not_to_be_visible()

    first = page.locator("a.bar[tabindex='0']")
    expect(first).to_have_attribute("aria-label", re.compile("ONE1"))
    first.focus()
    expect(page.locator("#tip")).to_contain_text("ONE1")
    page.keyboard.press("ArrowRight")
    expect(page.locator("a.bar:focus")).to_have_attribute("aria-label", re.compile("TWO1"))
    page.keyboard.press("ArrowDown")
    expect(page.locator("a.bar:focus")).to_have_attribute("aria-label", re.compile("OTH1"))
    page.keyboard.press("Enter")
    expect(page.locator("#drawer h1")).to_have_text("OTH1")
    expect(page.locator("#drawer h1")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("#drawer")).to_be_empty()
    expect(page.locator("a.bar:focus")).to_have_attribute("data-key-of", f"flight:{other.id}")

    page.locator("#main").focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_url(f"**from={TODAY + timedelta(days=3):%Y-%m-%d}**")
    page.keyboard.press("ArrowLeft")
    page.wait_for_url(f"**from={TODAY:%Y-%m-%d}**")


PAGES = ("/ops/", "/ops/?view=table", "/ops/?days=31", "/fleet/", "/fleet/new", "/ops/trips/new", "/ops/events/new",
         "/settings/operator", "/settings/users/", "/settings/users/new", "/settings/airports/?q=new",
         "/settings/audit/", "/settings/password")  # fmt: skip


def test_no_page_is_wider_than_a_phone(house: House, open_page: OpenPage) -> None:
    flight = house.flight(std=TODAY + timedelta(hours=4), notes="x" * 300)
    commands.mark_empty_leg(house.admin, flight.id, commands.EmptyLegInput())
    of_the_flight = [
        f"/ops/flights/{flight.id}{more}" for more in ("", "/edit", "/empty-leg", "/services", "/times/flight_watch")
    ]
    page = open_page(width=390, height=844)
    for address in (*PAGES, *of_the_flight, f"/ops/trips/{flight.trip_id}"):
        page.goto(address)
        wide = page.evaluate("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
        assert wide[0] <= wide[1], f"{address} is {wide[0]} wide"
        outside = page.evaluate(
            """[...document.querySelectorAll("main button, main .button, main input:not([type=hidden]), main select")]
               .filter(e => e.offsetParent && !e.closest(".table-wrap, .tl, form.filters"))
               .filter(e => { const b = e.getBoundingClientRect(); return b.right > innerWidth + 1 || b.left < -1; })
               .map(e => e.outerHTML.slice(0, 120))"""
        )
        assert outside == [], address


def test_a_phone_opens_a_flight(house: House, open_page: OpenPage) -> None:
    flight = house.flight(std=TODAY + timedelta(hours=4))
    page = open_page(width=390, height=844)
    page.goto("/ops/?view=table")
    page.get_by_role("link", name="EV3810").click()
    expect(page.locator("#drawer h1")).to_have_text("EV3810")
    box = page.locator("#drawer").bounding_box()
    assert box is not None
    assert box["width"] <= 390
    page.get_by_role("button", name="Close").click()
    expect(page.locator("#drawer")).to_be_empty()
    assert flight.id


_CONTRAST = """() => {
  const lum = ([r, g, b]) => [r, g, b].map(v => (v /= 255) <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const rgba = (text) => { canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = text; canvas.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data; return [r, g, b, a / 255]; };
  const behind = (element) => { const layers = [];
    for (let e = element; e; e = e.parentElement) {
      const c = rgba(getComputedStyle(e).backgroundColor);
      if (c[3]) layers.push(c);
      if (c[3] === 1) break;
    }
    return layers.reverse().reduce((under, c) => under.map((v, i) => c[i] * c[3] + v * (1 - c[3])), [255, 255, 255]); };
  const bad = [];
  for (const e of document.querySelectorAll("body *")) {
    if (e.closest("svg, option, .visually-hidden, [disabled]") || !e.offsetParent) continue;
    if (![...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim())) continue;
    const style = getComputedStyle(e), back = behind(e), ink = rgba(style.color);
    const one = lum(back), two = lum(ink.slice(0, 3));
    const ratio = (Math.max(one, two) + 0.05) / (Math.min(one, two) + 0.05);
    if (ratio < 4.5) bad.push(`${ratio.toFixed(2)} ${e.tagName}.${e.className} ${e.textContent.trim().slice(0, 30)}`);
  }
  return bad;
}"""


@pytest.mark.parametrize("dark", [False, True])
def test_text_can_be_read_in_the_light_and_in_the_dark(house: House, open_page: OpenPage, dark: bool) -> None:
    """WCAG AA: 4.5 to 1, for every text outside the bars (whose colours the next test looks at)."""
    flight = house.flight(std=TODAY + timedelta(hours=4), status="OPTION")
    house.flight(number="BRK", std=TODAY + timedelta(hours=9), adep="KBOS", status="CONFIRMED")
    house.flight(number="CNL", std=TODAY + timedelta(hours=12), status="CANCELLED")
    page = open_page(dark=dark)
    for address in (*PAGES, f"/ops/flights/{flight.id}", f"/ops/flights/{flight.id}/edit"):
        page.goto(address)
        assert page.evaluate(_CONTRAST) == [], address


@pytest.mark.parametrize("dark", [False, True])
def test_letters_on_bars_can_be_read(house: House, open_page: OpenPage, dark: bool) -> None:
    pairs = {
        "flt": ("--flight-ink", "--flight"), "fer": ("--ferry-ink", "--ferry"), "opt": ("--option", "--option-fill"),
        "opp": ("--opportunity", "--opportunity-fill"), "cnl": ("--cancelled", "--cancelled-fill"),
        "el": ("--empty", "--empty-fill"), "res": ("--reservation", "--reservation-fill"),
        "mx": ("--maintenance", "--maintenance-fill"), "aog": ("--aog-ink", "--aog"),
    }  # fmt: skip
    page = open_page(dark=dark)
    for name, (ink, fill) in pairs.items():
        page.evaluate(
            """([ink, fill]) => { document.querySelector("main").innerHTML = "<p>Text</p>";
               const p = document.querySelector("main p");
               p.style.color = `var(${ink})`; p.style.backgroundColor = `var(${fill})`; }""",
            [ink, fill],
        )
        assert page.evaluate(_CONTRAST) == [], name


def test_the_theme_is_chosen_and_kept(open_page: OpenPage) -> None:
    page = open_page(dark=True)

    def background() -> str:
        return str(page.evaluate("getComputedStyle(document.body).backgroundColor"))

    dark = background()
    page.get_by_role("button", name="Switch between light and dark").click()
    light = background()
    assert light != dark
    page.reload()
    assert background() == light, "kept against the system's preference"
    assert page.evaluate("localStorage.theme") == "light"


def test_nothing_is_loaded_from_another_host(house: House, open_page: OpenPage, live_server: Any) -> None:
    page = open_page()
    hosts: set[str] = set()
    page.on("request", lambda request: hosts.add(request.url.split("/")[2].split(":")[0]))
    for address in PAGES:
        page.goto(address)
    assert hosts == {"localhost"}
