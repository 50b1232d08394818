"""What an add-on will not send without a person's word: hours and cycles that go down. And whose hours they are."""

from __future__ import annotations

import asyncio
import json
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import msgspec
import pytest

from airstair.hub.approvals import send_anyway
from airstair.hub.engine import reading
from airstair.hub.engine.saver import Saver
from airstair.hub.exports import export_now, run
from airstair.hub.flows import Document, Every, Horizon, OnChange
from airstair.hub.health import Health, cards, notices
from airstair.hub.promises import LedgerLine
from airstair.hub.watchman import watch
from airstair.kernel.errors import Conflict, Forbidden, NotFound
from airstair.kernel.outcome import OutcomeKind
from airstair.kernel.units import Unit, UnitKind
from airstair.records.flights.commands import FlightEdit, change_flight

from .own_partner import Receiver, own_addon
from .stage import Stage

FLOW = "legs"  # what the tests' own partner calls its flow


class Counted(NamedTuple):
    """What the stand-in for the journey log's reader answers."""

    tail: str
    hours: int


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> dict[int, int]:
    """Aircraft → hours, for a reader of the tests' own."""
    hours: dict[int, int] = {}

    def counters(operator_id: int, ids: Any, *, since: datetime) -> dict[int, Counted]:
        return {id_: Counted(f"N{id_}", hours[id_]) for id_ in ids if id_ in hours}

    monkeypatch.setitem(reading._READERS, UnitKind.COUNTERS, counters)
    return hours


def document(snapshot: Counted, settings: Any, now: datetime) -> Document:
    return Document(body=json.dumps({"tail": snapshot.tail, "hours": snapshot.hours}).encode())


def lower(accepted: bytes, new: Document) -> str | None:
    was, now = json.loads(accepted)["hours"], json.loads(new.body)["hours"]
    return f"The total would go down from {was} to {now}." if now < was else None


def counting(**facts: Any) -> None:
    usual: dict[str, Any] = {
        "title": "Hours and cycles",
        "unit": UnitKind.COUNTERS,
        "trigger": OnChange(),
        "horizon": Horizon(back=timedelta(days=2)),
        "document": document,
        "ask_first": lower,
    }
    own_addon("own", **{**usual, **facts})


class Scene:
    """One aircraft whose hours go up and down."""

    def __init__(self, stage: Stage, receiver: Receiver, log: dict[int, int]) -> None:
        self.stage, self.receiver, self.log = stage, receiver, log

    async def begin(self, hours: int = 100, **facts: Any) -> Scene:
        counting(**facts)
        (self.aircraft,) = await self.stage.aircraft("N1AA")
        self.flight = await self.stage.flight(self.aircraft)
        self.unit = Unit(UnitKind.COUNTERS, self.aircraft)
        self.log[self.aircraft] = hours
        self.connection = await self.stage.connect(self.receiver)
        await self.stage.start()
        assert self.sent == [hours]
        return self

    @property
    def sent(self) -> list[int]:
        return [call.body["hours"] for call in self.receiver.calls]

    async def now(self, hours: int, *, settle: bool = True) -> None:
        """The log is corrected: a change that names the flight and its aircraft."""
        self.log[self.aircraft] = hours
        edit = FlightEdit(notes=f"{hours} hours, {len(self.receiver.calls)}")
        await self.stage.do(change_flight, self.stage.actor, self.flight.id, edit)
        if settle:
            await self.stage.settle()

    async def line(self) -> LedgerLine:
        (line,) = (await self.stage.lines(self.connection)).values()
        return line

    async def approve(self, question: str | None = None) -> None:
        asked = (await self.line()).question if question is None else question
        await self.stage.do(
            send_anyway, self.stage.actor, self.connection, FLOW, self.unit, asked, clock=self.stage.clock
        )
        await self.stage.settle()


@pytest.fixture
def scene(stage: Stage, receiver: Receiver, log: dict[int, int]) -> Scene:
    return Scene(stage, receiver, log)


async def test_a_change_that_names_the_aircraft_sends_its_counters_once(scene: Scene) -> None:
    await scene.begin()
    await scene.now(101)
    await scene.now(101)
    assert scene.sent == [100, 101]
    line = await scene.line()
    assert (line.title, line.unit, line.aircraft_id) == ("N1AA", scene.unit, scene.aircraft)


async def test_a_total_that_goes_down_waits_for_a_person(scene: Scene) -> None:
    await scene.begin()
    await scene.now(95)
    await scene.stage.advance(hours=13, step=timedelta(hours=1))
    assert scene.sent == [100]
    line = await scene.line()
    assert line.question and line.outcome is OutcomeKind.REFUSED
    assert line.messages[0].text == "The total would go down from 100 to 95."
    (card,) = [card for card in await scene.stage.do(cards, scene.stage.operator.id) if card.addon.key == "own"]
    assert (card.health, "go down" in card.sentence) == (Health.WAITING, True)
    await scene.stage.do(watch, clock=scene.stage.clock)
    (notice,) = await scene.stage.do(notices, scene.stage.operator.id)
    assert notice.kind == "waiting"
    await scene.approve()
    assert scene.sent == [100, 95]
    assert (await scene.line()).question == ""
    await scene.stage.do(watch, clock=scene.stage.clock)
    assert not await scene.stage.do(notices, scene.stage.operator.id)
    who = await scene.stage.sql(
        "SELECT actor_label, title, after FROM changes_change WHERE kind = 'connection.approved'"
    )
    assert who[0][1] == "Own: N1AA" and "95" in who[0][2]
    await scene.now(94)
    assert scene.sent == [100, 95], "one yes is for one document"


