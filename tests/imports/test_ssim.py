"""IATA SSIM chapter 7: what is written is read again, and a line's days and times become the right moments."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from airstair.kernel.errors import Invalid
from airstair.records.flights.imports.ssim.expanding import dated_legs
from airstair.records.flights.imports.ssim.fields import Unfit
from airstair.records.flights.imports.ssim.reading import read_ssim
from airstair.records.flights.imports.ssim.records import (
    CARRIER,
    LEG,
    SEGMENT,
    Block,
    Carrier,
    Column,
    Kind,
    Leg,
    Segment,
    SsimFile,
)
from airstair.records.flights.imports.ssim.writing import write_ssim


def line(**parts: str) -> str:
    """A line of 200 columns: `c3="XX"` puts XX into columns 3 and on."""
    signs = list(" " * 200)
    for name, text in parts.items():
        at = int(name[1:]) - 1
        signs[at : at + len(text)] = text
    return "".join(signs)


CARRIER_LINE = line(c1="2", c2="L", c3="XX", c11="S26", c15="29MAR26", c22="24OCT26", c72="P")
OUT = line(
    c1="3", c3="XX", c6=" 401", c10="01", c12="01", c14="J", c15="29MAR26", c22="24OCT26", c29="1 3 5", c37="WAW",
    c40="0710", c44="0710", c48="+0200", c55="LTN", c58="0850", c62="0850", c66="+0100", c73="73H", c173="Y180",
)  # fmt: skip
BACK = line(
    c1="3", c3="XX", c6=" 402", c10="01", c12="01", c14="J", c15="29MAR26", c22="24OCT26", c29="1 3 5", c37="LTN",
    c40="2255", c44="2255", c48="+0100", c55="WAW", c58="0220", c62="0220", c66="+0200", c73="73H", c193="01",
)  # fmt: skip
SHARED = line(c1="4", c3="XX", c6=" 401", c10="01", c12="01", c14="J", c29="AB", c31="050", c34="WAWLTN", c40="XX 8401")
MONDAY = date(2026, 7, 6)


def leg(**given: object) -> Leg:
    """A flight of an hour on Mondays all summer, unless said otherwise."""
    usual: dict[str, object] = {
        "airline": "XX", "number": "401", "period_from": date(2026, 3, 29), "period_to": date(2026, 10, 24),
        "weekdays": frozenset({1}), "adep": "WAW", "std": 7 * 60, "adep_offset": timedelta(hours=2), "ades": "LTN",
        "sta": 8 * 60, "ades_offset": timedelta(hours=1),
    }  # fmt: skip
    return Leg(**{**usual, **given})  # type: ignore[arg-type]


def dated(one: Leg, first: date = MONDAY, last: date = date(2026, 7, 12), mode: str = "L") -> list[str]:
    """`05:00-07:00+0` of each flight."""
    file = SsimFile(blocks=(Block(carrier=Carrier(airline="XX", time_mode=mode), legs=(one,)),))
    found, notes = dated_legs(file, first, last)
    assert not notes
    return [f"{f.std:%a %d %H:%M}-{f.sta:%H:%M}+{(f.sta.date() - f.std.date()).days}" for f in found]


# ── A whole file ────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.req("VDC-02")
def test_a_file_becomes_flights_in_utc() -> None:
    file = read_ssim("\n".join(["1AIRLINE STANDARD SCHEDULE DATA SET", "0" * 200, CARRIER_LINE, OUT, SHARED, "", BACK]))
    (block,) = file.blocks
    assert (block.carrier.airline, block.carrier.season) == ("XX", "S26")
    assert [one.designator for one in block.legs] == ["XX401", "XX402"]
    assert block.legs[0].segments == (
        Segment(board_point="A", off_point="B", code="050", board="WAW", off="LTN", text="XX 8401"),
    )
    found, notes = dated_legs(file, MONDAY, MONDAY + timedelta(days=6))
    assert not notes
    assert [(f.designator, f.adep, f.ades, f.std, f.sta) for f in found if f.day == MONDAY] == [
        ("XX401", "WAW", "LTN", datetime(2026, 7, 6, 5, 10, tzinfo=UTC), datetime(2026, 7, 6, 7, 50, tzinfo=UTC)),
        ("XX402", "LTN", "WAW", datetime(2026, 7, 6, 21, 55, tzinfo=UTC), datetime(2026, 7, 7, 0, 20, tzinfo=UTC)),
    ]
    assert [f"{f.std:%a}" for f in found] == ["Mon", "Mon", "Wed", "Wed", "Fri", "Fri"]
    assert {f.equipment for f in found} == {"73H"}


# Nothing stands here for the sake of one partner: each case is one way in which a line says when.
@pytest.mark.req("VDC-02")
@pytest.mark.parametrize(
    ("given", "expected"),
    [
        # UTC is local time less the variation.
        ({}, ["Mon 06 05:00-07:00+0"]),
        ({"adep_offset": timedelta(hours=-5), "ades_offset": timedelta(hours=-4)}, ["Mon 06 12:00-12:00+1"]),
        ({"adep_offset": timedelta(hours=5, minutes=30), "ades_offset": timedelta(0)}, ["Mon 06 01:30-08:00+0"]),
        # Over midnight, said and not said.
        ({"std": 23 * 60, "sta": 60, "sta_shift": 1}, ["Mon 06 21:00-00:00+1"]),
        ({"std": 23 * 60, "sta": 60}, ["Mon 06 21:00-00:00+1"]),
        ({"std": 23 * 60 + 30, "sta": 2 * 60 + 30, "sta_shift": 0}, ["Mon 06 21:30-01:30+1"]),
        # Midnight as 2400, which is the end of the day.
        ({"std": 22 * 60, "sta": 24 * 60}, ["Mon 06 20:00-23:00+0"]),
        # A local Monday that is a Sunday in UTC, and lands the day before it left, over the date line.
        ({"std": 60, "adep_offset": timedelta(hours=12), "sta": 6 * 60, "ades_offset": timedelta(hours=-10),
          "sta_shift": -1}, ["Sun 12 13:00-16:00+0"]),
        # A later leg of an itinerary that began the day before.
        ({"std_shift": 1, "sta_shift": 1}, ["Tue 07 05:00-07:00+0"]),
        # Days of the week, from Monday 1 to Sunday 7.
        ({"weekdays": frozenset({1, 3, 5})},
         ["Mon 06 05:00-07:00+0", "Wed 08 05:00-07:00+0", "Fri 10 05:00-07:00+0"]),
        ({"weekdays": frozenset({7})}, ["Sun 12 05:00-07:00+0"]),
        # The ends of the period count; an open one has none.
        ({"period_to": MONDAY}, ["Mon 06 05:00-07:00+0"]),
        ({"period_from": MONDAY}, ["Mon 06 05:00-07:00+0"]),
        ({"period_to": MONDAY - timedelta(days=1)}, []),
        ({"period_from": MONDAY + timedelta(days=1)}, []),
        ({"period_to": None}, ["Mon 06 05:00-07:00+0"]),
        # Every second week, counted from the first of the period.
        ({"fortnightly": "2", "period_from": MONDAY - timedelta(days=14)}, ["Mon 06 05:00-07:00+0"]),
        ({"fortnightly": "2", "period_from": MONDAY - timedelta(days=7)}, []),
    ],
)  # fmt: skip
def test_when_a_line_flies(given: dict[str, object], expected: list[str]) -> None:
    assert dated(leg(**given)) == expected


@pytest.mark.req("VDC-02")
def test_in_utc_the_times_are_what_they_are() -> None:
    assert dated(leg(), mode="U") == ["Mon 06 07:00-08:00+0"]
    assert dated(leg(adep_offset=None, ades_offset=None), mode="U") == ["Mon 06 07:00-08:00+0"]


def test_local_times_without_a_variation_are_not_guessed() -> None:
    file = SsimFile(blocks=(Block(carrier=Carrier(airline="XX"), legs=(leg(adep_offset=None),)),))
    found, (note,) = dated_legs(file, MONDAY, MONDAY)
    assert not found
    assert "how far they are from UTC" in note.reason


# ── Bad lines ───────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (OUT[:36] + "   " + OUT[39:], "departure station"),
        (OUT[:5] + "    " + OUT[9:], "flight number"),
        (OUT[:43] + "2560" + OUT[47:], "like 0710"),
        (OUT[:14] + "31FEB26" + OUT[21:], "no such day"),
        (OUT[:28] + "31     " + OUT[35:], "its own column"),
        (OUT[:28] + "       " + OUT[35:], "days of the week"),
        (OUT[:21] + "28MAR26" + OUT[28:], "before it begins"),
        (OUT[:47] + "0200+" + OUT[52:], "like +0200"),
        ("9" + OUT[1:], "begins with 1 to 5"),
        (SHARED.replace("401", "999", 1), "another flight"),
    ],
)
def test_a_bad_line_is_told_and_spoils_no_other(bad: str, reason: str) -> None:
    file = read_ssim("\r\n".join([CARRIER_LINE, OUT, bad, BACK]))
    assert [one.number for one in file.blocks[0].legs] == ["401", "402"]
    (note,) = file.notes
    assert note.line == 3
    assert reason in note.reason


@pytest.mark.parametrize("text", ["", "hello", "number;from;to\n1;2;3", "0" * 200, "%PDF-1.7"])
def test_what_is_no_such_file_is_refused(text: str) -> None:
    with pytest.raises(Invalid, match="no SSIM chapter 7 file"):
        read_ssim(text)


@given(st.text(alphabet="0123 45XXWAWJMAR26+\r\n\x00é", max_size=900))
def test_no_text_at_all_breaks_the_reader(text: str) -> None:
    try:
        file = read_ssim(CARRIER_LINE + "\n" + text)
    except Invalid:
        return
    dated_legs(file, MONDAY, MONDAY + timedelta(days=6))


# ── There and back ──────────────────────────────────────────────────────────────────────────────────

_SIGNS = st.characters(min_codepoint=33, max_codepoint=126)
_OFFSETS = st.integers(-15 * 60 - 59, 15 * 60 + 59).map(lambda minutes: timedelta(minutes=minutes))
_DAYS = st.dates(date(2000, 1, 1), date(2099, 12, 31))
_CLOCKS = st.integers(0, 24 * 60)
_NEEDED = {"airline", "number", "adep", "ades", "std", "sta", "period_from"}


def _values(column: Column) -> st.SearchStrategy[object]:
    needed = column.field in _NEEDED
    match column.kind:
        case Kind.TEXT | Kind.RIGHT:
            width = column.last - column.first + 1
            return st.text(_SIGNS, min_size=1 if needed else 0, max_size=width)
        case Kind.WEEKDAYS:
            return st.frozensets(st.integers(1, 7), min_size=1)
    some: dict[Kind, st.SearchStrategy[object]] = {
        Kind.DAY: _DAYS,
        Kind.CLOCK: _CLOCKS,
        Kind.OFFSET: _OFFSETS,
        Kind.SHIFT: st.integers(-1, 9),
    }
    return some[column.kind] if needed else st.none() | some[column.kind]


def _build(kind: type, columns: tuple[Column, ...], **more: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
    return st.builds(kind, **{column.field: _values(column) for column in columns}, **more)


_SEGMENTS = _build(Segment, SEGMENT)
_LEGS = _build(Leg, LEG, segments=st.lists(_SEGMENTS, max_size=2).map(tuple)).filter(
    lambda one: one.period_to is None or one.period_to >= one.period_from  # type: ignore[attr-defined]
)
_BLOCKS = st.builds(Block, carrier=_build(Carrier, CARRIER), legs=st.lists(_LEGS, max_size=3).map(tuple))
_FILES = st.builds(
    SsimFile,
    blocks=st.lists(_BLOCKS, min_size=1, max_size=3).map(tuple),
    seasons=st.text(_SIGNS, max_size=1),
    serial=st.text("0123456789", max_size=3),
)


@pytest.mark.req("VDC-02")
@given(_FILES)
def test_a_written_file_read_again_is_equal(file: SsimFile) -> None:
    text = write_ssim(file)
    lines = text.split("\r\n")[:-1]
    assert {len(one) for one in lines} == {200}
    assert [one[194:] for one in lines] == [f"{n:06}" for n in range(1, len(lines) + 1)]
    assert read_ssim(text) == file
    # Trimmed lines, other line ends and padding mean the same.
    assert read_ssim("\n".join(one.rstrip() for one in lines) + "\n" + "0" * 200) == file


@given(_LEGS, st.dates(date(2001, 1, 1), date(2098, 1, 1)))
def test_every_dated_flight_is_one_of_the_line(one: Leg, first: date) -> None:
    one = msgspec.structs.replace(
        one,
        adep_offset=one.adep_offset or timedelta(0),
        ades_offset=one.ades_offset or timedelta(0),
        std_shift=None,
        sta_shift=None,
    )
    file = SsimFile(blocks=(Block(carrier=Carrier(airline="XX"), legs=(one,)),))
    found, notes = dated_legs(file, first, first + timedelta(days=6))
    assert not notes
    assert len(found) <= 8
    for flight in found:
        assert timedelta(0) < flight.sta - flight.std <= timedelta(days=1)
        assert first <= flight.std.date() <= first + timedelta(days=6)
        local = flight.std + (one.adep_offset or timedelta(0))
        day = local.date() - timedelta(days=one.std == 24 * 60)
        assert day.isoweekday() in one.weekdays
        assert one.period_from <= day <= (one.period_to or date.max)


def test_what_has_no_place_in_its_columns_is_not_written() -> None:
    for wrong in ({"number": "40123"}, {"airline": " XX"}, {"adep": "ŁCJ"}, {"period_from": date(1999, 1, 1)}):
        file = SsimFile(blocks=(Block(carrier=Carrier(airline="XX"), legs=(leg(**wrong),)),))
        with pytest.raises(Unfit):
            write_ssim(file)
