"""What goes out beside times and places: regulations, services, marketing, options."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

import msgspec
import pytest

from airstair.addons.avinode.tests.schedules import (
    DAY,
    HOME,
    HOUR,
    NOW,
    Status,
    flight,
    mapped,
    one,
    past,
    schedule,
    sent,
)
from airstair.records.flights.rules import Regulation, ServedParty, ServiceKind
from airstair.records.flights.snapshots import EmptyLegOffer, ServiceOrder

# -- regulation, services, marketing ------------------------------------------------------------------------------


@pytest.mark.req("AVI-17")
@pytest.mark.parametrize("regulation", ["", *(r.value for r in Regulation)])
def test_a_regulation_is_sent_when_it_is_set(regulation: str) -> None:
    activity = one(sent(schedule(past(), flight(2, "EPWA-LFMN", NOW, regulation=regulation))), "f-2")

    assert activity.get("flightRegulations", "") == regulation
    assert ("flightRegulations" in activity) == bool(regulation)


@pytest.mark.req("AVI-17")
def test_the_regulations_are_those_that_avinode_recommends() -> None:
    recommended = "PART_135 PART_125 PART_121 PART_91 PART_91K PART_CAT PART_NCO PART_NCC SUBPART_604 SUBPART_704"
    assert {r.value for r in Regulation} == set(recommended.split())


@pytest.mark.req("AVI-18")
@pytest.mark.parametrize("kind", [*ServiceKind])
def test_services_are_shared_only_if_the_operator_wants(kind: ServiceKind) -> None:
    order = ServiceOrder(
        airport="LFMN",
        kind=kind.value,
        served=ServedParty.CREW.value,
        provider_id="H-17",
        provider_name="Farn Handling",
        source="PROPRIETARY",
    )
    picture = schedule(past(), flight(2, "EPWA-LFMN", NOW, services=(order,)))

    assert "services" not in one(sent(picture), "f-2")
    assert one(sent(picture, share_services=True), "f-2")["services"] == [
        {
            "serviceProviderId": "H-17",
            "serviceProviderName": "Farn Handling",
            "airport": {"icao": "LFMN"},
            "serviceType": kind.value,
            "serviceFor": "CREW",
            "dataSource": "PROPRIETARY",
        }
    ]


_MARKETING = {
    "price",
    "currency",
    "marketingStartDateTime",
    "marketingEndDateTime",
    "marketingVerified",
    "marketingMessage",
}
_FULL_OFFER = EmptyLegOffer(
    price=Decimal("7400.50"),
    currency="EUR",
    marketing_start=NOW - DAY,
    marketing_end=NOW + DAY,
    message="One way to the sea",
    verified_by="Ann Lee",
    verified_at=NOW,
)


@pytest.mark.req("AVI-19", "AVI-20")
def test_an_empty_leg_carries_its_offer() -> None:
    leg = flight(2, "EPWA-LFMN", NOW + HOUR, ferry=True, empty_leg=_FULL_OFFER)
    body = mapped(schedule(past(), leg)).body
    activity = msgspec.json.decode(body)["activities"][1]

    assert {name: activity[name] for name in _MARKETING} == {
        "price": 7400.5,
        "currency": "EUR",
        "marketingStartDateTime": "2027-03-14T09:12Z",
        "marketingEndDateTime": "2027-03-16T09:12Z",
        "marketingVerified": True,
        "marketingMessage": "One way to the sea",
    }
    assert b'"price":7400.50' in body
    assert activity["paxCount"] == 0


@pytest.mark.req("AVI-19")
@pytest.mark.parametrize(
    "fields",
    [
        {"pax_count": 3},
        {"status": Status.OPTION},
        {"status": Status.OPPORTUNITY},
        {"flight_type": "TRAINING"},
    ],
)
def test_nothing_but_an_empty_leg_carries_marketing(fields) -> None:  # type: ignore[no-untyped-def]
    picture = schedule(past(), flight(2, "EPWA-LFMN", NOW + HOUR, empty_leg=_FULL_OFFER, **fields))
    listed = sent(picture, send_options=True, send_opportunities=True)

    assert one(listed, "f-2")["activityType"] != "EMPTY LEG"
    assert all(not _MARKETING & set(activity) for activity in listed)


@pytest.mark.req("AVI-19")
def test_an_offer_with_passengers_is_warned_of() -> None:
    document = mapped(schedule(past(), flight(2, "EPWA-LFMN", NOW + HOUR, pax_count=3, empty_leg=_FULL_OFFER)))

    (warning,) = document.warnings
    assert warning.about == "flight:2"
    assert "3 PAX" in warning.text


@pytest.mark.req("AVI-19")
@pytest.mark.parametrize(
    ("second", "words"),
    [
        (("LFMN-EGLF", NOW + 2 * DAY, NOW - DAY, NOW + 2 * DAY), "overlaps"),
        (("EPWA-LFMN", NOW + 5 * DAY, NOW + DAY, NOW + 5 * DAY), "five days"),
    ],
)
def test_windows_that_overlap_or_evade_the_limit_are_warned_of(second, words: str) -> None:  # type: ignore[no-untyped-def]
    route, start, opens, closes = second
    leg = flight(2, "EPWA-LFMN", NOW + HOUR, ferry=True, empty_leg=_FULL_OFFER)
    other = flight(3, route, start, ferry=True, empty_leg=EmptyLegOffer(marketing_start=opens, marketing_end=closes))
    document = mapped(schedule(past(), leg, other))

    assert [m.about for m in document.warnings if m.code == "marketing" and words in m.text] == ["flight:3"]
    assert {"f-2", "f-3"} <= {a["activityId"] for a in msgspec.json.decode(document.body)["activities"]}


@pytest.mark.req("AVI-20")
@pytest.mark.parametrize(
    ("by", "at", "verified"), [("Ann Lee", NOW, True), ("", NOW, False), ("Ann Lee", None, False), ("", None, False)]
)
def test_verified_is_a_named_persons_mark_and_nothing_else(by: str, at: datetime | None, verified: bool) -> None:
    leg = flight(2, "EPWA-LFMN", NOW, ferry=True, empty_leg=EmptyLegOffer(verified_by=by, verified_at=at))

    assert one(sent(schedule(past(), leg)), "f-2")["marketingVerified"] is verified


# -- options, opportunities, cancelled ----------------------------------------------------------------------------


@pytest.mark.req("AVI-21")
@pytest.mark.parametrize("options", [False, True])
@pytest.mark.parametrize("opportunities", [False, True])
def test_options_and_opportunities_only_on_request_and_cancelled_never(options: bool, opportunities: bool) -> None:
    statuses = dict(zip(range(2, 6), [*Status], strict=True))
    picture = schedule(
        past(), *[flight(id, "EPWA-EPWA", NOW + id * DAY, status=status) for id, status in statuses.items()]
    )
    listed = {a["activityId"] for a in sent(picture, send_options=options, send_opportunities=opportunities)}

    wanted = (
        {Status.CONFIRMED}
        | ({Status.OPTION} if options else set())
        | ({Status.OPPORTUNITY} if opportunities else set())
    )
    assert listed == {"f-1"} | {f"f-{id}" for id, status in statuses.items() if status in wanted}


@pytest.mark.req("AVI-21", "AVI-11")
@pytest.mark.parametrize("status", [Status.OPTION, Status.OPPORTUNITY, Status.CANCELLED])
def test_what_was_never_flown_does_not_tell_the_position(status: Status) -> None:
    never = flight(9, "EPWA-LFMN", NOW - DAY, status=status)
    listed = sent(schedule(never), send_options=True, send_opportunities=True)

    assert [(a["activityId"], a["endAirport"]["icao"]) for a in listed] == [("g-81", HOME)]
