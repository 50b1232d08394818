"""Documents kept for their next turn: never an older one than would be made now."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection as database

from airstair.hub.engine import reading
from airstair.hub.engine.kept import Kept, KeptDocument
from airstair.hub.engine.readings import Readings
from airstair.hub.flows import Document
from airstair.hub.setting import Settings
from airstair.kernel.units import Unit, UnitKind
from airstair.records.flights.commands import FlightEdit, change_flight

from .stage import NOON, Stage

HOUR = timedelta(hours=1)
ONE, TWO = Unit(UnitKind.AIRCRAFT, 1), Unit(UnitKind.AIRCRAFT, 2)
OURS, THEIRS = object(), object()
SETTINGS = Settings()


def made(size: int = 100, until: datetime | None = NOON + HOUR, settings: Settings = SETTINGS) -> KeptDocument:
    return KeptDocument(Document(body=b"x" * size, good_until=until), b"fingerprint", settings, NOON)


def held(kept: Kept, unit: Unit = ONE, *, settings: Settings = SETTINGS, since: datetime = NOON, now: datetime = NOON):
    return kept.get(OURS, unit, settings, since, now)


def test_what_was_kept_is_had_again() -> None:
    kept = Kept()
    kept.begin(OURS, [ONE])
    kept.keep(OURS, ONE, one := made())
    assert held(kept) is one
    assert held(kept, TWO) is None
    assert kept.get(THEIRS, ONE, SETTINGS, NOON, NOON) is None


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_change_makes_it_be_made_again(when: str) -> None:
    kept = Kept()
    kept.begin(OURS, [ONE])
    if when == "before":
        kept.changed(OURS, ONE)  # while its snapshot is read: it may not be in it
    kept.keep(OURS, ONE, made())
    if when == "after":
        kept.changed(OURS, ONE)
    assert held(kept) is None
    assert len(kept) == 0


def test_another_senders_change_is_not_ours() -> None:
    kept = Kept()
    kept.begin(OURS, [ONE])
    kept.changed(THEIRS, ONE)
    kept.keep(OURS, ONE, made())
    assert held(kept) is not None


@pytest.mark.parametrize(
    "asked",
    [{"settings": Settings()}, {"since": NOON + HOUR}, {"now": NOON + HOUR}, {"now": NOON + 2 * HOUR}],
    ids=["settings", "history", "until", "later"],
)
def test_it_is_kept_for_what_it_was_made_of(asked: dict[str, Any]) -> None:
    kept = Kept()
    kept.begin(OURS, [ONE])
    kept.keep(OURS, ONE, made())
    assert held(kept, **asked) is None
    assert held(kept) is None, "once it was not the one wanted, it is not kept any longer"


def test_what_may_change_by_itself_at_any_time_is_not_kept() -> None:
    kept = Kept()
    kept.begin(OURS, [ONE])
    kept.keep(OURS, ONE, made(until=None))
    assert len(kept) == 0


def test_those_not_used_for_longest_give_way() -> None:
    kept = Kept(most_bytes=3_000)
    units = [Unit(UnitKind.AIRCRAFT, id_) for id_ in range(4)]
    for unit in units:
        kept.begin(OURS, [unit])
        if unit is units[3]:
            assert held(kept, units[0]) is not None  # used since: it stays
        kept.keep(OURS, unit, made(600))
    assert [held(kept, unit) is not None for unit in units] == [True, False, True, True]
    kept.drop(OURS)
    assert len(kept) == 0
    kept.begin(OURS, [ONE])
    kept.keep(OURS, ONE, made(2_500))
    assert held(kept) is not None, "the room of what was dropped is free again"


# ── Through the hub, with a partner that is sent to by the clock ─────────────────────────────────────


class Reads:
    """Counts the readings of schedules, and can do something in the middle of one."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.units = 0
        self.afterwards: Any = lambda: None
        self._read = reading.read_snapshots
        monkeypatch.setattr(reading, "read_snapshots", self)

    def __call__(self, operator_id: int, kind: UnitKind, ids: Sequence[int], since: datetime) -> Any:
        self.units += len(ids)
        found = self._read(operator_id, kind, ids, since)
        self.afterwards()
        return found


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> Reads:
    return Reads(monkeypatch)


