"""A partner that keeps a copy of each flight holds those that it should and no others, whatever happens on the way."""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from airstair.hub.connections.commands import remove_connection
from airstair.hub.engine.saver import Saver
from airstair.hub.engine.store import Store
from airstair.hub.exports import export_now, run
from airstair.hub.flows import Document, Horizon, OnChange, Removal
from airstair.kernel.errors import Conflict
from airstair.kernel.outcome import OutcomeKind
from airstair.records.fleet.commands import AircraftEdit, change_aircraft
from airstair.records.flights.commands import (
    FlightEdit,
    cancel_flight,
    change_flight,
    delete_flight,
    restore_flight,
)
from airstair.records.people.commands import CrewMemberEdit, CrewMemberInput, add_crew_member, change_crew_member

from .own_flights import AHEAD, BACK, Keeper, flight_document, flights_addon, keeping
from .own_partner import KEY
from .stage import Stage

OTHER = "another account"


@pytest.fixture
async def keeper(settings: Any) -> AsyncIterator[Keeper]:
    settings.ALLOW_PRIVATE_ADDRESSES = True
    async with keeping() as made:
        yield made


async def change(stage: Stage, flight: Any, **edit: Any) -> None:
    await stage.do(change_flight, stage.actor, flight.id, FlightEdit(**edit))
    await stage.settle()


async def delete(stage: Stage, flight: Any) -> None:
    await stage.do(delete_flight, stage.actor, flight.id)
    await stage.settle()


async def tick(stage: Stage, aircraft: list[int], name: str = "", **values: Any) -> int:
    made = await stage.configure("keeper", aircraft=aircraft, on=True, name=name, values=values)
    await stage.settle()
    return made.connection.id


async def one_flight(stage: Stage, keeper: Keeper, **facts: Any) -> Any:
    """An aircraft with a flight, a connection, and a worker that has sent it."""
    flights_addon(**facts)
    (aircraft,) = await stage.aircraft("N1AA")
    flight = await stage.flight(aircraft)
    await stage.connect(keeper, "keeper")
    await stage.start()
    assert keeper.log() == ["PUT KBOS"]
    return flight


# ── What the partner should hold ────────────────────────────────────────────────────────────────────


@pytest.mark.req("HUB-23", "HUB-20")
async def test_a_flight_is_sent_changed_removed_and_sent_again(stage: Stage, keeper: Keeper) -> None:
    flight = await one_flight(stage, keeper)
    await change(stage, flight, notes="Bring the dog.")
    await change(stage, flight, ades="KJFK")
    await delete(stage, flight)
    assert keeper.numbers() == []
    await stage.advance(hours=13, step=timedelta(hours=1))
    await stage.do(restore_flight, stage.actor, flight.id)
    await stage.settle()
    assert keeper.log() == ["PUT KBOS", "PUT KJFK", "DELETE", "PUT KJFK"]
    assert [one.remote_id for one in keeper.asked] == ["", "r1", "r1", ""], "the name that the partner gave it"


async def test_only_flights_of_ticked_aircraft_in_the_horizon_are_there(stage: Stage, keeper: Keeper) -> None:
    flights_addon()
    one, two = await stage.aircraft("N1AA", "N2AA")
    now = stage.clock.now()
    for number, start in {"PAST": -BACK - timedelta(hours=1), "SOON": -BACK + timedelta(hours=1)}.items():
        await stage.flight(one, now + start, number=number)
    late = await stage.flight(one, now + AHEAD - timedelta(hours=1), number="LATE")
    await stage.flight(one, now + AHEAD + timedelta(hours=1), number="FAR")
    await stage.flight(two, number="OTHER")
    gone = await stage.flight(one, number="GONE")
    await stage.do(delete_flight, stage.actor, gone.id)
    cancelled = await stage.flight(one, number="NOT")
    await stage.do(cancel_flight, stage.actor, cancelled.id)
    await stage.connect(keeper, "keeper", aircraft=[one])
    await stage.start()
    assert keeper.numbers() == ["LATE", "SOON"]
    await change(stage, late, std=now + AHEAD + timedelta(days=3), sta=now + AHEAD + timedelta(days=3, hours=1))
    assert keeper.shows()["LATE"]["std"].startswith("2027-03-17"), "what it holds is kept equal beyond the horizon too"
    assert all(one.method == "PUT" for one in keeper.asked), "what it never had is not taken away"


