"""The engine's small pure pieces, as properties and tables: what waits, is due, follows, and is vouched for."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Annotated, Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from airstair.hub.engine.judging import CONNECTION_TROUBLE, backoff, judge, worst
from airstair.hub.engine.leased import Leased
from airstair.hub.engine.pace import Pace
from airstair.hub.engine.readings import Readings, SetAside
from airstair.hub.engine.store import Held, LeftOut
from airstair.hub.engine.waiting import DueTimes, Waiting
from airstair.hub.flows import Backoff, Every, Mirror, NextTick
from airstair.hub.setting import Settings, read_settings, secret_names, setting, settings_of
from airstair.kernel.errors import Invalid
from airstair.kernel.outcome import Outcome, OutcomeKind
from airstair.kernel.units import Unit, UnitKind

from .own_partner import OwnSettings, own_addon

START = datetime(2027, 3, 4, tzinfo=UTC)
UNITS = [Unit(UnitKind.AIRCRAFT, number) for number in range(5)]
one_unit = st.sampled_from(UNITS)


class WaitingModel(RuleBasedStateMachine):
    """Each unit waits at most once, people's first, and is never under way twice; it is as old as its first change."""

    def __init__(self) -> None:
        super().__init__()
        self.waiting = Waiting()
        self.oldest: dict[Unit, int] = {}  # waiting: the first generation since it was last taken
        self.people: set[Unit] = set()
        self.taken: dict[Unit, tuple[int, bool]] = {}
        self.generation = 0

    @rule(unit=one_unit, bulk=st.booleans())
    def put(self, unit: Unit, bulk: bool) -> None:
        self.generation += 1
        self.waiting.put(unit, self.generation, bulk=bulk)
        self._model_put(unit, self.generation, bulk)

    def _model_put(self, unit: Unit, generation: int, bulk: bool) -> None:
        if not bulk:
            self.people.add(unit)
        self.oldest[unit] = min(self.oldest.get(unit, generation), generation)

    @rule(most=st.integers(0, 4), ready=st.sets(one_unit))
    def take(self, most: int, ready: set[Unit]) -> None:
        taken = self.waiting.take(most, lambda unit: unit in ready)
        possible = {unit for unit in self.oldest if unit in ready and unit not in self.taken}
        possible = possible & self.people or possible
        assert len(taken) == len(set(taken)) == min(most, len(possible)) and set(taken) <= possible
        assert len({unit in self.people for unit in taken}) <= 1, "nobody's edit waits for an import"
        for unit in taken:
            self.taken[unit] = (self.oldest.pop(unit), unit not in self.people)
            self.people.discard(unit)

    @precondition(lambda self: self.taken)
    @rule(choice=st.randoms())
    def done(self, choice: Any) -> None:
        unit = choice.choice(sorted(self.taken))
        self.waiting.done(unit)
        del self.taken[unit]

    @precondition(lambda self: self.taken)
    @rule(choice=st.randoms(), failed=st.booleans())
    def back(self, choice: Any, failed: bool) -> None:
        unit = choice.choice(sorted(self.taken))
        self.waiting.back(unit, bulk=failed)
        generation, bulk = self.taken.pop(unit)
        self._model_put(unit, generation, bulk or failed)

    @rule(unit=one_unit)
    def of_nobody(self, unit: Unit) -> None:
        """What is not under way can neither end nor come back."""
        if unit not in self.taken:
            self.waiting.done(unit)
            self.waiting.back(unit)

    @rule(wanted=st.sets(one_unit))
    def keep_only(self, wanted: set[Unit]) -> None:
        self.waiting.keep_only(wanted.__contains__)
        for unit in set(self.oldest) - wanted:
            del self.oldest[unit]
            self.people.discard(unit)

    @invariant()
    def agree(self) -> None:
        assert set(self.waiting) == set(self.oldest) and len(self.waiting) == len(self.oldest)
        assert self.waiting.under_way == len(self.taken)
        outstanding = [*self.oldest.values(), *(generation for generation, _ in self.taken.values())]
        assert self.waiting.oldest == min(outstanding, default=None)
        assert self.waiting.generations == set(outstanding)


