"""What the answers of most partners have in common: statuses as HTTP means them, and waits that are asked for.

An add-on's client reads its partner's own words first, and comes here for what they leave open. Pure but for `each`,
which makes the add-on's own calls and knows nothing of them.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import NamedTuple, TypeVar

import msgspec

from airstair.hub.flows import Call, UnitDocument
from airstair.hub.http import Answer, CallFailed
from airstair.kernel.outcome import Outcome, OutcomeKind, PartnerMessage

Read = TypeVar("Read")

LONGEST_WAIT = timedelta(hours=24)  # a longer one asked for is a slip
_DIGITS_SINCE_1970 = 10  # a moment has ten digits until 2286; a wait of as many would be decades
_IT_PASSES = frozenset({408, 409, 423, 425})  # too slow, changed at the same time, locked, too early


def kind_of(status: int) -> OutcomeKind:
    """What a status says by itself; `ACCEPTED` for all of 2xx."""
    if status >= 500 or status in _IT_PASSES:
        return OutcomeKind.UNAVAILABLE
    if status == 429:
        return OutcomeKind.THROTTLED
    if status in (401, 403):
        return OutcomeKind.UNAUTHORISED
    if status in (404, 405) or status < 200 or 300 <= status < 400:  # elsewhere, or redirected
        return OutcomeKind.MISCONFIGURED
    return OutcomeKind.ACCEPTED if status < 300 else OutcomeKind.REFUSED


def read_body(body: bytes, decoder: msgspec.json.Decoder[Read]) -> Read | None:
    """An answer's body in the partner's own form; `None` for what is not: HTML, half a body, another's JSON."""
    try:
        return decoder.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def ours(text: str, *, field: str = "", level: str = "error") -> PartnerMessage:
    """A sentence of our own beside the partner's. `field`: the setting that is to be mended, if one is."""
    return PartnerMessage(level=level, text=text, field=field)


def outcome_of(
    answer: Answer,
    kind: OutcomeKind,
    messages: Iterable[PartnerMessage],
    now: datetime,
    *reset_headers: str,
    one: UnitDocument | None = None,
) -> Outcome:
    """The outcome of a call that was answered. `one`: the document that was sent, if one was; its parts are counted.

    A wait that the partner asks for counts only where it has not taken the call; `reset_headers` as in `retry_after`.
    """
    return Outcome(
        kind=kind,
        sent=len(one.document.parts) if one is not None else 0,
        messages=tuple(messages),
        http_status=answer.status,
        retry_after=None if kind.delivered else retry_after(answer, now, *reset_headers),
    )


class Ending(NamedTuple):
    """What a client reads out of an answer: how the call ended, the setting that is wrong, and what we add to it."""

    kind: OutcomeKind
    setting: str = ""
    hint: str = ""


def told(
    partner: str,
    answer: Answer,
    ending: Ending,
    said: Iterable[PartnerMessage],
    now: datetime,
    *reset_headers: str,
    one: UnitDocument | None = None,
) -> Outcome:
    """`outcome_of` an ending: the partner's words lead to the setting, ours come after them.

    Where nobody said anything of a call that was not accepted, the answer itself is told.
    """
    messages = [words if words.field else msgspec.structs.replace(words, field=ending.setting) for words in said]
    hint = ending.hint
    if not hint and not messages and ending.kind is not OutcomeKind.ACCEPTED:
        hint = f"{partner} answered {in_words(answer)}, which is not its usual answer."
    if hint:
        messages.append(ours(hint, field=ending.setting))
    return outcome_of(answer, ending.kind, messages, now, *reset_headers, one=one)


async def each(call: Call, put: Callable[[Call, UnitDocument], Awaitable[Outcome]]) -> list[Outcome]:
    """Send the documents one by one with `put`; an outcome for each, in order.

    A call that nobody answered ends neither the others nor what was answered before it. Parts are counted here.
    """
    outcomes = []
    for one in call.documents:
        try:
            outcome = await put(call, one)
        except CallFailed as failed:
            outcome = Outcome.failed(failed.kind, str(failed))
        outcomes.append(counted(outcome, one))
    return outcomes


def counted(outcome: Outcome, one: UnitDocument) -> Outcome:
    """With the number of parts that the document held, where the add-on has not said it."""
    return outcome if outcome.sent else msgspec.structs.replace(outcome, sent=len(one.document.parts))


def in_words(answer: Answer) -> str:
    """What came instead of an answer that can be read: `503 with 211 bytes of text/html`."""
    if not answer.body:
        return f"{answer.status} and nothing else"
    kind = answer.headers.get("content-type", "no content type").partition(";")[0]
    return f"{answer.status} with {len(answer.body)} bytes of {kind}"


def retry_after(answer: Answer, now: datetime, *reset_headers: str) -> datetime | None:
    """When the partner wants to be asked again: the later of Retry-After and, at a limit, its own headers.

    Each is read as seconds from now, as seconds since 1970, or as an HTTP date.
    """
    waits = [_wait(answer.headers.get("retry-after", ""), now)]
    if answer.status == 429:
        waits += [_wait(answer.headers.get(name, ""), now) for name in reset_headers]
    known = [wait for wait in waits if wait is not None]
    return now + min(max(known), LONGEST_WAIT) if known else None


def _wait(written: str, now: datetime) -> timedelta | None:
    written = written.strip()
    if written.isascii() and written.isdigit():
        if len(written) < _DIGITS_SINCE_1970:
            return timedelta(seconds=int(written))
        return max(timedelta(seconds=int(written[:12]) - int(now.timestamp())), timedelta())
    try:
        return max(parsedate_to_datetime(written) - now, timedelta())
    except (ValueError, TypeError):
        return None