async def test_it_goes_by_itself_when_the_document_asks_no_more(scene: Scene) -> None:
    await scene.begin()
    await scene.now(95)
    await scene.now(100)
    assert scene.sent == [100] and (await scene.line()).question == "", "no difference, no question"
    await scene.now(95)
    await scene.now(105)
    assert scene.sent == [100, 105] and (await scene.line()).question == ""


async def test_a_yes_is_for_that_very_document(scene: Scene) -> None:
    await scene.begin()
    await scene.now(95)
    question = (await scene.line()).question
    await scene.now(90)
    with pytest.raises(Conflict, match="changed meanwhile"):
        await scene.approve(question)
    await scene.stage.end(scene.stage.dispatchers[0])
    await scene.approve()
    await scene.now(80, settle=False)
    await scene.stage.start()
    assert scene.sent == [100], "it said yes to 90, and now it would be 80"
    await scene.approve()
    assert scene.sent == [100, 80]
    with pytest.raises(Conflict):
        await scene.approve("00")
    with pytest.raises(NotFound):
        await scene.stage.do(send_anyway, scene.stage.actor, scene.connection, "other", scene.unit, "")
    nobody = msgspec.structs.replace(scene.stage.actor, rights=frozenset())
    with pytest.raises(Forbidden):
        await scene.stage.do(send_anyway, nobody, scene.connection, FLOW, scene.unit, "")
    await scene.stage.switch_off("own")
    with pytest.raises(Conflict, match="switched off"):
        await scene.approve("")


@pytest.mark.parametrize("mode", ["drop_after", "503"])
async def test_what_may_have_arrived_counts_as_accepted(scene: Scene, mode: str) -> None:
    await scene.begin()
    scene.receiver.mode = mode
    await scene.now(110)
    await scene.stage.end(scene.stage.dispatchers[0])
    scene.receiver.mode = "ok"
    await scene.now(105, settle=False)
    await scene.stage.start()
    await scene.stage.advance(hours=1, step=timedelta(minutes=10))
    assert scene.sent[-1] == 110, "110 may be there"
    assert "from 110 to 105" in (await scene.line()).messages[0].text


async def test_what_was_certainly_refused_does_not_count(scene: Scene) -> None:
    await scene.begin()
    scene.receiver.mode = "400"
    await scene.now(110)
    scene.receiver.mode = "ok"
    await scene.now(105)
    assert scene.sent == [100, 110, 105]


@pytest.mark.req("HUB-28")
@pytest.mark.parametrize("step", ["in the call", "unsaved"])
async def test_a_killed_worker_does_not_make_a_total_go_down(
    scene: Scene, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await scene.begin()
    reached = asyncio.Event()

    async def hang(*_: Any) -> None:
        reached.set()
        await asyncio.Event().wait()

    if step == "in the call":
        scene.receiver.hold()
    else:
        monkeypatch.setattr(Saver, "flush", hang)
    await scene.now(110, settle=False)
    await scene.stage.until(lambda: scene.receiver.at_once if step == "in the call" else reached.is_set())
    await scene.stage.kill(scene.stage.dispatchers[0])
    monkeypatch.undo()
    scene.receiver.release()
    monkeypatch.setitem(
        reading._READERS, UnitKind.COUNTERS, lambda o, ids, *, since: {i: Counted(f"N{i}", scene.log[i]) for i in ids}
    )
    await scene.now(105, settle=False)
    await scene.stage.start()
    assert scene.sent == [100, 110]
    await scene.stage.kill(scene.stage.dispatchers[0])
    await scene.stage.start()
    assert (await scene.line()).question, "who takes over asks the same"
    await scene.approve()
    assert scene.sent == [100, 110, 105]
    await scene.now(106)
    assert scene.sent[-1] == 106


async def test_an_export_of_what_is_held_ends(scene: Scene) -> None:
    await scene.begin()
    await scene.now(95)
    asked = await scene.stage.do(export_now, scene.stage.actor, scene.connection, clock=scene.stage.clock)
    await scene.stage.settle()
    progress = await scene.stage.do(run, scene.stage.operator.id, asked.run_id)
    assert progress.finished_at is not None and progress.by_outcome == {OutcomeKind.REFUSED: 1}
    assert scene.sent == [100] and (await scene.line()).question


async def test_a_clock_asks_first_too(scene: Scene) -> None:
    await scene.begin(trigger=Every(minutes=lambda settings: settings.minutes))
    await scene.now(95)
    await scene.stage.advance(minutes=20)
    assert set(scene.sent) == {100}
    before = len(scene.sent)
    await scene.approve()
    assert scene.sent[before:] == [95]
    await scene.stage.advance(minutes=10)
    assert set(scene.sent[before:]) == {95}


async def test_a_comparison_that_fails_holds_it_back(scene: Scene) -> None:
    def broken(accepted: bytes, new: Document) -> str | None:
        raise KeyError("hours")

    await scene.begin(ask_first=broken)
    await scene.now(110)
    assert scene.sent == [100]
    assert (await scene.line()).outcome is OutcomeKind.UNREADABLE
