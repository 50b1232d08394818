"""The rules of messages that cannot be taken back, as rules: any sequence of changes, answers, deaths and decisions."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from airstair.hub.engine.once import Decision, Held, Step, after, certainly_unseen, decide, taken_back
from airstair.hub.flows import Backoff, Horizon, MessageState, NextTick, OnChange, Post
from airstair.kernel.outcome import Outcome, OutcomeKind
from airstair.kernel.units import UnitKind

NOW = datetime(2027, 3, 4, 12, tzinfo=UTC)


async def never(call: object) -> list[Outcome]:
    raise AssertionError


def flow(**facts: object) -> Post:
    given_: dict[str, object] = {
        "key": "m",
        "title": "M",
        "unit": UnitKind.FLIGHT,
        "trigger": OnChange(),
        "horizon": Horizon(back=timedelta(0)),
        "message": lambda *_: None,
        "send": never,
        "retry": Backoff(tries=3),
    }
    return Post(**{**given_, **facts})  # type: ignore[arg-type]


class Table:
    """The messages of one unit as the engine and people write them, and what the partner saw."""

    def __init__(self) -> None:
        self.rows: dict[int, Held] = {}
        self.seen: Counter[str] = Counter()  # identity → how often the partner may have got it
        self.allowed: Counter[str] = Counter()  # person's words for a repetition
        self.order = 0

    def put(self, id_: int, **to: object) -> None:
        self.rows[id_] = msgspec.structs.replace(self.rows[id_], **to)

    def look(self, wanted: str | None) -> None:
        """The record says this now: what the engine writes."""
        self._write(decide(list(self.rows.values()), wanted), wanted)

    def _write(self, decision: Decision, wanted: str | None) -> None:
        for id_ in decision.withdraw:
            row = self.rows[id_]
            self.put(id_, state=taken_back(row.may_be_there, row.outcome), wanted_again=False)
        for id_ in decision.stop_asking:
            self.put(id_, wanted_again=False)
        if decision.ask is not None:
            self.put(decision.ask, wanted_again=True)
        if decision.step is Step.MAKE:
            id_ = len(self.rows)
            assert wanted is not None
            self.rows[id_] = Held(id=id_, identity=wanted, state=MessageState.READY)
        elif decision.step in (Step.RENAME, Step.READY):
            assert decision.id is not None
            self.put(decision.id, identity=wanted, state=MessageState.READY, wanted_again=False)

    def ready(self) -> Held | None:
        return next((row for row in self.rows.values() if row.state is MessageState.READY), None)

    def call(self, outcome: Outcome, arrived: bool) -> None:
        """The ready message goes out. `arrived`: whether the partner took it, where the outcome leaves that open."""
        row = self.ready()
        if row is None:
            return
        self.order += 1
        self.put(row.id, state=MessageState.SENDING, sent_order=self.order)
        follows = after(flow(), outcome, went_out=True, tries=1, failures=1, ended=NOW)
        if outcome.kind.delivered or (arrived and not certainly_unseen(flow(), outcome, went_out=True)):
            self.seen[row.identity] += outcome.kind not in (OutcomeKind.REFUSED, OutcomeKind.UNMATCHED)
        self._ended(row.id, follows.state, outcome.kind)

    def die(self, arrived: bool) -> None:
        """The worker is killed in the call; the next one finds what it was sending."""
        row = self.ready()
        if row is not None:
            self.order += 1
            self.put(row.id, sent_order=self.order)
            self.seen[row.identity] += arrived
            self._ended(row.id, MessageState.DOUBTFUL, OutcomeKind.UNKNOWN)

    def _ended(self, id_: int, state: MessageState, outcome: OutcomeKind) -> None:
        there = self.rows[id_].may_be_there or state in (MessageState.DELIVERED, MessageState.DOUBTFUL)
        self.put(id_, state=state, may_be_there=there, outcome=outcome.value)

    def person(self, word: str) -> None:
        for row in list(self.rows.values()):
            doubtful = row.state is MessageState.DOUBTFUL
            if word == "again" and (doubtful or row.wanted_again) and self.ready() is None:
                self.allowed[row.identity] += 1
                self.put(row.id, state=MessageState.READY, wanted_again=False, decided=False)
            elif word == "arrived" and doubtful:
                self.put(row.id, state=MessageState.DELIVERED, decided=True)
            elif word == "drop" and doubtful:
                self.put(row.id, state=MessageState.WITHDRAWN, decided=True)


KINDS = st.sampled_from(list(OutcomeKind))
STATUS = st.sampled_from([None, 200, 500, 503])
STEPS = st.one_of(
    st.tuples(st.just("look"), st.sampled_from(["A", "B", "C", None])),
    st.tuples(st.just("call"), st.tuples(KINDS, STATUS, st.booleans())),
    st.tuples(st.just("die"), st.booleans()),
    st.tuples(st.just("person"), st.sampled_from(["again", "arrived", "drop"])),
)


@pytest.mark.req("HUB-27", "HUB-28")
@given(st.lists(STEPS, max_size=40))
def test_nothing_goes_out_twice_without_a_persons_word(steps: list[tuple[str, object]]) -> None:
    table, record = Table(), None
    for name, value in steps:
        match name, value:
            case "look", wanted:
                record = wanted
                table.look(record)  # type: ignore[arg-type]
            case "call", (kind, status, arrived):
                table.look(record)  # type: ignore[arg-type]
                table.call(Outcome(kind=kind, http_status=status), arrived)
            case "die", arrived:
                table.look(record)  # type: ignore[arg-type]
                table.die(bool(arrived))
            case "person", word:
                table.person(str(word))
        on_their_way = [row for row in table.rows.values() if row.state in (MessageState.READY, MessageState.SENDING)]
        assert len(on_their_way) <= 1
        assert len({row.identity for row in table.rows.values()}) == len(table.rows)
        for row in table.rows.values():
            forgotten = row.state is MessageState.WITHDRAWN and row.may_be_there and not row.decided
            assert not forgotten, f"{row.identity} may be there, and is shown as withdrawn"
        for identity, times in table.seen.items():
            assert times <= 1 + table.allowed[identity], f"{identity} went out {times} times"


@given(st.lists(st.sampled_from(["A", "B", "C", None]), max_size=20), st.sampled_from(["A", "B", "C"]))
def test_where_nothing_has_gone_out_the_last_state_wins(changes: list[str | None], last: str) -> None:
    table = Table()
    for wanted in [*changes, last]:
        table.look(wanted)
    ready = table.ready()
    assert ready is not None and ready.identity == last


@pytest.mark.req("HUB-27")
@pytest.mark.parametrize(
    ("kind", "status", "went_out", "expected"),
    [
        (OutcomeKind.ACCEPTED, 200, True, MessageState.DELIVERED),
        (OutcomeKind.ACCEPTED_WITH_ERRORS, 200, True, MessageState.DELIVERED),
        (OutcomeKind.REFUSED, 400, True, MessageState.REFUSED),
        (OutcomeKind.UNMATCHED, 404, True, MessageState.REFUSED),
        (OutcomeKind.THROTTLED, 429, True, MessageState.READY),
        (OutcomeKind.UNAUTHORISED, 401, True, MessageState.READY),
        (OutcomeKind.UNAVAILABLE, None, True, MessageState.READY),  # no connection at all
        (OutcomeKind.UNAVAILABLE, 503, True, MessageState.DOUBTFUL),  # a gateway's word
        (OutcomeKind.UNKNOWN, None, True, MessageState.DOUBTFUL),
        (OutcomeKind.UNREADABLE, 200, True, MessageState.DOUBTFUL),
        (OutcomeKind.UNREADABLE, None, False, MessageState.REFUSED),  # our own fault, before anything went out
    ],
)
def test_what_follows_from_an_outcome(
    kind: OutcomeKind, status: int | None, went_out: bool, expected: MessageState
) -> None:
    outcome = Outcome(kind=kind, http_status=status)
    assert after(flow(), outcome, went_out=went_out, tries=1, failures=1, ended=NOW).state is expected


def test_tries_have_a_limit_and_a_flow_may_have_none() -> None:
    throttled = Outcome(kind=OutcomeKind.THROTTLED, http_status=429)
    last = after(flow(), throttled, went_out=True, tries=3, failures=1, ended=NOW)
    none = after(flow(retry=NextTick()), throttled, went_out=True, tries=1, failures=1, ended=NOW)
    assert (last.state, none.state) == (MessageState.REFUSED, MessageState.REFUSED)
    assert none.pause_until is not None, "the others wait all the same"


def test_a_message_about_what_nobody_reads_is_refused_when_it_is_described() -> None:
    with pytest.raises(ValueError, match="flights and aircraft"):
        flow(unit=UnitKind.CREW_MEMBER)
