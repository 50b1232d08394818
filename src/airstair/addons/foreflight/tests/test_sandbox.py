"""The imitation by itself: what it takes, refuses, shows and keeps."""

from __future__ import annotations

import json
from typing import Any

import pytest

from airstair.addons.foreflight.sandbox import PARTNER
from airstair.addons.foreflight.sandbox.model import DEMO_API_KEY, OTHER_API_KEY
from airstair.addons.foreflight.tests.flights import NOW
from airstair.kernel.clock import ManualClock
from airstair.sandbox.partner import Answer, Call, Imitation, Refusal

GOOD = {
    "departure": "EPWA",
    "destination": "LFMN",
    "scheduledTimeOfDeparture": "2027-03-15T11:12:00Z",
    "scheduledTimeOfArrival": "2027-03-15T13:12:00Z",
    "aircraftRegistration": "SPKXA",
    "callsign": "KXA88",
    "load": {"people": 2},
    "crew": [{"position": "PIC", "crewId": "ABE"}, {"position": "SIC", "crewId": "LEA@demo.example"}],
    "tags": ["PAX", "airstair-88"],
}


@pytest.fixture
def foreflight() -> Imitation:
    return PARTNER.start(ManualClock(NOW))


def call(method: str, path: str, body: Any = None, key: str = DEMO_API_KEY, **query: str) -> Call:
    sent = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
    asked = {name: [value] for name, value in query.items()}
    return Call(NOW, method, f"/public/api{path}", asked, {"x-api-key": key}, sent)


def read(answer: Answer) -> Any:
    return json.loads(answer.body)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("departure", "E"),
        ("destination", None),
        ("scheduledTimeOfDeparture", "2027-03-15T11:12:00"),
        ("scheduledTimeOfDeparture", None),
        ("scheduledTimeOfArrival", "2027-03-15T11:12:00Z"),
        ("scheduledTimeOfArrival", "soon"),
        ("aircraftRegistration", "SP-KXA"),
        ("aircraftRegistration", ""),
        ("aircraftRegistration", "N900ZZ"),
        ("callsign", "KXA12345"),
        ("tripId", "x" * 65),
        ("dispatcherNotes", "x" * 5001),
        ("tags", "PAX"),
        ("load", {"people": -1}),
        ("load", []),
        ("crew", [{"position": "PIC", "crewId": "NOBODY"}]),
        ("crew", [{"position": "CPT", "crewId": "ABE"}]),
        ("crew", "ABE"),
    ],
)
def test_a_flight_is_refused_with_the_field_that_is_wrong(foreflight: Imitation, field: str, value: Any) -> None:
    answer = foreflight.answer(call("POST", "/Flights", {"flight": GOOD | {field: value}}))
    assert (answer.status, list(read(answer)["errors"])) == (400, [field])
    assert not foreflight.state()["flights"]


def test_a_flight_is_created_read_listed_updated_and_deleted(foreflight: Imitation) -> None:
    made = read(foreflight.answer(call("POST", "/flights", {"flight": GOOD | {"later": 1}})))["flightId"]
    assert read(foreflight.answer(call("GET", f"/Flights/{made}")))["flightData"] == GOOD
    foreflight.answer(call("POST", f"/FLIGHTS/{made}", {"flight": {"destination": "LFPB"}}))
    assert read(foreflight.answer(call("GET", f"/Flights/{made}")))["flightData"] == GOOD | {"destination": "LFPB"}
    for query, found in (
        ({"fromDate": "2027-03-15Z", "toDate": "2027-03-16Z"}, [made]),
        ({"fromDate": "2027-03-15Z", "toDate": "2027-03-15Z"}, []),
        ({"fromDate": "2027-03-01Z", "toDate": "2027-04-01Z", "tags": "airstair-88"}, [made]),
        ({"fromDate": "2027-03-01Z", "toDate": "2027-04-01Z", "tags": "airstair-8"}, []),
    ):
        listed = read(foreflight.answer(call("GET", "/Flights/flights", **query)))["flights"]
        assert [one["flightId"] for one in listed] == found, query
    assert foreflight.answer(call("GET", f"/Flights/{made}", key=OTHER_API_KEY)).status == 404
    assert foreflight.answer(call("DELETE", f"/Flights/{made}")).status == 200
    assert foreflight.answer(call("DELETE", f"/Flights/{made}")).status == 404


