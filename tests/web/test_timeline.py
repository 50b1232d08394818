"""The geometry and the shapes of the timeline, without a page around them."""

from __future__ import annotations

import itertools
import re
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.http import QueryDict
from hypothesis import given
from hypothesis import strategies as st

from airstair.changes.queries import ChangeRow
from airstair.records.fleet.snapshots import AircraftFacts
from airstair.records.flights.facts import Board
from airstair.records.flights.rules import Status
from airstair.records.flights.snapshots import Activity, ActivityKind, EmptyLegOffer
from airstair.web.ops.looks import LEGEND, look_of, sentence_of
from airstair.web.ops.timeline import timeline
from airstair.web.ops.window import Window, read_window
from airstair.web.trails import told

NOW = datetime(2027, 3, 1, 12, tzinfo=UTC)
PLANE = AircraftFacts(id=1, operator_id=1, registration="N1", home_base="KEWR")


def activity(start: datetime, hours: float, **more: object) -> Activity:
    end = start + timedelta(hours=hours)
    values: dict[str, object] = {
        "id": 1, "kind": ActivityKind.FLIGHT, "aircraft_id": 1, "start_airport": "KEWR", "end_airport": "KJAX",
        "start": start, "end": end, "scheduled_start": start, "scheduled_end": end, "number": "EV1",
    }  # fmt: skip
    return Activity(**{**values, **more})  # type: ignore[arg-type]


def drawn(window: Window, *activities: Activity) -> str:
    board = Board(start=window.start, end=window.end, aircraft=(PLANE,), activities={1: activities}, warnings={})
    return str(timeline(board, window, NOW, "America/New_York").rows[0].bars)


WINDOW = Window(view="timeline", first=date(2027, 3, 1), days=2)


@pytest.mark.req("OPS-17")
def test_a_bar_is_where_its_time_is() -> None:
    bar = drawn(WINDOW, activity(NOW, 6))
    assert 'x="25.000%"' in bar
    assert 'width="12.500%"' in bar


@given(
    start=st.integers(-100_000, 100_000),
    length=st.integers(1, 60 * 24 * 60),
    days=st.sampled_from([1, 2, 3, 7, 14, 31]),
)
def test_no_bar_leaves_the_lane(start: int, length: int, days: int) -> None:
    window = Window(view="timeline", first=date(2027, 3, 1), days=days)
    bars = drawn(window, activity(NOW + timedelta(minutes=start), length / 60))
    for left, wide in re.findall(r'<svg x="([\d.]+)%" y="\d+" width="([\d.]+)%"', bars):
        assert 0 <= float(left) <= 100
        assert float(left) + float(wide) <= 100.06


@given(st.lists(st.tuples(st.integers(0, 2000), st.integers(1, 600)), max_size=12))
def test_bars_that_overlap_are_not_drawn_over_each_other(times: list[tuple[int, int]]) -> None:
    some = [activity(WINDOW.start + timedelta(minutes=at), long / 60, id=n) for n, (at, long) in enumerate(times)]
    found = re.findall(r'<svg x="([\d.]+)%" y="(\d+)" width="([\d.]+)%"', drawn(WINDOW, *some))
    boxes = sorted((y, float(left), float(left) + float(wide)) for left, y, wide in found)
    for (y, _, end), (other_y, start, _) in itertools.pairwise(boxes):
        assert y != other_y or start >= end - 0.06


@pytest.mark.req("OPS-17")
def test_every_look_has_its_own_shape_letters_and_word() -> None:
    flights = [activity(NOW, 1, status=status) for status in Status]
    others = [
        activity(NOW, 1, ferry=True),
        activity(NOW, 1, empty_leg=EmptyLegOffer()),
        *(activity(NOW, 1, kind=kind) for kind in ActivityKind if kind is not ActivityKind.FLIGHT),
    ]
    looks = [look_of(one) for one in (*flights, *others)]
    assert set(looks) == set(LEGEND)
    for attribute in ("css", "letters", "name"):
        assert len({getattr(look, attribute) for look in looks}) == len(looks) == 9


