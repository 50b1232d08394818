"""What the contract does in the place of the people who keep hours and cycles: start values, and a journey log.

Not a test by itself: a mirror of counters says nothing of an aircraft until somebody has entered from where it counts.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from airstair.hub.contract import Addon
from airstair.kernel.units import UnitKind
from airstair.records.fleet.camcommands import CamInput, EngineInput, add_engine, set_cam
from airstair.records.flights.commands import LogInput, log_flight
from airstair.testing.stage import Stage

_TAXI = timedelta(minutes=5)


def counts(addon: Addon) -> bool:
    """Whether the partner is told of hours and cycles."""
    return any(flow.unit is UnitKind.COUNTERS for flow in addon.mirrors)


async def start_counting(stage: Stage, aircraft: Iterable[int]) -> None:
    """Each counts from yesterday on, with one engine: 1000 hours and 900 cycles so far."""
    day = stage.clock.now().date() - timedelta(days=1)
    so_far: dict[str, Any] = {"start_date": day, "start_minutes": 60_000, "start_cycles": 900}
    for one in aircraft:
        await stage.do(set_cam, stage.actor, one, CamInput(**so_far))
        await stage.do(add_engine, stage.actor, one, EngineInput(position=1, serial=f"ENG-{one}", **so_far))


async def fly(stage: Stage, flight: Any, minutes: int) -> None:
    """The journey log says that the flight was so long in the air; said again, it is corrected."""
    up = flight.std + _TAXI
    down = up + timedelta(minutes=minutes)
    wanted = LogInput(off_block=flight.std, take_off=up, landing=down, on_block=down + _TAXI)
    await stage.do(log_flight, stage.actor, flight.id, wanted)
