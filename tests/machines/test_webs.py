"""Two hosts with pages and live stream behind one address: which of them answers makes no difference."""

from __future__ import annotations

import http.client
import http.cookiejar
import re
import threading
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from functools import partial

import pytest

from airstair.running.ports import free_port

from .front_door import FrontDoor
from .site import Program, Site

_PLANNED = """
SELECT id FROM flights_flight
 WHERE operator_id = %s AND status = 'CONFIRMED' AND std > now() + interval '1 day' ORDER BY std LIMIT 3
"""
PORTS = range(13_000, 13_900)
HOSTS = ("a", "b")


class Browser:
    """Keeps cookies, fills in a form's token; a connection of its own for each request."""

    def __init__(self, address: str) -> None:
        self.address = address
        self._cookies = http.cookiejar.CookieJar()
        self._opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self._cookies))

    def get(self, path: str) -> tuple[str, str]:
        """The path arrived at, and the page."""
        return self._open(urllib.request.Request(self.address + path))

    def post(self, form: str, path: str, **fields: str) -> tuple[str, str]:
        """The same after a form, which is opened at `form`."""
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', self.get(form)[1])
        assert token is not None, f"There is no form at {form}."
        body = urllib.parse.urlencode({**fields, "csrfmiddlewaretoken": token[1]}).encode()
        return self._open(urllib.request.Request(self.address + path, body, {"Referer": self.address + form}))

    def _open(self, request: urllib.request.Request) -> tuple[str, str]:
        with self._opener.open(request, timeout=20) as answer:
            return urllib.parse.urlsplit(answer.url).path, answer.read().decode()

    @property
    def cookies(self) -> str:
        return "; ".join(f"{one.name}={one.value}" for one in self._cookies)


class Ear:
    """Listens to the live stream of one host."""

    def __init__(self, host: str, port: int, cookies: str) -> None:
        self.heard = ""
        connection = http.client.HTTPConnection(host, port, timeout=20)
        connection.request("GET", "/stream", headers={"Cookie": cookies})
        self._answer = connection.getresponse()
        assert self._answer.status == 200, self._answer.status
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        try:
            while read := self._answer.read1(65536):
                self.heard += read.decode()
        except (OSError, http.client.HTTPException):
            return  # the host was stopped: the test is over

    def until(self, words: str, seconds: float = 10) -> None:
        until = time.monotonic() + seconds
        while words not in self.heard:
            assert time.monotonic() < until, f"{words} was not heard: {self.heard[-500:]}"
            time.sleep(0.02)


@pytest.fixture
def ports() -> dict[str, int]:
    found: dict[str, int] = {}
    for name in (f"{what} {host}" for what in ("web", "live") for host in HOSTS):
        found[name] = free_port([port for port in PORTS if port not in found.values()])
    return found


@pytest.fixture
def door(site: Site, ports: dict[str, int]) -> Iterator[tuple[FrontDoor, dict[str, Program]]]:
    """Pages and stream on two hosts, and a door before the pages; with the programs, by what they are and where."""
    running = {}
    for name, port in ports.items():
        what, host = name.split()
        address = ["--host", site.network.address(host), "--port", str(port)]
        running[name] = site.run(host, ["-m", "airstair.cli", what, *address])
    for name, port in ports.items():
        what, host = name.split()
        path = "/sign-in" if what == "web" else "/healthz"
        site.until(partial(_answers, site.network.address(host), port, path), 60, f"{name} does not answer.")
    with FrontDoor([(site.network.address(host), ports[f"web {host}"]) for host in HOSTS]) as door:
        yield door, running


def _answers(host: str, port: int, path: str) -> bool:
    connection = http.client.HTTPConnection(host, port, timeout=2)
    try:
        connection.request("GET", path, headers={"Host": "127.0.0.1"})
        return connection.getresponse().status < 300
    except OSError:
        return False
    finally:
        connection.close()


def test_any_host_serves_any_page_and_the_stream(
    site: Site, ports: dict[str, int], door: tuple[FrontDoor, dict[str, Program]]
) -> None:
    entrance, running = door
    browser = Browser(entrance.url)
    arrived, page = browser.post("/sign-in", "/sign-in", email=site.demo["users"][0], password=site.demo["password"])
    assert arrived.startswith("/ops/"), page[:2000]
    assert len(set(entrance.went_to)) == 2, "form and sign-in were served by one host alone"
    flights = [row[0] for row in site.sql(_PLANNED, site.demo["demo"])]
    ears = [Ear(site.network.address(host), ports[f"live {host}"], browser.cookies) for host in HOSTS]
    for ear in ears:
        ear.until("event: hello")
    for flight in flights[:2]:  # on the one host, and on the other
        browser.get("/ops/")
        arrived, _ = browser.post(f"/ops/flights/{flight}/edit", f"/ops/flights/{flight}/cancel")
        assert arrived == f"/ops/flights/{flight}"
        for ear in ears:
            ear.until(f"flight:{flight}")
    running["web a"].end()  # one is restarted: the other goes on, and nobody signs in again
    gone = (site.network.address("a"), ports["web a"])
    site.until(lambda: not _answers(*gone, "/sign-in"), 10, "It was stopped and still answers.")
    for _ in range(3):
        assert browser.get("/ops/")[0].startswith("/ops/")
    browser.post(f"/ops/flights/{flights[2]}/edit", f"/ops/flights/{flights[2]}/cancel")
    for ear in ears:
        ear.until(f"flight:{flights[2]}")
