"""What goes out of a schedule, rule by rule."""

from __future__ import annotations

import inspect
import re
from datetime import UTC, datetime, timedelta, timezone

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from airstair.addons.avinode import wire
from airstair.addons.avinode.activity_types import ACTIVITY_TYPES, Equivalent, activity_type
from airstair.addons.avinode.addon import ADDON
from airstair.addons.avinode.tests.schedules import (
    DAY,
    FLOW,
    HOME,
    HOUR,
    NOW,
    ActivityKind,
    Status,
    event,
    flight,
    mapped,
    one,
    past,
    schedule,
    sent,
)
from airstair.records.flights.rules import FlightType
from airstair.records.flights.snapshots import EmptyLegOffer, ServiceOrder

# -- the whole document -------------------------------------------------------------------------------------------


def test_a_document_on_the_wire() -> None:
    picture = schedule(past(), flight(88, "EPWA-LFMN", NOW + HOUR, pax_count=4, regulation="PART_CAT"))

    body = msgspec.json.decode(mapped(picture).body)

    assert body["lift"] == {"aircraftTail": "SP-KXA"}
    assert list(body) == ["lift", "activities"]
    assert body["activities"][1] == {
        "activityId": "f-88",
        "activityType": "PAX FLIGHT",
        "startAirport": {"icao": "EPWA"},
        "endAirport": {"icao": "LFMN"},
        "startDateTime": "2027-03-15T10:12Z",
        "endDateTime": "2027-03-15T12:12Z",
        "paxCount": 4,
        "externalTripId": "T-1",
        "flightNumber": "KXA88",
        "flightRegulations": "PART_CAT",
    }


def test_parts_stand_in_the_order_of_the_wire() -> None:
    picture = schedule(
        past(),
        flight(90, "EPWA-LFMN", NOW + 5 * HOUR, status=Status.OPTION),
        event(31, "EPWA", NOW + HOUR, hours=2),
        flight(91, "EPWA-LFMN", NOW + 30 * HOUR),
    )

    document = mapped(picture, send_options=True, send_only_continuous_availability_from_home_base=True)

    ids = [a["activityId"] for a in msgspec.json.decode(document.body)["activities"]]
    assert ids[:4] == ["f-1", "e-31", "f-90", "f-91"]
    assert [p.key for p in document.parts][:4] == ["flight:1", "event:31", "flight:90", "flight:91"]
    assert [p.key.removeprefix("derived:") for p in document.parts[4:]] == ids[4:]
    assert document.parts[2].title == "KXA90 EPWA–LFMN 15 Mar 14:12Z"


def test_an_aircraft_out_of_service_has_no_document() -> None:
    assert FLOW.document(schedule(past(), active=False), ADDON.settings(), NOW) is None


def test_the_operators_own_words_never_leave() -> None:
    service = ServiceOrder(
        airport="LFMN", kind="FUEL", served="ALL", provider_id="F", provider_name="Fuel", source="OWN", note="HUSH1"
    )
    picture = schedule(
        past(),
        flight(2, "EPWA-LFMN", NOW + HOUR, notes="HUSH2", title="HUSH3", services=(service,)),
        event(3, "EPWA", NOW + DAY, notes="HUSH4", title="HUSH5"),
    )

    assert b"HUSH" not in mapped(picture, share_services=True).body


@given(minute=st.integers(0, 24 * 60 - 1))
def test_an_unchanged_aircraft_keeps_its_document_through_the_day(minute: int) -> None:
    picture = schedule(
        flight(2, "LFMN-EPWA", NOW + 3 * DAY),
        flight(3, "EPWA-EGLF", NOW - 27 * DAY - 12 * HOUR),
        last_before=flight(1, "EPWA-LFMN", NOW - 90 * DAY),
    )
    midnight = NOW.replace(hour=0, minute=0, second=0)
    for settings in ({}, {"send_only_continuous_availability_from_home_base": True}):
        first = mapped(picture, midnight, **settings)
        assert mapped(picture, midnight + timedelta(minutes=minute), **settings) == first


# -- complete, and how far back -----------------------------------------------------------------------------------


def _a_month_before(when: datetime) -> datetime:
    for day in range(when.day, 0, -1):
        try:
            return when.replace(day=day, month=when.month - 1 or 12, year=when.year - (when.month == 1))
        except ValueError:
            continue
    raise AssertionError


_times = st.integers(0, 3 * 365 * 24 * 60).map(
    lambda minutes: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
)


