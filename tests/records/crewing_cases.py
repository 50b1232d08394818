"""How to call the commands and readers about duties and the roster, and one of each thing that they are about."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from airstair.kernel.clock import ManualClock
from airstair.records.crewing import commands as crewing
from airstair.records.crewing import queries
from airstair.records.crewing.rules import DutyKind
from airstair.records.operators.rules import Right

MONDAY = datetime(2027, 3, 1, tzinfo=UTC)
WEEK = (MONDAY - timedelta(days=1), MONDAY + timedelta(days=7))
TODAY = datetime.now(UTC).date()


class CrewingThings:
    """A duty, one that was deleted, a flight with crew, and a roster that is published."""

    def __init__(self, world: Any, crew: Any) -> None:
        self.crew = crew
        self.duty = crewing.add_duty(world.admin, duty(crew.id, title=f"Duty of {world.code}"))
        self.gone = crewing.add_duty(world.admin, duty(crew.id))
        crewing.delete_duty(world.admin, self.gone.id)
        self.flight = world.flight(crew={"CPT": crew.code}, std=MONDAY + timedelta(hours=18))
        publisher = msgspec.structs.replace(world.admin, label=f"Publisher of {world.code}")
        crewing.publish_roster(publisher, WEEK[0].date(), clock=ManualClock(MONDAY))


def duty(crew_member_id: int, **given: Any) -> crewing.DutyInput:
    """An office day on Monday, unless said otherwise."""
    values = {"kind": DutyKind.OFFICE.value, "start": MONDAY + timedelta(hours=8), "end": MONDAY + timedelta(hours=16)}
    return crewing.DutyInput(crew_member_id=crew_member_id, **{**values, **given})


def crewing_cases(case: Any) -> dict[str, Any]:
    edit = crewing.DutyEdit
    right = (Right.ROSTER_EDIT,)
    return {
        "add_duty": case(
            right, lambda t: (duty(t.crewing.crew.id),), lambda t: (duty(t.crewing.crew.id, kind="NAP"),), owned=False
        ),
        "change_duty": case(
            right,
            lambda t: (t.crewing.duty.id, edit(title="Other")),
            lambda t: (t.crewing.duty.id, edit(end=MONDAY)),
        ),
        "delete_duty": case(right, lambda t: (t.crewing.duty.id,)),
        "publish_roster": case(right, lambda t: (TODAY,), lambda t: (TODAY, "year"), owned=False),
    }


NOT_FOUND: dict[str, Callable[[Any, int], object]] = {
    "duty": lambda t, who: queries.duty(who, t.crewing.duty.id),
    "crew_period": lambda t, who: queries.crew_period(who, t.crewing.crew.id, *WEEK),
}
EMPTY: dict[str, Callable[[Any, int], object]] = {
    "duties": lambda t, who: queries.duties(who, *WEEK),
    "roster": lambda t, who: queries.roster(who).effective_date,
    "crew_flights": lambda t, who: queries.crew_flights(who, *WEEK, codes=[t.crewing.crew.code]),
    "crew_board": lambda t, who: queries.crew_board(who, *WEEK).lines,
}
