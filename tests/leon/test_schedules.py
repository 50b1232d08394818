"""Schedules as SSIM files, and their publication; and checklists of groups that are not here."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from tests.leon.conftest import Connected, Leon
from tests.leon.test_writes_any_input import JUNK, answered
from tests.records.conftest import MONDAY, World

from airstair.api.leon.building import schema
from airstair.api.leon.writes import ssim
from airstair.api.leon.writes.sched import MOST
from airstair.changes.models import Change
from airstair.records.access.commands import let_in_token
from airstair.records.fleet.commands import AircraftEdit, change_aircraft
from airstair.records.flights.imports.ssim.records import Block, Carrier, Leg, SsimFile
from airstair.records.flights.imports.ssim.writing import write_ssim
from airstair.records.flights.models import Flight

SSIM = """mutation($v: String!, $s: String!, $i: TimeInterval) { schedule {
  updateSchedFlightsBySsim(versionName: $v, ssim: $s, timeInterval: $i) {
    versionName createdCount changedCount unchangedCount deletedHereCount removedCount } } }"""
PUBLISH = "mutation($v: String!) { schedule { publishSchedFlightList(versionName: $v) } }"
MARCH = {"start": "2027-03-01", "end": "2027-03-31"}


def leg(number: str = "401", **given: Any) -> Leg:
    """A flight of two hours and a half on Mondays and Fridays in spring, in local time of both ends."""
    usual: dict[str, Any] = {
        "airline": "ZK", "number": number, "period_from": date(2027, 3, 1), "period_to": date(2027, 4, 30),
        "weekdays": frozenset({1, 5}), "adep": "EWR", "std": 7 * 60, "adep_offset": timedelta(hours=-5), "ades": "JAX",
        "sta": 9 * 60 + 30, "ades_offset": timedelta(hours=-5), "equipment": "CNJ", "service": "J",
    }  # fmt: skip
    return Leg(**{**usual, **given})


def file(*legs: Leg) -> str:
    return write_ssim(SsimFile(blocks=(Block(carrier=Carrier(airline="ZK"), legs=legs),)))


def typed(world: World, *numbers: int) -> None:
    for at in numbers:
        change_aircraft(world.admin, world.aircraft[at].id, AircraftEdit(iata_type="CNJ"))


def write(asking: Leon, text: str, **given: Any) -> list[int]:
    told = asking(SSIM, **{"v": "S27", "s": text, "i": MARCH, **given})["schedule"]["updateSchedFlightsBySsim"]
    assert (told.pop("versionName"), told.pop("removedCount")) == (given.get("v", "S27"), 0)
    return list(told.values())


@pytest.mark.req("LEO-04")
def test_a_file_is_written_as_a_list_is(world: World, leon: Leon) -> None:
    typed(world, 0)
    assert write(leon, file(leg())) == [9, 0, 0, 0]
    assert write(leon, file(leg())) == [0, 0, 9, 0]
    first = Flight.objects.order_by("std")[0]
    assert (first.number, first.adep, first.ades, first.std) == ("ZK401", "KEWR", "KJAX", MONDAY + timedelta(hours=12))
    assert (first.flight_type, first.ferry, first.aircraft_id) == ("COMMERCIAL", False, world.aircraft[0].id)
    assert write(leon, file(leg(sta=10 * 60), leg("402", service="P", weekdays=frozenset({2})))) == [5, 9, 0, 0]
    assert Flight.objects.filter(ferry=True).count() == 5
    later = {"start": "2027-04-01", "end": "2027-04-02"}
    assert write(leon, file(leg()), i=later) == [1, 0, 0, 0], "the last day too"
    assert write(leon, file(leg()), i={"start": "2028-01-01", "end": "2028-02-01"}) == [0, 0, 0, 0]
    assert Flight.objects.exclude(status="CANCELLED").count() == 15


@pytest.mark.req("LEO-04", "LEO-07")
def test_all_of_a_file_or_nothing(world: World, leon: Leon) -> None:
    def fields(text: str, **given: Any) -> list[str]:
        error = leon.refused(SSIM, **{"v": "S27", "s": text, "i": MARCH, **given})
        return [one["field"] for one in error["extensions"]["fields"]]

    assert fields(file(leg()))[0] == "ssim.ZK401 EWR–JAX 01 Mar 2027.aircraftRegistration"
    typed(world, 0, 1)
    assert "2 aircraft" in leon.refused(SSIM, v="S27", s=file(leg()), i=MARCH)["message"]
    change_aircraft(world.admin, world.aircraft[1].id, AircraftEdit(iata_type=""))
    before = Change.objects.exclude(kind__startswith="aircraft.").count()
    assert fields("nonsense") == ["ssim"] == fields("")
    assert fields(file(leg()).replace("0700", "0799"))[0].startswith("ssim.line ")
    assert fields(file(leg(adep_offset=None))) == ["ssim.ZK401 EWR–JAX"]
    assert fields(file(leg(), leg("403", ades="QQQ")))[0] == "ssim.ZK403 EWR–QQQ 01 Mar 2027.ades"
    assert "versionName" in leon.refused(SSIM, v="a/b", s=file(leg()))["message"]
    assert Change.objects.exclude(kind__startswith="aircraft.").count() == before
    some = Connected(world, aircraft=(world.aircraft[1].id,))
    assert "0 aircraft" in some.refused(SSIM, v="S27", s=file(leg()), i=MARCH)["message"]
    reader = Leon.with_key(world, "Flights", name="Reader")
    assert "GRAPHQL_FLIGHT_EDIT" in reader.refused(SSIM, v="S27", s=file(leg()))["message"]


@pytest.mark.req("LEO-04", "LEO-07")
def test_more_than_is_taken_at_once_is_refused_before_it_is_spelt_out(
    world: World, leon: Leon, monkeypatch: pytest.MonkeyPatch
) -> None:
    typed(world, 0)
    daily = frozenset(range(1, 8))
    many = file(*(leg(str(at), weekdays=daily, period_to=None) for at in range(1, 200)))
    monkeypatch.setattr(ssim, "dated_legs", None)
    error = leon.refused(SSIM, 400, v="S27", s=many, i={"start": "2027-03-01", "end": "2028-03-01"})
    assert str(MOST) in error["message"] and "shorter timeInterval" in error["message"]
    long = {"start": "2027-03-01", "end": "2028-03-03"}
    assert "longer than a year" in leon.refused(SSIM, 400, v="S27", s=file(leg()), i=long)["message"]


@pytest.mark.req("LEO-04")
def test_what_was_written_is_published_already(world: World, other: World, leon: Leon) -> None:
    typed(world, 0)
    assert leon.refused(PUBLISH, v="S27")["extensions"]["category"] == "RESOURCE_NOT_FOUND"
    write(leon, file(leg()))
    before = Change.objects.count()
    assert leon(PUBLISH, v=" S27 ") == {"schedule": {"publishSchedFlightList": True}}
    assert Change.objects.count() == before
    assert "versionName" in leon.refused(PUBLISH, v="%")["message"]
    for asking in (Connected(world, aircraft=(world.aircraft[1].id,)), Leon.with_key(other)):
        assert asking.refused(PUBLISH, v="S27")["extensions"]["category"] == "RESOURCE_NOT_FOUND"
    error = Leon.with_key(world, "Flights", name="Reader").refused(PUBLISH, v="S27")
    assert "'GRAPHQL_SCHEDULE_ORDER_PUBLICATION'" in error["message"]


@pytest.mark.req("LEO-04")
def test_junk_in_every_variable_of_these(world: World, leon: Leon) -> None:
    typed(world, 0)
    caller, text = let_in_token(leon.token, ""), file(leg())
    assert caller is not None
    now = datetime.now(MONDAY.tzinfo)
    done = 0
    for at, junk in enumerate(JUNK):
        done += answered(caller, SSIM, v="S27", s=junk, i=None)
        done += answered(caller, SSIM, v=junk, s=text, i=MARCH)
        done += answered(caller, SSIM, v="S27", s=text, i={"start": junk, "end": now.isoformat()})
        done += answered(caller, SSIM, v="S27", s=text[: at * 37] + str(junk)[:50] + text[at * 37 :], i=MARCH)
        done += answered(caller, PUBLISH, v=junk)
    assert done


@pytest.mark.req("LEO-04")
def test_items_of_other_groups_are_not_found_by_any_name(world: World, leon: Leon) -> None:
    flight = world.flight().id
    fields = schema().type_map["ChecklistMutation"].fields
    for group in ("Sales", "FlightCare", "Positioning"):
        small = group[0].lower() + group[1:]
        for name, argument, one in (
            (f"{small}ItemStatusUpdate", "checklistItemNid: 1, checklistStatusId", '"CNF"'),
            (f"{small}ItemNoteUpdate", "checklistItemNid: 1, note", '"x"'),
            (f"addOrUpdate{group}Items", "checklistItems", "[{checklistDefinitionNid: 1}]"),
            (f"remove{group}Items", "checklistItemNidList", "[1]"),
        ):
            assert name in fields
            asked = f"mutation {{ checklist {{ {name}(flightNid: {flight}, {argument}: {one}) }} }}"
            error = leon.refused(asked)
            assert error["extensions"]["category"] == "RESOURCE_NOT_FOUND" and "item 1 of" in error["message"]
    assert leon(f"mutation {{ checklist {{ removeSalesItems(flightNid: {flight}, checklistItemNidList: []) }} }}")
