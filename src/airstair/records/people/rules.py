"""The words of people's records, and what follows from their dates. Pure."""

from __future__ import annotations

from enum import StrEnum

CODE = r"[A-Z0-9]{2,8}"
POSITION = r"[A-Z0-9]{2,6}"
# Suggested in this order; an operator may use others of its own.
POSITIONS = ("CPT", "FO", "SP", "FE", "FA1", "FA2", "FA3", "FA4", "FA5", "FA6", "LM", "MX", "OBS")
COCKPIT = frozenset({"CPT", "FO", "SP", "FE"})


class Sex(StrEnum):
    """As travel documents and partners ask for it; empty while it is not known."""

    MALE = "male"
    FEMALE = "female"


class PassengerCategory(StrEnum):
    """How a passenger is counted on a flight."""

    MALE = "male"
    FEMALE = "female"
    CHILD = "child"
    INFANT = "infant"


class DocumentKind(StrEnum):
    """What a document is."""

    PASSPORT = "passport"
    ID_CARD = "id_card"
    VISA = "visa"
    LICENCE = "licence"
    MEDICAL = "medical"
    CREW_CARD = "crew_card"
    DRIVING_LICENCE = "driving_licence"
    OTHER = "other"

    @property
    def label(self) -> str:
        return _LABELS.get(self, self.value.replace("_", " ").capitalize())


_LABELS = {DocumentKind.ID_CARD: "ID card"}
LICENCES = frozenset({DocumentKind.LICENCE, DocumentKind.MEDICAL})
TRAVEL = frozenset({DocumentKind.PASSPORT, DocumentKind.ID_CARD, DocumentKind.VISA})


class CompanyKind(StrEnum):
    """What a company is to the operator."""

    CLIENT = "client"
    BROKER = "broker"
    HANDLER = "handler"
    SUPPLIER = "supplier"
    AUTHORITY = "authority"
    OTHER = "other"


def in_order(positions: tuple[str, ...]) -> tuple[str, ...]:
    """The positions, each once, the captain's first, unknown ones at the end as they were given."""
    known = [position for position in POSITIONS if position in positions]
    return (*known, *dict.fromkeys(position for position in positions if position not in POSITIONS))


def masked(number: str) -> str:
    """A document's number as somebody sees it who need not know it: `•••• 4711`."""
    return f"•••• {number[-4:]}" if len(number) > 5 else "••••" * bool(number)
