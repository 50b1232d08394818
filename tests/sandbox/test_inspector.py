"""The inspector: every page shows what is held, does what its forms say, and escapes everything."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any

import pytest

from airstair.sandbox.markup import Html, el, table, text

PAGES = ["", "mapping", "emptylegs", "audit", "connections", "calls", "faults", "aircraft/N1", "calls/1"]
NASTY = "<script>alert(1)</script>'\""


class Tags(HTMLParser):
    """Collects tags, and checks that those which must be closed are."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.seen: list[str] = []
        self.open: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.seen.append(tag)
        if tag not in ("meta", "link", "input"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


async def page(sandbox: Any, client: Any, path: str) -> str:
    async with client.session.get(f"{sandbox.url}/inspect/avinode/{path}") as answer:
        assert answer.status == 200, await answer.text()
        assert "default-src 'self'" in answer.headers["Content-Security-Policy"]
        return await answer.text()  # type: ignore[no-any-return]


@pytest.fixture
async def busy(client: Any, avinode: Any, activity: Any, mapped: None) -> None:
    """A schedule with everything in it, of the nastiest kind."""
    nasty = {"note": NASTY, "flightNumber": NASTY[:20], "marketingMessage": NASTY, "unknown<b>": 1}
    await client.put(
        "N1",
        activity("p" + NASTY, "PAX", "KTEB", "<b>Q", -5, -4, **nasty),
        activity("e", "EMPTY", "KBOS", "KMIA", 5, 6, price=7400, currency="USD", **nasty),
        activity("o", "OPTION", "KMIA", "KTEB", 8, 9),
        activity("x", "<i>odd", "KMIA", "KTEB", 9, 10),
        **{"X-Avinode-Product": "<u>product"},
    )
    avinode.faults.add("status", status=503, aircraft="<b>")


@pytest.mark.req("SBX-02")
@pytest.mark.usefixtures("busy")
class TestPages:
    @pytest.mark.parametrize("path", PAGES)
    async def test_pages_are_whole_and_escape_everything(self, sandbox: Any, client: Any, path: str) -> None:
        shown = await page(sandbox, client, path)
        tags = Tags(shown)
        assert tags.open == [] and tags.seen.count("script") == 1
        assert "alert(1)</script>" not in shown and not {"b", "i", "u"} & set(tags.seen)
        assert "style=" not in shown and "onclick" not in shown

    async def test_what_an_aircraft_holds_and_how_it_is_read(self, sandbox: Any, client: Any, avinode: Any) -> None:
        fleet = await page(sandbox, client, "")
        assert re.search(r"N1</a>.*?fresh", fleet)
        shown = await page(sandbox, client, "aircraft/N1")
        for expected in ("PAX is mapped to Flight Occupied.", "from then on", "KTEB for &lt;B&gt;Q", "&lt;script&gt;"):
            assert expected in shown
        assert (
            "ignored" in shown and "unknown: unknown&lt;b&gt;" in shown and 'href="/inspect/avinode/calls/1"' in shown
        )
        avinode.act("set-mapping", {"type": "PAX", "equivalent": "Ferry Availability"})
        assert "PAX is mapped to Ferry Availability." in await page(sandbox, client, "aircraft/N1")

    async def test_offers_audit_and_calls(self, sandbox: Any, client: Any) -> None:
        assert "7400 USD" in await page(sandbox, client, "emptylegs")
        audit = await page(sandbox, client, "audit")
        assert "1 uploads seen" in audit and "Marketing information on what is no empty leg" in audit
        calls = await page(sandbox, client, "calls?aircraft=N1")
        assert "200 + errors" in calls
        call = await page(sandbox, client, "calls/1")
        assert "&lt;u&gt;product" in call and "START_AIRPORT_INVALID" not in call and "END_AIRPORT_INVALID" in call

    async def test_the_mapping_form_changes_the_mapping(self, sandbox: Any, client: Any, avinode: Any) -> None:
        at = f"{sandbox.url}/inspect/avinode/act/set-mapping"
        form = {"company": "demo", "type": "<i>odd", "equivalent": "Ferry Availability", "colour": "#00ff00"}
        async with client.session.post(at, data={**form, "next": "/inspect/avinode/mapping"}) as answer:
            assert answer.status == 200 and answer.url.path == "/inspect/avinode/mapping"
            assert "Saved." in await answer.text()
        assert avinode.state()["companies"]["demo"]["mapping"]["<i>odd"] == {
            "equivalent": "Ferry Availability",
            "colour": "#00ff00",
        }
        async with client.session.post(at, data={**form, "equivalent": "x", "next": "//evil.example/"}) as answer:
            assert answer.url.host == "127.0.0.1" and "must be one of" in await answer.text()

    async def test_the_fault_forms(self, sandbox: Any, client: Any, avinode: Any) -> None:
        at = f"{sandbox.url}/inspect/avinode/faults"
        form = {"kind": "latency", "status": "503", "seconds": "2", "count": "", "aircraft": "", "path": ""}
        async with client.session.post(at, data=form) as answer:
            assert "latency 2 s, until switched off" in await answer.text()
        assert [fault.kind for fault in avinode.faults.all()] == ["status", "latency"]
        async with client.session.post(at, data={**form, "count": "never"}) as answer:
            assert "must be a whole number" in await answer.text()
        async with client.session.post(f"{at}/off", data={"id": "all"}) as answer:
            assert "no fault is on" in await answer.text()
        assert avinode.faults.all() == []


@pytest.mark.parametrize("path", ["nothing", "aircraft/N404", "calls/99", "calls/x", "aircraft/%00"])
async def test_pages_that_are_not_there(sandbox: Any, client: Any, path: str) -> None:
    async with client.session.get(f"{sandbox.url}/inspect/avinode/{path}") as answer:
        assert answer.status == 404


@pytest.mark.req("SBX-02")
async def test_the_front_page_leads_to_every_partner(sandbox: Any, client: Any) -> None:
    for path in ("/", "/inspect", "/avinode/"):
        async with client.session.get(f"{sandbox.url}{path}") as answer:
            assert answer.status == 200 and "Avinode" in await answer.text()
    for name in ("inspector.css", "inspector.js"):
        async with client.session.get(f"{sandbox.url}/static/{name}") as answer:
            assert answer.status == 200 and "http" not in await answer.text(), "nothing is loaded from elsewhere"
    async with client.session.get(f"{sandbox.url}/static/server.py") as answer:
        assert answer.status == 404


def test_markup_escapes_what_it_did_not_make() -> None:
    assert el("a", NASTY, href=NASTY) == (
        '<a href="&lt;script&gt;alert(1)&lt;/script&gt;&#x27;&quot;">'
        "&lt;script&gt;alert(1)&lt;/script&gt;&#x27;&quot;</a>"
    )
    assert (
        el("p", el("b", "x"), None, class_="c", data_live=True, hidden=False) == '<p class="c" data-live><b>x</b></p>'
    )
    assert text(Html("<b>")) == "<b>" and text(None) == ""
    assert "none" in table(["A"], [], empty="none")
