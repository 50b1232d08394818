"""A connection goes from one living worker to another: what is edited meanwhile is not lost."""

from __future__ import annotations

import pytest

from airstair.hub.engine.leases import falls_to
from airstair.records.flights.commands import FlightEdit, change_flight

from .own_partner import Receiver, own_addon
from .stage import Stage


@pytest.mark.req("HUB-20", "HUB-28")
async def test_an_edit_during_the_last_call_of_the_worker_before_is_delivered(stage: Stage, receiver: Receiver) -> None:
    own_addon()
    (aircraft,) = await stage.aircraft("N1AA")
    flight = await stage.flight(aircraft)
    connection = await stage.connect(receiver)
    first = await stage.start(worker=1)
    receiver.hold()
    await stage.do(change_flight, stage.actor, flight.id, FlightEdit(ades="KJFK"))
    await stage.until(lambda: receiver.at_once == 1, "No call is under way.")
    second = next(number for number in range(2, 100) if falls_to(connection, {1, number}) == number)
    await stage.start(worker=second, settle=False)
    await stage.until(lambda: not first.leased, "It is not given back.")
    read = first._readings.latest
    await stage.do(change_flight, stage.actor, flight.id, FlightEdit(ades="KDCA"))
    await stage.until(lambda: first._readings.latest > read, "The first worker has not read the edit.")
    receiver.release()
    await stage.until(lambda: not first._leases.busy and stage.dispatchers[-1].leased, "Nobody took it.")
    await stage.settle()
    assert receiver.held["N1AA"]["legs"][0][2] == "KDCA"
