"""Flight Support: where an application offers which services, and the permits that it tells of."""

from __future__ import annotations

from typing import Any

import pytest
from tests.leon.conftest import Connected, Leon
from tests.leon.test_support import SCOPE, Desk
from tests.records.conftest import World

from airstair.records.checklist.queries import available_services, checklist, history

AVAILABLE = """mutation($lists: [FlightSupportAirportServicesInput!]!) { integration { flightSupport {
    setFlightSupportAvailableAirportServiceList(airportServiceList: $lists) } } }"""
PERMITS = """mutation($n: FlightNid!, $permits: [FlightPermitInput!]!) { integration { flightSupport {
    flightPermits { setPermits(flightNid: $n, permits: $permits) } } } }"""
READ = """query($n: FlightNid!) { flight(flightNid: $n) {
    landingPermits { country airport number validUntil status note }
    overflightPermits { country number status } } }"""


def listed(airport: str, *services: str) -> dict[str, Any]:
    return {"airportCode": airport, "services": list(services)}


@pytest.mark.req("LEO-03")
def test_an_application_says_where_it_offers_what(world: World, other: World) -> None:
    desk = Desk(world)
    elsewhere = Connected(other, SCOPE, name="Elsewhere")
    wanted = [listed("EWR", "SLOT_ADEP", "FUEL_ADEP"), listed("KJAX", "SLOT_ADES")]
    assert desk.leon(AVAILABLE, lists=wanted) == {
        "integration": {"flightSupport": {"setFlightSupportAvailableAirportServiceList": True}}
    }
    kept = {"KEWR": {"SLOT_ADEP", "FUEL_ADEP"}, "KJAX": {"SLOT_ADES"}}
    assert available_services(world.id, desk.leon.id) == kept
    assert available_services(other.id, desk.leon.id) == {} == available_services(world.id, elsewhere.id)

    wrong = [listed("EWR", "LUNCH"), listed("KEWR"), listed("Q?Q")]
    error = desk.leon.refused(AVAILABLE, lists=wrong)
    assert error["extensions"]["category"] == "VALIDATION"
    fields = [one["field"] for one in error["extensions"]["fields"]]
    assert fields == ["lists.0.services", "lists.1.airportCode", "lists.2.airportCode"]
    nowhere = [listed(f"Q{at:03}") for at in range(40)]
    assert len(desk.leon.refused(AVAILABLE, lists=nowhere)["extensions"]["fields"]) == 20
    assert available_services(world.id, desk.leon.id) == kept  # as a whole or not at all

    desk.leon(AVAILABLE, lists=[])
    assert available_services(world.id, desk.leon.id) == {}


@pytest.mark.req("LEO-03")
def test_permits_are_told_replaced_and_read(world: World, leon: Leon) -> None:
    desk = Desk(world)
    flight, unasked = world.flight(), world.flight(number="KXA9")
    desk.submit(flight, TECHNICAL_LANDING_ADES="")
    landing = {"kind": "LANDING", "airport": "JAX", "number": "L-1", "status": "CONFIRMED",
               "validUntil": "2027-03-04T12:00Z", "note": "72 hours"}  # fmt: skip
    over = {"kind": "OVERFLIGHT", "country": "ca", "status": "PENDING"}
    desk.leon(PERMITS, n=flight.id, permits=[over, landing])
    before = len(history(world.id, flight.id))
    desk.leon(PERMITS, n=flight.id, permits=[over, landing])
    assert len(history(world.id, flight.id)) == before  # again changes nothing
    assert [(one.kind, one.word.id) for one in checklist(world.id, flight.id).permits] == [
        ("LANDING", "CNF"), ("OVERFLIGHT", "RQS")
    ]  # fmt: skip
    assert leon(READ, n=flight.id)["flight"] == {
        "landingPermits": [{"country": None, "airport": "KJAX", "number": "L-1", "status": "CONFIRMED",
                            "validUntil": "2027-03-04T12:00:00Z", "note": "72 hours"}],
        "overflightPermits": [{"country": "CA", "number": None, "status": "PENDING"}],
    }  # fmt: skip
    without = Leon.with_key(world, "Flights", name="Flights alone")
    assert without(READ, n=flight.id)["flight"] == {"landingPermits": [], "overflightPermits": []}

    nowhere = {"kind": "LANDING", "status": "MAYBE"}
    error = desk.leon.refused(PERMITS, n=flight.id, permits=[nowhere])
    assert [one["field"] for one in error["extensions"]["fields"]] == ["permits.0.status", "permits.0.country"]
    odd = {"kind": "LANDING", "status": "ACTIVE", "country": "\0", "airport": "\0A", "number": "x" * 61,
           "note": "\0"}  # fmt: skip
    error = desk.leon.refused(PERMITS, n=flight.id, permits=[odd])
    assert {one["field"] for one in error["extensions"]["fields"]} == {
        f"permits.0.{name}" for name in ("country", "airport", "number", "note")
    }
    assert desk.leon.refused(PERMITS, n=unasked.id, permits=[over])["extensions"]["category"] == "RESOURCE_NOT_FOUND"
    desk.leon(PERMITS, n=flight.id, permits=[])
    assert not checklist(world.id, flight.id).permits


@pytest.mark.req("LEO-03")
def test_both_are_for_connected_applications_alone(world: World, leon: Leon) -> None:
    reader = Connected(world, "GRAPHQL_FLIGHT", name="Reader")
    for query, given in ((AVAILABLE, {"lists": []}), (PERMITS, {"n": world.flight().id, "permits": []})):
        assert "Identity type API key is not allowed" in leon.refused(query, **given)["message"]
        assert SCOPE in reader.refused(query, **given)["message"]
