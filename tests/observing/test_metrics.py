"""Metrics: what a worker and the pages count, who may read it, and what its labels never hold."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import pytest
from django.test import Client

from airstair.hub import metrics, scraping
from airstair.hub.engine.staleness import Staleness
from airstair.hub.flows import Budget, Every, NextTick
from airstair.hub.levels import levels
from airstair.hub.metrics import Spread, WorkerMetrics
from airstair.hub.watchman import watch
from airstair.hub.worker_port import CannotListen, worker_port
from airstair.kernel.clock import ManualClock
from airstair.kernel.units import Unit, UnitKind
from airstair.records.flights.commands import FlightEdit, change_flight
from airstair.running.ports import free_port

from ..hub.own_partner import KEY, Receiver, own_addon
from ..hub.stage import NOON, Stage

SAMPLE = re.compile(r"^(\w+)(?:\{(.*)\})? (\S+)$")


def samples(text: str) -> dict[tuple[str, str], float]:
    """(name, labels as written) → value."""
    found = (SAMPLE.match(line) for line in text.splitlines() if not line.startswith("#"))
    return {(m[1], m[2] or ""): float(m[3]) for m in found if m}


@pytest.fixture(autouse=True)
def counted(monkeypatch: pytest.MonkeyPatch) -> WorkerMetrics:
    """Counters that begin at nothing."""
    made = WorkerMetrics()
    monkeypatch.setattr(metrics, "WORKER", made)
    return made


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


def test_a_spread_counts_each_measure_with_all_that_are_larger() -> None:
    spread = Spread((0.1, 1.0))
    for seconds in (0.1, 0.5, 7.0, -0.2):  # the database's clock was a little ahead
        spread.add(seconds)
    assert spread.buckets() == [("0.1", 2.0), ("1.0", 3.0), ("+Inf", 4.0)]
    assert spread.total == pytest.approx(7.6)


def test_staleness_counts_from_the_oldest_change_that_was_not_delivered() -> None:
    one, two, stale = Unit(UnitKind.AIRCRAFT, 1), Unit(UnitKind.AIRCRAFT, 2), Staleness()
    stale.changed(one, NOON)
    stale.changed(one, NOON + timedelta(seconds=5))
    stale.taken([one, two])
    stale.changed(one, NOON + timedelta(seconds=9))
    assert stale.oldest == NOON
    stale.taken([one])  # the first attempt failed; the second brings both changes
    assert stale.delivered(one) == NOON and stale.delivered(one) is None and stale.oldest is None
    stale.changed(two, NOON)
    stale.keep_only(lambda unit: unit == one)
    assert stale.oldest is None


async def test_a_worker_counts_by_partner_and_outcome(
    stage: Stage, receiver: Receiver, http: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage.clock = ManualClock(datetime.now(UTC))  # the log goes by the database's clock
    own_addon(budget=Budget(calls=100, per=timedelta(hours=1), burst=50))
    own_addon("clocked", trigger=Every(minutes=lambda s: s.minutes), retry=NextTick())
    (aircraft,) = await stage.aircraft("N1AA")
    flight = await stage.flight(aircraft)
    await stage.connect(receiver)
    await stage.connect(receiver, "clocked")
    dispatcher = await stage.start()
    async with worker_port("127.0.0.1", free_port(range(34_500, 35_000)), lambda: dispatcher) as address:

        async def scrape() -> dict[tuple[str, str], float]:
            async with http.get(f"{address}/metrics") as answer:
                assert answer.status == 200
                text = await answer.text()
            for private in ("Test Air", "TEST", "N1AA", KEY, "admin", "TST1"):
                assert private not in text
            return samples(text)

        found = await scrape()
        assert found["airstair_deliveries_total", 'outcome="accepted",partner="own"'] == 1
        assert found["airstair_connections_held", 'partner="own"'] == 1
        assert found["airstair_units_waiting", 'partner="own"'] == 0
        receiver.mode = "429:60"
        await stage.do(change_flight, stage.actor, flight.id, FlightEdit(ades="KJFK"))
        await stage.settle()
        stage.clock.advance(timedelta(seconds=30))
        found = await scrape()
        assert found["airstair_deliveries_total", 'outcome="throttled",partner="own"'] == 1
        assert found["airstair_units_waiting", 'partner="own"'] == 1
        assert found["airstair_connections_paused", 'partner="own"'] == 1
        assert 20 < found["airstair_oldest_waiting_seconds", 'partner="own"'] < 45
        (left,) = [labels for name, labels in found if name == "airstair_budget_left_calls"]
        assert re.fullmatch(r'account="[0-9a-f]{12}",partner="own"', left)
        assert found["airstair_budget_left_calls", left] == pytest.approx(48.4, abs=0.5)
        assert 25 < found["airstair_budget_blocked_seconds", left] <= 31
        receiver.mode = "ok"
        await stage.advance(minutes=6)
        found = await scrape()
        latency = 'partner="own"'
        assert found["airstair_delivery_latency_seconds_count", latency] == 1
        assert 60 < found["airstair_delivery_latency_seconds_sum", latency] < 120, "from the edit, over the refusal"
        assert found["airstair_delivery_latency_seconds_count", 'partner="clocked"'] == 1, "by its next tick"
        assert found["airstair_call_duration_seconds_count", 'partner="own"'] == 3
        assert found["airstair_save_duration_seconds_count", ""] >= 3
        assert (
            found["airstair_saved_calls_total", ""]
            == 3 + found["airstair_call_duration_seconds_count", 'partner="clocked"']
        )
        assert found["airstair_oldest_waiting_seconds", 'partner="own"'] == 0
        assert found["process_resident_memory_bytes", ""] > 0


async def test_a_worker_is_ready_while_its_dispatcher_serves(
    stage: Stage, receiver: Receiver, http: aiohttp.ClientSession
) -> None:
    own_addon()
    await stage.aircraft("N1AA")
    await stage.connect(receiver)
    at_work: Any = None
    port = free_port(range(34_500, 35_000))
    async with worker_port("127.0.0.1", port, lambda: at_work) as address:

        async def ready() -> tuple[int, str]:
            async with http.get(f"{address}/healthz/ready") as answer:
                return answer.status, await answer.text()

        assert (await ready())[0] == 503
        at_work = await stage.start()
        assert await ready() == (200, "Ready.\n")
        async with http.get(f"{address}/healthz") as answer:
            assert (await answer.json())["checks"][-1]["says"] == "The dispatcher serves 1 connection."
        at_work._leases.turn = _never  # it hangs
        await asyncio.sleep(0)
        await stage.until(lambda: at_work._leases._turning.locked() is False)
        at_work._leases.turned_at = asyncio.get_running_loop().time() - 20
        assert (await ready()) == (503, "The dispatcher has not looked at its leases for 20 s.\n")
        async with http.get(f"{address}/healthz/live") as answer:
            assert answer.status == 200
        with pytest.raises(CannotListen, match="Choose another with --metrics-port"):
            async with worker_port("127.0.0.1", port, lambda: None):
                pass


async def _never() -> None:
    await asyncio.Event().wait()


@pytest.mark.django_db
def test_the_pages_are_counted_by_name_and_never_by_address(monkeypatch: pytest.MonkeyPatch) -> None:
    client = Client()
    client.get("/sign-in?next=/ops/flights/88")
    client.get("/nowhere/Philippa")
    answer = client.get("/sign-in", headers={"x-request-id": "from-the-proxy-1"})
    assert answer.headers["X-Request-Id"] == "from-the-proxy-1"
    odd = client.get("/sign-in", headers={"x-request-id": "a\nb"})
    assert re.fullmatch("[0-9a-f]{16}", odd.headers["X-Request-Id"])
    text = client.get("/metrics", headers={"host": "127.0.0.1:8000"}).content.decode()
    found = samples(text)
    assert found["airstair_requests_total", 'method="GET",route="sign-in",status="200"'] >= 3
    assert found["airstair_requests_total", 'method="GET",route="none",status="404"'] >= 1
    assert found["airstair_request_duration_seconds_count", 'route="sign-in"'] >= 3
    assert found["airstair_database_up", ""] == 1
    assert "Philippa" not in text and "flights/88" not in text


@pytest.mark.parametrize(
    ("token", "asked", "allowed"),
    [
        ("", {}, True),
        ("", {"host": "localhost"}, True),
        ("", {"host": "[::1]:8000", "address": "::1"}, True),
        ("", {"address": "10.0.0.9"}, False),
        ("", {"host": "ops.example"}, False),
        ("", {"forwarded": True}, False),
        ("", {"authorization": "Bearer "}, True),
        ("hush", {}, False),
        ("hush", {"authorization": "Bearer hush", "address": "10.0.0.9", "host": "ops.example"}, True),
        ("hush", {"authorization": "Bearer hus"}, False),
        ("hush", {"authorization": "Bearer hüsh"}, False),
        ("hush", {"authorization": "Basic hush"}, False),
    ],
)
def test_who_may_scrape(token: str, asked: dict[str, Any], allowed: bool, settings: Any) -> None:
    settings.METRICS_TOKEN = token
    given = {"address": "127.0.0.1", "host": "127.0.0.1:8000", "authorization": "", "forwarded": False, **asked}
    assert scraping.may_scrape(**given) is allowed


@pytest.mark.django_db
def test_the_pages_metrics_are_refused_to_others(settings: Any) -> None:
    assert Client().get("/metrics", headers={"host": "ops.example"}).status_code == 403
    assert Client(headers={"host": "localhost", "x-forwarded-for": "127.0.0.1"}).get("/metrics").status_code == 403
    settings.METRICS_TOKEN = "hush"
    assert Client(headers={"authorization": "Bearer hush"}).get("/metrics").status_code == 200
    settings.METRICS_TOKEN, settings.HTTPS = "", True
    assert Client(headers={"host": "localhost"}).get("/metrics").status_code == 403, "a proxy is in front"


async def test_levels_come_from_the_database(stage: Stage, receiver: Receiver) -> None:
    own_addon()
    await stage.aircraft("N1AA")
    stage.clock = ManualClock(datetime.now(UTC) - timedelta(minutes=30))
    await stage.connect(receiver)
    receiver.mode = "401"

    async def now() -> dict[tuple[str, str], float]:
        families = await stage.do(lambda: list(levels()))
        return samples(metrics.written(families, process=False).decode())

    found = await now()
    assert found["airstair_workers", ""] == 0
    assert found["airstair_connections_unserved", 'partner="own"'] == 1
    await stage.start()
    await stage.do(watch, clock=stage.clock)
    found = await now()
    assert (found["airstair_workers", ""], found["airstair_connections_unserved", 'partner="own"']) == (1, 0)
    assert found["airstair_connections_on", 'partner="own"'] == 1
    assert found["airstair_notices_open", 'kind="failing",partner="own"'] == 1
    assert 1790 < found["airstair_ledger_oldest_waiting_seconds", 'partner="own"'] < 1900
