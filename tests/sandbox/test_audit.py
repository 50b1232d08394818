"""The audit: what the marketplace's people would object to, counted and with evidence."""

from __future__ import annotations

import contextlib
from datetime import timedelta
from typing import Any

import aiohttp
import pytest

from airstair.addons.avinode.sandbox.checks import RULES


def counts(partner: Any) -> dict[str, int]:
    """Rules broken, by name; the information about regulations aside."""
    return {r["rule"]: r["count"] for r in partner.audit()["rules"] if r["count"] and r["severity"] != "information"}


@pytest.fixture
def past(activity: Any) -> Any:
    return activity("past", "PAX", "KTEB", "KBOS", -5, -4)


@pytest.mark.req("AVI-46")
@pytest.mark.parametrize(
    ("gap", "objected"), [(timedelta(minutes=5), False), (timedelta(minutes=4, seconds=58), True), (timedelta(), True)]
)
async def test_two_calls_within_five_minutes_fail_the_check(
    client: Any, avinode: Any, clock: Any, past: Any, gap: timedelta, objected: bool
) -> None:
    await client.put("N1", past)
    clock.advance(gap)
    await client.put("N2", past)
    await client.put("N-1", past)
    report = avinode.audit()
    assert report["ok"] is not objected
    assert counts(avinode) == ({"interval-under-five-minutes": 1} if objected else {})
    assert {tail: trail["calls"] for tail, trail in report["aircraft"].items()} == {"N1": 2, "N2": 1}
    assert report["calls"]["total"] == 3 and report["calls"]["accepted"] == 3
    assert report["aircraft"]["N1"]["longest_gap_seconds"] == gap.total_seconds()
    if objected:
        rule = next(rule for rule in report["rules"] if rule["count"])
        assert rule["evidence"][0]["aircraft"] == "N-1"
        assert rule["evidence"][0]["seq"] == avinode.calls()[-1].seq


@pytest.mark.req("AVI-46")
@pytest.mark.parametrize(
    "fault",
    ["status", "drop_before", "drop_after", "html", "half_body", "malformed_json", "rate_limit", "expired_credentials"],
)
async def test_a_repeated_failure_is_a_retry(client: Any, avinode: Any, clock: Any, past: Any, fault: str) -> None:
    avinode.faults.add(fault, count=1, **({"status": 503} if fault == "status" else {}))
    with contextlib.suppress(aiohttp.ClientError):
        await client.put("N1", past)
    clock.advance(timedelta(minutes=4))
    await client.put("N1", past)
    assert counts(avinode) == {"interval-under-five-minutes": 1, "retry-after-failure": 1}
    clock.advance(timedelta(minutes=5))
    await client.put("N1", past)
    assert counts(avinode)["retry-after-failure"] == 1
    trail = avinode.audit()["aircraft"]["N1"]
    assert (trail["calls"], trail["failed"], trail["last_status"]) == (3, 1, 200)


async def test_a_clean_client_is_found_clean(
    client: Any, avinode: Any, clock: Any, activity: Any, mapped: None
) -> None:
    schedule = [
        activity("1", "PAX", "KTEB", "KBOS", -30 * 24, -30 * 24 + 1, flightRegulations="PART_135", paxCount=4),
        activity(
            "2", "EMPTY", "KBOS", "KTEB", 5, 6, marketingStartDateTime="2027-05-11T10:00Z", marketingVerified=True
        ),
        activity("3", "EMPTY", "KTEB", "KBOS", 50, 51, marketingVerified=False, price=0),
        activity("4", "MX", "KBOS", "KBOS", 60, 70, externalTripId=""),
        activity("5", "OPTION", "KBOS", "KMIA", 80, 82, externalTripId="", paxCount=2),
    ]
    for _ in range(3):
        await client.put("N1", *schedule)
        clock.advance(timedelta(minutes=5))
    report = avinode.audit()
    assert counts(avinode) == {} and report["ok"]
    assert [rule["rule"] for rule in report["rules"]] == list(RULES)
    trail = report["aircraft"]["N1"]
    assert (trail["empty_legs"], trail["verified_empty_legs"], trail["with_regulations"]) == (2, 1, 1)
    assert trail["products"] == ["SkyDesk/4.2"] and trail["callers"] == ["demo"]
    information = next(rule for rule in report["rules"] if rule["rule"] == "regulations-missing")
    assert information["count"] == 4 and information["severity"] == "information"


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"startDateTime": "2027-04-09T06:00Z", "endDateTime": "2027-04-09T07:00Z"}, "activity-older-than-a-month"),
        ({"startDateTime": "2027-05-11T12:00+02:00"}, "times-not-utc"),
        ({"startDateTime": "2027-05-11T10:00:00"}, "times-not-utc"),
        ({"activityType": "EMPTY", "marketingStartDateTime": "2027-05-11T12:00+02:00"}, "times-not-utc"),
        ({"externalTripId": ""}, "external-trip-id-missing"),
        ({"externalTripId": None, "activityType": "NEW", "paxCount": 3}, "external-trip-id-missing"),
        ({"externalTripId": None, "activityType": "FERRY"}, "external-trip-id-missing-on-empty-flight"),
        ({"marketingVerified": True}, "marketing-on-other-activity"),
        ({"marketingMessage": "cheap"}, "marketing-on-other-activity"),
        ({"price": 5}, "marketing-on-other-activity"),
        ({"marketingEndDateTime": "2027-05-11T12:00Z"}, "marketing-on-other-activity"),
        ({"activityId": ""}, "activity-id-missing"),
        ({"activityId": "past"}, "activity-id-missing"),
        (
            {
                "activityType": "EMPTY",
                "marketingStartDateTime": "2027-05-11T12:00Z",
                "marketingEndDateTime": "2027-05-16T12:01Z",
            },
            "marketing-window-over-five-days",
        ),
    ],
)
async def test_each_objection_to_a_document(
    client: Any, avinode: Any, past: Any, activity: Any, mapped: None, change: dict[str, Any], rule: str
) -> None:
    await client.put("N1", past, activity("1", "PAX", "KBOS", "KTEB", 1, 2, **change))
    assert counts(avinode) == {rule: 1}
    found = next(found for found in avinode.audit()["rules"] if found["rule"] == rule)
    assert found["evidence"][0]["text"] and found["source"].startswith("documented")
    assert avinode.audit()["ok"] is (found["severity"] != "violation")