@pytest.mark.req("AVI-11")
@given(
    now=_times,
    ages=st.lists(st.integers(-400 * 24 * 60, 60 * 24 * 60), max_size=25),
    before=st.none() | st.integers(29 * 24 * 60, 400 * 24 * 60),
)
def test_all_that_is_to_come_and_never_older_than_a_month(now: datetime, ages: list[int], before: int | None) -> None:
    activities = [flight(n + 10, "EPWA-LFMN", now - timedelta(minutes=age)) for n, age in enumerate(ages)]
    last = None if before is None else flight(5, "EPWA-EGLF", now - timedelta(minutes=before) - 2 * HOUR)
    listed = sent(schedule(*activities, last_before=last), now)

    ends = {a["activityId"]: datetime.fromisoformat(a["endDateTime"]) for a in listed}
    assert {f"f-{a.id}" for a in activities if a.end >= now - 27 * DAY} <= set(ends)
    assert all(end >= _a_month_before(now) for end in ends.values())
    assert any(end < now for end in ends.values())
    real = [a for a in activities if f"f-{a.id}" in ends]
    assert set(ends) - {f"f-{a.id}" for a in real} == (set() if any(a.end < now for a in real) else {"g-81"})


@pytest.mark.req("AVI-11")
@pytest.mark.parametrize(
    ("last", "airport"),
    [(flight(5, "EPWA-EGLF", NOW - 90 * DAY), "EGLF"), (None, HOME)],
    ids=["its last airport", "home base if it never flew"],
)
@pytest.mark.parametrize("coming", [(), (flight(6, "EGLF-EPWA", NOW + DAY),)], ids=["idle", "flies tomorrow"])
def test_an_idle_aircraft_is_on_ground_where_it_was_left(last, airport, coming) -> None:  # type: ignore[no-untyped-def]
    picture = schedule(*coming, last_before=last)
    document = mapped(picture)
    ground = one(sent(picture), "g-81")

    assert ground["startAirport"] == ground["endAirport"] == {"icao": airport}
    assert ground["activityType"] == "ON GROUND"
    assert ground["startDateTime"] < ground["endDateTime"] == "2027-03-14T23:59Z"
    assert "Derived" in ground["note"]
    assert "(derived)" in document.parts[0].title
    assert any(m.about == "derived:g-81" and m.code == "derived" for m in document.warnings)
    later = one(sent(picture, NOW + 40 * DAY if not coming else NOW + HOUR), "g-81")
    assert later["activityId"] == ground["activityId"]


@pytest.mark.req("AVI-11")
def test_the_last_airport_is_also_found_in_what_is_just_too_old_to_send() -> None:
    too_old = flight(5, "EPWA-EDDM", NOW - 28 * DAY)
    listed = sent(schedule(too_old, last_before=flight(4, "EPWA-EGLF", NOW - 60 * DAY)))

    assert [a["activityId"] for a in listed] == ["g-81"]
    assert listed[0]["endAirport"] == {"icao": "EDDM"}


@pytest.mark.req("AVI-11")
def test_what_is_derived_does_not_overlap_what_is_under_way() -> None:
    listed = sent(schedule(event(3, "EGLF", NOW - 5 * DAY, hours=24 * 9)))

    assert one(listed, "g-81")["endDateTime"] == one(listed, "e-3")["startDateTime"]
    since_long = sent(schedule(event(3, "EGLF", NOW - 50 * DAY, hours=24 * 90)))
    assert one(since_long, "g-81")["endDateTime"] < one(since_long, "e-3")["endDateTime"] == "2027-04-24T09:12Z"


@pytest.mark.req("AVI-11")
def test_what_is_derived_does_not_reach_back_beyond_the_edge() -> None:
    listed = sent(schedule(event(3, "EGLF", NOW - 27 * DAY + HOUR, hours=24 * 60)))

    assert one(listed, "g-81")["startDateTime"] == "2027-02-16T00:00Z"
    assert one(listed, "g-81")["endDateTime"] == one(listed, "e-3")["startDateTime"]


# -- ids ----------------------------------------------------------------------------------------------------------


@pytest.mark.req("AVI-12")
@given(data=st.data())
def test_an_activity_keeps_its_id_whatever_is_edited(data: st.DataObject) -> None:
    def edited(id: int):  # type: ignore[no-untyped-def]
        start = NOW + timedelta(minutes=data.draw(st.integers(-20_000, 100_000)))
        route = data.draw(st.sampled_from(["EPWA-LFMN", "LFMN-EGLF", "EDDM-EPWA"]))
        number = data.draw(st.text(max_size=10))
        return flight(id, route, start, number=number, flight_type=data.draw(st.sampled_from([*FlightType])).value)

    for _ in range(2):
        document = mapped(schedule(past(), edited(88), edited(89), event(88, "EPWA", NOW)))
        ids = dict(
            zip(
                [p.key for p in document.parts],
                [a["activityId"] for a in msgspec.json.decode(document.body)["activities"]],
                strict=True,
            )
        )
        assert ids == {"flight:1": "f-1", "flight:88": "f-88", "flight:89": "f-89", "event:88": "e-88"}


