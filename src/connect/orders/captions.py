"""The table of rules in words that a dispatcher reads: for the reference page, and for whoever shows a rule."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from importlib.resources import files
from typing import Any

from connect.orders.rules import (
    CAPTIONS,
    PAID,
    UNPAID,
    Change,
    FlightResult,
    LinesResult,
    OrderResult,
    Rule,
    ServicesResult,
    SlotResult,
    StepRule,
    rules,
    steps,
)
from connect.orders.words import OrderStatus, Payment

FLIGHT = {
    FlightResult.KEPT: "stays as it is",
    FlightResult.UPDATED: "is changed",
    FlightResult.CANCELLED: "is cancelled",
    FlightResult.NEW: "a new flight under the same id",
}
ORDER = {
    OrderResult.NONE: "–",
    OrderResult.KEPT: "is kept",
    OrderResult.RECALLED: "is kept, its acknowledgement recalled",
    OrderResult.CANCELLED: "is cancelled; reserved money is released",
    OrderResult.LAUNCHED: "a new one, if handling is ticked and the handler is known",
}
LINES = {
    LinesResult.NONE: "–",
    LinesResult.UNCHANGED: "unchanged",
    LinesResult.ADDED: "added, at price nought",
    LinesResult.DELETED: "deleted",
    LinesResult.AMENDED: "details amended",
    LinesResult.MARKED: "stay, marked as unticked",
    LinesResult.NEW: "new, at price nought",
}
SLOT = {
    SlotResult.NONE: "–",
    SlotResult.KEPT: "is kept",
    SlotResult.FOLLOWS: "asked if its service was added, cancelled if unticked",
    SlotResult.JUDGED: "approved if the new time is within it, else a proposal",
    SlotResult.ASKED: "asked for again",
    SlotResult.CANCELLED: "is cancelled",
    SlotResult.NEW: "asked for, where the airport needs one",
}
SERVICES = {
    ServicesResult.STANDS: "as the order stands",
    ServicesResult.LAUNCHED: "PENDING with an order, NOT_REQUIRED without",
    ServicesResult.PENDING: "PENDING",
    ServicesResult.CANCELLED: "CANCELLED",
    ServicesResult.NOT_REQUIRED: "NOT_REQUIRED",
}
COLUMNS = ("Order", "Payment", "Acknowledged", "The flight", "The order", "Its lines", "Its slot", "Services", "Note")
STEPS = {
    "acknowledge": "Acknowledge",
    "price": "Price lines, save as a draft",
    "send": "Send the quote",
    "convert": "Convert directly",
    "confirm": "Confirm the quote",
    "plan": "Plan services",
    "deliver": "Deliver services",
    "close": "Deliver the order",
    "pay": "Record the payment, forward only",
    "claim": "Claim a refund",
    "cancel": "Cancel",
    "slot": "Answer or cancel the slot",
    "accept_slot": "Accept a proposed slot",
}
_NEEDS = {"quote": "a total above nought, and terms", "delivery": "every service planned", "": ""}


def of_change(change: Change) -> list[Rule]:
    """The rows that govern a kind of change."""
    return [row for row in rules() if change in row.changes]


def row_in_words(row: Rule) -> tuple[str, ...]:
    """A row, in the order of `COLUMNS`."""
    both = {None: "either", True: "yes", False: "no"}[row.acknowledged]
    return (
        statuses(row.statuses),
        payments(row.payments),
        both,
        FLIGHT[row.flight],
        ORDER[row.order],
        LINES[row.lines],
        SLOT[row.slot],
        SERVICES[row.services],
        row.note,
    )


def statuses(found: tuple[OrderStatus, ...]) -> str:
    return "any" if len(found) == len(OrderStatus) else ", ".join(one.value for one in found)


def payments(found: tuple[Payment, ...]) -> str:
    known = {frozenset(Payment): "any", frozenset(PAID): "paid or claimed", frozenset(UNPAID): "not paid"}
    return known.get(frozenset(found)) or ", ".join(one.value for one in found)


def changes_in_words() -> Iterator[tuple[str, list[tuple[str, ...]]]]:
    """Each kind of change with its rows."""
    for change in Change:
        yield CAPTIONS[change], [row_in_words(row) for row in of_change(change)]


def step_in_words(row: StepRule) -> tuple[str, ...]:
    """What somebody may do: step, who, where, what it needs, what follows."""
    follows = [row.becomes.value] if row.becomes else []
    follows += [f"payment: {row.payment_becomes.value}"] if row.payment_becomes else []
    follows += ["acknowledged"] if row.acknowledged_becomes else []
    where = statuses(row.statuses) + ("" if len(row.payments) == len(Payment) else f" ({payments(row.payments)})")
    return STEPS[row.step.value], row.by, where, _NEEDS[row.needs], ", ".join(follows) or "stays"


def steps_in_words() -> list[tuple[str, ...]]:
    """All of them; each step once for what is alike."""
    return list(dict.fromkeys(step_in_words(row) for row in steps()))


def sentences() -> list[dict[str, Any]]:
    """What the guide says, in our words, with its section and the cells that each governs."""
    found: list[dict[str, Any]] = tomllib.loads((files("connect.orders") / "sentences.toml").read_text())["sentence"]
    return found
