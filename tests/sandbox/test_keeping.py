"""The journal, what survives a restart, the weekly rebuild, the control API, and the sandbox on a thread."""

from __future__ import annotations

import asyncio
import urllib.error
import urllib.request
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from airstair.kernel.clock import ManualClock
from airstair.sandbox.journal import CallRecord, Journal, mask, mask_text
from airstair.sandbox.running import RunningSandbox, running, running_in_thread


async def control(sandbox: RunningSandbox, client: Any, path: str, method: str = "GET", **more: Any) -> tuple[int, Any]:
    async with client.session.request(method, f"{sandbox.url}/control{path}", **more) as answer:
        return answer.status, await answer.json()


class TestJournal:
    @pytest.mark.req("SBX-02")
    async def test_it_keeps_what_came_and_what_was_answered(
        self, sandbox: Any, client: Any, avinode: Any, clock: Any, activity: Any
    ) -> None:
        await client.put("N1", activity("1", "PAX", "KTEB", "QQQQ", -5, -4))
        clock.advance(timedelta(minutes=1))
        await client.put("N2", activity("2", "", "KTEB", "KBOS", -5, -4))
        first, second = avinode.calls()
        assert (first.seq, first.method, first.path, first.status) == (1, "PUT", "/api/schedules", 200)
        assert (first.aircraft, first.caller, second.aircraft, second.status) == ("N1", "demo", "N2", 400)
        assert second.at - first.at == timedelta(minutes=1)
        assert '"activityId": "1"' in first.body and "QQQQ" in first.answer
        assert avinode.calls("n-1") == [first] and avinode.calls(since=second.at) == [second]
        assert avinode.calls(after_seq=1) == [second] and avinode.calls(limit=1) == [second]
        status, listed = await control(sandbox, client, "/avinode/calls?aircraft=N2&since=2027-05-11T09:01:00Z")
        assert status == 200 and [call["seq"] for call in listed] == [2]
        status, one = await control(sandbox, client, "/avinode/calls/1")
        assert one["headers"]["x-avinode-product"] == "SkyDesk/4.2"

    async def test_secrets_are_masked(self, client: Any, avinode: Any) -> None:
        await client.call("GET", "/aircraft")
        form = {"grant_type": "client_credentials", "client_id": "c", "client_secret": "verysecretvalue"}
        async with client.session.post(f"{avinode.url}/api/oauth/token?client_secret=verysecretvalue", data=form):
            pass
        known = avinode.credentials()
        kept = str(avinode.calls())
        for secret in (known["authorization_key"], known["api_token"], "verysecretvalue"):
            assert secret not in kept
        assert avinode.calls()[0].headers["authorization"] == f"Bearer …{known['authorization_key'][-4:]}"

    @pytest.mark.parametrize(
        ("secret", "shown"), [("Bearer abcdefghijklmnop1234", "Bearer …1234"), ("short", "…"), ("", "…")]
    )
    def test_masking(self, secret: str, shown: str) -> None:
        assert mask(secret) == shown
        assert mask_text('{"access_token": "abc", "x": 1}') == '{"access_token": "…", "x": 1}'

    def test_it_is_bounded(self, clock: ManualClock) -> None:
        def record(journal: Journal, size: int) -> CallRecord:
            seq = journal.next_seq()
            return CallRecord(seq, clock.now(), "PUT", "/", {}, "x" * size, None, None, 200, "", {}, 0.0)

        by_number = Journal(kept_calls=3)
        for _ in range(9):
            by_number.add(record(by_number, 1))
        assert [kept.seq for kept in by_number.calls()] == [7, 8, 9] and by_number.oldest_seq() == 7
        by_size = Journal(kept_bytes=5000)
        for _ in range(9):
            by_size.add(record(by_size, 1000))
        assert [kept.seq for kept in by_size.calls()] == [7, 8, 9]


async def client_of(sandbox: RunningSandbox, client: Any) -> Any:
    return type(client)(sandbox.partner("avinode"), client.clock, client.session)


