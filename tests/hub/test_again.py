"""A unit that fails is not sent again at once because the partner answers another one: it may be its document."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise

import pytest

from airstair.hub.flows import Backoff
from airstair.records.flights.commands import FlightEdit, change_flight

from .own_partner import Receiver, own_addon
from .stage import Stage

pytestmark = pytest.mark.req("HUB-25")


async def test_others_success_brings_no_retry_forward(stage: Stage, receiver: Receiver) -> None:
    own_addon(retry=Backoff(first=timedelta(seconds=20), longest=timedelta(hours=1), tries=4))
    one, two = await stage.aircraft("N1AA", "N2BB")
    choking, well = await stage.flight(one), await stage.flight(two)
    await stage.connect(receiver)
    await stage.start()
    receiver.calls.clear()
    receiver.modes["N1AA"] = "503"
    await stage.do(change_flight, stage.actor, choking.id, FlightEdit(ades="KJFK"))
    for route in ("KDCA", "KORD", "KJFK", "KBOS") * 6:
        await stage.do(change_flight, stage.actor, well.id, FlightEdit(ades=route))
        await stage.advance(seconds=5, step=timedelta(seconds=5))
    times = [call.at for call in receiver.of("N1AA")]
    assert len(receiver.of("N2BB")) > len(times) > 1, "the partner is well, but for one document"
    assert min(later - earlier for earlier, later in pairwise(times)) >= timedelta(seconds=15)
    receiver.modes.clear()
    await stage.advance(minutes=10)
    assert receiver.held["N1AA"]["legs"][0][2] == "KJFK"


async def test_what_was_given_up_is_not_tried_again_whenever_others_are_answered(
    stage: Stage, receiver: Receiver
) -> None:
    own_addon(retry=Backoff(first=timedelta(seconds=20), longest=timedelta(hours=1), tries=2))
    one, two = await stage.aircraft("N1AA", "N2BB")
    choking, well = await stage.flight(one), await stage.flight(two)
    await stage.connect(receiver)
    await stage.start()
    receiver.calls.clear()
    receiver.modes["N1AA"] = "503"
    await stage.do(change_flight, stage.actor, choking.id, FlightEdit(ades="KJFK"))
    for route in ("KDCA", "KORD", "KJFK", "KBOS") * 15:
        await stage.do(change_flight, stage.actor, well.id, FlightEdit(ades=route))
        await stage.advance(seconds=20, step=timedelta(seconds=20))
    assert len(receiver.of("N2BB")) > 30
    assert len(receiver.of("N1AA")) <= 8, "twenty minutes, and each wait twice the one before"
    while receiver.calls[-1] in receiver.of("N1AA"):  # until the next answer to another ends it, everybody waits
        await stage.advance(seconds=20, step=timedelta(seconds=20))
        await stage.do(change_flight, stage.actor, well.id, FlightEdit(ades="KJFK"))
        await stage.settle()
    receiver.modes.clear()
    await stage.do(change_flight, stage.actor, choking.id, FlightEdit(ades="KDCA"))
    await stage.settle()
    assert receiver.held["N1AA"]["legs"][0][2] == "KDCA", "the next change does not wait"
