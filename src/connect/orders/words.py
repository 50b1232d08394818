"""The words of orders, payments, slots and designations, each once. Pure."""

from __future__ import annotations

from enum import StrEnum


class Side(StrEnum):
    """The airport of a flight that an order is for."""

    ADEP = "ADEP"
    ADES = "ADES"


class OrderStatus(StrEnum):
    """How far an order is. NONE stands in the rules for “there is no order at that airport”."""

    NONE = "No order"
    AWAITING_QUOTE = "Awaiting quote"
    AWAITING_CUSTOMER = "Awaiting customer confirmation"
    IN_PROGRESS = "Order in progress"
    DELIVERED = "Delivered"
    CANCELLED = "Cancelled"


class Payment(StrEnum):
    """How far the payment is, as people record it; no card is ever seen here."""

    NONE = "None"
    REQUIRES_CONFIRMATION = "Requires confirmation"
    REQUIRES_CAPTURE = "Requires capture"
    SUCCEEDED = "Succeeded"
    CLAIMED = "Claimed"
    CANCELLED = "Cancelled before capture"


class Kind(StrEnum):
    """HANDLING: launched by the checklist, and follows it. DIRECT: made in Connect under a synchronised flight."""

    HANDLING = "handling"
    DIRECT = "direct"


class Progress(StrEnum):
    """How far the delivery of one line is."""

    NOT_PLANNED = "Not planned"
    PLANNED = "Planned"
    DELIVERED = "Delivered"


class SlotStatus(StrEnum):
    """How far a slot is."""

    NOT_REQUIRED = "Not required"
    ASKED = "Asked"
    PROPOSED = "Proposal"
    APPROVED = "Approved"
    CANCELLED = "Cancelled"


class Designation(StrEnum):
    """What a schedule system is told of a service: the designations that Connect uses."""

    PENDING = "PENDING"
    CONFIRMED = "CONFIRMED"
    CANCELLED = "CANCELLED"
    NOT_REQUIRED = "NOT_REQUIRED"


EDIT = "EDIT"
"""The service that stands for the flight itself."""


def side_of(service: str) -> Side | None:
    """The airport that a service of the checklist is for: `FUEL_ADEP` is for ADEP."""
    return next((side for side in Side if service.endswith(f"_{side.value}")), None)


def handling(side: Side) -> str:
    return f"HANDLING_{side.value}"


def slot(side: Side) -> str:
    return f"SLOT_{side.value}"


def title_of(service: str) -> str:
    """A service as a line of an order shows it: `PAX_TRANSPORT_ADEP` is “Pax transport”."""
    side = side_of(service)
    words = service.removesuffix(f"_{side.value}") if side else service
    return words.replace("_", " ").capitalize()
