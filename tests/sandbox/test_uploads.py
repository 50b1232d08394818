"""PUT /schedules: what is accepted, what is refused and how, and what the marketplace then holds."""

from __future__ import annotations

import gzip
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airstair.addons.avinode.sandbox import PARTNER
from airstair.addons.avinode.sandbox import documents as documents
from airstair.addons.avinode.sandbox.documents import read_time
from airstair.addons.avinode.sandbox.model import FLIGHT_OCCUPIED
from airstair.kernel.clock import ManualClock
from airstair.sandbox.partner import Call


@pytest.mark.req("AVI-40")
async def test_an_upload_replaces_the_whole_schedule(client: Any, activity: Any) -> None:
    first, second, third = (activity(str(n), "PAX", "KTEB", "KBOS", n, n + 0.5) for n in (1, 2, 3))
    assert (await client.put("N1", first, second)).errors == []
    assert (await client.put("N2", first)).status == 200
    assert (await client.put("N1", second, third)).errors == []
    assert [held["activityId"] for held in client.held("N1")["activities"]] == ["2", "3"]
    assert [held["activityId"] for held in client.held("N2")["activities"]] == ["1"]
    assert (await client.put("N1")).status == 200
    assert client.held("N1")["activities"] == []


async def test_the_same_upload_twice_leaves_the_same(client: Any, activity: Any) -> None:
    await client.put("N1", activity("1", "PAX", "KTEB", "KBOS", 1, 2))
    before = client.held("N1")["activities"]
    await client.put("n-1", activity("1", "PAX", "KTEB", "KBOS", 1, 2))
    assert client.held("N1")["activities"] == before


async def test_everything_documented_is_kept(client: Any, activity: Any) -> None:
    service = {
        "serviceProviderId": "H-17",
        "serviceProviderName": "Farn Handling",
        "airport": {"icao": "KBOS"},
        "serviceType": "HANDLING",
        "serviceFor": "ALL",
        "dataSource": "PROPRIETARY",
    }
    sent = activity("f-1", "EMPTY LEG", "KTEB", "KBOS", 3, 4)
    sent |= {
        "tripId": "asellerlift-5",
        "flightNumber": "KXA51P",
        "note": "n",
        "price": 7400.5,
        "currency": "EUR",
        "flightRegulations": "PART_135",
        "flightRegulationsDescription": "d",
        "marketingStartDateTime": "2027-05-11T10:00Z",
        "marketingEndDateTime": "2027-05-11T12:00Z",
        "marketingVerified": True,
        "marketingMessage": "One way",
        "services": [service],
    }
    assert (await client.put("N1", sent)).errors == []
    held = client.held("N1")["activities"][0]
    assert held.pop("interpretation") == "Occupied"
    assert held == sent


