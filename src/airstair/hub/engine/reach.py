"""Which flights are a connection's to send, and which the partner should hold no more. Pure."""

from __future__ import annotations

from collections.abc import Container
from datetime import datetime
from enum import StrEnum
from typing import Any

from airstair.hub.engine.results import Known
from airstair.hub.flows import Horizon


class Reach(StrEnum):
    """What is to be done about a flight."""

    KEEP = "keep"  # the partner is to hold it as it is here
    REMOVE = "remove"  # the partner holds it, and should hold it no more
    LEAVE = "leave"  # whatever the partner holds of it, if anything, stays as it is


def may_be_there(known: Known) -> bool:
    """Whether the partner holds the unit, or may: a call of it ended, and none of taking it away since."""
    if known.fingerprint is None:
        return known.last_attempt is not None
    return known.fingerprint != b""


def reach_of(flight: Any | None, ticked: Container[int], horizon: Horizon, now: datetime, *, there: bool) -> Reach:
    """What is to be done about the flight; `None`: there is none any more. `there`: the partner may hold it.

    What was deleted is taken away however long ago it was. Else the past is left as it is. A flight that the partner
    holds is kept equal also when it is moved to beyond the horizon.
    """
    if flight is None or flight.deleted:
        return Reach.REMOVE if there else Reach.LEAVE
    if flight.std < now - horizon.back:
        return Reach.LEAVE
    if flight.aircraft_id not in ticked:
        return Reach.REMOVE if there else Reach.LEAVE
    if not there and horizon.ahead is not None and flight.std >= now + horizon.ahead:
        return Reach.LEAVE
    return Reach.KEEP
