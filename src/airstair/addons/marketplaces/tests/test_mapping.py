"""What leaves for a marketplace: tables of schedules and feeds."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from airstair.addons.marketplaces.mapping import gone, key_of
from airstair.addons.marketplaces.settings import BoxSettings, ServiceSettings
from airstair.addons.marketplaces.tests.schedules import (
    DAY,
    FLOW,
    FREE,
    FULL,
    HOUR,
    LEGS,
    NOW,
    PUSHED,
    TODAY,
    event,
    flight,
    kinds,
    mapped,
    offer,
    schedule,
    sent,
)
from airstair.hub.flows import Document
from airstair.records.flights.rules import Status
from airstair.records.flights.snapshots import ActivityKind, AircraftSchedule, ServiceOrder

LATER = NOW + 5 * HOUR


def everything() -> AircraftSchedule:
    """One of each."""
    return schedule(
        flight(1, "EPWA-LFMN", LATER, pax_count=4),
        flight(2, "LFMN-EPWA", LATER + DAY, ferry=True),
        flight(3, "EPWA-EGGW", LATER + 2 * DAY, empty_leg=offer()),
        flight(4, "EGGW-LFPB", LATER + 3 * DAY, status=Status.OPTION),
        flight(5, "EGGW-LIRA", LATER + 4 * DAY, status=Status.OPPORTUNITY),
        flight(6, "EGGW-LEBL", LATER + 5 * DAY, status=Status.CANCELLED),
        event(7, "EGGW", LATER + 6 * DAY),
        event(8, "EGGW", LATER + 8 * DAY, kind=ActivityKind.RESERVATION),
        event(9, "EGGW", LATER + 10 * DAY, kind=ActivityKind.AOG),
    )


SCHEDULE = {"f-1": "FLIGHT", "f-2": "FLIGHT", "f-3": "EMPTY_LEG", "e-7": "MAINTENANCE", "e-8": "RESERVATION",
            "e-9": "MAINTENANCE"}  # fmt: skip
LEG = {"f-3": "EMPTY_LEG"}


@pytest.mark.req("MKT-02")
@pytest.mark.parametrize(
    ("settings", "wanted"),
    [
        (FULL, SCHEDULE),
        (LEGS, LEG),
        (FREE, LEG),
        (BoxSettings(), LEG),
        (BoxSettings(availability=True), LEG),
        (BoxSettings(schedule=True), SCHEDULE),
        (BoxSettings(schedule=True, availability=True), SCHEDULE),
    ],
    ids=["full schedule", "empty legs", "availability", "GetJet", "with availability", "with schedule", "with both"],
)
def test_each_service_has_its_kinds_and_no_others(settings: Any, wanted: dict[str, str]) -> None:
    found = kinds(everything(), settings)
    free = [kind for kind in found.values() if kind == "AVAILABILITY"]
    assert bool(free) == (settings in (FREE, BoxSettings(availability=True))
                          or settings == BoxSettings(schedule=True, availability=True))  # fmt: skip
    assert {id: kind for id, kind in found.items() if kind != "AVAILABILITY"} == wanted


@pytest.mark.req("MKT-03")
@pytest.mark.parametrize("service", ["full schedule", "availability", "empty legs"])
def test_opportunities_only_where_they_are_wanted(service: Any) -> None:
    without, with_ = (ServiceSettings(service=service, send_opportunities=on) for on in (False, True))
    assert "f-5" not in kinds(everything(), without)
    assert kinds(everything(), with_)["f-5"] == "OPPORTUNITY"
    past = schedule(flight(5, "EPWA-LIRA", NOW - HOUR, status=Status.OPPORTUNITY))
    assert "f-5" not in kinds(past, with_)


# ── Empty legs ──────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("fields", "kind"),
    [
        ({}, "EMPTY_LEG"),
        ({"pax_count": 2}, "FLIGHT"),
        ({"flight_type": "TRAINING"}, "FLIGHT"),
        ({"flight_type": "TEST"}, "FLIGHT"),
        ({"flight_type": "FERRY", "ferry": True}, "EMPTY_LEG"),
        ({"status": Status.OPTION}, None),
        ({"status": Status.CANCELLED}, None),
    ],
    ids=str,
)
def test_what_may_be_offered(fields: dict[str, Any], kind: str | None) -> None:
    leg = flight(3, "EPWA-EGGW", LATER, **({"empty_leg": offer()} | fields))
    assert kinds(schedule(leg)).get("f-3") == kind


def test_what_has_departed_is_not_on_offer() -> None:
    leg = schedule(flight(3, "EPWA-EGGW", LATER, empty_leg=offer()))
    assert kinds(leg, LEGS, now=LATER - HOUR) == {"f-3": "EMPTY_LEG"}
    assert kinds(leg, LEGS, now=LATER) == {}
    (flown,) = sent(leg, FULL, now=LATER)
    assert flown["kind"] == "FLIGHT" and "price" not in flown
    assert mapped(leg, LEGS).good_until == LATER


def test_an_offer_says_what_it_costs_and_when_it_may_go() -> None:
    leg = offer(marketing_start=LATER - HOUR, marketing_end=LATER + 3 * HOUR, message="Flexible by a day")
    (record,) = sent(schedule(flight(3, "EPWA-EGGW", LATER, empty_leg=leg)), LEGS)
    assert record == {
        "id": "f-3",
        "kind": "EMPTY_LEG",
        "from": {"icao": "EPWA", "iata": "WAW"},
        "to": {"icao": "EGGW", "iata": "LTN"},
        "startUtc": "2027-03-15T14:12Z",
        "endUtc": "2027-03-15T16:12Z",
        "paxCount": 0,
        "flexibleFrom": "2027-03-15T13:12Z",
        "flexibleTo": "2027-03-15T17:12Z",
        "price": {"amount": "9500.00", "currency": "EUR"},
        "note": "Flexible by a day",
    }


@pytest.mark.parametrize(
    ("fields", "verified"),
    [({}, False), ({"verified_at": NOW, "verified_by": "Ann"}, True), ({"verified_at": NOW}, False),
     ({"verified_by": "Ann"}, False)],
    ids=str,
)  # fmt: skip
def test_only_a_persons_mark_makes_a_leg_verified(fields: dict[str, Any], verified: bool) -> None:
    document = mapped(schedule(flight(3, "EPWA-EGGW", LATER, empty_leg=offer(**fields))), LEGS)
    assert msgspec.json.decode(document.body)["records"][0].get("verified", False) is verified
    assert b"Ann" not in document.body


def test_a_price_never_goes_without_its_currency() -> None:
    leg = flight(3, "EPWA-EGGW", LATER, empty_leg=offer(price=Decimal(100), currency=""))
    document = mapped(schedule(leg), LEGS)
    assert b"price" not in document.body
    assert [one.code for one in document.warnings] == ["price"]
    unpriced = sent(schedule(flight(3, "EPWA-EGGW", LATER, empty_leg=offer(price=None, currency=""))), LEGS)
    assert "price" not in unpriced[0]


# ── Availability ────────────────────────────────────────────────────────────────────────────────────


def free(picture: AircraftSchedule, **settings: Any) -> list[tuple[str, str, str, str]]:
    """Where, needed where next, from, until."""
    found = [one for one in sent(picture, ServiceSettings(**settings)) if one["kind"] == "AVAILABILITY"]
    return [
        (one["from"]["icao"], one.get("to", {}).get("icao", ""), one["startUtc"][5:], one["endUtc"][5:])
        for one in found
    ]  # fmt: skip


def test_an_aircraft_is_free_between_what_is_certain() -> None:
    picture = schedule(
        flight(1, "EPWA-LFMN", TODAY + 10 * HOUR),
        flight(2, "LFMN-LFPB", TODAY + 20 * HOUR, status=Status.OPTION),
        event(3, "LFMN", TODAY + 30 * HOUR, 10),
        flight(4, "EGGW-EPWA", TODAY + 50 * HOUR, empty_leg=offer()),
    )
    assert free(picture, days_ahead=9) == [
        ("EPWA", "EPWA", "03-15T00:00Z", "03-15T10:00Z"),
        ("LFMN", "LFMN", "03-15T12:00Z", "03-16T06:00Z"),
        ("LFMN", "EGGW", "03-16T16:00Z", "03-17T02:00Z"),
        ("EPWA", "", "03-17T04:00Z", "03-25T00:00Z"),
    ]


def test_where_it_is_before_anything_is_planned() -> None:
    away = flight(9, "EPWA-LFMN", NOW - 40 * DAY)
    assert [one[0] for one in free(schedule(last_before=away))] == ["LFMN"]
    assert [one[0] for one in free(schedule(flight(1, "EPWA-EGGW", NOW - DAY), last_before=away))] == ["EGGW"]
    assert [one[0] for one in free(schedule())] == ["EPWA"]
    homeless = schedule(flight(1, "LIRA-EGGW", TODAY + 10 * HOUR), home_base="")
    assert [one[0] for one in free(homeless)] == ["LIRA", "EGGW"]
    unknown = mapped(schedule(home_base=""), FREE)
    assert b"AVAILABILITY" not in unknown.body
    assert [one.code for one in unknown.warnings] == ["home-base"]


@pytest.mark.parametrize(("stop", "sold"), [(1.9, False), (2, True)])
def test_a_turnaround_is_no_availability(stop: float, sold: bool) -> None:
    picture = schedule(
        flight(1, "EPWA-LFMN", TODAY + 10 * HOUR), flight(2, "LFMN-EPWA", TODAY + 12 * HOUR + stop * HOUR)
    )
    assert ("LFMN" in [one[0] for one in free(picture)]) is sold


def test_an_availability_keeps_its_id_from_day_to_day() -> None:
    """Even when what it follows is long past."""
    away = flight(1, "EPWA-LFMN", TODAY + 10 * HOUR)
    days = [(schedule(away), NOW), (schedule(away), NOW + DAY), (schedule(last_before=away), NOW + 9 * DAY)]
    for picture, now in days:
        assert [one["id"] for one in sent(picture, FREE, now)][-1] == "a-f-1"
    assert [one["id"] for one in sent(schedule(), FREE)] == ["a-81"]


# ── What never leaves ───────────────────────────────────────────────────────────────────────────────


def test_what_is_the_operators_own_never_leaves() -> None:
    secret = "Mr Goldfinger"
    service = ServiceOrder(
        airport="EPWA", kind="CATERING", served="PAX", provider_id="1", provider_name=secret, source="x", note=secret
    )
    mine = {"notes": secret, "title": secret, "trip_number": secret, "booked_from": (secret,)}
    picture = schedule(
        flight(1, "EPWA-LFMN", LATER, pax_count=2, services=(service,), **mine),
        flight(3, "LFMN-EPWA", LATER + DAY, empty_leg=offer(), **mine),
        event(7, "EPWA", LATER + 4 * DAY, **{k: v for k, v in mine.items() if k in ("notes", "title")}),
        owner=secret,
        serial_number=secret,
        mx_set_up=secret,
    )
    settings = [FULL, FREE, LEGS, BoxSettings(schedule=True, availability=True, send_opportunities=True)]
    assert all(secret.encode() not in mapped(picture, one).body for one in settings)


def test_an_aircraft_out_of_service_is_taken_away() -> None:
    settings = ServiceSettings(**PUSHED)
    assert FLOW.document(schedule(active=False), settings, NOW) is None
    assert gone(None, settings, NOW) == Document(body=b"")


def test_nothing_is_put_to_a_marketplace_that_fetches() -> None:
    assert FLOW.document(everything(), FULL, NOW) is None
    assert gone(None, FULL, NOW) is None


def test_an_aircraft_with_nothing_to_show_is_sent_empty() -> None:
    assert sent(schedule(), LEGS) == []


# ── Equal meaning, equal bytes ──────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("settings", [FULL, FREE, LEGS], ids=["full schedule", "availability", "empty legs"])
def test_an_unchanged_aircraft_keeps_its_bytes_through_the_day(settings: ServiceSettings) -> None:
    flown, leg = flight(1, "EPWA-LFMN", NOW - 6 * HOUR), flight(2, "LFMN-EPWA", NOW + DAY, empty_leg=offer())
    picture = schedule(flown, leg, event(3, "EPWA", NOW + 3 * DAY))
    bodies = {mapped(picture, settings, TODAY + timedelta(hours=hour)).body for hour in range(24)}
    assert len(bodies) == 1
    assert TODAY < (mapped(picture, settings).good_until or TODAY) <= TODAY + DAY


def test_each_part_names_its_record() -> None:
    document = mapped(everything(), BoxSettings(schedule=True, availability=True))
    records = msgspec.json.decode(document.body)["records"]
    assert [key_of(one["id"]) for one in records] == [part.key for part in document.parts]
    assert len({one["id"] for one in records}) == len(records)
    assert [one["startUtc"] for one in records] == sorted(one["startUtc"] for one in records)


def test_whom_brokers_ask_and_which_aircraft() -> None:
    settings = ServiceSettings(contact_name="Sales desk", contact_email="sales@air.example")
    feed = msgspec.json.decode(mapped(schedule(icao_type="C56X", model="Citation XLS"), settings).body)
    assert feed["contact"] == {"name": "Sales desk", "email": "sales@air.example"}
    assert feed["aircraft"] == {
        "registration": "SP-KXA",
        "typeIcao": "C56X",
        "typeName": "Citation XLS",
        "seats": 8,
        "homeBase": {"icao": "EPWA", "iata": "WAW"},
    }
    assert "contact" not in msgspec.json.decode(mapped(schedule(), FULL).body)
