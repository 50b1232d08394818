"""Crew members, duties and the phonebook."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.leon.conftest import Connected, Leon, span
from tests.records.conftest import MONDAY, World

from airstair.api.leon import positions
from airstair.records.flights.commands import Passenger
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


@pytest.mark.req("LEO-02")
def test_crew_members_and_their_flights(world: World, leon: Leon) -> None:
    one = add_crew_member(
        world.admin,
        CrewMemberInput(code="ABC", first_name="Ann", last_name="Lee", positions=("CPT",), home_base="KEWR"),
    )
    first = world.flight(crew={"CPT": "ABC"})
    second = world.flight(crew={"CPT": "ABC"}, adep="KJAX", ades="KEWR", std=MONDAY + timedelta(hours=10))
    told = leon("{ crewMemberList { loginNid crewMemberNid code name surname isActive homeBase { code { iata } }"
                " positionList { name posType occupation } contact { contactNid personCode } } }")  # fmt: skip
    assert told["crewMemberList"] == [{
        "loginNid": one.id, "crewMemberNid": one.id, "code": "ABC", "name": "Ann", "surname": "Lee", "isActive": True,
        "homeBase": {"code": {"iata": "EWR"}},
        "positionList": [{"name": "CPT", "posType": "COCKPIT", "occupation": "Captain"}],
        "contact": {"contactNid": one.id, "personCode": "ABC"},
    }]  # fmt: skip
    duties = """query($i: TimeInterval!) { ftl { dutyList(timeInterval: $i) { crewMember { code loginNid }
        crewAugmentation sectorList { trNid } } } }"""
    assert leon(duties, i=span(MONDAY, 31))["ftl"]["dutyList"] == [{
        "crewMember": {"code": "ABC", "loginNid": one.id}, "crewAugmentation": None,
        "sectorList": [{"trNid": first.id}, {"trNid": second.id}],
    }]  # fmt: skip
    assert leon.refused(duties, 400, i=span(MONDAY, 32))["message"].startswith("Interval length out of bounds")


@pytest.mark.req("LEO-02")
def test_the_phonebook(world: World, other: World) -> None:
    for at, one in enumerate((other, world)):
        company = add_company(one.admin, CompanyInput(name=f"Blue Ridge {at}"))
        person = add_contact(one.admin, ContactInput(first_name="Cora", last_name="Dale", email=f"cora{at}@x.example"))
        add_passenger(one.admin, PassengerInput(first_name="Paul", last_name="Abbot"))
    reader = Connected(world, "GRAPHQL_CONTACT")
    names = "contactNid name surname email isCompany passportList { number }"
    given = 'page: $p, sortBy: "surname", sortDirection: "ASC"'
    page = f"query($p: Int!) {{ contact {{ contactListByPage({given}) {{ {names} }} }} }}"
    told = reader(page, p=1)["contact"]["contactListByPage"]
    assert [(one["name"], one["surname"], one["isCompany"]) for one in told] == [
        ("Blue Ridge 1", None, True), ("Paul", "Abbot", False), ("Cora", "Dale", False)
    ]  # fmt: skip
    assert told[2]["email"] == "cora1@x.example" and told[2]["passportList"] == []
    assert reader(page, p=2)["contact"]["contactListByPage"] == []
    single = "query($c: ContactNid) { contact { single(contactNid: $c) { name } } }"
    assert reader(single, c=str(person.id))["contact"] == {"single": {"name": "Cora"}}
    some = "query($l: [ContactNid!]!) { contact { contactsByNids(contactsNids: $l) { name } } }"
    assert reader(some, l=[company.id, 1])["contact"] == {"contactsByNids": [{"name": "Blue Ridge 1"}]}


@pytest.mark.req("LEO-02")
def test_passengers_of_a_flight_that_the_phonebook_knows(world: World, leon: Leon) -> None:
    one = add_passenger(world.admin, PassengerInput(first_name="Maria", last_name="del Mar"))
    for _ in range(2):
        add_passenger(world.admin, PassengerInput(first_name="John", last_name="Smith"))
    names = ("Maria del Mar", "John Smith", "Plato")
    world.flight(pax_list=tuple(Passenger(name=name) for name in names))
    query = """query($f: FlightFilter!) { flightList(filter: $f) { passengerList { count passengerListAsText maleCount
        passengerContactList { contact { contactNid name surname } } } } }"""
    told = leon(query, f={"timeInterval": span(MONDAY)})["flightList"][0]["passengerList"]
    assert (told["count"], told["passengerListAsText"], told["maleCount"]) == (3, ", ".join(names), None)
    assert [one["contact"] for one in told["passengerContactList"]] == [
        {"contactNid": one.id, "name": "Maria", "surname": "del Mar"},
        {"contactNid": None, "name": "John", "surname": "Smith"},  # whose name two have
        {"contactNid": None, "name": None, "surname": "Plato"},
    ]


def test_positions_by_name() -> None:
    assert [positions.position(name)["posType"] for name in ("CPT", "FO3", "SFA2", "ENG1", "PSN", "XYZ")] == [
        "COCKPIT", "COCKPIT", "CABIN", "MAINTENANCE", "POSITIONED", "COCKPIT"
    ]  # fmt: skip
    assert sorted(("FA", "PSN", "OBS", "FO", "CPT", "FA2"), key=positions.rank) == [
        "CPT",
        "FO",
        "OBS",
        "FA",
        "FA2",
        "PSN",
    ]
    assert positions.position("XYZ")["occupation"] == "XYZ"
    assert positions.position("CPT-1")["posNid"] is None
