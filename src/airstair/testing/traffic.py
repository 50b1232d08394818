"""The part of the contract that goes through the hub: what reaches the partner, how often, and after which mishap."""

from __future__ import annotations

import asyncio
import dataclasses
import itertools
import threading
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from airstair.hub.engine.saver import Saver
from airstair.hub.flows import MessageState, Mirror, OnChange, Post, Pull
from airstair.hub.http import Answer, PartnerHttp
from airstair.hub.messages.queries import messages
from airstair.hub.pulls import RunLine, runs
from airstair.hub.registry import register
from airstair.kernel.errors import Invalid
from airstair.kernel.outcome import OutcomeKind
from airstair.records.flights.commands import FlightEdit, change_flight
from airstair.testing.common import PATIENCE, Common
from airstair.testing.stage import Stage

_HALF_A_MINUTE = timedelta(seconds=30)
_STEPS = ("before the partner worked on it", "before the partner answered", "before it was written down")
_MISHAPS: tuple[dict[str, Any], ...] = (
    {"kind": "status", "status": 500},
    {"kind": "status", "status": 503},
    {"kind": "html"},
    {"kind": "half_body"},
    {"kind": "drop_before"},
    {"kind": "drop_after"},
)


def _named(mishap: dict[str, Any]) -> str:
    return f"{mishap['kind']} {mishap.get('status', '')}".strip()