class DueTimesModel(RuleBasedStateMachine):
    """What is due is taken once, the longest overdue first."""

    def __init__(self) -> None:
        super().__init__()
        self.due = DueTimes()
        self.model: dict[Unit, datetime] = {}

    @rule(unit=one_unit, minutes=st.none() | st.integers(0, 20))
    def set(self, unit: Unit, minutes: int | None) -> None:
        when = None if minutes is None else START + timedelta(minutes=minutes)
        self.due.set(unit, when)
        if when is None:
            self.model.pop(unit, None)
        else:
            self.model[unit] = when

    @rule(minutes=st.integers(0, 20), most=st.integers(0, 6))
    def take(self, minutes: int, most: int) -> None:
        now = START + timedelta(minutes=minutes)
        overdue = sorted((when, unit) for unit, when in self.model.items() if when <= now)[:most]
        assert self.due.take(now, most) == [unit for _, unit in overdue]
        for _, unit in overdue:
            del self.model[unit]

    @rule()
    def set_anew_again_and_again(self) -> None:
        for number in range(200):
            self.set(UNITS[0], 10 + number % 3)
        assert len(self.due._heap) < 100, "times that were set anew leave nothing behind"

    @invariant()
    def agree(self) -> None:
        assert self.due.next_time() == min(self.model.values(), default=None)
        assert set(self.due) == set(self.model) and len(self.due) == len(self.model)


TestWaiting = WaitingModel.TestCase
TestDueTimes = DueTimesModel.TestCase


class CursorModel(RuleBasedStateMachine):
    """The saved cursor never vouches for a change whose delivery has not reached the ledger.

    Snapshots are the numbers of the changes that they show; readings, deliveries and forgetting come in any order.
    """

    def __init__(self) -> None:
        super().__init__()
        connection = SimpleNamespace(operator_id=1, id=2, addon=own_addon("cursor"), settings=OwnSettings())
        held = Held(snapshot="0", compared_at=None, paused_until=None, failures=0, in_good_order=True)
        services: Any = SimpleNamespace(wake=lambda: None)
        self.leased = Leased(connection, services, held)  # type: ignore[arg-type]
        (self.sender,) = self.leased.senders.values()
        self.sender._titles = {unit: str(unit) for unit in UNITS}
        self.readings = Readings(SimpleNamespace())  # type: ignore[arg-type]
        self.readings._snapshots[0] = "3"  # changes 1 to 3 came before it was leased; its cursor stands at 0
        self.changes: list[Unit] = [UNITS[0], UNITS[1], UNITS[0]]
        self.delivered = 0  # the model: every change up to here has been delivered
        self.waiting: dict[int, Unit] = {1: UNITS[0], 2: UNITS[1], 3: UNITS[0]}
        self.under_way: dict[Unit, set[int]] = {}

    @precondition(lambda self: not self.leased.caught_up)
    @rule()
    def catch_up(self) -> None:
        for unit in self.changes[:3]:
            self.sender.changed(unit, self.leased.begins_at, bulk=False)
        self.leased.caught_up = True

    @rule(units=st.lists(one_unit, max_size=3))
    def read(self, units: list[Unit]) -> None:
        for unit in units:
            self.changes.append(unit)
            self.waiting[len(self.changes)] = unit
        self.readings.latest += 1
        self.readings._snapshots[self.readings.latest] = str(len(self.changes))
        for unit in units:
            self.sender.changed(unit, self.readings.latest, bulk=False)

    @rule(units=st.lists(one_unit, min_size=1, max_size=3))
    def leave_out(self, units: list[Unit]) -> None:
        """A reading that meets an import: what it names is told of later."""
        for unit in units:
            self.changes.append(unit)
            self.waiting[len(self.changes)] = unit
        self.readings.latest += 1
        self.readings._snapshots[self.readings.latest] = str(len(self.changes))
        left_out = LeftOut(1, len(self.changes) - len(units) + 1, len(self.changes), "", "")
        self.readings._set_aside.append(SetAside(self.readings.latest, left_out))

    @precondition(lambda self: self.readings.more)
    @rule()
    def portion(self) -> None:
        one = self.readings._being_read = self.readings._set_aside.popleft()
        if not one.read:
            part = one.next_portion(most=1)
            one.add(
                (self.changes[number - 1], datetime(2027, 1, 1, tzinfo=UTC))
                for number in range(part.first, part.last + 1)
            )
        for unit, _ in one.tell(most=1):
            self.sender.changed(unit, one.generation, bulk=True)
        self.readings.put_back()

    @precondition(lambda self: self.leased.caught_up)
    @rule(most=st.integers(1, 3))
    def take(self, most: int) -> None:
        for unit in self.sender.waiting.take(most):
            self.under_way[unit] = {number for number, one in self.waiting.items() if one == unit}

    @precondition(lambda self: self.under_way)
    @rule(choice=st.randoms(), lost=st.booleans())
    def end(self, choice: Any, lost: bool) -> None:
        unit = choice.choice(sorted(self.under_way))
        numbers = self.under_way.pop(unit)
        if lost:
            self.sender.waiting.back(unit)
        else:
            self.sender.waiting.done(unit)
            for number in numbers:
                self.waiting.pop(number)

    @rule()
    def forget(self) -> None:
        self.readings.forget(self.leased.generations)

    @invariant()
    def vouches_for_nothing_undelivered(self) -> None:
        row = self.leased.cursor_row(self.readings.snapshots, self.readings.heard(1))
        if row is not None:
            undelivered = [number for number in self.waiting if number <= int(row[2])]
            assert not undelivered
        if row is not None and not self.waiting and not self.leased.generations and not self.readings.more:
            assert int(row[2]) == len(self.changes) or self.leased.begins_at == self.readings.latest


