"""Avinode's error handling guide (documented), as answers that the add-on's own call must take for what they are."""

from __future__ import annotations

import msgspec

from airstair.hub.golive.rehearsing import GuideAnswer
from airstair.hub.http import Answer
from airstair.kernel.outcome import OutcomeKind

_ACTIVITY = "activities[0]"


def _answer(status: int, code: str, title: str, means: OutcomeKind, path: str = "") -> GuideAnswer:
    """One of the guide's. `path`: what of the document it is about."""
    item = {"title": title, "code": code, **({"path": path} if path else {})}
    body = msgspec.json.encode({"meta": {"errors": [item], "warnings": [], "infos": []}, "data": {}})
    answer = Answer(status=status, headers={"content-type": "application/json"}, body=body)
    return GuideAnswer(f"{status} {code}", answer, means, title, path.startswith(_ACTIVITY))


_INVALID_KEY = "Invalid value for header 'Authorization'"
_WITH_ERRORS, _UNMATCHED = OutcomeKind.ACCEPTED_WITH_ERRORS, OutcomeKind.UNMATCHED
GUIDE = (
    _answer(200, "START_AIRPORT_INVALID", "Invalid start airport", _WITH_ERRORS, f"{_ACTIVITY}.startAirport"),
    _answer(400, "ERR_INPUT_MISSING", "activityType is required", OutcomeKind.REFUSED, f"{_ACTIVITY}.activityType"),
    _answer(401, "ERR_INPUT_GENERIC_INVALID", _INVALID_KEY, OutcomeKind.UNAUTHORISED),
    _answer(403, "AUTHORIZATION_PERMISSIONS", "The aircraft is not configured", _UNMATCHED, "lift.aircraftTail"),
    _answer(403, "AUTHORIZATION_PERMISSIONS", "Not permitted", OutcomeKind.MISCONFIGURED),
    _answer(429, "RATE_LIMIT", "Rate limit exceeded", OutcomeKind.THROTTLED),
    _answer(500, "ERR_INTERNAL_CRITICAL", "An unexpected error occurred", OutcomeKind.UNAVAILABLE),
    _answer(503, "ERR_SERVICE_UNAVAILABLE", "Temporarily unavailable", OutcomeKind.UNAVAILABLE),
)
