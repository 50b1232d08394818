"""Flight Support: what a connected application reads, and what it answers."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from tests.checklist.conftest import Support
from tests.leon.conftest import Connected, Leon
from tests.records.conftest import MONDAY, World

from airstair.api.leon import transport
from airstair.changes import since
from airstair.changes.since import Lines, Place
from airstair.kernel.clock import ManualClock
from airstair.records.access.commands import GrantEdit, change_grant
from airstair.records.checklist import commands
from airstair.records.checklist.commands import HandlerInput, Submission
from airstair.records.checklist.queries import checklist
from airstair.records.checklist.snapshots import HandlerFacts
from airstair.records.fleet.commands import AircraftEdit, change_aircraft
from airstair.records.flights.commands import FlightEdit, cancel_flight, change_flight, delete_flight
from airstair.records.flights.facts import FlightFacts

SCOPE = "INTEGRATION_FLIGHT_SUPPORT"
LISTS = {"created": "getCreatedFlightServiceList", "services": "getModifiedFlightServiceList",
         "schedule": "getModifiedFlightScheduleList"}  # fmt: skip
FLIGHT = """flightNid flightNo tripNid tripNumber registration callSign aircraftIcaoType adep ades startTimeUTC
      endTimeUTC
    paxCount crewCount flightType mission status isCnl modifiedAt adepHandler { handlerNid name email telephone
      airport }
    adesHandler { name } previousFlight { flightNid adep ades } nextFlight { flightNid startTimeUTC status } submission
    submittedAt editStatus serviceList { service isRequested details note status checklistStatusId }"""
THREE = f"""query($created: String, $services: String, $schedule: String) {{ integration {{ flightSupport {{
    {
    " ".join(
        f"{name}: {field}(cursor: ${name}) {{ cursor more flightList {{ {FLIGHT} }} }}" for name, field in LISTS.items()
    )
}
    }} }} }}"""
ANSWER = """mutation($n: FlightNid!, $services: [FlightSupportServiceInput!]!) { integration { flightSupport {
    setServiceStatus(flightNid: $n, services: $services) } } }"""


class Desk:
    """An application that keeps the cursors of its three lists, and the operator's handler."""

    def __init__(self, world: World, aircraft: tuple[int, ...] | None = None) -> None:
        self.world = world
        self.leon = Connected(world, SCOPE, aircraft=aircraft, name="Sky Desk")
        wanted = HandlerInput(name="Blue Apron", airports=("KEWR",), email="desk@blue.example", phone="+1 555")
        self.handler: HandlerFacts = commands.add_handler(world.ops, wanted)
        self.cursors: dict[str, str] = {}

    def submit(self, flight: FlightFacts, **details: str) -> None:
        wanted = Submission(adep_handler_id=self.handler.id, ades_handler_id=None, services=details)
        commands.submit(self.world.ops, flight.id, self.leon.id, wanted)

    def news(self) -> dict[str, list[int]]:
        """The flights in each list since it was read last."""
        told = self.leon(THREE, **self.cursors)["integration"]["flightSupport"]
        self.cursors = {name: told[name]["cursor"] for name in LISTS}
        self.flights = {one["flightNid"]: one for name in LISTS for one in told[name]["flightList"]}
        return {name: [one["flightNid"] for one in told[name]["flightList"]] for name in LISTS}

    def answer(self, flight: FlightFacts, *services: dict[str, Any]) -> Any:
        return self.leon.ask(ANSWER, n=flight.id, services=list(services)).json()


def told_of(*flights: FlightFacts) -> dict[str, list[int]]:
    """These flights in each list."""
    return {name: [one.id for one in flights] for name in LISTS}


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> ManualClock:
    made = ManualClock(MONDAY)
    monkeypatch.setattr(transport, "CLOCK", made)
    return made


