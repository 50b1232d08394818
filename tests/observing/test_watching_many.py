"""The watchman looks closely only where it may have something to say: all other connections cost no statement."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext

from airstair.hub.connections.commands import ALL_AIRCRAFT, ConnectionInput, configure
from airstair.hub.connections.queries import ConnectionFacts, connections
from airstair.hub.flows import Every
from airstair.hub.health import lines_of, stands
from airstair.hub.models import LedgerRow, Notice
from airstair.hub.registry import _extra
from airstair.hub.watchman import mail_notices, tell_recipients, watch
from airstair.kernel.clock import ManualClock
from airstair.kernel.outcome import OutcomeKind
from airstair.records.fleet.commands import AircraftInput, add_aircraft, retire_aircraft
from airstair.records.operators import queries as operators
from airstair.records.operators.commands import create_operator

from ..hub.own_partner import own_addon

NOW = datetime(2027, 3, 4, 12, 0, tzinfo=UTC)
STEPS = (watch, mail_notices, tell_recipients)
WELL = {"outcome": "accepted", "tries": 0, "last_attempt": NOW, "last_success": NOW, "next_due": NOW}
AWAY = {**WELL, "outcome": "unavailable", "tries": 3}

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def clocked() -> Iterator[None]:
    own_addon("clocked", trigger=Every(minutes=lambda s: s.minutes), recipients=lambda s: s.people)
    yield
    _extra.clear()


def served(code: str, *, aircraft: int = 2, of: Any = ALL_AIRCRAFT, **values: Any) -> ConnectionFacts:
    """An operator with a connection that is on, each of whose aircraft has been sent."""
    made = create_operator(code=code, name=code, admin_email=f"admin@{code.lower()}.example", admin_name="Ann Admin")
    actor = operators.cli_actor(made.id)
    for number in range(aircraft):
        add_aircraft(actor, AircraftInput(registration=f"N{number}{code}", home_base="KEWR"))
    wanted = ConnectionInput(values={"base_url": "https://partner.example", **values}, aircraft=of, on=True)
    configure(actor, "clocked", wanted, clock=ManualClock(NOW))
    (facts,) = connections(made.id)
    for id_ in facts.aircraft_ids:
        of_unit = {"operator_id": made.id, "connection_id": facts.id, "flow": "legs", "unit": f"aircraft:{id_}"}
        LedgerRow.objects.create(**of_unit, title=str(id_), **WELL)
    return facts


def statements(step: Callable[..., Any], at: datetime = NOW) -> int:
    with CaptureQueriesContext(database) as captured:
        step(clock=ManualClock(at))
    return len(captured)


def open_kinds(facts: ConnectionFacts) -> set[str]:
    return set(Notice.objects.filter(connection_id=facts.id, closed_at=None).values_list("kind", flat=True))


@pytest.mark.req("HUB-12")
def test_a_round_costs_as_much_for_twenty_operators_as_for_one() -> None:
    served("OP0")
    alone = [statements(step) for step in STEPS]
    for number in range(1, 20):
        served(f"OP{number}")
    assert [statements(step) for step in STEPS] == alone
    assert sum(alone) <= 6
    LedgerRow.objects.update(**AWAY)
    assert len(watch(clock=ManualClock(NOW))) == 20
    assert mail_notices(clock=ManualClock(NOW)) == 20
    assert [statements(step) for step in STEPS] == alone, "what everybody has been told of costs no more"
    LedgerRow.objects.update(**WELL)
    assert len(watch(clock=ManualClock(NOW))) == 20
    assert not Notice.objects.filter(closed_at=None).exists()


@pytest.mark.req("HUB-12")
def test_the_database_sorts_out_by_the_same_rules_that_judge() -> None:
    """Were it to call too much or too little bad, the second round would look closely again."""
    facts = served("RULES")
    quiet = statements(watch)
    bad = LedgerRow.objects.filter(connection_id=facts.id, unit=f"aircraft:{facts.aircraft_ids[0]}")
    for outcome in ("", *(kind.value for kind in OutcomeKind)):
        for tries in (0, 1, 2):
            for late in (False, True):
                Notice.objects.all().delete()
                due = NOW - timedelta(minutes=5, microseconds=1 if late else 0)
                bad.update(outcome=outcome, tries=tries, next_due=due)
                case = f"{outcome}, {tries} tries, {'late' if late else 'in time'}"
                judged = stands(facts.operator_id, [facts], lines_of(facts.operator_id, [facts]), NOW)[facts.id]
                expected = {"failing"} if judged.failing else {"late"} if judged.late else set()
                assert {notice.kind for notice in watch(clock=ManualClock(NOW))} == expected, case
                assert bool(judged.late) is late, case
                assert statements(watch) == quiet, case
                assert open_kinds(facts) == expected, case


def test_an_aircraft_that_is_not_sent_any_more_breaks_no_promise() -> None:
    facts = served("GONE")
    quiet = statements(watch)
    gone, kept = facts.aircraft_ids
    LedgerRow.objects.filter(unit=f"aircraft:{gone}").update(**AWAY)
    assert statements(watch) > quiet and open_kinds(facts) == {"failing"}
    actor = operators.cli_actor(facts.operator_id)
    retire_aircraft(actor, gone)
    watch(clock=ManualClock(NOW))
    assert open_kinds(facts) == set() and statements(watch) == quiet
    LedgerRow.objects.filter(unit=f"aircraft:{kept}").update(**AWAY)
    watch(clock=ManualClock(NOW))
    assert open_kinds(facts) == {"failing"}
    configure(actor, "clocked", ConnectionInput(aircraft=[]), clock=ManualClock(NOW))
    watch(clock=ManualClock(NOW))
    assert open_kinds(facts) == set() and statements(watch) == quiet


@pytest.mark.req("HUB-13")
def test_only_who_has_recipients_is_looked_up() -> None:
    for number in range(5):
        served(f"DEAF{number}")
    quiet = statements(tell_recipients)
    told = served("TOLD", people=["ANN"])
    (member,) = operators.members(told.operator_id)
    assert statements(tell_recipients) > quiet, f"{member.code} is to be told"
    assert statements(tell_recipients) == quiet, "not before a round has passed"
    assert statements(tell_recipients, NOW + timedelta(minutes=6)) == quiet, "and something new was sent"
