"""A connection is given back while something of it waits: that is not sent any more, and it is not lost either."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from airstair.hub.engine.leases import falls_to
from airstair.hub.engine.readings import Portion, Readings
from airstair.hub.engine.turns import Turns
from airstair.records.flights.commands import FlightEdit, FlightInput, FlightRow, change_flight, write_flights

from .own_partner import Receiver, own_addon
from .stage import NOON, Stage


async def imported(stage: Stage, aircraft: int, count: int) -> None:
    def flight(number: int) -> FlightInput:
        std = NOON + timedelta(hours=3 * number)
        return FlightInput(
            aircraft_id=aircraft, number=f"T{number}", adep="KEWR", ades="KBOS", std=std, sta=std + timedelta(hours=1)
        )

    rows = [FlightRow(import_key=f"{number}", flight=flight(number)) for number in range(1, count + 1)]
    done = await stage.do(write_flights, stage.actor, rows)
    assert not done.refused


def routes(receiver: Receiver, tail: str) -> list[str]:
    return [leg[2] for leg in receiver.held[tail]["legs"]]


@pytest.mark.req("HUB-24")
async def test_no_bulk_call_begins_after_its_connection_was_switched_off(
    stage: Stage, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    own_addon(calls_at_once=1)
    (aircraft,) = await stage.aircraft("N1AA")
    await stage.connect(receiver)
    worker = await stage.start()
    receiver.calls.clear()
    (leased,) = worker.leased.values()
    (sender,) = leased.senders.values()
    waits, its_turn, step = asyncio.Event(), asyncio.Event(), Turns.step

    async def step_late(turns: Turns) -> None:
        if sender._slots.locked():  # its document is made, and about to go out
            waits.set()
            await its_turn.wait()
        await step(turns)

    monkeypatch.setattr(Turns, "step", step_late)
    await imported(stage, aircraft, 1)
    await stage.until(waits.is_set, "No bulk call waits for its turn.")
    await stage.switch_off("own")
    await stage.until(lambda: leased.closed, "It is not given back.")
    its_turn.set()
    await stage.settle()
    assert not receiver.calls, "it was sent though it had been switched off"
    await stage.configure("own", on=True)
    await stage.settle()
    assert routes(receiver, "N1AA") == ["KBOS"]


@pytest.mark.req("HUB-20", "HUB-28")
async def test_what_an_import_tells_of_while_the_last_call_is_under_way_is_the_next_workers(
    stage: Stage, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The import was read while the connection was held, and told when it no longer heard of anything."""
    monkeypatch.setattr("airstair.hub.engine.readings._READ_ALONG", 3)
    read, told = Readings.read_left_out, asyncio.Event()

    async def read_late(readings: Readings, kinds_of: Any) -> Portion | None:
        return await read(readings, kinds_of) if told.is_set() else None

    monkeypatch.setattr(Readings, "read_left_out", read_late)
    own_addon()
    one, other = await stage.aircraft("N1AA", "N2BB")
    flight = await stage.flight(one)
    connection = await stage.connect(receiver)
    first = await stage.start(worker=1)
    receiver.hold()
    await stage.do(change_flight, stage.actor, flight.id, FlightEdit(ades="KJFK"))
    await stage.until(lambda: receiver.at_once == 1, "No call is under way.")
    await imported(stage, other, 5)
    await stage.until(lambda: first._readings.more, "The import was not left out.")
    number = next(number for number in range(2, 100) if falls_to(connection, {1, number}) == number)
    second = await stage.start(worker=number, settle=False)
    await stage.until(lambda: not first.leased, "It is not given back.")
    told.set()
    first._wake.set()
    await stage.until(lambda: not first._readings.more, "The import is still left out.")
    receiver.release()
    await stage.until(lambda: not first._leases.busy and second.leased, "Nobody took it.")
    await stage.settle()
    assert routes(receiver, "N1AA") == ["KJFK"]
    assert routes(receiver, "N2BB") == ["KBOS"] * 5
