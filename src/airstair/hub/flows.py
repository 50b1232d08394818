"""The kinds of flow between the record and a partner, with the partner's rules as facts.

A flow is data plus pure functions. The engine reads the facts and obeys them in one place; pages show
them; the tests that every add-on inherits check them.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Protocol

import msgspec

from airstair.hub.http import PartnerHttp
from airstair.kernel.outcome import Outcome, PartnerMessage
from airstair.kernel.units import Unit, UnitKind


class Certainty(StrEnum):
    """How sure a fact about a partner is."""

    DOCUMENTED = "documented"  # the partner's own documentation says so
    OBSERVED = "observed"  # others who integrate with it have seen it
    ASSUMED = "assumed"  # our choice until a real account tells better


@dataclass(frozen=True, slots=True)
class Fact:
    """One fact about a partner, with where it was learned. The add-on's page shows the share of each certainty."""

    says: str
    certainty: Certainty
    source: str


@dataclass(frozen=True, slots=True)
class Budget:
    """How many calls a partner account may get: at once `burst`, then `calls` in every `per`, never more.

    In any window of `per`, at most `calls` are made: what is refilled in it is what `burst` leaves over.
    """

    calls: int
    per: timedelta
    burst: int

    def __post_init__(self) -> None:
        if not 0 < self.burst < self.calls:
            raise ValueError("A budget's burst must leave some of its calls to be refilled: 0 < burst < calls.")

    @property
    def refill_per_second(self) -> float:
        return (self.calls - self.burst) / self.per.total_seconds()


@dataclass(frozen=True, slots=True)
class OnChange:
    """Send when something that the document shows has changed."""


@dataclass(frozen=True, slots=True)
class Every:
    """Send each unit at a regular interval, changed or not, because the partner shows how fresh it is.

    `minutes` reads the interval from the settings; `None` from it means not by itself (only when asked).
    """

    minutes: Callable[[Any], int | None]


class Write(StrEnum):
    """What one document means to the partner."""

    WHOLE = "whole"  # replaces all that the partner has of the unit
    UPSERT = "upsert"  # creates or updates the unit


class Removal(StrEnum):
    """What happens at the partner to a unit that is no longer ours to send."""

    OMIT = "omit"  # nothing: we stop sending
    DELETE = "delete"
    MARK = "mark"


@dataclass(frozen=True, slots=True)
class NextTick:
    """No retry at all: the next regular call is the next attempt."""


@dataclass(frozen=True, slots=True)
class Backoff:
    """Try again after a growing wait with jitter, at most `tries` times; then it waits for a person or a change."""

    first: timedelta = timedelta(seconds=5)
    longest: timedelta = timedelta(minutes=15)
    tries: int = 8


@dataclass(frozen=True, slots=True)
class Horizon:
    """How far back and ahead the documents reach. `None` ahead means all that is planned."""

    back: timedelta
    ahead: timedelta | None = None


class Part(msgspec.Struct, frozen=True, gc=False):
    """One part of a document, in wire order, so that the partner's words about it find the way back."""

    key: str  # "flight:88": our own name of it
    title: str  # as a dispatcher calls it


class Document(msgspec.Struct, frozen=True, kw_only=True):
    """What one unit looks like in the partner's words, ready to send.

    `body` is what goes on the wire. Two equal bodies are the same document: no difference, no call.
    """

    body: bytes
    parts: tuple[Part, ...] = ()
    warnings: tuple[PartnerMessage, ...] = ()  # our own words about it, shown on the export page


class UnitDocument(msgspec.Struct, frozen=True, kw_only=True):
    """A unit and its document, as handed to the add-on's call."""

    unit: Unit
    title: str  # the registration, the flight number
    document: Document


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that one call needs. `send` gets one and returns an outcome for each document, in order."""

    http: PartnerHttp
    settings: Any
    documents: Sequence[UnitDocument]
    now: datetime


class MakeDocument(Protocol):
    """Turns a snapshot into the partner's document; pure. `None`: the partner should hold nothing of this unit."""

    def __call__(self, snapshot: Any, settings: Any, now: datetime) -> Document | None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Mirror:
    """Keep one document for each unit equal at the partner."""

    key: str
    title: str
    unit: UnitKind
    trigger: OnChange | Every
    horizon: Horizon
    document: MakeDocument
    send: Callable[[Call], Awaitable[Sequence[Outcome]]]
    floor: timedelta | None = None  # never two calls for one unit closer together than this
    write: Write = Write.WHOLE
    removal: Removal = Removal.OMIT
    retry: NextTick | Backoff = field(default_factory=Backoff)
    units_per_call: int = 1
    calls_at_once: int = 4  # for one connection; one unit is never in two calls at once
    deadline: timedelta = timedelta(seconds=30)


Flow = Mirror
