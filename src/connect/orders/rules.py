"""The one table of rules, read from `rules.toml`, and looked up by cell. Pure; must hold no rule itself.

Importing it refuses a table in which a cell is governed by no row, or by two.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from enum import StrEnum
from functools import cache
from importlib.resources import files
from itertools import product
from typing import Any

import msgspec

from connect.orders.words import OrderStatus, Payment


class Change(StrEnum):
    """A kind of change, as the table names it; `CAPTIONS` says it to people."""

    ADDED = "added"
    UNTICKED = "unticked"
    DETAILS = "details"
    SUBMITTED = "submitted"
    SIDE_UNTICKED = "side_unticked"
    BOTH_UNTICKED = "both_unticked"
    FLIGHT_CANCELLED = "flight_cancelled"
    AIRCRAFT = "aircraft"
    HANDLER = "handler"
    AIRPORT = "airport"
    RESUBMITTED = "resubmitted"
    WHILE_CANCELLED = "while_cancelled"
    TIME = "time"
    LOAD = "load"
    DATE = "date"
    PAST = "past"


CAPTIONS = {
    Change.ADDED: "A service is added",
    Change.UNTICKED: "A service is unticked, others stay",
    Change.DETAILS: "Details of a service change",
    Change.SUBMITTED: "The same services are submitted again",
    Change.SIDE_UNTICKED: "All services of one airport are unticked",
    Change.BOTH_UNTICKED: "All services of both airports are unticked",
    Change.FLIGHT_CANCELLED: "The flight is cancelled or deleted",
    Change.AIRCRAFT: "Another aircraft",
    Change.HANDLER: "Another handler at the airport",
    Change.AIRPORT: "Another airport",
    Change.RESUBMITTED: "Submitted again after the flight was cancelled",
    Change.WHILE_CANCELLED: "Any other change of a flight that is cancelled in Connect",
    Change.TIME: "Another UTC time, the same date",
    Change.LOAD: "PAX, crew, flight type or mission",
    Change.DATE: "Another UTC date",
    Change.PAST: "Any change after the arrival time",
}


class FlightResult(StrEnum):
    """What becomes of the flight."""

    KEPT = "kept"
    UPDATED = "updated"
    CANCELLED = "cancelled"
    NEW = "new"


class OrderResult(StrEnum):
    """What becomes of the order at that airport."""

    NONE = "none"
    KEPT = "kept"
    RECALLED = "recalled"
    CANCELLED = "cancelled"
    LAUNCHED = "launched"


class LinesResult(StrEnum):
    """What becomes of its quote lines."""

    NONE = "none"
    UNCHANGED = "unchanged"
    ADDED = "added"
    DELETED = "deleted"
    AMENDED = "amended"
    MARKED = "marked"
    NEW = "new"


class SlotResult(StrEnum):
    """What becomes of its slot."""

    NONE = "none"
    KEPT = "kept"
    FOLLOWS = "follows"
    JUDGED = "judged"
    ASKED = "asked"
    CANCELLED = "cancelled"
    NEW = "new"


class ServicesResult(StrEnum):
    """What the services that the change is about are answered."""

    STANDS = "stands"
    LAUNCHED = "launched"
    PENDING = "PENDING"
    CANCELLED = "CANCELLED"
    NOT_REQUIRED = "NOT_REQUIRED"


_STATUSES = dict(zip(("none", "quote", "customer", "progress", "delivered", "cancelled"), OrderStatus, strict=True))
_PAYMENTS = dict(zip(("none", "confirmation", "capture", "succeeded", "claimed", "released"), Payment, strict=True))
PAID = (Payment.SUCCEEDED, Payment.CLAIMED)
UNPAID = tuple(payment for payment in Payment if payment not in PAID)
_GROUPS = {"paid": PAID, "unpaid": UNPAID}


class Cell(msgspec.Struct, frozen=True):
    """One cell of the table. Where there is no order, payment and acknowledgement make no difference."""

    change: Change
    status: OrderStatus
    payment: Payment
    acknowledged: bool


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """One row: the cells that it governs, and what happens there."""

    changes: tuple[Change, ...]
    statuses: tuple[OrderStatus, ...]
    payments: tuple[Payment, ...]
    acknowledged: bool | None
    flight: FlightResult
    order: OrderResult
    lines: LinesResult
    slot: SlotResult
    services: ServicesResult
    note: str

    def cells(self) -> Iterator[Cell]:
        both = (True, False) if self.acknowledged is None else (self.acknowledged,)
        return (Cell(*one) for one in product(self.changes, self.statuses, self.payments, both))


class Step(StrEnum):
    """What people do with an order in Connect."""

    ACKNOWLEDGE = "acknowledge"
    PRICE = "price"
    SEND = "send"
    CONVERT = "convert"
    CONFIRM = "confirm"
    PLAN = "plan"
    DELIVER = "deliver"
    CLOSE = "close"
    PAY = "pay"
    CLAIM = "claim"
    CANCEL = "cancel"
    SLOT = "slot"
    ACCEPT_SLOT = "accept_slot"


class StepRule(msgspec.Struct, frozen=True, kw_only=True):
    """One row of what people may do: where it is allowed, and what becomes of the order."""

    step: Step
    by: str
    statuses: tuple[OrderStatus, ...]
    payments: tuple[Payment, ...]
    acknowledged: bool | None
    becomes: OrderStatus | None
    payment_becomes: Payment | None
    acknowledged_becomes: bool | None
    needs: str

    def allows(self, status: OrderStatus, payment: Payment, acknowledged: bool) -> bool:
        return status in self.statuses and payment in self.payments and self.acknowledged in (None, acknowledged)


class BadTable(Exception):
    """The table has a hole, or two rows for one cell."""


def _many(value: str | list[str] | None) -> list[str]:
    return [value] if isinstance(value, str) else value or []


def _payments(names: list[str]) -> tuple[Payment, ...]:
    found = [one for name in names for one in (_GROUPS.get(name) or (_PAYMENTS[name],))]
    return tuple(found) or tuple(Payment)


def _statuses(names: list[str]) -> tuple[OrderStatus, ...]:
    return tuple(_STATUSES[name] for name in names) or tuple(OrderStatus)


def rule_from(row: dict[str, Any]) -> Rule:
    """A row of the file."""
    return Rule(
        changes=tuple(Change(name) for name in _many(row["change"])),
        statuses=_statuses(_many(row.get("status"))),
        payments=_payments(_many(row.get("payment"))),
        acknowledged=row.get("acknowledged"),
        flight=FlightResult(row["flight"]),
        order=OrderResult(row["order"]),
        lines=LinesResult(row["lines"]),
        slot=SlotResult(row["slot"]),
        services=ServicesResult(row["services"]),
        note=row.get("note", ""),
    )


def _step_from(row: dict[str, Any]) -> StepRule:
    becomes, payment = row.get("becomes"), row.get("payment_becomes")
    return StepRule(
        step=Step(row["step"]),
        by=row["by"],
        statuses=_statuses(_many(row.get("status"))),
        payments=_payments(_many(row.get("payment"))),
        acknowledged=row.get("acknowledged"),
        becomes=_STATUSES[becomes] if becomes else None,
        payment_becomes=_PAYMENTS[payment] if payment else None,
        acknowledged_becomes=row.get("acknowledged_becomes"),
        needs=row.get("needs", ""),
    )


def every_cell() -> Iterator[Cell]:
    """All cells there are, whether or not people are likely to meet them."""
    return (Cell(*one) for one in product(Change, OrderStatus, Payment, (True, False)))


def table_of(rows: tuple[Rule, ...]) -> dict[Cell, Rule]:
    """Each cell with the one row that governs it. Raises `BadTable` naming what is wrong."""
    made: dict[Cell, Rule] = {}
    twice = []
    for row in rows:
        for cell in row.cells():
            if cell in made:
                twice.append(cell)
            made[cell] = row
    missing = [cell for cell in every_cell() if cell not in made]
    if missing or twice:
        raise BadTable(f"No row governs {missing[:3]} ({len(missing)} cells); two rows govern {twice[:3]}.")
    return made


@cache
def _file() -> dict[str, Any]:
    return tomllib.loads((files("connect.orders") / "rules.toml").read_text())


@cache
def rules() -> tuple[Rule, ...]:
    """The rows, in the order of the file."""
    return tuple(rule_from(row) for row in _file()["rule"])


@cache
def steps() -> tuple[StepRule, ...]:
    """What people may do, in the order of the file."""
    return tuple(_step_from(row) for row in _file()["step"])


@cache
def table() -> dict[Cell, Rule]:
    """The whole table."""
    return table_of(rules())


def look_up(change: Change, status: OrderStatus, payment: Payment, acknowledged: bool) -> Rule:
    """What happens in one cell."""
    return table()[Cell(change, status, payment, acknowledged)]


def step_rule(step: Step, status: OrderStatus, payment: Payment, acknowledged: bool) -> StepRule | None:
    """The row that allows the step there, or None where it is refused."""
    return next((one for one in steps() if one.step is step and one.allows(status, payment, acknowledged)), None)


table()
