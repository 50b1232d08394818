"""The kinds of flow between the record and a partner, with the partner's rules as facts.

A flow is data plus pure functions. The engine reads the facts and obeys them in one place; pages show
them; the tests that every add-on inherits check them.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Protocol, Self

import msgspec

from airstair.hub.choosing import Choice, Days, Staged
from airstair.hub.computing import Compute
from airstair.hub.http import PartnerHttp
from airstair.hub.triggers import DailyAt
from airstair.hub.visits import Handoff, Receive, Serve
from airstair.kernel.actor import Actor
from airstair.kernel.outcome import Outcome, PartnerMessage
from airstair.kernel.units import Unit, UnitKind
from airstair.records.operators.rules import Right


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
    """Send when something that the document shows has changed.

    `gather` reads an interval in minutes from the settings: changes are gathered, and sent together once in each
    interval. `None` from it, or without it: at once. `look_minutes`: how often a mirror of flights looks for those that
    have come into its horizon by the passing of time.
    """

    gather: Callable[[Any], int | None] | None = None
    look_minutes: int = 15


@dataclass(frozen=True, slots=True)
class Every:
    """Send each unit at a regular interval, changed or not, because the partner shows how fresh it is.

    `minutes` reads the interval from the settings; `None` from it means not by itself (only when asked).
    """

    minutes: Callable[[Any], int | None]


@dataclass(frozen=True, slots=True)
class ByHand:
    """Only when a person asks for it."""


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
    `good_until`: before then, the same snapshot and settings make the same document; `None`: not known, so that it
    is made anew each time.
    """

    body: bytes
    parts: tuple[Part, ...] = ()
    warnings: tuple[PartnerMessage, ...] = ()  # our own words about it, shown on the export page
    good_until: datetime | None = None


class UnitDocument(msgspec.Struct, frozen=True, kw_only=True):
    """A unit and its document, as handed to the add-on's call.

    `remote_id`: what the partner called the unit when it last accepted it; empty where it never did, or did not say.
    `removes`: this document takes the unit away (`Mirror.gone` made it). A partner that does not have the unit any more
    has nothing to take away: `send` answers that with an accepted outcome.
    """

    unit: Unit
    title: str  # the registration, the flight's title
    document: Document
    remote_id: str = ""
    removes: bool = False


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that one call needs. `send` gets one and returns an outcome for each document, in order.

    A pull's call carries no documents, but the aircraft that are ticked; `days` are those that a person chose, where
    the pull is staged.
    """

    http: PartnerHttp
    settings: Any
    documents: Sequence[UnitDocument] = ()
    now: datetime
    days: Days | None = None
    aircraft: Mapping[int, str] = {}  # id → registration


class MakeDocument(Protocol):
    """Turns a snapshot into the partner's document; pure. `None`: the partner should hold nothing of this unit."""

    def __call__(self, snapshot: Any, settings: Any, now: datetime) -> Document | None: ...


class MakeGone(Protocol):
    """Makes the document that takes a unit away at the partner; pure. `None`: it need not be told."""

    def __call__(self, snapshot: Any | None, settings: Any, now: datetime) -> Document | None: ...


