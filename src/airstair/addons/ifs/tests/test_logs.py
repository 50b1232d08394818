"""What is special about IFS: which flight a log is of, where its values go, and what it is told otherwise."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from airstair.addons.ifs.addon import ADDON
from airstair.addons.ifs.tests.logs import log_of
from airstair.hub.calls import calls
from airstair.hub.connections.commands import ALL_AIRCRAFT
from airstair.kernel.outcome import OutcomeKind
from airstair.records.flights.commands import LogInput, cancel_flight, log_flight
from airstair.records.flights.queries import flight as flight_now
from airstair.testing.stage import Stage, staged
from airstair.testing.visits import ENTRANCE, Visitor


class Desk:
    """IFS and the operator, with a flight of each of two aircraft."""

    def __init__(self, stage: Stage, flights: list[Any], visitor: Visitor) -> None:
        self.stage, self.flights, self.visitor = stage, flights, visitor

    async def post(self, **log: Any) -> tuple[int, dict[str, Any]]:
        answer = await self.stage.do(self.visitor.come, "POST", "/logs", json.dumps(log).encode())
        return answer.status_code, json.loads(answer.content)

    async def flight(self, number: int = 0) -> Any:
        return await self.stage.do(flight_now, self.stage.operator.id, self.flights[number].id)

    async def outcome(self) -> OutcomeKind:
        return (await self.stage.do(calls, self.stage.operator.id))[0].outcome

    async def changes(self) -> int:
        return int((await self.stage.sql("SELECT count(*) FROM changes_change"))[0][0])


@pytest.fixture
async def desk(transactional_db: None, settings: Any, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Desk]:
    async with staged(settings, ADDON.key, Stage) as stage:
        monkeypatch.setattr(ENTRANCE, stage.clock)
        aircraft = await stage.aircraft("N1-AA", "N2AA")
        flights = [await stage.flight(one, number=f"TST{n}") for n, one in enumerate(aircraft)]
        made = await stage.configure(ADDON.key, values={"uplift_unit": "L"}, aircraft=ALL_AIRCRAFT, on=True)
        yield Desk(stage, flights, Visitor(made.issued))


@pytest.mark.req("IFS-01", "HUB-30")
async def test_a_log_is_in_both_books_with_ifs_as_its_source(desk: Desk) -> None:
    status, said = await desk.post(**log_of(desk.flights[0]))
    assert (status, said["flightId"]) == (200, str(desk.flights[0].id))
    flown = await desk.flight()
    log, watch, times = flown.log, flown.watch, flown.times["journey_log"]
    std = desk.flights[0].std
    assert (times.off_block, times.take_off) == (std + timedelta(minutes=10), std + timedelta(minutes=18))
    assert flown.times["flight_watch"].on_block == times.on_block == desk.flights[0].sta + timedelta(minutes=10)
    assert (log.pax, log.landings, log.pilot_flying) == (3, 1, "ABC")
    assert [str(one) for one in (log.block_fuel, log.uplift, log.remaining_fuel)] == ["2400 KG", "950 L", "1100.5 KG"]
    assert [str(one) for one in log.delays] == [str(one) for one in watch.delays] == ["93/0010"]
    assert {*times.sources.values(), *log.sources.values(), *watch.sources.values()} == {"IFS"}


@pytest.mark.req("IFS-01")
@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("registration", "N9ZZ", "no aircraft"),
        ("date", "2027-03-05", "05 Mar 2027"),
        ("flightNumber", "XX1", "that day there is TST"),
        ("adep", "KTEB", "there is KEWR"),
        ("ades", "KTEB", "there is KBOS"),
    ],
)
async def test_an_unmatched_log_is_told_which_field_did_not_match(
    desk: Desk, field: str, value: str, says: str
) -> None:
    before = await desk.changes()
    status, said = await desk.post(**log_of(desk.flights[0], **{field: value}))
    assert status == 422
    assert [one["field"] for one in said["errors"]] == [field]
    assert says in said["detail"]
    assert await desk.outcome() is OutcomeKind.UNMATCHED
    assert await desk.changes() == before


@pytest.mark.req("IFS-01")
async def test_spellings_of_one_flight_match(desk: Desk) -> None:
    odd = {"registration": "n1aa", "flightNumber": f" tst {desk.flights[0].number[3:]}", "adep": "kewr"}
    assert (await desk.post(**log_of(desk.flights[0], **odd)))[0] == 200


@pytest.mark.req("IFS-01")
async def test_the_same_log_again_has_one_effect_whatever_was_corrected_here_meanwhile(desk: Desk) -> None:
    log = log_of(desk.flights[0])
    first = await desk.post(**log)
    await desk.stage.do(log_flight, desk.stage.actor, desk.flights[0].id, LogInput(pax=4))
    before = await desk.changes()
    assert await desk.post(**log) == first
    assert (await desk.outcome(), await desk.changes()) == (OutcomeKind.UNCHANGED, before)
    assert (await desk.flight()).log.pax == 4, "a late copy does not undo a person's correction"


@pytest.mark.req("IFS-01")
async def test_other_content_under_the_same_id_is_a_correction(desk: Desk) -> None:
    await desk.post(**log_of(desk.flights[0]))
    assert (await desk.post(**log_of(desk.flights[0], pax=5)))[0] == 200
    assert (await desk.flight()).log.pax == 5


@pytest.mark.req("FWJ-04")
@pytest.mark.parametrize(
    ("first", "second", "field"),
    [("blockOff", "takeOff", "takeOff"), ("takeOff", "landing", "landing"), ("landing", "blockOn", "blockOn")],
)
async def test_times_in_an_impossible_order_are_refused_naming_the_pair(
    desk: Desk, first: str, second: str, field: str
) -> None:
    log = log_of(desk.flights[0])
    log[first], log[second] = log[second], log[first]
    before = await desk.changes()
    status, said = await desk.post(**log)
    assert status == 422
    short = {"blockOff": "BLOFF", "takeOff": "T/O", "landing": "LDG", "blockOn": "BLON"}
    assert short[first] in said["detail"] and short[second] in said["detail"]
    assert field in [one["field"] for one in said["errors"]]
    assert await desk.changes() == before, "nothing of it is kept"


async def test_what_is_absent_changes_nothing(desk: Desk) -> None:
    await desk.post(**log_of(desk.flights[0]))
    names = ("blockOff", "takeOff", "landing", "blockOn", "uplift", "delayCode", "delayTime", "landings")
    await desk.post(**log_of(desk.flights[0], uniqueId="later", pax=2, **dict.fromkeys(names)))
    flown = await desk.flight()
    assert (flown.log.pax, flown.log.landings) == (2, 1)
    assert flown.times["journey_log"].on_block is not None


async def test_a_flight_that_did_not_fly_does_not_match(desk: Desk) -> None:
    await desk.stage.do(cancel_flight, desk.stage.actor, desk.flights[0].id)
    status, said = await desk.post(**log_of(desk.flights[0]))
    assert (status, said["errors"][0]["field"]) == (422, "date")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("pax", "three"),
        ("blockOff", "1405"),
        ("date", "yesterday"),
        ("uniqueId", ""),
        ("uplift", -1),
        ("uplift", "NaN"),
        ("delayCode", "A long story"),
    ],
)
async def test_a_wrong_type_is_told_by_its_field(desk: Desk, field: str, value: Any) -> None:
    status, said = await desk.post(**log_of(desk.flights[0], **{field: value}))
    assert (status, said["errors"][0]["field"]) == (422, field)
