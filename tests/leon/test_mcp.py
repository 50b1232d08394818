"""Flights page by page, the last one at an airport, and who changed flights."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from tests.leon.conftest import Connected, Leon
from tests.records.conftest import MONDAY, World

from airstair.api.leon import asking as requests
from airstair.api.leon import transport
from airstair.api.leon.nids import location_nid
from airstair.kernel.clock import ManualClock
from airstair.records.flights.commands import FlightEdit, cancel_flight, change_flight
from airstair.records.people.commands import CrewMemberInput, add_crew_member

DAY = timedelta(days=1)
LIST = "query($f: McpFlightFilter!) { mcp { flightList(filter: $f) { flightNid startAirport { code { icao } } } } }"
FROM = """query($c: AirportCodeScalar, $l: LocationNid, $a: AircraftNid, $d: DateTimeFull) { mcp { found:
  lastFlightFromAirport(airportCode: $c, locationNid: $l, aircraftNid: $a, dateTime: $d) { flightNid } } }"""
TO = FROM.replace("lastFlightFrom", "lastFlightTo")
HISTORY = """query($l: [FlightNid!]!) { mcp { tripHistoryListByFlightNidList(flightNidList: $l) {
  tripNid tripNumber changeList { flightNid dateTime kind changedBy fieldList } } } }"""


def full(when: datetime) -> str:
    return when.strftime("%Y-%m-%dT%H:%M:%SZ")


def within(days: float = 9, start: datetime = MONDAY, **more: Any) -> dict[str, Any]:
    return {"timeInterval": {"start": full(start), "end": full(start + timedelta(days=days))}, **more}


def listed(asking: Leon, **given: Any) -> list[int]:
    return [one["flightNid"] for one in asking(LIST, f=within(**given))["mcp"]["flightList"]]


@pytest.mark.req("LEO-02")
def test_pages_join_and_have_every_flight_once(world: World, other: World, leon: Leon) -> None:
    other.flight()
    made = [world.flight(std=MONDAY + at * DAY, number=f"EV{at}") for at in range(7)]
    ids = [one.id for one in made]
    assert listed(leon) == ids
    assert [listed(leon, limit=3, offset=at) for at in (0, 3, 6, 9)] == [ids[:3], ids[3:6], ids[6:], []]
    assert listed(leon, limit=0) == [] and listed(leon, limit=None, offset=5) == ids[5:]
    assert listed(leon, flightNumber="EV4") == [ids[4]] and listed(leon, tagNidList=[1]) == []
    for name in ("limit", "offset"):
        error = leon.refused(LIST, f=within(**{name: -1}))
        assert error["message"].startswith(f"{name}: ") and error["extensions"]["category"] == "validation"


@pytest.mark.req("LEO-02")
def test_filters_that_flight_list_does_not_have(world: World, leon: Leon, monkeypatch: pytest.MonkeyPatch) -> None:
    ann = add_crew_member(world.admin, CrewMemberInput(code="ABC", first_name="Ann", last_name="Lee"))
    made = [world.flight(std=MONDAY + at * DAY, crew={"CPT": "abc"} if at % 2 else {}) for at in range(6)]
    away = world.flight(std=MONDAY + 7 * DAY, adep="EGGW", ades="LFPB", crew={"CPT": "ABC"})
    crewed = [made[1].id, made[3].id, made[5].id, away.id]
    assert listed(leon, crewNidList=[ann.id]) == crewed
    assert listed(leon, crewNidList=[ann.id], limit=2, offset=1) == crewed[1:3]
    assert listed(leon, crewNidList=[7]) == [] and len(listed(leon, crewNidList=[])) == 7
    assert listed(leon, departureCountry="gb") == [away.id] == listed(leon, destinationCountry="FR ")
    assert listed(leon, departureCountry="US", destinationCountry="US", limit=2) == [made[0].id, made[1].id]
    monkeypatch.setattr(requests, "MOST_FLIGHTS", 6)
    assert "more than 6 flights" in leon.refused(LIST, f=within(departureCountry="GB"))["message"]
    flights = Connected(world, "GRAPHQL_FLIGHT", name="Flights")
    assert "GRAPHQL_CREW_MEMBER" in flights.refused(LIST, f=within(crewNidList=[ann.id]))["message"]
    assert "'GRAPHQL_FLIGHT'" in Connected(world, "GRAPHQL_ACFT", name="No").refused(LIST, f=within())["message"]


@pytest.mark.req("LEO-02", "LEO-07")
def test_times_are_full_and_the_interval_is_bounded(world: World, leon: Leon) -> None:
    for time in ("2027-03-01", "2027-03-01T00:00", "2027-03-01T00:00:00", "2027-03-01T00:00:00+00:00", 1803859200,
                 "2027-02-31T00:00:00Z", "2027-03-01UTC00:00:00"):  # fmt: skip
        answer = leon.ask(LIST, f=within() | {"timeInterval": {"start": time, "end": "2027-03-09T00:00:00Z"}})
        assert answer.status_code == 400 and "2031-04-07T08:15:00Z" in answer.content.decode(), time
    fractions = {"start": "2027-03-01T00:00:00.000Z", "end": "2027-03-09T00:00:00Z"}
    assert leon(LIST, f={"timeInterval": fractions})["mcp"]["flightList"] == []
    assert listed(leon, days=186) == []
    assert "6 months" in leon.refused(LIST, 400, f=within(187))["message"]
    declared = """query($s: DateTime!, $e: String!) { mcp { flightList(filter: {timeInterval: {start: $s, end: $e}}) {
        flightNid } } }"""
    assert leon(declared, s=full(MONDAY), e=full(MONDAY + DAY))["mcp"]["flightList"] == []


@pytest.mark.req("LEO-02")
def test_the_last_flight_from_and_to_an_airport(
    world: World, other: World, leon: Leon, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transport, "CLOCK", ManualClock(MONDAY + 3 * DAY))
    one, two = world.aircraft
    first = world.flight(std=MONDAY, aircraft_id=one.id)
    second = world.flight(std=MONDAY + DAY, aircraft_id=two.id)
    cancel_flight(world.ops, world.flight(std=MONDAY + 2 * DAY, aircraft_id=one.id).id)
    world.flight(std=MONDAY + 2 * DAY, aircraft_id=two.id, status="OPTION")
    other.flight(std=MONDAY + 2 * DAY)
    future = world.flight(std=MONDAY + 5 * DAY)

    def found(asking: Leon, query: str = FROM, **given: Any) -> int | None:
        told = asking(query, **given)["mcp"]["found"]
        return None if told is None else int(told["flightNid"])

    assert found(leon, c="EWR") == found(leon, l=location_nid("KEWR")) == found(leon, TO, c="KJAX") == second.id
    assert found(leon, c="EWR", a=one.id) == first.id and found(leon, c="KJAX") is None
    assert found(leon, c="KEWR", d=full(MONDAY + 9 * DAY)) == future.id
    assert found(leon, TO, c="KJAX", d=full(first.std)) is None, "it has left, and not arrived"
    assert found(leon, TO, c="KJAX", d=full(first.sta)) == first.id
    assert found(leon, c="KEWR", d=full(MONDAY + 366 * DAY)) == future.id
    assert found(leon, c="KEWR", d=full(MONDAY + 372 * DAY)) is None, "nobody looks back so far"
    assert found(leon, c="QQQQ") is None and found(leon, l=1) is None and found(leon, c="KEWR", a=7) is None
    mine = Connected(world, aircraft=(one.id,))
    assert found(mine, c="EWR") == first.id and found(mine, c="EWR", a=two.id) is None
    for given in ({}, {"c": "EWR", "l": 1}):
        assert "which airport" in leon.refused(FROM, **given)["message"]
    assert leon.ask(FROM, c="EWR", d="2027-03-01").status_code == 400
    assert "GRAPHQL_FLIGHT" in Connected(world, "GRAPHQL_ACFT", name="No").refused(TO, c="EWR")["message"]


@pytest.mark.req("LEO-02")
def test_who_changed_the_flights_of_trips(world: World, other: World, leon: Leon) -> None:
    out = world.leg(aircraft_id=world.aircraft[0].id)
    trip = world.trip(out, world.leg(std=MONDAY + DAY, adep="KJAX", ades="KEWR"))
    away = world.flight(aircraft_id=world.aircraft[1].id)
    theirs = other.flight()
    one, two = (leg.id for leg in trip.flights)
    change_flight(world.ops, two, FlightEdit(number="EV77", notes="Secret"))
    asked = [two, one, away.id, theirs.id, two, 7]

    def statements() -> tuple[int, Any]:
        with CaptureQueriesContext(connection) as caught:
            told = leon(HISTORY, l=asked)["mcp"]["tripHistoryListByFlightNidList"]
        return len(caught), told

    few, told = statements()
    assert [line["tripNid"] for line in told] == [trip.id, away.trip_id]
    newest, *made = told[0]["changeList"]
    assert (newest["flightNid"], newest["kind"], newest["fieldList"]) == (two, "flight.changed", ["notes", "number"])
    assert newest["changedBy"] == world.ops.label and newest["dateTime"].endswith("Z")
    assert {(line["flightNid"], line["kind"]) for line in made} == {(one, "flight.created"), (two, "flight.created")}
    assert "Secret" not in str(told)
    asked += [world.flight(std=MONDAY + at * DAY, aircraft_id=world.aircraft[1].id).id for at in range(2, 6)]
    assert statements()[0] == few
    mine = Connected(world, aircraft=(world.aircraft[0].id,))
    assert len(mine(HISTORY, l=asked)["mcp"]["tripHistoryListByFlightNidList"]) == 1
    assert "200 is the most" in leon.refused(HISTORY, l=[1] * 201)["message"]
    flights = Connected(world, "GRAPHQL_FLIGHT", name="Flights")
    assert "'GRAPHQL_ACTIVITY_HISTORY'" in flights.refused(HISTORY, l=[one])["message"]
