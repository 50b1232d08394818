"""The imitation by itself: what it takes, refuses, shows and keeps."""

from __future__ import annotations

import json
from typing import Any

import pytest

from airstair.addons.traxxall.sandbox import PARTNER
from airstair.addons.traxxall.sandbox.model import DEMO_KEY, DEMO_PASSWORD
from airstair.addons.traxxall.tests.pictures import NOW
from airstair.kernel.clock import ManualClock
from airstair.sandbox.partner import Answer, Call, Imitation, Refusal

CREDENTIALS = {"integration-api-key": DEMO_KEY, "integration-api-password": DEMO_PASSWORD}
FLIGHT = {
    "registration": "SP-TRX",
    "flightNumber": "TRX1",
    "from": "EPWA",
    "to": "LFMN",
    "plannedOff": "2027-03-15T11:12Z",
    "plannedOn": "2027-03-15T13:12Z",
    "takeOff": None,
    "landing": None,
    "status": "PLANNED",
}
TOTALS = {
    "registration": "SP-TRX",
    "asOf": "2027-03-15T09:12Z",
    "airframe": {"hours": 1300.5, "cycles": 950},
    "engines": [{"position": 1, "serialNumber": "PCE-DA1", "hours": 1300.5, "cycles": 950}],
    "apu": {"hours": 12.5},
}
AT_FLIGHT, AT_TOTALS = "/aircraft/TRX-0001/flights/airstair-1", "/aircraft/TRX-0001/actuals"


@pytest.fixture
def traxxall() -> Imitation:
    return PARTNER.start(ManualClock(NOW))


def put(traxxall: Imitation, path: str, body: Any, method: str = "PUT", **headers: str) -> Answer:
    sent = body if isinstance(body, bytes) else json.dumps(body).encode()
    return traxxall.answer(Call(NOW, method, f"/api{path}", {}, CREDENTIALS | headers, sent))


def wrong_fields(answer: Answer) -> list[str]:
    return [one["field"] for one in json.loads(answer.body)["errors"]]


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        (AT_FLIGHT, FLIGHT | {"status": "FLOWN"}, "status"),
        (AT_FLIGHT, FLIGHT | {"plannedOff": None}, "plannedOff"),
        (AT_FLIGHT, FLIGHT | {"plannedOn": "noon"}, "plannedOn"),
        (AT_FLIGHT, FLIGHT | {"from": 5}, "from"),
        (AT_FLIGHT, FLIGHT | {"status": "ACTUAL"}, "takeOff"),
        (AT_FLIGHT, FLIGHT | {"takeOff": "2027-03-15T13:00Z", "landing": "2027-03-15T12:00Z"}, "landing"),
        (AT_TOTALS, TOTALS | {"airframe": None}, "airframe"),
        (AT_TOTALS, TOTALS | {"airframe": {"hours": -1, "cycles": 1}}, "airframe.hours"),
        (AT_TOTALS, TOTALS | {"airframe": {"hours": 1, "cycles": True}}, "airframe.cycles"),
        (AT_TOTALS, TOTALS | {"engines": "two"}, "engines"),
        (AT_TOTALS, TOTALS | {"engines": [{"serialNumber": "?", "hours": 1, "cycles": 1}]}, "engines[0].serialNumber"),
        (AT_TOTALS, [], ""),
        (AT_FLIGHT, b"\xff", ""),
    ],
)
def test_what_is_wrong_is_refused_with_its_field(traxxall: Imitation, path: str, body: Any, field: str) -> None:
    before = traxxall.state()
    answer = put(traxxall, path, body)
    assert (answer.status, wrong_fields(answer)) == (422, [field])
    assert traxxall.state() == before


def test_totals_and_flights_are_taken_and_shown(traxxall: Imitation) -> None:
    assert put(traxxall, AT_TOTALS, TOTALS).status == put(traxxall, AT_FLIGHT, FLIGHT).status == 200
    assert put(traxxall, AT_FLIGHT, {"status": "CANCELLED"}).status == 200
    assert put(traxxall, AT_FLIGHT.replace("-1", "-2"), {"status": "CANCELLED"}).status == 404
    shown = "".join(str(traxxall.page(path, lambda _: [])) for path, _ in traxxall.pages())
    assert all(word in shown for word in ("1300.5", "950", "PCE-DA1", "TRX1", "cancelled", "12.5"))
    assert traxxall.page("nothing", lambda _: []) is None
    again = PARTNER.start(ManualClock(NOW))
    again.restore({name: body for name, body in traxxall.changed_documents().items() if body is not None})
    assert again.state() == traxxall.state()


def test_lower_totals_are_taken_and_noted(traxxall: Imitation) -> None:
    put(traxxall, AT_TOTALS, TOTALS)
    assert traxxall.audit()["ok"]
    assert put(traxxall, AT_TOTALS, TOTALS | {"airframe": {"hours": 5.0, "cycles": 950}}).status == 200
    assert "from 1300.5 to 5.0" in traxxall.audit()["rules"][0]["evidence"][0]


@pytest.mark.parametrize(
    ("method", "path", "headers", "status"),
    [
        ("GET", "/aircraft", {}, 200),
        ("GET", AT_TOTALS, {}, 200),
        ("GET", "/aircraft", {"integration-api-key": "wrong"}, 401),
        ("GET", "/aircraft", {"integration-api-password": "wrong"}, 401),
        ("POST", "/aircraft", {}, 405),
        ("DELETE", AT_FLIGHT, {}, 405),
        ("GET", "/elsewhere", {}, 404),
        ("GET", "/aircraft/TRX-0001/snags", {}, 404),
    ],
)
def test_addresses_and_credentials(
    traxxall: Imitation, method: str, path: str, headers: dict[str, str], status: int
) -> None:
    assert put(traxxall, path, {}, method, **headers).status == status


@pytest.mark.parametrize(
    ("name", "wish"),
    [
        ("dance", {}),
        ("set-adoption", {"on": "perhaps"}),
        ("change-engine", {"serialNumber": "TRX-0001", "position": "9", "engineSerialNumber": "E"}),
        ("change-engine", {"serialNumber": "TRX-0001", "position": "1"}),
        ("remove-aircraft", {"serialNumber": "nobody's"}),
        ("set-rate-limit", {"calls": "0"}),
    ],
)
def test_wishes_that_make_no_sense_are_refused_in_words(traxxall: Imitation, name: str, wish: dict[str, Any]) -> None:
    with pytest.raises(Refusal, match=r"\.$"):
        traxxall.act(name, wish)
