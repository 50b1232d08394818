"""Mutations beside those of single trips: moving flights, copying trips, a marketplace's trips, whole schedules."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from tests.leon.conftest import Connected, Leon
from tests.leon.test_writes_any_input import JUNK, answered
from tests.records.conftest import MONDAY, World

from airstair.api.leon.writes.sched import MOST
from airstair.changes.models import Change
from airstair.kernel.utc import parse_utc
from airstair.records.access.commands import let_in_token
from airstair.records.flights import queries
from airstair.records.flights.commands import FlightEdit, change_flight, delete_flight
from airstair.records.flights.models import Flight, Trip

MOVE = """mutation($f: FlightNid!, $t: TripNid!) { flights {
  moveFlightToAnotherTrip(flightNid: $f, tripNid: $t) { flightNid tripNid trip { flightList { flightNid } } } } }"""
COPY = """mutation($t: TripNid!, $s: DateTime!) { flights { copyTrip(tripNid: $t, startTimeUTC: $s) {
  tripNid tripNumber tripStatus notes flightList { flightNid flightNo startTimeUTC endTimeUTC notes { ops } } } } }"""
MARKET = """mutation($t: ExternalMarketplaceTripInput, $c: ExternalMarketplaceClientInput,
                     $f: [ExternalMarketplaceFlightInput!]!) { externalMarketplace {
  createTrip(trip: $t, client: $c, flights: $f) { __typename
    ... on ExternalMarketplaceTrip { value { tripNid tripStatus client { name } flightList {
          flightNo isFerry passengerListCount startAirport { code { icao } } acft { registration } } } }
    ... on ErrorList { errorList { message category path } } } } }"""
SCHED = """mutation($v: String!, $l: [SchedFlightInput!]!, $r: Boolean) { integration { common { sched {
  createSchedFlightList(versionName: $v, flightList: $l, removeNotMatchedFlights: $r) {
    createdCount changedCount unchangedCount deletedHereCount removedCount } } } } }"""


def counts(created: int = 0, changed: int = 0, unchanged: int = 0, deleted: int = 0, removed: int = 0) -> Any:
    return {"createdCount": created, "changedCount": changed, "unchangedCount": unchanged,
            "deletedHereCount": deleted, "removedCount": removed}  # fmt: skip


@pytest.mark.req("LEO-04")
def test_a_flight_moves_to_another_trip_and_a_trip_is_copied(world: World, other: World, leon: Leon) -> None:
    note = "Mine\nSalesforce id: SF-1"
    one = world.flight(notes=note, crew={"CPT": "ABC"}, pax_count=2)
    two = world.flight(std=MONDAY.replace(hour=12), sta=MONDAY.replace(hour=14), number="EV2", ades="KBOS")
    moved = leon(MOVE, f=two.id, t=one.trip_id)["flights"]["moveFlightToAnotherTrip"]
    together = {"flightList": [{"flightNid": one.id}, {"flightNid": two.id}]}
    assert moved == {"flightNid": two.id, "tripNid": one.trip_id, "trip": together}
    wrote = Change.objects.latest("seq")
    assert (wrote.kind, wrote.actor_label) == ("flight.changed", "Leon (API)")
    assert wrote.before == {"trip_id": two.trip_id, "trip_number": two.trip_number}
    assert {f"trip:{one.trip_id}", f"trip:{two.trip_id}", f"flight:{two.id}"} < set(wrote.units)
    assert queries.trip(world.id, two.trip_id).flights == ()  # it stays, empty
    leon(MOVE, f=two.id, t=one.trip_id)
    assert Change.objects.latest("seq").seq == wrote.seq, "it is there already"

    copy = leon(COPY, t=one.trip_id, s="2027-04-01T09:00")["flights"]["copyTrip"]
    legs = copy["flightList"]
    assert copy["tripNid"] != one.trip_id and [leg["flightNo"] for leg in legs] == [one.number, "EV2"]
    first, second = (parse_utc(leg["startTimeUTC"]) for leg in legs)
    assert (first, second - first) == (datetime.fromisoformat("2027-04-01T09:00Z"), two.std - one.std)
    assert legs[0]["notes"]["ops"] == "Mine", "the id elsewhere is the original's alone"
    made = queries.flight(world.id, legs[0]["flightNid"])
    assert (made.crew, made.pax_count, made.sta - made.std) == ({}, 2, one.sta - one.std)

    empty = leon.refused(COPY, t=two.trip_id, s="2027-04-01")
    assert "no flight to copy" in empty["message"]
    theirs, before = other.flight(), Change.objects.filter(actor_kind="api").count()
    some = Connected(world, aircraft=(world.aircraft[1].id,))
    for asking, flight, trip in ((leon, theirs.id, one.trip_id), (leon, one.id, theirs.trip_id),
                                 (some, one.id, two.trip_id)):  # fmt: skip
        assert asking.refused(MOVE, f=flight, t=trip)["extensions"]["category"] == "RESOURCE_NOT_FOUND"
    assert some.refused(COPY, t=one.trip_id, s="2027-04-01")["extensions"]["category"] == "RESOURCE_NOT_FOUND"
    reader = Leon.with_key(world, "Flights", name="Reader")
    assert "GRAPHQL_FLIGHT_EDIT" in reader.refused(MOVE, f=one.id, t=two.trip_id)["message"]
    assert Change.objects.filter(actor_kind="api").count() == before


@pytest.mark.req("LEO-04")
def test_a_marketplace_makes_a_trip_or_is_told_what_is_wrong(world: World, leon: Leon) -> None:
    flight = {"startAirport": "EWR", "endAirport": "KJAX", "startTime": "2027-03-01T06:00Z", "paxNumber": 3,
              "endTime": "2027-03-01T08:30Z", "isFerry": False, "aircraft": world.aircraft[0].id}  # fmt: skip
    back = {**flight, "startTime": "2027-03-01T10:00Z", "endTime": "2027-03-01T12:00Z", "isFerry": True,
            "paxNumber": None}  # fmt: skip

    def create(*flights: Any, **more: Any) -> Any:
        return leon(MARKET, f=flights, **more)["externalMarketplace"]["createTrip"]

    made = create(flight, back, c={"name": "Blue Ridge"})
    assert made["__typename"] == "ExternalMarketplaceTrip"
    trip = made["value"]
    assert (trip["tripStatus"], trip["client"]) == ("OPTION", {"name": "Blue Ridge"})
    assert [(leg["isFerry"], leg["passengerListCount"]) for leg in trip["flightList"]] == [(False, 3), (True, 0)]
    assert trip["flightList"][0]["startAirport"]["code"]["icao"] == "KEWR"
    assert trip["flightList"][0]["acft"]["registration"] == world.aircraft[0].registration
    before = Change.objects.filter(actor_kind="api").count()
    wrong = create(flight, {**back, "endAirport": "????", "endTime": "2027-03-01T09:00Z"})
    assert wrong["__typename"] == "ErrorList"
    assert {(one["category"], *one["path"]) for one in wrong["errorList"]} == {
        ("VALIDATION", "flights", "1", "endAirport"), ("VALIDATION", "flights", "1", "endTime"),
    }  # fmt: skip
    (missing,) = create({**flight, "aircraft": 7})["errorList"]
    assert (missing["category"], missing["path"]) == ("RESOURCE_NOT_FOUND", []) and "Aircraft 7" in missing["message"]
    assert create(flight, c={"name": "A", "clientNid": 1})["errorList"][0]["category"] == "VALIDATION"
    reader = Leon.with_key(world, "Flights", name="Reader")
    assert reader.refused(MARKET, f=[flight])["extensions"]["category"] == "accessRestriction"
    assert Change.objects.filter(actor_kind="api").count() == before and Trip.objects.count() == 1


@pytest.mark.req("LEO-04")
def test_a_schedule_is_written_again_and_removed(world: World, leon: Leon) -> None:
    soon = (datetime.now(MONDAY.tzinfo) + timedelta(days=30)).replace(hour=6, minute=0, second=0, microsecond=0)

    def leg(number: str, day: int = 0, **more: Any) -> dict[str, Any]:
        std = soon + timedelta(days=day)
        return {"flightNumber": number, "adep": "EWR", "ades": "KJAX", "std": std.isoformat(),
                "sta": (std + timedelta(hours=2)).isoformat(), "aircraftRegistration": "n14923", **more}  # fmt: skip

    def write(*flights: Any, version: str = "S27", remove: bool = False) -> Any:
        told = leon(SCHED, v=version, l=flights, r=remove)
        return told["integration"]["common"]["sched"]["createSchedFlightList"]

    flown, ours = leg("ZK9", -40), [leg("ZK1"), leg("ZK2", icaoType="G"), leg("ZK3", 1)]
    assert write(flown, *ours) == counts(created=4) and write(leg("ZK1"), version="W27") == counts(created=1)
    assert write(flown, *ours) == counts(unchanged=4)
    by_number = {row.number: row for row in Flight.objects.filter(import_key__startswith="sched/S27/")}
    assert by_number["ZK2"].flight_type == "PRIVATE"
    change_flight(world.admin, by_number["ZK1"].id, FlightEdit(ades="KBOS", notes="By hand"))
    delete_flight(world.admin, by_number["ZK3"].id)
    # The list is the master of what it says; people are of the rest. A departed flight is not called off.
    later = (soon + timedelta(minutes=30)).isoformat()
    again = [leg("ZK1", adep="KEWR", std=later), leg("ZK3", 1), leg("ZK4", 2)]
    assert write(*again, remove=True) == counts(created=1, changed=1, deleted=1, removed=1)
    now = {row.number: row for row in Flight.objects.filter(import_key__startswith="sched/S27/")}
    assert (now["ZK1"].id, now["ZK1"].ades, now["ZK1"].notes) == (by_number["ZK1"].id, "KJAX", "By hand")
    assert now["ZK1"].std.minute == 30 and (now["ZK3"].deleted, now["ZK9"].status) == (True, "CONFIRMED")
    assert (now["ZK2"].status, now["ZK2"].flight_type) == ("CANCELLED", "PRIVATE")
    assert Flight.objects.get(import_key__startswith="sched/W27/").status == "CONFIRMED"
    assert write(*again, leg("ZK2"), remove=True)["changedCount"] == 1, "it flies again"

    before = Change.objects.filter(actor_kind="api").count()
    wrong = leon.refused(SCHED, v="S27", l=[leg("ZK5"), leg("ZK6", aircraftRegistration="N0"), leg("", ades="KBOS")])
    assert [one["field"] for one in wrong["extensions"]["fields"]] == [
        "flightList.1.aircraftRegistration", "flightList.2.flightNumber"
    ]  # fmt: skip
    bad = leon.refused(SCHED, v="S27", l=[leg("ZK5"), leg("ZK6", adep="????")])
    assert bad["extensions"]["fields"][0]["field"] == "flightList.1.adep"
    assert "twice" in leon.refused(SCHED, v="S27", l=[leg("ZK5"), leg("ZK5")])["message"]
    assert "versionName" in leon.refused(SCHED, v="a/b", l=[])["message"]
    assert str(MOST) in leon.refused(SCHED, status=400, v="S27", l=[leg("ZK5")] * (MOST + 1))["message"]
    some = Connected(world, aircraft=(world.aircraft[1].id,))
    assert "N14923" in some.refused(SCHED, v="S27", l=[leg("ZK5", aircraftRegistration="N14923")])["message"]
    mine = leg("ZK1", aircraftRegistration=world.aircraft[1].registration)
    assert some.refused(SCHED, v="S27", l=[mine])["extensions"]["category"] == "RESOURCE_NOT_FOUND"
    assert some(SCHED, v="S27", l=[], r=True)["integration"]["common"]["sched"]["createSchedFlightList"] == counts()
    assert Change.objects.filter(actor_kind="api").count() == before


@pytest.mark.req("LEO-04")
def test_junk_in_every_variable_of_these(world: World, leon: Leon) -> None:
    caller = let_in_token(leon.token, "")
    assert caller is not None
    leg = {"flightNumber": "ZK1", "adep": "EWR", "ades": "KJAX", "std": "2027-03-01T06:00", "sta": "2027-03-01T08:00",
           "aircraftRegistration": "N14923", "aircraftTypeIata": None, "arcid": None, "icaoType": None}  # fmt: skip
    offer = {"startAirport": "EWR", "endAirport": "KJAX", "startTime": "2027-03-01T06:00", "paxNumber": 1,
             "endTime": "2027-03-01T08:00", "isFerry": False, "aircraft": world.aircraft[0].id}  # fmt: skip
    trip, trips = ("number", "tripType", "status", "notes", "externalId"), world.flight().trip_id
    done = 0
    for at, junk in enumerate(JUNK):
        done += answered(caller, SCHED, v="S27", l=[{**leg, list(leg)[at % len(leg)]: junk}])
        done += answered(caller, SCHED, v=junk, l=[], r=True)
        done += answered(caller, MARKET, f=[{**offer, list(offer)[at % len(offer)]: junk}])
        done += answered(caller, MARKET, f=[offer], t={trip[at % len(trip)]: junk}, c={"name": junk})
        done += answered(caller, COPY, t=trips, s=junk)
        done += answered(caller, MOVE, f=junk, t=trips)
    assert done > 10
