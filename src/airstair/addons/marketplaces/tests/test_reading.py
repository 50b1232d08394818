"""What a marketplace that fetches reads: JSON, a calendar, a table."""

from __future__ import annotations

import csv
import io
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

import icalendar
import msgspec
import pytest

from airstair.addons.marketplaces import reading
from airstair.addons.marketplaces.settings import FeedSettings, ServiceSettings
from airstair.addons.marketplaces.tests.schedules import DAY, FREE, FULL, LEGS, NOW, event, flight, offer, schedule
from airstair.hub.visits import Lately, Visit
from airstair.kernel.actor import Actor, ActorKind
from airstair.kernel.errors import Invalid

LATER = NOW + timedelta(hours=5)
ACTOR = Actor(operator_id=7, kind=ActorKind.PARTNER, key="victor", label="Victor")
LEG = flight(3, "EPWA-EGGW", LATER, empty_leg=offer(message="Go, now; \n" + "long " * 40))
PICTURES = [
    schedule(LEG, event(7, "EGGW", LATER + DAY)),
    schedule(flight(4, "LFMN-LIRA", LATER, pax_count=3), id=82, registration="SP-ABC"),
]


def visit(settings: FeedSettings = FULL, now: datetime = NOW) -> Visit:
    return Visit(method="GET", path="/feed", settings=settings, now=now, aircraft={81: "SP-KXA"}, actor=ACTOR)


def test_all_feeds_at_once_with_a_version_that_tells_whether_anything_changed() -> None:
    def read(pictures: Any = PICTURES, **at: Any) -> Any:
        return msgspec.json.decode(reading.as_json(pictures, visit(**at)).body)

    whole = read()
    assert [one["aircraft"]["registration"] for one in whole["feeds"]] == ["SP-ABC", "SP-KXA"]
    assert [one["id"] for one in whole["feeds"][1]["records"]] == ["f-3", "e-7"]
    assert whole == read(PICTURES[::-1], now=NOW + timedelta(hours=1))
    assert read(now=LATER)["version"] != whole["version"]
    assert reading.as_json(PICTURES, visit()).count == 3
    assert read([schedule(active=False)])["feeds"] == []


def test_the_calendar_is_one() -> None:
    body = reading.as_calendar(PICTURES, visit()).body
    lines = body.split(b"\r\n")
    assert max(len(line) for line in lines) <= 75
    events = {str(one["uid"]): one for one in icalendar.Calendar.from_ical(body).walk("VEVENT")}
    assert sorted(events) == ["e-7@airstair", "f-3@airstair", "f-4@airstair"]
    leg = events["f-3@airstair"]
    assert (leg["dtstart"].dt, leg["dtend"].dt) == (
        LATER.replace(second=0), LATER.replace(second=0) + timedelta(hours=2)
    )  # fmt: skip
    assert str(leg["summary"]) == "SP-KXA EMPTY LEG EPWA-EGGW 9500.00 EUR"
    assert str(leg["description"]).startswith("Go, now; \n")
    assert b"DTSTART:20270315T141200Z" in body


def test_the_table_has_a_row_for_each_record() -> None:
    rows = list(csv.DictReader(io.StringIO(reading.as_table(PICTURES, visit()).body.decode())))
    assert [(one["registration"], one["id"], one["kind"]) for one in rows] == [
        ("SP-ABC", "f-4", "FLIGHT"), ("SP-KXA", "f-3", "EMPTY_LEG"), ("SP-KXA", "e-7", "MAINTENANCE")
    ]  # fmt: skip
    assert (rows[1]["from"], rows[1]["price"], rows[1]["currency"], rows[1]["pax_count"]) == (
        "EPWA", "9500.00", "EUR", "0"
    )  # fmt: skip
    assert rows[2]["pax_count"] == rows[2]["price"] == ""


def lately(touched: Collection[int] | None = (), since: datetime = NOW - timedelta(minutes=5)) -> Lately:
    known = None if touched is None else frozenset(touched)
    return Lately(since=since, until=NOW - timedelta(seconds=2, milliseconds=300), touched=known)


def changes(known: Lately, pictures: Any = PICTURES, settings: FeedSettings = FULL, now: datetime = NOW) -> Any:
    asked = msgspec.structs.replace(visit(settings, now), lately=known)
    return msgspec.json.decode(reading.as_json(pictures, asked).body)


def registrations(answer: Any) -> list[str]:
    return [feed["aircraft"]["registration"] for feed in answer["feeds"]]


def test_what_has_changed_comes_in_whole_aircraft_with_the_list_of_all() -> None:
    whole = msgspec.json.decode(reading.as_json(PICTURES, visit()).body)
    answer = changes(lately([81, 999]))
    assert answer == {
        "version": whole["version"],
        "completeUntil": "2027-03-15T09:12:27Z",
        "aircraft": ["SP-ABC", "SP-KXA"],
        "feeds": [whole["feeds"][1]],
    }
    assert changes(lately([]))["feeds"] == []
    assert changes(lately(None))["feeds"] == whole["feeds"]
    out_of_service = [PICTURES[0], schedule(id=82, registration="SP-ABC", active=False)]
    gone = changes(lately([82]), out_of_service)
    assert (gone["aircraft"], gone["feeds"]) == (["SP-KXA"], [])


@pytest.mark.parametrize(
    ("settings", "since", "now", "come"),
    [
        (LEGS, NOW, LATER - timedelta(minutes=1), []),
        (LEGS, NOW, LATER, ["SP-KXA"]),  # the offer has departed
        (FULL, NOW - 2 * DAY, NOW, []),
        (FULL, NOW, NOW + 2 * DAY, ["SP-ABC", "SP-KXA"]),  # flights have passed with their day
        (LEGS, NOW, NOW + 2 * DAY, ["SP-KXA"]),
        (FREE, NOW - timedelta(hours=9), NOW, []),
        (FREE, NOW - timedelta(hours=10), NOW, ["SP-ABC", "SP-KXA"]),  # midnight moves what is available
    ],
)
def test_what_time_alone_has_changed_comes_too(
    settings: FeedSettings, since: datetime, now: datetime, come: list[str]
) -> None:
    assert registrations(changes(lately([], since), settings=settings, now=now)) == come


@pytest.mark.parametrize("read", [reading.as_calendar, reading.as_table])
def test_calendar_and_table_are_always_whole(read: Any) -> None:
    with pytest.raises(Invalid) as refused:
        read(PICTURES, msgspec.structs.replace(visit(), query={"updated_since": "2027-03-15T09:00Z"}))
    (problem,) = refused.value.problems
    assert problem.field == "updated_since" and "/feed?updated_since=2026-11-20T10:00Z" in problem.sentence


def test_what_is_read_is_what_is_chosen() -> None:
    legs = ServiceSettings(service="empty legs")
    found = msgspec.json.decode(reading.as_json(PICTURES, visit(legs)).body)["feeds"]
    assert [[one["kind"] for one in feed["records"]] for feed in found] == [[], ["EMPTY_LEG"]]