async def test_time_brings_flights_into_the_horizon_and_leaves_them_when_they_are_past(
    stage: Stage, keeper: Keeper
) -> None:
    flights_addon(trigger=OnChange(look_minutes=30))
    (aircraft,) = await stage.aircraft("N1AA")
    start = stage.clock.now() + AHEAD + timedelta(hours=1)
    flight = await stage.flight(aircraft, start)
    await stage.connect(keeper, "keeper")
    worker = await stage.start()
    await stage.advance(minutes=55, step=timedelta(minutes=5))
    assert keeper.log() == []
    await stage.advance(minutes=40, step=timedelta(minutes=5))
    assert keeper.log() == ["PUT KBOS"]
    second = await stage.flight(aircraft, start + timedelta(hours=8), number="TST2")
    await stage.end(worker)
    stage.clock.advance(timedelta(hours=10))
    worker = await stage.start()
    assert keeper.numbers() == ["TST1", "TST2"], "also while nobody served it"
    await stage.end(worker)
    stage.clock.advance(AHEAD + BACK)
    await stage.start()
    await stage.advance(hours=7, step=timedelta(hours=1))
    await change(stage, flight, ades="KJFK")
    assert (keeper.numbers(), len(keeper.asked)) == (["TST1", "TST2"], 2), "the past stays as it is"
    await delete(stage, second)
    assert keeper.numbers() == ["TST1"], "what was deleted goes however old it is"


async def test_a_flight_follows_its_aircraft(stage: Stage, keeper: Keeper) -> None:
    flights_addon()
    one, two, three = await stage.aircraft("N1AA", "N2AA", "N3AA")
    flight = await stage.flight(one)
    await stage.connect(keeper, "keeper", aircraft=[one, two])
    await stage.start()
    await change(stage, flight, aircraft_id=two)
    assert keeper.shows()["TST1"]["tail"] == "N2AA"
    await change(stage, flight, aircraft_id=three)
    assert keeper.numbers() == []
    await change(stage, flight, ades="KJFK")
    assert keeper.log() == ["PUT KBOS", "PUT KBOS", "DELETE"], "nothing of an aircraft that is not ticked leaves"
    await change(stage, flight, aircraft_id=one)
    assert keeper.shows()["TST1"]["ades"] == "KJFK"


def flight_with_serial(flight: Any, settings: Any, now: datetime) -> Document | None:
    """With what the aircraft and the crew are known by elsewhere."""
    document = flight_document(flight, settings, now)
    more = {"serial": flight.aircraft_serial, "emails": flight.crew_emails}
    return document and Document(body=json.dumps(json.loads(document.body) | more).encode(), parts=document.parts)


@pytest.mark.parametrize("gathered", [None, 30])
async def test_what_flights_show_of_aircraft_and_crew_reaches_them_without_a_look(
    stage: Stage, keeper: Keeper, gathered: int | None
) -> None:
    flights_addon(document=flight_with_serial, trigger=OnChange(gather=lambda _: gathered, look_minutes=24 * 60))
    one, two = await stage.aircraft("N1AA", "N2AA")
    await stage.flight(one, number="TST1", crew={"CPT": "ABE"})
    await stage.flight(two, number="TST2")
    await stage.connect(keeper, "keeper")
    await stage.start()
    number = len(keeper.log())

    async def passes() -> None:
        await stage.settle()
        if gathered is not None:
            await stage.advance(minutes=gathered, step=timedelta(minutes=10))

    await passes()
    assert (number, len(keeper.log())) == (2, 2)
    await stage.do(change_aircraft, stage.actor, one, AircraftEdit(serial_number="B-2"), clock=stage.clock)
    await passes()
    assert [keeper.shows()[name]["serial"] for name in ("TST1", "TST2")] == ["B-2", "SN-N2AA"]
    abe = CrewMemberInput(code="ABE", first_name="Abe", last_name="Lee", email="abe@crew.example")
    member = await stage.do(add_crew_member, stage.actor, abe, clock=stage.clock)
    await passes()
    assert keeper.shows()["TST1"]["emails"] == {"ABE": "abe@crew.example"}
    edit = CrewMemberEdit(email="abe.lee@crew.example")
    await stage.do(change_crew_member, stage.actor, member.id, edit, clock=stage.clock)
    await passes()
    assert keeper.shows()["TST1"]["emails"] == {"ABE": "abe.lee@crew.example"}
    await stage.do(change_aircraft, stage.actor, one, AircraftEdit(seats=9), clock=stage.clock)
    await passes()
    assert (len(keeper.log("TST1")), len(keeper.log("TST2"))) == (4, 1), "what nobody is shown costs no call"