async def test_a_document_without_an_ended_activity(client: Any, avinode: Any, activity: Any) -> None:
    await client.put("N1", activity("1", "PAX", "KTEB", "KBOS", 1, 2))
    await client.put("N2")
    assert counts(avinode) == {"no-ended-activity": 2}


async def test_an_empty_leg_is_known_by_its_name_while_nothing_is_mapped(
    client: Any, avinode: Any, past: Any, activity: Any
) -> None:
    await client.put("N1", past, activity("1", "EMPTY LEG", "KBOS", "KTEB", 1, 2, marketingVerified=True))
    assert counts(avinode) == {}


async def test_a_changed_activity_id_is_noticed(
    client: Any, avinode: Any, clock: Any, past: Any, activity: Any
) -> None:
    await client.put("N1", past, activity("a", "PAX", "KBOS", "KTEB", 1, 2))
    clock.advance(timedelta(minutes=5))
    await client.put(
        "N1", past, activity("a", "PAX", "KBOS", "KTEB", 1.5, 2.5), activity("b", "PAX", "KTEB", "KBOS", 5, 6)
    )
    assert counts(avinode) == {}, "a moved activity keeps its id, a new one has a new one"
    clock.advance(timedelta(minutes=5))
    await client.put(
        "N1", past, activity("c", "PAX", "KBOS", "KTEB", 1.5, 2.5), activity("b", "PAX", "KTEB", "KBOS", 5, 6)
    )
    assert counts(avinode) == {"activity-id-changed": 1}
    assert "a came back as c" in str(avinode.audit()["rules"])


async def test_all_verified_is_suspicious(client: Any, avinode: Any, past: Any, activity: Any, mapped: None) -> None:
    legs = [activity(str(n), "EMPTY", "KBOS", "KTEB", n, n + 0.5, marketingVerified=True) for n in (1, 2)]
    await client.put("N1", past, legs[0])
    assert counts(avinode) == {}, "one leg proves nothing"
    await client.put("N2", past, legs[1])
    assert counts(avinode) == {"all-empty-legs-verified": 1}
    await client.put("N3", past, {**legs[1], "marketingVerified": False})
    assert counts(avinode) == {}


async def test_a_missing_product_header_is_recorded(client: Any, avinode: Any, past: Any) -> None:
    await client.put("N1", past, **{"X-Avinode-Product": None})
    assert counts(avinode) == {"product-header-missing": 1}


async def test_calls_without_a_readable_aircraft_are_counted_apart(client: Any, avinode: Any) -> None:
    await client.call("PUT", "/schedules", b"{")
    await client.call("PUT", "/schedules", b"{")
    report = avinode.audit()
    assert report["calls"]["failed"] == 2 and list(report["aircraft"]) == ["(no registration)"]
    assert counts(avinode) == {}


async def test_evidence_is_bounded_and_a_new_audit_begins_empty(client: Any, avinode: Any, past: Any) -> None:
    for _ in range(30):
        await client.put("N1", past)
    rule = next(rule for rule in avinode.audit()["rules"] if rule["rule"] == "interval-under-five-minutes")
    assert rule["count"] == 29 and len(rule["evidence"]) == 5
    assert (rule["evidence"][0]["seq"], rule["evidence"][-1]["seq"]) == (2, 30)
    avinode.act("clear-audit", {})
    assert avinode.audit()["ok"] and avinode.audit()["calls"]["total"] == 0
    await client.put("N1", past)
    assert counts(avinode) == {}, "the interval before the new audit does not count"