@pytest.mark.req("AVI-12")
def test_a_derived_activity_keeps_its_id_too() -> None:
    settings = {"send_only_continuous_availability_from_home_base": True, "reposition_to_home_base_after_h": 5}
    before = [a["activityId"] for a in sent(schedule(past("EPWA-LFMN")), **settings)]
    after = [a["activityId"] for a in sent(schedule(past("EPWA-EGLF")), NOW + HOUR, **settings)]

    assert before == after == ["f-1", "a-f-1", "r-f-1"]


# -- times, trips, requests ---------------------------------------------------------------------------------------


@pytest.mark.req("AVI-13")
def test_times_are_block_times_in_utc_to_the_minute() -> None:
    start = datetime(2027, 3, 16, 23, 30, 59, tzinfo=timezone(timedelta(hours=2)))
    late = flight(2, "EPWA-LFMN", start, scheduled_start=NOW, scheduled_end=NOW + HOUR)

    activity = one(sent(schedule(past(), late)), "f-2")

    assert (activity["startDateTime"], activity["endDateTime"]) == ("2027-03-16T21:30Z", "2027-03-16T23:30Z")


@pytest.mark.req("AVI-14")
def test_every_activity_of_a_trip_names_it() -> None:
    picture = schedule(
        past(),
        flight(2, "EPWA-LFMN", NOW, ferry=True),
        flight(3, "LFMN-EGLF", NOW + DAY, status=Status.OPTION),
        flight(4, "LFMN-EGLF", NOW + 2 * DAY, ferry=True, empty_leg=EmptyLegOffer()),
        flight(5, "LFMN-EGLF", NOW + 3 * DAY, trip_id=9, trip_number=""),
        event(6, "EGLF", NOW + 4 * DAY),
    )
    trips = {a["activityId"]: a.get("externalTripId") for a in sent(picture, send_options=True)}

    assert trips == {"f-1": "T-1", "f-2": "T-1", "f-3": "T-1", "f-4": "T-1", "f-5": "9", "e-6": None}


@pytest.mark.req("AVI-15")
@pytest.mark.parametrize(
    ("booked_from", "status", "trip_id"),
    [
        (("avinode:asellerlift-500123",), Status.CONFIRMED, "asellerlift-500123"),
        (("avinode:arfq-7", "other:99", "avinode:asellerlift-8"), Status.CONFIRMED, "arfq-7,asellerlift-8"),
        (("other:99",), Status.CONFIRMED, None),
        ((), Status.CONFIRMED, None),
        (("avinode:arfq-7",), Status.OPTION, None),
    ],
)
def test_a_booked_flight_names_each_request(booked_from: tuple[str, ...], status: Status, trip_id: str | None) -> None:
    booked = flight(2, "EPWA-LFMN", NOW + HOUR, booked_from=booked_from, status=status)

    assert one(sent(schedule(past(), booked), send_options=True), "f-2").get("tripId") == trip_id


@pytest.mark.req("AVI-15")
def test_requests_for_which_there_is_no_room_are_told() -> None:
    ids = [f"asellerlift-{n:06}" for n in range(6)]
    booked = flight(2, "EPWA-LFMN", NOW + HOUR, booked_from=tuple(f"avinode:{id}" for id in ids))
    document = mapped(schedule(past(), booked))

    named = msgspec.json.decode(document.body)["activities"][1]["tripId"].split(",")
    told = " ".join(m.text for m in document.warnings if m.about == "flight:2")
    assert named == ids[:3]
    assert all(id in told for id in ids[3:])


# -- activity types -----------------------------------------------------------------------------------------------


@pytest.mark.req("AVI-16")
def test_the_words_are_short_and_the_about_page_lists_them() -> None:
    rows = re.findall(r"^\| `(.+)` \| (.+) \| (.+) \|$", ADDON.about, re.MULTILINE)

    assert rows == [(t.word, t.stands_for, t.equivalent.value) for t in ACTIVITY_TYPES]
    assert all(0 < len(t.word) <= 20 for t in ACTIVITY_TYPES)
    assert len({t.word for t in ACTIVITY_TYPES}) == len(ACTIVITY_TYPES)
    assert {t.equivalent for t in ACTIVITY_TYPES} == set(Equivalent)


_OFFER = EmptyLegOffer()


