"""What a key can be allowed, what keys and tokens look like, how long each is good. Pure; no database, no page."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from datetime import timedelta
from enum import StrEnum

from airstair.records.operators.rules import Right

KEPT_ANSWERS = timedelta(days=30)  # for so long a write can be repeated under its idempotency key
USE_NOTED_EVERY = timedelta(minutes=1)  # a key's last use is written no oftener, unless it comes from elsewhere
ACCESS_LIVES = timedelta(minutes=30)
REFRESH_LIVES = timedelta(days=30)  # since its last use
CODE_LIVES = timedelta(minutes=10)
GRACE = timedelta(seconds=60)  # for so long a replaced refresh token still works: the answer may have been lost
MOST_LIVE = 500  # access tokens of one key, or of one grant
SILENT_AT_LEAST = timedelta(hours=2)  # before that no application is said to have stopped renewing
# Kind, operator, row, secret. The ids say where to look; only the secret opens.
_TEXT = re.compile(r"(askey|ascode|asat|asrt)_([1-9][0-9]{0,17})_([1-9][0-9]{0,17})_([A-Za-z0-9_-]{43})")


class Resource(StrEnum):
    """A part of the record that a key may read, or read and write. The words are shown to people."""

    AIRCRAFT = "Aircraft"
    AVAILABILITY = "Aircraft Availability"
    FLIGHTS = "Flights"
    PASSENGERS = "Passengers"
    CREW = "Crew"
    JOURNEY_LOG = "Journey Log"
    CHECKLIST = "Checklist"


# What writing a resource needs of the commands. A request acts with the rights of the one resource that it writes.
RIGHTS_TO_WRITE: dict[Resource, frozenset[Right]] = {
    Resource.AVAILABILITY: frozenset({Right.SCHEDULE_EDIT, Right.MAINTENANCE_EDIT}),
    Resource.FLIGHTS: frozenset({Right.SCHEDULE_EDIT}),
    Resource.PASSENGERS: frozenset({Right.SCHEDULE_EDIT}),
    Resource.CREW: frozenset({Right.SCHEDULE_EDIT}),
    Resource.JOURNEY_LOG: frozenset({Right.TIMES_EDIT}),
    Resource.CHECKLIST: frozenset({Right.CHECKLIST_EDIT}),
}


def new_secret() -> str:
    """256 bits: nobody guesses it, so a fast hash is enough to keep it."""
    return secrets.token_urlsafe(32)


def secret_hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def opens(secret: str, kept_hash: str) -> bool:
    """Whether the secret is the one that was hashed, in a time that tells nothing."""
    return hmac.compare_digest(secret_hash(secret), kept_hash)


class Kind(StrEnum):
    """What a text is, as it begins."""

    KEY = "askey"
    CODE = "ascode"
    ACCESS = "asat"
    REFRESH = "asrt"


def text_of(kind: Kind, owner: int, row: int, secret: str) -> str:
    return f"{kind.value}_{owner}_{row}_{secret}"


def read_text(text: str, *kinds: Kind) -> tuple[Kind, int, int, str] | None:
    """Kind, operator, row and secret; `None` for what is no text of these kinds."""
    parts = _TEXT.fullmatch(text)
    if parts is None or parts[1] not in kinds:
        return None
    return Kind(parts[1]), int(parts[2]), int(parts[3]), parts[4]


def usual_after(usual: timedelta, gap: timedelta) -> timedelta:
    """How long an application is silent at most, now that it renewed after `gap`. Long gaps are forgotten slowly."""
    return max(gap, usual * 9 / 10)


def silent_after(usual: timedelta) -> timedelta:
    """After so long without a renewal an application has stopped: at the latest when it could renew no more."""
    return min(max(2 * usual, SILENT_AT_LEAST), REFRESH_LIVES)
