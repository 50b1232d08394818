"""The one table: whole, without contradiction, true to the guide, and what reconciling does in every cell."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from connect.orders.captions import sentences
from connect.orders.rules import (
    BadTable,
    Cell,
    Change,
    FlightResult,
    LinesResult,
    OrderResult,
    Rule,
    ServicesResult,
    SlotResult,
    every_cell,
    rule_from,
    rules,
    steps,
    table,
    table_of,
)
from connect.orders.words import OrderStatus, Payment, Side, SlotStatus
from connect.sync.answers import answers_of
from connect.sync.reconcile import reconcile
from connect.sync.state import Handler, Heard, Order, State

from .places import (
    ADEP_SERVICES,
    ADES_SERVICES,
    NOW,
    OTHER,
    REGISTER,
    STD,
    facts,
    fresh,
    heard,
    side,
    with_adep_order,
)

SENTENCES = sentences()
DAY = timedelta(days=1)
SECTIONS = {"3.4": 14, "6": 8, "7": 2, "8": 6, "9": 1}


# -- the table itself -----------------------------------------------------------------------------------------------


@pytest.mark.req("MFC-74")
def test_every_cell_is_governed_by_exactly_one_row() -> None:
    assert len(table()) == len(list(every_cell())) == len(Change) * len(OrderStatus) * len(Payment) * 2
    assert sum(len(list(row.cells())) for row in rules()) == len(table())


@pytest.mark.req("MFC-74")
@pytest.mark.parametrize("rows", [rules()[1:], (*rules(), rules()[0])], ids=["a hole", "two rows for a cell"])
def test_a_hole_and_a_contradiction_are_refused(rows: tuple[Rule, ...]) -> None:
    with pytest.raises(BadTable):
        table_of(rows)


def test_a_word_that_the_table_does_not_know_is_refused() -> None:
    row = {"change": "time", "flight": "postponed", "order": "kept", "lines": "none", "slot": "none", "services": ""}
    with pytest.raises(ValueError, match="postponed"):
        rule_from(row)


def selected(sentence: dict[str, Any]) -> list[Cell]:
    wanted = {"flight": "kept", "order": "kept", "lines": "none", "slot": "none", "services": "stands"}
    row = {
        "change": list(Change),
        **wanted,
        **{k: sentence[k] for k in ("change", "status", "payment") if k in sentence},
    }
    both = sentence.get("acknowledged")
    return [cell for cell in rule_from(row).cells() if both is None or cell.acknowledged is both]


@pytest.mark.req("MFC-74")
def test_every_sentence_of_the_guide_holds_in_the_cells_that_it_governs() -> None:
    for sentence in SENTENCES:
        cells = selected(sentence)
        assert cells, sentence["id"]
        for cell in cells:
            row = table()[cell]
            for name, word in sentence["expect"].items():
                if name == "order_not":
                    assert row.order != word, (sentence["id"], cell)
                else:
                    assert getattr(row, name) == word, (sentence["id"], cell, name)


def test_each_section_of_the_guide_that_speaks_of_changes_has_its_sentences() -> None:
    assert len({sentence["id"] for sentence in SENTENCES}) == len(SENTENCES)
    for section, number in SECTIONS.items():
        assert sum(sentence["section"] == section for sentence in SENTENCES) == number, section


def test_a_sentence_that_the_table_contradicts_is_found() -> None:
    cell = Cell(Change.DATE, OrderStatus.IN_PROGRESS, Payment.NONE, False)
    sentence = next(one for one in SENTENCES if one["id"] == "6-date-committed")
    assert cell in selected(sentence)
    assert table()[cell].order == sentence["expect"]["order"]


def test_no_cell_cancels_what_is_delivered_or_paid() -> None:
    for cell, row in table().items():
        if cell.status is OrderStatus.DELIVERED or cell.payment in (Payment.SUCCEEDED, Payment.CLAIMED):
            assert row.order is not OrderResult.CANCELLED, cell


def test_what_people_do_never_leaves_a_closed_order() -> None:
    for one in steps():
        assert OrderStatus.CANCELLED not in one.statuses
        assert OrderStatus.NONE not in one.statuses


# -- every cell, carried out ----------------------------------------------------------------------------------------


def _again(one: Heard) -> Heard:
    return replace(one, submission=one.submission + 1)


def _without(*services: str) -> dict[str, str]:
    return {service: details for service, details in ADEP_SERVICES.items() if service not in services}


def _ticked(one: Heard, services: dict[str, str]) -> Heard:
    return side(_again(one), Side.ADEP, asked=services)


# What is heard for each kind of change. ADES has no order in these, so that the cell alone decides.
MAKES: dict[Change, Callable[[Heard], Heard]] = {
    Change.ADDED: lambda one: _ticked(one, {**ADEP_SERVICES, "CATERING_ADEP": "Lunch"}),
    Change.UNTICKED: lambda one: _ticked(one, _without("FUEL_ADEP", "SLOT_ADEP")),
    Change.DETAILS: lambda one: _ticked(one, {**ADEP_SERVICES, "FUEL_ADEP": "800 litres"}),
    Change.SUBMITTED: _again,
    Change.SIDE_UNTICKED: lambda one: _ticked(one, {}),
    Change.BOTH_UNTICKED: lambda one: side(_ticked(one, {}), Side.ADES, asked={}),
    Change.FLIGHT_CANCELLED: lambda one: replace(one, cancelled=True),
    Change.AIRCRAFT: lambda one: replace(one, facts=facts(registration="N999ZZ")),
    Change.HANDLER: lambda one: side(_again(one), Side.ADEP, handler=Handler(9, "Other", "o@x.example")),
    Change.AIRPORT: lambda one: replace(one, facts=facts(adep="KBOS")),
    Change.TIME: lambda one: replace(one, facts=facts(std=STD + timedelta(hours=3), sta=STD + timedelta(hours=4))),
    Change.LOAD: lambda one: replace(one, facts=facts(pax=7)),
    Change.DATE: lambda one: replace(
        one, facts=facts(std=STD + timedelta(days=1), sta=STD + timedelta(days=1, hours=1))
    ),
    Change.PAST: lambda one: replace(one, facts=facts(std=STD + timedelta(minutes=5))),
}


def start_of(cell: Cell) -> tuple[State, Heard]:
    """A flight with the order of ADEP in this cell, and how it was heard."""
    one = side(heard(), Side.ADES, handler=None)
    state = fresh(one, replace(REGISTER, ades_handler=None))
    return with_adep_order(state, cell.status, cell.payment, cell.acknowledged), one


def register_of(cell: Cell) -> Any:
    known = OTHER if cell.change is Change.HANDLER else REGISTER.adep_handler
    return replace(REGISTER, ades_handler=None, adep_handler=known)


CELLS = [cell for cell in every_cell() if cell.change in MAKES]


@pytest.mark.req("MFC-74", "MFC-24", "MFC-25", "MFC-26", "MFC-28", "MFC-62", "MFC-63", "MFC-72", "MFC-73")
@pytest.mark.parametrize("change", MAKES, ids=str)
def test_every_cell_does_what_it_says(change: Change) -> None:
    for cell in CELLS:
        if cell.change is change:
            start, one = start_of(cell)
            now = STD + timedelta(days=2) if change is Change.PAST else NOW
            after = reconcile(start, MAKES[change](one), register_of(cell), now)
            assert after is not None
            Judge(cell, start, after).everything()


class Judge:
    """Whether what became of a flight is what the row of the cell says."""

    def __init__(self, cell: Cell, start: State, after: State) -> None:
        self.cell, self.row, self.start, self.after = cell, table()[cell], start, after
        self.before = start.order_at(Side.ADEP)
        self.order = self._same() or after.order_at(Side.ADEP)

    def _same(self) -> Order | None:
        return next((one for one in self.after.orders if self.before and one.id == self.before.id), None)

    def everything(self) -> None:
        for judge in (self.flight, self.of_order, self.lines, self.slot, self.services, self.note):
            judge()

    def flight(self) -> None:
        moved = self.after.facts != self.start.facts
        states = {FlightResult.CANCELLED: "cancelled"}
        assert self.after.state == states.get(self.row.flight, "synchronised"), self.cell
        assert moved == (self.row.flight is FlightResult.UPDATED), self.cell
        assert bool(self.after.reason) == (self.row.flight is FlightResult.CANCELLED or self.late), self.cell

    @property
    def late(self) -> bool:
        return self.cell.change is Change.PAST and self.before is not None

    @property
    def launched(self) -> bool:
        return len(self.after.orders) > len(self.start.orders)

    def of_order(self) -> None:
        assert self.launched == (self.row.order is OrderResult.LAUNCHED), self.cell
        if self.before is None or self.order is None:
            return
        ended = self.row.order is OrderResult.CANCELLED
        assert self.order.status == (OrderStatus.CANCELLED if ended else self.before.status), self.cell
        recalled = self.row.order is OrderResult.RECALLED
        assert self.order.acknowledged == (self.before.acknowledged and not recalled), self.cell
        reserved = self.before.payment in (Payment.REQUIRES_CONFIRMATION, Payment.REQUIRES_CAPTURE)
        released = Payment.CANCELLED if ended and reserved else self.before.payment
        assert self.order.payment == released, self.cell

    def lines(self) -> None:
        newest = self.after.order_at(Side.ADEP)
        if self.row.lines is LinesResult.NEW:
            assert newest is not None and newest.status is OrderStatus.AWAITING_QUOTE
            assert {line.service for line in newest.lines} == set(self.after.adep.services) - {"SLOT_ADEP"}, self.cell
        if self.before is None or self.order is None or self.row.lines is LinesResult.NEW:
            return
        was, now = ({line.service: line for line in one.lines} for one in (self.before, self.order))
        assert (set(now) > set(was)) == (self.row.lines is LinesResult.ADDED), self.cell
        assert (set(now) < set(was)) == (self.row.lines is LinesResult.DELETED), self.cell
        assert any(line.unticked for line in now.values()) == (self.row.lines is LinesResult.MARKED), self.cell
        other = any(was[service].details != now[service].details for service in set(was) & set(now))
        assert other == (self.row.lines is LinesResult.AMENDED), self.cell

    def slot(self) -> None:
        newest = self.after.order_at(Side.ADEP)
        if self.row.slot is SlotResult.NEW and newest is not None:
            asked = "SLOT_ADEP" in self.after.adep.services
            assert (newest.slot is not None and newest.slot.status is SlotStatus.ASKED) == asked, self.cell
        elif self.before is not None and self.order is not None and self.order.slot and self.before.slot:
            unticked = "SLOT_ADEP" not in self.after.adep.services and self.after.state == "synchronised"
            status = {
                SlotResult.CANCELLED: SlotStatus.CANCELLED,
                SlotResult.ASKED: SlotStatus.ASKED,
                SlotResult.JUDGED: SlotStatus.PROPOSED,  # the new time is outside of it
                SlotResult.FOLLOWS: SlotStatus.CANCELLED if unticked else self.before.slot.status,
            }
            assert self.order.slot.status == status.get(self.row.slot, self.before.slot.status), self.cell

    def services(self) -> None:
        answers = answers_of(self.after, NOW, "")
        for service in self.about():
            said = answers[service].designation.value
            if self.row.services in (ServicesResult.STANDS, ServicesResult.LAUNCHED):
                assert said == self.standing(service), (self.cell, service)
            else:
                assert said == self.row.services.value, (self.cell, service)

    def about(self) -> set[str]:
        """The services that the change is about; a slot has a workflow of its own."""
        if self.cell.change is Change.ADDED:
            return {"CATERING_ADEP"}
        if self.cell.change is Change.UNTICKED:
            return {"FUEL_ADEP", "SLOT_ADEP"}
        if self.cell.change is Change.DETAILS:
            return {"FUEL_ADEP"}
        return set(ADEP_SERVICES) - {"SLOT_ADEP"}

    def standing(self, service: str) -> str:
        order = self.after.order_at(Side.ADEP)
        if order is None:
            return "NOT_REQUIRED"
        if order.status is OrderStatus.CANCELLED:
            return "CANCELLED"
        sure = order.acknowledged or order.status in (OrderStatus.IN_PROGRESS, OrderStatus.DELIVERED)
        return "CONFIRMED" if sure else "PENDING"

    def note(self) -> None:
        if self.row.note:
            answers = answers_of(self.after, NOW, "")
            said = [answers[service].note for service in self.about() - {"SLOT_ADEP"}]  # a slot is no line
            assert all(self.row.note in one for one in said), (self.cell, said)


@pytest.mark.req("MFC-27", "MFC-72")
def test_after_a_cancelled_flight_only_a_submission_makes_a_new_one() -> None:
    for cell in every_cell():
        if cell.change is not Change.RESUBMITTED or cell.status is OrderStatus.NONE:
            continue
        start, one = start_of(cell)
        known = replace(REGISTER, ades_handler=None)
        ended = reconcile(start, replace(one, facts=facts(registration="N999ZZ")), known, NOW)
        assert ended is not None and ended.state == "cancelled"
        swapped = replace(one, facts=facts(registration="N999ZZ", pax=9))
        assert reconcile(ended, swapped, known, NOW) == ended
        again = reconcile(ended, replace(swapped, submission=2), known, NOW)
        assert again is not None and (again.state, again.generation) == ("synchronised", 2)
        assert [one.status for one in again.orders] == [OrderStatus.AWAITING_QUOTE]
        answers = answers_of(again, NOW, "")
        assert answers["HANDLING_ADEP"].designation == "PENDING"
        assert answers["HANDLING_ADES"].designation == "NOT_REQUIRED"
        assert set(ADES_SERVICES) <= set(answers)


def test_the_same_heard_again_changes_nothing_in_any_cell() -> None:
    for cell in CELLS:
        start, one = start_of(cell)
        now = STD + timedelta(days=2) if cell.change is Change.PAST else NOW
        told = MAKES[cell.change](one)
        once = reconcile(start, told, register_of(cell), now)
        assert reconcile(once, told, register_of(cell), now) == once, cell
