"""What all parts of the contract share: the scene, the questions that an add-on may answer in its own way, and waiting.

It asks the description which flows there are; a test that is about a shape that the add-on lacks is skipped.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, ClassVar

import pytest
from django.contrib.auth import get_user_model
from django.test import Client

from airstair.hub.calls import call, calls
from airstair.hub.computing import Compute
from airstair.hub.connections.commands import ALL_AIRCRAFT, Configured
from airstair.hub.connections.queries import connection
from airstair.hub.contract import Addon
from airstair.hub.flows import Flow, MessageState, Mirror, Post, Pull, Removal
from airstair.hub.messages.queries import messages
from airstair.hub.pulls import RunLine, runs
from airstair.hub.registry import register
from airstair.hub.setting import settings_of
from airstair.hub.visits import Handoff
from airstair.kernel.units import UnitKind
from airstair.sandbox.running import RunningPartner
from airstair.testing.bringing_in import ask, bring_in
from airstair.testing.counting import counts, start_counting
from airstair.testing.stage import Stage, staged

PATIENCE = timedelta(minutes=90)  # of the stage's clock: by then a partner that is well has everything
_STEPS = (timedelta(minutes=1), timedelta(minutes=5))  # the longer one where little happens any more
_LITTLE = timedelta(minutes=10)
# A test that names one of these runs for each such flow of the add-on, and where there is none it costs nothing.
_PARAMETERS: dict[str, Callable[[Any], bool]] = {
    "any_flow": lambda flow: True,
    "mirror": lambda flow: isinstance(flow, Mirror),
    "removing": lambda flow: (
        isinstance(flow, Mirror) and flow.unit is UnitKind.FLIGHT and flow.removal is not Removal.OMIT
    ),
    "asking": lambda flow: isinstance(flow, Mirror) and flow.ask_first is not None,
    "post": lambda flow: isinstance(flow, Post),
    "pull": lambda flow: isinstance(flow, Pull),
    "compute": lambda flow: isinstance(flow, Compute),
    "handoff": lambda flow: isinstance(flow, Handoff),
}


@dataclass
class Scene:
    """Two aircraft with a flight each, as the add-on's connection finds them."""

    aircraft: list[int]
    flights: list[Any]


