"""What a partner is told when something is wrong, in its own words where it has some. Pure.

Nothing that a partner sends is ever our fault to it: there is no 500 here.
"""

from __future__ import annotations

from http import HTTPStatus

import msgspec
from django.db import DataError, InterfaceError, OperationalError

from airstair.hub.visits import Entrance, Refusal, Reply, Unmatched, Unreadable
from airstair.kernel.errors import AirstairError, Conflict, Forbidden, Invalid, NotFound
from airstair.kernel.outcome import OutcomeKind, PartnerMessage

PROBLEM = "application/problem+json"
AGAIN_LATER = 60  # seconds, where it is not the visitor's to mend


def refused(entrance: Entrance, refusal: Refusal, outcome: OutcomeKind) -> Reply:
    """The refusal as a reply."""
    body, media = entrance.words(refusal) if entrance.words is not None else problem_document(refusal)
    words = [PartnerMessage(level="error", text=one.sentence, field=one.field) for one in refusal.problems]
    words = words or [PartnerMessage(level="error", text=refusal.sentence)]
    return Reply(body=body, media=media, status=refusal.status, outcome=outcome, messages=tuple(words))


def problem_document(refusal: Refusal) -> tuple[bytes, str]:
    """As RFC 9457 has it, each wrong field under `errors`."""
    said: dict[str, object] = {
        "type": "about:blank",
        "title": HTTPStatus(refusal.status).phrase,
        "status": refusal.status,
        "detail": refusal.sentence,
    }
    if refusal.problems:
        said["errors"] = [{"field": one.field, "detail": one.sentence} for one in refusal.problems]
    return msgspec.json.encode(said), PROBLEM


def of_error(entrance: Entrance, error: Exception) -> Reply:
    """What an operation raised, as a reply. Anything that nobody foresaw can be sent again later."""
    problems = error.problems if isinstance(error, Invalid) else ()
    match error:
        case Unreadable():
            status, outcome = 400, OutcomeKind.UNREADABLE
        case Unmatched():
            status, outcome = 422, OutcomeKind.UNMATCHED
        case NotFound():
            status, outcome = 404, OutcomeKind.UNMATCHED
        case Forbidden():
            status, outcome = 403, OutcomeKind.MISCONFIGURED
        case Conflict():
            status, outcome = 409, OutcomeKind.REFUSED
        case AirstairError():
            status, outcome = 422, OutcomeKind.REFUSED
        case DataError() | OverflowError() | RecursionError():
            sentence = "A value is out of the range of what can be kept, or holds characters that text cannot have."
            return refused(entrance, Refusal(status=422, sentence=sentence), OutcomeKind.UNREADABLE)
        case OperationalError() | InterfaceError():
            sentence = "The schedule cannot be reached just now. Send it again later; nothing was kept of it."
            return refused(entrance, Refusal(status=503, sentence=sentence), OutcomeKind.UNAVAILABLE)
        case _:
            sentence = "It could not be worked on, which is our fault. Send it again later; nothing was kept of it."
            return refused(entrance, Refusal(status=503, sentence=sentence), OutcomeKind.UNREADABLE)
    return refused(entrance, Refusal(status=status, sentence=str(error), problems=problems), outcome)
