"""Flights, trips, aircraft and airports as clients of several years ask for them; the filter; modified since."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from tests.leon.conftest import Connected, Leon, span
from tests.records.conftest import MONDAY, World

from airstair.api.leon.nids import location_nid
from airstair.records.flights import commands
from airstair.records.flights.books import Delay, Fuel
from airstair.records.flights.commands import FlightEdit, LogInput, Passenger, WatchInput
from airstair.records.flights.facts import FlightFacts
from airstair.records.people.commands import CrewMemberInput, add_crew_member

LATER = timedelta(hours=10)


def crew(world: World) -> None:
    for code, first, last, position in (("ABC", "Ann", "Lee", "CPT"), ("DEF", "Ben", "Roe", "FO")):
        add_crew_member(
            world.admin,
            CrewMemberInput(
                code=code, first_name=first, last_name=last, email=f"{code}@x.example", positions=(position,)
            ),
        )


def flown(world: World) -> FlightFacts:
    """A flight of which everything is known."""
    crew(world)
    made = world.trip(
        world.leg(crew={"CPT": "ABC", "FO": "DEF", "FA": "XXX"}, pax_by_category={"male": 1, "child": 1},
                  pax_list=(Passenger(name="Maria del Mar", category="female"),), notes="VIP", altn="KPHL"),
        client="Blue Ridge Partners", number="T77",
    ).flights[0]  # fmt: skip
    at = made.std
    watch = WatchInput(off_block=at, take_off=at + timedelta(minutes=9), eet_minutes=120, ctot=at, pax=2,
                       etd=at + timedelta(minutes=5), delays=(Delay("93", 12),))  # fmt: skip
    commands.watch_flight(world.ops, made.id, watch)
    log = LogInput(off_block=at, take_off=at + timedelta(minutes=9), landing=made.sta, on_block=made.sta, landings=1,
                   pax=2, block_fuel=Fuel(Decimal(3000), "KG"), remaining_fuel=Fuel(Decimal(1200), "KG"),
                   uplift=Fuel(Decimal(900), "L"),
                   pilot_flying="ABC")  # fmt: skip
    return commands.log_flight(world.ops, made.id, log)


# What published clients ask for, each in its own dialect.
CLIENTS: dict[str, tuple[str, dict[str, Any]]] = {
    "schedule": ("""
        query schedule($from: DateTime!, $end: DateTime!) {
          flightList(filter: { timeInterval: { start: $from end: $end } }) {
            id: trNid acft { registration } startAirport { code { icao iata } }, endAirport { code { icao iata } }
            startTime endTime flightNo dist tripNid status isCnl flightRules acftTypeId icaoType
          } }""", {"from": "2027-03-01", "end": "2027-03-02"}),
    "dashboard": ("""
        query FlightList($startTimeInterval: DateTime! $endTimeInterval: DateTime! $flightType: [FlightType!]
            $flightStatus: [FlightStatus!] $aircraftNidList: [AircraftNid!]) {
          flightList(filter: { timeInterval: { start: $startTimeInterval end: $endTimeInterval }, flightType:
            $flightType,
              flightStatus: $flightStatus, aircraftNidList: $aircraftNidList }) {
            flightNid status startTime endTime startAirport { code { icao } } acft { registration }
            flightWatch { onBlock offBlock statusId } } }""",
        {"startTimeInterval": "2027-03-01UTC00:00:00", "endTimeInterval": "2027-03-02T00:00", "flightType": [],
         "flightStatus": [], "aircraftNidList": []}),
    "planner": ("""{ flightList(filter: { timeInterval: { start: "2027-03-01T00:00", end: "2027-03-02T00:00" } }) {
            flightNid, flightNo, tripNid, startTimeUTC, endTimeUTC, isCnl, acft { aircraftNid, registration,
            acftType { icao, isAircraft }} flightWatch{ atd, ata, paxCount } startAirport { code { icao } city,
              country }
            legHandling {adepHandler { name, email, telephone, telephoneAfterHours } adesHandler { name }}
            checklist {allItems { definition { label, section } status { status, caption, color } comment
              files {fileName, signedUrl (expireMinutes: 30)}}} passengerList { countExcludingAnimals }
            crewList { position { occupation } contact { name, surname }} } }""", {}),
    "statistics": ("""query($start: String!, $end: String!) { flightList(filter: {timeInterval: {start: $start
      end: $end}}) {
            flightNid flightTags { label } startAirport { code { icao iata } } acft { registration acftType {
              iCAO iATA } }
            crewList { contact { name surname personCode } position { name posType } flightTrainingType }
            trip { tripNid flightOrderNoFull tripType quoteRealization { quoteRequest { buyer { name
              representative { name surname } } } } }
            journeyLog { acft { registration acftType { icao iata easa } } fuelBeforeUplift refuel blockFuel usedFuel
              taxiFuel remainingFuel fuelUnit weightUnit bag cargo bloffUTC atd ata blonUTC nightTime paxCount
                paxMaleCount
              paxFemaleCount paxChildCount paxInfantCount startTime endTime distance flightLog duration flightTime
              startAirport { code { icao iata } name country } endAirport { name } landingCount apuHoursTotal
              apuCyclesTotal enginesCycles takeoffCrewLogin { code } landingCrewLogin { code }
              pilotMonitoringTakeOff { code } pilotMonitoringLanding { code } approachList { approach count }
              approachTypeList { approachType count } autoland } } }""",
        {"start": "2027-03-01T00:00:00Z", "end": "2027-03-02T00:00:00Z"}),
    "wall": ("""query FlightListWindow($filter: FlightFilter!) { flightList(filter: $filter) {
            flightNid flightNo status isCnl iconType isActive isSimulator flightType oprNid startTimeUTC endTimeUTC
            flightLastModificationTime creationDateTime notes { ops sales } operator { name planMode isGuest }
            startAirport { code { icao iata } name city timezone { name nativeTimezoneName } }
            flightWatch { atd ata toIso ldgIso etd etdIso eta etaIso ctot ctotIso tobt offBlock bloffIso blonIso }
            checklist { allItems { cdNid csId definition { groupId } } } passengerList { count realCount
            passengerContactList { passengerContactNid contact { contactNid name surname genderEnum
            nationality { code codeIso name } } } } crewMemberList { loginNid } } }""",
        {"filter": {"timeInterval": {"start": "2027-03-01", "end": "2027-03-02"}, "isCnl": False, "flightType": None}}),
}  # fmt: skip


@pytest.mark.req("LEO-02")
def test_published_clients_get_what_they_ask_for(world: World, leon: Leon) -> None:
    made = flown(world)
    told = {name: leon(query, **given)["flightList"] for name, (query, given) in CLIENTS.items()}
    assert {name: len(found) for name, found in told.items()} == dict.fromkeys(CLIENTS, 1)

    schedule = told["schedule"][0]
    assert schedule == {
        "id": made.id, "acft": {"registration": "N14923"}, "startAirport": {"code": {"icao": "KEWR", "iata": "EWR"}},
        "endAirport": {"code": {"icao": "KJAX", "iata": "JAX"}}, "startTime": int(made.std.timestamp()),
        "endTime": int(made.sta.timestamp()), "flightNo": "EV3810", "dist": 713, "tripNid": made.trip_id,
        "status": "CONFIRMED", "isCnl": False, "flightRules": "I", "acftTypeId": None, "icaoType": "N",
    }  # fmt: skip
    assert told["dashboard"][0]["flightWatch"] == {
        "onBlock": None,
        "offBlock": int(made.std.timestamp()),
        "statusId": "A",
    }
    planner = told["planner"][0]
    assert planner["startTimeUTC"] == "2027-03-01T06:00:00Z"
    assert planner["flightWatch"] == {"atd": int(made.std.timestamp()) + 540, "ata": None, "paxCount": 2}
    assert planner["startAirport"]["city"] == "Newark"
    assert planner["passengerList"] == {"countExcludingAnimals": 2}
    assert [one["position"]["occupation"] for one in planner["crewList"]] == [
        "Captain",
        "First Officer",
        "Flight Attendant",
    ]
    assert planner["crewList"][0]["contact"] == {"name": "Ann", "surname": "Lee"}
    assert planner["crewList"][2]["contact"] == {"name": None, "surname": None}
    assert {one["status"]["status"] for one in planner["checklist"]["allItems"]} <= {"UNT", "QSM"}

    statistics = told["statistics"][0]
    assert statistics["crewList"][0]["position"] == {"name": "CPT", "posType": "COCKPIT"}
    assert statistics["crewList"][2]["contact"] == {"name": None, "surname": None, "personCode": "XXX"}
    assert statistics["trip"] == {
        "tripNid": made.trip_id,
        "flightOrderNoFull": "T77",
        "tripType": "PAX",
        "quoteRealization": None,
    }
    log = statistics["journeyLog"]
    assert (log["blockFuel"], log["usedFuel"], log["remainingFuel"], log["fuelUnit"]) == (3000, 1800, 1200, "KG")
    assert log["refuel"] is None and log["fuelBeforeUplift"] is None  # read in litres
    assert (log["bloffUTC"], log["duration"], log["flightTime"]) == ("2027-03-01T06:00:00Z", 150, 141)
    assert log["takeoffCrewLogin"] == {"code": "ABC"} and log["autoland"] is None and log["approachList"] == []

    wall = told["wall"][0]
    assert (wall["oprNid"], wall["flightType"], wall["isActive"]) == (world.id, "PAX", True)
    assert wall["notes"] == {"ops": "VIP", "sales": None} and wall["flightLastModificationTime"].endswith("Z")
    assert wall["flightWatch"]["etaIso"] == "2027-03-01T08:09:00Z"
    passenger = wall["passengerList"]["passengerContactList"][0]["contact"]
    assert passenger == {
        "contactNid": None,
        "name": "Maria del",
        "surname": "Mar",
        "genderEnum": "FEMALE",
        "nationality": None,
    }
    assert all(isinstance(one["loginNid"], int) for one in wall["crewMemberList"][:2])


@pytest.mark.req("LEO-02")
def test_ids_are_numbers_and_taken_as_text_too(world: World, leon: Leon) -> None:
    made = world.flight()
    for declared, value in (("FlightNid!", made.id), ("FlightNid!", str(made.id)), ("ID!", str(made.id)),
                            ("Int!", made.id), ("String", str(made.id))):  # fmt: skip
        found = leon(f"query($n: {declared}) {{ flight(flightNid: $n) {{ flightNid tripNid acftNid }} }}", n=value)
        assert found == {"flight": {"flightNid": made.id, "tripNid": made.trip_id, "acftNid": made.aircraft_id}}
    assert leon(f'{{ flight(flightNid: "{made.id}") {{ flightNo }} }}') == {"flight": {"flightNo": "EV3810"}}
    one = world.aircraft[0]
    query = (
        "query($id: Int!) { aircraft(acftNid: $id) { id: acftNid registration, homeBase { code { icao } } isActive }}"
    )
    assert leon(query, id=one.id)["aircraft"] == {
        "id": one.id, "registration": "N14923", "homeBase": {"code": {"icao": "KEWR"}}, "isActive": True
    }  # fmt: skip
    query = '{ aircraftByRegistration(registration: "spkxa") { registration registrationWithoutSpecialChars } }'
    assert leon(query) == {
        "aircraftByRegistration": {"registration": "SP-KXA", "registrationWithoutSpecialChars": "SPKXA"}
    }  # fmt: skip
    place = leon(
        "query($c: AirportCodeScalar!) { airportByCode(airportCode: $c) { locationNid code { icao } timezone { name }"
        " } }",
        c="EWR",
    )
    assert place["airportByCode"] == {
        "locationNid": location_nid("KEWR"), "code": {"icao": "KEWR"}, "timezone": {"name": "America/New_York"}
    }  # fmt: skip
    assert leon("{ aircraftList(onlyActive: true) { acftNid } aircraftVirtualList { name } operator { oprNid oprId "
                "name baseDefault { name } acfts { registration } } }")["operator"]["oprId"] == "kxa"  # fmt: skip
    assert leon('{ airportByWildcard(wildcard: "Newark") { code { iata } } }')["airportByWildcard"][0]["code"] == {
        "iata": "EWR"
    }


@pytest.mark.req("LEO-02")
def test_the_filter_of_flights(world: World, other: World, leon: Leon) -> None:
    other.flight()
    first = world.flight(number="KXA1")
    second = world.flight(
        number="KXA22", aircraft_id=world.aircraft[1].id, adep="KJAX", ades="KEWR", std=MONDAY + LATER
    )
    ferry = world.flight(number="KXA3", ferry=True, adep="KJAX", ades="KEWR", std=MONDAY + 2 * LATER, status="OPTION")
    gone = world.flight(number="GONE", std=MONDAY + timedelta(days=2))
    commands.delete_flight(world.ops, gone.id)
    commands.cancel_flight(world.ops, second.id)
    query = "query($f: FlightFilter!) { flightList(filter: $f) { flightNid } }"

    def found(**given: Any) -> list[int]:
        given = {"timeInterval": span(MONDAY, 7), **given}
        return [one["flightNid"] for one in leon(query, f=given)["flightList"]]

    every = [first.id, second.id, ferry.id]
    assert found() == every
    assert found(timeInterval={"start": MONDAY.isoformat(), "end": second.std.isoformat()}) == [
        first.id
    ]  # end excluded
    assert found(timeInterval=span(second.std, 1)) == [second.id, ferry.id]  # start included
    nothing = {
        "flightType": [],
        "flightStatus": None,
        "aircraftNidList": [],
        "tagNidList": [],
        "isCnl": None,
        "flightNumber": "",
    }
    assert found(**nothing) == every
    assert found(isCnl=True) == [second.id] and found(isCnl=False) == [first.id, ferry.id]
    assert found(flightStatus="CONFIRMED") == [first.id, second.id] and found(flightStatus=["OPTION"]) == [ferry.id]
    assert found(flightType="PAX") == [first.id, second.id]
    assert found(flightType=["AIRCRAFT_REPOSITIONING", "CARGO"]) == [ferry.id] == found(isFerry=True)
    assert found(aircraftNid=world.aircraft[1].id) == [second.id] == found(aircraftNidList=[str(world.aircraft[1].id)])
    assert found(adepLocationNid=location_nid("KEWR")) == [first.id] == found(adesLocationNid=location_nid("KJAX"))
    assert found(flightNumber="KXA*2") == [second.id] and found(flightNumber="xa") == every
    assert found(flightNumber=".") == [] and found(tripNumber=first.trip_number.lower()) == [first.id]
    assert found(operatorBaseNameList=["KEWR"]) == every and found(operatorBaseNameList=["EPWA"]) == []
    assert found(icaoType="G") == [] and found(limit=2) == every[:2] and found(tagNidList=[4]) == []
    assert leon.refused(query, 400, f={"timeInterval": span(MONDAY, 94)})["message"].startswith(
        "Period cannot be greater"
    )
    assert (
        leon.refused(query, 400, f={"timeInterval": span(MONDAY, -1)})["message"]
        == "The interval ends before it starts."
    )
    cancelled = leon("query($n: FlightNid!) { flight(flightNid: $n) { status isCnl isActive } }", n=second.id)["flight"]
    assert cancelled == {"status": "CONFIRMED", "isCnl": True, "isActive": True}


@pytest.mark.req("LEO-02")
def test_trips(world: World, leon: Leon) -> None:
    made = world.trip(
        world.leg(), world.leg(adep="KJAX", ades="KEWR", std=MONDAY + LATER), client="Blue Ridge", number="T9"
    )
    commands.cancel_flight(world.ops, made.flights[1].id)
    legs = (
        "tripNid tripNumber tripStatus isCommercial client { name } flightList { flightNid legNumber activeLegNumber }"
    )
    found = leon(f'query($n: TripNid!) {{ trip {{ getTrip(tripNid: $n) {{ {legs} }} '
                 'byNumber: getTripByTripNumber(tripNumber: "t9") '
                 '{ tripNid } tripList(tripNidList: [$n]) { flightList(isCnl: false) { flightNid } } '
                 'findTripByWildcard(wildcard: "blue*dge") { tripNumber } } }', n=made.id)["trip"]  # fmt: skip
    assert found["getTrip"] == {
        "tripNid": made.id, "tripNumber": "T9", "tripStatus": "CONFIRMED", "isCommercial": True,
        "client": {"name": "Blue Ridge"},
        "flightList": [{"flightNid": made.flights[0].id, "legNumber": 1, "activeLegNumber": 1},
                       {"flightNid": made.flights[1].id, "legNumber": 2, "activeLegNumber": None}],
    }  # fmt: skip
    assert found["byNumber"] == {"tripNid": made.id}
    assert found["tripList"] == [{"flightList": [{"flightNid": made.flights[0].id}]}]
    assert found["findTripByWildcard"] == [{"tripNumber": "T9"}]
    assert leon("{ trip { getTrip(tripNid: 1) { tripNid } } }") == {"trip": {"getTrip": None}}


MODIFIED = """query($t: DateTime!) { flights { getModifiedFlightList(dateTime: $t) {
    created { flightNid isCnl } changed { flightNid isCnl flightWatch { atd } } deleted
    createdFlightNidList modifiedFlightNidList timestamp } } }"""


@pytest.mark.django_db(transaction=True)
@pytest.mark.req("LEO-02", "LEO-06")
def test_modified_since(world: World, leon: Leon) -> None:
    """Each answer's timestamp leads to the next; what happens in between is told."""

    def since(when: Any) -> dict[str, Any]:
        return leon(MODIFIED, t=when)["flights"]["getModifiedFlightList"]

    first, second, third, fourth = (world.flight(std=MONDAY + at * LATER, number=f"K{at}") for at in range(4))
    begin = since("2099-01-01")["timestamp"]
    assert isinstance(begin, int)
    told = since(begin)
    assert [one["flightNid"] for one in told["created"]] == [first.id, second.id, third.id, fourth.id]
    _forget_the_log(world)
    commands.watch_flight(world.ops, first.id, WatchInput(take_off=first.std))
    commands.log_flight(world.ops, second.id, LogInput(landings=1))
    commands.cancel_flight(world.ops, third.id)
    commands.delete_flight(world.ops, fourth.id)
    told = since(str(told["timestamp"]))
    assert told["changed"] == [
        {"flightNid": first.id, "isCnl": False, "flightWatch": {"atd": int(first.std.timestamp())}},
        {"flightNid": second.id, "isCnl": False, "flightWatch": {"atd": None}},
        {"flightNid": third.id, "isCnl": True, "flightWatch": {"atd": None}},
    ]
    assert (told["created"], told["deleted"]) == ([], [fourth.id])
    assert told["modifiedFlightNidList"] == [first.id, second.id, third.id]
    assert leon.refused(MODIFIED, 400, t="2020-01-01")["message"].startswith("The time is more than one week back.")

    when = told["timestamp"] - 60
    commands.change_flight(world.ops, second.id, FlightEdit(crew={"CPT": "ABC"}, pax_count=4))
    query = """query($t: DateTime!) { flights { crew: getFlightListOnWhichModifiedCrew(dateTime: $t) { flightNid }
        pax: getFlightListOnWhichModifiedPassengerList(dateTime: $t) { flightNid } } }"""
    assert leon(query, t=when)["flights"] == {"crew": [{"flightNid": second.id}], "pax": [{"flightNid": second.id}]}
    trips = "query($i: TimeInterval!) { flights { getModifiedTripList(timeInterval: $i) { tripNid } } }"
    found = leon(trips, i={"start": when, "end": when + 3600})["flights"]["getModifiedTripList"]
    assert {one["tripNid"] for one in found} >= {first.trip_id, second.trip_id}
    assert leon.refused(trips, 400, i={"start": when, "end": when + 9 * 86400})["message"].startswith(
        "The interval is at most 7"
    )