@pytest.mark.req("SBX-01")
@pytest.mark.parametrize(
    ("change", "status", "code", "path"),
    [
        ({"activityType": ""}, 400, "ERR_INPUT_MISSING", "activities[1].activityType"),
        ({"activityType": ...}, 400, "ERR_INPUT_MISSING", "activities[1].activityType"),
        ({"activityType": 7}, 400, "ERR_INPUT_GENERIC_INVALID", "activities[1].activityType"),
        ({"activityType": "x" * 21}, 400, "ERR_INPUT_GENERIC_INVALID", "activities[1].activityType"),
        ({"startDateTime": ...}, 400, "ERR_INPUT_MISSING", "activities[1].startDateTime"),
        ({"endDateTime": None}, 400, "ERR_INPUT_MISSING", "activities[1].endDateTime"),
        ({"startDateTime": "2027-05-32T06:00Z"}, 400, "ERR_INPUT_GENERIC_INVALID", "activities[1].startDateTime"),
        ({"startDateTime": "2027-05-11"}, 400, "ERR_INPUT_GENERIC_INVALID", "activities[1].startDateTime"),
        ({"endDateTime": 1809000000}, 400, "ERR_INPUT_GENERIC_INVALID", "activities[1].endDateTime"),
        ({"endDateTime": "2027-05-11T08:59Z"}, 422, "ERR_INPUT_GENERIC_INVALID", "activities[1].endDateTime"),
        ({"paxCount": -1}, 400, "ERR_INPUT_GENERIC_INVALID", "activities[1].paxCount"),
        ({"paxCount": 1.5}, 400, "ERR_INPUT_GENERIC_INVALID", "activities[1].paxCount"),
        ({"paxCount": True}, 400, "ERR_INPUT_GENERIC_INVALID", "activities[1].paxCount"),
        ({"price": "cheap"}, 400, "ERR_INPUT_GENERIC_INVALID", "activities[1].price"),
        ({"currency": "EURO"}, 400, "ERR_INPUT_GENERIC_INVALID", "activities[1].currency"),
        ({"marketingVerified": "maybe"}, 400, "ERR_INPUT_GENERIC_INVALID", "activities[1].marketingVerified"),
        ({"marketingStartDateTime": "x"}, 400, "ERR_INPUT_GENERIC_INVALID", "activities[1].marketingStartDateTime"),
        ({"activityId": ["1"]}, 400, "ERR_INPUT_GENERIC_INVALID", "activities[1].activityId"),
        ({"activityId": "x" * 65}, 400, "ERR_INPUT_GENERIC_INVALID", "activities[1].activityId"),
        ({"services": {}}, 400, "ERR_INPUT_GENERIC_INVALID", "activities[1].services"),
        ({"services": ["fbo"]}, 400, "ERR_INPUT_GENERIC_INVALID", "activities[1].services[0]"),
    ],
)
async def test_what_is_wrong_in_an_activity_is_refused_whole(
    client: Any, activity: Any, change: dict[str, Any], status: int, code: str, path: str
) -> None:
    good = activity("1", "PAX", "KTEB", "KBOS", -5, -4)
    await client.put("N1", good)
    reply = await client.put("N1", good, activity("2", "PAX", "KTEB", "KBOS", 0, 1, **change))
    assert (reply.status, reply.codes, reply.errors[0]["path"]) == (status, [code], path)
    assert [held["activityId"] for held in client.held("N1")["activities"]] == ["1"]


async def test_one_answer_names_everything_that_is_wrong(client: Any, activity: Any) -> None:
    reply = await client.put(
        "N1",
        activity("1", "", "KTEB", "KBOS", 0, 1, price="x"),
        activity("2", "PAX", "KTEB", "KBOS", 1, 0),
        activity("3", "PAX", "KTEB", "KBOS", 0, 1, paxCount=-1),
    )
    assert reply.status == 400
    assert [error["path"] for error in reply.errors] == [
        "activities[0].activityType",
        "activities[0].price",
        "activities[2].paxCount",
    ]


@pytest.mark.req("SBX-01")
@pytest.mark.parametrize(
    ("body", "status", "code", "path"),
    [
        (b"", 400, "ERR_INPUT_MISSING", None),
        (b"{", 400, "ERR_INPUT_GENERIC_INVALID", None),
        (b"[]", 400, "ERR_INPUT_GENERIC_INVALID", None),
        (b"\xff\xfe{}", 400, "ERR_INPUT_GENERIC_INVALID", None),
        (b"[" * 100_000, 400, "ERR_INPUT_GENERIC_INVALID", None),
        (b"{}", 400, "ERR_INPUT_MISSING", "lift.aircraftTail"),
        (b'{"lift": {}}', 400, "ERR_INPUT_MISSING", "lift.aircraftTail"),
        (b'{"lift": {"aircraftTail": " "}}', 400, "ERR_INPUT_MISSING", "lift.aircraftTail"),
        (b'{"lift": {"aircraftTail": 5}}', 400, "ERR_INPUT_GENERIC_INVALID", "lift.aircraftTail"),
        (b'{"lift": {"aircraftTail": "<b>"}}', 400, "ERR_INPUT_GENERIC_INVALID", "lift.aircraftTail"),
        (b'{"lift": {"aircraftTail": "N1"}, "activities": {}}', 400, "ERR_INPUT_GENERIC_INVALID", "activities"),
        (b'{"lift": {"aircraftTail": "N1"}, "activities": [1]}', 400, "ERR_INPUT_GENERIC_INVALID", "activities[0]"),
        (b'{"lift": {"aircraftTail": "N1"}, "deltas": true}', 501, "NOT_IMPLEMENTED", "deltas"),
    ],
)
async def test_bodies_that_are_no_schedule(client: Any, body: bytes, status: int, code: str, path: str | None) -> None:
    reply = await client.call("PUT", "/schedules", body)
    assert (reply.status, reply.codes, reply.errors[0].get("path")) == (status, [code], path)