TestCursor = CursorModel.TestCase


# ── What follows from an outcome ────────────────────────────────────────────────────────────────

kinds = st.sampled_from(OutcomeKind)


def mirror(**facts: Any) -> Mirror:
    return dataclasses.replace(own_addon("judged").flows[0], **facts)


@pytest.mark.req("HUB-26")
@given(kind=kinds, tries=st.integers(0, 50), failures=st.integers(1, 50), minutes=st.none() | st.integers(5, 60))
def test_a_clock_flow_is_never_retried_and_due_an_interval_after_its_end(
    kind: OutcomeKind, tries: int, failures: int, minutes: int | None
) -> None:
    flow = mirror(trigger=Every(minutes=lambda _: minutes), retry=NextTick())
    interval = None if minutes is None else timedelta(minutes=minutes)
    outcome = Outcome(kind=kind, retry_after=START)
    verdict = judge(flow, outcome, tries=tries, failures=failures, interval=interval, ended=START)
    assert not verdict.again and verdict.pause_until is None
    assert verdict.next_due == (None if interval is None else START + interval)


@pytest.mark.req("HUB-26")
@given(kind=kinds, tries=st.integers(1, 50))
def test_a_partner_that_forbids_retries_gets_none(kind: OutcomeKind, tries: int) -> None:
    verdict = judge(mirror(retry=NextTick()), Outcome(kind=kind), tries=tries, failures=1, interval=None, ended=START)
    assert not verdict.again


@pytest.mark.req("HUB-25")
@given(kind=kinds, tries=st.integers(1, 12), failures=st.integers(1, 500), wait=st.none() | st.integers(-100, 9999))
def test_retries_are_made_for_trouble_alone_not_beyond_the_limit_and_not_before_the_partner_wants(
    kind: OutcomeKind, tries: int, failures: int, wait: int | None
) -> None:
    rule_ = Backoff(first=timedelta(seconds=5), longest=timedelta(minutes=15), tries=8)
    asked = None if wait is None else START + timedelta(seconds=wait)
    outcome = Outcome(kind=kind, retry_after=asked)
    verdict = judge(mirror(retry=rule_), outcome, tries=tries, failures=failures, interval=None, ended=START)
    assert verdict.again == (kind in CONNECTION_TROUBLE and tries < 8)
    if kind in CONNECTION_TROUBLE:
        assert verdict.pause_until is not None
        assert verdict.pause_until >= max(asked or START, START + timedelta(seconds=3.7))
    else:
        assert verdict.pause_until is None
    assert (verdict.next_due is not None) == verdict.again


