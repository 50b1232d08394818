"""Frozen pictures of keys and of connected applications, and of who calls with one."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import StrEnum

import msgspec

from airstair.kernel.actor import Actor, ActorKind
from airstair.records.access.rules import RIGHTS_TO_WRITE, Resource
from airstair.records.access.scopes import FLIGHT_SUPPORT
from airstair.records.operators.rules import Right


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


class Identity(StrEnum):
    """What a caller showed."""

    API_KEY = "api_key"
    OAUTH = "oauth"


class Caller(msgspec.Struct, frozen=True, kw_only=True):
    """Who calls: a key, or an application with the operator's grant; what it may do, and about which aircraft.

    `reads` and `writes` are resources, `scopes` the same in the names that applications ask by. `aircraft`: the
    others' flights, events and documents do not exist for it; `None` is the whole fleet.
    """

    operator_id: int
    name: str
    reads: frozenset[str]
    writes: frozenset[str]
    scopes: frozenset[str]
    identity: Identity = Identity.API_KEY
    key_id: int | None = None
    application_id: int | None = None
    application_name: str = ""
    grant_id: int | None = None
    aircraft: frozenset[int] | None = None

    @property
    def actor_key(self) -> str:
        """What the change log calls it."""
        return str(self.key_id) if self.application_id is None else f"application:{self.application_id}"

    def sees(self, aircraft_id: int) -> bool:
        return self.aircraft is None or aircraft_id in self.aircraft

    def actor(self, resource: Resource) -> Actor:
        """The caller acting on one resource. The audit trail shows its name."""
        rights = RIGHTS_TO_WRITE.get(resource, frozenset()) if resource in self.writes else frozenset()
        return self.acting(rights)

    def support_actor(self) -> Actor:
        """An application answering for services that were submitted to it; without that scope, with no right."""
        answers = self.application_id is not None and FLIGHT_SUPPORT in self.scopes
        return self.acting({Right.SUPPORT_ANSWER} if answers else ())

    def acting(self, rights: Iterable[Right]) -> Actor:
        """The caller with the rights that what it may do amounts to; whoever calls this has looked."""
        return Actor(
            operator_id=self.operator_id,
            kind=ActorKind.API,
            key=self.actor_key,
            label=self.application_name or f"{self.name} (API)",
            rights=frozenset(str(right) for right in rights),
        )


class ApplicationFacts(msgspec.Struct, frozen=True, kw_only=True):
    """A third party's program as it was registered, without its secret."""

    id: int
    key: str
    name: str
    description: str
    client_id: str
    public: bool
    redirect_uris: tuple[str, ...]
    scopes: tuple[str, ...]
    contact_email: str
    website: str
    active: bool


class NewApplication(msgspec.Struct, frozen=True, kw_only=True):
    """An application that was just registered. Its secret cannot be shown again; a public client has none."""

    facts: ApplicationFacts
    client_secret: str


class GrantFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What an operator allowed an application. `aircraft` of `None` is the whole fleet."""

    id: int
    operator_id: int
    application_id: int
    scopes: tuple[str, ...]
    aircraft: frozenset[int] | None
    granted_by_name: str
    granted_at: datetime
    withdrawn_at: datetime | None
    withdrawn_by_name: str
    last_used_at: datetime | None
    last_used_from: str
    family: int | None
    renewed_at: datetime | None
    usual_gap: timedelta
    refused_at: datetime | None
    refused_why: str
    warned_at: datetime | None


class Connected(msgspec.Struct, frozen=True, kw_only=True):
    """An application as an operator has it connected, or had. `active`: it can reach the record now."""

    application: ApplicationFacts
    grant: GrantFacts
    active: bool
    trouble: str  # a sentence; empty when all is well


class Tokens(msgspec.Struct, frozen=True, kw_only=True):
    """What an application or a program is handed: texts that are not kept here."""

    access: str
    access_expires_at: datetime
    refresh: str  # empty: what it handed in stays good
    scopes: tuple[str, ...]


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What a write was answered: status, and the document as it was sent."""

    status: int
    body: str
    media: str = "application/json"
