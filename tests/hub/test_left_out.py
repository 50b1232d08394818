"""An import is left out of the reading that meets it, and read afterwards in portions: nothing of it is lost."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from airstair.changes.cursor import CURRENT
from airstair.hub.engine.dispatcher import database_address
from airstair.hub.engine.readings import Readings
from airstair.hub.engine.store import LeftOut, Store
from airstair.kernel.units import UnitKind
from airstair.records.fleet.commands import AircraftEdit, change_aircraft
from airstair.records.flights.commands import FlightEdit, FlightInput, FlightRow, change_flight, write_flights

from .own_partner import Receiver, own_addon
from .stage import NOON, Stage

pytestmark = pytest.mark.req("HUB-21")


@pytest.fixture(autouse=True)
def small_portions(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, size in {"_READ_ALONG": 3, "_PORTION": 4, "_TOLD": 2}.items():
        monkeypatch.setattr(f"airstair.hub.engine.readings.{name}", size)


async def imported(stage: Stage, aircraft: list[int], *, ades: str = "KBOS", each: int = 4) -> None:
    def flight(one: int, number: int) -> FlightInput:
        std = NOON + timedelta(hours=3 * number)
        return FlightInput(
            aircraft_id=one, number=f"T{number}", adep="KEWR", ades=ades, std=std, sta=std + timedelta(hours=1)
        )

    numbers = range(1, each + 1)
    rows = [
        FlightRow(import_key=f"{one}/{number}", flight=flight(one, number)) for one in aircraft for number in numbers
    ]
    done = await stage.do(write_flights, stage.actor, rows)
    assert not done.refused


def routes(receiver: Receiver, tail: str) -> list[str]:
    return [leg[2] for leg in receiver.held[tail]["legs"]]


class Portions:
    """Counts the portions that were read, and can keep the next ones from being read."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.read = 0
        self.stopped = False
        self._real = Readings.read_left_out
        monkeypatch.setattr(Readings, "read_left_out", lambda readings, kinds_of: self(readings, kinds_of))

    async def __call__(self, readings: Readings, kinds_of: Any) -> Any:
        if self.stopped:
            return None
        found = await self._real(readings, kinds_of)
        self.read += found is not None
        return found


@pytest.fixture
def portions(monkeypatch: pytest.MonkeyPatch) -> Portions:
    return Portions(monkeypatch)


async def test_it_reaches_the_partner_each_aircraft_once(stage: Stage, receiver: Receiver, portions: Portions) -> None:
    own_addon()
    aircraft = await stage.aircraft(*(f"N{number}AA" for number in range(1, 6)))
    await stage.connect(receiver)
    await stage.start()
    receiver.calls.clear()
    await imported(stage, aircraft)
    await stage.settle()
    assert portions.read > 5
    assert sorted(receiver.tails()) == [f"N{number}AA" for number in range(1, 6)]
    assert all(routes(receiver, tail) == ["KBOS"] * 4 for tail in receiver.held)


async def test_a_clock_sends_nothing_that_was_made_before_it(stage: Stage, portions: Portions) -> None:
    (aircraft,) = await stage.aircraft("N1AA")
    await imported(stage, [aircraft])
    await stage.switch_on()
    await stage.start()
    await imported(stage, [aircraft], ades="KJFK")
    portions.stopped = True
    dispatcher = stage.dispatchers[0]
    await stage.until(lambda: dispatcher._readings.more)
    stage.clock.advance(timedelta(minutes=6))
    await stage.until(lambda: len(stage.partner.calls("N1AA")) == 2)
    assert ["KJFK" in call.body for call in stage.partner.calls("N1AA")] == [False, True]
    portions.stopped = False


async def test_a_killed_workers_portions_are_read_by_the_next(
    stage: Stage, receiver: Receiver, portions: Portions
) -> None:
    own_addon()
    aircraft = await stage.aircraft("N1AA", "N2BB")
    await stage.connect(receiver)
    worker = await stage.start()
    portions.stopped = True
    await imported(stage, aircraft)
    other = await stage.flight(aircraft[0], NOON + timedelta(days=2), "KEWR-KDCA")
    await stage.until(lambda: worker._readings.more and receiver.held.get("N1AA", {}).get("legs"))
    await stage.do(change_flight, stage.actor, other.id, FlightEdit(ades="KORD"))
    await stage.until(lambda: routes(receiver, "N1AA")[-1] == "KORD")
    assert not receiver.held["N2BB"]["legs"], "people's edits do not wait for the import"
    await stage.kill(worker)
    portions.stopped = False
    await stage.start()
    assert routes(receiver, "N2BB") == ["KBOS"] * 4


async def test_a_connection_given_back_meanwhile_does_not_vouch_for_it(
    stage: Stage, receiver: Receiver, portions: Portions
) -> None:
    own_addon()
    (aircraft,) = await stage.aircraft("N1AA")
    await stage.connect(receiver)
    worker = await stage.start()
    portions.stopped = True
    await imported(stage, [aircraft])
    await stage.until(lambda: worker._readings.more)
    await stage.end(worker)
    portions.stopped = False
    await stage.start()
    assert routes(receiver, "N1AA") == ["KBOS"] * 4


async def test_what_nobody_here_keeps_is_not_read(stage: Stage, receiver: Receiver) -> None:
    own_addon()
    (aircraft,) = await stage.aircraft("N1AA")
    await stage.start()
    await imported(stage, [aircraft])
    await stage.settle()
    assert not stage.dispatchers[0]._readings.more
    await stage.connect(receiver)
    await stage.settle()
    assert routes(receiver, "N1AA") == ["KBOS"] * 4


async def test_the_log_tells_what_it_leaves_out(stage: Stage) -> None:
    aircraft = await stage.aircraft("N1AA", "N2BB")
    store = Store(database_address())
    await store.open(7)
    try:
        since = str((await store.read(CURRENT, None))[0][0])
        await imported(stage, aircraft, each=1)
        _, changes, left_out = await store.everybodys_changes(since, 3)
        assert len(changes) == 2 and not left_out, "a few are read along"
        await imported(stage, aircraft, each=3)
        await stage.do(change_aircraft, stage.actor, aircraft[0], AircraftEdit(home_base="KBOS"))
        until, changes, (left,) = await store.everybodys_changes(since, 3)
        assert [change.kind for change in changes] == ["aircraft.changed"]
        assert left == LeftOut(stage.operator.id, left.first, left.last, since, until)
        await imported(stage, aircraft, ades="KDCA", each=5)  # after that reading: not part of it
        assert len(await store.named_by(left, [UnitKind.FLIGHT])) == 6
        assert {unit.id for unit, _ in await store.named_by(left, [UnitKind.AIRCRAFT])} == set(aircraft)
    finally:
        await store.close()
