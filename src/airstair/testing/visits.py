"""The part of the contract about partners that come to us: who is let in, what they find, what is kept of it.

They come as the imitation does, through the product's own entrance, without a socket between.
"""

from __future__ import annotations

import asyncio
import base64
import itertools
import json
import logging
from collections.abc import AsyncIterator, Mapping
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection as database
from django.http import HttpResponse
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from airstair.hub.calls import CallLine, call, calls
from airstair.hub.connections.commands import ALL_AIRCRAFT
from airstair.hub.doors.commands import USUAL, Issued, issue_again
from airstair.hub.health import cards
from airstair.hub.visits import Receive, Serve
from airstair.kernel.outcome import OutcomeKind
from airstair.sandbox.partner import Errand, Returned
from airstair.testing.common import Common
from airstair.testing.stage import Stage

ENTRANCE = "airstair.api.partners.entrance.CLOCK"
HERE = "http://testserver"
_TABLES = ("changes_change", "hub_call", "hub_call_body", "hub_connection", "hub_door", "hub_kept_reply")
_ODD_BODIES = (b"", b"{", b"[]", b"null", b'"x"', b"{}", b"\xff\xfe", b"[" * 5_000, b'{"a": NaN}', b"<x/>", b"\x00")


class Visitor:
    """The partner, with what was issued to it."""

    def __init__(self, issued: Issued | None) -> None:
        assert issued is not None, "Switched on for the first time, credentials are issued."
        self.issued = issued

    @property
    def basic(self) -> str:
        return as_basic(self.issued.login, self.issued.key)

    def come(self, method: str = "GET", path: str = "/", body: bytes = b"", **headers: str) -> Any:
        """One visit, with good credentials unless `authorization` says otherwise."""
        return come(f"{self.issued.path}{path}", method, body, **{"authorization": self.basic, **headers})


def as_basic(login: str, key: str) -> str:
    return "Basic " + base64.b64encode(f"{login}:{key}".encode()).decode()


