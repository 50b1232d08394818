"""Who acts: a person, a partner, an import, or the system itself. Every change names one."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from airstair.kernel.errors import Forbidden


class ActorKind(StrEnum):
    PERSON = "person"
    PARTNER = "partner"
    IMPORT = "import"
    API = "api"
    SYSTEM = "system"


class Actor(msgspec.Struct, frozen=True, kw_only=True):
    """Who acts for which operator, with which rights. Commands take one as their first argument.

    `label` is what the audit trail shows: a person's name, an add-on's name, a file's name.
    """

    operator_id: int
    kind: ActorKind
    key: str  # user id, add-on key, file name: tells two actors of a kind apart
    label: str
    rights: frozenset[str] = frozenset()

    def may(self, right: str) -> bool:
        return right in self.rights

    def require(self, right: str, doing: str) -> None:
        """Raise `Forbidden` unless this actor has the right. `doing` completes “to …”."""
        if right not in self.rights:
            raise Forbidden(right, doing)