class TestRestart:
    async def test_what_is_held_survives(self, tmp_path: Path, clock: Any, client: Any, activity: Any) -> None:
        flight = activity("1", "PAX", "KTEB", "KBOS", -5, -4)
        async with running(clock=clock, home=tmp_path) as first:
            partner = first.partner("avinode")
            mine = await client_of(first, client)
            await mine.put("N1", flight)
            await mine.put("N1", flight, activity("2", "EMPTY", "KBOS", "KTEB", 5, 6))
            partner.act("set-mapping", {"type": "EMPTY", "equivalent": "Empty Leg Availability", "colour": "#112233"})
            partner.act("set-adoption", {"company": "demo", "on": False})
            partner.act("set-connection", {"connection": "other", "active": False})
            partner.faults.add("status", status=503, aircraft="N9")
            before = (partner.state(), partner.audit(), partner.calls(), partner.faults.all())
        async with running(clock=clock, home=tmp_path) as second:
            partner = second.partner("avinode")
            state = partner.state()
            assert state["emptyLegs"][0]["activityId"] == "2" and state["companies"]["demo"]["adopts"] is False
            after = (state, partner.audit(), partner.calls())
            assert after == before[:3]
            assert [fault.kind for fault in partner.faults.all()] == [fault.kind for fault in before[3]]
            mine = await client_of(second, client)
            assert (await mine.put("N1", flight)).status == 200
            assert partner.calls()[-1].seq == before[2][-1].seq + 1
            assert (await mine.put("N7", flight)).status == 403

    async def test_it_is_written_while_running(self, tmp_path: Path, clock: Any, client: Any, activity: Any) -> None:
        async with running(clock=clock, home=tmp_path) as first:
            await (await client_of(first, client)).put("N1", activity("1", "PAX", "KTEB", "KBOS", -5, -4))
            await asyncio.sleep(0.5)  # real time: the writer's quarter of a second is not on the sandbox's clock
            async with running(clock=clock, home=tmp_path) as other:
                assert other.partner("avinode").state()["aircraft"]["N1"]["uploads"] == 1

    async def test_a_reset_also_empties_what_is_kept(
        self, tmp_path: Path, clock: Any, client: Any, activity: Any
    ) -> None:
        async with running(clock=clock, home=tmp_path) as first:
            await (await client_of(first, client)).put("N1", activity("1", "PAX", "KTEB", "KBOS", -5, -4))
        async with running(clock=clock, home=tmp_path) as second:
            fresh = second.partner("avinode")
            assert "N1" in fresh.state()["aircraft"]
            fresh.reset()
        async with running(clock=clock, home=tmp_path) as third:
            partner = third.partner("avinode")
            assert "N1" not in partner.state()["aircraft"]
            assert partner.state()["companies"]["demo"]["mapping"] == {}
            assert partner.calls() == [] and partner.audit()["calls"]["total"] == 0


async def test_the_weekly_rebuild(sandbox: Any, client: Any, avinode: Any, activity: Any) -> None:
    first_day = avinode.state()
    form = {"grant_type": "client_credentials", "client_id": "sandbox-demo-client"}
    form["client_secret"] = avinode.credentials()["client_secret"]
    async with client.session.post(f"{avinode.url}/api/oauth/token", data=form) as answer:
        token = (await answer.json())["access_token"]
    await client.put("N1", activity("1", "PAX", "KTEB", "KBOS", -5, -4))
    avinode.faults.add("status", status=500)
    assert (await control(sandbox, client, "/avinode/reset", "POST"))[0] == 200
    assert avinode.state() == first_day and avinode.calls() == [] and avinode.faults.all() == []
    assert (await client.call("GET", "/aircraft", Authorization=f"Bearer {token}")).status == 401