@pytest.mark.parametrize(
    "change",
    [
        {"startDateTime": "2027-05-11T10:00:00Z", "endDateTime": "2027-05-11T11:00:00.000Z"},
        {"startDateTime": "2027-05-11T12:00+02:00", "endDateTime": "2027-05-11T11:00+0000"},
        {"startDateTime": "2027-05-11 10:00", "endDateTime": "2027-05-11T11:00z"},
        {"startAirport": {"iata": "teb"}, "endAirport": {"faa": "BOS"}},
        {"startAirport": {"icao": None, "iata": "TEB"}, "endAirport": {"ICAO": "kbos"}},
        {"startAirport": "KTEB", "endAirport": "BOS"},
        {"activityId": 1, "externalTripId": 4471, "tripId": None},
        {"paxCount": "0", "price": "12.5", "marketingVerified": "true", "currency": "usd"},
        {"paxCount": None, "price": None, "note": None, "services": None, "marketingStartDateTime": ""},
        {"somethingNew": {"deep": [1]}, "x-y": 1},
    ],
)
async def test_other_clients_ways_of_writing_are_understood(client: Any, activity: Any, change: dict[str, Any]) -> None:
    reply = await client.put("N1", activity("1", "PAX", "KTEB", "KBOS", 1, 2, **change))
    assert (reply.status, reply.errors) == (200, [])
    held = client.held("N1")["activities"][0]
    assert (held["activityId"], held["startDateTime"], held["endDateTime"]) == (
        "1",
        "2027-05-11T10:00Z",
        "2027-05-11T11:00Z",
    )
    assert (held["startAirport"], held["endAirport"]) == ({"icao": "KTEB"}, {"icao": "KBOS"})


async def test_other_envelopes_are_understood(client: Any, activity: Any) -> None:
    flight = activity("1", "PAX", "KTEB", "KBOS", 1, 2)
    bare = {"lift": "sp-kxa", "activities": [flight], "deltas": False, "version": 3}
    assert (await client.call("PUT", "/schedules", bare)).status == 200
    assert client.held("SP-KXA")["uploads"] == 1
    with_mark = b"\xef\xbb\xbf" + json.dumps(bare).encode()
    assert (await client.call("PUT", "/schedules/", with_mark)).status == 200
    packed = gzip.compress(json.dumps({"lift": {"aircraftTail": "SPKXA"}}).encode())
    assert (await client.call("PUT", "/schedules", packed, **{"Content-Encoding": "gzip"})).status == 200
    assert client.held("SP-KXA")["uploads"] == 3 and client.held("SP-KXA")["activities"] == []


async def test_a_body_that_only_claims_to_be_packed(client: Any) -> None:
    reply = await client.call("PUT", "/schedules", b"{}", **{"Content-Encoding": "gzip"})
    assert reply.status == 400


@pytest.mark.req("AVI-43")
async def test_invalid_airports_become_the_home_base(client: Any, avinode: Any, activity: Any) -> None:
    avinode.act("set-aircraft", {"tail": "SBX-7001", "home_base": "EWR"})
    reply = await client.put(
        "SBX-7001",
        activity("f-1", "PAX", "KTEB", "KBOS", 1, 2),
        activity("f-2", "PAX", "QQQQ", "KBOS", 3, 4),
        activity("f-3", "PAX", "KBOS", "KTEB", 5, 6, startAirport={"iata": "KBOS"}, endAirport=...),
    )
    assert reply.status == 200
    assert [(error["code"], error["path"]) for error in reply.errors] == [
        ("START_AIRPORT_INVALID", "activities[1].startAirport"),
        ("START_AIRPORT_INVALID", "activities[2].startAirport"),
        ("END_AIRPORT_INVALID", "activities[2].endAirport"),
    ]
    assert "QQQQ" in reply.errors[0]["title"] and "f-2" in reply.errors[0]["title"]
    assert reply.errors[0]["title"].startswith("Invalid start airport")
    assert reply.errors[2]["title"].startswith("Invalid end airport")
    stored = [(a["startAirport"]["icao"], a["endAirport"]["icao"]) for a in client.held("SBX-7001")["activities"]]
    assert stored == [("KTEB", "KBOS"), ("KEWR", "KBOS"), ("KEWR", "KEWR")]


async def test_overlaps_and_breaks_are_accepted_without_a_word(client: Any, activity: Any) -> None:
    flights = [activity("1", "PAX", "KTEB", "KBOS", 1, 3), activity("2", "PAX", "KMIA", "KTEB", 2, 4)]
    reply = await client.put("N1", *flights)
    assert reply.json == {"meta": {"errors": [], "warnings": [], "infos": []}, "data": {}}


