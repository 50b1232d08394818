"""Frozen pictures of keys, and of who calls with one."""

from __future__ import annotations

from datetime import datetime

import msgspec

from airstair.kernel.actor import Actor, ActorKind
from airstair.records.access.rules import RIGHTS_TO_WRITE, Resource


class ApiKeyFacts(msgspec.Struct, frozen=True, kw_only=True):
    """A key without its secret. Field meanings as in the table."""

    id: int
    operator_id: int
    name: str
    reads: tuple[str, ...]
    writes: tuple[str, ...]
    created_at: datetime
    created_by_name: str
    revoked_at: datetime | None
    revoked_by_name: str
    last_used_at: datetime | None
    last_used_from: str


class NewApiKey(msgspec.Struct, frozen=True, kw_only=True):
    """A key that was just made. `token` is what its user sends; it is not kept, and cannot be shown again."""

    facts: ApiKeyFacts
    token: str


class Caller(msgspec.Struct, frozen=True, kw_only=True):
    """Who calls: a key that is valid, and what it may do."""

    operator_id: int
    key_id: int
    name: str
    reads: frozenset[str]
    writes: frozenset[str]

    def actor(self, resource: Resource) -> Actor:
        """The key acting on one resource. The audit trail shows its name."""
        rights = RIGHTS_TO_WRITE.get(resource, frozenset()) if resource in self.writes else frozenset()
        return Actor(
            operator_id=self.operator_id,
            kind=ActorKind.API,
            key=str(self.key_id),
            label=f"{self.name} (API)",
            rights=frozenset(str(right) for right in rights),
        )


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What a write was answered: status, and the document as it was sent."""

    status: int
    body: str
    media: str = "application/json"
