"""Flights come in from files: what is written, what is left out and why, and which column is what."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta

import pytest

from airstair.changes.models import Change
from airstair.kernel.actor import Actor, ActorKind
from airstair.kernel.errors import Invalid
from airstair.records.fleet.imports import import_fleet
from airstair.records.flights.imports import import_flights, save_mapping
from airstair.records.flights.models import BlockTimes, Flight

from .conftest import (
    CANCELLED,
    DIVERTED,
    FLEET,
    FLIGHTS,
    FLOWN,
    Bring,
    changed,
    counts,
    stored,
)

pytestmark = pytest.mark.django_db

# --- what comes in ---------------------------------------------------------------------------------------------


def test_a_row_becomes_a_flight_with_its_times_in_the_journey_log(bring: Bring, with_fleet: Actor) -> None:
    assert counts(bring(FLOWN, DIVERTED, CANCELLED)) == (3, 0, 0, 0)
    flown, diverted, cancelled = stored(with_fleet)
    assert (flown.registration, flown.number, flown.adep, flown.ades) == ("SP-KXA", "KX101", "EPWA", "EGLL")
    assert (flown.std, flown.sta) == (datetime(2027, 5, 1, 6, tzinfo=UTC), datetime(2027, 5, 1, 8, 40, tzinfo=UTC))
    assert flown.status == "CONFIRMED"
    log = flown.times["journey_log"]
    assert (log.off_block, log.on_block) == (flown.std + timedelta(minutes=5), flown.sta - timedelta(minutes=9))
    assert log.sources == {"off_block": "month.csv", "on_block": "month.csv"}
    assert diverted.times["journey_log"].on_block is None
    assert diverted.times["journey_log"].off_block == datetime(2027, 5, 2, 10, 20, tzinfo=UTC)
    assert (cancelled.status, cancelled.times) == ("CANCELLED", {})


def test_the_trail_names_the_file_and_waits_in_the_slow_lane(bring: Bring, with_fleet: Actor) -> None:
    bring(FLOWN)
    change = Change.objects.get(kind="flight.created")
    assert (change.actor_kind, change.actor_label, change.bulk) == (ActorKind.IMPORT, "month.csv", True)
    flight = Flight.objects.get()
    assert {f"aircraft:{flight.aircraft_id}", f"flight:{flight.id}"} <= set(change.units)


def test_all_fields_of_the_plain_layout(bring: Bring, with_fleet: Actor) -> None:
    header = "registration,number,adep,ades,std,sta,status,flight_type,ferry,pax_count,notes"
    times = "2027-05-01T06:00Z,2027-05-01T08:40Z"
    report = bring(
        f"sp-kxa,kx 101,epwa,lhr,{times},option,private,no,3,Wheelchair",
        f"spkxa,,EPWA,LHR,{times.replace('05-01', '05-04')},,,yes,,",
        header=header,
    )
    assert counts(report) == (2, 0, 0, 0)
    first, second = stored(with_fleet)
    assert (first.number, first.status, first.flight_type, first.pax_count) == ("KX101", "OPTION", "PRIVATE", 3)
    assert (first.ades, first.notes) == ("EGLL", "Wheelchair")
    assert (second.number, second.ferry, second.status) == ("SPKXA", True, "CONFIRMED")


# --- what is left out ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cells", "words"),
    [
        ({"std": "2027-02-31T06:00Z"}, "STD: “2027-02-31T06:00Z” is not a time. Write it in UTC"),
        ({"std": "2027-05-01T06:00"}, "STD: “2027-05-01T06:00” has no time zone. Add Z"),
        ({"std": "0027-05-01T06:00Z"}, "STD: The year 27 is out of range"),
        ({"std": "0001-01-01T00:00+14:00"}, "STD: “0001-01-01T00:00+14:00” is out of range"),
        ({"std": ""}, "STD is missing."),
        ({"sta": ""}, "STA is missing."),
        ({"sta": "2027-05-01T05:00Z"}, "STA (2027-05-01T05:00Z) is not after STD (2027-05-01T06:00Z). Correct one"),
        ({"sta": "2027-05-01T06:00Z"}, "is not after STD"),
        ({"sta": "2027-05-03T08:40Z"}, "STA is more than 24 hours after STD"),
        ({"on": "2027-05-01T05:00Z"}, "BLON is before BLOFF"),
        ({"registration": ""}, "Registration is missing."),
        ({"number": "KX/101"}, "Flight number: “KX/101” is not a flight number"),
        ({"number": "KX101234567890"}, "is not a flight number. Use up to ten letters and digits"),
        ({"adep": ""}, "ADEP is missing."),
        ({"x": "perhaps"}, "Cancelled: “perhaps” is neither yes nor no"),
        ({"x": "no,surplus"}, "It has 10 cells, and the header has 9"),
    ],
)
def test_a_row_that_does_not_fit_is_left_out_with_its_reason(
    bring: Bring, with_fleet: Actor, cells: dict[str, str], words: str
) -> None:
    report = bring(DIVERTED, changed(**cells))
    assert counts(report) == (1, 0, 0, 1)
    assert report.skipped[0].row == 3
    assert words in report.skipped[0].reason
    assert [flight.number for flight in stored(with_fleet)] == ["KX102"]


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        ("-3", "Passengers: “-3” is not a whole number from 0 to 900"),
        ("1e2", "is not a whole number"),
        ("٣", "is not a whole number"),
        ("99999999999999999999", "is not a whole number"),
        ("901", "from 0 to 900"),
    ],
)
def test_numbers_that_cannot_be(bring: Bring, cell: str, words: str) -> None:
    report = bring(
        f"{FLOWN},{cell}", header="registration,number,adep,ades,std,sta,off_block,on_block,cancelled,pax_count"
    )
    assert counts(report) == (0, 0, 0, 1)
    assert words in report.skipped[0].reason


def test_words_that_do_not_exist(bring: Bring) -> None:
    header = "registration,number,adep,ades,std,sta,status,flight_type,ferry,pax_count,notes"
    times = "2027-05-01T06:00Z,2027-05-01T08:40Z"
    report = bring(f"SP-KXA,K1,WAW,LHR,{times},SURE,JOYRIDE,yes,4,a\x07b", header=header)
    reason = report.skipped[0].reason
    assert "“SURE” is no status. Use OPTION, OPPORTUNITY, CONFIRMED, CANCELLED." in reason
    assert "“JOYRIDE” is no flight type. Use COMMERCIAL" in reason
    assert "A ferry flight carries no passengers" in reason
    assert "Notes: It holds characters that cannot be printed" in reason


@pytest.mark.req("OPS-07")
def test_an_unknown_airport_gets_the_nearest_suggestions(bring: Bring) -> None:
    report = bring(changed(adep="EPWX"))
    assert "ADEP: “EPWX” is not the code of an airport known here. Nearest: EPW" in report.skipped[0].reason


def test_an_unknown_aircraft_gets_the_nearest_of_the_fleet(bring: Bring) -> None:
    report = bring(changed(registration="SP-KXB"), changed(registration="ZZ-000", number="KX9"))
    assert "Registration: “SP-KXB” is not in the fleet. Did you mean SP-KXA?" in report.skipped[0].reason
    assert "“ZZ-000” is not in the fleet. Add it under Fleet" in report.skipped[1].reason


def test_every_problem_of_a_row_is_told_at_once(bring: Bring) -> None:
    reason = bring(changed(registration="X", adep="?", sta="soon", x="hm")).skipped[0].reason
    for word in ("Registration:", "ADEP:", "STA:", "Cancelled:"):
        assert word in reason


def test_rows_that_come_twice_come_in_once(bring: Bring, with_fleet: Actor) -> None:
    report = bring(FLOWN, DIVERTED, FLOWN, changed(registration="N14923", ades="EDDF"))
    assert counts(report) == (2, 0, 0, 2)
    again, other = report.skipped
    assert (again.row, other.row) == (4, 5)
    assert "The same flight as row 2 (KX101 EPWA–EGLL 1 May 2027 06:00Z), word for word" in again.reason
    assert "are those of row 2" in other.reason
    assert "the rest differs" in other.reason
    assert {flight.registration for flight in stored(with_fleet)} == {"SP-KXA"}


# --- columns ---------------------------------------------------------------------------------------------------


def test_a_missing_column_is_named_with_the_nearest_that_there_is(bring: Bring, with_fleet: Actor) -> None:
    header = "registration,flight_number,adep_iata,ades_iata,std_utc,arrival_utc,off_blocks_utc,on_blocks_utc,cancelled"
    with pytest.raises(Invalid) as refused:
        bring(FLOWN, header=header)
    words = str(refused.value)
    assert "lacks a column of the mapping “bts-departures”: “sta_utc” (nearest in the file: arrival_utc)" in words
    assert "save a mapping" in words
    assert not Flight.objects.exists()


def test_a_header_of_something_else(bring: Bring) -> None:
    with pytest.raises(Invalid, match="The file lacks columns of the mapping"):
        bring("1,2", header="colour,size")


def test_a_mapping_that_nobody_saved(bring: Bring) -> None:
    with pytest.raises(Invalid, match=r"There is no mapping “roster”\. There are: airstair, bts-departures."):
        bring(FLOWN, mapping="roster")


OWN = {"registration": "Tail", "number": "Flt", "adep": "From", "ades": "To", "std": "Dep (UTC)", "sta": "Arr (UTC)"}


def test_a_saved_mapping_reads_the_operators_own_files(bring: Bring, with_fleet: Actor) -> None:
    save_mapping(with_fleet, "roster", OWN)
    line = "SP-KXA,KX7,EPWA,LHR,2027-05-01T06:00Z,2027-05-01T08:40Z"
    report = bring(line, header="TAIL,flt,From,To,dep_(utc),Arr (UTC)")
    assert (counts(report), report.mapping) == ((1, 0, 0, 0), "roster")
    assert bring(line, header="TAIL,flt,From,To,dep_(utc),Arr (UTC)", mapping="ROSTER").unchanged == 1
    # A file of the same operator that another mapping fits is still read by that one.
    assert bring(FLOWN).mapping == "airstair"


def test_saving_a_mapping_again_replaces_it_and_is_on_the_trail(with_fleet: Actor) -> None:
    save_mapping(with_fleet, "roster", OWN)
    save_mapping(with_fleet, "roster", OWN)
    save_mapping(with_fleet, "Roster", {**OWN, "notes": "Remarks"})
    trail = list(Change.objects.filter(kind="mapping.saved").order_by("seq"))
    assert [change.before for change in trail] == [None, OWN]
    assert trail[1].after == {**OWN, "notes": "Remarks"}


@pytest.mark.parametrize(
    ("name", "columns", "words"),
    [
        ("", OWN, "name: It is missing"),
        ("airstair", OWN, "name: “airstair” is a mapping that Airstair brings along"),
        ("x" * 61, OWN, "Shorten it to 60"),
        ("own", {**OWN, "adpe": "X"}, "adpe: There is no such field. Did you mean adep, ades or"),
        ("own", {**OWN, "notes": "tail"}, "The column “tail” is named for another field already"),
        ("own", {**OWN, "notes": " "}, "notes: No column is named"),
        ("own", {**OWN, "notes": "a\0b"}, "notes: That is no column's name"),
        ("own", {"registration": "Tail"}, "std: The scheduled off-block time is needed"),
    ],
)
def test_mappings_that_cannot_be_saved(with_fleet: Actor, name: str, columns: dict[str, str], words: str) -> None:
    with pytest.raises(Invalid) as refused:
        save_mapping(with_fleet, name, columns)
    assert words.casefold() in str(refused.value).casefold()


# --- the real month --------------------------------------------------------------------------------------------


def test_the_real_month_comes_in_whole(actor: Actor) -> None:
    assert import_fleet(actor, FLEET, home_base="KEWR").new == 60
    assert counts(import_flights(actor, FLIGHTS)) == (1789, 0, 0, 0)
    assert Flight.objects.filter(status="CANCELLED").count() == 108
    assert BlockTimes.objects.filter(book="journey_log", off_block__isnull=False).count() == 1789 - 108
    assert BlockTimes.objects.filter(book="journey_log", on_block__isnull=True).count() == 8
    assert counts(import_flights(actor, FLIGHTS)) == (0, 0, 1789, 0)


def test_a_month_takes_a_few_dozen_statements(
    actor: Actor, django_assert_max_num_queries: Callable[[int], AbstractContextManager[object]]
) -> None:
    import_fleet(actor, FLEET, home_base="KEWR")
    with django_assert_max_num_queries(60):
        import_flights(actor, FLIGHTS)
