"""The same file again, changed, moved to other days, or failing half-way: no flight is doubled, none half written."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import msgspec
import pytest

from airstair.changes.models import Change
from airstair.kernel.actor import Actor
from airstair.kernel.clock import ManualClock
from airstair.kernel.errors import Forbidden, Invalid
from airstair.records.flights.commands import (
    EmptyLegInput,
    FlightEdit,
    change_flight,
    delete_flight,
    mark_empty_leg,
    verify_empty_leg,
)
from airstair.records.flights.imports import import_flights, save_mapping
from airstair.records.flights.models import Flight
from airstair.records.operators.commands import create_operator
from airstair.records.operators.queries import actor_for_user, cli_actor, members

from .conftest import (
    CANCELLED,
    DIVERTED,
    FLIGHTS,
    FLOWN,
    NOON,
    Bring,
    changed,
    counts,
    nothing_was_written,
    picture,
    stored,
)

pytestmark = pytest.mark.django_db

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
        save_mapping(nobody, "roster", {"registration": "Tail"})


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
