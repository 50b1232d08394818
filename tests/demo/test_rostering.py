"""The demo's roster: crews on flights, duties, an effective date, and something for the fatigue model to say."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest

from airstair.demo import build_demo
from airstair.records.crewing.queries import crew_board

TODAY = date(2027, 5, 11)


@pytest.mark.django_db
def test_every_kind_of_thing_is_on_the_crew_timeline() -> None:
    demo = build_demo(TODAY)
    midnight = datetime.combine(TODAY, time(), UTC)
    board = crew_board(demo.operator_id, midnight, midnight + timedelta(days=7))
    flying = {line.member.code for line in board.lines if line.flights}
    assert {"JON", "ELA", "RUI", "KIM", "ABE"} <= flying
    assert {duty.kind.value for line in board.lines for duty in line.duties} >= {"POSITIONING", "SIMULATOR", "LEAVE"}
    assert board.roster.effective_date == TODAY + timedelta(days=3)
    assert demo.extras["manned_flights"] >= 12 and demo.extras["duties"] == 9
