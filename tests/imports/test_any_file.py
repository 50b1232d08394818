"""Whatever a file holds, it comes in or is refused with sentences; it never breaks the import."""

from __future__ import annotations

import io
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from airstair.kernel.errors import Invalid
from airstair.records.fleet.snapshots import AircraftFacts
from airstair.records.flights.imports.layouts import BUILT_IN
from airstair.records.flights.imports.matching import Key, key_of, match
from airstair.records.flights.imports.rows import FileFlight, Lookups, read_flight
from airstair.records.imports.columns import Cells, check_columns, choose_layout
from airstair.records.imports.reading import table_of
from airstair.records.places.queries import Resolver

HEADER = ",".join([*BUILT_IN[0].columns.values(), *BUILT_IN[0].optional.values()])
LOOKUPS = Lookups([AircraftFacts(id=1, operator_id=1, registration="SP-KXA", home_base="EPWA")], Resolver([]))
GOOD = {
    "registration": "SP-KXA",
    "number": "KX1",
    "adep": "EPWA",
    "ades": "EGLL",
    "std": "2027-05-01T06:00Z",
    "sta": "2027-05-01T08:00Z",
}


def rows_of(content: bytes) -> int:
    try:
        table = table_of("any.csv", io.BytesIO(content), len(content))
        return sum(1 for _ in table.rows())
    except Invalid as refused:
        assert all(problem.sentence.endswith((".", "?")) for problem in refused.problems)
        return 0


@given(st.binary(max_size=300))
def test_any_bytes(content: bytes) -> None:
    rows_of(content)


@given(st.text(alphabet='a,;"\n\r\t\0é', max_size=60))
def test_any_text_that_looks_like_a_table(content: str) -> None:
    rows_of(content.encode())


@given(st.lists(st.text(max_size=20), max_size=8))
def test_any_header(header: list[str]) -> None:
    try:
        assert not choose_layout(header, BUILT_IN).missing(header)
    except Invalid as refused:
        assert "lacks" in str(refused)


@given(st.dictionaries(st.sampled_from([*HEADER.split(","), "no"]), st.text(max_size=20)))
def test_any_mapping(columns: dict[str, str]) -> None:
    try:
        check_columns(columns, [])
    except Invalid as refused:
        assert refused.problems


CELL = st.one_of(
    st.text(max_size=30),
    st.sampled_from(
        ["", "yes", "-1", "9" * 30, "2027-02-31T10:00Z", "0001-01-01T00:00+23:59", "9999-12-31T23:59-14:00"]
    ),
    st.datetimes(timezones=st.just(UTC)).map(lambda when: when.isoformat()),
)


@given(st.dictionaries(st.sampled_from(HEADER.split(",")), CELL, min_size=1))
def test_any_cells(wrong: dict[str, str]) -> None:
    given_cells = GOOD | wrong
    cells = Cells({name: at for at, name in enumerate(given_cells)}, list(given_cells.values()))
    flight = read_flight(cells, 2, LOOKUPS)
    assert (flight is None) == bool(cells.problems)
    if flight is not None:
        assert flight.std < flight.sta


# --- which flight a row is -------------------------------------------------------------------------------------

MOMENTS = st.integers(0, 3 * 48).map(
    lambda half_hours: datetime(2027, 5, 1 + half_hours // 48, half_hours % 48 // 2, 30 * (half_hours % 2), tzinfo=UTC)
)


def flight_at(std: datetime) -> FileFlight:
    return FileFlight(
        row=2, aircraft_id=1, registration="SP-KXA", number="KX1", adep="EPWA", ades="EGLL", std=std, sta=std
    )


@given(st.sets(MOMENTS, max_size=8), st.sets(MOMENTS, max_size=8))
def test_matching_never_gives_one_flight_to_two_rows(in_file: set[datetime], known: set[datetime]) -> None:
    found = match([flight_at(std) for std in sorted(in_file)], [Key("KX1", "EPWA", std) for std in known])
    assert len(set(found.values())) == len(found)
    for std in in_file & known:
        assert found[key_of(flight_at(std))] == Key("KX1", "EPWA", std)


@given(st.sets(MOMENTS, max_size=8))
def test_another_number_or_airport_is_another_flight(moments: set[datetime]) -> None:
    known = [Key(number, adep, std) for std in moments for number, adep in (("KX2", "EPWA"), ("KX1", "EPKK"))]
    assert match([flight_at(std) for std in moments], known) == {}
    assert all(Key.read(str(key)) == key for key in known)
