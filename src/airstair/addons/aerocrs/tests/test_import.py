"""The import window's mechanism with AeroCRS: asked, looked at, taken in; and what happens when it is done again."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec
import pytest

from airstair.hub.connections.commands import ALL_AIRCRAFT
from airstair.hub.staging.commands import ask_for_days, forget_old_stages, hand_in, take_in
from airstair.hub.staging.queries import Looked, look, standing
from airstair.kernel.errors import Conflict, Forbidden, Invalid
from airstair.records.fleet.commands import AircraftInput, add_aircraft
from airstair.records.flights.commands import FlightEdit, cancel_flight, change_flight, delete_flight
from airstair.records.flights.imports.ssim.records import Block, Carrier, Leg, SsimFile
from airstair.records.flights.imports.ssim.writing import write_ssim
from airstair.testing.stage import Stage, staged

MONDAY = date(2027, 3, 8)
SUNDAY = MONDAY + timedelta(days=6)


@pytest.fixture
async def stage(transactional_db: None, settings: Any) -> AsyncIterator[Stage]:
    async with staged(settings, "aerocrs", Stage) as made:
        for registration, iata in (("N1AA", "ER4"), ("N2AA", "CR7"), ("N3AA", "CR7")):
            wanted = AircraftInput(registration=registration, home_base="KEWR", iata_type=iata)
            await made.do(add_aircraft, made.actor, wanted)
        yield made


async def connect(stage: Stage, aircraft: Any = ALL_AIRCRAFT, **values: Any) -> int:
    made = await stage.configure("aerocrs", values={"environment": "sandbox", **values}, aircraft=aircraft, on=True)
    assert made.connection.on, made.warnings
    return made.connection.id


async def looked(stage: Stage, connection: int, first: date = MONDAY, last: date = SUNDAY) -> Looked:
    """Asked for, fetched by the worker, and looked at."""
    since = await stage.do(ask_for_days, stage.actor, connection, "schedule", first, last, clock=stage.clock)
    await stage.settle()
    where = await stage.do(standing, stage.actor, connection, "schedule", since)
    assert where.looked, where
    assert where.run is not None
    return await stage.do(look, stage.actor, connection, "schedule", where.run.id, stage.clock.now())


async def taken(stage: Stage, connection: int, found: Looked) -> Any:
    return await stage.do(take_in, stage.actor, connection, "schedule", found.run_id, clock=stage.clock)


async def flights(stage: Stage) -> dict[str, tuple[Any, ...]]:
    rows = await stage.sql(
        "SELECT f.number || ' ' || to_char(f.std AT TIME ZONE 'UTC', 'Dy'), f.id, f.adep, f.std, f.status,"
        " a.registration, f.notes FROM flights_flight f JOIN fleet_aircraft a ON a.id = f.aircraft_id"
        " WHERE NOT f.deleted"
    )
    return {row[0]: row[1:] for row in rows}


@pytest.mark.req("ACR-01")
async def test_what_would_happen_is_shown_in_three_parts_and_nothing_is_written(stage: Stage) -> None:
    connection = await connect(stage)
    await stage.start()
    found = await looked(stage, connection)
    # In EST: 07:10 is 12:10Z, and 22:40 on Sunday is Monday in UTC.
    assert "XY401 EWR–BOS Mon 08 Mar 12:10Z N1AA" in [one.title for one in found.new]
    assert not found.updated
    reasons = {one.title.split(" ")[0]: one.reason for one in found.skipped}
    assert "“QQQ” is not known here" in reasons["XY421"]
    assert "No aircraft of type 73H is in the fleet" in reasons["XY431"]
    assert any("flight number" in one.reason for one in found.skipped)
    assert await flights(stage) == {}

    run = await taken(stage, connection, found)
    assert (run.new, run.updated, run.skipped) == (len(found.new), 0, len(found.skipped))
    written = await flights(stage)
    assert len(written) == len(found.new)
    assert written["XY401 Mon"][1:5] == ("KEWR", datetime(2027, 3, 8, 12, 10, tzinfo=UTC), "CONFIRMED", "N1AA")
    who = await stage.sql("SELECT DISTINCT actor_kind, actor_label FROM changes_change WHERE kind = 'flight.created'")
    assert who == [("partner", "AeroCRS")]
    said = await stage.sql("SELECT actor_label FROM changes_change WHERE kind = 'pull.imported'")
    assert len(said) == 1
    assert said[0][0] != "AeroCRS"


@pytest.mark.req("ACR-01")
async def test_at_most_seven_days_and_no_others(stage: Stage) -> None:
    connection = await connect(stage)
    await stage.start()
    for first, last, words in (
        (MONDAY, MONDAY + timedelta(days=7), "These are 8 days. At most 7"),
        (SUNDAY, MONDAY, "before the first"),
        (MONDAY, None, "missing"),
        (date(1900, 1, 1), MONDAY, "out of range"),
    ):
        with pytest.raises(Invalid, match=words):
            await stage.do(ask_for_days, stage.actor, connection, "schedule", first, last, clock=stage.clock)
    before = stage.partner.begun()
    found = await looked(stage, connection, MONDAY, MONDAY)
    assert stage.partner.begun() == before + 1
    assert {one.title.split(" ")[2] for one in found.new} == {"Mon"}


@pytest.mark.req("ACR-02")
async def test_importing_again_overwrites_what_was_changed_here_and_keeps_the_rest(stage: Stage) -> None:
    connection = await connect(stage)
    await stage.start()
    await taken(stage, connection, await looked(stage, connection))
    before = await flights(stage)
    moved, called_off, gone = (before[name][0] for name in ("XY401 Mon", "XY402 Mon", "XY401 Tue"))
    later = datetime(2027, 3, 8, 15, 0, tzinfo=UTC)
    edit = FlightEdit(std=later, sta=later + timedelta(hours=1), number="EDIT1", notes="Wheelchair at the door")
    await stage.do(change_flight, stage.actor, moved, edit)
    await stage.do(cancel_flight, stage.actor, called_off)
    await stage.do(delete_flight, stage.actor, gone)

    found = await looked(stage, connection)
    assert not found.new
    assert {" ".join(one.title.split(" ")[:2]) for one in found.updated} == {"XY401 EWR–BOS", "XY402 BOS–EWR"}
    assert any("was deleted here" in one.reason for one in found.skipped)
    run = await taken(stage, connection, found)
    assert (run.new, run.updated) == (0, 2)
    after = await flights(stage)
    assert after["XY401 Mon"] == (*before["XY401 Mon"][:-1], "Wheelchair at the door")
    assert after["XY402 Mon"] == before["XY402 Mon"]
    assert "XY401 Tue" not in after

    again = await looked(stage, connection)
    assert (again.new, again.updated) == ((), ())


async def test_what_was_looked_at_is_imported_once(stage: Stage) -> None:
    connection = await connect(stage)
    await stage.start()
    found = await looked(stage, connection)
    await taken(stage, connection, found)
    with pytest.raises(Conflict, match="imported already"):
        await taken(stage, connection, found)
    left = await looked(stage, connection)
    await stage.do(forget_old_stages, stage.clock.now() + timedelta(days=2))
    with pytest.raises(Conflict):
        await taken(stage, connection, left)


async def test_a_look_leaves_no_trace(stage: Stage) -> None:
    connection = await connect(stage)
    await stage.start()
    found = await looked(stage, connection)
    before = await stage.sql("SELECT count(*) FROM changes_change")
    again = await stage.do(look, stage.actor, connection, "schedule", found.run_id, stage.clock.now())
    assert again == found
    assert await stage.sql("SELECT count(*) FROM changes_change") == before


async def test_who_may_not_import_may_not_even_look(stage: Stage) -> None:
    connection = await connect(stage)
    nobody = msgspec.structs.replace(stage.actor, rights=frozenset())
    with pytest.raises(Forbidden):
        await stage.do(ask_for_days, nobody, connection, "schedule", MONDAY, SUNDAY, clock=stage.clock)
    with pytest.raises(Forbidden):
        await stage.do(look, nobody, connection, "schedule", 1, stage.clock.now())
    with pytest.raises(Forbidden):
        await stage.do(take_in, nobody, connection, "schedule", 1, clock=stage.clock)


async def test_only_ticked_aircraft_and_the_one_named_for_a_type(stage: Stage) -> None:
    rows = dict(await stage.sql("SELECT registration, id FROM fleet_aircraft"))
    stage.partner.act("clear", {})
    flight = {"std": "14:00", "sta": "15:20", "days": "1", "first": "2027/03/01", "last": "2027/12/31"}
    stage.partner.act("add-flight", {**flight, "number": "XY1", "from": "EWR", "to": "BOS", "type": "CR7"})
    stage.partner.act("add-flight", {**flight, "number": "XY2", "from": "EWR", "to": "BOS", "type": "ER4"})
    connection = await connect(stage, [rows["N2AA"], rows["N3AA"]])
    await stage.start()
    reasons = {one.title.split(" ")[0]: one.reason for one in (await looked(stage, connection)).skipped}
    assert "Several aircraft are of type CR7 (N2AA, N3AA)" in reasons["XY1"]
    assert "N1AA is not ticked" in reasons["XY2"]
    await connect(stage, [rows["N2AA"], rows["N3AA"]], aircraft_by_type="CR7=N3AA")
    await stage.settle()
    assert [one.title[-4:] for one in (await looked(stage, connection)).new] == ["N3AA"]


# ── Files ───────────────────────────────────────────────────────────────────────────────────────────


def ssim(count: int, bad: int = 0) -> bytes:
    """A file of that many flights on the Monday, the first `bad` of which each have a slip."""
    legs = [
        Leg(
            airline="XY", number=str(at + 1), period_from=MONDAY, period_to=MONDAY, weekdays=frozenset({1}),
            adep="QQQ" if at < bad and at % 3 == 0 else "EWR", std=6 * 60 + at % 600, adep_offset=timedelta(hours=-5),
            ades="ZZZ" if at < bad and at % 3 == 1 else "BOS", sta=20 * 60, ades_offset=timedelta(hours=-5),
            equipment="73H" if at < bad and at % 3 == 2 else "ER4",
        )
        for at in range(count)
    ]  # fmt: skip
    file = SsimFile(blocks=(Block(carrier=Carrier(airline="XY"), legs=tuple(legs)),))
    return write_ssim(file).encode()


@pytest.mark.req("VDC-02")
async def test_a_file_goes_the_same_way_without_a_call(stage: Stage) -> None:
    connection = await connect(stage)
    before = stage.partner.begun()
    file = ("s26.ssim", ssim(3, bad=1))
    run = await stage.do(hand_in, stage.actor, connection, "schedule", (MONDAY, SUNDAY), file, clock=stage.clock)
    found = await stage.do(look, stage.actor, connection, "schedule", run.id, stage.clock.now())
    assert (len(found.new), len(found.skipped), found.file) == (2, 1, "s26.ssim")
    done = await taken(stage, connection, found)
    assert (done.fetched, done.new, done.skipped) == (3, 2, 1)
    assert stage.partner.begun() == before
    assert set(await flights(stage)) == {"XY2 Mon", "XY3 Mon"}
    with pytest.raises(Invalid, match="no SSIM chapter 7 file"):
        await stage.do(
            hand_in, stage.actor, connection, "schedule", (MONDAY, SUNDAY), ("x.csv", b"a,b\n1,2\n"), clock=stage.clock
        )


@pytest.mark.req("ACR-01")
async def test_ten_thousand_flights_of_which_three_thousand_are_wrong_add_up(stage: Stage) -> None:
    connection = await connect(stage)
    numbers = ssim(9_999, bad=3_000)  # a flight number has four figures
    wanted = (stage.actor, connection, "schedule", (MONDAY, SUNDAY), ("big.ssim", numbers))
    run = await stage.do(hand_in, *wanted, clock=stage.clock)
    found = await stage.do(look, stage.actor, connection, "schedule", run.id, stage.clock.now())
    assert (len(found.new), len(found.updated), len(found.skipped)) == (6_999, 0, 3_000)
    assert all(one.reason for one in found.skipped)
    done = await taken(stage, connection, found)
    assert (done.fetched, done.new, done.skipped) == (9_999, 6_999, 3_000)
    assert len(done.reasons) == 300
    assert await stage.sql("SELECT count(*) FROM flights_flight") == [(6_999,)]
