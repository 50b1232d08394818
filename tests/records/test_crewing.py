"""Duties, the roster's effective date, and what crew members do."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from tests.records.crewing_cases import MONDAY, WEEK, duty
from tests.records.people_cases import crew

from airstair.changes.queries import trail
from airstair.kernel.clock import ManualClock
from airstair.kernel.errors import Conflict, Invalid
from airstair.kernel.units import Unit, UnitKind
from airstair.records.crewing import commands, queries
from airstair.records.crewing.commands import DutyEdit
from airstair.records.crewing.rules import DutyKind, PublishedBy
from airstair.records.flights import commands as flights
from airstair.records.people import commands as people

HOUR = timedelta(hours=1)
CLOCK = ManualClock(MONDAY)


@pytest.fixture
def pilots(world):
    """A captain and a first officer."""
    return [people.add_crew_member(world.admin, crew(code, home_base="KEWR")) for code in ("ABC", "DEF")]


@pytest.mark.req("CRW-01")
def test_a_crew_member_has_flights_positionings_and_duties_in_order(world, pilots):
    captain, _ = pilots
    late = world.flight(std=MONDAY + 20 * HOUR, crew={"CPT": "ABC", "FO": "DEF"})
    early = world.flight(std=MONDAY + 12 * HOUR, crew={"FO": "abc"})
    there = duty(captain.id, kind="POSITIONING", start_airport="jfk", end_airport="EWR")
    positioning = commands.add_duty(world.admin, there)
    office = commands.add_duty(world.admin, duty(captain.id, title="Manuals", start=MONDAY, end=MONDAY + HOUR))
    captains, officers = queries.crew_board(world.id, *WEEK).lines
    assert [(one.id, one.position) for one in captains.flights] == [(early.id, "FO"), (late.id, "CPT")]
    assert [one.id for one in captains.duties] == [office.id, positioning.id]
    assert (positioning.start_airport, positioning.end_airport) == ("KJFK", "KEWR")
    assert [one.id for one in officers.flights] == [late.id] and officers.duties == ()
    assert (captains.member.code, captains.flights[0].registration) == ("ABC", "N14923")


def test_what_keeps_nobody_busy_is_left_out(world, pilots):
    cancelled = world.flight(crew={"CPT": "ABC"})
    flights.cancel_flight(world.ops, cancelled.id)
    deleted = world.flight(crew={"CPT": "ABC"})
    flights.delete_flight(world.ops, deleted.id)
    world.flight(crew={"CPT": "ABC"}, status="OPPORTUNITY")
    option = world.flight(crew={"CPT": "ABC"}, status="OPTION")
    commands.delete_duty(world.admin, commands.add_duty(world.admin, duty(pilots[0].id)).id)
    line = queries.crew_board(world.id, *WEEK, crew_member_ids=[pilots[0].id]).lines[0]
    assert [one.id for one in line.flights] == [option.id] and line.duties == ()


def test_block_times_are_the_actual_ones_once_they_are_known(world, pilots):
    flight = world.flight(crew={"CPT": "ABC"})
    watch, log = (flights.TimesInput(off_block=flight.std + n * HOUR / 6) for n in (1, 2))
    flights.set_times(world.ops, flight.id, "flight_watch", watch)
    assert queries.crew_flights(world.id, *WEEK)[0].start == flight.std + HOUR / 6
    flights.set_times(world.ops, flight.id, "journey_log", log)
    (part,) = queries.crew_flights(world.id, *WEEK)
    assert (part.start, part.end) == (flight.std + HOUR / 3, flight.sta)
    assert (part.scheduled_start, part.scheduled_end) == (flight.std, flight.sta)


@pytest.mark.parametrize(
    ("start", "end", "found"),
    [(6, 7, True), (8.5, 9, False), (0, 6, False), (8, 8.4, True), (5, 6.1, True)],
)
def test_a_flight_is_found_in_the_period_that_it_touches(world, pilots, start, end, found):
    world.flight(crew={"CPT": "ABC"})  # 06:00 to 08:30
    assert bool(queries.crew_flights(world.id, MONDAY + start * HOUR, MONDAY + end * HOUR)) is found


@pytest.mark.parametrize("members", [1, 12])
def test_the_board_takes_a_fixed_number_of_statements(world, members, django_assert_num_queries):
    for at in range(members):
        one = people.add_crew_member(world.admin, crew(f"M{at:02d}"))
        commands.add_duty(world.admin, duty(one.id))
        world.flight(std=MONDAY + at * 3 * HOUR, crew={"CPT": one.code})
    with django_assert_num_queries(6):
        board = queries.crew_board(world.id, *WEEK)
    assert len(board.lines) == members and all(one.flights and one.duties for one in board.lines)
    with django_assert_num_queries(9):
        queries.crew_period(world.id, board.lines[0].member.id, *WEEK)


def test_who_has_left_is_shown_only_where_they_did_something(world, pilots):
    world.flight(crew={"CPT": "ABC"})
    for one in pilots:
        people.retire_crew_member(world.admin, one.id)
    assert [line.member.code for line in queries.crew_board(world.id, *WEEK).lines] == ["ABC"]


def test_a_period_knows_the_clocks_where_work_ends_and_the_one_at_home(world, pilots):
    world.flight(crew={"CPT": "ABC"}, ades="EGGW", sta=MONDAY + 13 * HOUR)
    period = queries.crew_period(world.id, pilots[0].id, *WEEK, before=timedelta(days=7))
    assert period.zones == {"EGGW": "Europe/London"} and period.home_zone == "America/New_York"
    homeless = people.add_crew_member(world.admin, crew("XYZ", home_base=""))
    assert queries.crew_period(world.id, homeless.id, *WEEK).home_zone == "UTC"


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"kind": "NAP"}, "kind"),
        ({"end": MONDAY + 8 * HOUR}, "end"),
        ({"end": MONDAY + timedelta(days=93)}, "end"),
        ({"start": datetime(2027, 3, 1, 8)}, "start"),  # noqa: DTZ001 - that is what is wrong with it
        ({"kind": "POSITIONING"}, "start_airport"),
        ({"kind": "POSITIONING", "start_airport": "KEWR"}, "end_airport"),
        ({"start_airport": "QQQQ"}, "start_airport"),
        ({"crew_member_id": 1}, "crew_member_id"),
        ({"title": "x" * 121}, "title"),
    ],
)
def test_a_duty_that_does_not_fit_is_refused_at_its_field(world, pilots, values, field):
    with pytest.raises(Invalid) as refusal:
        commands.add_duty(world.admin, duty(**{"crew_member_id": pilots[0].id, **values}))
    assert field in [problem.field for problem in refusal.value.problems]
    assert queries.duties(world.id, *WEEK) == []


def test_another_operators_crew_member_cannot_be_named(world, other):
    theirs = people.add_crew_member(other.admin, crew("ABC"))
    with pytest.raises(Invalid):
        commands.add_duty(world.admin, duty(theirs.id))


def test_a_duty_given_to_somebody_else_names_both_in_its_change(world, pilots):
    first, second = pilots
    one = commands.add_duty(world.admin, duty(first.id))
    commands.change_duty(world.admin, one.id, DutyEdit(crew_member_id=second.id, kind=DutyKind.TRAINING))
    change = trail(world.id, unit=Unit(UnitKind.CREW_MEMBER, first.id))[0]
    assert change.kind == "duty.changed" and set(change.units) == {f"crew:{first.id}", f"crew:{second.id}"}
    assert change.before == {"duty_id": one.id, "crew_member_id": first.id, "kind": "OFFICE"}
    commands.change_duty(world.admin, one.id, DutyEdit(crew_member_id=second.id))
    assert trail(world.id, unit=Unit(UnitKind.CREW_MEMBER, second.id))[0] == change, "nothing changed, nothing is told"


def test_a_deleted_duty_stays_deleted(world, pilots):
    one = commands.add_duty(world.admin, duty(pilots[0].id))
    commands.delete_duty(world.admin, one.id)
    commands.delete_duty(world.admin, one.id)
    assert [line.kind for line in trail(world.id, unit=Unit(UnitKind.CREW_MEMBER, pilots[0].id))][:2] == [
        "duty.deleted",
        "duty.created",
    ]
    with pytest.raises(Conflict):
        commands.change_duty(world.admin, one.id, DutyEdit(title="again"))


# ── The roster ──────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.req("CRW-02")
@pytest.mark.parametrize(
    ("up_to", "by", "effective"),
    [
        (date(2027, 3, 9), PublishedBy.DAY, date(2027, 3, 9)),
        (date(2027, 3, 9), PublishedBy.MONTH, date(2027, 3, 31)),
        (date(2027, 2, 1), PublishedBy.MONTH, date(2027, 2, 28)),
        (date(2028, 2, 29), PublishedBy.MONTH, date(2028, 2, 29)),
    ],
)
def test_it_is_published_by_day_or_by_whole_month(world, up_to, by, effective):
    assert queries.roster(world.id).effective_date is None
    facts = commands.publish_roster(world.admin, up_to, by, clock=CLOCK)
    assert facts == queries.roster(world.id)
    assert (facts.effective_date, facts.publisher, facts.published_at) == (effective, "Ada Admin", MONDAY)
    assert facts.covers(effective) and not facts.covers(effective + timedelta(days=1))
    assert facts.covers(datetime.combine(effective, datetime.max.time(), UTC))


@pytest.mark.req("CRW-02")
def test_publishing_names_who_does_something_in_the_days_it_moves_over(world, pilots):
    first, second = pilots
    commands.publish_roster(world.admin, date(2027, 3, 2), clock=CLOCK)
    commands.add_duty(world.admin, duty(first.id))  # on the 1st: published already
    world.flight(std=MONDAY + timedelta(days=2), crew={"FO": "DEF"})
    commands.publish_roster(world.admin, date(2027, 3, 5), clock=CLOCK)
    change = trail(world.id, subject=Unit(UnitKind.OPERATOR, world.id))[0]
    assert change.kind == "roster.published" and f"crew:{second.id}" in change.units
    assert f"crew:{first.id}" not in change.units
    assert (change.before, change.after) == (
        {"effective_date": "2027-03-02"},
        {"effective_date": "2027-03-05", "by": "day"},
    )


def test_it_can_be_moved_back_and_moving_it_nowhere_is_no_change(world):
    commands.publish_roster(world.admin, date(2027, 3, 9), clock=CLOCK)
    before = len(trail(world.id))
    commands.publish_roster(world.admin, date(2027, 3, 9), clock=CLOCK)
    assert len(trail(world.id)) == before
    assert commands.publish_roster(world.admin, date(2027, 3, 4), clock=CLOCK).effective_date == date(2027, 3, 4)


@pytest.mark.parametrize(("up_to", "by", "field"), [(date(2037, 3, 1), "day", "up_to"), (date(2027, 3, 1), "x", "by")])
def test_a_wrong_year_and_an_unknown_reach_are_refused(world, up_to, by, field):
    with pytest.raises(Invalid) as refusal:
        commands.publish_roster(world.admin, up_to, by, clock=CLOCK)
    assert [problem.field for problem in refusal.value.problems] == [field]