async def test_unticking_takes_its_flights_away_and_ticking_brings_them_back(stage: Stage, keeper: Keeper) -> None:
    flights_addon()
    one, two = await stage.aircraft("N1AA", "N2AA")
    await stage.flight(one, number="ONE")
    await stage.flight(two, number="TWO")
    await stage.connect(keeper, "keeper", aircraft=[one, two])
    worker = await stage.start()
    assert keeper.numbers() == ["ONE", "TWO"]
    await tick(stage, [one])
    assert keeper.numbers() == ["ONE"]
    await stage.end(worker)
    await stage.configure("keeper", aircraft=[two])
    await stage.start()
    assert keeper.numbers() == ["TWO"], "also while nobody was there"
    assert sorted(keeper.log()) == ["DELETE"] * 2 + ["PUT KBOS"] * 3


async def test_nothing_is_sent_while_it_is_off_and_everything_compared_when_it_is_on_again(
    stage: Stage, keeper: Keeper
) -> None:
    flight = await one_flight(stage, keeper)
    other = await stage.flight(flight.aircraft_id, stage.clock.now() + timedelta(hours=9), number="TST2")
    await stage.settle()
    await stage.switch_off("keeper")
    await stage.settle()
    keeper.asked.clear()
    await delete(stage, flight)
    await change(stage, other, ades="KJFK")
    await stage.advance(hours=7, step=timedelta(hours=1))
    assert keeper.log() == []
    await stage.configure("keeper", on=True)
    await stage.settle()
    assert sorted(keeper.log()) == ["DELETE", "PUT KJFK"]


@pytest.mark.parametrize("same_account", [False, True])
async def test_an_aircraft_moved_to_another_connection_is_there_once(
    stage: Stage, keeper: Keeper, same_account: bool
) -> None:
    flights_addon()
    one, two = await stage.aircraft("N1AA", "N2AA")
    flight = await stage.flight(one)
    await stage.connect(keeper, "keeper", aircraft=[one, two])
    await stage.start()
    account = KEY if same_account else OTHER
    own = await tick(stage, [one], name="own", key=account)
    assert keeper.numbers(account) == ["TST1"]
    assert same_account or keeper.numbers(KEY) == [], "it belongs to another account there"
    await change(stage, flight, ades="KJFK")
    assert keeper.shows(account)["TST1"]["ades"] == "KJFK"
    await tick(stage, [one, two])
    assert (keeper.numbers(KEY), keeper.numbers(OTHER)) == (["TST1"], [])
    await tick(stage, [one], name="own")
    await stage.do(remove_connection, stage.actor, own)
    await stage.settle()
    assert keeper.shows(KEY)["TST1"]["ades"] == "KJFK"
    await delete(stage, flight)
    assert keeper.numbers(KEY) == []


@pytest.mark.parametrize("removal", [Removal.OMIT, Removal.MARK])
async def test_the_flows_rule_says_how_a_flight_goes(stage: Stage, keeper: Keeper, removal: Removal) -> None:
    facts: dict[str, Any] = {"removal": removal}
    if removal is Removal.OMIT:
        facts["gone"] = None
    flight = await one_flight(stage, keeper, **facts)
    await delete(stage, flight)
    await stage.do(restore_flight, stage.actor, flight.id)
    await stage.settle()
    names = [one.remote_id for one in keeper.asked]
    assert names == ([""] if removal is Removal.OMIT else ["", "r1", "r1"]), "what is marked keeps its name"


async def test_what_the_document_will_not_have_is_taken_away(stage: Stage, keeper: Keeper) -> None:
    flight = await one_flight(stage, keeper)
    await stage.do(cancel_flight, stage.actor, flight.id)
    await stage.settle()
    assert keeper.log() == ["PUT KBOS", "DELETE"]


