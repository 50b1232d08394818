"""What a call left behind, on its way into the ledger and the call log."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import msgspec

from airstair.hub.flows import Document
from airstair.hub.http import Exchange
from airstair.kernel.outcome import Outcome
from airstair.kernel.units import Unit


class Known(msgspec.Struct, kw_only=True):
    """What the ledger has about one unit that the engine decides by.

    `taken_at`: when the document of the last attempt was begun, for attempts of this worker. It is not in the ledger.
    """

    fingerprint: bytes | None = None
    remote_id: str = ""
    last_attempt: datetime | None = None
    asked_at: datetime | None = None
    tries: int = 0
    taken_at: datetime | None = None


class Claimed(msgspec.Struct, frozen=True, kw_only=True):
    """What may be sent now. `too_soon`: units that may not be yet, with when the partner last got them."""

    units: frozenset[Unit]
    too_soon: Mapping[Unit, datetime]


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """How one unit fared in one call."""

    connection_id: int
    operator_id: int
    flow: str
    unit: Unit
    title: str
    document: Document
    fingerprint: bytes
    outcome: Outcome
    at: datetime  # when the call ended
    changed: bool  # the partner accepted something that it did not hold before
    tries: int
    next_due: datetime | None


class CallMade(msgspec.Struct, frozen=True, kw_only=True):
    """One exchange with its results: a set of units can travel in one call."""

    addon: str
    exchange: Exchange | None  # None: nothing went out, the document could not even be sent
    outcome: Outcome  # of the call as a whole: the worst of its units'
    results: tuple[Result, ...]