@pytest.mark.django_db(transaction=True)
@pytest.mark.req("LEO-03")
def test_an_application_reads_the_whole_present_state_and_what_changed(world: World, clock: ManualClock) -> None:
    desk = Desk(world)
    before = world.flight(number="KXA1", adep="KJAX", ades="KEWR", std=MONDAY + timedelta(hours=1))
    first = world.flight(number="KXA2", pax_count=3, crew={"CPT": "ABC"})
    after = world.flight(number="KXA3", adep="KJAX", ades="KEWR", std=MONDAY + timedelta(hours=20))
    assert desk.news() == {"created": [], "services": [], "schedule": []}  # nothing was asked of it
    desk.submit(first, HANDLING_ADEP="GPU please", SLOT_ADEP="")
    assert desk.news() == {"created": [first.id], "services": [first.id], "schedule": []}
    told = desk.flights[first.id]
    assert (told["flightNo"], told["registration"], told["paxCount"], told["crewCount"]) == ("KXA2", "N14923", 3, 1)
    assert (told["status"], told["isCnl"], told["submission"], told["flightType"]) == ("CONFIRMED", False, 1, "PAX")
    assert told["adepHandler"] == {"handlerNid": desk.handler.id, "name": "Blue Apron", "email": "desk@blue.example",
                                   "telephone": "+1 555", "airport": "KEWR"}  # fmt: skip
    assert told["adesHandler"] is None
    assert told["previousFlight"] == {"flightNid": before.id, "adep": "KJAX", "ades": "KEWR"}
    assert told["nextFlight"] == {"flightNid": after.id, "startTimeUTC": "2027-03-01T20:00:00Z", "status": "CONFIRMED"}
    assert {one["service"]: (one["isRequested"], one["details"], one["status"]) for one in told["serviceList"]} == {
        "HANDLING_ADEP": (True, "GPU please", None), "SLOT_ADEP": (True, None, None)
    }  # fmt: skip
    assert desk.news() == {"created": [], "services": [], "schedule": []}  # told once

    change_flight(world.ops, first.id, FlightEdit(std=first.std + timedelta(minutes=30)))
    assert desk.news()["schedule"] == [first.id]
    change_flight(world.ops, after.id, FlightEdit(std=after.std + timedelta(minutes=30)))  # a neighbour
    assert desk.news() == {"created": [], "services": [], "schedule": [first.id]}
    assert desk.flights[first.id]["nextFlight"]["startTimeUTC"] == "2027-03-01T20:30:00Z"
    change_aircraft(world.admin, world.aircraft[0].id, AircraftEdit(call_sign="SKYDESK1"))
    assert desk.news()["schedule"] == [first.id] and desk.flights[first.id]["callSign"] == "SKYDESK1"
    desk.submit(first, HANDLING_ADEP="GPU and ASU")
    assert desk.news() == {"created": [], "services": [first.id], "schedule": []}
    again = desk.flights[first.id]
    assert again["submission"] == 2
    asked = {one["service"]: (one["isRequested"], one["details"]) for one in again["serviceList"]}
    assert asked["HANDLING_ADEP"] == (True, "GPU and ASU") and asked["SLOT_ADEP"][0] is False
    wanted = HandlerInput(name="Blue Apron", airports=("KEWR",), email="new@blue.example")
    commands.change_handler(world.ops, desk.handler.id, wanted)
    assert desk.news()["services"] == [first.id]
    assert desk.flights[first.id]["adepHandler"]["email"] == "new@blue.example"
    cancel_flight(world.ops, first.id)
    assert desk.news()["schedule"] == [first.id] and desk.flights[first.id]["isCnl"] is True
    delete_flight(world.ops, first.id)
    assert desk.news()["schedule"] == [first.id] and desk.flights[first.id]["isCnl"] is True

    begun_anew = Desk.__new__(Desk)
    begun_anew.leon, begun_anew.cursors = desk.leon, {}
    assert begun_anew.news() == told_of(first)  # cancelled ones too
    clock.advance(timedelta(days=8, hours=6))
    begun_anew.cursors = {}
    assert begun_anew.news() == told_of()  # long over


@pytest.mark.req("LEO-03")
def test_an_application_answers(world: World) -> None:
    desk = Desk(world)
    flight, other_flight = world.flight(), world.flight(std=MONDAY + timedelta(days=1))
    desk.submit(flight, SLOT_ADEP="", CREW_TRANSPORT_ADEP="two")
    slot = {"service": "SLOT_ADEP", "status": "CONFIRMED", "note": "Slot 08:20Z, id WAW-4471"}
    yes = {"data": {"integration": {"flightSupport": {"setServiceStatus": True}}}}
    assert desk.answer(flight, slot, {"service": "CREW_TRANSPORT_ADEP", "status": "CONFIRMED"},
                       {"service": "EDIT", "status": "PENDING", "note": "Updated"}) == yes  # fmt: skip
    assert desk.answer(flight, slot) == yes  # again changes nothing
    items = {one.definition.key: (one.status, one.note) for one in checklist(world.id, flight.id).items}
    assert items["SLOT_ADEP"] == ("CNF", "Slot 08:20Z, id WAW-4471") and items["CREW_TRANSPORT_ADEP"][0] == "YES"
    desk.news()
    told = desk.flights[flight.id]
    assert told["editStatus"] == "PENDING"
    assert {one["service"]: (one["status"], one["checklistStatusId"]) for one in told["serviceList"]} == {
        "SLOT_ADEP": ("CONFIRMED", "CNF"), "CREW_TRANSPORT_ADEP": ("CONFIRMED", "YES")
    }  # fmt: skip
    say = """mutation($n: FlightNid!, $t: DateTime!) { integration { flightSupport {
        sendFlightSupportMessage(flightNid: $n, content: "Gate 4", createdBy: "Ida")
        setSlotAdepTime(flightNid: $n, time: $t) setSlotAdesTime(flightNid: $n, time: "2027-03-01T09:00") } } }"""
    desk.leon(say, n=flight.id, t="2027-03-01UTC06:20:00")
    module = checklist(world.id, flight.id).modules[0]
    assert (module.proposed_std, module.proposed_sta) == (MONDAY.replace(hour=6, minute=20), MONDAY.replace(hour=9))
    assert [(one.content, one.created_by) for one in module.messages] == [("Gate 4", "Ida")]

    wrong = desk.answer(
        flight, {"service": "LUNCH", "status": "CONFIRMED"}, {"service": "SLOT_ADEP", "status": "MAYBE"}
    )
    error = wrong["errors"][0]
    assert error["extensions"]["category"] == "VALIDATION" and error["path"] == [
        "integration",
        "flightSupport",
        "setServiceStatus",
    ]
    assert [one["field"] for one in error["extensions"]["fields"]] == ["services.0.service", "services.1.status"]
    assert desk.answer(other_flight, slot)["errors"][0]["extensions"]["category"] == "RESOURCE_NOT_FOUND"  # not asked


