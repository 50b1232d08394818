"""What a key can be allowed, what its text looks like, and how long an answer is kept. Pure; no database, no page."""

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
# "askey", operator, key, secret. The ids say where to look; only the secret opens.
_TOKEN = re.compile(r"askey_([1-9][0-9]{0,17})_([1-9][0-9]{0,17})_([A-Za-z0-9_-]{43})")


class Resource(StrEnum):
    """A part of the record that a key may read, or read and write. The words are shown to people."""

    AIRCRAFT = "Aircraft"
    AVAILABILITY = "Aircraft Availability"
    FLIGHTS = "Flights"
    PASSENGERS = "Passengers"
    CREW = "Crew"
    JOURNEY_LOG = "Journey Log"


# What writing a resource needs of the commands. A request acts with the rights of the one resource that it writes.
RIGHTS_TO_WRITE: dict[Resource, frozenset[Right]] = {
    Resource.AVAILABILITY: frozenset({Right.SCHEDULE_EDIT, Right.MAINTENANCE_EDIT}),
    Resource.FLIGHTS: frozenset({Right.SCHEDULE_EDIT}),
    Resource.PASSENGERS: frozenset({Right.SCHEDULE_EDIT}),
    Resource.CREW: frozenset({Right.SCHEDULE_EDIT}),
    Resource.JOURNEY_LOG: frozenset({Right.TIMES_EDIT}),
}


def new_secret() -> str:
    """256 bits: nobody guesses it, so a fast hash is enough to keep it."""
    return secrets.token_urlsafe(32)


def secret_hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def opens(secret: str, kept_hash: str) -> bool:
    """Whether the secret is the one that was hashed, in a time that tells nothing."""
    return hmac.compare_digest(secret_hash(secret), kept_hash)


def token_of(operator_id: int, key_id: int, secret: str) -> str:
    return f"askey_{operator_id}_{key_id}_{secret}"


def read_token(token: str) -> tuple[int, int, str] | None:
    """Operator, key and secret; `None` for what is not a key's text."""
    parts = _TOKEN.fullmatch(token)
    return (int(parts[1]), int(parts[2]), parts[3]) if parts else None
