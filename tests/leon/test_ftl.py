"""Flight and duty times: what the record knows, and null for what it does not."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st
from tests.leon.conftest import Connected, Leon, span
from tests.records.conftest import MONDAY, World

from airstair.api.leon.reads.ftl import SHORTEST_REST, length, runs
from airstair.records.crewing.commands import DutyInput, add_duty
from airstair.records.crewing.snapshots import CrewFlight
from airstair.records.flights.commands import TimesInput, cancel_flight, set_times
from airstair.records.flights.rules import Status
from airstair.records.people.commands import CrewMemberInput, add_crew_member
from airstair.records.people.snapshots import CrewMemberFacts

HOUR = timedelta(hours=1)
# As a program asks that compares it with rules of its own.
PUBLISHED = """query($i: TimeInterval!) { ftl { dutyList(timeInterval: $i) {
  crewMember { code } crewAugmentation isCabinCrew isAcclimated localTimeOffset restFacility hasViolation sectorCount
  dutyStartTime dutyEndTime fdpStartTime fdpEndTime fdpLength maxFdpLength fdpExtension splitDutyTime discretionLength
  blockStartTime blockEndTime previousDutyEndTime homeAirport { icao } startAirport { icao }
  sectorList { trNid reportingTime startAirport { icao } endAirport { icao } } } } }"""
SHORT = """query($i: TimeInterval!) { ftl { dutyList(timeInterval: $i) {
  crewMember { code } dutyType dutyStartTime blockStartTime blockEndTime sectorCount isCabinCrew
  sectorList { trNid isPositioning } } } }"""
SUMS = """query($c: LoginNid!, $i: TimeInterval!) { ftl {
  ftlCalculationsForCrewMember(crewMember: $c, timeInterval: $i) {
  crewMember { code } blockTime flightCount positioningTime rosteredDutyTime standbyTime dutyTime fdpTime } } }"""
UNKNOWN = (
    "crewAugmentation", "isAcclimated", "localTimeOffset", "restFacility", "hasViolation", "dutyStartTime",
    "dutyEndTime", "fdpStartTime", "fdpEndTime", "fdpLength", "maxFdpLength", "fdpExtension", "splitDutyTime",
    "discretionLength", "previousDutyEndTime",
)  # fmt: skip


def member(world: World, code: str, **given: Any) -> CrewMemberFacts:
    wanted = CrewMemberInput(code=code, first_name=code, last_name="Lee", home_base="KEWR", **given)
    return add_crew_member(world.admin, wanted)


def utc(when: datetime) -> str:
    return when.isoformat().replace("+00:00", "Z")


def duties(asking: Leon, start: datetime = MONDAY, days: float = 7) -> Any:
    return asking(SHORT, i=span(start, days))["ftl"]["dutyList"]


@pytest.mark.req("LEO-02")
def test_a_published_query_is_answered_with_what_is_known(world: World, leon: Leon) -> None:
    member(world, "ABC")
    one = world.flight(crew={"CPT": "ABC"})
    set_times(world.ops, one.id, "journey_log", TimesInput(off_block=one.std + HOUR / 2, on_block=one.sta + HOUR / 2))
    (duty,) = leon(PUBLISHED, i={"start": "2027-03-01T00:00:00Z", "end": "2027-03-31T23:59:59Z"})["ftl"]["dutyList"]
    assert {name: duty.pop(name) for name in UNKNOWN} == dict.fromkeys(UNKNOWN)
    assert duty == {
        "crewMember": {"code": "ABC"}, "isCabinCrew": False, "sectorCount": 1,
        "blockStartTime": utc(one.std + HOUR / 2), "blockEndTime": utc(one.sta + HOUR / 2),
        "homeAirport": {"icao": "KEWR"}, "startAirport": {"icao": "KEWR"},
        "sectorList": [{"trNid": one.id, "reportingTime": None, "startAirport": {"icao": "KEWR"},
                        "endAirport": {"icao": "KJAX"}}],
    }  # fmt: skip


@pytest.mark.req("LEO-02")
def test_flights_without_a_rest_between_are_one_duty_wherever_the_interval_begins(world: World, leon: Leon) -> None:
    captain = member(world, "ABC")
    member(world, "FLY")
    evening = world.flight(std=MONDAY + 20 * HOUR, crew={"CPT": "ABC", "FA": "FLY"})  # block on at 22:30
    night = world.flight(std=MONDAY + 26 * HOUR, crew={"PSN": "ABC"}, adep="KJAX", ades="KEWR")  # on at 04:30
    later = world.flight(std=MONDAY + timedelta(hours=38, minutes=30), crew={"CPT": "ABC"})  # ten hours after that
    cancel_flight(world.ops, world.flight(std=MONDAY + 44 * HOUR, crew={"CPT": "ABC"}).id)
    standby = DutyInput(crew_member_id=captain.id, kind="AIRPORT_STANDBY", start=MONDAY, end=MONDAY + 2 * HOUR)
    add_duty(world.admin, standby)
    add_duty(world.admin, DutyInput(crew_member_id=captain.id, kind="OFF", start=MONDAY, end=MONDAY + 2 * HOUR))
    first = {
        "crewMember": {"code": "ABC"}, "dutyType": None, "dutyStartTime": None, "sectorCount": 1, "isCabinCrew": False,
        "blockStartTime": utc(evening.std), "blockEndTime": utc(night.sta),
        "sectorList": [{"trNid": evening.id, "isPositioning": False}, {"trNid": night.id, "isPositioning": True}],
    }  # fmt: skip
    cabin = {**first, "crewMember": {"code": "FLY"}, "isCabinCrew": True, "blockEndTime": utc(evening.sta),
             "sectorList": first["sectorList"][:1]}  # fmt: skip
    second = {**first, "blockStartTime": utc(later.std), "blockEndTime": utc(later.sta),
              "sectorList": [{"trNid": later.id, "isPositioning": False}]}  # fmt: skip
    waiting = {**first, "dutyType": "AIRPORT_STANDBY", "dutyStartTime": utc(MONDAY), "sectorCount": 0,
               "isCabinCrew": None, "blockStartTime": None, "blockEndTime": None, "sectorList": []}  # fmt: skip
    assert duties(leon) == [waiting, first, cabin, second]
    assert duties(leon, days=1) == [waiting, first, cabin], "whole, though it reaches into the next day"
    assert duties(leon, MONDAY + timedelta(days=1)) == [second], "neither again, nor in half"
    some = """query($l: [LoginNid!]!, $i: TimeInterval!) { ftl { ftlDutyForCrewMembers(
        crewMemberList: $l, timeInterval: $i) { blockStartTime } } }"""
    told = leon(some, l=[captain.id, captain.id, 7], i=span(MONDAY, 31))["ftl"]["ftlDutyForCrewMembers"]
    assert told == [{"blockStartTime": one["blockStartTime"]} for one in (waiting, first, second)]
    assert "Interval length out of bounds" in leon.refused(some, 400, l=[], i=span(MONDAY, 32))["message"]
    assert leon.ask(some, l=["x"], i=span(MONDAY)).status_code == 400


@pytest.mark.req("LEO-02")
def test_sums_are_of_what_lies_in_the_interval(world: World, leon: Leon) -> None:
    captain = member(world, "ABC")
    world.flight(std=MONDAY + 23 * HOUR, crew={"CPT": "abc"})  # an hour of two and a half is on Monday
    world.flight(std=MONDAY + 6 * HOUR, crew={"PSN": "ABC"})
    for kind, at in (("OFFICE", 10), ("HOME_STANDBY", 12), ("AIRPORT_STANDBY", 15), ("LEAVE", 18)):
        start = MONDAY + at * HOUR
        add_duty(world.admin, DutyInput(crew_member_id=captain.id, kind=kind, start=start, end=start + 1.5 * HOUR))

    def sums(asking: Leon, start: datetime = MONDAY) -> Any:
        return asking(SUMS, c=captain.id, i=span(start))["ftl"]["ftlCalculationsForCrewMember"]

    told = {
        "crewMember": {"code": "ABC"}, "blockTime": "1:00", "flightCount": 1, "positioningTime": "2:30",
        "rosteredDutyTime": "3:00", "standbyTime": "3:00", "dutyTime": None, "fdpTime": None,
    }  # fmt: skip
    assert sums(leon) == told
    nothing = {"positioningTime": "0:00", "rosteredDutyTime": "0:00", "standbyTime": "0:00"}
    assert sums(leon, MONDAY + timedelta(days=1)) == {**told, **nothing, "blockTime": "1:30", "flightCount": 0}
    assert leon(SUMS, c=7, i=span(MONDAY))["ftl"]["ftlCalculationsForCrewMember"] is None
    # What a token sees of a fleet is no sum of what somebody flew.
    part = Connected(world, aircraft=(world.aircraft[0].id,))
    assert sums(part) == {**dict.fromkeys(told), "crewMember": {"code": "ABC"}}
    none = Connected(world, aircraft=(world.aircraft[1].id,), name="Other aircraft")
    assert [one["dutyType"] for one in duties(none)] == ["OFFICE", "HOME_STANDBY", "AIRPORT_STANDBY"]
    assert sum(bool(one["sectorList"]) for one in duties(part)) == 2


@pytest.mark.req("LEO-02")
def test_what_is_not_judged_here_says_so(world: World, leon: Leon) -> None:
    query = """query($c: LoginNid!, $i: TimeInterval!) { ftl {
        ftlViolationsForCrewMember(crewMember: $c, timeInterval: $i) { message }
        settings { shortestRest longestIntervalDays } isCompensationTimeCalculationEnabled } }"""
    assert leon(query, c=1, i=span(MONDAY))["ftl"] == {
        "ftlViolationsForCrewMember": None, "settings": {"shortestRest": "10:00", "longestIntervalDays": 31},
        "isCompensationTimeCalculationEnabled": False,
    }  # fmt: skip
    nothing = Connected(world, "GRAPHQL_FLIGHT", name="Flights")
    for field in ("settings { shortestRest }", "isCompensationTimeCalculationEnabled"):
        assert "'GRAPHQL_FTL'" in nothing.refused(f"{{ ftl {{ {field} }} }}")["message"]
    for asked in (PUBLISHED, query, SUMS):
        variables = {"i": span(MONDAY)} | ({"c": 1} if "$c" in asked else {})
        error = nothing.refused(asked, **variables)
        assert "'GRAPHQL_FTL'" in error["message"] and error["extensions"]["category"] == "accessRestriction"


@pytest.mark.req("LEO-02")
def test_a_list_of_duties_costs_the_same_however_long_it_is_and_none_is_anothers(
    world: World, other: World, leon: Leon
) -> None:
    for one in (world, other):
        for code in ("ABC", "DEF"):
            member(one, code)
    other.flight(crew={"CPT": "ABC"})

    def statements() -> int:
        with CaptureQueriesContext(connection) as caught:
            leon(PUBLISHED, i=span(MONDAY, 31))
        return len(caught)

    world.flight(crew={"CPT": "ABC"})
    few = statements()
    for at in range(1, 9):
        world.flight(std=MONDAY + at * timedelta(days=1), crew={"CPT": "ABC", "FO": "DEF"})
    assert statements() == few < 20
    assert len(duties(leon, days=31)) == 17


def _flight(at: int, start: int, minutes: int) -> CrewFlight:
    begin = MONDAY + timedelta(minutes=start)
    end = begin + timedelta(minutes=minutes)
    return CrewFlight(
        id=at, code="ABC", position="CPT", aircraft_id=1, registration="N1", number="1", start_airport="KEWR",
        end_airport="KJAX", start=begin, end=end, scheduled_start=begin, scheduled_end=end, status=Status.CONFIRMED,
    )  # fmt: skip


@given(st.lists(st.tuples(st.integers(0, 9000), st.integers(0, 1400)), max_size=12))
def test_every_flight_is_in_one_duty_and_a_rest_is_between_two(times: list[tuple[int, int]]) -> None:
    parts = [_flight(at, start, minutes) for at, (start, minutes) in enumerate(times)]
    found = list(runs([*parts, *parts]))
    assert sorted(one.id for run in found for one in run) == [one.id for one in parts]
    for before, after in pairwise(found):
        assert after[0].start - max(one.end for one in before) >= SHORTEST_REST
    for run in found:
        for at in range(1, len(run)):
            assert run[at].start - max(one.end for one in run[:at]) < SHORTEST_REST


def test_a_length_in_hours_and_minutes() -> None:
    assert [length(timedelta(minutes=one)) for one in (0, 5, 60, 6005)] == ["0:00", "0:05", "1:00", "100:05"]