def _forget_the_log(world: World) -> None:
    """As if what was made so far had been long ago."""
    with connection.cursor() as cursor:
        cursor.execute("UPDATE changes_change SET at = at - interval '1 day' WHERE operator_id = %s", [world.id])


@pytest.mark.req("LEO-02", "LEO-07")
def test_a_list_costs_the_same_however_long_it_is(world: World, leon: Leon) -> None:
    crew(world)
    legs = [world.leg(std=MONDAY + at * timedelta(hours=3), crew={"CPT": "ABC"}, ades="KEWR") for at in range(20)]
    query = """query($f: FlightFilter!) { flightList(filter: $f) { flightNid dist flightLastModificationTime
        acft { registration homeBase { name } operator { name } } startAirport { name } trip { tripNumber
          client { name }
        flightList { flightNid } } crewList { contact { surname } } passengerList { count passengerContactList {
        contact { surname } } } flightWatch { atd } journeyLog { blockFuel } checklist { allItems { csId } }
        legHandling { adepHandler { name } } legNumber } }"""
    wanted = {"timeInterval": span(MONDAY, 30)}

    def statements() -> int:
        with CaptureQueriesContext(
            connection,
        ) as caught:
            found = leon(query, f=wanted)["flightList"]
        assert all(one["crewList"][0]["contact"]["surname"] == "Lee" for one in found)
        return len(caught)

    for leg in legs[:2]:
        world.trip(leg)
    few = statements()
    for leg in legs[2:]:
        world.trip(leg)
    assert statements() == few < 55


