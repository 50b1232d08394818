"""The part of the contract about what is kept: secrets nowhere, clocks that move, counts that add up, ticks obeyed."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings as django_settings

from airstair.hub.calls import call, calls
from airstair.hub.flows import MessageState, Post, Pull
from airstair.hub.messages.queries import messages
from airstair.hub.pulls import pulls_of, runs
from airstair.hub.setting import secret_names
from airstair.records.flights.commands import FlightEdit, change_flight
from airstair.testing.bringing_in import ask
from airstair.testing.common import Common
from airstair.testing.stage import Stage

# What an operator's people and an installation's keeper can read, besides pages.
_TABLES = ("changes_change", "hub_call", "hub_ledger", "hub_message", "hub_notice", "hub_pull_run", "hub_connection")


class BooksContract(Common):
    """What holds for what is written down."""

    # ── Secrets ─────────────────────────────────────────────────────────────────────────────────────

    @pytest.mark.req("HUB-05")
    async def test_no_secret_is_in_logs_calls_or_pages(self, stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level(logging.DEBUG)
        await self.scene(stage)
        began = stage.clock.now()
        connection = await self.connected(stage)
        stage.partner.faults.add("expired_credentials", count=1)
        stage.partner.faults.add("half_body", count=1)
        await stage.start()
        stage.partner.faults.clear()
        await self.until_done(stage, connection, began)
        secrets = self._secrets()
        assert secrets or not secret_names(self.addon.settings), "for_sandbox: name the secrets that open the imitation"
        places = {"the log": caplog.text}
        places |= {f"table {name}": await self._table(stage, name) for name in _TABLES}
        places |= dict(await stage.do(lambda: list(self.calls_and_pages(stage))))
        found = [place for place, text in places.items() if any(secret in text for secret in secrets)]
        assert found == []

    def _secrets(self) -> list[str]:
        assert self.addon.for_sandbox is not None
        values = self.addon.for_sandbox(django_settings.SANDBOX_URL)
        names = secret_names(self.addon.settings)
        return [str(values[name]) for name in names if len(str(values.get(name, ""))) >= 4]

    async def _table(self, stage: Stage, name: str) -> str:
        return str(await stage.sql(f"SELECT to_jsonb(t)::text FROM {name} t"))  # noqa: S608 - one of the names above

    # ── Ticks ───────────────────────────────────────────────────────────────────────────────────────

    @pytest.mark.req("HUB-09")
    async def test_nothing_of_an_unticked_aircraft_leaves(self, stage: Stage) -> None:
        scene = await self.scene(stage)
        began = stage.clock.now()
        connection = await self.connected(stage, aircraft=scene.aircraft[:1])
        await stage.start()
        await self.until_done(stage, connection, began)
        await stage.do(change_flight, stage.actor, scene.flights[1].id, FlightEdit(ades="KJFK"))
        await stage.advance(minutes=15, step=timedelta(minutes=5))
        for one in stage.partner.calls():
            sent = f"{one.path} {one.headers} {one.body}"
            assert self.registrations[1] not in sent and self.numbers[1] not in sent

    # ── Clocks ──────────────────────────────────────────────────────────────────────────────────────

    async def test_a_pulls_clocks_move_as_they_should(self, stage: Stage, pull: Pull) -> None:
        await self.scene(stage)
        began = stage.clock.now()
        connection = await self.connected(stage)
        await stage.start()
        await self.until_done(stage, connection, began)
        first = await self._pull_line(stage, connection, pull)
        assert first.last_success is not None and first.last_success >= began
        stage.partner.faults.add("status", status=503)
        await stage.advance(minutes=60, step=timedelta(minutes=5))
        await ask(stage, self.addon, connection)
        await stage.advance(minutes=1)
        failed = await self._pull_line(stage, connection, pull)
        assert failed.begun_at > first.begun_at
        assert failed.last_success <= stage.clock.now() - timedelta(minutes=60)
        assert failed.failures > 0
        stage.partner.faults.clear()
        mended = stage.clock.now()
        await self.until_done(stage, connection, mended)
        last = await self._pull_line(stage, connection, pull)
        assert last.last_success >= mended and last.failures == 0

    async def _pull_line(self, stage: Stage, connection: int, pull: Pull) -> Any:
        facts = await self.facts(stage, connection)
        lines = (await stage.do(pulls_of, stage.operator.id, [facts]))[connection]
        return next(line for line in lines if line.flow == pull.key)

    async def test_a_posts_clocks_move_as_they_should(self, stage: Stage, post: Post) -> None:
        await self.scene(stage)
        began = stage.clock.now()
        connection = await self.connected(stage)
        await stage.start()
        await self.until_done(stage, connection, began)
        found = [one for one in await self.outcomes(stage, connection, post) if one.state is MessageState.DELIVERED]
        assert found
        for one in found:
            assert began <= one.made_at <= one.sent_at <= one.ended_at <= stage.clock.now()

    # ── Counts ──────────────────────────────────────────────────────────────────────────────────────

    async def test_counts_add_up(self, stage: Stage) -> None:
        await self.scene(stage)
        began = stage.clock.now()
        connection = await self.connected(stage)
        await stage.start()
        await self.until_done(stage, connection, began)
        pulled = {flow.key for flow in self.addon.pulls}
        logged = await stage.do(calls, stage.operator.id)
        for line in (one for one in logged if one.flow not in pulled):
            detail = await stage.do(call, stage.operator.id, line.id)
            assert line.sent == len(detail.parts), "client: `sent` counts the parts of the document"
        for title, entry in (await stage.lines(connection)).items():
            sent = await stage.do(call, stage.operator.id, entry.call_id)
            assert len(sent.units) > 1 or entry.sent == sent.sent, title
        posted = await stage.do(messages, stage.operator.id, [connection])
        assert all(one.tries == 1 for one in posted if one.state is MessageState.DELIVERED)
        every = await stage.do(runs, stage.operator.id, connection)
        assert sum(line.sent for line in logged if line.flow in pulled) == sum(run.fetched for run in every)
        for run in every:
            assert run.fetched == run.new + run.updated + run.unchanged + run.skipped > 0
            assert len(run.reasons) == run.skipped, "every skipped item has its reason"