# ── Trouble ─────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.req("HUB-20", "HUB-25")
@pytest.mark.parametrize("mode", ["503", "429", "drop_before", "drop_after"])
async def test_an_outage_of_the_partner_loses_nothing(stage: Stage, keeper: Keeper, mode: str) -> None:
    flight = await one_flight(stage, keeper)
    other = await stage.flight(flight.aircraft_id, stage.clock.now() + timedelta(hours=9), number="TST2")
    await stage.settle()
    keeper.mode = mode
    await delete(stage, flight)
    await change(stage, other, ades="KJFK")
    new = await stage.flight(flight.aircraft_id, stage.clock.now() + timedelta(hours=12), number="TST3")
    await stage.settle()
    brief = await stage.flight(flight.aircraft_id, stage.clock.now() + timedelta(hours=15), number="TST4")
    await stage.settle()
    await delete(stage, brief)
    await stage.advance(hours=2, step=timedelta(minutes=10))
    keeper.mode = "ok"
    await stage.advance(hours=2, step=timedelta(minutes=10))
    assert keeper.numbers() == ["TST2", "TST3"]
    assert keeper.shows()["TST2"]["ades"] == "KJFK"
    assert new.id


async def test_a_flight_that_was_refused_and_then_deleted_is_not_taken_away(stage: Stage, keeper: Keeper) -> None:
    flights_addon()
    (aircraft,) = await stage.aircraft("N1AA")
    flight = await stage.flight(aircraft)
    connection = await stage.connect(keeper, "keeper")
    keeper.mode = "400"
    worker = await stage.start()
    keeper.mode = "ok"
    await stage.end(worker)
    await stage.start()
    (line,) = (await stage.lines(connection)).values()
    assert (line.outcome, line.title) == (OutcomeKind.ACCEPTED, flight.title), "a restart tries once more"
    keeper.mode = "400"
    second = await stage.flight(aircraft, stage.clock.now() + timedelta(hours=9), number="TST2")
    await stage.settle()
    assert (await stage.lines(connection))[second.title].outcome is OutcomeKind.REFUSED
    await delete(stage, second)
    assert keeper.log("TST2") == ["PUT KBOS"]
    lines = await stage.lines(connection)
    assert all(line.tries == 0 for line in lines.values()), "what is not to be there is no trouble"


async def test_a_flight_deleted_while_its_call_is_under_way_goes_after_it(stage: Stage, keeper: Keeper) -> None:
    flights_addon()
    (aircraft,) = await stage.aircraft("N1AA")
    flight = await stage.flight(aircraft)
    await stage.connect(keeper, "keeper")
    keeper.hold()
    await stage.start(settle=False)
    await stage.until(lambda: keeper.asked)
    await stage.do(delete_flight, stage.actor, flight.id)
    await asyncio.sleep(0.1)
    keeper.release()
    await stage.settle()
    assert keeper.log() == ["PUT KBOS", "DELETE"] and keeper.numbers() == []


STEPS = ("before the claim", "after the claim", "in the call", "unsaved")


