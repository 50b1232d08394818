"""What a call left behind, on its way into the ledger and the call log."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

import msgspec

from airstair.hub.exchanges import Exchange
from airstair.hub.flows import Document, MessageState
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


class ToClaim(NamedTuple):
    """A unit that is about to be sent, unless the partner got it less than `floor` before `now`."""

    operator_id: int
    connection_id: int
    flow: str
    unit: Unit
    title: str
    floor: timedelta
    now: datetime


class Claimed(NamedTuple):
    """Whether the unit may be sent now, and when the partner last got it where that is too short a time ago."""

    granted: bool
    too_soon: datetime | None


class MessageEnd(msgspec.Struct, frozen=True):
    """What a call made of a message that cannot be taken back."""

    id: int
    state: MessageState


class Holding(NamedTuple):
    """What the partner holds of a unit after a call, and calls it: said where a unit may be taken away.

    An empty fingerprint: nothing. `None`: not known.
    """

    fingerprint: bytes | None
    remote_id: str


class Asking(msgspec.Struct, frozen=True):
    """What is written down beside a result where a person may have to be asked first.

    `question`: the fingerprint of the document that waits for a person. `bodies`: what the partner may hold from now
    on, that of the call aside; `None`: what it was, `ended` then takes away that of the call that has just ended.
    """

    question: bytes | None = None
    bodies: tuple[bytes, ...] | None = None
    ended: bool = False
    answered: bool = False  # a person's yes has done its work


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
    stale_since: datetime | None = None  # the oldest change that it brought to the partner
    in_ledger: bool = True  # no: the call is logged, and nothing is known of a unit by it
    message: MessageEnd | None = None
    holding: Holding | None = None
    asking: Asking | None = None


class CallMade(msgspec.Struct, frozen=True, kw_only=True):
    """One exchange with its results: a set of units can travel in one call."""

    addon: str
    exchange: Exchange | None  # None: nothing went out, the document could not even be sent
    outcome: Outcome  # of the call as a whole: the worst of its units'
    results: tuple[Result, ...]
