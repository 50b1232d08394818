"""Flight and duty times as far as the record knows them: block times of flights, and the roster's duties.

The record has neither report times nor rules of flight time limitation. What would take these is null, never a guess.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any

from ariadne import ObjectType, QueryType

from airstair.api.leon import positions
from airstair.api.leon.asking import Asking, Info
from airstair.api.leon.limits import interval
from airstair.api.leon.roots import further
from airstair.records.crewing.queries import crew_flights, duties
from airstair.records.crewing.rules import FREE, STANDBY, WORKED
from airstair.records.crewing.snapshots import CrewFlight, DutyFacts
from airstair.records.people.snapshots import CrewMemberFacts

FTL = "GRAPHQL_FTL"
LONGEST = timedelta(days=31)
SHORTEST_REST = timedelta(hours=10)  # our choice: the record does not know which rules an operator flies by
# So far around an interval is read, lest a duty looks different from the one beside it.
_AROUND = timedelta(days=2)
_NOTHING = timedelta(0)

query, ftl = QueryType(), ObjectType("FtlQuery")
query.set_field("ftl", further)


def _bounds(asking: Asking, given: dict[str, datetime]) -> tuple[datetime, datetime]:
    asking.require(FTL)
    interval(given["start"], given["end"], LONGEST, "Interval length out of bounds: at most 31 days.")
    return given["start"], given["end"]


@ftl.field("dutyList")
def _duty_list(_: object, info: Info, timeInterval: dict[str, datetime]) -> list[dict[str, Any]]:
    start, end = _bounds(info.context, timeInterval)
    return _duties(info.context, start, end, info.context.load.members.values())


@ftl.field("ftlDutyForCrewMembers")
def _duties_of(
    _: object, info: Info, crewMemberList: list[int], timeInterval: dict[str, datetime]
) -> list[dict[str, Any]]:
    start, end = _bounds(info.context, timeInterval)
    known: dict[int, CrewMemberFacts] = info.context.load.members
    return _duties(info.context, start, end, [known[one] for one in dict.fromkeys(crewMemberList) if one in known])


@ftl.field("ftlCalculationsForCrewMember")
def _calculations(
    _: object, info: Info, crewMember: int, timeInterval: dict[str, datetime]
) -> dict[str, Any] | None:  # fmt: skip
    asking: Asking = info.context
    start, end = _bounds(asking, timeInterval)
    who = asking.load.members.get(crewMember)
    if who is None:
        return None
    if asking.caller.aircraft is not None:  # sums of a part of what somebody flies would be taken for the whole
        return {"crewMember": who}
    flown = crew_flights(asking.operator_id, start, end, codes=[who.code])
    seats = {one.id: one for one in reversed(flown)}.values()  # each flight once, whatever they are in it
    worked = [one for one in seats if not _carried(one)]
    roster = duties(asking.operator_id, start, end, crew_member_ids=[who.id])
    return {
        "crewMember": who,
        "blockTime": _sum(worked, start, end),
        "flightCount": sum(start <= one.start < end for one in worked),
        "positioningTime": _sum((one for one in seats if _carried(one)), start, end),
        "rosteredDutyTime": _sum((one for one in roster if one.kind in WORKED), start, end),
        "standbyTime": _sum((one for one in roster if one.kind in STANDBY), start, end),
    }


@ftl.field("ftlViolationsForCrewMember")
def _violations(_: object, info: Info, crewMember: int, timeInterval: dict[str, datetime]) -> None:
    """Nobody looks for any here, and an empty list would say that there are none."""
    _bounds(info.context, timeInterval)


@ftl.field("settings")
def _settings(_: object, info: Info) -> dict[str, Any]:
    info.context.require(FTL)
    return {"shortestRest": length(SHORTEST_REST), "longestIntervalDays": LONGEST.days}


@ftl.field("isCompensationTimeCalculationEnabled")
def _compensation(_: object, info: Info) -> bool:
    info.context.require(FTL)
    return False


# --- duties ---------------------------------------------------------------------------------------------------------


def _duties(asking: Asking, start: datetime, end: datetime, some: Iterable[CrewMemberFacts]) -> list[dict[str, Any]]:
    """The duties of these people that begin in the interval. Four statements."""
    by_code = {one.code: one for one in some}
    by_id = {one.id: one for one in by_code.values()}
    if not by_id:
        return []
    flown: dict[str, list[CrewFlight]] = defaultdict(list)
    for part in crew_flights(asking.operator_id, start - _AROUND, end + _AROUND, codes=by_code):
        if asking.sees(part.aircraft_id):
            flown[part.code].append(part)
    found: list[tuple[datetime, dict[str, Any]]] = []
    for code, parts in flown.items():
        for run in runs(parts):
            if start <= run[0].start < end:
                asking.hand_out(len(run))
                found.append((run[0].start, _of_flights(asking, by_code[code], run)))
    for one in duties(asking.operator_id, start, end, crew_member_ids=by_id):
        if one.kind not in FREE and start <= one.start < end:
            asking.hand_out(1)
            found.append((one.start, _of_roster(asking, by_id[one.crew_member_id], one)))
    return [duty for _begin, duty in sorted(found, key=lambda one: (one[0], one[1]["crewMember"].code))]


def runs(parts: Collection[CrewFlight]) -> Iterator[list[CrewFlight]]:
    """The flights of one crew member, those together that no rest is between; each flight once."""
    run: list[CrewFlight] = []
    for part in sorted(parts, key=lambda one: (one.start, one.id)):
        if run and part.start - max(one.end for one in run) >= SHORTEST_REST:
            yield run
            run = []
        if not any(one.id == part.id for one in run):
            run.append(part)
    if run:
        yield run


def _of_flights(asking: Asking, who: CrewMemberFacts, run: list[CrewFlight]) -> dict[str, Any]:
    airport = asking.load.airports.get
    seats = {positions.position(one.position)["posType"] for one in run} - {"POSITIONED"}
    return {
        "crewMember": who,
        "isCabinCrew": seats == {"CABIN"} if len(seats) == 1 else None,
        "blockStartTime": run[0].start,
        "blockEndTime": max(one.end for one in run),
        "sectorCount": sum(not _carried(one) for one in run),
        "homeAirport": airport(who.home_base),
        "startAirport": airport(run[0].start_airport),
        "endAirport": airport(run[-1].end_airport),
        "sectorList": [
            {
                "trNid": one.id, "flightNid": one.id, "blockStartTime": one.start, "blockEndTime": one.end,
                "startAirport": airport(one.start_airport), "endAirport": airport(one.end_airport),
                "position": positions.position(one.position), "isPositioning": _carried(one),
            }
            for one in run
        ],
    }  # fmt: skip


def _of_roster(asking: Asking, who: CrewMemberFacts, duty: DutyFacts) -> dict[str, Any]:
    airport = asking.load.airports.get
    return {
        "crewMember": who,
        "dutyType": duty.kind.value,
        "dutyStartTime": duty.start,
        "dutyEndTime": duty.end,
        "sectorCount": 0,
        "homeAirport": airport(who.home_base),
        "startAirport": airport(duty.start_airport),
        "endAirport": airport(duty.end_airport),
        "sectorList": [],
    }


def _carried(part: CrewFlight) -> bool:
    return positions.position(part.position)["posType"] == "POSITIONED"


# --- lengths --------------------------------------------------------------------------------------------------------


def length(time: timedelta) -> str:
    """`7:05`."""
    minutes = round(time.total_seconds() / 60)
    return f"{minutes // 60}:{minutes % 60:02}"


def _sum(some: Iterable[CrewFlight | DutyFacts], start: datetime, end: datetime) -> str:
    """What of them lies in the interval."""
    within = (min(one.end, end) - max(one.start, start) for one in some)
    return length(sum((max(one, _NOTHING) for one in within), _NOTHING))


BINDABLES = [query, ftl]