def test_text_of_people_cannot_become_markup() -> None:
    nasty = activity(NOW, 30, kind=ActivityKind.RESERVATION, title='"><script>alert(1)</script>')
    bar = drawn(WINDOW, nasty)
    assert "<script" not in bar
    assert "&lt;script&gt;" in bar


def test_a_flight_moved_by_actual_times_keeps_the_line_of_its_schedule() -> None:
    late = activity(NOW, 2, scheduled_start=NOW - timedelta(hours=1), scheduled_end=NOW + timedelta(hours=1))
    assert 'class="sched"' in drawn(WINDOW, late)
    assert 'class="sched"' not in drawn(WINDOW, activity(NOW, 2))


def test_the_sentence_names_what_the_bar_shows() -> None:
    offer = EmptyLegOffer(verified_by="Ann", verified_at=NOW)
    said = sentence_of(activity(NOW, 2, empty_leg=offer, trip_number="T00012"), "N1")
    assert said == "N1 · EV1 KEWR–KJAX · 1 Mar 12:00Z–14:00Z · Empty leg · verified for sale · trip T00012"


@pytest.mark.parametrize(
    ("query", "remark"),
    [
        ("from=2027-02-31", "not a day"),
        ("from=tomorrow", "not a day"),
        ("from=9999-12-31", "out of range"),
        ("from=0001-01-01", "out of range"),
        ("from=%F0%28%8C%28", "not a day"),
        ("days=0", "days cannot be shown"),
        ("days=1000000000000", "days cannot be shown"),
        ("status=MAYBE", "not a status"),
        ("aircraft=-1", "not one of the fleet"),
        ("aircraft=99999999999999999999999", "not one of the fleet"),
    ],
)
def test_an_address_that_does_not_fit_shows_the_usual_and_says_so(query: str, remark: str) -> None:
    window = read_window(QueryDict(query), NOW)
    assert (window.first, window.days, window.view) == (NOW.date(), 3, "timeline")
    assert remark in window.remarks[0]


def test_an_address_says_what_it_shows() -> None:
    window = read_window(QueryDict("view=table&from=2027-05-04&days=7&aircraft=8&status=OPTION&q=a+b&airport=ewr"), NOW)
    assert read_window(QueryDict(window.query), NOW) == window
    assert window.remarks == ()


def line(before: dict[str, object] | None, after: dict[str, object] | None) -> ChangeRow:
    return ChangeRow(
        seq=1, at=NOW, actor_kind="person", actor_key="1", actor_label="Ann", kind="flight.changed",
        subject_kind="flight", subject_id=1, title="", before=before, after=after, units=(),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("before", "after", "fields"),
    [
        (
            {"std": "2027-03-01T06:00Z"},
            {"std": "2027-03-01T07:30Z"},
            [("STD", "1 Mar 2027 06:00Z", "1 Mar 2027 07:30Z")],
        ),
        ({"aircraft_id": 1}, {"aircraft_id": 9}, [("Aircraft", "N1", "9")]),
        (None, {"number": "EV1", "altn": "", "ferry": False, "pax_list": []}, [("Number", "", "EV1")]),
        ({"empty_leg.verified_by": "Ann"}, {"empty_leg.verified_by": None}, [("Empty leg: verified by", "Ann", "–")]),
        ({"crew": {}}, {"crew": {"CPT": "ABC"}}, [("Crew", "–", "CPT ABC")]),
        ({"deleted": False}, {"deleted": True}, [("Deleted", "no", "yes")]),
        ({"event_id": 4, "title": "A-check"}, None, [("Title", "A-check", "–")]),
        ({"notes": "2027-99-99T99:99Z"}, {"notes": "x"}, [("Notes", "2027-99-99T99:99Z", "x")]),
    ],
)
def test_the_trail_is_told_in_peoples_words(before: Any, after: Any, fields: list[tuple[str, str, str]]) -> None:
    (one,) = told([line(before, after)], [PLANE])
    assert [(f.name, f.was, f.now) for f in one.fields] == fields
