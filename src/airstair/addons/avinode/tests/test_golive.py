"""The checklist: all of it passes on good evidence, and each item fails on evidence that is bad for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from airstair.addons.avinode import client
from airstair.addons.avinode.addon import ADDON
from airstair.addons.avinode.golive.schedules import Schedules
from airstair.addons.avinode.sandbox.checks import RULES
from airstair.addons.avinode.settings import AvinodeSettings
from airstair.addons.avinode.tests.evidence import (
    MINUTE,
    OFFER,
    SERVICE,
    SETTINGS,
    call,
    connection,
    evidence,
    item,
    items_of,
    line,
    silent,
)
from airstair.addons.avinode.tests.schedules import DAY, FLOW, HOUR, NOW, event, flight, mapped, past, schedule
from airstair.hub.connections.queries import LiveConnection
from airstair.hub.flows import Backoff
from airstair.hub.golive.received import ReceivedCall
from airstair.hub.verdicts import Verdict
from airstair.kernel.outcome import OutcomeKind, PartnerMessage
from airstair.records.flights.rules import FlightType, Status
from airstair.records.flights.snapshots import Activity, ActualTimes, EmptyLegOffer

pytestmark = pytest.mark.req("AVI-50")


def with_flow(**changed: Any) -> LiveConnection:
    """Of an add-on whose flow says something else."""
    return connection(SETTINGS, addon=replace(ADDON, flows=(replace(FLOW, **changed),)))


def edited(change: Callable[[dict[str, Any]], Any], *, id: str = "f-2", minutes_ago: float = 1) -> ReceivedCall:
    """The latest call, with one activity changed on its way."""
    body = msgspec.json.decode(call(minutes_ago).body)
    change(next(a for a in body["activities"] if a["activityId"] == id))
    return call(minutes_ago, body=msgspec.json.encode(body).decode())


def without(*names: str) -> Callable[[dict[str, Any]], None]:
    return lambda activity: [activity.pop(name, None) for name in names] and None


def set_to(**fields: Any) -> Callable[[dict[str, Any]], None]:
    return lambda activity: activity.update(fields)


def latest(one: ReceivedCall) -> Schedules:
    return evidence(call(16), call(11), call(6), one)


def test_good_evidence_passes_and_people_confirm_the_rest() -> None:
    items = items_of(evidence())

    assert {one.number for one in items if one.verdict is Verdict.PERSON} == {1, 16}
    assert [(one.number, one.evidence) for one in items if one.verdict is Verdict.FAIL] == []
    assert all(one.evidence and one.title for one in items)


def test_without_any_call_nothing_that_calls_show_passes() -> None:
    items = items_of(silent())

    failed = {one.number for one in items if one.verdict is Verdict.FAIL}
    assert failed == {2, 3, 4, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 18, 20}


def body_of(*activities: dict[str, Any]) -> str:
    return msgspec.json.encode({"lift": {"aircraftTail": "SP-KXA"}, "activities": list(activities)}).decode()


def plain(id: str, start: str, end: str, **more: Any) -> dict[str, Any]:
    return {"activityId": id, "activityType": "PAX FLIGHT", "startDateTime": start, "endDateTime": end, **more}


ELDERLY = plain("f-9", "2027-02-15T06:00Z", "2027-02-15T08:00Z", externalTripId="T-1")
RECENT = plain("f-8", "2027-03-13T06:00Z", "2027-03-13T08:00Z", externalTripId="T-1")
COMING = plain("f-7", "2027-03-20T06:00Z", "2027-03-20T08:00Z", externalTripId="T-1")
ITS_OWN = connection(msgspec.structs.replace(SETTINGS, authorization_key="aircraft-key-WXYZ"), id=2)
SHARED = connection(SETTINGS, aircraft={})
AIRPORT_ERROR = '{"meta":{"errors":[{"title":"Invalid start airport","code":"X"}]},"data":{}}'


@pytest.mark.parametrize(
    ("number", "given", "words"),
    [
        (2, latest(call(1, body=body_of(ELDERLY, RECENT))), "f-9"),
        (2, latest(call(1, body="{")), "no readable schedule"),
        (3, latest(call(1, body=body_of(COMING))), "activities ends in the past"),
        (3, latest(call(1, body=body_of())), "activities ends in the past"),
        (4, evidence(call(6), call(1)), "2 times"),
        (4, evidence(call(30), call(11), call(6), call(1)), "was not sent for 19 minutes"),
        (4, evidence(call(60), call(55), call(50)), "was not sent for 50 minutes"),
        (4, evidence(settings=msgspec.structs.replace(SETTINGS, export_automatically=False)), "Switch on"),
        (4, evidence(one=connection(SETTINGS, aircraft={})), "No aircraft"),
        (5, evidence(call(16), call(11), call(3), call(1)), "120 s after"),
        (5, evidence(one=with_flow(floor=None)), "allows two calls"),
        (5, evidence(settings=AvinodeSettings(interval_minutes=4)), "4 minutes"),
        (17, evidence(one=with_flow(retry=Backoff())), "repeats failed calls"),
        (6, latest(edited(set_to(activityId="f-99"))), "f-2 came back as f-99"),
        (6, latest(edited(set_to(activityId=""))), "id is missing"),
        (6, latest(edited(set_to(activityId="f-3"))), "is used twice"),
        (7, latest(edited(set_to(startDateTime="2027-03-15T10:12"))), "startDateTime"),
        (7, latest(edited(set_to(endDateTime="2027-03-15T13:12+01:00"))), "endDateTime"),
        (7, latest(edited(set_to(marketingEndDateTime="tomorrow"), id="f-3")), "marketingEndDateTime"),
        (8, latest(edited(set_to(startDateTime="2027-03-15T10:22Z"))), "it is “2027-03-15T10:12Z”"),
        (8, latest(edited(set_to(startDateTime="2027-03-13T09:12Z"), id="f-1")), "it is “2027-03-13T09:19Z”"),
        (9, latest(edited(without("externalTripId"))), "f-2"),
        (9, latest(edited(set_to(externalTripId="T-9"))), "T-9"),
        (10, latest(edited(without("tripId"))), "arfq-7"),
        (10, latest(edited(set_to(tripId="arfq-77"))), "arfq-77"),
        (11, latest(edited(without("services"))), "services is left out"),
        (11, latest(edited(set_to(services=[{"serviceType": "FUEL"}]))), "lacks airport, dataSource, serviceFor"),
        (11, evidence(settings=AvinodeSettings()), "it is left out"),
        (12, latest(edited(without("flightRegulations"))), "PART_CAT"),
        (13, latest(edited(set_to(marketingMessage="Buy me"))), "marketingMessage"),
        (13, latest(edited(set_to(marketingVerified=False), id="e-5")), "MAINTENANCE"),
        (14, latest(edited(set_to(marketingVerified=True), id="f-4")), "marketingVerified is “true”"),
        (14, latest(edited(set_to(marketingVerified=True), id="f-2")), "marketingVerified is “true”"),
        (15, evidence(settings=AvinodeSettings()), "no authorization key"),
        (15, latest(call(1, headers={"authorization": "Bearer …WXYZ"})), "WXYZ"),
        (16, evidence(one=ITS_OWN, default=SHARED), "ABCD"),
        (17, evidence(call(16), call(11), call(2, status=500), call(1)), "which had failed"),
        (17, evidence(call(16), call(11), call(2, status=None), call(1)), "which had failed"),
        (18, evidence(shown=None), "no call is shown"),
        (
            18,
            evidence(shown=line(NOW - 6 * MINUTE)),
            "older",
        ),
        (18, latest(call(1, status=500)), "answered 500, but 200"),
        (18, latest(call(1, answer=AIRPORT_ERROR)), "Invalid start airport"),
        (
            19,
            evidence(shown=line(NOW, 500)),
            "an answer 500 is shown as",
        ),
        (20, latest(call(1, headers={})), "names “”"),
        (20, latest(call(1, headers={"X-Avinode-Product": "Other/1"})), "Other/1"),
    ],
)
def test_bad_evidence_fails_its_item(number: int, given: Schedules, words: str) -> None:
    found = item(number, given)

    assert found.verdict is Verdict.FAIL
    assert words in " ".join(found.evidence)


@pytest.mark.parametrize(
    ("number", "rule"),
    [
        (2, "activity-older-than-a-month"),
        (3, "no-ended-activity"),
        (5, "interval-under-five-minutes"),
        (6, "activity-id-changed"),
        (6, "activity-id-missing"),
        (7, "times-not-utc"),
        (9, "external-trip-id-missing"),
        (11, "service-incomplete"),
        (13, "marketing-on-other-activity"),
        (13, "marketing-window-over-five-days"),
        (17, "retry-after-failure"),
        (20, "product-header-missing"),
    ],
)
@pytest.mark.parametrize(("tail", "verdict"), [("SPKXA", Verdict.FAIL), ("SP-XYZ", Verdict.PASS)])
def test_what_the_sandbox_objects_to_fails_the_item_of_that_aircraft(
    number: int, rule: str, tail: str, verdict: Verdict
) -> None:
    objection = {"count": 3, "evidence": [{"text": "There it is."}]}
    audit = {"rules": [{"rule": name} for name in RULES], "aircraft": {tail: {"objections": {rule: objection}}}}

    found = item(number, evidence(audit=audit))

    assert found.verdict is verdict
    assert (verdict is Verdict.FAIL) == ("3 × " in " ".join(found.evidence))


@pytest.mark.parametrize(
    ("number", "broken"),
    [
        (10, {"trip_id": ""}),
        (11, {"services": msgspec.UNSET}),
        (12, {"flight_regulations": ""}),
        (14, {"marketing_verified": True}),
    ],
)
def test_a_mapping_that_cannot_do_it_fails_by_its_specimen(
    monkeypatch: pytest.MonkeyPatch, number: int, broken: dict[str, Any]
) -> None:
    from airstair.addons.avinode import wire

    nothing_live = schedule(past())
    calls = [call(minutes, nothing_live) for minutes in (16, 11, 6, 1)]
    assert item(number, evidence(*calls, picture=nothing_live)).verdict is Verdict.PASS

    encode = wire.encode

    def spoiled(body: wire.PutSchedule) -> bytes:
        activities = [msgspec.structs.replace(one, **broken) for one in body.activities]
        return encode(msgspec.structs.replace(body, activities=activities))

    monkeypatch.setattr(wire, "encode", spoiled)
    failed = item(number, evidence(*calls, picture=nothing_live))
    assert failed.verdict is Verdict.FAIL
    assert "of an invented aircraft" in failed.evidence[0]


@st.composite
def planned(draw: st.DrawFn, id: int) -> Activity:
    """A flight as anybody may plan it: of any kind and status, on offer or not, with whatever it can have."""
    start = NOW + timedelta(minutes=draw(st.integers(-20_000, 100_000)))
    price = draw(st.none() | st.decimals(0, 90_000, places=2))
    marked = {"verified_by": "Ann Lee", "verified_at": NOW} if draw(st.booleans()) else {}
    window = {"marketing_start": start - HOUR, "marketing_end": start} if draw(st.booleans()) else {}
    offer = EmptyLegOffer(price=price, currency="EUR", message=draw(st.sampled_from(["", "Buy"])), **marked, **window)
    actual = ActualTimes(book="flight_watch", off_block=start, on_block=start + 2 * HOUR)
    return flight(
        id,
        draw(st.sampled_from(["EPWA-LFMN", "LFMN-EPWA", "EDDM-EDDM"])),
        start,
        status=draw(st.sampled_from(Status)),
        flight_type=draw(st.sampled_from(FlightType)).value,
        ferry=draw(st.booleans()),
        pax_count=draw(st.integers(0, 2)),
        trip_number=draw(st.sampled_from(["", "T-1"])),
        booked_from=draw(st.sampled_from([(), ("avinode:arfq-7",), ("avinode:arfq-7", "mail", "avinode:arfq-8")])),
        regulation=draw(st.sampled_from(["", "PART_CAT"])),
        services=draw(st.sampled_from([(), (SERVICE,), (SERVICE, SERVICE)])),
        empty_leg=draw(st.none() | st.just(offer)),
        actual=draw(st.sampled_from([(), (actual,)])),
    )


@given(
    flights=st.tuples(planned(id=2), planned(id=3), planned(id=4)),
    settings=st.fixed_dictionaries(
        {
            "share_services": st.booleans(),
            "send_options": st.booleans(),
            "send_opportunities": st.booleans(),
            "send_only_continuous_availability_from_home_base": st.booleans(),
            "reposition_to_home_base_after_h": st.none() | st.just(5),
        }
    ),
)
def test_nothing_is_wrong_with_what_the_add_on_makes_of_any_schedule(
    flights: tuple[Activity, ...], settings: dict[str, Any]
) -> None:
    picture = schedule(past(), *flights, event(5, "LFMN", NOW + DAY))
    body = mapped(picture, **settings).body.decode()
    calls = [call(minutes, body=body) for minutes in (16, 11, 6, 1)]
    items = items_of(evidence(*calls, picture=picture, settings=msgspec.structs.replace(SETTINGS, **settings)))

    assert {one.number: one.evidence for one in items if one.verdict is Verdict.FAIL} == {}


def test_a_client_that_misreads_errors_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    read = client.read_answer
    monkeypatch.setattr(
        client,
        "read_answer",
        lambda *given: msgspec.structs.replace(read(*given), kind=OutcomeKind.ACCEPTED),
    )

    assert item(19, evidence()).verdict is Verdict.FAIL


def test_all_empty_legs_verified_is_for_a_person() -> None:
    legs = [flight(n, "EPWA-LFMN", NOW + n * DAY, ferry=True, empty_leg=OFFER) for n in (2, 3)]
    picture = schedule(past(), *legs)
    given = evidence(call(11, picture), call(6, picture), call(1, picture), picture=picture)

    found = item(14, given)

    assert found.verdict is Verdict.PERSON
    assert "f-2 by Ann Lee" in found.evidence[0]


def test_an_aircraft_with_its_own_key_passes() -> None:
    own = {"authorization": "Bearer …WXYZ", "x-avinode-product": client.PRODUCT}
    given = evidence(call(1, headers=own), one=ITS_OWN, default=SHARED)

    assert item(16, given).verdict is Verdict.PASS


def test_keys_that_are_hidden_are_for_a_person() -> None:
    assert item(15, latest(call(1, headers={"authorization": "(hidden)"}))).verdict is Verdict.PERSON


def test_a_failed_call_that_waited_its_interval_is_no_retry() -> None:
    given = evidence(call(11), call(6, status=503), call(1))

    assert item(17, given).verdict is Verdict.PASS
    assert "after 1 failed calls" in item(17, given).evidence[0]


def test_messages_that_are_shown_pass() -> None:
    message = PartnerMessage(level="error", text="Invalid start airport (sent: ZZZZ)")
    given = evidence(call(11), call(6), call(1, answer=AIRPORT_ERROR), shown=line(NOW, 200, message, errors=True))

    assert item(18, given).verdict is Verdict.PASS


def test_calls_of_others_and_other_operations_do_not_count() -> None:
    others = (
        call(1, aircraft="SP-XYZ", body="{"),
        call(1, method="GET", body=""),
        call(1, path="/api/aircraft", body=""),
    )

    with_others = items_of(evidence(call(16), call(11), call(6), call(1), *others))

    assert [one.verdict for one in with_others] == [one.verdict for one in items_of(evidence())]
