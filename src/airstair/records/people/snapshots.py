"""Frozen pictures of people, as add-ons and pages see them. What is sensitive is only where the name says so."""

from __future__ import annotations

from datetime import date

import msgspec

from airstair.records.people.rules import DocumentKind, PassengerCategory, masked


class CrewMemberFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a crew member, without what is sensitive. Field meanings as in the table."""

    id: int
    operator_id: int
    code: str
    first_name: str
    last_name: str
    email: str = ""
    phone: str = ""
    sex: str = ""  # "male", "female"; empty while not known
    positions: tuple[str, ...] = ()
    home_base: str = ""
    nationality: str = ""
    notes: str = ""
    active: bool = True

    @property
    def name(self) -> str:
        return f"{self.first_name} {self.last_name}"


class PassengerFacts(msgspec.Struct, frozen=True, kw_only=True):
    """A passenger of the phonebook, without what is sensitive."""

    id: int
    operator_id: int
    first_name: str
    last_name: str
    category: PassengerCategory = PassengerCategory.MALE
    nationality: str = ""
    email: str = ""
    phone: str = ""
    company_id: int | None = None
    notes: str = ""

    @property
    def name(self) -> str:
        return f"{self.first_name} {self.last_name}"


class ContactFacts(msgspec.Struct, frozen=True, kw_only=True):
    """A contact person."""

    id: int
    operator_id: int
    first_name: str
    last_name: str
    job: str = ""
    email: str = ""
    phone: str = ""
    company_id: int | None = None
    notes: str = ""

    @property
    def name(self) -> str:
        return f"{self.first_name} {self.last_name}"


class CompanyFacts(msgspec.Struct, frozen=True, kw_only=True):
    """A company of the phonebook."""

    id: int
    operator_id: int
    name: str
    kind: str = "client"
    country: str = ""
    address: str = ""
    email: str = ""
    phone: str = ""
    notes: str = ""


class Sensitive(msgspec.Struct, frozen=True, kw_only=True):
    """A date of birth, unsealed. `readable` is false where it was stored under another key of the installation."""

    born: date | None = None
    readable: bool = True

    def __repr__(self) -> str:
        """Without the value: no log and no traceback holds it."""
        return "<Sensitive>"


class DocumentFacts(msgspec.Struct, frozen=True, kw_only=True):
    """A licence or travel document with its number unsealed; `None`: it was stored under another key."""

    id: int
    operator_id: int
    holder_id: int  # the crew member's or the passenger's
    kind: DocumentKind
    number: str | None
    country: str = ""
    issued: date | None = None
    expires: date | None = None
    notes: str = ""

    def __repr__(self) -> str:
        """Without the number: no log and no traceback holds it."""
        return f"<{self.kind.value} {self.id}>"

    @property
    def masked(self) -> str:
        return "unreadable" if self.number is None else masked(self.number)