@pytest.mark.req("HUB-28")
@pytest.mark.parametrize("meanwhile", ["nothing", "deleted", "unticked", "swapped", "restored"])
@pytest.mark.parametrize("step", STEPS)
async def test_a_worker_killed_at_any_step_leaves_nothing_there_that_should_not_be(
    stage: Stage, keeper: Keeper, step: str, meanwhile: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The worker dies over the flight's first call, and before another comes the flight may be no longer ours."""
    flights_addon()
    one, two = await stage.aircraft("N1AA", "N2AA")
    flight = await stage.flight(one)
    never_ours = await stage.flight(two, number="SECRET")
    await stage.connect(keeper, "keeper", aircraft=[one])
    reached = asyncio.Event()
    _stop_at(monkeypatch, step, reached, keeper)
    worker = await stage.start(settle=False)
    await asyncio.wait_for(reached.wait(), 20)
    await stage.kill(worker)
    monkeypatch.undo()
    keeper.release()
    if meanwhile in ("deleted", "restored"):
        await stage.do(delete_flight, stage.actor, flight.id)
    if meanwhile == "restored":
        await stage.do(restore_flight, stage.actor, flight.id)
    if meanwhile == "unticked":
        await stage.configure("keeper", aircraft=[])
    if meanwhile == "swapped":
        await stage.do(change_flight, stage.actor, flight.id, FlightEdit(aircraft_id=two))
    await stage.do(change_flight, stage.actor, never_ours.id, FlightEdit(ades="KJFK"))
    await stage.start()
    assert keeper.numbers() == (["TST1"] if meanwhile in ("nothing", "restored") else [])
    before = len(keeper.asked)
    await stage.advance(hours=7, step=timedelta(hours=1))
    assert len(keeper.asked) == before
    if step == "before the claim" and meanwhile in ("deleted", "swapped", "unticked"):
        assert keeper.log() == [], "it was never there"
    assert not keeper.log("SECRET") and all(one.body.get("id") != never_ours.id for one in keeper.asked)


def _stop_at(monkeypatch: pytest.MonkeyPatch, step: str, reached: asyncio.Event, keeper: Keeper) -> None:
    """Hang the worker for ever at that step."""

    async def hang(*_: Any) -> None:
        reached.set()
        await asyncio.Event().wait()

    async def claim(self: Store, *args: Any) -> None:
        await real_claim(self, *args)
        await hang()

    real_claim, real_done = Store.claim, keeper._done
    if step == "in the call":

        def done(*args: Any) -> Any:
            answer = real_done(*args)
            reached.set()
            keeper.hold()
            return answer

        monkeypatch.setattr(keeper, "_done", done)
        return
    places: dict[str, tuple[Any, str, Any]] = {
        "before the claim": (Store, "claim", hang),
        "after the claim": (Store, "claim", claim),
        "unsaved": (Saver, "flush", hang),
    }
    monkeypatch.setattr(*places[step])


@pytest.mark.req("HUB-28", "HUB-20")
@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_whatever_happens_the_partner_ends_up_with_what_it_should_hold(
    stage: Stage, keeper: Keeper, seed: int
) -> None:
    """Edits, swaps, ticks, faults, killed workers at random; in the end two accounts are compared with the record."""
    chance = random.Random(seed)
    flights_addon(calls_at_once=2)
    aircraft = await stage.aircraft(*(f"N{n}AA" for n in range(4)))
    flights = []
    for n in range(12):
        start = stage.clock.now() + timedelta(hours=30 * n - 60)
        flights.append(await stage.flight(chance.choice(aircraft), start, number=f"F{n}"))
    await stage.connect(keeper, "keeper", aircraft=aircraft[:2])
    await stage.configure("keeper", name="own", aircraft=aircraft[2:3], on=True, values={"key": OTHER})
    await stage.start(settle=False)
    for _ in range(40):
        await _something(chance, stage, keeper, aircraft, flights)
    keeper.mode = "ok"
    await stage.advance(hours=7, step=timedelta(minutes=20))

    def past(flight: dict[str, Any]) -> bool:
        return datetime.fromisoformat(flight["std"]) < stage.clock.now() - BACK

    for account, name in ((KEY, "default"), (OTHER, "own")):
        shown = {number: (one["tail"], one["ades"]) for number, one in keeper.shows(account).items() if not past(one)}
        assert shown == await _should_hold(stage, name)


async def _something(
    chance: random.Random, stage: Stage, keeper: Keeper, aircraft: list[int], flights: list[Any]
) -> None:
    flight = chance.choice(flights).id
    edit = FlightEdit(ades=chance.choice(["KJFK", "KBOS", "KDCA"]))
    swap = FlightEdit(aircraft_id=chance.choice(aircraft))
    commands: dict[str, tuple[Any, ...]] = {
        "edit": (change_flight, stage.actor, flight, edit),
        "swap": (change_flight, stage.actor, flight, swap),
        "delete": (delete_flight, stage.actor, flight),
        "restore": (restore_flight, stage.actor, flight),
    }
    what = chance.choice([*commands, "edit", "swap", "tick", "mode", "kill", "time", "settle"])
    if what in commands:
        with contextlib.suppress(Conflict):  # what is deleted is not edited
            await stage.do(*commands[what])
    elif what == "tick":
        await stage.configure("keeper", aircraft=chance.sample(aircraft, 2), name=chance.choice(["", "own"]))
    elif what == "mode":
        keeper.mode = chance.choice(["ok", "503", "drop_after", "drop_before", "ok"])
    elif what == "kill":
        await stage.kill(stage.dispatchers[0])
        await stage.start(settle=False)
    elif what == "time":
        stage.clock.advance(timedelta(minutes=chance.choice([1, 5, 20])))
    else:
        await stage.settle()


async def _should_hold(stage: Stage, connection: str) -> dict[str, tuple[str, str]]:
    """By the tables alone."""
    now = stage.clock.now()
    rows = await stage.sql(
        "SELECT f.number, a.registration, f.ades FROM flights_flight f JOIN fleet_aircraft a ON a.id = f.aircraft_id"
        " JOIN hub_ticked_aircraft t ON t.aircraft_id = a.id JOIN hub_connection c ON c.id = t.connection_id"
        " WHERE NOT f.deleted AND c.name = %s AND f.std >= %s AND f.std < %s",
        connection,
        now - BACK,
        now + AHEAD,
    )
    return {number: (tail, ades) for number, tail, ades in rows}


# ── Gathering, exporting ────────────────────────────────────────────────────────────────────────────


async def test_changes_are_gathered_and_sent_together_at_the_interval(stage: Stage, keeper: Keeper) -> None:
    flights_addon(trigger=OnChange(gather=lambda settings: settings.minutes if settings.minutes > 1 else None))
    (aircraft,) = await stage.aircraft("N1AA")
    flight = await stage.flight(aircraft)
    connection = await stage.connect(keeper, "keeper", minutes=5)
    await stage.start()
    assert keeper.log() == ["PUT KBOS"], "the first time at once"
    await stage.advance(minutes=1)
    for ades in ("KJFK", "KDCA"):
        await change(stage, flight, ades=ades)
    await stage.advance(minutes=3)
    assert len(keeper.asked) == 1
    await stage.advance(minutes=1)
    assert keeper.log() == ["PUT KBOS", "PUT KDCA"], "the last state only"
    await stage.advance(minutes=12)
    assert len(keeper.asked) == 2, "only what changed travels"
    await change(stage, flight, ades="KORD")
    await stage.advance(minutes=2)
    assert len(keeper.asked) == 2
    await stage.do(export_now, stage.actor, connection, clock=stage.clock)
    await stage.settle()
    assert keeper.log()[2:] == ["PUT KORD"], "a person's wish does not wait"
    await stage.configure("keeper", values={"minutes": 1})
    await change(stage, flight, ades="KMDW")
    assert keeper.log()[3:] == ["PUT KMDW"]


async def test_an_export_looks_at_every_flight_in_the_horizon_and_ends(stage: Stage, keeper: Keeper) -> None:
    flights_addon()
    one, two = await stage.aircraft("N1AA", "N2AA")
    first = await stage.flight(one)
    cancelled = await stage.flight(one, stage.clock.now() + timedelta(hours=9), number="TST2")
    await stage.do(cancel_flight, stage.actor, cancelled.id)
    await stage.flight(two, number="TST3")
    connection = await stage.connect(keeper, "keeper")
    worker = await stage.start()
    assert keeper.numbers() == ["TST1", "TST3"]
    asked = await stage.do(export_now, stage.actor, connection, clock=stage.clock)
    assert first.title in asked.now and len(asked.now) == 3
    await stage.end(worker)
    await stage.do(delete_flight, stage.actor, first.id)
    await stage.start()
    progress = await stage.do(run, stage.operator.id, asked.run_id)
    assert progress.finished_at is not None, progress
    assert progress.by_outcome == {OutcomeKind.ACCEPTED: 1, OutcomeKind.UNCHANGED: 2}
    only = await stage.do(export_now, stage.actor, connection, [two], clock=stage.clock)
    assert len(only.now) == 1


def test_a_description_that_cannot_work_is_refused() -> None:
    with pytest.raises(ValueError, match="gone"):
        flights_addon(gone=None)
    with pytest.raises(ValueError, match="gone"):
        flights_addon(removal=Removal.OMIT)
    assert flights_addon(horizon=Horizon(back=BACK)).flows