@pytest.mark.req("LEO-03")
def test_flight_support_is_for_connected_applications_alone(world: World, other: World) -> None:
    desk = Desk(world)
    flight = world.flight()
    desk.submit(flight, SLOT_ADEP="")
    slot = {"service": "SLOT_ADEP", "status": "CONFIRMED"}
    key = Leon.with_key(world)
    for query, given in ((THREE, {}), (ANSWER, {"n": flight.id, "services": [slot]})):
        error = key.refused(query, **given)
        assert error["message"] == (
            "Identity type API key is not allowed, use one of the following identity types: OAuth application"
        )
        assert error["extensions"]["category"] == "accessRestriction"
        without = Connected(world, "GRAPHQL_FLIGHT", name=f"Reader {len(given)}")
        assert SCOPE in without.refused(query, **given)["message"]
    another = Support(other, name="Elsewhere")
    assert another.id
    foreign = Connected(other, SCOPE, name="Abroad")
    assert (
        foreign.ask(ANSWER, n=flight.id, services=[slot]).json()["errors"][0]["extensions"]["category"]
        == "RESOURCE_NOT_FOUND"
    )
    told = foreign(THREE)["integration"]["flightSupport"]
    assert all(told[name]["flightList"] == [] for name in LISTS)
    bad = desk.leon.refused(THREE, 400, created="nonsense")
    assert bad["message"] == "It is not a cursor that was given out here. Leave it out to begin anew."


@pytest.mark.django_db(transaction=True)
@pytest.mark.req("LEO-03")
def test_an_application_with_some_aircraft(world: World) -> None:
    """A flight that leaves its aircraft is told as cancelled, and can only be ended; other aircraft begin all anew."""
    one, two = world.aircraft
    desk = Desk(world, aircraft=(one.id,))
    flight, hidden = world.flight(), world.flight(aircraft_id=two.id, std=MONDAY + timedelta(hours=9))
    desk.submit(flight, SLOT_ADEP="")
    desk.submit(hidden, SLOT_ADEP="")
    assert desk.news() == told_of(flight)
    change_flight(world.ops, flight.id, FlightEdit(aircraft_id=two.id))
    assert desk.news()["schedule"] == [flight.id]
    assert (desk.flights[flight.id]["isCnl"], desk.flights[flight.id]["registration"]) == (True, None)
    slot = {"service": "SLOT_ADEP", "status": "CONFIRMED"}
    assert desk.answer(flight, slot)["errors"][0]["extensions"]["category"] == "RESOURCE_NOT_FOUND"
    assert "errors" not in desk.answer(flight, {**slot, "status": "CANCELLED"})
    change_grant(world.admin, desk.leon.grant.id, GrantEdit(all_aircraft=True))
    assert desk.news() == told_of(flight, hidden)
    assert desk.flights[flight.id]["isCnl"] is False


@pytest.mark.req("LEO-03")
def test_a_poll_costs_little_and_a_full_list_the_same_however_long(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = Desk(world)

    def statements(**cursors: str) -> int:
        with CaptureQueriesContext(connection) as caught:
            desk.leon(THREE, **cursors)
        return len(caught)

    desk.submit(world.flight(), SLOT_ADEP="")
    few = statements()
    for at in range(1, 9):
        desk.submit(world.flight(std=MONDAY + timedelta(hours=3 * at)), SLOT_ADEP="", HANDLING_ADES="")
    assert statements() == few
    desk.news()

    def nothing(_operator: int, _kinds: object, place: Place, _limit: int) -> Lines:
        return Lines(lines=(), place=place, more=False)

    monkeypatch.setattr(since, "changes_since", nothing)
    assert statements(**desk.cursors) <= 9  # of which letting in and counting take most
