"""Probes of the pages, the live stream and the worker: what they answer, to whom, and without a database."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from django.test import Client

from airstair.hub import readiness
from airstair.hub.readiness import Check, Readiness
from airstair.running.ports import free_port
from airstair.web import probes
from airstair.web.live.asgi import LiveStream

NOWHERE = "host=127.0.0.1 port={port} dbname=x user=somebody password=hush"


@pytest.fixture
def away(monkeypatch: pytest.MonkeyPatch) -> None:
    """The database cannot be reached by whoever looks."""
    address = NOWHERE.format(port=free_port(range(34_000, 34_500)))
    monkeypatch.setattr(probes, "_READINESS", Readiness(lambda: address))


@pytest.fixture(autouse=True)
def _fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probes, "_READINESS", Readiness())


@pytest.mark.django_db
@pytest.mark.parametrize("host", ["localhost", "10.1.2.3:8000", "whatever.example"])
def test_the_pages_process_is_ready_under_any_host_name(host: str) -> None:
    client = Client(headers={"host": host})
    assert client.get("/healthz/live").content == b"The process answers.\n"
    assert (client.get("/healthz/ready").status_code, client.head("/healthz/ready").status_code) == (200, 200)
    told = client.get("/healthz")
    assert told.json() == {
        "ready": True,
        "checks": [
            {"name": "database", "ok": True, "says": "The database answers."},
            {"name": "migrations", "ok": True, "says": "The database is at this version."},
        ],
    }
    assert "sessionid" not in told.cookies and told.headers["Cache-Control"] == "no-store"
    assert client.post("/healthz").status_code == 405


def test_without_a_database_it_is_alive_and_not_ready(away: None) -> None:
    client = Client()
    assert client.get("/healthz/live").status_code == 200
    ready, told = client.get("/healthz/ready"), client.get("/healthz")
    assert (ready.status_code, ready.content) == (503, b"The database cannot be reached.\n")
    assert told.status_code == 503 and told.json()["ready"] is False
    assert "hush" not in told.content.decode() and "somebody" not in told.content.decode()


@pytest.mark.django_db
def test_a_database_of_an_older_version_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readiness, "_newest_migrations", lambda: frozenset({("hub", "9999_later")}))
    ready = Client().get("/healthz/ready")
    assert ready.status_code == 503
    assert ready.content.decode() == (
        "The database is not at this version (hub.9999_later is missing). Run “airstair migrate”.\n"
    )


@pytest.mark.django_db
def test_asking_often_looks_once_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    looks: list[str] = []

    def look(address: str) -> tuple[Check, ...]:
        looks.append(address)
        return ()

    monkeypatch.setattr(readiness, "_look", look)
    for _ in range(50):
        assert Client().get("/healthz/ready").status_code == 200
    assert len(looks) < 10


@pytest.mark.django_db
def test_other_pages_below_are_none_of_its_business() -> None:
    assert Client().get("/healthz/other").status_code == 404


async def ask(stream: LiveStream, path: str) -> tuple[int, bytes]:
    sent: list[dict[str, Any]] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> dict[str, Any]:
        return {"type": "http.disconnect"}

    await stream({"type": "http", "path": path, "method": "GET", "headers": []}, receive, send)
    return sent[0]["status"], sent[1]["body"]


async def test_the_live_stream_tells_whether_it_listens(transactional_db: None) -> None:
    stream = LiveStream()
    try:
        assert (await ask(stream, "/healthz/live")) == (200, b"The process answers.\n")
        give_up = asyncio.get_running_loop().time() + 10
        while (await ask(stream, "/healthz/ready"))[0] != 200:
            assert asyncio.get_running_loop().time() < give_up
            await asyncio.sleep(0.02)
        status, body = await ask(stream, "/healthz")
        assert status == 200
        assert [check["name"] for check in json.loads(body)["checks"]] == ["database", "migrations", "listening"]
        assert (await ask(stream, "/healthz/other"))[0] == 404
    finally:
        if stream._feed is not None:
            await stream._feed.stop()
