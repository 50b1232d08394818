"""What of a flight goes to ForeFlight, in which words."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from airstair.addons.foreflight import wire
from airstair.addons.foreflight.mapping import document, gone, matched
from airstair.addons.foreflight.settings import ForeFlightSettings
from airstair.addons.foreflight.tests.flights import FLOW, NOW, flight, mapped, sent
from airstair.records.flights.rules import FlightType, Status


@pytest.mark.req("FFL-03")
def test_a_flight_as_it_is_sent() -> None:
    picture = flight(
        pax_count=4,
        pax_by_category={"male": 2, "female": 1, "child": 1},
        crew={"FO": "DEF", "CPT": "ABC", "FA1": "GHI", "FE": "JKL"},
    )
    body = msgspec.json.decode(wire.encode_to_send(wire.decode(mapped(picture).body)))
    assert body == {
        "flight": {
            "departure": "EPWA",
            "destination": "LFMN",
            "scheduledTimeOfDeparture": "2027-03-15T11:12:30Z",
            "scheduledTimeOfArrival": "2027-03-15T13:12:30Z",
            "aircraftRegistration": "SPKXA",
            "callsign": "KXA88",
            "load": {"people": 4, "male": 2, "female": 1, "child": 1, "infant": 0},
            "crew": [
                {"position": "PIC", "crewId": "ABC"},
                {"position": "SIC", "crewId": "DEF"},
                {"position": "CA", "crewId": "GHI"},
                {"position": "Other", "crewId": "JKL"},
            ],
            "tripId": "T-1",
            "tags": ["PAX", "Planned", "airstair-88"],
        }
    }


@pytest.mark.req("FFL-03")
@pytest.mark.parametrize(
    ("fields", "word"),
    [
        ({}, "Default"),
        ({"pax_count": 1}, "PAX"),
        ({"ferry": True}, "Positioning"),
        ({"ferry": True, "pax_count": 2}, "Positioning"),
        ({"flight_type": FlightType.FERRY.value}, "Positioning"),
        ({"flight_type": FlightType.TRAINING.value}, "Default"),
    ],
)
def test_the_flight_type(fields: dict[str, Any], word: str) -> None:
    assert sent(**fields)["tags"][0] == word


@pytest.mark.req("FFL-03")
@pytest.mark.parametrize(
    ("status", "word"),
    [
        (Status.CONFIRMED, "Planned"),
        (Status.CANCELLED, "Cancelled"),
        (Status.OPTION, None),
        (Status.OPPORTUNITY, None),
    ],
)
def test_the_status(status: Status, word: str | None) -> None:
    made = document(flight(status=status), ForeFlightSettings(), NOW)
    assert (made is None) == (word is None)
    assert word is None or sent(status=status)["tags"][1] == word


def test_every_status_is_decided_about() -> None:
    assert {*Status} == {Status.CONFIRMED, Status.CANCELLED, Status.OPTION, Status.OPPORTUNITY}


@pytest.mark.req("FFL-03")
@pytest.mark.parametrize(("ours", "there"), [("SP-KXA", "SPKXA"), ("N100FF", "N100FF"), ("D-I-EH", "DIEH")])
def test_hyphens_leave_registrations(ours: str, there: str) -> None:
    assert sent(registration=ours)["aircraftRegistration"] == there


@pytest.mark.req("FFL-04")
@pytest.mark.parametrize(
    ("position", "there"),
    [
        ("CPT", "PIC"),
        ("FO", "SIC"),
        ("FA1", "CA"),
        ("FA2", "Other"),
        ("FE", "Other"),
        ("ENG", "Other"),
        ("ZZ", "Other"),
    ],
)
def test_positions(position: str, there: str) -> None:
    assert sent(crew={position: "ABC"})["crew"] == [{"position": there, "crewId": "ABC"}]


@pytest.mark.req("FFL-04")
@pytest.mark.parametrize(
    ("code", "email", "found"),
    [
        ("ABE", "", "ABE"),
        ("abe", "", "ABE"),
        ("ABE", "lea@demo.example", "ABE"),
        ("LEA", "Lea@Demo.example", "lea@demo.example"),
        ("LEA", "", None),
        ("LEA", "other@demo.example", None),
    ],
    ids=["by code", "in any case", "the code counts first", "by e-mail", "no e-mail here", "nobody's e-mail"],
)
def test_crew_is_matched_by_code_then_by_work_email(code: str, email: str, found: str | None) -> None:
    known = [
        wire.CrewRecord(username="abe@demo.example", crew_code="ABE"),
        wire.CrewRecord(username="lea@demo.example", crew_code=""),
    ]
    request = wire.decode(mapped(flight(crew={"CPT": code}, crew_emails={code: email})).body)
    made, strangers = matched(request.flight, request.emails, known)
    assert [one.crew_id for one in made.crew] == ([found] if found else [])
    assert strangers == (() if found else (code,))


@pytest.mark.req("FFL-05")
def test_a_deleted_flight_makes_no_document_and_is_taken_away_without_a_body() -> None:
    assert document(flight(deleted=True), ForeFlightSettings(), NOW) is None
    for picture in (flight(deleted=True), None):
        made = gone(picture, ForeFlightSettings(), NOW)
        assert made.body == b""
        assert [part.key for part in made.parts] == (["flight:88"] if picture else [])


@pytest.mark.req("FFL-02")
def test_one_month_ahead() -> None:
    assert FLOW.horizon.ahead == timedelta(days=31)


@pytest.mark.parametrize(
    ("number", "callsign"),
    [("KXA88", "KXA88"), ("KX 88A", "KX88A"), ("", ""), ("KXA1234", "KXA1234"), ("KXA12345", "")],
)
def test_a_number_that_is_too_long_is_left_out_with_a_word(number: str, callsign: str) -> None:
    made = mapped(flight(number=number))
    assert msgspec.json.decode(made.body)["flight"]["callsign"] == callsign
    assert [one.field for one in made.warnings] == (["number"] if number and not callsign else [])


def test_nothing_private_goes_out() -> None:
    picture = flight(
        pax_list=({"name": "Jane Doe"},), pax_count=1, notes="Secret", crew_emails={"XYZ": "xyz@a.example"}
    )
    assert not any(word in mapped(picture).body for word in (b"Jane", b"Secret", b"xyz@"))


@given(st.permutations(["CPT", "FO", "FA1", "FA2", "FE"]), st.integers(0, 10**6))
def test_equal_meaning_equal_bytes(order: list[str], seconds: int) -> None:
    crew = {position: f"C{position}" for position in sorted(order)}
    shuffled = {position: crew[position] for position in order}
    later = NOW + timedelta(seconds=seconds)
    assert mapped(flight(crew=crew)).body == mapped(flight(crew=shuffled), later).body
