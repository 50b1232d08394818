"""What follows from an outcome: pure rules that read the flow's facts and decide what happens next."""

from __future__ import annotations

import random
from collections.abc import Iterable
from datetime import datetime, timedelta

import msgspec

from airstair.hub.flows import Backoff, Every, Mirror
from airstair.kernel.outcome import Outcome, OutcomeKind

# The partner as a whole is in trouble, not this one document: everybody waits.
CONNECTION_TROUBLE = frozenset(
    {
        OutcomeKind.UNAVAILABLE,
        OutcomeKind.THROTTLED,
        OutcomeKind.UNAUTHORISED,
        OutcomeKind.MISCONFIGURED,
        OutcomeKind.UNKNOWN,
        OutcomeKind.UNREADABLE,
    }
)

# The partner may hold what was sent all the same: a gateway answers 502 for a server that goes on working.
DOUBTFUL = frozenset({OutcomeKind.UNKNOWN, OutcomeKind.UNAVAILABLE, OutcomeKind.UNREADABLE})

_THROTTLED = timedelta(minutes=1)  # the wait where a partner asks for one without saying how long

_WORST_FIRST = (
    OutcomeKind.UNAUTHORISED,
    OutcomeKind.MISCONFIGURED,
    OutcomeKind.THROTTLED,
    OutcomeKind.UNAVAILABLE,
    OutcomeKind.UNKNOWN,
    OutcomeKind.UNREADABLE,
    OutcomeKind.REFUSED,
    OutcomeKind.UNMATCHED,
    OutcomeKind.ACCEPTED_WITH_ERRORS,
    OutcomeKind.ACCEPTED,
    OutcomeKind.UNCHANGED,
)


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """What to do after a unit's call. `again`: it goes out once more, at `next_due`.

    `not_before`: unless a person changes it, it goes out no sooner, also if it was given up and the partner comes back.

    `pause_until`: nothing goes out before then, unless the partner answers somebody else as usual meanwhile.
    """

    again: bool
    pause_until: datetime | None
    next_due: datetime | None
    not_before: datetime | None = None


def judge(
    flow: Mirror, outcome: Outcome, *, tries: int, failures: int, interval: timedelta | None, ended: datetime
) -> Verdict:
    """What follows. `tries`: this unit's failed calls in a row, this one included; `failures`: the connection's.

    A clock flow is due an interval after the call ended, whatever became of it: so no two calls can be closer
    than the interval, and a partner that forbids retries gets none.
    """
    if isinstance(flow.trigger, Every):
        return Verdict(again=False, pause_until=None, next_due=None if interval is None else ended + interval)
    if outcome.kind not in CONNECTION_TROUBLE or not isinstance(flow.retry, Backoff):
        return Verdict(again=False, pause_until=None, next_due=None)
    # The partner's own wish counts where it is longer; a Retry-After of nothing does not make us hammer it.
    pause = max(outcome.retry_after or ended, ended + backoff(flow.retry, failures))
    again = tries < flow.retry.tries
    # The unit's own wait: others' success ends the pause, and it may be this document that the partner chokes on.
    own = max(pause, ended + backoff(flow.retry, tries))
    return Verdict(again=again, pause_until=pause, next_due=own if again else None, not_before=own)


def unsent(interval: timedelta | None, now: datetime) -> Verdict:
    """What follows when no call could be made of a unit: it waits for its next turn, and nobody else for it."""
    return Verdict(again=False, pause_until=None, next_due=None if interval is None else now + interval)


def backoff(rule: Backoff, failures: int) -> timedelta:
    """The wait after so many failures in a row: doubling, at most the longest, with a quarter of jitter."""
    wait: timedelta = min(rule.longest, rule.first * 2 ** min(failures - 1, 20))
    return wait * random.uniform(0.75, 1.25)  # noqa: S311 - spreads load, guards nothing


def worst(outcomes: list[Outcome]) -> Outcome:
    """The outcome that a call as a whole is listed under."""
    return min(outcomes, key=lambda outcome: _WORST_FIRST.index(outcome.kind))


def asked_to_wait(outcomes: Iterable[Outcome], ended: datetime) -> datetime | None:
    """Until when the partner wants to be left alone: what it said, a while if it only said that it was too much."""
    waits = [outcome.retry_after for outcome in outcomes if outcome.retry_after and not outcome.kind.delivered]
    throttled = any(outcome.kind is OutcomeKind.THROTTLED for outcome in outcomes)
    return max(waits, default=ended + _THROTTLED if throttled else None)
