"""A partner's error guide, tried on the add-on's own calls: each call is made, goes nowhere, and gets that answer."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Any, cast

import msgspec

from airstair.hub.flows import Call, UnitDocument
from airstair.hub.golive.case import Case
from airstair.hub.golive.specimens import specimen
from airstair.hub.http import Answer, PartnerHttp
from airstair.hub.verdicts import Judgement, judged
from airstair.kernel.outcome import Outcome, OutcomeKind


class GuideAnswer(msgspec.Struct, frozen=True):
    """One answer of a guide's: what it must be taken for, and by which words users must be shown it.

    `says` is how evidence calls it. `about`: it is about the first part of the document, and must lead there.
    """

    says: str
    answer: Answer
    means: OutcomeKind
    words: str
    about: bool = False


class _Answering:
    """Stands where the hub's HTTP client does, and gives every request the same answer."""

    def __init__(self, answer: Answer, now: datetime) -> None:
        self._answer = answer
        self._now = now

    def now(self) -> datetime:
        return self._now

    async def request(self, method: str, url: str, **given: Any) -> Answer:
        return self._answer


def as_guided(guide: Sequence[GuideAnswer]) -> Callable[[Case], Awaitable[Judgement]]:
    """The condition that `answers_told_apart` finds nothing wrong when an invented aircraft is sent."""
    return lambda case: answers_told_apart(case, guide, specimen(case).unit_document)


async def answers_told_apart(case: Case, guide: Sequence[GuideAnswer], one: UnitDocument) -> Judgement:
    """Each answer to a call with that document is taken for what it is, and a page in its place for no success.

    Of the calls really made, too, none that failed may be shown as a success.
    """
    wrong = case.failures_shown_as_success()
    for known in guide:
        outcome = await _sent(case, one, known.answer)
        if outcome.kind is not known.means or all(known.words not in message.text for message in outcome.messages):
            wrong.append(f"An answer {known.says} is taken for “{outcome.kind.label}”, not “{known.means.label}”.")
        if known.about and all(outcome.messages[0].about != part.key for part in one.document.parts[:1]):
            wrong.append(f"An answer {known.says} about a part of the document does not lead to it.")
    page = Answer(status=200, headers={"content-type": "text/html"}, body=b"<html></html>")
    if (await _sent(case, one, page)).kind.delivered:
        wrong.append("A page instead of an answer is taken for success.")
    well = f"{len(guide) + 1} answers of the error guide are told apart and shown in {case.addon.name}'s words."
    return judged(wrong, well)


async def _sent(case: Case, one: UnitDocument, answer: Answer) -> Outcome:
    """What the flow's own `send` makes of this answer."""
    now = case.sources.now
    http = cast(PartnerHttp, _Answering(answer, now))
    (outcome,) = await case.flow.send(Call(http=http, settings=case.addon.settings(), documents=[one], now=now))
    return outcome
