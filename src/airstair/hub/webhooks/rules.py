"""What subscriptions may hear, how long to wait after what, and what an answer means. Pure; no database, no network."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from enum import StrEnum

import msgspec

from airstair.hub.http import Answer, CallFailed
from airstair.records.access.scopes import FLIGHT_SUPPORT
from airstair.records.access.snapshots import Caller

MOST_OF_ONE_OWNER = 10
MOST_REFUSALS = 8  # then a person decides
MOST_FALLS = 8  # of one delivery at which nobody answered, or a receiver fell over: beyond, it counts for itself alone
KEEP_ENDED = timedelta(days=14)
_LONGEST_SAID = 500
_PAUSES = tuple(
    timedelta(seconds=seconds) for seconds in (10, 60, 5 * 60, 15 * 60, 3600, 3 * 3600, 6 * 3600, 12 * 3600)
)
_LONGEST_AWAY = timedelta(hours=1)


class State(StrEnum):
    """Where a delivery is."""

    WAITING = "waiting"
    SENDING = "sending"  # written down before the call goes out
    DELIVERED = "delivered"
    GIVEN_UP = "given up"  # refused again and again; somebody can send it again
    SKIPPED = "skipped"  # its owner may no longer read it, or the subscription has ended


OPEN = (State.WAITING.value, State.SENDING.value)


class Topic(StrEnum):
    """What can be heard of. The words are shown to people and sent by callers."""

    FLIGHT = "flight"
    CHECKLIST = "checklist"
    CREW = "crew"
    PASSENGER = "passenger"
    SUPPORT = "support"


# What whoever hears of it must be able to read; for support, which no resource covers, the scope.
RESOURCE_OF = {
    Topic.FLIGHT: "Flights",
    Topic.CHECKLIST: "Checklist",
    Topic.CREW: "Crew",
    Topic.PASSENGER: "Passengers",
    Topic.SUPPORT: FLIGHT_SUPPORT,
}
# Of which beginnings of kinds each topic hears, whatever was changed in them.
_KINDS = {
    Topic.FLIGHT: ("flight.", "trip.", "emptyleg."),
    Topic.CHECKLIST: ("checklist.",),
    Topic.CREW: ("crew.", "duty.", "roster."),
    Topic.PASSENGER: ("passenger.",),
    Topic.SUPPORT: ("flight.", "trip.", "checklist.submitted", "checklist.item", "checklist.module", "handler."),
}
# Properties of a flight that are somebody else's to hear of. Nobody who may not read them learns that they changed.
_CREW = frozenset({"crew"})
_NAMES = frozenset({"pax_list"})
_HEADS = frozenset({"pax_count", "pax_by_category"})  # numbers: of the flight, and of its passengers
_BOOKS = ("flight.watch", "flight.log")
_BOOKS_RESOURCE = "Journey Log"


class Owner(msgspec.Struct, frozen=True, kw_only=True):
    """In whose name a subscription hears: an API key, or an application's grant. One of them."""

    key_id: int | None = None
    grant_id: int | None = None


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """A change as webhooks read it: names of what changed, never the values."""

    operator_id: int
    seq: int
    at: datetime
    kind: str
    title: str
    actor_kind: str
    subject_kind: str
    subject_id: int
    units: tuple[str, ...]
    before: tuple[str, ...]
    after: tuple[str, ...]
    actor_key: str = ""
    # By application: the flights among the units that were submitted to it. Read only where somebody hears of support.
    submitted: Mapping[int, frozenset[int]] = {}

    @property
    def line(self) -> str:
        """What it is told in order with."""
        return f"{self.subject_kind}:{self.subject_id}"

    @property
    def properties(self) -> frozenset[str]:
        return frozenset((*self.before, *self.after))


class Heard(msgspec.Struct, frozen=True, kw_only=True):
    """That a subscription is to hear of an event: as what, needing which resources, of which properties."""

    topics: tuple[str, ...]
    needs: frozenset[str]
    properties: frozenset[str] = frozenset()


def ids_of(kind: str, units: Iterable[str]) -> list[int]:
    """The ids of the units of one kind: `aircraft` of `["aircraft:81", "flight:7"]` is 81."""
    return [int(one.partition(":")[2]) for one in units if one.startswith(f"{kind}:")]