def come(path: str, method: str = "GET", body: bytes = b"", **headers: str) -> HttpResponse:
    """One request as it would arrive. Give the thread's database connection back when there are no more."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Client(raise_request_exception=True).generic(method, path, body, "application/json", headers=named)  # type: ignore[return-value]


async def carry(errand: Errand, now: datetime) -> Returned:
    """An errand of an imitation's, carried to the product's own entrance."""

    def go() -> HttpResponse:
        try:
            return come(errand.url.removeprefix(HERE), errand.method, errand.body, **dict(errand.headers))
        finally:
            database.close()

    response = await asyncio.to_thread(go)
    return Returned(errand, now, response.status_code, dict(response.headers), response.content)


class VisitsContract(Common):
    """What holds for visits. Skipped where the partner never comes."""

    @pytest.fixture
    def awaited(self) -> None:
        """Looked at before a stage is set up."""
        if not self.addon.inbound:
            pytest.skip("This partner never comes to us.")

    @pytest.fixture
    async def entrance(self, awaited: None, house: Stage, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Stage]:
        monkeypatch.setattr(ENTRANCE, house.clock)
        house.partner.carried_by(carry)
        yield house

    async def invited(self, stage: Stage, aircraft: Any = ALL_AIRCRAFT) -> Visitor:
        """A connection that is on, whose partner knows the way."""
        visitor = Visitor((await self.configure(stage, aircraft=aircraft, on=True)).issued)
        way = {"address": HERE + visitor.issued.path, "login": visitor.issued.login, "key": visitor.issued.key}
        await stage.partner.go("connect", way)
        return visitor

    async def visited(self, stage: Stage, aircraft: Any = None) -> tuple[Visitor, list[dict[str, Any]]]:
        """All of the imitation's errands, once; answers what it was told, in order."""
        scene = await self.scene(stage)
        visitor = await self.invited(stage, ALL_AIRCRAFT if aircraft is None else scene.aircraft[:aircraft])
        for name, wish in self.errands(scene):
            await stage.partner.go(name, dict(wish))
        return visitor, list(stage.partner.state()["answers"])

    async def log_of(self, stage: Stage) -> list[CallLine]:
        """The call log, oldest first."""
        return list(reversed(await stage.do(calls, stage.operator.id)))

    def an_address(self) -> tuple[str, str]:
        """Method and path of something that is there."""
        flow = self.addon.inbound[0]
        if isinstance(flow, Serve):
            return "GET", flow.resources[0].path
        return flow.operations[0].method, flow.operations[0].path

    # ── Getting through ─────────────────────────────────────────────────────────────────────────────

    async def test_the_imitation_comes_and_gets_what_it_came_for(self, entrance: Stage) -> None:
        _, told = await self.visited(entrance)
        assert told, "`errands`: say how the imitation comes"
        assert {one["status"] for one in told} <= {200, 201, 202, 204}, told
        for line, one in zip(await self.log_of(entrance), told, strict=True):
            assert (line.http_status, line.outcome.delivered) == (one["status"], True)
            assert line.flow and line.title and line.duration_ms > 0
        details = [await entrance.do(call, entrance.operator.id, line.id) for line in await self.log_of(entrance)]
        assert {one.direction for one in details} == {"in"}
        (card,) = [one for one in await entrance.do(cards, entrance.operator.id) if one.addon is self.addon]
        assert card.last_success == entrance.clock.now(), "the card shows the last visit"

    async def test_the_same_again_has_no_second_effect(self, entrance: Stage) -> None:
        scene = await self.scene(entrance)
        await self.invited(entrance)
        writes = any(isinstance(flow, Receive) for flow in self.addon.inbound)
        for name, wish in self.errands(scene):
            await entrance.partner.go(name, dict(wish))
            changes = await entrance.sql("SELECT count(*) FROM changes_change")
            before = entrance.partner.state()["answers"][-1]
            await entrance.partner.go(name, dict(wish))
            again = entrance.partner.state()["answers"][-1]
            assert await entrance.sql("SELECT count(*) FROM changes_change") == changes
            assert (again["status"], again["said"]) == (before["status"], before["said"])
        if writes:
            assert (await self.log_of(entrance))[-1].outcome is OutcomeKind.UNCHANGED

    @pytest.mark.req("HUB-09")
    async def test_nothing_of_an_unticked_aircraft_is_handed_out_or_written(self, entrance: Stage) -> None:
        _, told = await self.visited(entrance, aircraft=1)
        written = await entrance.sql(
            "SELECT 1 FROM changes_change WHERE actor_kind = 'partner' AND title LIKE %s", f"%{self.numbers[1]}%"
        )
        assert not written
        reads = any(isinstance(flow, Serve) for flow in self.addon.inbound)
        said = " ".join(str(one["said"]) for one in told if one["status"] == 200)
        assert self.registrations[1] not in said and self.numbers[1] not in said
        assert not reads or self.registrations[0] in said or self.numbers[0] in said

    # ── The door ────────────────────────────────────────────────────────────────────────────────────

    async def test_credentials_are_told_once_and_kept_nowhere(
        self, entrance: Stage, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.DEBUG)
        visitor, _ = await self.visited(entrance)
        again = await self.configure(entrance, on=True)
        assert again.issued is None, "saved again, nothing is issued"
        key = visitor.issued.key
        assert key not in repr(visitor.issued)
        places = {"the log": caplog.text}
        for name in _TABLES:
            places[name] = str(await entrance.sql(f"SELECT to_jsonb(t)::text FROM {name} t"))  # noqa: S608
        places |= dict(await entrance.do(lambda: list(self.calls_and_pages(entrance))))
        spelled = (key, visitor.basic.removeprefix("Basic "))
        assert [place for place, text in places.items() if any(one in text for one in spelled)] == []

    async def test_only_these_credentials_open_and_only_this_door(self, entrance: Stage) -> None:
        visitor = await self.invited(entrance)
        method, path = self.an_address()
        wrong = ["", "Basic", "Basic !!!", "Bearer ", "Digest x", f"Bearer {visitor.issued.key}x", "Basic /w=="]
        wrong += [as_basic(visitor.issued.login, "x" * 43), as_basic("1-1", visitor.issued.key)]

        def knock() -> list[tuple[int, str]]:
            found = []
            for one in wrong:
                found.append(visitor.come(method, path, authorization=one))
            for place in ("1-1", "x", "", "9" * 40, "0-0"):
                address = f"/partners/{self.addon.key}/{place}{path}"
                found.append(come(address, method, authorization=visitor.basic))
            return [(one.status_code, one.content.decode()) for one in found]

        told = await entrance.do(knock)
        assert {status for status, _ in told} == {401}
        assert len({said for _, said in told}) == 1, "who is not let in learns nothing"
        lines = await self.log_of(entrance)
        assert [one.outcome for one in lines] == [OutcomeKind.UNAUTHORISED], "a line a minute, not one a knock"
        spellings = (visitor.basic, f"Bearer {visitor.issued.key}")
        opened = [(await entrance.do(visitor.come, method, path, authorization=one)).status_code for one in spellings]
        opened.append(
            (await entrance.do(visitor.come, method, path, authorization="", x_api_key=visitor.issued.key)).status_code
        )
        assert 401 not in opened

    async def test_another_operators_credentials_open_nothing(self, entrance: Stage) -> None:
        mine = await self.invited(entrance)
        owner = (entrance.operator, entrance.actor)
        await entrance.found("OTHER")
        theirs = await self.invited(entrance)
        entrance.operator, entrance.actor = owner
        method, path = self.an_address()
        for visitor, other in ((mine, theirs), (theirs, mine)):
            answer = await entrance.do(come, other.issued.path + path, method, authorization=visitor.basic)
            assert answer.status_code == 401
            key = f"Bearer {visitor.issued.key}"
            assert (await entrance.do(come, other.issued.path + path, method, authorization=key)).status_code == 401

    @pytest.mark.req("HUB-07")
    async def test_switched_off_it_lets_nobody_in_and_on_again_issues_anew(self, entrance: Stage) -> None:
        first = await self.invited(entrance)
        method, path = self.an_address()

        async def status(visitor: Visitor) -> int:
            return int((await entrance.do(visitor.come, method, path)).status_code)

        assert await status(first) != 401
        await self.configure(entrance, on=False)
        assert await status(first) == 401
        second = Visitor((await self.configure(entrance, on=True)).issued)
        assert (await status(first), await status(second) == 401) == (401, False)
        third = Visitor(await entrance.do(issue_again, entrance.actor, second.issued.connection_id))
        assert (await status(second), await status(third) == 401) == (401, False)

    # ── Whatever comes ──────────────────────────────────────────────────────────────────────────────

    async def test_too_often_is_told_when_to_come_again(self, entrance: Stage) -> None:
        visitor = await self.invited(entrance)
        most = (self.addon.entrance.budget or USUAL).burst

        def all_at_once() -> list[Any]:
            return [visitor.come("GET", "/nothing/here") for _ in range(most + 2)]

        told = await entrance.do(all_at_once)
        assert {one.status_code for one in told[:most]} == {404}
        assert {one.status_code for one in told[most:]} == {429}
        wait = int(told[-1].headers["Retry-After"])
        assert OutcomeKind.THROTTLED in {one.outcome for one in await self.log_of(entrance)}
        entrance.clock.advance(timedelta(seconds=wait))
        assert (await entrance.do(visitor.come, "GET", "/nothing/here")).status_code == 404

    async def test_wrong_addresses_methods_and_sizes_are_told_in_the_partners_words(self, entrance: Stage) -> None:
        visitor = await self.invited(entrance)
        method, path = self.an_address()
        huge = b'{"x": "' + b"a" * self.addon.entrance.largest + b'"}'
        cases = {404: ("GET", "/nothing/here", b""), 405: ("PATCH", path, b"")}
        if method != "GET":
            cases |= {413: (method, path, huge), 400: (method, path, b"{")}
        for status, (verb, place, body) in cases.items():
            answer = await entrance.do(visitor.come, verb, place, body)
            assert answer.status_code == status
            assert self._in_the_partners_words(answer), answer.headers
            assert answer.cookies == {}
        assert "Allow" in (await entrance.do(visitor.come, "PATCH", path)).headers

    def _in_the_partners_words(self, answer: Any) -> bool:
        return "html" not in answer.headers["Content-Type"] and "Traceback" not in answer.content.decode()

    async def test_no_input_is_our_fault(self, entrance: Stage) -> None:
        scene = await self.scene(entrance)
        visitor = await self.invited(entrance)
        bodies = [wish for _, wish in self.errands(scene)]
        await entrance.do(lambda: _throw_everything(self, visitor, bodies, entrance.clock))


