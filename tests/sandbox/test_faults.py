"""The fault switches: each lets the client down in its own way, counted and aimed."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import aiohttp
import pytest

from airstair.sandbox.faults import KINDS, WrongFault, read_fault


@pytest.fixture
def flight(activity: Any) -> Any:
    return activity("1", "PAX", "KTEB", "KBOS", -5, -4)


async def until(come: Callable[[], Any]) -> None:
    """Let the server work until something has happened, for two seconds of real time at most."""
    for _ in range(200):
        if come():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("It did not happen.")


def uploads(avinode: Any, tail: str = "SBX-7001") -> int:
    return avinode.state()["aircraft"][tail]["uploads"]  # type: ignore[no-any-return]


@pytest.mark.req("SBX-03")
@pytest.mark.parametrize(
    ("status", "code"),
    [
        (400, "ERR_INPUT_MISSING"),
        (401, "ERR_INPUT_GENERIC_INVALID"),
        (403, "NOT_AUTHORIZED"),
        (404, "NOT_FOUND"),
        (500, "ERR_INTERNAL_CRITICAL"),
        (503, "ERR_SERVICE_UNAVAILABLE"),
    ],
)
async def test_statuses_come_in_the_partners_words(
    client: Any, avinode: Any, flight: Any, status: int, code: str
) -> None:
    avinode.faults.add("status", status=status, count=1)
    failed = await client.put("SBX-7001", flight)
    assert (failed.status, failed.codes, uploads(avinode)) == (status, [code], 0)
    assert (await client.put("SBX-7001", flight)).status == 200
    assert [record.fault for record in avinode.calls()] == [f"status {status}", None]


@pytest.mark.req("SBX-03")
async def test_too_many_requests_with_retry_after(client: Any, avinode: Any, flight: Any) -> None:
    avinode.faults.add("rate_limit", retry_after=90, count=2)
    replies = [await client.put("SBX-7001", flight) for _ in range(3)]
    assert [reply.status for reply in replies] == [429, 429, 200]
    assert [reply.headers.get("Retry-After") for reply in replies] == ["90", "90", None]
    assert avinode.calls()[0].answer_headers["Retry-After"] == "90"
    assert uploads(avinode) == 1


@pytest.mark.req("SBX-03")
async def test_expired_credentials(client: Any, avinode: Any, flight: Any) -> None:
    avinode.faults.add("expired_credentials")
    assert {(await client.put("SBX-7001", flight)).status, (await client.call("GET", "/aircraft")).status} == {401}
    avinode.faults.clear()
    assert (await client.put("SBX-7001", flight)).status == 200


@pytest.mark.req("SBX-03")
async def test_unreadable_answers(client: Any, avinode: Any, flight: Any) -> None:
    avinode.faults.add("html", count=1)
    page = await client.put("SBX-7001", flight)
    assert page.status == 200 and page.headers["Content-Type"].startswith("text/html") and page.text.startswith("<!DOC")
    assert uploads(avinode) == 0
    avinode.faults.add("html", status=502, count=1)
    assert (await client.put("SBX-7001", flight)).status == 502
    avinode.faults.add("malformed_json", count=1)
    broken = await client.put("SBX-7001", flight)
    assert broken.status == 200 and uploads(avinode) == 1
    with pytest.raises(json.JSONDecodeError):
        json.loads(broken.text)
    avinode.faults.add("half_body", count=1)
    with pytest.raises(aiohttp.ClientPayloadError):
        await client.put("SBX-7001", flight)
    assert uploads(avinode) == 2


@pytest.mark.req("SBX-03")
@pytest.mark.parametrize(("kind", "held"), [("drop_before", 0), ("drop_after", 1)])
async def test_dropped_connections(client: Any, avinode: Any, flight: Any, kind: str, held: int) -> None:
    avinode.faults.add(kind, count=1)
    with pytest.raises((aiohttp.ClientOSError, aiohttp.ServerDisconnectedError)):
        await client.put("SBX-7001", flight)
    assert uploads(avinode) == held
    assert [(record.status, record.fault) for record in avinode.calls()] == [(None, kind)]


@pytest.mark.req("SBX-03")
async def test_latency_runs_on_the_sandboxs_clock(client: Any, avinode: Any, clock: Any, flight: Any) -> None:
    avinode.faults.add("latency", seconds=30)
    avinode.faults.add("status", status=503, count=1)
    waiting = asyncio.ensure_future(client.put("SBX-7001", flight))
    await until(lambda: clock._sleepers)
    clock.advance(timedelta(seconds=29))
    await asyncio.sleep(0.02)
    assert not waiting.done()
    clock.advance(timedelta(seconds=1))
    assert (await waiting).status == 503
    assert avinode.calls()[0].fault == "latency 30 s + status 503"


@pytest.mark.req("SBX-03")
@pytest.mark.parametrize(("kind", "before"), [("hang", 0), ("hang_after", 1)])
async def test_hanging_until_switched_off(client: Any, avinode: Any, flight: Any, kind: str, before: int) -> None:
    fault = avinode.faults.add(kind, count=1)
    waiting = asyncio.ensure_future(client.put("SBX-7001", flight))
    await until(lambda: not avinode.faults.all())
    avinode.faults.add("status", status=500, aircraft="N9")
    await asyncio.sleep(0.02)
    assert not waiting.done() and uploads(avinode) == before
    assert avinode.faults.remove(fault)
    assert (await waiting).status == 200 and uploads(avinode) == 1


@pytest.mark.req("SBX-03")
async def test_hanging_until_the_client_goes(client: Any, avinode: Any, flight: Any) -> None:
    avinode.faults.add("hang")
    impatient = aiohttp.ClientTimeout(total=0.2)
    with pytest.raises(TimeoutError):
        await client.session.put(f"{avinode.url}/api/schedules", json={}, headers=client.headers(), timeout=impatient)
    await until(avinode.calls)
    assert avinode.calls()[0].status is None and uploads(avinode) == 0


async def test_a_fault_can_be_aimed(client: Any, avinode: Any, flight: Any) -> None:
    avinode.faults.add("status", status=500, aircraft="sbx7001", count=1)
    avinode.faults.add("status", status=503, path="/airports")
    assert (await client.put("N1", flight)).status == 200
    assert (await client.put("SBX-7001", flight)).status == 500
    assert (await client.put("SBX-7001", flight)).status == 200
    assert (await client.call("GET", "/airports/KTEB")).status == 503


@pytest.mark.parametrize(
    ("wish", "field"),
    [
        ({}, "kind"),
        ({"kind": "earthquake"}, "kind"),
        ({"kind": ["html"]}, "kind"),
        ({"kind": "status"}, "status"),
        ({"kind": "status", "status": 418}, "status"),
        ({"kind": "status", "status": "abc"}, "status"),
        ({"kind": "html", "status": 100}, "status"),
        ({"kind": "latency", "seconds": "soon"}, "seconds"),
        ({"kind": "latency", "seconds": float("nan")}, "seconds"),
        ({"kind": "latency", "seconds": -1}, "seconds"),
        ({"kind": "hang", "count": 0}, "count"),
        ({"kind": "hang", "count": True}, "count"),
        ({"kind": "rate_limit", "retry_after": -5}, "retry_after"),
        ({"kind": "hang", "aircraft": 5}, "aircraft"),
        ({"kind": "hang", "sometimes": 1}, "sometimes"),
    ],
)
def test_wrong_switches_are_refused_in_a_sentence(wish: dict[str, Any], field: str) -> None:
    with pytest.raises(WrongFault, match=f"'{field}'"):
        read_fault(wish)


@pytest.mark.req("SBX-03")
async def test_the_switches_by_the_control_api(sandbox: Any, client: Any) -> None:
    at = f"{sandbox.url}/control/avinode/faults"
    async with client.session.post(at, json={"kind": "status", "status": 503, "count": 2}) as made:
        assert made.status == 201
        first = await made.json()
    async with client.session.get(at) as shown:
        body = await shown.json()
        assert body["faults"] == [first] and body["kinds"].keys() == KINDS.keys()
    async with client.session.put(at, json=[first, {"kind": "latency", "seconds": 0}]) as replaced:
        faults = (await replaced.json())["faults"]
        assert [fault["kind"] for fault in faults] == ["status", "latency"]
    async with client.session.delete(f"{at}/{faults[0]['id']}") as one:
        assert [fault["kind"] for fault in (await one.json())["faults"]] == ["latency"]
    async with client.session.delete(at) as all_off:
        assert (await all_off.json())["faults"] == []
    for method, body in (("POST", b"{"), ("POST", b"[]"), ("POST", b"{}"), ("PUT", b"{}"), ("PUT", b"[1]")):
        async with client.session.request(method, at, data=body) as wrong:
            assert wrong.status == 400 and (await wrong.json())["error"].endswith(".")
    async with client.session.delete(f"{at}/99") as missing:
        assert missing.status == 404
