"""At most once: what may go out of messages that cannot be taken back, and what follows from their calls. Pure rules.

The table is the memory; the engine reads a unit's messages, asks here what to do, and writes it down before it calls.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum

import msgspec

from airstair.hub.engine.judging import CONNECTION_TROUBLE, backoff
from airstair.hub.flows import Backoff, MessageState, Post
from airstair.kernel.outcome import Outcome, OutcomeKind

# The partner has not taken it, and will as soon as the trouble is over.
PASSES = frozenset(
    {OutcomeKind.THROTTLED, OutcomeKind.UNAVAILABLE, OutcomeKind.UNAUTHORISED, OutcomeKind.MISCONFIGURED}
)


class Held(msgspec.Struct, frozen=True, kw_only=True):
    """One message of a unit as the table has it."""

    id: int
    identity: str
    state: MessageState
    asked_at: datetime | None = None
    decided: bool = False  # a person has said that it arrived, or dropped it
    may_be_there: bool = False  # a call of it was accepted, or its answer lost
    outcome: str = ""  # of its latest call
    sent_order: int | None = None  # of its latest call
    wanted_again: bool = False


class Step(StrEnum):
    """What is to be done with a unit's messages."""

    NOTHING = "nothing"
    WAIT = "wait"  # not now: look at it once more
    MAKE = "make"  # a message that was not there before is ready
    RENAME = "rename"  # the one that waits says something else now: the last state wins
    READY = "ready"  # one that was there becomes ready again, or still is


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """What to write. `withdraw`: replaced before it was taken. `ask`: a person is asked whether to repeat it."""

    step: Step
    id: int | None = None  # of the message that is ready, where it was there before
    withdraw: tuple[int, ...] = ()
    ask: int | None = None
    stop_asking: tuple[int, ...] = ()


def decide(held: Sequence[Held], wanted: str | None, elsewhere: Sequence[Held] = ()) -> Decision:
    """What to do when the record now wants the message of this identity to be there; `None`: none at all.

    `elsewhere`: the unit's messages through the operator's other connections to the same partner. An aircraft that
    changes its connection takes with it what has gone out.

    What was delivered, is in doubt, was refused or was dropped by a person does not go out again without a person's
    word. What was replaced before the partner took it may: it never arrived.
    """
    if any(one.state is MessageState.SENDING for one in (*held, *elsewhere)):
        return Decision(step=Step.WAIT)
    waiting = next((one for one in held if one.state is MessageState.READY), None)
    asked = waiting is not None and waiting.asked_at is not None
    if not asked and any(one.may_be_there and one.identity == wanted for one in elsewhere):
        return Decision(step=Step.NOTHING, withdraw=_ids(waiting))
    asking = tuple(one.id for one in held if one.wanted_again)
    replaced = tuple(one.id for one in held if one.state is MessageState.REFUSED and one.identity != wanted)
    if wanted is None:
        return Decision(step=Step.NOTHING, withdraw=_ids(waiting) + replaced, stop_asking=asking)
    same = next((one for one in held if one.identity == wanted), None)
    if same is not None and _never_arrived(same):
        others = tuple(id_ for id_ in _ids(waiting) if id_ != same.id)
        return Decision(step=Step.READY, id=same.id, withdraw=others + replaced, stop_asking=asking)
    if same is None and waiting is not None and not waiting.may_be_there:
        return Decision(step=Step.RENAME, id=waiting.id, withdraw=replaced, stop_asking=asking)
    if same is None:
        return Decision(step=Step.MAKE, withdraw=_ids(waiting) + replaced, stop_asking=asking)
    ask = same.id if _overtaken(same, held) else None
    return Decision(
        step=Step.NOTHING,
        withdraw=_ids(waiting) + replaced,
        ask=ask if ask not in asking else None,
        stop_asking=tuple(id_ for id_ in asking if id_ != ask),
    )


def taken_back(may_be_there: bool, outcome: str) -> MessageState:
    """What a message is when it shall not go out (again): what was there stays there. `outcome`: of its latest call."""
    if not may_be_there:
        return MessageState.WITHDRAWN
    return MessageState.DELIVERED if OutcomeKind(outcome).delivered else MessageState.DOUBTFUL


def _ids(one: Held | None) -> tuple[int, ...]:
    return () if one is None else (one.id,)


def _never_arrived(one: Held) -> bool:
    """Whether it may go out without a person's word."""
    if one.state is MessageState.READY:
        return True
    return one.state is MessageState.WITHDRAWN and not one.decided and not one.may_be_there


def _overtaken(same: Held, held: Sequence[Held]) -> bool:
    """Whether the partner got another message after this one, so that it does not show any more what this one says."""
    if same.state is MessageState.REFUSED or same.sent_order is None:
        return False
    orders = [one.sent_order for one in held if one.may_be_there and one.sent_order is not None]
    return max(orders, default=0) > same.sent_order


class Sent(msgspec.Struct, frozen=True, kw_only=True):
    """What follows from a message's call."""

    state: MessageState
    pause_until: datetime | None = None


def certainly_unseen(flow: Post, outcome: Outcome, *, went_out: bool) -> bool:
    """Whether the partner certainly has not processed the message: only then may it go out again by itself.

    An answer of 503 may come from a gateway whose server goes on working; no connection at all is certain.
    """
    if not went_out or outcome.kind in (OutcomeKind.THROTTLED, OutcomeKind.UNAUTHORISED, OutcomeKind.MISCONFIGURED):
        return True
    if outcome.http_status in flow.unseen:
        return True
    return outcome.kind is OutcomeKind.UNAVAILABLE and outcome.http_status is None


def after(flow: Post, outcome: Outcome, *, went_out: bool, tries: int, failures: int, ended: datetime) -> Sent:
    """What follows. `went_out`: a request was made at all. `tries`: this message's calls, this one included."""
    rule = flow.retry if isinstance(flow.retry, Backoff) else Backoff()
    pause = None
    if outcome.kind in CONNECTION_TROUBLE:
        pause = max(outcome.retry_after or ended, ended + backoff(rule, max(1, failures)))
    if outcome.kind.delivered:
        return Sent(state=MessageState.DELIVERED)
    if outcome.kind in (OutcomeKind.REFUSED, OutcomeKind.UNMATCHED):
        return Sent(state=MessageState.REFUSED)
    if not certainly_unseen(flow, outcome, went_out=went_out):
        return Sent(state=MessageState.DOUBTFUL, pause_until=pause)
    again = isinstance(flow.retry, Backoff) and tries < flow.retry.tries and outcome.kind in PASSES
    return Sent(state=MessageState.READY if again else MessageState.REFUSED, pause_until=pause)