class TrafficContract(Common):
    """What holds for every call."""

    async def edited(self, stage: Stage, flight: Any, ades: str) -> Any:
        """The flight goes somewhere else."""
        return await stage.do(change_flight, stage.actor, flight.id, FlightEdit(ades=ades))

    def times_sent(self, stage: Stage, flight: Any) -> int:
        """How many calls named the flight."""
        return sum(flight.number in call.body for call in stage.partner.calls())

    # ── Connecting ──────────────────────────────────────────────────────────────────────────────────

    @pytest.mark.req("HUB-06")
    async def test_wrong_credentials_are_named_and_open_nothing(self, stage: Stage, secret: str) -> None:
        await self.scene(stage)
        wrong = "wrong-credentials-0123456789"
        made = await self.configure(stage, values={secret: wrong}, on=True, aircraft="all")
        if self.addon.check is not None:
            assert not made.connection.on, "what the partner refuses is not left on"
            assert [one.field for one in made.warnings if one.field], "check: name the wrong field in the message"
            assert wrong not in str(made.warnings)
            return
        await stage.start()
        for flow in self.addon.flows:
            found = await self.outcomes(stage, made.connection.id, flow)
            assert {one.outcome for one in found} <= {OutcomeKind.UNAUTHORISED}, [one.outcome for one in found]

    async def test_what_opens_the_sandbox_is_refused_in_earnest(self, stage: Stage, secret: str) -> None:
        assert self.addon.for_sandbox is not None
        public = self.addon.for_sandbox(stage.sandbox.url)[secret]
        with pytest.raises(Invalid) as refused:
            await stage.configure(self.addon.key, values={"environment": "live", secret: public})
        assert secret in {problem.field for problem in refused.value.problems}

    @pytest.mark.req("HUB-07")
    async def test_nothing_is_called_before_it_is_on_and_after_it_is_off(self, stage: Stage) -> None:
        scene = await self.scene(stage)
        await self.configure(stage, aircraft="all", on=False)
        await stage.start()
        await stage.advance(minutes=10, step=timedelta(minutes=5))
        assert not stage.partner.calls()
        began = stage.clock.now()
        connection = await self.connected(stage)
        await self.until_done(stage, connection, began)
        await self.configure(stage, on=False)
        await stage.settle()
        before = stage.partner.begun()
        assert before
        flight = await self.edited(stage, scene.flights[0], "KJFK")
        await stage.advance(hours=1, step=timedelta(minutes=10))
        assert stage.partner.begun() == before
        await self.configure(stage, on=True)
        give_up = stage.clock.now() + PATIENCE
        await stage.settle()
        while not self.arrived(stage, flight):
            assert stage.clock.now() < give_up, "on again, the partner gets what it has missed"
            await stage.advance(minutes=1)

    def arrived(self, stage: Stage, flight: Any) -> bool:
        """Whether the partner holds the flight, if it is one that holds flights."""
        return not self.addon.mirrors or self.shows(stage.partner, flight)

    async def test_one_account_connected_twice_gets_nothing_twice(self, stage: Stage) -> None:
        scene = await self.scene(stage)
        began = stage.clock.now()
        first = await self.connected(stage)
        second = await self.configure(stage, name="second", aircraft=scene.aircraft[1:], on=True)
        await stage.start()
        await self.until_done(stage, first, began)
        await stage.advance(minutes=2)
        accounts = {row[0] for row in await stage.sql("SELECT account FROM hub_connection")}
        assert len(accounts) == 1, "addon.py: account= what the partner counts calls by; both connections have the same"
        both = [first, second.connection.id]
        lines = [set(await stage.lines(one)) for one in both]
        assert not lines[0] & lines[1]
        posted = await stage.do(messages, stage.operator.id, both)
        assert len({(one.flow, one.unit) for one in posted}) == len(posted)
        every = [run for one in both for run in await stage.do(runs, stage.operator.id, one)]
        for pull in self.addon.pulls:
            mine = [run for run in every if run.flow == pull.key]
            assert sum(run.new for run in mine) <= max(run.fetched for run in mine)

    # ── Once ────────────────────────────────────────────────────────────────────────────────────────

    async def test_a_second_run_changes_nothing(self, stage: Stage) -> None:
        await self.scene(stage)
        began = stage.clock.now()
        connection = await self.connected(stage)
        worker = await stage.start()
        await self.until_done(stage, connection, began)
        lines, calls = await stage.lines(connection), len(stage.partner.calls())
        posted = len(await stage.do(messages, stage.operator.id, [connection]))
        first = await self.latest_runs(stage, connection)
        await stage.end(worker)
        await stage.sql("UPDATE hub_pull SET cursor = NULL")  # the partner is read from its beginning once more
        await stage.sql("UPDATE hub_cursor SET compared_at = NULL")  # and everything is compared
        await stage.advance(hours=1, step=timedelta(hours=1))
        again = stage.clock.now()
        await stage.start()
        await self.until_done(stage, connection, began if self._only_on_change() else again)
        after = await stage.lines(connection)
        for title, line in lines.items():
            assert after[title].last_change == line.last_change, (
                "equal meaning, equal bytes: `now` is not in a document"
            )
        if self._only_on_change():
            assert len(stage.partner.calls()) == calls, "no difference, no call"
        assert len(await stage.do(messages, stage.operator.id, [connection])) == posted
        for key, run in (await self.latest_runs(stage, connection)).items():
            assert (run.new, run.updated) == (0, 0), "what was absorbed before is there already: answer `unchanged`"
            assert first[key].fetched == run.fetched > 0

    def _only_on_change(self) -> bool:
        """Whether nothing is ever called without a difference."""
        return all(isinstance(flow.trigger, OnChange) for flow in self._calling)

    # ── Mishaps ─────────────────────────────────────────────────────────────────────────────────────

    @pytest.mark.req("HUB-28")
    @pytest.mark.parametrize("step", _STEPS)
    async def test_after_a_crash_the_partner_ends_up_right(
        self, stage: Stage, step: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        scene = await self.scene(stage)
        began = stage.clock.now()
        connection = await self.connected(stage)
        reached, go_on = self._hung(stage, step, monkeypatch)
        worker = await stage.start(settle=False)
        await stage.until(reached, "The worker did not get so far.")
        await stage.kill(worker)
        monkeypatch.undo()
        go_on()
        await stage.start()
        await self.until_done(stage, connection, began)
        assert all(self.arrived(stage, flight) for flight in scene.flights)
        if self.addon.posts:
            assert all(self.times_sent(stage, flight) <= len(self.addon.posts) for flight in scene.flights)
            posted = await stage.do(messages, stage.operator.id, [connection])
            assert {one.state for one in posted} <= {MessageState.DELIVERED, MessageState.DOUBTFUL}

    def _hung(
        self, stage: Stage, step: str, monkeypatch: pytest.MonkeyPatch
    ) -> tuple[Callable[[], bool], Callable[[], None]]:
        """Hang the next worker at that step; answers what tells that it got there, and what lets go."""
        if step != _STEPS[2]:
            before = stage.partner.begun()
            stage.partner.faults.add("hang" if step == _STEPS[0] else "hang_after")
            return lambda: stage.partner.begun() > before, stage.partner.faults.clear
        reached, go = threading.Event(), threading.Event()

        async def flush(*_: Any) -> None:
            reached.set()
            await asyncio.Event().wait()

        def page(*_: Any) -> None:
            reached.set()
            go.wait(20)
            raise RuntimeError("The worker died here.")

        if self.addon.mirrors or self.addon.posts:
            monkeypatch.setattr(Saver, "flush", flush)
        if self.addon.pulls:
            monkeypatch.setattr("airstair.hub.engine.pulling.absorb_page", page)
            monkeypatch.setattr("airstair.hub.engine.pulling.stage_page", page)
        return reached.is_set, go.set

    @pytest.mark.parametrize("mishap", _MISHAPS, ids=_named)
    async def test_a_mishap_is_told_and_passes(self, stage: Stage, mishap: dict[str, Any]) -> None:
        scene = await self.scene(stage)
        connection = await self.connected(stage)
        stage.partner.faults.add(**mishap)
        await stage.start()
        give_up = stage.clock.now() + PATIENCE
        while not all(found := await self._told(stage, connection)):
            assert stage.clock.now() < give_up, "every call ends in an outcome"
            await stage.advance(minutes=1)  # some flow met with the mishap first
        for one in itertools.chain(*found):
            assert not one.outcome.delivered, f"{one}: {_named(mishap)} is no success"
            assert one.messages, "every failure has words"
        stage.partner.faults.clear()
        await self.until_done(stage, connection, stage.clock.now())
        assert all(self.arrived(stage, flight) for flight in scene.flights)

    async def _told(self, stage: Stage, connection: int) -> list[list[Any]]:
        """How the latest calls of each flow ended. One run is enough for all: they share pauses and budget."""
        return [await self.outcomes(stage, connection, flow) for flow in self._calling]

    @property
    def _calling(self) -> tuple[Mirror | Post | Pull, ...]:
        """The flows that call the partner."""
        return (*self.addon.mirrors, *self.addon.posts, *self.addon.pulls)

    @pytest.mark.req("HUB-25")
    async def test_a_wait_that_the_partner_asks_for_is_kept(self, stage: Stage) -> None:
        await self.scene(stage)
        connection = await self.connected(stage)
        stage.partner.faults.add("rate_limit", retry_after=150)
        await stage.start()
        told = await self._told(stage, connection)  # the first flow's pause may come before another's first call
        assert OutcomeKind.THROTTLED in {one.outcome for found in told for one in found}
        before = stage.partner.begun()
        stage.partner.faults.clear()
        await stage.advance(minutes=2, step=_HALF_A_MINUTE)
        assert stage.partner.begun() == before, "client: read Retry-After into the outcome's `retry_after`"
        await self.until_done(stage, connection, stage.clock.now())

    @pytest.mark.req("HUB-27")
    async def test_a_call_without_an_answer_ends_at_its_deadline(self, stage: Stage) -> None:
        short = [
            dataclasses.replace(one, deadline=timedelta(seconds=1)) if isinstance(one, Mirror | Post | Pull) else one
            for one in self.addon.flows
        ]
        register(dataclasses.replace(self.addon, flows=tuple(short)))
        await self.scene(stage)
        connection = await self.connected(stage)
        stage.partner.faults.add("hang", count=1)
        await stage.start()
        every = itertools.chain(*await self._told(stage, connection))
        # What goes before a message (a log-in) may have been seen; the message certainly was not.
        lost = {OutcomeKind.UNKNOWN, OutcomeKind.UNAVAILABLE} if self.addon.posts else {OutcomeKind.UNKNOWN}
        assert lost & {one.outcome for one in every}
        register(self.addon)
        stage.partner.faults.clear()
        await self.until_done(stage, connection, stage.clock.now())

    # ── What nobody documented ──────────────────────────────────────────────────────────────────────

    async def test_properties_that_nobody_knows_do_no_harm(self, stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(PartnerHttp, "request", _answering(self.odd_answer))
        connection = await self._run_once(stage)
        found = list(itertools.chain(*await self._told(stage, connection)))
        assert found
        for one in found:
            assert one.outcome is OutcomeKind.ACCEPTED, "wire.py: tolerant in"
            assert not isinstance(one, RunLine) or (one.fetched and not one.skipped), one.reasons

    async def test_words_that_nobody_knows_do_no_harm(self, stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(PartnerHttp, "request", _answering(self.odd_words))
        connection = await self._run_once(stage)
        found = list(itertools.chain(*await self._told(stage, connection)))
        assert found
        for one in found:
            assert one.outcome is not OutcomeKind.UNREADABLE, "wire.py: read enumerations as text, and judge them later"
            assert not isinstance(one, RunLine) or one.fetched, one.messages

    async def _run_once(self, stage: Stage) -> int:
        await self.scene(stage)
        connection = await self.connected(stage)
        await stage.start()
        return connection


def _answering(change: Callable[[Any, bytes], bytes]) -> Callable[..., Awaitable[Answer]]:
    real = PartnerHttp.request

    async def request(self: PartnerHttp, *args: Any, **more: Any) -> Answer:
        answer = await real(self, *args, **more)
        return msgspec.structs.replace(answer, body=change(answer.headers, answer.body))

    return request
