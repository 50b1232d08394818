"""The call history: searching it, paging it, and one call's detail."""

from __future__ import annotations

import json
import re
from datetime import timedelta

import pytest
from django.test import Client

from airstair.kernel.outcome import OutcomeKind
from airstair.records.operators.rules import Role

from .conftest import NOW, Desk, said


def _found(client: Client, query: str = "") -> list[int]:
    """Ids of the calls on the page, in its order."""
    answer = client.get(f"/addons/calls{query}")
    assert answer.status_code == 200, answer.content.decode()
    return [int(id_) for id_ in re.findall(r'class="rowlink" href="/addons/calls/([0-9]+)"', answer.content.decode())]


@pytest.mark.req("HUB-14")
def test_calls_are_found_by_add_on_aircraft_flight_outcome_and_time(desk: Desk, admin: Client) -> None:
    facts = desk.connect()
    flight = desk.flight("EV3810")
    part = ((f"flight:{flight.id}", "EV3810"),)
    first = desk.call(facts, 0, body=b"{}", parts=part)
    other = desk.call(facts, 1, outcome="refused", addon="quietpad")
    assert set(_found(admin)) == {first.id, other.id}
    assert _found(admin, "?addon=skymart") == [first.id]
    assert _found(admin, "?addon=quietpad") == [other.id]
    assert _found(admin, f"?aircraft={desk.aircraft[0].id}") == [first.id]
    assert _found(admin, "?outcome=refused") == [other.id]
    assert _found(admin, "?outcome=accepted") == [first.id]
    assert _found(admin, f"?part=flight:{flight.id}") == [first.id]
    assert _found(admin, "?flight=EV3810") == [first.id]
    assert _found(admin, "?flight=XX999") == []
    assert set(_found(admin, "?since=2027-03-04T11:58&until=2027-03-04T11:59")) == {first.id, other.id}
    assert _found(admin, "?since=2027-03-04T11:59") == []
    assert _found(admin, "?until=2027-03-04T11:58") == []
    assert _found(admin, f"?aircraft={desk.aircraft[0].id}&outcome=refused") == []


def test_a_flight_number_that_fits_several_asks_which(desk: Desk, admin: Client) -> None:
    facts = desk.connect()
    flights = [desk.flight("EV3810", std=NOW + timedelta(days=n)) for n in range(2)]
    calls = [desk.call(facts, body=b"%d" % f.id, parts=((f"flight:{f.id}", "EV3810"),)) for f in flights]
    html = admin.get("/addons/calls?flight=EV3810").content.decode()
    assert "2 flights and events fit" in html
    for flight, call in zip(flights, calls, strict=True):
        address = re.search(rf'href="(\?[^"]*part=flight%3A{flight.id}[^"]*)"', html)
        assert address
        assert _found(admin, address[1].replace("&amp;", "&")) == [call.id]


@pytest.mark.req("HUB-14")
def test_the_pages_of_the_history_show_every_call_once(desk: Desk, admin: Client) -> None:
    facts = desk.connect()
    # Many at the very same time: a page that went by time alone would skip or repeat some.
    made = [desk.call(facts).id for _ in range(7)]
    seen: list[int] = []
    query = "?limit=3"
    while query:
        html = admin.get(f"/addons/calls{query}").content.decode()
        seen += _found(admin, query)
        older = re.search(r'rel="next" href="([^"]*)"', html)
        query = older[1].replace("&amp;", "&") if older else ""
    assert seen == sorted(made, reverse=True)


@pytest.mark.parametrize(
    ("query", "remark"),
    [
        ("?outcome=great", "is not an outcome"),
        ("?addon=nosuch", "is not an add-on"),
        ("?since=31+February", "is not a time"),
        ("?since=0001-01-01T00:00", "out of range"),
        ("?until=9999-12-31T23:59-12:00", "is not a time"),
        ("?before=abc", "is none"),
        (f"?before={'9' * 40}-1", "is none"),
        ("?aircraft=x", "not one of the fleet"),
        ("?part=crew:5", "is none"),
        ("?part=flight:x", "is none"),
        ("?limit=99999999999999999999", ""),
        ("?limit=0", ""),
        ("?limit=-5", ""),
        (f"?flight={'x' * 3000}", ""),
        ("?since=2027-03-05&until=2027-03-01&flight=EV1", ""),
    ],
)
def test_a_mangled_search_gives_a_page_that_says_what_it_left_out(
    desk: Desk, admin: Client, query: str, remark: str
) -> None:
    desk.call(desk.connect())
    answer = admin.get(f"/addons/calls{query}")
    assert answer.status_code == 200
    assert remark in answer.content.decode()


SENT = {
    "lift": {"aircraftTail": "N14923"},
    "activities": [
        {
            "id": "f-1",
            "startAirport": {"icao": "KEWR"},
            "endAirport": {"icao": "KJAX"},
            "note": "a first one of some length",
        },
        {
            "id": "f-2",
            "startAirport": {"icao": "KJAX"},
            "endAirport": {"icao": "KXXX"},
            "note": "a second one of length",
        },
    ],
}