def _throw_everything(
    contract: VisitsContract, visitor: Visitor, examples: list[Mapping[str, Any]], clock: Any
) -> None:
    """Requests that nobody here wrote: odd paths, methods, headers, and bodies that are almost right."""
    flows = contract.addon.inbound
    known = [one.path for flow in flows for one in (flow.resources if isinstance(flow, Serve) else flow.operations)]
    words = st.text(max_size=30)
    odd = ("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59Z", "2027-03-04", "\x00", "N1AA", "-1", "NaN", "1E+999999")
    values = st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | words | st.sampled_from(odd),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
        max_leaves=5,
    )
    almost = st.sampled_from([dict(one) for one in examples] or [{}]).flatmap(
        lambda right: st.dictionaries(st.sampled_from([*right, "x"]) if right else words, values, max_size=4).map(
            lambda odd: {**right, **odd}
        )
    )
    bodies = st.sampled_from(_ODD_BODIES) | st.binary(max_size=200) | almost.map(lambda one: json.dumps(one).encode())
    methods = st.sampled_from(["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "TRACE", "BREW"])
    paths = (
        st.sampled_from(known)
        | words.map(lambda text: "/" + text)
        | st.sampled_from(
            [
                one.replace("{", "").replace("}", "") + end
                for one, end in itertools.product(known, ("", "/", "%00", "?x=%ff&x", "//"))
            ]
        )
    )
    kinds = st.sampled_from(["application/json", "text/plain", "", "application/json; charset=utf-16", "\xff"])

    @settings(max_examples=150, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(method=methods, path=paths, body=bodies, kind=kinds)
    def thrown(method: str, path: str, body: bytes, kind: str) -> None:
        clock.advance(timedelta(seconds=10))  # or it is sent away for coming too often
        answer = visitor.come(method, path, body, content_type=kind)
        assert answer.status_code < 500, (method, path, body, answer.content)
        assert contract._in_the_partners_words(answer)

    thrown()


__all__ = ["Visitor", "VisitsContract", "carry", "come"]
