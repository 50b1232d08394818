"""The two settings about home base, read back by a small interpreter of the marketplace that shares nothing with them.

The interpreter knows a body, the mapping table as a member would copy it from the About page, and the marketplace's
published words about gaps, ferries and options; nothing else.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from airstair.addons.avinode.addon import ADDON
from airstair.addons.avinode.tests.schedules import (
    DAY,
    HOME,
    HOUR,
    NOW,
    Status,
    event,
    flight,
    mapped,
    one,
    past,
    schedule,
    sent,
)
from airstair.records.flights.snapshots import Activity, EmptyLegOffer

ONLY_HOME = {"send_only_continuous_availability_from_home_base": True}
MEANS = dict(re.findall(r"^\| `(.+?)` \| .+ \| (.+) \|$", ADDON.about, re.MULTILINE))
MINUTE = timedelta(minutes=1)


class Marketplace:
    """Reads one upload."""

    def __init__(self, activities: list[dict[str, Any]]) -> None:
        self._counted = [
            (
                datetime.fromisoformat(a["startDateTime"]),
                datetime.fromisoformat(a["endDateTime"]),
                MEANS[a["activityType"]],
                a["startAirport"]["icao"],
                a["endAirport"]["icao"],
            )
            for a in activities
            if MEANS[a["activityType"]] != "Option Availability"
        ]

    def times(self) -> list[datetime]:
        """Every edge, and a minute beside it."""
        edges = {edge for start, end, *_ in self._counted for edge in (start, end)}
        return sorted(t for edge in edges for t in (edge - MINUTE, edge, edge + MINUTE))

    def available_at(self, when: datetime) -> set[str] | None:
        """The airports where the aircraft may be taken to be available; `None` when it is occupied.

        Empty legs on offer count as nowhere: they are sold by themselves.
        """
        under_way = [a for a in self._counted if a[0] <= when < a[1]]
        if any(means in ("Occupied", "Flight Occupied") for _, _, means, _, _ in under_way):
            return None
        if under_way:
            return {
                airport for _, _, means, *both in under_way if means != "Empty Leg Availability" for airport in both
            }
        ended = [a for a in self._counted if a[1] <= when]
        latest = max(end for _, end, *_ in ended)
        return {there for _, end, _, _, there in ended if end == latest}


def read(*activities: Activity, **wanted: Any) -> Marketplace:
    return Marketplace(sent(schedule(*activities), **wanted))


@st.composite
def activities(draw: st.DrawFn) -> list[Activity]:
    """Any schedule, however broken: overlaps, breaks, ties, options, opportunities, idle aircraft."""
    airport = st.sampled_from([HOME, HOME, "LFMN", "EGLF"])
    made = []
    for id in range(draw(st.integers(0, 8))):
        start = NOW + timedelta(hours=draw(st.integers(-45 * 24, 45 * 24)), minutes=draw(st.sampled_from([0, 0, 7])))
        hours = draw(st.sampled_from([1, 2, 2, 5, 30]))
        if draw(st.integers(0, 4)) == 0:
            made.append(event(id, draw(airport), start, hours))
            continue
        made.append(
            flight(
                id,
                f"{draw(airport)}-{draw(airport)}",
                start,
                hours,
                ferry=draw(st.booleans()),
                status=draw(st.sampled_from([Status.CONFIRMED] * 4 + [Status.OPTION, Status.OPPORTUNITY])),
                empty_leg=draw(st.sampled_from([None, None, EmptyLegOffer()])),
            )
        )
    return made


@pytest.mark.req("AVI-22")
@settings(max_examples=300)
@given(made=activities(), hours=st.none() | st.integers(0, 240), minutes=st.integers(0, 3000))
def test_never_available_away_from_home_base(made: list[Activity], hours: int | None, minutes: int) -> None:
    now = NOW + timedelta(minutes=minutes)
    wanted = ONLY_HOME | {"send_options": True, "send_opportunities": True, "reposition_to_home_base_after_h": hours}
    market = Marketplace(sent(schedule(*made), now, **wanted))

    for when in [now, *(t for t in market.times() if t > now), now + 2000 * DAY]:
        where = market.available_at(when)
        assert where is None or where <= {HOME}, when


@settings(max_examples=300)
@given(made=activities(), minutes=st.integers(0, 3000), later=st.floats(0, 1), everything=st.booleans())
def test_a_document_stays_as_it_is_for_as_long_as_it_says(
    made: list[Activity], minutes: int, later: float, everything: bool
) -> None:
    wanted: dict[str, Any] = {"send_options": True, "send_opportunities": True} if everything else {}
    wanted |= ONLY_HOME | {"reposition_to_home_base_after_h": 5} if everything else {}
    picture, now = schedule(*made), NOW + timedelta(minutes=minutes)
    first = mapped(picture, now, **wanted)
    assert first.good_until is not None and now <= first.good_until <= now + DAY
    then = now + (first.good_until - now - timedelta(microseconds=1)) * later
    if then >= now:
        assert mapped(picture, then, **wanted) == first


@pytest.mark.req("AVI-22")
@settings(max_examples=200)
@given(made=activities(), hours=st.integers(0, 240), only=st.booleans())
def test_in_the_end_the_aircraft_is_at_home_base(made: list[Activity], hours: int, only: bool) -> None:
    wanted = {"send_opportunities": True, "reposition_to_home_base_after_h": hours}
    market = read(*made, **wanted, send_only_continuous_availability_from_home_base=only)

    assert market.available_at(NOW + 2000 * DAY) == {HOME}


@pytest.mark.req("AVI-22")
@settings(max_examples=200)
@given(made=activities())
def test_without_the_settings_it_is_where_the_schedule_leaves_it(made: list[Activity]) -> None:
    market = read(*made, send_options=True, send_opportunities=True)
    moved = [a for a in made if a.status is Status.CONFIRMED]
    last = max((a.end for a in moved), default=None)
    left_at = {a.end_airport for a in moved if a.end == last} or {HOME}

    assert market.available_at(NOW + 2000 * DAY) <= left_at


@pytest.mark.req("AVI-22")
@pytest.mark.parametrize("hours", [0, 1, 5, 240])
def test_it_appears_at_home_base_that_many_hours_later(hours: int) -> None:
    away = flight(2, "EPWA-LFMN", NOW.replace(second=0) + HOUR)
    market = read(past(), away, reposition_to_home_base_after_h=hours)
    at_home = away.end + max(timedelta(hours=hours), MINUTE)

    assert market.available_at(at_home) == {HOME}
    assert "LFMN" in (market.available_at(at_home - MINUTE) or set())
    if hours > 1:
        assert market.available_at(at_home - HOUR - MINUTE) == {"LFMN"}


@pytest.mark.req("AVI-22")
@pytest.mark.parametrize(
    ("following", "returns"),
    [
        (flight(3, "LFMN-EGLF", NOW + 20 * DAY), False),  # stays for its next flight
        (flight(3, "EPWA-EGLF", NOW + 20 * DAY), True),  # must have come back for it
        (flight(3, "EPWA-EGLF", NOW + 8 * HOUR), False),  # no time to: a break, and warned of
    ],
)
def test_it_returns_only_where_nothing_else_is_planned(following: Activity, returns: bool) -> None:
    picture = schedule(past(), flight(2, "EPWA-LFMN", NOW + HOUR), following)

    ids = {a["activityId"] for a in sent(picture, reposition_to_home_base_after_h=24)}

    assert ("r-f-2" in ids) is returns


@pytest.mark.req("AVI-22")
def test_an_idle_aircraft_has_long_returned() -> None:
    picture = schedule(last_before=flight(2, "EPWA-LFMN", NOW - 90 * DAY))

    assert one(sent(picture), "g-81")["endAirport"] == {"icao": "LFMN"}
    assert one(sent(picture, reposition_to_home_base_after_h=24), "g-81")["endAirport"] == {"icao": HOME}


@pytest.mark.req("AVI-22")
def test_ferries_and_stays_are_closed_and_empty_legs_stay_on_offer() -> None:
    picture = schedule(
        past(),
        flight(2, "EPWA-LFMN", NOW + HOUR, ferry=True),
        flight(3, "LFMN-EPWA", NOW + DAY, ferry=True, empty_leg=EmptyLegOffer()),
    )
    document = mapped(picture, **ONLY_HOME)
    listed = sent(picture, **ONLY_HOME)

    assert [(a["activityId"], a["activityType"]) for a in listed] == [
        ("f-1", "PAX FLIGHT"),
        ("f-2", "FERRY CLOSED"),
        ("a-f-2", "AWAY FROM BASE"),
        ("f-3", "EMPTY LEG"),
    ]
    assert "1 stay away from home base" in document.warnings[0].text


@pytest.mark.req("AVI-22")
def test_a_stay_that_is_planned_far_ahead_is_closed_too() -> None:
    far = flight(2, "EPWA-LFMN", NOW + 800 * DAY)
    market = read(past(), far, **ONLY_HOME)

    assert market.available_at(far.start - HOUR) == {HOME}
    assert market.available_at(far.end + 100 * DAY) is None
    assert market.available_at(far.end + 400 * DAY) == {HOME}


@pytest.mark.req("AVI-22", "AVI-21")
def test_an_opportunity_does_not_move_the_aircraft() -> None:
    market = read(past(), flight(2, "EPWA-LFMN", NOW + DAY, status=Status.OPPORTUNITY), send_opportunities=True)

    assert market.available_at(NOW + 2 * DAY) == {HOME}


class TestWithoutAHomeBase:
    """An aircraft can be imported before anybody entered its home base."""

    @pytest.mark.req("AVI-11")
    def test_an_idle_one_waits_where_its_next_activity_begins(self) -> None:
        ahead = flight(5, "LFMN-EGLF", NOW + 2 * DAY)
        waiting = one(sent(schedule(ahead, home_base="")), "g-81")
        assert waiting["endAirport"] == {"icao": "LFMN"}

    @pytest.mark.req("AVI-11", "AVI-21")
    def test_an_opportunity_does_not_say_where_one_is_that_never_flew(self) -> None:
        chance = flight(5, "LFMN-EGLF", NOW + 2 * DAY, status=Status.OPPORTUNITY)
        listed = sent(schedule(chance, home_base=""), send_opportunities=True)
        assert [a["activityId"] for a in listed] == ["f-5"]  # and nothing at an airport without a code

    def test_one_that_never_flew_and_never_will_is_sent_empty_with_a_warning(self) -> None:
        made = mapped(schedule(home_base=""), reposition_to_home_base_after_h=4, **ONLY_HOME)
        assert made.parts == ()
        assert "Enter it under Fleet" in made.warnings[-1].text