@pytest.mark.req("HUB-14")
def test_one_call_shows_request_and_answer_and_marks_what_was_wrong(desk: Desk, admin: Client) -> None:
    facts = desk.connect()
    flight = desk.flight()
    error = said("Airport KXXX is unknown.", about=f"flight:{flight.id}", field="endAirport")
    call = desk.call(
        facts, 0, body=json.dumps(SENT).encode(), parts=(("flight:1", "EV1"), (f"flight:{flight.id}", "EV2 KJAX–KXXX")),
        outcome="accepted_with_errors", messages=(error,), response_body=b'{"meta":{"errors":[{"code":7}]}}',
        request_headers={"X-Product": "Airstair", "Authorization": "(hidden)"}, response_headers={"date": "today"},
    )  # fmt: skip
    html = admin.get(f"/addons/calls/{call.id}").content.decode()
    for part in ("PUT https://sky.example/api/schedules", "84 ms", "Accepted with errors", "X-Product", "(hidden)"):
        assert part in html
    assert f'<a href="/ops/flights/{flight.id}">EV2 KJAX–KXXX</a>' in html
    marked = "".join(re.findall(r'<mark class="hl[^"]*"[^>]*>(.*?)</mark>', html, re.DOTALL))
    assert "f-2" in marked and "f-1" not in marked
    wrong = re.findall(r'<mark class="hl wrong"[^>]*>(.*?)</mark>', html, re.DOTALL)
    assert len(wrong) == 1 and "KXXX" in wrong[0] and "endAirport" in wrong[0] and "startAirport" not in wrong[0]
    assert 'id="part-1"' in html and 'href="#part-1"' in html
    assert "&quot;code&quot;: 7" in html


@pytest.mark.req("HUB-14")
def test_secrets_are_not_in_the_history(desk: Desk, admin: Client) -> None:
    facts = desk.connect(api_key="zx-81-very-secret")
    call = desk.call(facts, request_headers={"Authorization": "(hidden)"})
    assert "zx-81" not in admin.get(f"/addons/calls/{call.id}").content.decode()


def test_the_calls_before_and_after_of_the_same_aircraft_are_one_step_away(desk: Desk, admin: Client) -> None:
    facts = desk.connect()
    hours = (0, 1, 2, 30)
    calls = [desk.call(facts, 0, **{"units": [f"aircraft:{desk.aircraft[0].id}"]}) for _ in hours]
    for call, hour in zip(calls, hours, strict=True):
        type(call).objects.filter(operator_id=desk.id, id=call.id).update(at=NOW + timedelta(hours=hour))
    desk.call(facts, 1)
    for number, call in enumerate(calls):
        html = admin.get(f"/addons/calls/{call.id}").content.decode()
        earlier = re.search(r'rel="prev"[^>]*href="/addons/calls/([0-9]+)"', html)
        later = re.search(r'rel="next"[^>]*href="/addons/calls/([0-9]+)"', html)
        assert (int(earlier[1]) if earlier else None) == (calls[number - 1].id if number else None)
        assert (int(later[1]) if later else None) == (calls[number + 1].id if number < 3 else None)


def test_bodies_can_be_saved_byte_by_byte(desk: Desk, admin: Client) -> None:
    facts = desk.connect()
    call = desk.call(facts, body=b'{ "a":1 }', response_body=b"<html><script>alert(1)</script>\xff\x00")
    sent = admin.get(f"/addons/calls/{call.id}/request")
    assert (sent.content, sent["Content-Type"]) == (b'{ "a":1 }', "application/json")
    got = admin.get(f"/addons/calls/{call.id}/response")
    assert got.content.startswith(b"<html>") and got["Content-Type"] == "application/octet-stream"
    assert got["Content-Disposition"].startswith("attachment") and got["X-Content-Type-Options"] == "nosniff"
    assert "<script>alert(1)" not in admin.get(f"/addons/calls/{call.id}").content.decode()
    assert admin.get(f"/addons/calls/{call.id}/elsewhere").status_code == 404


@pytest.mark.parametrize("body", [b"", b"{", b"\x00\xff\xfe", b"[" * 100_000, b'"\\ud800"', b"9" * 400_000, b"NaN"])
def test_any_body_gives_a_page(desk: Desk, admin: Client, body: bytes) -> None:
    call = desk.call(desk.connect(), body=b"[]", response_body=body)
    assert admin.get(f"/addons/calls/{call.id}").status_code == 200


@pytest.mark.parametrize("outcome", list(OutcomeKind))
def test_every_outcome_has_a_page(desk: Desk, admin: Client, outcome: OutcomeKind) -> None:
    call = desk.call(desk.connect(), outcome=outcome.value, http_status=None, failure="Nobody answered.")
    html = admin.get(f"/addons/calls/{call.id}").content.decode()
    assert outcome.label in html.lower() and "no answer" in html


def test_calls_need_their_right_and_are_the_operators_own(desk: Desk, other_desk: Desk, admin: Client) -> None:
    theirs = other_desk.call(other_desk.connect(), body=b"{}")
    mine = desk.call(desk.connect())
    assert _found(admin) == [mine.id]
    for path in ("", "/request", "/response"):
        assert admin.get(f"/addons/calls/{theirs.id}{path}").status_code == 404
    reader = desk.client(Role.READ_ONLY)
    for path in ("", f"/{mine.id}", f"/{mine.id}/request"):
        assert reader.get(f"/addons/calls{path}").status_code == 403
    for path in ("/0", "/-1", "/abc", f"/{'9' * 30}"):
        assert admin.get(f"/addons/calls{path}").status_code == 404


def test_an_owner_who_may_see_calls_sees_those_of_the_own_aircraft(desk: Desk) -> None:
    facts = desk.connect()
    own, other = desk.call(facts, 1), desk.call(facts, 0)
    owner = desk.client(Role.AIRCRAFT_OWNER, aircraft_ids=(desk.aircraft[1].id,), granted=("calls.view",))
    assert _found(owner) == [own.id]
    assert owner.get(f"/addons/calls/{own.id}").status_code == 200
    assert owner.get(f"/addons/calls/{other.id}").status_code == 404
