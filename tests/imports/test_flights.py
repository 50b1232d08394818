"""Flights come in from files: what is written, what is left out and why, and what a second import does."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, date, datetime, timedelta

import msgspec
import pytest

from airstair.changes.models import Change
from airstair.kernel.actor import Actor, ActorKind
from airstair.kernel.clock import ManualClock
from airstair.kernel.errors import Forbidden, Invalid
from airstair.records.fleet.imports import import_fleet
from airstair.records.flights.commands import (
    EmptyLegInput,
    FlightEdit,
    change_flight,
    delete_flight,
    mark_empty_leg,
    verify_empty_leg,
)
from airstair.records.flights.facts import FlightFacts
from airstair.records.flights.imports import import_flights, save_mapping
from airstair.records.flights.models import BlockTimes, Flight, Trip
from airstair.records.flights.queries import flights
from airstair.records.imports.report import ImportReport
from airstair.records.operators.commands import create_operator
from airstair.records.operators.queries import actor_for_user, cli_actor, members

from .conftest import FLEET, FLIGHTS, NOON, Bring

pytestmark = pytest.mark.django_db

FLOWN = "SP-KXA,KX101,WAW,EGLL,2027-05-01T06:00Z,2027-05-01T08:40Z,2027-05-01T06:05Z,2027-05-01T08:31Z,no"
DIVERTED = "SP-KXA,KX102,EGLL,WAW,2027-05-02T10:00Z,2027-05-02T12:30Z,2027-05-02T10:20Z,,no"
CANCELLED = "N14923,KX103,EPWA,EPKK,2027-05-03T10:00Z,2027-05-03T11:00Z,,,yes"


def stored(actor: Actor) -> list[FlightFacts]:
    return flights(actor.operator_id, Flight.objects.values_list("id", flat=True))


def counts(report: ImportReport) -> tuple[int, int, int, int]:
    assert report.rows == report.new + report.updated + report.unchanged + len(report.skipped)
    return report.new, report.updated, report.unchanged, len(report.skipped)


def picture(actor: Actor) -> list[dict[str, object]]:
    return [msgspec.structs.asdict(flight) for flight in stored(actor)]


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


def changed(**cells: str) -> str:
    given = dict(
        zip(("registration", "number", "adep", "ades", "std", "sta", "off", "on", "x"), FLOWN.split(","), strict=True)
    )
    return ",".join({**given, **cells}.values())


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


# --- again -----------------------------------------------------------------------------------------------------


def test_the_same_file_again_changes_nothing(bring: Bring, with_fleet: Actor) -> None:
    bring(FLOWN, DIVERTED, CANCELLED)
    before, trail = picture(with_fleet), Change.objects.count()
    assert counts(bring(FLOWN, DIVERTED, CANCELLED)) == (0, 0, 3, 0)
    assert (picture(with_fleet), Change.objects.count()) == (before, trail)


@pytest.mark.req("AVI-12")
@pytest.mark.parametrize(
    "cells",
    [
        {"std": "2027-05-01T07:00Z"},
        {"std": "2027-05-01T00:10Z"},
        {"std": "2027-04-30T23:10Z", "sta": "2027-05-01T01:40Z"},
        {"sta": "2027-05-01T09:40Z"},
        {"ades": "EGSS"},
        {"registration": "N14923"},
        {"on": "2027-05-01T08:45Z"},
        {"off": "", "on": "", "x": "yes"},
    ],
)
def test_a_flight_that_the_file_has_changed_keeps_its_id(
    bring: Bring, with_fleet: Actor, cells: dict[str, str]
) -> None:
    bring(FLOWN, DIVERTED)
    before = stored(with_fleet)[0]
    assert counts(bring(changed(**cells), DIVERTED)) == (0, 1, 1, 0)
    after = next(flight for flight in stored(with_fleet) if flight.number == "KX101")
    assert after.id == before.id
    assert msgspec.structs.replace(after, revision=0) != msgspec.structs.replace(before, revision=0)
    # And once more, from where it is now: it is still known, and found unchanged.
    assert counts(bring(changed(**cells), DIVERTED)) == (0, 0, 2, 0)


@pytest.mark.req("AVI-12")
def test_a_moved_flight_leaves_its_place_to_a_new_one(bring: Bring, with_fleet: Actor) -> None:
    bring(FLOWN)
    first = stored(with_fleet)[0].id
    moved = changed(std="2027-05-01T10:00Z", sta="2027-05-01T12:40Z", off="", on="")
    bring(moved)
    report = bring(FLOWN, moved)
    assert counts(report) == (1, 0, 1, 0)
    new, old = stored(with_fleet)
    assert old.id == first
    assert (new.std.hour, old.std.hour) == (6, 10)


def test_a_daily_flight_is_not_taken_for_the_day_before(bring: Bring, with_fleet: Actor) -> None:
    bring(FLOWN)
    assert counts(bring(changed(std="2027-05-02T06:00Z", sta="2027-05-02T08:40Z", off="", on=""))) == (1, 0, 0, 0)
    assert Flight.objects.count() == 2


def test_flights_of_one_number_on_one_day_are_told_apart(bring: Bring, with_fleet: Actor) -> None:
    morning = changed(off="", on="")
    evening = changed(std="2027-05-01T18:00Z", sta="2027-05-01T20:40Z", off="", on="", registration="N14923")
    bring(morning, evening)
    ids = [flight.id for flight in stored(with_fleet)]
    later = [line.replace("T06:00Z", "T06:30Z").replace("T18:00Z", "T18:30Z") for line in (morning, evening)]
    assert counts(bring(*reversed(later))) == (0, 2, 0, 0)
    assert [flight.id for flight in stored(with_fleet)] == ids


def test_what_people_edited_stays_until_the_file_itself_changes(bring: Bring, with_fleet: Actor) -> None:
    bring(FLOWN, DIVERTED)
    flight = stored(with_fleet)[1]
    change_flight(with_fleet, flight.id, FlightEdit(std=flight.std + timedelta(minutes=15), notes="Late crew"))
    assert counts(bring(FLOWN, DIVERTED)) == (0, 0, 2, 0)
    assert stored(with_fleet)[1].std == flight.std + timedelta(minutes=15)
    assert counts(bring(FLOWN, DIVERTED.replace("T10:00Z", "T10:30Z"))) == (0, 1, 1, 0)
    after = stored(with_fleet)[1]
    assert (after.id, after.std, after.notes) == (flight.id, flight.std + timedelta(minutes=30), "Late crew")


def test_a_flight_deleted_here_stays_deleted(bring: Bring, with_fleet: Actor) -> None:
    bring(FLOWN, DIVERTED)
    delete_flight(with_fleet, stored(with_fleet)[0].id)
    report = bring(FLOWN, DIVERTED)
    assert counts(report) == (0, 0, 1, 1)
    assert "was deleted here, and stays so. Restore it" in report.skipped[0].reason
    assert Flight.objects.filter(deleted=True).count() == 1


@pytest.mark.req("AVI-20")
def test_an_import_ends_a_verification_and_cannot_set_one(bring: Bring, with_fleet: Actor) -> None:
    line = changed(off="", on="")
    bring(line)
    flight = stored(with_fleet)[0]
    person = actor_for_user(members(with_fleet.operator_id)[0].user_id, with_fleet.operator_id)
    mark_empty_leg(person, flight.id, EmptyLegInput())
    verify_empty_leg(person, flight.id, clock=ManualClock(NOON))
    bring(line)
    assert (offer := stored(with_fleet)[0].empty_leg) and offer.verified
    bring(line.replace("T08:40Z", "T08:50Z"))
    assert (offer := stored(with_fleet)[0].empty_leg) and not offer.verified


# --- all or nothing --------------------------------------------------------------------------------------------


def nothing_was_written() -> bool:
    return not (Flight.objects.exists() or Trip.objects.exists() or BlockTimes.objects.exists())


def test_a_trial_reports_the_same_and_leaves_nothing(bring: Bring, with_fleet: Actor) -> None:
    trail = Change.objects.count()
    trial = bring(FLOWN, DIVERTED, changed(adep="?"), dry_run=True)
    assert nothing_was_written()
    assert Change.objects.count() == trail
    real = bring(FLOWN, DIVERTED, changed(adep="?"))
    assert trial == msgspec.structs.replace(real, dry_run=True)
    assert trial.lines()[-1] == "This was a trial: nothing was written."


def test_a_file_that_goes_bad_in_the_middle_leaves_nothing(bring: Bring, with_fleet: Actor) -> None:
    with pytest.raises(Invalid, match="A quotation mark in line 4 is never closed"):
        bring(FLOWN, DIVERTED, '"' + CANCELLED)
    assert nothing_was_written()


def test_a_failure_after_the_first_chunk_leaves_nothing(
    bring: Bring, with_fleet: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    from airstair.records.flights.imports import run

    monkeypatch.setattr(run, "CHUNK", 1)
    written = []

    def fail_at_the_second(*given: object) -> object:
        if written:
            raise RuntimeError("the machine lost its power")
        written.append(given)
        return write(*given)  # type: ignore[arg-type]

    write = run.write_flights
    monkeypatch.setattr(run, "write_flights", fail_at_the_second)
    with pytest.raises(RuntimeError):
        bring(FLOWN, DIVERTED)
    assert written
    assert nothing_was_written()


def test_who_may_not_import_is_refused(with_fleet: Actor) -> None:
    nobody = msgspec.structs.replace(with_fleet, rights=frozenset())
    with pytest.raises(Forbidden):
        import_flights(nobody, FLIGHTS)
    with pytest.raises(Forbidden):
        save_mapping(nobody, "roster", OWN)


def test_flights_of_another_operator_are_not_found(bring: Bring, with_fleet: Actor) -> None:
    bring(FLOWN)
    other = cli_actor(create_operator(code="OTHER", name="Other", admin_email="a@other.example").id)
    report = import_flights(other, FLIGHTS)
    assert (report.new, report.updated) == (0, 0)
    assert "is not in the fleet" in report.skipped[0].reason


# --- the file moved by days ------------------------------------------------------------------------------------


def test_the_middle_day_becomes_the_given_day(bring: Bring, with_fleet: Actor) -> None:
    report = bring(FLOWN, DIVERTED, CANCELLED, centre_on=date(2027, 4, 10))
    assert report.shifted_days == -22
    assert [flight.std.date() for flight in stored(with_fleet)] == [date(2027, 4, day) for day in (9, 10, 11)]
    assert stored(with_fleet)[0].times["journey_log"].off_block == datetime(2027, 4, 9, 6, 5, tzinfo=UTC)


def test_moving_the_file_again_moves_its_flights(bring: Bring, with_fleet: Actor) -> None:
    bring(FLOWN, DIVERTED, CANCELLED, centre_on=date(2027, 4, 10))
    ids = [flight.id for flight in stored(with_fleet)]
    assert counts(bring(FLOWN, DIVERTED, CANCELLED, centre_on=date(2027, 4, 11))) == (0, 3, 0, 0)
    assert [(f.id, f.std.day) for f in stored(with_fleet)] == list(zip(ids, (10, 11, 12), strict=True))
    assert counts(bring(FLOWN, DIVERTED, CANCELLED, centre_on=date(2027, 4, 11))) == (0, 0, 3, 0)


def test_flights_moved_into_the_future_have_no_actual_times(bring: Bring, with_fleet: Actor) -> None:
    report = bring(FLOWN, DIVERTED, CANCELLED, centre_on=NOON.date())
    yesterday, today, _ = stored(with_fleet)
    assert yesterday.times["journey_log"].off_block == datetime(2027, 5, 10, 6, 5, tzinfo=UTC)
    assert today.std.date() == NOON.date()
    assert today.times == {}
    assert report.not_yet_flown == 1
    # The next day it has been flown, and the same import says so.
    later = ManualClock(NOON + timedelta(days=1))
    assert counts(bring(FLOWN, DIVERTED, CANCELLED, centre_on=NOON.date(), clock=later)) == (0, 1, 2, 0)
    assert stored(with_fleet)[1].times["journey_log"].off_block is not None


def test_a_row_left_out_does_not_move_the_middle(bring: Bring) -> None:
    unknown = CANCELLED.replace("N14923", "XX-1")
    assert bring(FLOWN, DIVERTED, unknown, centre_on=date(2027, 4, 10)).shifted_days == -22


@pytest.mark.parametrize("day", [date(1, 1, 1), date(1900, 1, 1), date(9999, 12, 31)])
def test_a_day_too_far_away_is_refused(bring: Bring, day: date) -> None:
    with pytest.raises(Invalid, match="is too far away for this file"):
        bring(FLOWN, centre_on=day)
    assert nothing_was_written()


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