class Common:
    """An add-on's tests say `addon`, and answer the other questions where the usual answer does not fit."""

    addon: ClassVar[Addon]

    # The properties (or elements) of the partner's answers that hold one of a list of words. `()`: there are none.
    enumerations: ClassVar[tuple[str, ...] | None] = None
    # Registrations that the imitation takes; flight numbers that the partner takes.
    registrations: ClassVar[tuple[str, str]] = ("N1AA", "N2AA")
    numbers: ClassVar[tuple[str, str]] = ("TST101", "TST202")
    # Settings besides those that lead to the sandbox, so that every flow runs.
    values: ClassVar[Mapping[str, Any]] = {}

    def fill(self, partner: RunningPartner) -> None:
        """Give the imitation something to fetch about `registrations`, with its actions. Only pulls need it."""
        if self.addon.pulls:
            pytest.fail("Say in `fill` how the imitation comes to have something to fetch: partner.act(…).")

    def shows(self, partner: RunningPartner, flight: Any) -> bool:
        """Whether the imitation now holds the flight as it is here."""
        return flight.ades in str(partner.state())

    def errands(self, scene: Scene) -> Sequence[tuple[str, Mapping[str, Any]]]:
        """How the imitation of a partner that comes to us does so: its actions in order, one for each visit.

        Those of a partner that writes are about flights of the scene.
        """
        return [("pull", {})]

    def odd_answer(self, headers: Mapping[str, str], body: bytes) -> bytes:
        """The partner's answer with a property that nobody knows. JSON by itself; other notations say their own."""
        return with_unknown_properties(headers, body)

    def odd_words(self, headers: Mapping[str, str], body: bytes) -> bytes:
        """The partner's answer with an unknown word in each of `enumerations`."""
        return with_unknown_words(headers, body, self.enumerations or ())

    # ── From here on, nothing for an add-on to say ──────────────────────────────────────────────────

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        for name, fits in _PARAMETERS.items():
            if name in metafunc.fixturenames:
                flows = [flow for flow in self.addon.flows if fits(flow)]
                metafunc.parametrize(name, flows, ids=[flow.key for flow in flows])
        if "secret" in metafunc.fixturenames:
            needed = [
                one.name
                for one in settings_of(self.addon.settings)
                if one.meaning.secret and one.meaning.required_when_on
            ]
            metafunc.parametrize("secret", needed)

    @pytest.fixture
    def called(self) -> None:
        """Looked at before a stage is set up: there is nothing to play for an add-on that never calls."""
        if not self.addon.calls_out:
            pytest.skip("This partner is never called.")

    @pytest.fixture
    async def stage(self, called: None, house: Stage) -> Stage:
        """The stage of an add-on that calls its partner."""
        return house

    @pytest.fixture
    async def house(self, transactional_db: None, settings: Any) -> AsyncIterator[Stage]:
        async with staged(settings, self.addon.key, Stage) as made:
            register(self.addon)
            yield made

    async def scene(self, stage: Stage) -> Scene:
        aircraft = await stage.aircraft(*self.registrations)
        pairs = zip(aircraft, self.numbers, ("KEWR-KBOS", "KTEB-KDCA"), strict=True)
        flights = [await stage.flight(one, number=number, route=route) for one, number, route in pairs]
        if counts(self.addon):
            await start_counting(stage, aircraft)
        self.fill(stage.partner)
        return Scene(aircraft, flights)

    async def configure(self, stage: Stage, **wanted: Any) -> Configured:
        """The connection to the sandbox, with what is wanted of it besides."""
        values = {"environment": "sandbox", **self.values, **wanted.pop("values", {})}
        return await stage.configure(self.addon.key, values=values, **wanted)

    async def connected(self, stage: Stage, aircraft: Any = ALL_AIRCRAFT) -> int:
        """A connection that is on; answers its id."""
        made = await self.configure(stage, aircraft=aircraft, on=True)
        assert made.connection.on, f"The sandbox's own credentials must work: {made.warnings}"
        await ask(stage, self.addon, made.connection.id)
        return made.connection.id

    async def all_done(self, stage: Stage, connection_id: int, since: datetime) -> bool:
        """Whether every flow has done since then what it is for."""
        lines = await stage.lines(connection_id)
        if any(line.last_success is None or line.last_success < since for line in lines.values()):
            return False
        if {flow.key for flow in self.addon.mirrors} - {line.flow for line in lines.values()}:
            return False  # flights stand in the ledger once something is known of them
        posted = await stage.do(messages, stage.operator.id, [connection_id])
        if self.addon.posts and (not posted or any(one.state in _ON_THE_WAY for one in posted)):
            return False
        latest = await self.latest_runs(stage, connection_id)
        return all(flow.key in latest and _ended_well(latest[flow.key], since) for flow in self.addon.pulls)

    async def latest_runs(self, stage: Stage, connection_id: int) -> dict[str, RunLine]:
        """The latest run of each pull."""
        found: dict[str, RunLine] = {}
        for run in await stage.do(runs, stage.operator.id, connection_id):
            found.setdefault(run.flow, run)
        return found

    async def until_done(self, stage: Stage, connection_id: int, since: datetime) -> None:
        """Let time pass until every flow has done its work; a connection's settings say how long that takes."""
        start = stage.clock.now()
        await stage.settle()
        await bring_in(stage, self.addon, connection_id, since=since)
        while not await self.all_done(stage, connection_id, since):
            passed = stage.clock.now() - start
            if passed >= PATIENCE:
                stands = (await stage.lines(connection_id), await self.latest_runs(stage, connection_id))
                pytest.fail(f"After {PATIENCE} it is not done: {stands}")
            step = _STEPS[passed >= _LITTLE]
            await stage.advance(step, seconds=step.total_seconds())
            await bring_in(stage, self.addon, connection_id, since=since)

    async def outcomes(self, stage: Stage, connection_id: int, flow: Flow) -> list[Any]:
        """How the latest calls of a flow ended, with the words about it: lines of ledger, messages or runs."""
        if isinstance(flow, Mirror):
            every = await stage.lines(connection_id)
            return [line for line in every.values() if line.flow == flow.key and line.outcome is not None]
        if isinstance(flow, Post):
            posted = await stage.do(messages, stage.operator.id, [connection_id])
            return [one for one in posted if one.flow == flow.key and one.outcome is not None]
        await bring_in(stage, self.addon, connection_id)
        latest = await self.latest_runs(stage, connection_id)
        return [latest[flow.key]] if flow.key in latest and latest[flow.key].outcome is not None else []

    async def facts(self, stage: Stage, connection_id: int) -> Any:
        return await stage.do(connection, stage.operator.id, connection_id)

    def calls_and_pages(self, stage: Stage) -> Iterator[tuple[str, str]]:
        """Every call in the log, whole, and every page that shows the add-on, by name."""
        operator, key = stage.operator.id, self.addon.key
        lines = calls(operator, limit=20)
        assert lines
        for line in lines:
            detail = call(operator, line.id)
            yield f"call {line.id}", f"{detail} {detail.request_body!r} {detail.response_body!r}"
        client = self.admin(stage)
        addresses = ["", f"/{key}", f"/{key}/configuration", f"/{key}/activity", "/calls", f"/calls/{lines[0].id}"]
        for address in addresses:
            answer = client.get(f"/addons{address}" if address else "/addons/")
            assert answer.status_code == 200, f"/addons{address}: {answer.status_code}"
            yield f"page /addons{address}", answer.content.decode()

    def admin(self, stage: Stage) -> Client:
        """The browser of the operator's admin."""
        client = Client()
        client.force_login(get_user_model().objects.get(email=f"admin@{stage.operator.code.lower()}.example"))
        session = client.session
        session["operator_id"] = stage.operator.id
        session.save()
        return client