@pytest.mark.req("AVI-16")
@pytest.mark.parametrize(
    ("activity", "word"),
    [
        (flight(2, "EPWA-LFMN", NOW), "PAX FLIGHT"),
        (flight(2, "EPWA-LFMN", NOW, flight_type="PRIVATE"), "PRIVATE FLIGHT"),
        (flight(2, "EPWA-LFMN", NOW, flight_type="CARGO"), "CARGO FLIGHT"),
        (flight(2, "EPWA-LFMN", NOW, flight_type="AMBULANCE"), "AMBULANCE FLIGHT"),
        (flight(2, "EPWA-LFMN", NOW, flight_type="TRAINING"), "TRAINING FLIGHT"),
        (flight(2, "EPWA-LFMN", NOW, flight_type="TEST"), "TEST FLIGHT"),
        (flight(2, "EPWA-LFMN", NOW, flight_type="FERRY"), "FERRY"),
        (flight(2, "EPWA-LFMN", NOW, flight_type="FERRY", pax_count=2), "PAX FLIGHT"),
        (flight(2, "EPWA-LFMN", NOW, ferry=True), "FERRY"),
        (flight(2, "EPWA-LFMN", NOW, ferry=True, flight_type="AMBULANCE"), "FERRY"),
        (flight(2, "EPWA-LFMN", NOW, ferry=True, flight_type="TRAINING"), "TRAINING FLIGHT"),
        (flight(2, "EPWA-LFMN", NOW, ferry=True, empty_leg=_OFFER), "EMPTY LEG"),
        (flight(2, "EPWA-LFMN", NOW, pax_count=3, empty_leg=_OFFER), "PAX FLIGHT"),
        (flight(2, "EPWA-LFMN", NOW, status=Status.OPTION, empty_leg=_OFFER), "OPTION"),
        (flight(2, "EPWA-LFMN", NOW, status=Status.OPPORTUNITY), "OPPORTUNITY"),
        (event(2, "EPWA", NOW), "MAINTENANCE"),
        (event(2, "EPWA", NOW, kind=ActivityKind.AOG), "AOG"),
        (event(2, "EPWA", NOW, kind=ActivityKind.RESERVATION), "RESERVATION"),
    ],
)
def test_each_kind_of_thing_has_its_word(activity, word: str) -> None:  # type: ignore[no-untyped-def]
    assert activity_type(activity).word == word


@pytest.mark.req("AVI-16")
@given(data=st.data())
def test_everything_that_is_sent_fits_the_wire(data: st.DataObject) -> None:
    text = st.text(max_size=1000)
    booked = flight(
        2,
        "EPWA-LFMN",
        NOW + HOUR,
        pax_count=data.draw(st.integers(0, 200)),
        flight_type=data.draw(st.sampled_from([*FlightType])).value,
        status=data.draw(st.sampled_from([*Status])),
        ferry=data.draw(st.booleans()),
        booked_from=tuple(data.draw(st.lists(st.from_regex(r"avinode:arfq-\d{1,20}", fullmatch=True), max_size=8))),
        empty_leg=data.draw(st.none() | st.builds(EmptyLegOffer, message=text, price=st.decimals(0, 10**9, places=2))),
    )
    settings = {"send_options": True, "send_opportunities": True, "reposition_to_home_base_after_h": 3}
    body = mapped(schedule(past(), booked), **settings).body

    read = msgspec.json.decode(body, type=wire.PutSchedule)
    assert {a.activity_type for a in read.activities} <= {t.word for t in ACTIVITY_TYPES}


# -- overlaps and breaks ------------------------------------------------------------------------------------------


@pytest.mark.req("AVI-23")
def test_overlaps_and_breaks_go_out_and_are_warned_of() -> None:
    picture = schedule(
        past(),
        flight(2, "EPWA-LFMN", NOW + DAY, hours=3),
        flight(3, "LFMN-EGLF", NOW + DAY + 2 * HOUR, hours=3),
        flight(4, "EDDM-EPWA", NOW + 2 * DAY),
    )
    document = mapped(picture)

    listed = msgspec.json.decode(document.body)["activities"]
    assert [(a["activityId"], a["startAirport"]["icao"]) for a in listed] == [
        ("f-1", "EPWA"), ("f-2", "EPWA"), ("f-3", "LFMN"), ("f-4", "EDDM"),
    ]  # fmt: skip
    assert [(m.level, m.code, m.about) for m in document.warnings] == [
        ("warning", "overlap", "flight:3"),
        ("warning", "break", "flight:4"),
    ]


@pytest.mark.req("AVI-23")
def test_an_option_causes_no_warning() -> None:
    picture = schedule(past(), flight(2, "LFMN-EGLF", NOW + DAY, status=Status.OPTION))

    assert mapped(picture, send_options=True).warnings == ()


def test_mapping_reads_no_clock_and_no_database() -> None:
    from airstair.addons.avinode import activity_types, availability, mapping

    for module in (mapping, availability, activity_types):
        source = inspect.getsource(module)
        assert "now()" not in source
        assert "django" not in source