@pytest.mark.req("HUB-25")
@given(first=st.integers(1, 600), longest=st.integers(1, 7200), failures=st.integers(1, 10_000))
def test_backoff_doubles_up_to_the_longest_with_a_quarter_of_jitter(first: int, longest: int, failures: int) -> None:
    rule_ = Backoff(first=timedelta(seconds=first), longest=timedelta(seconds=longest))
    usual = min(longest, first * 2 ** min(failures - 1, 20))
    waits = {backoff(rule_, failures).total_seconds() for _ in range(5)}
    assert all(usual * 0.75 <= wait <= usual * 1.25 for wait in waits)
    assert len(waits) > 1


@given(st.lists(kinds, min_size=1))
def test_a_call_is_listed_under_the_worst_of_its_outcomes(some: list[OutcomeKind]) -> None:
    found = worst([Outcome(kind=kind) for kind in some]).kind
    assert found in some
    if any(not kind.delivered for kind in some):
        assert not found.delivered


def test_the_pace_follows_the_partner() -> None:
    pace = Pace(mirror(calls_at_once=4))
    for _ in range(30):
        pace.took(0.001)
    assert pace.units == 64
    for _ in range(30):
        pace.took(20.0)
    assert pace.units == 4, "one round of calls and no more: documents made earlier would only grow old"
    assert Pace(mirror(units_per_call=500)).units == 500


# ── Settings ────────────────────────────────────────────────────────────────────────────────────


class Some(Settings):
    text: Annotated[str, setting("Text", longest=5)] = "x"
    secret: Annotated[str, setting("Secret", secret=True)] = ""
    switch: Annotated[bool, setting("Switch")] = False
    number: Annotated[int, setting("Number", least=5, most=60, unit="minutes")] = 5
    maybe: Annotated[int | None, setting("Maybe")] = None
    choice: Annotated[Literal["a", "b"], setting("Choice")] = "a"
    people: Annotated[tuple[str, ...], setting("People", people=True)] = ()


@pytest.mark.parametrize(
    ("name", "given_", "read"),
    [
        ("text", " abc ", "abc"),
        ("text", 12, "12"),
        ("text", "abcdef", None),
        ("text", "a\x00", None),
        ("text", "\ud800", None),
        ("switch", True, True),
        ("switch", "On", True),
        ("switch", "0", False),
        ("switch", "", False),
        ("switch", "perhaps", None),
        ("switch", None, None),
        ("number", 5, 5),
        ("number", " 60 ", 60),
        ("number", 4, None),
        ("number", "61", None),
        ("number", "5.5", None),
        ("number", 5.5, None),
        ("number", "", None),
        ("number", True, None),
        ("number", "9" * 5000, None),
        ("number", "١٢", 12),
        ("choice", "b", "b"),
        ("choice", "c", None),
        ("people", "ann; bob,, cid", ("ANN", "BOB", "CID")),
        ("people", ["ann", ""], ("ANN",)),
        ("unheard_of", 1, None),
        ("__init__", 1, None),
    ],
)
def test_a_setting_is_read_or_refused_by_its_name(name: str, given_: Any, read: Any) -> None:
    if read is None:
        with pytest.raises(Invalid) as refused:
            read_settings(Some, {name: given_})
        assert [problem.field for problem in refused.value.problems] == [name]
    else:
        assert getattr(read_settings(Some, {name: given_}), name) == read


def test_an_empty_number_is_none_where_none_is_its_default() -> None:
    assert read_settings(Some, {"maybe": ""}) == Some() == read_settings(Some, {"maybe": None})


@given(st.dictionaries(st.sampled_from(Some.__struct_fields__), st.none() | st.text() | st.integers() | st.floats()))
def test_no_input_makes_anything_but_settings_or_problems(values: dict[str, Any]) -> None:
    try:
        made = read_settings(Some, values)
    except Invalid as refused:
        assert {problem.field for problem in refused.problems} <= set(values)
    else:
        assert 5 <= made.number <= 60 and len(made.text) <= 5


def test_secrets_do_not_show_in_what_is_printed() -> None:
    made = read_settings(Some, {"secret": "open-sesame"})
    assert "sesame" not in repr(made) + str(made) + f"{made}"
    assert secret_names(Some) == {"secret"}
    assert {one.name for one in settings_of(Some)} == set(Some.__struct_fields__)