_ON_THE_WAY = (MessageState.READY, MessageState.SENDING)


def _ended_well(run: RunLine, since: datetime) -> bool:
    return run.started_at >= since and run.outcome is not None and run.outcome.delivered


# ── Answers that nobody documented ──────────────────────────────────────────────────────────────────

UNKNOWN_WORD = "SOMETHING_NEW"


def with_unknown_properties(headers: Mapping[str, str], body: bytes) -> bytes:
    """JSON with one more property in every object."""
    return _json_changed(headers, body, lambda found: {**found, "addedByThePartner": {"later": [1, None, "x"]}})


def with_unknown_words(headers: Mapping[str, str], body: bytes, names: tuple[str, ...]) -> bytes:
    """JSON with another word wherever one of these properties holds text."""

    def other(found: dict[str, Any]) -> dict[str, Any]:
        return {k: UNKNOWN_WORD if k in names and isinstance(v, str) else v for k, v in found.items()}

    return _json_changed(headers, body, other) if names else body


def _json_changed(headers: Mapping[str, str], body: bytes, change: Any) -> bytes:
    if not body:
        return body
    if "json" not in headers.get("content-type", ""):
        pytest.fail("The partner does not answer JSON: say in `odd_answer` and `odd_words` how its answers grow.")

    def walk(found: Any) -> Any:
        if isinstance(found, dict):
            return change({key: walk(value) for key, value in found.items()})
        return [walk(one) for one in found] if isinstance(found, list) else found

    return json.dumps(walk(json.loads(body))).encode()