@pytest.mark.req("LEO-02")
def test_availability_and_empty_legs(world: World, other: World, leon: Leon) -> None:
    made = world.flight(std=MONDAY + timedelta(hours=6))
    world.event(start=MONDAY + timedelta(days=1), end=MONDAY + timedelta(days=2), airport="KJAX")
    empty = world.flight(ferry=True, adep="KJAX", ades="KEWR", std=MONDAY + timedelta(days=3))
    commands.mark_empty_leg(world.ops, empty.id, commands.EmptyLegInput())
    query = """query emptyLegs($from: DateTime) { aircraftAvailability { emptyLegList(startTime: $from) { id: trNid
        acft { registration, acftNid }, startTime, flightNo } availabilityList(startTime: $from, registration: null) {
        aircraft { registration acftType { icao } operator { oprId } category { categoryName } } recordList {
        location { locationNid name } startTime endTime } } } }"""
    told = leon(query, **{"from": "2027-03-01"})["aircraftAvailability"]
    assert [one["id"] for one in told["emptyLegList"]] == [empty.id]
    first = next(one for one in told["availabilityList"] if one["aircraft"]["registration"] == "N14923")
    assert [(one["location"]["locationNid"], one["startTime"], one["endTime"]) for one in first["recordList"]] == [
        (location_nid("KEWR"), "2027-03-01T00:00:00Z", "2027-03-01T06:00:00Z"),
        (location_nid("KJAX"), "2027-03-01T08:30:00Z", "2027-03-02T00:00:00Z"),
        (location_nid("KJAX"), "2027-03-03T00:00:00Z", "2027-03-04T00:00:00Z"),
        (location_nid("KEWR"), "2027-03-04T02:30:00Z", None),
    ]
    assert made.id and len(told["availabilityList"]) == 2
    free = Connected(world, "GRAPHQL_AIRCRAFT_AVAILABILITY")
    query = '{ aircraftAvailability { emptyLegList(startTime: "2027-03-01") { flightNid startTimeUTC %s } } }'
    assert free(query % "")["aircraftAvailability"]["emptyLegList"][0]["flightNid"] == empty.id
    for hidden in ("notes { ops }", "trip { tripNumber }", "legNumber", "crewList { loginNid }", "checklist { notes }"):
        assert "no privileges" in free.refused(query % hidden)["message"]


@pytest.mark.req("LEO-02")
def test_what_is_kept_as_a_line_of_the_notes_is_read_as_its_own_field(world: World, leon: Leon) -> None:
    made = world.trip(
        world.leg(notes="Gate 4\nSales notes: VIP\nSalesforce id: SF-1"), notes="Supplementary information: S"
    )
    query = """query($n: FlightNid!) { flight(flightNid: $n) { notes { sales } externalId { salesforceId } trip { notes
        tripSupplementaryInfo tripNotes { tripSupplementaryInfo } externalId { salesforceId } } } }"""
    assert leon(query, n=made.flights[0].id)["flight"] == {
        "notes": {"sales": "VIP"}, "externalId": {"salesforceId": "SF-1"},
        "trip": {"notes": "Supplementary information: S", "tripSupplementaryInfo": "S",
                 "tripNotes": {"tripSupplementaryInfo": "S"}, "externalId": {"salesforceId": None}},
    }  # fmt: skip
