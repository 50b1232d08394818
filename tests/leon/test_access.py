"""Which parts of the record a token opens, and how much may be asked for at once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.leon.conftest import Connected, Leon, span
from tests.records.conftest import MONDAY, World

from airstair.api.leon import transport
from airstair.kernel.clock import ManualClock
from airstair.records.access.commands import GrantEdit, change_grant
from airstair.records.budgets import rules as budgets
from airstair.records.flights.commands import FlightEdit, change_flight

LIST = "query($f: FlightFilter!) { flightList(filter: $f) { flightNid %s } }"
WEEK = {"timeInterval": span(MONDAY, 7)}
# What each needs: the field asked for, and the name that the refusal says.
ROOTS = {
    "flight(flightNid: 1) { flightNo }": "GRAPHQL_FLIGHT",
    'flights { getModifiedFlightList(dateTime: "2099-01-01") { timestamp } }': "GRAPHQL_FLIGHT",
    'trip { findTripByWildcard(wildcard: "T") { tripNid } }': "GRAPHQL_FLIGHT",
    "aircraftList { registration }": "GRAPHQL_ACFT",
    'aircraftByRegistration(registration: "N1") { registration }': "GRAPHQL_ACFT",
    "aircraftTypeList { icao }": "GRAPHQL_ACFT",
    'airportByCode(airportCode: "KEWR") { name }': "GRAPHQL_AIRPORT",
    "aircraftAvailability { emptyLegList { flightNid } }": "GRAPHQL_AIRCRAFT_AVAILABILITY",
    "aircraftAvailability { availabilityList { aircraft { registration } } }": "GRAPHQL_AIRCRAFT_AVAILABILITY",
    "operator { name }": "GRAPHQL_OPERATOR",
    "contact { contactListByPage(page: 1) { name } }": "GRAPHQL_CONTACT",
    "crewMemberList { code }": "GRAPHQL_CREW_MEMBER",
    'ftl { dutyList(timeInterval: {start: "2027-03-01", end: "2027-03-02"}) { sectorList { trNid } } }': "GRAPHQL_FTL",
    "checklist { getAvailableDefinitions(groupId: OPS) { nid } }": "GRAPHQL_CHECKLIST_OPS_SEE",
    "checklist { getChecklistOverallStatusOps(flightNid: 1) }": "GRAPHQL_CHECKLIST_OPS_SEE",
}
PARTS = {
    "acft { registration }": "GRAPHQL_ACFT", "crewList { loginNid }": "GRAPHQL_CREW_MEMBER",
    "crewMemberList { loginNid }": "GRAPHQL_CREW_MEMBER", "passengerList { count }": "GRAPHQL_PASSENGER",
    "flightWatch { atd }": "GRAPHQL_FLIGHT_WATCH", "journeyLog { atd }": "GRAPHQL_JOURNEY_LOG",
    "checklist { allItems { csId } }": "GRAPHQL_CHECKLIST_OPS_SEE",
    "legHandling { adepHandler { name } }": "GRAPHQL_HANDLING_AGENT",
}  # fmt: skip


@pytest.mark.req("LEO-02")
def test_each_part_is_guarded_by_its_resource(world: World) -> None:
    """The message and the category are those that clients look for."""
    world.flight()
    nothing = Connected(world, "INTEGRATION_FLIGHT_SUPPORT", name="No resources")
    for query, resource in ROOTS.items():
        error = nothing.refused(f"{{ {query} }}")
        assert error["message"] == f"Logged user has no privileges to '{resource}' resource for operator {world.id}", (
            query
        )
        assert error["extensions"]["category"] == "accessRestriction" and error["path"], query
    flights = Connected(world, "GRAPHQL_FLIGHT", name="Flights alone")
    for part, resource in PARTS.items():
        answer = flights.ask(LIST % part, f=WEEK).json()
        error = answer["errors"][0]
        assert error["message"] == f"Logged user has no privileges to '{resource}' resource for operator {world.id}"
        assert error["path"] == ["flightList", 0, part.split()[0]]
        assert answer["data"]["flightList"][0]["flightNid"]  # the rest is answered
    key = Leon.with_key(world, "Flights", name="A key for flights")
    assert key.refused(LIST % "passengerList { count }", f=WEEK)["extensions"] == {"category": "accessRestriction"}
    assert key(LIST % "startAirport { name }", f=WEEK)["flightList"]
    logbook = """query($i: TimeInterval!) { loggedUser {
        logbook(timeInterval: $i, stripAircraftRegistrationSeparator: true) {
        flightDate departureAirportCode { mostDescriptive } pic { surname } totalFlightTime dayLandingCount } } }"""
    person = Leon.with_key(world, name="Everything").refused(logbook, i=span(MONDAY))
    assert person["path"] == ["loggedUser"] and person["message"] == (
        "Identity type API key is not allowed, use one of the following identity types: user session, user"
        " access token, personal API key"
    )


@pytest.mark.req("LEO-02")
def test_nothing_of_other_operators_or_of_other_aircraft(world: World, other: World) -> None:
    theirs = other.flight(crew={"CPT": "ABC"})
    mine, second = world.flight(), world.flight(aircraft_id=world.aircraft[1].id, std=MONDAY + timedelta(days=1))
    asked = (
        "query($n: FlightNid!, $t: TripNid!, $a: AircraftNid!, $f: FlightFilter!, $since: DateTime!) {"
        " flight(flightNid: $n) { flightNo }"
        " trip { getTrip(tripNid: $t) { tripNumber } tripList(tripNidList: [$t]) { tripNid } }"
        " aircraft(aircraftNid: $a) { registration } flightList(filter: $f) { flightNid trip { flightList"
        " { flightNid } } acft { registration } }"
        " aircraftList { registration } checklist { getFlightOpsChecklistItems(flightNid: $n) { __typename } }"
        " flights { getModifiedFlightList(dateTime: $since) { created { flightNid } deleted } } }"
    )
    since = (datetime.now(UTC) - timedelta(hours=1)).isoformat()

    def found(client: Leon, flight: Any) -> Any:
        return client(asked, n=flight.id, t=flight.trip_id, a=flight.aircraft_id, f=WEEK, since=since)

    key = Leon.with_key(world)
    told = found(key, theirs)
    assert (told["flight"], told["trip"], told["aircraft"]) == (None, {"getTrip": None, "tripList": []}, None)
    assert told["checklist"] == {"getFlightOpsChecklistItems": []}
    assert [one["flightNid"] for one in told["flightList"]] == [mine.id, second.id]

    some = Connected(world, aircraft=(world.aircraft[0].id,))
    told = found(some, second)
    assert (told["flight"], told["trip"], told["aircraft"]) == (None, {"getTrip": None, "tripList": []}, None)
    assert [one["flightNid"] for one in told["flightList"]] == [mine.id]
    assert told["aircraftList"] == [{"registration": "N14923"}]
    assert told["flights"]["getModifiedFlightList"]["created"] == [{"flightNid": mine.id}]
    none = Connected(world, aircraft=(), name="None")
    assert found(none, mine)["flightList"] == [] == none("{ aircraftList { registration } }")["aircraftList"]

    # A flight that leaves the aircraft is gone for the token.
    change_flight(world.ops, mine.id, FlightEdit(aircraft_id=world.aircraft[1].id))
    assert found(some, mine)["flights"]["getModifiedFlightList"] == {"created": [], "deleted": [mine.id]}
    change_grant(world.admin, some.grant.id, GrantEdit(all_aircraft=True))
    assert len(found(some, mine)["flightList"]) == 2


@pytest.mark.req("LEO-07")
def test_too_deep_or_too_costly_queries_are_refused_with_what_to_do(world: World, leon: Leon) -> None:
    made = world.flight()
    circle = "trip { flightList { " * 6 + "flightNid" + " } }" * 6
    assert (
        leon.refused(LIST % circle, 400, f=WEEK)["message"]
        == "The query is deeper than 12 levels. Ask for less at once."
    )
    wide = " ".join(f"a{at}: startAirport {{ name city country }}" for at in range(380))
    assert leon(LIST % wide, f=WEEK)["flightList"][0]["a379"]["city"] == "Newark"
    months = {"timeInterval": span(MONDAY, 62)}
    costly = leon.refused(LIST % wide, 400, f=months)["message"]
    assert costly.startswith("The complexity of the query is 3") and "1600 is the most" in costly
    literal = f'flightList(filter: {{timeInterval: {{start: "2027-03-01", end: "2027-05-01"}}}}) {{ {wide} }}'
    assert "complexity" in leon.refused(f"{{ {literal} }}", 400)["message"]
    twice = " ".join(f"b{at}: flightList(filter: $f) {{ flightNid }}" for at in range(90))
    assert "complexity" in leon.refused(f"query($f: FlightFilter!) {{ {twice} }}", 400, f=WEEK)["message"]
    bomb = " ".join(f"fragment f{at} on Flight {{ ...f{at + 1} ...f{at + 1} }}" for at in range(30))
    bomb = f"query {{ flight(flightNid: {made.id}) {{ ...f0 }} }} {bomb} fragment f30 on Flight {{ flightNo }}"
    assert "far more than" in leon.refused(bomb, 400)["message"]
    schema = " ".join(f"s{at}: __schema {{ types {{ name }} }}" for at in range(20))
    assert "complexity" in leon.refused(f"{{ {schema} }}", 400)["message"]
    round_and_round = "query { flight(flightNid: 1) { ...a } } fragment a on Flight { trip { flightList { ...a } } }"
    assert leon.ask(round_and_round).status_code == 400
    nested = "trip { flightList { trip { flightList { trip { flightList { trip { flightList { flightNid } } } } } } } }"
    assert leon.ask(LIST % nested, f=WEEK).status_code == 200


@pytest.mark.req("LEO-07")
def test_too_many_requests_are_a_429_that_says_when(world: World, leon: Leon, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = ManualClock(datetime(2027, 3, 1, tzinfo=UTC))
    monkeypatch.setattr(transport, "CLOCK", clock)
    assert budgets.MOST == {60: 150, 3600: 4500, 86400: 54000}
    for _ in range(149):
        leon("{ __typename }")
    clock.advance(timedelta(seconds=20))
    assert leon.ask("{ __typename }").status_code == 200
    refused = leon.ask("{ __typename }")
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "40")
    assert refused.json()["errors"][0]["message"] == "More than 150 requests in 60 seconds. Ask again in 40 seconds."
    assert Leon.with_key(world, name="Another").ask("{ __typename }").status_code == 200  # each has its own
    clock.advance(timedelta(seconds=40))
    assert leon.ask("{ __typename }").status_code == 200


def test_the_longest_wait_is_told() -> None:
    now = datetime(2027, 3, 1, tzinfo=UTC)
    windows = [
        budgets.Asked(60, now - timedelta(seconds=10), 151),
        budgets.Asked(3600, now - timedelta(minutes=50), 4501),
    ]
    full = budgets.too_many(windows, now)
    assert full == windows[1] and full is not None and budgets.wait(full, now) == 600
    assert budgets.too_many([budgets.Asked(60, now - timedelta(seconds=60), 900)], now) is None
