"""Mutations of trips, flights, crew, passengers and checklists: what pages would write, and refusals that say why."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from tests.leon.conftest import Connected, Leon
from tests.records.conftest import MONDAY, World

from airstair.api.leon.nids import position_nid
from airstair.changes.models import Change
from airstair.records.flights import queries
from airstair.records.flights.commands import delete_flight
from airstair.records.flights.models import Flight, Trip
from airstair.records.people.commands import (
    CompanyInput,
    ContactInput,
    CrewMemberInput,
    PassengerInput,
    add_company,
    add_contact,
    add_crew_member,
    add_passenger,
)

CREATE = """mutation C($trip: TripInput!) { createTrip(trip: $trip) {
  tripNid tripNumber tripStatus tripType isCommercial notes client { name }
  flightList { flightNid flightNo flightType icaoType isFerry status startTimeUTC notes { ops } passengerListCount
               acft { registration } startAirport { code { icao } } altAirport { code { icao } } } } }"""
UPDATE = """mutation U($list: [FlightUpdateInput!]!) { flights { flightListUpdate(flightList: $list) {
  flightNid flightNo startTimeUTC endAirport { code { icao } } acftNid notes { ops } passengerListCount isFerry } } }"""


def leg(world: World, **more: Any) -> dict[str, Any]:
    given = {
        "flightNo": "EV3810", "aircraftNid": world.aircraft[0].id, "startTimeUTC": "2027-03-01T06:00",
        "endTimeUTC": "2027-03-01T08:30:00Z", "adepCode": "EWR", "adesCode": "KJAX", "isEmptyLeg": False, **more,
    }  # fmt: skip
    return {name: value for name, value in given.items() if value is not ...}


@pytest.mark.req("LEO-04")
def test_a_trip_is_made_changed_and_deleted(world: World, leon: Leon) -> None:
    client = add_company(world.admin, CompanyInput(name="Blue Ridge")).id
    speaker = add_contact(world.admin, ContactInput(first_name="Ann", last_name="Smith")).id
    flights = [
        leg(world, opsNotes="MARK-1", salesNotes="two\nlines", paxNumber=4, altAirport="KBOS", distance=700, tags=[]),
        leg(world, flightNo="???", isEmptyLeg=True, startTimeUTC="2027-03-01 10:00", endTimeUTC="2027-03-01T12:00Z",
            adepCode="KJAX", adesCode="EWR", icaoType="G", externalId={"salesforceId": "SF-1"}),
    ]  # fmt: skip
    wanted = {"flights": flights, "tripType": "owner_charter", "clientNid": str(client), "representativeNid": speaker}
    made = leon(CREATE, trip=wanted)["createTrip"]
    one, two = made["flightList"]
    assert made["tripStatus"] == "CONFIRMED" and made["tripType"] == "OWNER_CHARTER" and made["isCommercial"]
    assert made["client"] == {"name": "Blue Ridge (Ann Smith)"}
    assert one["notes"] == {"ops": "MARK-1\nSales notes: two / lines"} and one["passengerListCount"] == 4
    assert one["startAirport"]["code"]["icao"] == "KEWR" and one["altAirport"]["code"]["icao"] == "KBOS"
    assert (two["flightNo"], two["isFerry"], two["notes"]["ops"]) == ("N14923", True, "Salesforce id: SF-1")
    wrote = Change.objects.filter(operator_id=world.id, kind="trip.created").get()
    assert (wrote.actor_kind, wrote.actor_label) == ("api", "Leon (API)")
    changed = leon(
        """mutation($n: TripNid!, $t: TripUpdateInput!) { updateTrip(tripNid: $n, trip: $t) {
             tripNumber tripStatus notes tripType flightList { status isFerry flightType } } }""",
        n=made["tripNid"],
        t={"status": "OPTION", "notes": "N", "supplementaryInfo": "S", "tripType": "PAX", "number": None},
    )["updateTrip"]
    assert changed["tripStatus"] == "OPTION" and changed["notes"] == "N\nSupplementary information: S"
    assert [leg["status"] for leg in changed["flightList"]] == ["OPTION", "OPTION"]
    assert [leg["flightType"] for leg in changed["flightList"]] == ["PAX", "AIRCRAFT_REPOSITIONING"]
    added = leon(
        "mutation($n: TripNid!, $f: FlightInput!) { flightCreate(tripNid: $n, flight: $f) { status tripNid } }",
        n=made["tripNid"], f=leg(world, startTimeUTC="2027-03-02T06:00:00Z", endTimeUTC="2027-03-02T08:00:00Z"),
    )["flightCreate"]  # fmt: skip
    assert added == {"status": "OPTION", "tripNid": made["tripNid"]}
    assert leon("mutation($n: TripNid!) { deleteTrip(tripNid: $n) }", n=made["tripNid"]) == {"deleteTrip": True}
    assert set(Flight.objects.filter(operator_id=world.id).values_list("deleted", "status")) == {(True, "CANCELLED")}


@pytest.mark.req("LEO-04")
def test_flights_are_changed_cancelled_and_restored_all_or_none(world: World, leon: Leon) -> None:
    one, two = world.flight(notes="Mine"), world.flight(std=MONDAY.replace(hour=12), number="EV2")
    changes = [
        {"flightNid": one.id, "startTimeUTC": "2027-03-01T06:30:00Z", "salesNotes": "S", "flightNo": None},
        {"flightNid": str(two.id), "adesCode": "BOS", "aircraftNid": world.aircraft[1].id, "paxNumber": 3},
    ]
    told = leon(UPDATE, list=changes)["flights"]["flightListUpdate"]
    assert told[0]["startTimeUTC"] == "2027-03-01T06:30:00Z" and told[0]["notes"]["ops"] == "Mine\nSales notes: S"
    assert told[1]["endAirport"]["code"]["icao"] == "KBOS" and told[1]["acftNid"] == world.aircraft[1].id
    before = Change.objects.count()
    wrong = [{"flightNid": one.id, "opsNotes": "new"}, {"flightNid": two.id, "adesCode": "????"}]
    error = leon.refused(UPDATE, list=wrong)
    assert error["extensions"]["fields"][0]["field"] == "flightList.1.adesCode"
    assert error["extensions"]["category"] == "VALIDATION" and "flightList.1.adesCode" in error["message"]
    assert Change.objects.count() == before and queries.flight(world.id, one.id).notes.startswith("Mine")
    assert leon("mutation($n: FlightNid!) { flightDelete(flightNid: $n) }", n=one.id) == {"flightDelete": True}
    assert queries.flight(world.id, one.id).status == "CANCELLED"
    restored = leon(
        "mutation($n: [FlightNid!]!) { restoreFlights(flightNidList: $n) { flightNid isCnl status } }",
        n=[one.id, two.id, one.id],
    )["restoreFlights"]
    assert restored == [{"flightNid": one.id, "isCnl": False, "status": "CONFIRMED"},
                        {"flightNid": two.id, "isCnl": False, "status": "CONFIRMED"}]  # fmt: skip


@pytest.mark.req("LEO-04")
def test_crew_and_passengers(world: World, leon: Leon) -> None:
    flight = world.flight()
    wanted = [CrewMemberInput(code=c, first_name=c, last_name="X", home_base="KEWR", positions=("CPT", "FO"))
              for c in ("ABC", "DEF")]  # fmt: skip
    captain, second = (add_crew_member(world.admin, one).id for one in wanted)
    assign = """mutation($l: [CrewRecordInput!]!, $d: Boolean) { crewPanel { crew {
                  assign(crewRecordList: $l, isInDraftsMode: $d) } } }"""
    records = [{"flightNid": flight.id, "positionNid": position_nid(place), "loginNid": who}
               for place, who in (("CPT", captain), ("FO", second))]  # fmt: skip
    assert leon(assign, l=records)["crewPanel"]["crew"]["assign"] is True
    assert queries.flight(world.id, flight.id).crew == {"CPT": "ABC", "FO": "DEF"}
    assert "no drafts" in leon.refused(assign, l=records, d=True)["message"]
    assert "Crew member 7" in leon.refused(assign, l=[{**records[0], "loginNid": 7}])["message"]
    by_name = (
        "mutation($l: [CrewRecordByNameInput!]!) { crewPanel { crew { assignByPositionName(crewRecordList: $l) } } }"
    )
    leon(by_name, l=[{"flightNid": flight.id, "positionName": "FO", "loginNid": captain}])
    off = """mutation($f: FlightNid!, $w: LoginNid!) {
               crewPanel { crew { deleteFromFlight(flightNid: $f, loginNid: $w) } } }"""
    leon(off, f=flight.id, w=captain)
    assert queries.flight(world.id, flight.id).crew == {}

    people = [add_passenger(world.admin, PassengerInput(first_name=name, last_name="P", category="female")).id
              for name in ("Ann", "Bea")]  # fmt: skip

    def passengers(call: str, **variables: Any) -> Any:
        leon(f"mutation($f: FlightNid!, $l: [PassengerContactInput!]!) {{ passengerList {{ {call} }} }}", f=flight.id,
             **variables)  # fmt: skip
        return [one["name"] for one in queries.flight(world.id, flight.id).pax_list]

    both = [{"contactNid": one} for one in people]
    add = f"addPassengersToList(flightNid: $f, passengerContactList: $l, leadPassenger: {people[1]})"
    assert passengers(add, l=both) == ["Bea P", "Ann P"] == passengers(add, l=both)
    assert passengers("removePassengersFromList(flightNid: $f, passengerContactList: $l)", l=both[1:]) == ["Ann P"]
    text = 'savePassengerText(flightNid: $f, passengerText: {text: "Mr A, Mrs B", count: 5})'
    asked = f"mutation($f: FlightNid!) {{ passengerList {{ {text} }} }}"
    leon(asked, f=flight.id)
    facts = queries.flight(world.id, flight.id)
    assert (facts.pax_count, [one["name"] for one in facts.pax_list]) == (5, ["Mr A", "Mrs B"])
    leon("mutation($f: FlightNid!) { passengerList { clearPassengersFromList(flightNid: $f) } }", f=flight.id)
    assert queries.flight(world.id, flight.id).pax_count == 0


@pytest.mark.req("LEO-04")
def test_the_checklist(world: World, leon: Leon) -> None:
    flight = world.flight()
    several = """mutation($f: FlightNid!, $l: [ChecklistItemInput!]!) {
                   checklist { addOrUpdateOpsItems(flightNid: $f, checklistItems: $l) } }"""
    read = """query($f: FlightNid!) { flight(flightNid: $f) { checklist { allItems {
                cdNid csId comment files { fileName } definition { nid label } } } } }"""
    pdf = {"fileName": "permit.pdf", "content": base64.b64encode(b"%PDF-1").decode()}

    def items() -> dict[int, Any]:
        return {one["cdNid"]: one for one in leon(read, f=flight.id)["flight"]["checklist"]["allItems"]}

    kinds = leon("{ checklist { getAvailableDefinitions(groupId: OPS) { nid } } }")["checklist"]
    kinds = kinds["getAvailableDefinitions"] or [{"nid": one} for one in range(1, 60)]
    nid = next(one["nid"] for one in kinds if one["nid"] not in items())
    leon(several, f=flight.id, l=[{"checklistDefinitionNid": nid, "note": "via Desk", "files": [pdf]}])
    made = items()[nid]
    assert (made["csId"], made["comment"], made["files"]) == ("QSM", "via Desk", [{"fileName": "permit.pdf"}])
    status = """mutation($f: FlightNid!, $n: ChecklistDefinitionNid!, $s: ChecklistStatusId!) { checklist {
                  opsItemStatusUpdate(flightNid: $f, checklistItemNid: $n, checklistStatusId: $s) } }"""
    leon(status, f=flight.id, n=nid, s="QSM")
    leon(status, f=flight.id, n=nid, s="REJ")
    assert (items()[nid]["csId"], items()[nid]["comment"]) == ("REJ", "via Desk")
    error = leon.refused(status, f=flight.id, n=nid, s="XXX")
    assert error["extensions"]["fields"][0]["field"] == "status" and "Use" in error["message"]
    missing = leon.refused(several, f=flight.id, l=[{"checklistDefinitionNid": nid, "note": "a"},
                                                     {"checklistDefinitionNid": 999999, "note": "b"}])  # fmt: skip
    assert missing["extensions"]["category"] == "RESOURCE_NOT_FOUND" and items()[nid]["comment"] == "via Desk"
    remove = """mutation($f: FlightNid!, $n: [ChecklistDefinitionNid!]!) {
                  checklist { removeOpsItems(flightNid: $f, checklistItemNidList: $n) } }"""
    leon(remove, f=flight.id, n=[nid])
    assert nid not in items()


@pytest.mark.req("LEO-04")
def test_refusals_say_what_is_wrong_and_write_nothing(world: World, other: World, leon: Leon) -> None:
    mine, theirs, secret = world.flight(), other.flight(), world.flight(aircraft_id=world.aircraft[1].id)
    create = "mutation($t: TripNid!, $f: FlightInput!) { flightCreate(tripNid: $t, flight: $f) { flightNid } }"

    def said(query: str, asking: Leon = leon, **variables: Any) -> str:
        error = asking.refused(query, **variables)
        assert error["message"] != "Internal server error"
        return f"{error['extensions']['category']}: {error['message']}"

    both = "validation: Required aircraftNid or virtualAircraftNid, only one field"
    assert said(create, t=mine.trip_id, f=leg(world, aircraftNid=...)) == both
    assert said(create, t=mine.trip_id, f=leg(world, virtualAircraftNid=3)) == both
    for field, value, words in (
        ("aircraftNid", theirs.aircraft_id, "RESOURCE_NOT_FOUND: Aircraft"),
        ("tags", [3], "RESOURCE_NOT_FOUND: There is no tag 3"),
        ("distance", -1, "validation: distance"),
        ("adepCode", "XXXX", "VALIDATION: adepCode"),
        ("endTimeUTC", "2027-03-01T05:00:00Z", "VALIDATION: endTimeUTC"),
        ("flightNo", "much too long a number", "VALIDATION: flightNo"),
        ("paxNumber", -1, "VALIDATION: paxNumber"),
    ):
        assert said(create, t=mine.trip_id, f=leg(world, **{field: value})).startswith(words), field
    assert "trip" in said(create, t=theirs.trip_id, f=leg(world)).lower()
    delete = "mutation($n: FlightNid!) { flightDelete(flightNid: $n) }"
    assert said(delete, n=theirs.id).startswith("RESOURCE_NOT_FOUND")
    assert said(UPDATE, list=[{"flightNid": mine.id, "unsetAircraft": True}]).startswith("validation: A flight cannot")
    # An application with one aircraft reaches that one's flights, and trips of no other.
    some = Connected(world, aircraft=(world.aircraft[0].id,))
    assert said(delete, some, n=secret.id).startswith("RESOURCE_NOT_FOUND")
    assert said("mutation($n: TripNid!) { deleteTrip(tripNid: $n) }", some, n=secret.trip_id).startswith("RESOURCE_NOT")
    # Of the others it does not even learn that there are some, or were.
    gone = world.flight(aircraft_id=world.aircraft[1].id)
    delete_flight(world.admin, gone.id)
    assert said(delete, some, n=10**9) == said(delete, some, n=secret.id) == said(delete, some, n=gone.id)
    assert said(create, some, t=10**9, f=leg(world)) == said(create, some, t=secret.trip_id, f=leg(world))
    moved = {"flightNid": mine.id, "aircraftNid": world.aircraft[1].id}
    assert said(UPDATE, some, list=[moved]).startswith("RESOURCE_NOT_FOUND: Aircraft")
    # And a token without the resource is told so in the vendor's words.
    reader = Leon.with_key(world, "Flights", name="Reader")
    for query, scope, variables in (
        (delete, "GRAPHQL_FLIGHT_EDIT", {"n": mine.id}),
        ("mutation { passengerList { clearPassengersFromList(flightNid: 1) } }", "GRAPHQL_PASSENGER_EDIT", {}),
        ("mutation { crewPanel { crew { deleteAllCrewFromFlight(flightNid: 1) } } }", "GRAPHQL_DUTY_EDIT", {}),
        ('mutation { checklist { opsItemNoteUpdate(flightNid: 1, checklistItemNid: 1, note: "") } }',
         "GRAPHQL_CHECKLIST_OPS_EDIT", {}),
    ):  # fmt: skip
        wanted = f"accessRestriction: Logged user has no privileges to '{scope}' resource for operator {world.id}"
        assert said(query, reader, **variables) == wanted
    assert Trip.objects.count() == 4 and Flight.objects.count() == 4
    assert not Change.objects.filter(actor_kind="api").exists()