@pytest.mark.parametrize(
    ("written", "read", "is_utc"),
    [
        ("2027-05-11T06:00Z", "2027-05-11T06:00:00+00:00", True),
        ("2027-05-11T06:00:30.25Z", "2027-05-11T06:00:30.250000+00:00", True),
        ("2027-05-11T06:00+00:00", "2027-05-11T06:00:00+00:00", True),
        ("2027-05-11T06:00-0430", "2027-05-11T10:30:00+00:00", False),
        ("2027-05-11T06:00", "2027-05-11T06:00:00+00:00", False),
        ("2027-05-11T24:00Z", None, None),
        ("0001-01-01T00:00+14:00", None, None),
        ("2027-05-11T06:00+99:00", None, None),
        ("٢٠٢٧-05-11T06:00Z", None, None),
        ("2207-05-11T06:00Z", None, None),
        ("", None, None),
        (None, None, None),
    ],
)
def test_times(written: object, read: str | None, is_utc: bool | None) -> None:
    found = read_time(written)
    assert (found and found.at.isoformat(), found and found.is_utc) == (read, is_utc)


LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=25),
    st.sampled_from(["KTEB", "2027-05-11T06:00Z", "0001-01-01T00:00Z", "9999-12-31T23:59Z", "PAX", "\ud800", "\x00"]),
)
ANYTHING = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["icao", "iata", "x"]), inner, max_size=3)
    ),
    max_leaves=5,
)
PROPERTIES = [*sorted(documents.KNOWN), "surprise"]
FLIGHT = st.fixed_dictionaries(
    {
        "activityType": st.sampled_from(["PAX", "EMPTY", "FERRY", "OPTION"]),
        "startDateTime": st.sampled_from(["1970-01-01T00:00Z", "2027-05-11T06:00-12:00", "2027-05-11T09:00Z"]),
        "endDateTime": st.sampled_from(["2027-05-11T20:00+14:00", "2027-05-12T09:00Z", "2199-12-31T23:59Z"]),
        "startAirport": st.sampled_from(["KTEB", "QQQQ", {"iata": "WAW"}]),
        "endAirport": st.sampled_from(["KBOS", None, {"faa": "TEB"}]),
    },
    optional={
        "marketingStartDateTime": st.sampled_from(["1970-01-01T00:00Z", "2027-05-11T06:00Z"]),
        "marketingEndDateTime": st.sampled_from(["2199-12-31T23:59Z", "2027-05-11T07:00Z"]),
        "marketingVerified": st.booleans(),
        "price": st.floats(0, 1e308),
        "activityId": st.sampled_from(["1", 1, ""]),
        "note": st.text(max_size=5),
    },
)
ACTIVITY = FLIGHT | st.dictionaries(st.sampled_from(PROPERTIES), ANYTHING, max_size=12) | ANYTHING


@pytest.mark.req("SBX-01")
@given(
    st.lists(FLIGHT, max_size=5) | st.lists(ACTIVITY, max_size=4) | ANYTHING,
    st.just({"aircraftTail": "N1"}) | ANYTHING,
)
def test_no_document_breaks_it(activities: Any, lift: Any) -> None:
    clock = ManualClock(datetime(2027, 5, 11, 9, 0, tzinfo=UTC))
    imitation = PARTNER.start(clock)
    for kind, equivalent in (
        ("EMPTY", "Empty Leg Availability"),
        ("FERRY", "Ferry Availability"),
        ("PAX", FLIGHT_OCCUPIED),
    ):
        imitation.act("set-mapping", {"type": kind, "equivalent": equivalent})
    known = imitation.credentials()
    headers = {
        "x-avinode-apitoken": known["api_token"],
        "authorization": f"Bearer {known['authorization_key']}",
        "x-avinode-senttimestamp": "2027-05-11T09:00Z",
    }
    body = json.dumps({"lift": lift, "activities": activities}).encode()
    call = Call(clock.now(), "PUT", "/api/schedules", {}, headers, body)
    imitation.aircraft_of(call)
    answer = imitation.answer(call)
    assert answer.status in (200, 400, 403, 422)
    errors = json.loads(answer.body)["meta"]["errors"]
    assert all(error["title"] and error["code"] for error in errors)
    assert errors or answer.status == 200
    json.dumps(imitation.state())
    for path in ("", "aircraft/N1", "mapping", "emptylegs"):
        page = imitation.page(path, lambda tail: [])
        assert page is None or page.body
