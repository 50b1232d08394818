"""What a caller is told when something is refused: GraphQL errors with a message and a category."""

from __future__ import annotations

import logging
import re
from typing import Any

from graphql import GraphQLError

from airstair.kernel.errors import AirstairError, Conflict, Forbidden, Invalid, NotFound

ACCESS = "accessRestriction"
VALIDATION = "validation"
MASKED = "Internal server error"
_BAD_VARIABLE = re.compile(r"Variable '\$(\w+)' has invalid value")  # clients look for the words that are put there

log = logging.getLogger(__name__)


class Refused(Exception):
    """Raise it in a resolver: the message is told as it is, with the category beside it."""

    def __init__(self, message: str, category: str = VALIDATION) -> None:
        self.category = category
        super().__init__(message)


def told(error: GraphQLError) -> dict[str, Any]:
    """One error as it is sent. What we did not foresee is in our log, and is masked."""
    cause = error.original_error
    while isinstance(cause, GraphQLError) and cause.original_error is not None:
        cause = cause.original_error
    answer: dict[str, Any] = dict(error.formatted)
    if not error.path or cause is None or isinstance(cause, GraphQLError):  # of the request, not of a resolver
        answer["message"] = _BAD_VARIABLE.sub(r'Variable "$\1" got invalid value', answer["message"])
        answer["extensions"] = {"category": "graphql", **answer.get("extensions", {})}
        return answer
    if isinstance(cause, Refused | AirstairError):
        answer["message"], category = str(cause), category_of(cause)
    else:
        log.error("A GraphQL request broke at %s.", error.path, exc_info=cause)
        answer["message"], category = MASKED, "internal"
    answer["extensions"] = {**answer.get("extensions", {}), "category": category}
    if isinstance(cause, Invalid):
        answer["extensions"]["fields"] = [{"field": one.field, "message": one.sentence} for one in cause.problems]
    return answer


def category_of(cause: Refused | AirstairError) -> str:
    """The vendor's word for the kind of refusal."""
    match cause:
        case Refused():
            return cause.category
        case Forbidden():
            return ACCESS
        case NotFound():
            return "RESOURCE_NOT_FOUND"
        case Conflict():
            return "RESOURCE_EDITION_BLOCKED"
        case _:
            return "VALIDATION"
