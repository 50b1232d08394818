"""What of flights and totals goes to TRAXXALL, and when a person is asked first."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from airstair.addons.traxxall.mapping import flight_document, flight_gone, lower_totals, totals_document
from airstair.addons.traxxall.tests.pictures import NOW, SETTINGS, TOTALS, counters, engine, flight, flown, totals
from airstair.records.flights.facts import BookTimes
from airstair.records.flights.rules import Status


def sent(picture: Any) -> dict[str, Any]:
    document = flight_document(picture, SETTINGS, NOW)
    assert document is not None
    found: dict[str, Any] = msgspec.json.decode(document.body)
    return found


@pytest.mark.req("TRX-01")
def test_a_planned_flight_as_it_is_sent() -> None:
    assert sent(flight()) == {
        "serialNumber": "4711",
        "registration": "SP-KXA",
        "flightNumber": "KXA88",
        "from": "EPWA",
        "to": "LFMN",
        "plannedOff": "2027-03-15T11:12Z",
        "plannedOn": "2027-03-15T13:12Z",
        "blockOff": None,
        "takeOff": None,
        "landing": None,
        "blockOn": None,
        "flightHours": None,
        "landings": None,
        "status": "PLANNED",
    }


@pytest.mark.req("TRX-01")
def test_a_flown_flight_has_the_journey_logs_times() -> None:
    found = sent(flown())
    assert (found["status"], found["flightHours"], found["landings"]) == ("ACTUAL", 2.1, 1)
    assert (found["blockOff"], found["takeOff"]) == ("2027-03-15T04:12Z", "2027-03-15T04:22Z")
    assert (found["landing"], found["blockOn"]) == ("2027-03-15T06:26Z", "2027-03-15T06:32Z")
    assert sent(flown(landings=5))["landings"] == 5


def test_flight_watch_is_no_journey_log_and_half_a_log_is_no_flight() -> None:
    watched = BookTimes(book="flight_watch", take_off=NOW, landing=NOW + timedelta(hours=1))
    assert sent(flight(times={"flight_watch": watched}))["takeOff"] is None
    half = sent(flight(times={"journey_log": BookTimes(book="journey_log", take_off=NOW)}))
    assert (half["status"], half["flightHours"], half["takeOff"] is None) == ("PLANNED", None, False)


@pytest.mark.req("TRX-01")
@pytest.mark.parametrize("status", [*Status])
def test_only_confirmed_flights_are_expected(status: Status) -> None:
    expected = flight_document(flight(status=status), SETTINGS, NOW) is not None
    assert expected == (status is Status.CONFIRMED)
    assert flight_document(flight(status=status, deleted=True), SETTINGS, NOW) is None


@pytest.mark.req("TRX-01")
@pytest.mark.parametrize(
    ("picture", "marked"),
    [
        (None, True),
        (flight(deleted=True), True),
        (flown(deleted=True), True),
        (flight(status=Status.CANCELLED), True),
        (flight(), True),
        (flown(), False),
    ],
    ids=["unknown", "deleted", "flown and deleted", "cancelled", "moved away", "flown and moved away"],
)
def test_a_flight_that_will_not_be_flown_is_marked_as_cancelled(picture: Any, marked: bool) -> None:
    document = flight_gone(picture, SETTINGS, NOW)
    assert (document is not None) == marked
    assert document is None or msgspec.json.decode(document.body) == {"status": "CANCELLED"}


@pytest.mark.req("TRX-01")
def test_totals_as_they_are_sent() -> None:
    picture = counters(
        minutes=60_004, cycles=901, engines=(engine("E1", 60_003), engine("E2", 58, 7, 2)), apu_hours=Decimal("512.40")
    )
    document = totals(picture)
    assert msgspec.json.decode(document.body) == {
        "serialNumber": "4711",
        "registration": "SP-KXA",
        "asOf": "2027-03-15T09:12Z",
        "airframe": {"hours": 1000.1, "cycles": 901},
        "engines": [
            {"position": 1, "serialNumber": "E1", "hours": 1000.0, "cycles": 900},
            {"position": 2, "serialNumber": "E2", "hours": 1.0, "cycles": 7},
        ],
        "apu": {"hours": 512.4},
    }
    assert [part.title for part in document.parts] == ["SP-KXA airframe", "Engine 1, E1", "Engine 2, E2"]


@pytest.mark.req("FWJ-03")
@given(st.integers(0, 10**6))
def test_hours_are_decimal_and_rounded_as_technical_logs_do(minutes: int) -> None:
    found = msgspec.json.decode(totals(counters(minutes=minutes)).body)["airframe"]["hours"]
    assert round(found * 10) == (minutes + 2) // 6


def test_nothing_is_said_of_totals_that_nobody_knows() -> None:
    assert totals_document(counters(airframe=None), SETTINGS, NOW) is None


def test_flights_without_times_are_warned_of() -> None:
    (warning,) = totals(counters(missing=2)).warnings
    assert warning.text.startswith("2 flights have") and warning.about == "aircraft:81"
    assert totals(counters()).warnings == ()


def test_equal_totals_make_equal_bytes_whenever_they_are_made() -> None:
    later = totals_document(counters(), SETTINGS, NOW + timedelta(days=3))
    assert later is not None and later.body == totals(counters()).body


def test_nothing_private_goes_out() -> None:
    document = flight_document(flown(), SETTINGS, NOW)
    assert document is not None
    assert not any(word in document.body for word in (b"Jane", b"Nobody", b"ABC", b"Ann"))


# -- a total never goes down by itself ----------------------------------------------------------------------------

_TWO = (engine("E1"), engine("E2", position=2))


@pytest.mark.req("TRX-01")
@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        (counters(), counters(), None),
        (counters(), counters(minutes=60_006, cycles=901), None),
        (counters(), counters(minutes=59_990), ["Airframe from 1000.0 h to 999.8 h"]),
        (counters(), counters(minutes=59_999), None),
        (counters(), counters(cycles=899), ["Airframe from 900 cycles to 899"]),
        (counters(), counters(engines=(engine("E1", 59_000),)), ["Engine E1 from 1000.0 h to 983.3 h"]),
        (counters(), counters(engines=(engine("E9", 10, 1),)), None),
        (counters(engines=_TWO), counters(engines=(engine("E2", position=1),)), None),
        (counters(engines=_TWO), counters(engines=(engine("E2", 60_000, 1),)), ["Engine E2 from 900 cycles to 1"]),
        (counters(apu_hours=Decimal(12)), counters(apu_hours=Decimal(11)), ["APU from 12.0 h to 11.0 h"]),
        (counters(apu_hours=Decimal(12)), counters(), None),
        (counters(), counters(minutes=1, cycles=1, engines=()), ["Airframe from 1000.0 h", "900 cycles to 1"]),
    ],
    ids=[
        "the same",
        "more",
        "fewer hours",
        "fewer minutes that round to as much",
        "fewer cycles",
        "an engine's hours",
        "another engine",
        "an engine that changed places",
        "one that changed places and lost cycles",
        "the APU",
        "no reading any more",
        "two things at once",
    ],
)
def test_a_person_is_asked_before_a_total_goes_down(before: Any, after: Any, words: list[str] | None) -> None:
    assert TOTALS.ask_first is not None
    asked = TOTALS.ask_first(totals(before).body, totals(after))
    assert (asked is None) == (words is None)
    assert asked is None or all(each in asked for each in words or ())


def test_another_airframe_has_totals_of_its_own() -> None:
    other = msgspec.structs.replace(counters().aircraft, serial_number="9")
    assert lower_totals(totals(counters()).body, totals(counters(minutes=1, aircraft=other))) is None


@given(st.integers(0, 10**6), st.integers(0, 10**6), st.integers(0, 10**5), st.integers(0, 10**5))
def test_nothing_lower_ever_goes_unasked(minutes: int, later: int, cycles: int, then: int) -> None:
    before, after = counters(minutes=minutes, cycles=cycles), counters(minutes=later, cycles=then)
    lower = (later + 2) // 6 < (minutes + 2) // 6 or then < cycles
    assert (lower_totals(totals(before).body, totals(after)) is not None) == lower
