"""What the imitation demands of a feed. Its own reading of the shape: it shares no code with the add-on."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from airstair.addons.marketplaces.sandbox import PARTNERS, Marketplace
from airstair.kernel.clock import ManualClock
from airstair.sandbox.partner import Answer, Call, Refusal

NOW = datetime(2027, 3, 15, 9, tzinfo=UTC)
LEG = {
    "id": "f-1", "kind": "EMPTY_LEG", "from": {"icao": "EPWA"}, "to": {"icao": "LFMN"},
    "startUtc": "2027-03-16T06:00Z", "endUtc": "2027-03-16T08:00Z", "paxCount": 0,
    "price": {"amount": "9500", "currency": "EUR"}, "verified": True,
}  # fmt: skip


@pytest.fixture
def market() -> Marketplace:
    return Marketplace(ManualClock(NOW), key="victor")


def call(method: str, path: str, body: Any = None, key: str = "victor-sandbox-only") -> Call:
    headers = {"authorization": f"Bearer {key}"}
    text = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Call(received_at=NOW, method=method, path=path, query={}, headers=headers, body=text)


def put(market: Marketplace, *records: Mapping[str, Any]) -> Answer:
    return market.answer(call("PUT", "/api/feeds/81", {"aircraft": {"registration": "SP-KXA"}, "records": records}))


def remarks(answer: Answer) -> list[tuple[str, str]]:
    return [(one["code"], one["field"]) for one in json.loads(answer.body)["remarks"]]


def test_it_shows_what_was_put_and_forgets_what_is_deleted(market: Marketplace) -> None:
    assert remarks(put(market, LEG)) == []
    assert market.state()["held"]["feeds"]["81"]["records"] == [LEG]
    put(market)
    assert market.state()["held"]["feeds"]["81"]["records"] == []
    assert market.answer(call("DELETE", "/api/feeds/81")).status == 200
    assert market.state()["held"]["feeds"] == {}
    assert market.answer(call("DELETE", "/api/feeds/81")).status == 404


@pytest.mark.parametrize(
    ("change", "wanted"),
    [
        ({"kind": "PARTY"}, ("KIND", "kind")),
        ({"passengers": ["Mr X"]}, ("PROPERTY", "passengers")),
        ({"from": {"icao": "nowhere"}}, ("AIRPORT", "from")),
        ({"to": None}, ("AIRPORT", "to")),
        ({"startUtc": "2027-03-16T06:00:00+01:00"}, ("TIMES", "startUtc")),
        ({"endUtc": "2027-03-16T05:00Z"}, ("TIMES", "startUtc")),
        ({"paxCount": 3}, ("PAX", "paxCount")),
        ({"price": {"amount": "9500"}}, ("PRICE", "price")),
        ({"kind": "FLIGHT"}, ("OFFER", "price")),
    ],
    ids=str,
)
def test_a_record_that_is_wrong_is_not_shown_and_the_rest_is(
    market: Marketplace, change: dict[str, Any], wanted: tuple[str, str]
) -> None:
    answer = put(market, LEG | change, LEG | {"id": "f-2"})
    assert (answer.status, remarks(answer)) == (200, [wanted])
    assert [one["id"] for one in market.state()["held"]["feeds"]["81"]["records"]] == ["f-2"]


@pytest.mark.parametrize(
    ("body", "status"),
    [(b"{", 422), ([], 422), ({"records": []}, 422), ({"aircraft": {"registration": "X"}, "records": [3]}, 422)],
    ids=str,
)
def test_what_is_no_feed_is_refused(market: Marketplace, body: Any, status: int) -> None:
    assert market.answer(call("PUT", "/api/feeds/81", body)).status == status
    assert put(market, LEG, LEG).status == 422


def test_who_may_call_what(market: Marketplace) -> None:
    assert market.answer(call("GET", "/api/account")).status == 200
    assert market.answer(call("GET", "/api/account", key="onesky-sandbox-only")).status == 401
    assert market.answer(call("GET", "/api/other")).status == 404
    assert market.answer(call("POST", "/api/feeds/81")).status == 405


def test_an_aircraft_that_is_not_listed(market: Marketplace) -> None:
    market.act("unlist", {"registration": "spkxa"})
    assert remarks(put(market, LEG)) == [("UNKNOWN_AIRCRAFT", "")]
    market.act("list", {"registration": "SP-KXA"})
    assert put(market, LEG).status == 200
    with pytest.raises(Refusal):
        market.act("paint", {"registration": "SP-KXA"})


def test_each_keeps_its_own(market: Marketplace) -> None:
    put(market, LEG)
    kept = {name: body for name, body in market.changed_documents().items() if body is not None}
    assert market.changed_documents() == {}
    (again,) = (one.start(ManualClock(NOW)) for one in PARTNERS if one.key == "victor")
    assert again.state()["held"]["feeds"] == {}
    again.restore(kept)
    assert again.state() == market.state()
    assert again.page("", lambda _: []) is not None and again.page("other", lambda _: []) is None
    again.reset()
    assert again.state()["held"]["feeds"] == {}
