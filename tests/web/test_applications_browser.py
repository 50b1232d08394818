"""Connecting an application in a real browser: sent here, agreed, sent back; seen and disconnected under Settings."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import pytest
from playwright.sync_api import Page, expect
from tests.web.conftest import House
from tests.web.test_browser import OpenPage, open_page

from airstair.records.access.commands import ApplicationInput, register_application

__all__ = ["open_page"]
pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


class _Callback(BaseHTTPRequestHandler):
    """Where the application's users come back to."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<h1>Back at Orders</h1>")

    def log_message(self, *_: Any) -> None:
        """Not to the tests' output."""


@pytest.fixture
def callback() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), _Callback)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/callback"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.req("API-03")
def test_an_admin_connects_an_application_and_takes_it_back(
    live_server: Any, house: House, open_page: OpenPage, callback: str
) -> None:
    scopes = ("GRAPHQL_ACFT", "GRAPHQL_FLIGHT", "INTEGRATION_FLIGHT_SUPPORT")
    app = register_application(
        ApplicationInput(name="Orders", redirect_uris=(callback,), scopes=scopes, description="Handling orders.")
    )
    house.flight()
    query = urlencode(
        {"response_type": "code", "client_id": app.facts.client_id, "redirect_uri": callback, "state": "1"}
    )
    page: Page = open_page()
    page.goto(f"/oauth2/code/authorize/?{query}")
    expect(page.locator("#may li")).to_have_count(3)
    registration = house.aircraft[0].registration
    page.get_by_label(registration).check()
    page.get_by_role("button", name="Connect Orders").click()
    expect(page.get_by_role("heading")).to_have_text("Back at Orders")  # the policy of the page lets the form go there
    code = parse_qs(urlsplit(page.url).query)["code"][0]
    who = {"client_id": app.facts.client_id, "client_secret": app.client_secret, "redirect_uri": callback}
    form = {"grant_type": "authorization_code", "code": code, **who}
    token = httpx.post(f"{live_server.url}/oauth2/code/token/", data=form).json()
    bearer = {"Authorization": f"Bearer {token['access_token']}"}
    found = httpx.get(f"{live_server.url}/api/v1/aircraft", headers=bearer).json()["items"]
    assert [one["registration"] for one in found] == [registration]
    page.goto(f"{live_server.url}/settings/applications/")
    expect(page.get_by_role("heading", name="Orders")).to_be_visible()
    expect(page.locator(".badge.ok")).to_have_text("✓Connected")
    expect(page.get_by_label(registration)).to_be_checked()
    page.on("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Disconnect Orders").click()
    expect(page.locator(".badge.quiet")).to_have_text("–Withdrawn")
    assert httpx.get(f"{live_server.url}/api/v1/aircraft", headers=bearer).status_code == 401