class TestControl:
    async def test_it_lists_and_tells(self, sandbox: Any, client: Any, avinode: Any) -> None:
        _, partners = await control(sandbox, client, "/")
        assert {partner["key"]: partner["url"] for partner in partners}["avinode"] == avinode.url
        assert (await control(sandbox, client, "/avinode/state"))[1] == avinode.state()
        assert (await control(sandbox, client, "/avinode/audit"))[1]["ok"] is True
        assert (await control(sandbox, client, "/avinode/credentials"))[1] == avinode.credentials()
        wish = {"json": {"type": "PAX", "equivalent": "Flight Occupied"}}
        assert (await control(sandbox, client, "/avinode/actions/set-mapping", "POST", **wish))[0] == 200
        question = "/avinode/questions/availability?tail=SBX-7001"
        assert (await control(sandbox, client, question))[1]["intervals"][0]["state"] == "available"

    @pytest.mark.parametrize(
        ("method", "path", "body", "status"),
        [
            ("GET", "/nobody/state", None, 404),
            ("GET", "/avinode/nothing", None, 404),
            ("GET", "/avinode/calls?since=soon", None, 400),
            ("GET", "/avinode/calls?limit=-1", None, 400),
            ("GET", "/avinode/calls?tail=N1", None, 400),
            ("GET", "/avinode/calls/x", None, 400),
            ("GET", "/avinode/calls/7", None, 404),
            ("POST", "/avinode/actions/set-mapping", b"{", 400),
            ("POST", "/avinode/actions/set-mapping", b"[]", 400),
            ("POST", "/avinode/actions/set-mapping", b'{"type": 5}', 400),
            ("POST", "/avinode/actions/set-adoption", b'{"on": "perhaps"}', 400),
            ("POST", "/avinode/actions/set-adoption", b'{"on": []}', 400),
            ("POST", "/avinode/actions/set-connection", b'{"connection": {}}', 400),
            ("POST", "/avinode/actions/set-rate-limit", b'{"calls_an_hour": -1}', 400),
            ("POST", "/avinode/actions/set-aircraft", b'{"tail": "N1", "status": []}', 400),
            ("POST", "/avinode/actions/set-aircraft", b'{"tail": "N1", "status": {"a": 1}}', 400),
            ("POST", "/avinode/actions/launch", b"{}", 400),
            ("GET", "/avinode/questions/why", None, 400),
        ],
    )
    async def test_wrong_control_input_is_refused_in_a_sentence(
        self, sandbox: Any, client: Any, method: str, path: str, body: bytes | None, status: int
    ) -> None:
        got, answer = await control(sandbox, client, path, method, data=body)
        assert got == status and answer["error"].endswith(".")

    @pytest.mark.parametrize(
        ("headers", "status"),
        [
            ({}, 200),
            ({"Origin": "https://evil.example"}, 403),
            ({"Origin": "null"}, 403),
            ({"Sec-Fetch-Site": "cross-site"}, 403),
            ({"Host": "evil.example:8900"}, 403),
        ],
    )
    async def test_other_sites_pages_cannot_work_it(
        self, sandbox: Any, client: Any, headers: dict[str, str], status: int
    ) -> None:
        for path in ("/control/avinode/reset", "/inspect/avinode/reset"):
            async with client.session.post(f"{sandbox.url}{path}", headers=headers) as answer:
                assert answer.status == status

    async def test_its_own_pages_can(self, sandbox: Any, client: Any) -> None:
        async with client.session.post(
            f"{sandbox.url}/control/avinode/reset", headers={"Origin": sandbox.url, "Sec-Fetch-Site": "same-origin"}
        ) as answer:
            assert answer.status == 200


def test_a_sandbox_on_a_thread_serves_synchronous_tests(clock: ManualClock) -> None:
    with running_in_thread(clock=clock) as sandbox:
        partner = sandbox.partner("avinode")
        partner.faults.add("status", status=503)
        with pytest.raises(urllib.error.HTTPError, match="503"):
            urllib.request.urlopen(f"{partner.url}/api/aircraft", timeout=5)
        assert [record.status for record in partner.calls()] == [503]
        url = sandbox.url
    with pytest.raises(urllib.error.URLError):
        urllib.request.urlopen(url, timeout=5)


async def test_a_huge_body_is_refused_and_kept_small(client: Any, avinode: Any) -> None:
    body = b'{"lift": "N1", "x": "' + b"a" * (17 * 1024 * 1024) + b'"}'
    try:
        reply = await client.call("PUT", "/schedules", body)
        assert reply.status == 413
    except aiohttp.ClientError:  # the server may close before all of it was sent
        pass
    assert (await client.call("GET", "/aircraft")).status == 200
