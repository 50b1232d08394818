"""After any sequence of changes, steps, outages and lost answers: no order twice, none lost, and both sides agree."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from msgspec.structs import replace

from connect.orders.rules import Step, step_rule
from connect.orders.words import EDIT, Kind, OrderStatus, Payment, Side, SlotStatus
from connect.sync.answers import Answer, answers_of
from connect.sync.carrying import cancelled, judged
from connect.sync.reconcile import PAST_REASON, reconcile
from connect.sync.state import Handler, Order, Register, Slot, State

from .places import ADEP_SERVICES, ADES_SERVICES, BLUE, FACTS, HARBOUR, NOW, OTHER, REGISTER, heard, numbered

SERVICES = {Side.ADEP: {**ADEP_SERVICES, "CATERING_ADEP": ""}, Side.ADES: ADES_SERVICES}
HANDLERS = {1: BLUE, 2: HARBOUR, 3: OTHER, 4: None}  # the directory's, and who they are in Connect
PAYMENTS = (Payment.REQUIRES_CONFIRMATION, Payment.REQUIRES_CAPTURE, Payment.SUCCEEDED)
LINE_STEPS = (Step.ACKNOWLEDGE, Step.SEND, Step.CONVERT, Step.CONFIRM, Step.CLOSE, Step.CLAIM)
subsets = st.fixed_dictionaries({side: st.sets(st.sampled_from(sorted(found))) for side, found in SERVICES.items()})


class TwoSides(RuleBasedStateMachine):
    """`there`: the schedule system: what it says of the flight, and what it was answered. `here`: Connect."""

    def __init__(self) -> None:
        super().__init__()
        self.said: dict[str, Answer | None] = {}
        self.here: State | None = None
        self.told: dict[str, Answer] = {}
        self.orders: dict[tuple[int, int], Order] = {}
        self.now = NOW

    @initialize()
    def submitted_once(self) -> None:
        self.there = heard()
        self.heard_last = None

    # -- the dispatcher ----------------------------------------------------------------------------------------------

    @rule(wanted=subsets, handlers=st.tuples(*[st.sampled_from(sorted(HANDLERS))] * 2), details=st.text(max_size=3))
    def submit(self, wanted: dict[Side, set[str]], handlers: tuple[int, int], details: str) -> None:
        for side, nid in zip(Side, handlers, strict=True):
            asked = dict.fromkeys(sorted(wanted[side]), details)
            part = replace(self.there.side(side), asked=asked, handler=Handler(nid, str(nid), "x"))
            self.there = replace(self.there, **{side.value.lower(): part})
        self.there = replace(self.there, submission=self.there.submission + 1)
        self.said = dict.fromkeys(self.said)

    @rule()
    def submit_again(self) -> None:
        self.there = replace(self.there, submission=self.there.submission + 1)
        self.said = dict.fromkeys(self.said)

    @rule(hours=st.integers(-24, 24), pax=st.integers(0, 8))
    def move(self, hours: int, pax: int) -> None:
        std = self.there.facts.std + timedelta(hours=hours)
        self.there = replace(
            self.there, facts=replace(self.there.facts, std=std, sta=std + timedelta(hours=1), pax=pax)
        )

    @rule(tail=st.sampled_from(["N123AB", "N456CD", "N0NE"]))
    def swap(self, tail: str) -> None:
        self.there = replace(self.there, facts=replace(self.there.facts, registration=tail))

    @rule(side=st.sampled_from(Side), airport=st.sampled_from(["KEWR", "KBOS", "ZZZZ"]))
    def reroute(self, side: Side, airport: str) -> None:
        """The checklist lets go of what was asked at the airport, and doubts the rest when it is the first."""
        facts = self.there.facts
        if facts.airport(side) == airport:
            return
        self.there = replace(self.there, facts=replace(facts, **{side.value.lower(): airport}))
        part = replace(self.there.side(side), asked={}, handler=None)
        self.there = replace(self.there, **{side.value.lower(): part})
        self.said = dict.fromkeys(self.said)

    @rule(on=st.booleans())
    def cancel_flight(self, on: bool) -> None:
        self.there = replace(self.there, cancelled=on)

    # -- Connect's people --------------------------------------------------------------------------------------------

    def live(self) -> list[Order]:
        found = self.here.orders if self.here and self.here.state == "synchronised" else ()
        return [one for one in found if one.live]

    @precondition(lambda self: self.live())
    @rule(step=st.sampled_from(LINE_STEPS), which=st.integers(0, 3))
    def step(self, step: Step, which: int) -> None:
        one = self.live()[which % len(self.live())]
        allowed = step_rule(step, one.status, one.payment, one.acknowledged)
        if allowed is not None:
            after = replace(
                one, status=allowed.becomes or one.status, payment=allowed.payment_becomes or one.payment,
                acknowledged=bool(allowed.acknowledged_becomes) or one.acknowledged,
            )  # fmt: skip
            self.put(one, after)

    @precondition(lambda self: self.live())
    @rule(payment=st.sampled_from(PAYMENTS), which=st.integers(0, 3))
    def pay(self, payment: Payment, which: int) -> None:
        one = self.live()[which % len(self.live())]
        if step_rule(Step.PAY, one.status, one.payment, one.acknowledged):
            self.put(one, replace(one, payment=payment))

    @precondition(lambda self: self.live())
    @rule(which=st.integers(0, 3))
    def end(self, which: int) -> None:
        one = self.live()[which % len(self.live())]
        assert self.here is not None
        if step_rule(Step.CANCEL, one.status, one.payment, one.acknowledged):
            self.put(one, cancelled(one, self.here.submission))

    @precondition(lambda self: self.live())
    @rule(minutes=st.integers(-120, 120), which=st.integers(0, 3))
    def slot(self, minutes: int, which: int) -> None:
        one = self.live()[which % len(self.live())]
        assert self.here is not None
        start = self.here.facts.moment(one.side) + timedelta(minutes=minutes)
        found = judged(
            Slot(SlotStatus.ASKED, "S1", start, start + timedelta(minutes=15)), self.here.facts.moment(one.side)
        )
        self.put(one, replace(one, slot=found))

    @precondition(lambda self: self.here and self.here.state == "synchronised")
    @rule(side=st.sampled_from(Side))
    def order_directly(self, side: Side) -> None:
        assert self.here is not None
        number = max((one.id or 0 for one in self.here.orders), default=0) + 1
        made = Order(
            id=number, number=f"D{number}", side=side, airport=self.here.facts.airport(side), handler_id=OTHER,
            kind=Kind.DIRECT,
        )  # fmt: skip
        self.here = self.here.with_order(None, made)

    def put(self, before: Order, after: Order) -> None:
        assert self.here is not None
        self.here = self.here.with_order(before, after)

    # -- the wire ----------------------------------------------------------------------------------------------------

    def register(self) -> Register:
        known = {"N123AB": 1, "N456CD": 2}
        handlers = [part.handler and HANDLERS[part.handler.nid] for part in (self.there.adep, self.there.ades)]
        tail = self.there.facts.registration.replace("-", "")
        return replace(REGISTER, owner_id=known.get(tail), adep_handler=handlers[0], ades_handler=handlers[1])

    @rule()
    def poll(self) -> None:
        before = self.here
        after = reconcile(before, self.there, self.register(), self.now)
        assert reconcile(after, self.there, self.register(), self.now) == after, "the same again changes nothing"
        if after is not None:
            self.check_kept(before, after)
            self.here = (
                numbered(after) if before is None or before.generation != after.generation else self.count(after)
            )
        for service, answer in self.said.items():
            if answer is None:
                self.told.pop(service, None)

    def count(self, state: State) -> State:
        ids = [one.id for one in state.orders if one.id]
        number = max(ids, default=0)
        orders = []
        for one in state.orders:
            number += 0 if one.id else 1
            orders.append(one if one.id else replace(one, id=number, number=f"ORD-{number}"))
        return replace(state, orders=tuple(orders))

    def check_kept(self, before: State | None, after: State) -> None:
        """No order disappears, and what is delivered or paid is not cancelled."""
        if before is None or before.generation != after.generation:
            return
        kept = {one.id: one for one in after.orders}
        for one in before.orders:
            assert one.id in kept
            if one.status is OrderStatus.DELIVERED or one.payment in (Payment.SUCCEEDED, Payment.CLAIMED):
                assert kept[one.id].status == one.status

    @precondition(lambda self: self.here is not None)
    @rule(arrives=st.booleans(), is_answered=st.booleans())
    def tell(self, arrives: bool, is_answered: bool) -> None:
        """The call may be lost on its way, and so may its answer."""
        assert self.here is not None
        answers = answers_of(self.here, NOW, "")
        due = {service: one for service, one in answers.items() if self.told.get(service) != one}
        if arrives:
            self.said.update(due)
            if is_answered:
                self.told.update(due)

    @rule(minutes=st.integers(1, 3000))
    def time_passes(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)

    # -- what holds --------------------------------------------------------------------------------------------------

    @invariant()
    def no_order_twice(self) -> None:
        if self.here is None:
            return
        for side in Side:
            synced = [one for one in self.here.orders if one.side is side and one.kind is Kind.HANDLING]
            assert sum(one.live for one in synced) <= 1
            assert [one.generation for one in synced] == list(range(1, len(synced) + 1))

    def teardown(self) -> None:
        """Whatever happened: once the wire works again, both sides agree, and stay as they are."""
        self.poll()
        self.tell(arrives=True, is_answered=True)
        settled = self.here
        self.poll()
        assert self.here == settled
        if self.here is None:
            return
        for service, answer in answers_of(self.here, NOW, "").items():
            assert self.said[service] == answer, service
        late = self.here.reason == PAST_REASON or (self.there.facts.sta <= self.now and self.here.orders)
        if self.here.state == "synchronised" and not self.here.reason and not late:
            assert self.here.facts == self.there.facts
            assert not self.there.cancelled
        if self.there.cancelled and not late and self.here.state != "not synchronised":
            assert self.here.state == "cancelled"
        assert self.said[EDIT] is not None


TwoSides.TestCase.settings = settings(
    max_examples=60, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
)
TestTwoSides = pytest.mark.req("MFC-65", "MFC-28", "MFC-27")(TwoSides.TestCase)
assert FACTS.registration