@pytest.mark.parametrize(
    ("method", "path", "key", "status"),
    [
        ("GET", "/apiKeyInfo", DEMO_API_KEY, 200),
        ("GET", "/APIKEYINFO", DEMO_API_KEY, 200),
        ("GET", "/apiKeyInfo", "wrong", 401),
        ("GET", "/apiKeyInfo", "", 401),
        ("GET", "/aircraft", OTHER_API_KEY, 200),
        ("GET", "/crew", DEMO_API_KEY, 200),
        ("PUT", "/crew", DEMO_API_KEY, 405),
        ("GET", "/nothing", DEMO_API_KEY, 404),
        ("GET", "/Flights/flights", DEMO_API_KEY, 400),
        ("GET", "/Flights/ff-9", DEMO_API_KEY, 404),
        ("GET", "/Flights/ff-9/briefing", DEMO_API_KEY, 405),
    ],
)
def test_addresses_and_keys(foreflight: Imitation, method: str, path: str, key: str, status: int) -> None:
    assert foreflight.answer(call(method, path, key=key)).status == status


@pytest.mark.parametrize("body", [b"", b"[", b"[]", b"{}", b'{"flight": []}', b"\xff"])
def test_a_body_that_is_none_is_refused(foreflight: Imitation, body: bytes) -> None:
    assert foreflight.answer(call("POST", "/Flights", body)).status == 400


def test_two_of_one_flight_are_objected_to_and_a_release_holds_unless_forced(foreflight: Imitation) -> None:
    first = read(foreflight.answer(call("POST", "/Flights", {"flight": GOOD})))["flightId"]
    assert foreflight.audit()["ok"]
    foreflight.answer(call("POST", "/Flights", {"flight": GOOD}))
    assert not foreflight.audit()["ok"]
    foreflight.act("release-flight", {"flightId": first})
    update = {"flight": {"destination": "LFPB"}}
    assert foreflight.answer(call("POST", f"/Flights/{first}", update)).status == 409
    assert foreflight.answer(call("POST", f"/Flights/{first}", update, forceUpdate="true")).status == 200


def test_pages_show_what_is_held_and_a_restart_keeps_it(foreflight: Imitation) -> None:
    foreflight.answer(call("POST", "/Flights", {"flight": GOOD | {"callsign": "<b>88"}}))
    shown = {path: foreflight.page(path, lambda _: []) for path, _ in foreflight.pages()}
    assert all(page is not None for page in shown.values())
    assert "&lt;b&gt;88" in str(shown[""]) and "SPKXA" in str(shown["people"])
    assert foreflight.page("nothing", lambda _: []) is None
    kept = foreflight.changed_documents()
    assert foreflight.changed_documents() == {}, "what did not change is not written again"
    again = PARTNER.start(ManualClock(NOW))
    again.restore({name: body for name, body in kept.items() if body is not None})
    assert again.state() == foreflight.state()
    foreflight.reset()
    assert not foreflight.state()["flights"]


@pytest.mark.parametrize(
    ("name", "wish"),
    [
        ("dance", {}),
        ("set-adoption", {"on": "perhaps"}),
        ("set-crew", {"crewCode": "X"}),
        ("delete-flight", {"flightId": "ff-9"}),
        ("set-rate-limit", {"calls": "many"}),
    ],
)
def test_wishes_that_make_no_sense_are_refused_in_words(foreflight: Imitation, name: str, wish: dict[str, Any]) -> None:
    with pytest.raises(Refusal, match=r"\.$"):
        foreflight.act(name, wish)
    with pytest.raises(Refusal):
        foreflight.ask("anything", {})
