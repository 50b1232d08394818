"""Centrik's messages as types. Its resources are not public: these are proposed shapes (assumed), kept here alone.

Tolerant in: ids may be numbers or texts, what may be missing has a default, an odd item spoils no other.
"""

from __future__ import annotations

import msgspec


class Qualification(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A kind of endorsement. `external_id` holds whatever the operator put there; an airport's code, perhaps."""

    id: int | str
    name: str
    external_id: str | None = None


class User(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Somebody who has a login there."""

    id: int | str
    email: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    active: bool = True

    @property
    def name(self) -> str:
        return f"{self.first_name or ''} {self.last_name or ''}".strip()


class UserQualification(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """That somebody has a qualification. Days are YYYY-MM-DD; a time after them is left off."""

    id: int | str
    user_id: int | str
    qualification_id: int | str
    number: str | None = None
    date_of_issue: str | None = None
    expiry_date: str | None = None
    notes: str | None = None


class Said(msgspec.Struct, frozen=True):
    """The body of an answer that is no list."""

    message: str = ""
    title: str = ""
    detail: str = ""

    @property
    def words(self) -> str:
        return self.message or " ".join(part for part in (self.title, self.detail) if part)