def covers(caller: Caller, units: Collection[str], needs: Iterable[str] = ()) -> bool:
    """Whether it may hear of something that touches these units and needs these resources or scopes.

    Who sees some aircraft only hears of what is about one of them, before or after.
    """
    if not (caller.reads | caller.scopes).issuperset(needs):
        return False
    if all(one.startswith("operator:") for one in units):
        return True  # about the company alone, and no aircraft
    return caller.aircraft is None or any(caller.sees(one) for one in ids_of("aircraft", units))


def heard(event: Event, wanted: Collection[str], caller: Caller) -> Heard | None:
    """What of an event is told to an owner who wants these topics; `None`: nothing.

    A change of crew and times at once tells of the times only, to whoever may not read the crew.
    """
    if not covers(caller, event.units):
        return None
    told: dict[Topic, frozenset[str]] = {}
    for topic in Topic:
        if topic.value in wanted and RESOURCE_OF[topic] in caller.reads | caller.scopes:
            properties = _of_topic(topic, event, caller)
            if properties is not None:
                told[topic] = properties
    if not told:
        return None
    needs = {RESOURCE_OF[topic] for topic in told} | ({_BOOKS_RESOURCE} if event.kind in _BOOKS else set())
    return Heard(
        topics=tuple(topic.value for topic in told),
        needs=frozenset(needs),
        properties=frozenset().union(*told.values()),
    )


def _of_topic(topic: Topic, event: Event, caller: Caller) -> frozenset[str] | None:
    """The properties that are this topic's; `None`: the event is none of its."""
    whole = event.kind.startswith(_KINDS[topic])
    properties = event.properties
    if topic is Topic.SUPPORT:
        return frozenset() if whole and _news_to(caller, event) else None
    if not event.kind.startswith("flight."):
        return properties if whole else None
    if event.kind in _BOOKS:
        return properties if whole and _BOOKS_RESOURCE in caller.reads else None
    match topic:
        case Topic.CREW:
            return properties & _CREW or None
        case Topic.PASSENGER:
            return properties & (_NAMES | _HEADS) or None
        case Topic.FLIGHT:
            own = properties - _CREW - _NAMES
            # A flight that is made or restored is one, whatever it carries; an edit of its crew alone is none.
            return own if own or not properties else None
        case _:
            return None


def _news_to(caller: Caller, event: Event) -> bool:
    """Whether it is about a flight that was submitted to this application, and not of the application's own doing."""
    theirs = caller.application_id is not None and caller.application_id in event.submitted
    return theirs and event.actor_key != caller.actor_key and event.kind not in _BOOKS


# --- what follows from an answer ----------------------------------------------------------------------------------


class Verdict(StrEnum):
    """What an answer, or none, means for the delivery and for the subscription."""

    TAKEN = "taken"
    REFUSED = "refused"  # this delivery; others may fare better
    AWAY = "away"  # nobody is there to take anything
    UNWANTED = "unwanted"  # it says that it wants no more


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """How one try went."""

    delivery_id: int
    verdict: Verdict
    status: int | None
    said: str
    duration_ms: float
    wait: timedelta | None = None  # as long as the receiver asks for


def verdict_of(answer: Answer) -> Verdict:
    """By its status. Redirects are not followed: an address is what was subscribed, and was looked at then."""
    match answer.status:
        case status if 200 <= status < 300:
            return Verdict.TAKEN
        case 410:
            return Verdict.UNWANTED
        case 408 | 425 | 429:
            return Verdict.AWAY
        case status if status >= 500:
            return Verdict.AWAY
        case _:
            return Verdict.REFUSED


def said_in(answer: Answer) -> str:
    return answer.body[: 4 * _LONGEST_SAID].decode("utf-8", "replace").replace("\x00", "�").strip()[:_LONGEST_SAID]


def said_of(failed: CallFailed) -> str:
    return str(failed)[:_LONGEST_SAID]


def retry_after(headers: Mapping[str, str], now: datetime) -> timedelta | None:
    """What the receiver asks for, if that can be read; an hour at the most."""
    text = headers.get("retry-after", "").strip()
    try:
        asked = (
            timedelta(seconds=int(text)) if text.isdecimal() and len(text) < 8 else parsedate_to_datetime(text) - now
        )
    except (ValueError, TypeError):
        return None
    return min(max(asked, timedelta()), _LONGEST_AWAY)


def pause_while_away(failures: int) -> timedelta:
    """After so many calls in a row that reached nobody: 5 seconds, doubled each time, an hour at the most."""
    return min(timedelta(seconds=5 * 2 ** min(failures - 1, 12)), _LONGEST_AWAY)


def pause_after_refusal(refusals: int) -> timedelta:
    return _PAUSES[min(refusals, len(_PAUSES)) - 1]