_MIRRORED = (UnitKind.AIRCRAFT, UnitKind.FLIGHT, UnitKind.COUNTERS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mirror:
    """Keep one document for each unit equal at the partner.

    The unit says what `document` gets: an aircraft's schedule (`AIRCRAFT`), one flight (`FLIGHT`,
    `records.flights.facts.FlightFacts`), or one aircraft's hours and cycles (`COUNTERS`,
    `records.flights.counters.AircraftCounters`).

    A flight is ours to send when its aircraft is ticked and it departs within the horizon, from `now - back` until
    before `now + ahead`. What the partner holds and should hold no more (the flight was deleted, its aircraft is not
    ticked for this connection any more, `document` answers `None`) is taken away by `removal`: with `DELETE` and `MARK`
    `gone` makes the document that says so, and the same `send` takes it with `UnitDocument.removes`. Its snapshot is
    `None` where there is none any more; `None` from it says nothing to the partner. What merely leaves the horizon is
    left as it is. Nothing is taken away through a connection that is off.

    `ask_first` gets the body that the partner last accepted and the new document, and answers in a sentence why a
    person must say yes before it goes out, or `None`. What is held so stands on the Activity page with "Send anyway",
    which is meant for that very document.
    """

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
    gone: MakeGone | None = None
    ask_first: Callable[[bytes, Document], str | None] | None = None
    retry: NextTick | Backoff = field(default_factory=Backoff)
    units_per_call: int = 1
    calls_at_once: int = 4  # for one connection; one unit is never in two calls at once
    deadline: timedelta = timedelta(seconds=30)

    def __post_init__(self) -> None:
        if self.unit not in _MIRRORED:
            raise ValueError(f"No mirror keeps a {self.unit.value} yet: {', '.join(_MIRRORED)}.")
        if self.unit is UnitKind.FLIGHT and isinstance(self.trigger, Every):
            raise ValueError("Flights are sent on change: OnChange(gather=…) gathers the changes of an interval.")
        if (self.removal is Removal.OMIT) == (self.gone is not None):
            raise ValueError("`gone` makes the document that takes a unit away: it belongs to removal DELETE and MARK.")


# ── Messages that cannot be taken back ──────────────────────────────────────────────────────────────


class MessageState(StrEnum):
    """Where a message that cannot be taken back stands."""

    READY = "ready"  # to go out as soon as it may
    SENDING = (
        "sending"  # written before the call goes out: whoever finds it after a crash cannot know what became of it
    )
    DELIVERED = "delivered"
    REFUSED = "refused"  # certainly not taken: the partner said no, or could not be reached until the tries were up
    DOUBTFUL = "doubtful"  # the answer was lost: a person finds out whether it arrived
    WITHDRAWN = "withdrawn"  # replaced by a later one before it went out, or dropped by a person


def always(snapshot: Any, settings: Any, now: datetime) -> bool:
    """Due whenever there is something to send."""
    return True


def by_content(snapshot: Any, document: Document) -> str:
    """Two messages are the same when their bodies are: the hub takes the body's fingerprint."""
    return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """Send messages about units that cannot be taken back: sending one again makes a second one there.

    Each message of a unit goes out at most once, unless a person says so. `identity` is the duplicate rule: messages
    of one unit with equal identities are the same message. By default that is the content, so a change of what the
    message says makes a new one; an identity that stays the same makes it one message for ever.

    The message itself travels in the last request of `send`; what goes before it (a log-in, say) is not it.
    """

    key: str
    title: str
    unit: UnitKind
    trigger: OnChange | Every | ByHand  # `Every`: look at all units at this interval; a message that went out stays so
    horizon: Horizon  # the flights looked at when all of them are: those that depart in it
    message: MakeDocument
    send: Callable[[Call], Awaitable[Sequence[Outcome]]]
    due: Callable[[Any, Any, datetime], bool] = always  # whether it goes by itself; a person may send it all the same
    identity: Callable[[Any, Document], str] = by_content
    # What a person chose in the window for sending by hand goes into this one; without it there is nothing to choose.
    message_by_hand: Callable[[Any, Any, datetime, Mapping[str, str]], Document | None] | None = None
    # Asks the partner's own lists for what can be chosen: for each snapshot its choices, in order; or why not.
    choices: Callable[[Call, Sequence[Any]], Awaitable[Sequence[Sequence[Choice]] | Outcome]] | None = None
    unseen: frozenset[int] = frozenset()  # statuses by which the partner says that it has not processed the call
    retry: NextTick | Backoff = field(default_factory=Backoff)  # only of what the partner certainly has not seen
    calls_at_once: int = 4
    deadline: timedelta = timedelta(seconds=30)

    def __post_init__(self) -> None:
        if self.unit not in (UnitKind.FLIGHT, UnitKind.AIRCRAFT):
            raise ValueError(
                f"Messages about a {self.unit.value} cannot be sent yet: only flights and aircraft are read."
            )


# ── Fetching ────────────────────────────────────────────────────────────────────────────────────────


class Fetched(msgspec.Struct, frozen=True, kw_only=True):
    """One page of what the partner has. `cursor` is where to go on after it; `more`: there is another page now."""

    items: Sequence[Any]
    cursor: str | None = None
    more: bool = False


class AbsorbedAs(StrEnum):
    """What became of one item."""

    NEW = "new"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    SKIPPED = "skipped"


class Absorbed(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one item: which unit it was about, and why, where it was skipped.

    It says nothing of how it was written, so that an import window can ask the same function in a transaction that is
    rolled back, show the answers, and let a person decide.
    """

    kind: AbsorbedAs
    unit: Unit | None = None
    title: str = ""  # what a person calls the item
    reason: str = ""

    @classmethod
    def new(cls, unit: Unit, title: str = "") -> Self:
        return cls(kind=AbsorbedAs.NEW, unit=unit, title=title)

    @classmethod
    def updated(cls, unit: Unit, title: str = "") -> Self:
        return cls(kind=AbsorbedAs.UPDATED, unit=unit, title=title)

    @classmethod
    def unchanged(cls, unit: Unit, title: str = "") -> Self:
        return cls(kind=AbsorbedAs.UNCHANGED, unit=unit, title=title)

    @classmethod
    def skipped(cls, reason: str, title: str = "") -> Self:
        return cls(kind=AbsorbedAs.SKIPPED, reason=reason, title=title)


class Absorbing(msgspec.Struct, frozen=True, kw_only=True):
    """What an item is absorbed with: commands are called as `actor`, which is the partner."""

    actor: Actor
    settings: Any
    now: datetime
    aircraft: Mapping[int, str]  # those ticked: id → registration


@dataclass(frozen=True, slots=True, kw_only=True)
class Pull:
    """Fetch what the partner has, page by page, and write it into the record with the ordinary commands.

    `fetch` is the one thing that is not pure: it makes the call for the page after `cursor` (`None`: the first ever)
    and answers the page, or the outcome that kept it from being had. `absorb` gets one item; what it raises skips the
    item. A page and its cursor are kept together or not at all.

    `absorb_together` gets all items at once, for a partner who brings thousands, and answers for each in order; where
    it fails over one, they are absorbed one by one. `staged`: it runs only when a person has chosen the days, and
    nothing is written before that person has seen what would be. The cursor of a staged run begins at `None`.

    `finish` gets the last page's cursor, in the transaction of that page: the partner has now been read to its end.
    """

    key: str
    title: str
    trigger: Every | DailyAt | ByHand
    fetch: Callable[[Call, str | None], Awaitable[Fetched | Outcome]]
    absorb: Callable[[Any, Absorbing], Absorbed]
    rights: frozenset[Right]  # what the partner may do here, and no more
    finish: Callable[[str | None, Absorbing], None] | None = None
    item_title: Callable[[Any], str] = repr  # what a person calls an item that could not be absorbed
    absorb_together: Callable[[Sequence[Any], Absorbing], Sequence[Absorbed]] | None = None
    staged: Staged | None = None
    floor: timedelta | None = None  # never two runs begin closer together than this
    retry: NextTick | Backoff = field(default_factory=NextTick)
    deadline: timedelta = timedelta(seconds=30)

    def __post_init__(self) -> None:
        if self.staged is not None and not isinstance(self.trigger, ByHand):
            raise ValueError("A staged pull waits for a person: its trigger is ByHand().")


Flow = Mirror | Post | Pull | Serve | Receive | Handoff | Compute