async def test_what_has_not_changed_is_sent_again_without_being_read(stage: Stage, reads: Reads) -> None:
    for registration in ("N1AA", "N2BB"):
        (aircraft,) = await stage.aircraft(registration)
        await stage.flight(aircraft, NOON + timedelta(hours=5))
    await stage.switch_on()
    await stage.start()
    await stage.advance(minutes=16)
    assert reads.units == 2
    calls = stage.partner.calls("N1AA")
    assert len(calls) == 4
    assert len({call.body for call in calls}) == 1


async def test_only_what_was_edited_is_read_again(stage: Stage, reads: Reads) -> None:
    one, two = await stage.aircraft("N1AA", "N2BB")
    flight = await stage.flight(one, NOON + timedelta(hours=5))
    await stage.flight(two, NOON + timedelta(hours=5))
    await stage.switch_on()
    await stage.start()
    await stage.do(change_flight, stage.actor, flight.id, FlightEdit(ades="KJFK"))
    await stage.advance(minutes=6)
    assert reads.units == 3
    assert ["KJFK" in call.body for call in stage.partner.calls("N1AA")] == [False, True]


async def test_an_end_of_a_flight_shows_by_itself(stage: Stage, reads: Reads) -> None:
    """An option that has ended without being confirmed is not sent any longer: nobody has changed anything."""
    (aircraft,) = await stage.aircraft("N1AA")
    await stage.flight(aircraft, NOON - timedelta(days=1), "KBOS-KEWR")
    await stage.flight(aircraft, NOON + timedelta(minutes=2), status="OPTION")
    await stage.switch_on(send_options=True)
    await stage.start()
    await stage.advance(timedelta(minutes=5), minutes=90)
    calls = stage.partner.calls("N1AA")
    assert [call.at < NOON + timedelta(minutes=62) for call in calls] == ["OPTION" in call.body for call in calls]
    assert reads.units == 2


async def test_settings_count_at_once(stage: Stage, reads: Reads) -> None:
    (aircraft,) = await stage.aircraft("N1AA")
    await stage.flight(aircraft, NOON + timedelta(hours=5), status="OPTION")
    await stage.switch_on()
    await stage.start()
    await stage.configure("avinode", values={"send_options": True})
    await stage.advance(minutes=6)
    assert "OPTION" in stage.partner.calls("N1AA")[-1].body


@pytest.mark.req("HUB-21")
async def test_an_edit_counts_that_the_dispatcher_has_not_heard_of(
    stage: Stage, reads: Reads, monkeypatch: pytest.MonkeyPatch
) -> None:
    (aircraft,) = await stage.aircraft("N1AA")
    flight = await stage.flight(aircraft, NOON + timedelta(hours=5))
    await stage.switch_on()
    await stage.start()

    async def deaf(self: Readings) -> tuple[list[Any], frozenset[int]]:
        return [], frozenset()

    monkeypatch.setattr(Readings, "read", deaf)
    await stage.do(change_flight, stage.actor, flight.id, FlightEdit(ades="KJFK"))
    await stage.advance(minutes=5)
    assert "KJFK" in stage.partner.calls("N1AA")[-1].body


@pytest.mark.req("HUB-21")
async def test_an_edit_counts_that_came_while_the_schedule_was_read(stage: Stage, reads: Reads) -> None:
    (aircraft,) = await stage.aircraft("N1AA")
    flight = await stage.flight(aircraft, NOON + timedelta(hours=5))
    await stage.switch_on()
    dispatcher = await stage.start(settle=False)

    def edit() -> None:
        """After the reading, and heard of before the document is made."""
        reads.afterwards = lambda: None
        heard = dispatcher._readings.latest
        change_flight(stage.actor, flight.id, FlightEdit(ades="KJFK"))
        database.close()
        give_up = time.monotonic() + 10
        while dispatcher._readings.latest == heard and time.monotonic() < give_up:
            time.sleep(0.005)

    reads.afterwards = edit
    await asyncio.wait_for(dispatcher.settle(), 20)
    await stage.advance(minutes=6)
    assert ["KJFK" in call.body for call in stage.partner.calls("N1AA")] == [False, True]
