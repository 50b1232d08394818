"""Flows that a partner, or a person's browser, begins: they read from us, they write to us, a person is handed over.

Data and pure functions, as in `flows.py`, which hands these on. `hub/doors` lets partners in, and obeys what is said
here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from airstair.kernel.actor import Actor
from airstair.kernel.errors import Invalid, Problem
from airstair.kernel.outcome import OutcomeKind, PartnerMessage
from airstair.kernel.units import Unit, UnitKind
from airstair.records.operators.rules import Right

if TYPE_CHECKING:
    from airstair.hub.flows import Budget, Horizon

T = TypeVar("T")


class Lately(msgspec.Struct, frozen=True, kw_only=True):
    """What the change log knows of the time since one that the partner named.

    `touched`: the ids of the units of the flow's kind that a change names which was written at `since` or later;
    `None`: any may be other than it was, because the connection was changed, or the time is too long ago. What time
    alone changes, and what a new version of Airstair shows otherwise, is in no log.
    `until`: what was written before is in this answer, so that the next question may begin there.
    """

    since: datetime
    until: datetime
    touched: frozenset[int] | None


class Visit(msgspec.Struct, frozen=True, kw_only=True):
    """One request of a partner's, let in: who came for what. `path` begins after the connection's own address."""

    method: str
    path: str
    places: Mapping[str, str] = {}  # what stood where the operation's path has {name}
    query: Mapping[str, str] = {}
    body: bytes = b""
    settings: Any
    now: datetime
    aircraft: Mapping[int, str]  # those ticked: id → registration
    actor: Actor  # the partner, with the rights of the flow: commands are called as this one
    lately: Lately | None = None  # where the partner asked for what has changed since a time, as `Resource.since` says

    @property
    def operator_id(self) -> int:
        return self.actor.operator_id

    def read(self, kind: type[T]) -> T:
        """The body as JSON of that type. Raises `Unreadable` for what is no JSON, `Invalid` naming the wrong field."""
        try:
            return msgspec.json.decode(self.body, type=kind)
        except msgspec.ValidationError as wrong:
            sentence, _, place = str(wrong).partition(" - at `$")
            raise Invalid.one(place.strip("`.") or "body", f"{sentence.rstrip('.')}.") from None
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            raise Unreadable.one("body", "It is not JSON in UTF-8 that can be read. Send one JSON object.") from None


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """What the partner is answered, and how the visit counts for us.

    `count`: how many things (flights, logs) were handed out or taken in. `units` and `title` say what it was about,
    where it was about something; `parts` the keys of what was handed out.
    """

    body: bytes = b""
    status: int = 200
    media: str = "application/json"
    outcome: OutcomeKind = OutcomeKind.ACCEPTED
    messages: tuple[PartnerMessage, ...] = ()
    count: int = 0
    units: tuple[Unit, ...] = ()
    title: str = ""

    @classmethod
    def json(cls, value: Any, **more: Any) -> Reply:
        """The value as JSON."""
        return cls(body=msgspec.json.encode(value), **more)


class Unreadable(Invalid):
    """What the partner sent is not even the notation that it should be."""


class Unmatched(Invalid):
    """What the partner writes about is not here. Names the field that did not match; nothing was changed."""


class Refusal(msgspec.Struct, frozen=True, kw_only=True):
    """Why a visit is refused: what the partner is told, each wrong field with its sentence."""

    status: int
    sentence: str
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Entrance:
    """How a partner comes in. `words` makes the partner's own error document of a refusal: body and media type.

    Without it a refusal is told as a problem document (RFC 9457). `budget`: how often it may come; `None` is the hub's
    usual one. `login` and `key` are what the partner's people call the two halves of the credentials.
    """

    login: str = "Login ID"
    key: str = "User key"
    largest: int = 256 * 1024  # bytes of a body
    budget: Budget | None = None
    words: Callable[[Refusal], tuple[bytes, str]] | None = None


@dataclass(frozen=True, slots=True)
class Resource:
    """One thing that can be read: `GET` the path. `show` is pure; it gets the snapshots of all that may be shown.

    `since`: the name of the parameter by which a partner asks for what has changed since a time. `Visit.lately` then
    says what the log knows of it; the snapshots are all the same, so that `show` can tell what is gone.
    """

    path: str  # "/legs", "/legs/{leg}"
    title: str
    show: Callable[[Sequence[Any], Visit], Reply]
    since: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Serve:
    """They read from us.

    The unit says which snapshots `show` gets, as for a mirror: `FLIGHT` those of the flights (`FlightFacts`, by
    departure) of ticked aircraft that depart within the horizon, cancelled and deleted ones too; `AIRCRAFT` the
    schedules (`AircraftSchedule`) of ticked aircraft. Nothing else is read, so nothing else can leave; but who asks
    what has changed since a time has schedules read from the day before it on, for `show` to see what they were then.
    """

    key: str
    title: str
    unit: UnitKind
    horizon: Horizon
    resources: tuple[Resource, ...]
    deadline: timedelta = timedelta(seconds=20)  # of one visit


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One thing that can be written. `take` calls the ordinary commands as `visit.actor` and says what became of it.

    It raises `Invalid`, `Unmatched`, `NotFound`, `Forbidden`, `Conflict` for what is refused; then nothing is kept.
    `identity` reads the partner's own name of what it sends: the same under the same name again has no second effect,
    and is answered as before.
    """

    method: str
    path: str
    title: str
    take: Callable[[Visit], Reply]
    identity: Callable[[Visit], str | None] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Receive:
    """They write to us. One visit is one transaction: it is kept as a whole or not at all."""

    key: str
    title: str
    operations: tuple[Operation, ...]
    rights: frozenset[Right]  # what the partner may do here, and no more
    deadline: timedelta = timedelta(seconds=20)  # of one visit


# ── Handing a person over ───────────────────────────────────────────────────────────────────────────


class HandoffPlace(StrEnum):
    """Where a hand-off stands on our pages."""

    CATERING = "catering"  # the CATERING item on a flight
    MENU = "menu"  # the main menu; it is about no flight


class Contact(msgspec.Struct, frozen=True, kw_only=True):
    """The person who is handed over."""

    name: str
    email: str
    phone: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Handoff:
    """A link to a page of the partner's, with context.

    `link` makes the address, purely, of a snapshot (`FlightFacts`; `None` in the menu), the settings and the person; it
    raises `Invalid` with the reason where there is none. The address is made when the person follows the link and goes
    to that browser alone, since a partner may want credentials in it.
    """

    key: str
    title: str
    place: HandoffPlace
    link: Callable[[Any, Any, Contact, datetime], str]
    embedded: bool = False  # stands inside a page of ours, not in its place
    doing: str = "open it"  # completes “You are not integrated with …, and cannot …”
    right: Right = field(default=Right.SCHEDULE_VIEW)
